//! Host keys, keys and jumps with OpenSSH's server.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use russh::keys::ssh_key::certificate::{Builder, CertType};

use super::human::{Human, text};
use super::sshd::{Sshd, new_key, write_key};
use crate::config::{Destination, SshOptions};
use crate::link::ask::{Answer, AskKind};
use crate::link::connector::{Connector, Dial};
use crate::link::dial::ClusterKeys;
use crate::link::host::Host;
use crate::link::why::Why;

fn connector(sshd: &Sshd, human: &Human) -> Connector {
    Connector::with_local(&sshd.options(), human.asker.clone(), sshd.operator())
}

fn dial(sshd: &Sshd) -> Dial {
    Dial {
        destination: sshd.destination(),
        typed: true,
        ..Dial::default()
    }
}

async fn connect(sshd: &Sshd, human: &Human) -> Result<Host, Why> {
    connector(sshd, human).connect(&dial(sshd), |_| ()).await
}

async fn says(host: &Host, command: &str) -> String {
    let output = host
        .run(command, b"", 4096, Duration::from_secs(20))
        .await
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn an_unknown_host_is_asked_about_once_and_then_known() {
    let Some(sshd) = Sshd::start() else { return };
    let human = Human::trusting();
    let host = connect(&sshd, &human).await.unwrap();
    assert_eq!(says(&host, "echo here").await, "here\n");
    assert!(host.proof.by.contains("id_ed25519"), "{}", host.proof.by);
    let [
        AskKind::HostKey {
            key_type,
            fingerprint,
            ..
        },
    ] = &human.asked()[..]
    else {
        panic!("{:?}", human.asked())
    };
    assert_eq!(key_type, "ssh-ed25519");
    assert!(fingerprint.starts_with("SHA256:"));
    connect(&sshd, &human).await.unwrap();
    assert_eq!(human.asked().len(), 1);
}

#[tokio::test]
async fn an_unknown_host_is_not_entered_against_the_operators_word() {
    let Some(sshd) = Sshd::start() else { return };
    let nobody = Human::new(|_| Answer::No);
    assert!(matches!(
        connect(&sshd, &nobody).await,
        Err(Why::HostKeyUnknown { .. })
    ));
    sshd.configure("StrictHostKeyChecking yes\n");
    let human = Human::trusting();
    assert!(matches!(
        connect(&sshd, &human).await,
        Err(Why::HostKeyUnknown { .. })
    ));
    assert_eq!(human.asked(), []);
    sshd.configure("StrictHostKeyChecking accept-new\nUserKnownHostsFile /dev/null\n");
    let connector = connector(&sshd, &human);
    for _ in 0..2 {
        connector.connect(&dial(&sshd), |_| ()).await.unwrap();
    }
    assert_eq!(human.asked(), []);
}

#[tokio::test]
async fn a_changed_host_key_is_refused_with_the_place_of_the_old_one() {
    let Some(mut sshd) = Sshd::start() else {
        return;
    };
    let human = Human::trusting();
    connect(&sshd, &human).await.unwrap();
    sshd.change_host_key();
    let why = connect(&sshd, &human).await.err().unwrap();
    assert!(matches!(why, Why::HostKeyChanged { .. }) && why.is_final());
    assert!(why.to_string().contains("known_hosts:1"), "{why}");
    assert_eq!(human.asked().len(), 1);
}

#[tokio::test]
async fn nodes_of_a_cluster_are_known_by_its_own_file_or_by_its_one_key() {
    let Some(sshd) = Sshd::start() else { return };
    let human = Human::trusting();
    let node = |cluster| Dial {
        destination: Destination {
            host: "node2.invalid".to_owned(),
            ..Destination::default()
        },
        like: Some(sshd.destination()),
        addresses: vec![("127.0.0.1".to_owned(), sshd.port)],
        cluster,
        ..Dial::default()
    };
    let key = std::fs::read_to_string(sshd.path("host_key")).unwrap();
    let key = russh::keys::PrivateKey::from_openssh(key).unwrap();
    let keys = ClusterKeys {
        alias: "cluster".to_owned(),
        known_hosts: format!("cluster {}\n", key.public_key().to_openssh().unwrap()),
    };
    let by_file = connector(&sshd, &human);
    let host = by_file
        .connect(&node(Some(Arc::new(keys.clone()))), |_| ())
        .await
        .unwrap();
    assert_eq!(host.name(), "node2.invalid");
    assert_eq!(human.asked(), []);
    let other = ClusterKeys {
        known_hosts: format!("cluster {}\n", new_key().public_key().to_openssh().unwrap()),
        ..keys
    };
    let refused = connector(&sshd, &human)
        .connect(&node(Some(Arc::new(other))), |_| ())
        .await;
    assert!(matches!(refused, Err(Why::HostKeyChanged { .. })));
    // Without a file: the same key that the operator accepted for the first node.
    let by_key = connector(&sshd, &human);
    by_key.connect(&dial(&sshd), |_| ()).await.unwrap();
    by_key.connect(&node(None), |_| ()).await.unwrap();
    assert_eq!(human.asked().len(), 1);
}

#[tokio::test]
async fn a_refused_key_says_as_whom_and_what_was_tried() {
    let Some(sshd) = Sshd::start() else { return };
    write_key(&sshd.path("home/.ssh/id_ed25519"), &new_key());
    let why = connect(&sshd, &Human::trusting()).await.err().unwrap();
    assert!(matches!(why, Why::AuthRefused { .. }) && why.is_final());
    let words = why.to_string();
    assert!(
        words.contains("id_ed25519") && words.contains("the host takes publickey"),
        "{words}"
    );
}

#[tokio::test]
async fn a_passphrase_is_asked_for_until_it_is_right_and_then_no_more() {
    let Some(sshd) = Sshd::start() else { return };
    let locked = sshd
        .key
        .encrypt(&mut russh::keys::key::safe_rng(), "open")
        .unwrap();
    write_key(&sshd.path("home/.ssh/id_ed25519"), &locked);
    let human = Human::new(|kind| match kind {
        AskKind::HostKey { .. } => Answer::Yes,
        AskKind::Passphrase { again: false, .. } => text("wrong"),
        _ => text("open"),
    });
    let connector = connector(&sshd, &human);
    for _ in 0..2 {
        connector.connect(&dial(&sshd), |_| ()).await.unwrap();
    }
    let asked = human.asked();
    assert!(matches!(
        asked[1..],
        [
            AskKind::Passphrase { again: false, .. },
            AskKind::Passphrase { again: true, .. }
        ]
    ));
}

#[tokio::test]
async fn nobody_types_a_passphrase_for_a_key_that_the_host_does_not_take() {
    let Some(sshd) = Sshd::start() else { return };
    let locked = new_key()
        .encrypt(&mut russh::keys::key::safe_rng(), "open")
        .unwrap();
    write_key(&sshd.path("home/.ssh/id_ed25519"), &locked);
    let human = Human::trusting();
    assert!(matches!(
        connect(&sshd, &human).await,
        Err(Why::AuthRefused { .. })
    ));
    assert_eq!(human.asked().len(), 1);
}

#[tokio::test]
async fn a_certificate_beside_a_key_is_enough() {
    let Some(sshd) =
        Sshd::with("TrustedUserCAKeys DIR/authority.pub\nAuthorizedPrincipalsFile DIR/principals")
    else {
        return;
    };
    let authority = new_key();
    let key = new_key();
    std::fs::write(
        sshd.path("authority.pub"),
        authority.public_key().to_openssh().unwrap(),
    )
    .unwrap();
    std::fs::write(sshd.path("principals"), "operators\n").unwrap();
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let mut rng = russh::keys::key::safe_rng();
    let mut it =
        Builder::new_with_random_nonce(&mut rng, key.public_key(), now - 100, now + 1000).unwrap();
    it.cert_type(CertType::User)
        .unwrap()
        .valid_principal("operators")
        .unwrap();
    let certificate = it.sign(&authority).unwrap();
    write_key(&sshd.path("home/.ssh/id_ed25519"), &key);
    std::fs::write(
        sshd.path("home/.ssh/id_ed25519-cert.pub"),
        certificate.to_openssh().unwrap(),
    )
    .unwrap();
    let host = connect(&sshd, &Human::trusting()).await.unwrap();
    assert!(host.proof.by.contains("certificate"), "{}", host.proof.by);
}

#[tokio::test]
async fn the_ssh_agent_signs_first() {
    let Some(sshd) = Sshd::start() else { return };
    let socket = sshd.path("agent.sock");
    let Ok(agent) = Command::new("ssh-agent")
        .arg("-D")
        .arg("-a")
        .arg(&socket)
        .stdout(Stdio::null())
        .spawn()
    else {
        eprintln!("skipped: there is no ssh-agent");
        return;
    };
    let agent = Killed(agent);
    while !socket.exists() {
        tokio::task::yield_now().await;
    }
    let file = sshd.path("home/.ssh/id_ed25519");
    let added = Command::new("ssh-add")
        .arg("-q")
        .arg(&file)
        .env("SSH_AUTH_SOCK", &socket)
        .status()
        .unwrap();
    assert!(added.success());
    std::fs::remove_file(&file).unwrap();
    sshd.configure(&format!("IdentityAgent {}\n", socket.display()));
    let host = connect(&sshd, &Human::trusting()).await.unwrap();
    assert!(host.proof.by.starts_with("agent key"), "{}", host.proof.by);
    assert_eq!(host.proof.touch, None);
    // Only what the files name: there is no file any more.
    sshd.configure(&format!(
        "IdentityAgent {}\nIdentitiesOnly yes\n",
        socket.display()
    ));
    assert!(matches!(
        connect(&sshd, &Human::trusting()).await,
        Err(Why::AuthRefused { .. })
    ));
    std::fs::write(
        file.with_extension("pub"),
        sshd.key.public_key().to_openssh().unwrap(),
    )
    .unwrap();
    sshd.configure(&format!(
        "IdentityAgent {}\nIdentitiesOnly yes\nIdentityFile ~/.ssh/id_ed25519.pub\n",
        socket.display()
    ));
    connect(&sshd, &Human::trusting()).await.unwrap();
    drop(agent);
}

struct Killed(std::process::Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn two_hosts_behind_a_jump_host_share_one_connection_to_it() {
    let (Some(bastion), Some(inner)) = (Sshd::start(), Sshd::start()) else {
        return;
    };
    let human = Human::trusting();
    // Both let the same operator in.
    write_key(&bastion.path("home/.ssh/id_inner"), &inner.key);
    bastion.configure(&format!(
        "Host bastion\n HostName 127.0.0.1\n Port {}\n IdentityFile ~/.ssh/id_ed25519\n\
         Host inner*\n HostName 127.0.0.1\n Port {}\n ProxyJump bastion\n IdentityFile ~/.ssh/id_inner\n",
        bastion.port, inner.port
    ));
    let connector = connector(&bastion, &human);
    let to = |host: &str| Dial {
        destination: Destination {
            host: host.to_owned(),
            ..Destination::default()
        },
        typed: true,
        ..Dial::default()
    };
    let (one, two) = (to("inner1"), to("inner2"));
    let (one, two) = tokio::join!(
        connector.connect(&one, |_| ()),
        connector.connect(&two, |_| ())
    );
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!(says(&one, "echo one").await, "one\n");
    assert_eq!(says(&two, "echo two").await, "two\n");
    assert_eq!(bastion.log().matches("Accepted publickey").count(), 1);
    assert_eq!(inner.log().matches("Accepted publickey").count(), 2);
    // And a way through a host that is there anyway.
    let through = Dial {
        destination: inner.destination(),
        via: Some(Arc::new(one)),
        ..Dial::default()
    };
    let connector = Connector::with_local(&inner.options(), human.asker.clone(), inner.operator());
    let host = connector.connect(&through, |_| ()).await.unwrap();
    assert_eq!(says(&host, "echo three").await, "three\n");
}

#[tokio::test]
async fn a_proxy_command_carries_the_connection() {
    let Some(sshd) = Sshd::start() else { return };
    sshd.configure(&format!(
        "ProxyCommand ssh -F none -i '{}' -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
         -p %p -W \"%h:%p\" %h\n",
        sshd.path("home/.ssh/id_ed25519").display()
    ));
    let host = connect(&sshd, &Human::trusting()).await.unwrap();
    assert_eq!(says(&host, "echo here").await, "here\n");
}

#[tokio::test]
async fn options_of_the_command_line_are_honoured() {
    let Some(sshd) = Sshd::start() else { return };
    std::fs::rename(sshd.path("home/.ssh/id_ed25519"), sshd.path("elsewhere")).unwrap();
    let mut options = sshd.options();
    options.ssh = SshOptions {
        identities: vec![sshd.path("elsewhere")],
        port: Some(sshd.port),
        options: vec![("StrictHostKeyChecking".to_owned(), "accept-new".to_owned())],
        ..options.ssh
    };
    let human = Human::trusting();
    let connector = Connector::with_local(&options, human.asker.clone(), sshd.operator());
    let to = Dial {
        destination: Destination {
            host: "127.0.0.1".to_owned(),
            ..Destination::default()
        },
        ..Dial::default()
    };
    connector.connect(&to, |_| ()).await.unwrap();
    assert_eq!(human.asked(), []);
}

#[tokio::test]
async fn a_key_of_another_form_is_read_too() {
    let Some(sshd) = Sshd::start() else { return };
    let mut pem = Vec::new();
    russh::keys::encode_pkcs8_pem_encrypted(&sshd.key, b"open", 10, &mut pem).unwrap();
    std::fs::write(sshd.path("home/.ssh/id_ed25519"), pem).unwrap();
    let human = Human::new(|kind| match kind {
        AskKind::HostKey { .. } => Answer::Yes,
        _ => text("open"),
    });
    connect(&sshd, &human).await.unwrap();
    assert_eq!(human.asked().len(), 2);
}
