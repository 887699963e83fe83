//! Hosts that are not there, not SSH, or fall silent.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::human::Human;
use super::sshd::{Sshd, free_port};
use crate::config::{Deploy, Destination, LinkOptions, SshOptions, Target};
use crate::link::connector::{Connector, Dial};
use crate::link::ssh_config::Local;
use crate::link::why::Why;

fn options(options: &[(&str, &str)]) -> LinkOptions {
    let options = options
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
    LinkOptions {
        target: Target::Local,
        ssh: SshOptions {
            config: Some("none".into()),
            options: options.collect(),
            ..SshOptions::default()
        },
        deploy: Deploy::No,
        agent_command: None,
        sample_ms: 1000,
    }
}

fn dial(host: &str, port: u16) -> Dial {
    Dial {
        destination: Destination {
            user: None,
            host: host.to_owned(),
            port: Some(port),
        },
        ..Dial::default()
    }
}

async fn fate(host: &str, port: u16, said: &[(&str, &str)]) -> Why {
    let human = Human::trusting();
    let connector = Connector::with_local(&options(said), human.asker.clone(), Local::default());
    connector
        .connect(&dial(host, port), |_| ())
        .await
        .err()
        .unwrap()
}

/// A host that says this to everybody and then nothing more.
async fn mumbling(words: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(words).await;
            held.push(stream);
        }
    });
    port
}

#[tokio::test]
async fn each_way_not_to_get_there_has_its_own_words() {
    let why = fate("no.such.host.invalid", 22, &[]).await;
    assert_eq!(why.to_string(), "no address for no.such.host.invalid");
    assert!(!why.host_answers() && !why.is_final());
    let why = fate("127.0.0.1", free_port(), &[]).await;
    assert_eq!(why.to_string(), "connection refused");
    let closed = free_port();
    let jump = format!("ann@127.0.0.1:{closed}");
    let why = fate("127.0.0.1", 22, &[("ProxyJump", &jump)]).await;
    assert!(matches!(why, Why::Jump { .. }), "{why}");
    assert_eq!(
        why.to_string(),
        format!("jump host {jump}: connection refused")
    );
    let why = fate("127.0.0.1", 22, &[("ProxyCommand", "exit 1")]).await;
    assert!(matches!(why, Why::Ssh(_)), "{why}");
}

#[tokio::test]
async fn a_host_that_accepts_and_says_nothing_is_given_up() {
    let port = mumbling(b"").await;
    let why = fate("127.0.0.1", port, &[("ConnectTimeout", "1")]).await;
    assert_eq!(why, Why::TimedOut("waiting for SSH to answer"));
}

#[tokio::test]
async fn no_more_than_eight_knock_at_a_time() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let human = Human::trusting();
    let connector = Connector::with_local(&options(&[]), human.asker.clone(), Local::default());
    let connector = Arc::new(connector);
    let mut knocking = JoinSet::new();
    for _ in 0..20 {
        let connector = connector.clone();
        knocking.spawn(async move { connector.connect(&dial("127.0.0.1", port), |_| ()).await });
    }
    // Nobody is answered, so nobody leaves: whoever may come has come.
    let mut held = Vec::new();
    while held.len() < 8 {
        held.push(listener.accept().await.unwrap());
    }
    for _ in 0..1000 {
        tokio::task::yield_now().await;
        assert!(listener.accept().now_or_never().is_none(), "a ninth");
    }
}

#[tokio::test]
async fn what_is_not_ssh_is_said_to_be_none() {
    for words in [
        b"HTTP/1.1 400 Bad Request\r\n\r\n".as_slice(),
        b"\0\xff\0\xff\n",
    ] {
        let port = mumbling(words).await;
        let why = fate("127.0.0.1", port, &[("ConnectTimeout", "1")]).await;
        assert!(matches!(why, Why::Ssh(_) | Why::TimedOut(_)), "{why}");
    }
}

#[tokio::test]
async fn a_jump_host_that_leads_nowhere_says_so() {
    let Some(sshd) = Sshd::start() else { return };
    let human = Human::trusting();
    sshd.configure(&format!(
        "Host bastion\n HostName 127.0.0.1\n Port {}\nHost inner\n HostName 127.0.0.1\n Port {}\n ProxyJump bastion\n",
        sshd.port,
        free_port()
    ));
    let connector = Connector::with_local(&sshd.options(), human.asker.clone(), sshd.operator());
    let dial = Dial {
        destination: Destination {
            host: "inner".to_owned(),
            ..Destination::default()
        },
        ..Dial::default()
    };
    let why = connector.connect(&dial, |_| ()).await.err().unwrap();
    assert_eq!(
        why.to_string(),
        "not reachable through bastion: it cannot connect there"
    );
    assert!(!why.host_answers());
}

#[tokio::test]
async fn a_host_that_dies_closes_its_programs() {
    let Some(sshd) = Sshd::start() else { return };
    let human = Human::trusting();
    let connector = Connector::with_local(&sshd.options(), human.asker.clone(), sshd.operator());
    let dial = Dial {
        destination: sshd.destination(),
        ..Dial::default()
    };
    let host = connector.connect(&dial, |_| ()).await.unwrap();
    let mut exec = host.exec("echo $PPID; exec cat").await.unwrap();
    let mut line = [0; 32];
    let n = exec.pipes.read(&mut line).await.unwrap();
    let session = String::from_utf8_lossy(&line[..n]).trim().to_owned();
    let killed = std::process::Command::new("kill")
        .args(["-KILL", &session])
        .status()
        .unwrap();
    assert!(killed.success());
    let ended = tokio::time::timeout(Duration::from_secs(20), async {
        assert_eq!(exec.pipes.read(&mut line).await.unwrap(), 0);
        exec.ending.wait().await
    });
    assert_eq!(ended.await.unwrap().status, None);
    assert!(host.closed());
}

#[tokio::test]
async fn nothing_stays_behind_when_a_program_is_dropped() {
    let Some(sshd) = Sshd::start() else { return };
    let human = Human::trusting();
    let connector = Connector::with_local(&sshd.options(), human.asker.clone(), sshd.operator());
    let dial = Dial {
        destination: sshd.destination(),
        ..Dial::default()
    };
    let host = connector.connect(&dial, |_| ()).await.unwrap();
    let mut exec = host.exec("echo $$; exec cat").await.unwrap();
    let mut line = [0; 32];
    let n = exec.pipes.read(&mut line).await.unwrap();
    let process = format!("/proc/{}/exe", String::from_utf8_lossy(&line[..n]).trim());
    drop(exec);
    let gone = async {
        while std::fs::read_link(&process).is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), gone)
        .await
        .unwrap();
    assert!(!host.closed());
}
