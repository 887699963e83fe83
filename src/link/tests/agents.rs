//! Finding, copying and starting agents.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::human::Human;
use super::sshd::Sshd;
use crate::config::Deploy;
use crate::link::ask::{Answer, AskKind};
use crate::link::connector::{Connector, Dial};
use crate::link::deploy::tidy;
use crate::link::host::Host;
use crate::link::starter::Starter;
use crate::link::why::Why;

async fn host(sshd: &Sshd, human: &Human) -> Arc<Host> {
    let connector = Connector::with_local(&sshd.options(), human.asker.clone(), sshd.operator());
    let dial = Dial {
        destination: sshd.destination(),
        ..Dial::default()
    };
    Arc::new(connector.connect(&dial, |_| ()).await.unwrap())
}

/// The agent that was built beside these tests, if it was.
fn built() -> Option<PathBuf> {
    let program = std::env::current_exe().unwrap();
    let found = program
        .ancestors()
        .skip(1)
        .map(|dir| dir.join("gantry-agent"))
        .find(|path| path.is_file());
    if found.is_none() {
        eprintln!("skipped: gantry-agent is not built (cargo build -p gantry-agent)");
    }
    found
}

fn starter(human: &Human, deploy: Deploy, directory: &Path) -> Starter {
    Starter::new(
        None,
        deploy,
        human.asker.clone(),
        vec![directory.to_owned()],
    )
}

fn willing() -> Human {
    Human::new(|_| Answer::Yes)
}

fn copies(sshd: &Sshd) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(sshd.path("cache/gantry")) else {
        return Vec::new();
    };
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[tokio::test]
async fn a_host_without_an_agent_is_asked_about_once_and_gets_one() {
    let (Some(agent), Some(sshd)) = (built(), Sshd::start()) else {
        return;
    };
    let human = willing();
    let host = host(&sshd, &human).await;
    let starter = starter(&human, Deploy::Ask, agent.parent().unwrap());
    let greeted = starter.start(&host, |_| ()).await.unwrap();
    assert_eq!(greeted.hello.protocol, gantry_wire::PROTOCOL);
    let asked = human.asked();
    assert!(
        matches!(&asked[..], [AskKind::HostKey { .. }, AskKind::Deploy { nodes, .. }] if nodes.len() == 1)
    );
    drop(greeted);
    // The copy is found and used, and nothing lies beside it.
    starter.start(&host, |_| ()).await.unwrap();
    assert_eq!(human.asked().len(), 2);
    let copies = copies(&sshd);
    assert_eq!(copies.len(), 1);
    let files: Vec<_> = std::fs::read_dir(&copies[0])
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert_eq!(files, ["gantry-agent"]);
    let mode = std::fs::metadata(copies[0].join("gantry-agent"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[tokio::test]
async fn nothing_is_copied_against_the_operators_word() {
    let (Some(agent), Some(sshd)) = (built(), Sshd::start()) else {
        return;
    };
    let human = Human::trusting();
    let host = host(&sshd, &human).await;
    for deploy in [Deploy::Ask, Deploy::No] {
        let starter = starter(&human, deploy, agent.parent().unwrap());
        let why = starter.start(&host, |_| ()).await.err().unwrap();
        assert!(why.is_no_agent(), "{why}");
    }
    assert_eq!(human.asked().len(), 2);
    assert_eq!(copies(&sshd), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn without_anything_to_copy_it_is_said_what_is_missing() {
    let Some(sshd) = Sshd::start() else { return };
    let human = willing();
    let host = host(&sshd, &human).await;
    let empty = tempfile::tempdir().unwrap();
    let why = starter(&human, Deploy::Yes, empty.path())
        .start(&host, |_| ())
        .await
        .err()
        .unwrap();
    assert_eq!(
        why.to_string(),
        "no agent: there is none on the host, and none beside gantry to copy"
    );
    let mut other = vec![0; 64];
    other[..6].copy_from_slice(b"\x7fELF\x02\x02");
    other[19] = 22;
    std::fs::write(empty.path().join("gantry-agent"), other).unwrap();
    let why = starter(&human, Deploy::Yes, empty.path())
        .start(&host, |_| ())
        .await
        .err()
        .unwrap();
    assert!(matches!(why, Why::WrongArch { .. }), "{why}");
}

#[tokio::test]
async fn a_named_command_is_run_as_it_is_and_nothing_else() {
    let (Some(agent), Some(sshd)) = (built(), Sshd::start()) else {
        return;
    };
    let human = willing();
    let host = host(&sshd, &human).await;
    let directory = vec![agent.parent().unwrap().to_owned()];
    let named = |command: String| {
        Starter::new(
            Some(command),
            Deploy::Yes,
            human.asker.clone(),
            directory.clone(),
        )
    };
    let command = format!("env GANTRY=1 {} serve", agent.display());
    named(command).start(&host, |_| ()).await.unwrap();
    let why = named("/no/such/agent serve".to_owned())
        .start(&host, |_| ())
        .await
        .err()
        .unwrap();
    assert!(why.is_no_agent(), "{why}");
    assert_eq!(copies(&sshd), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn a_forced_command_answers_and_nothing_is_copied() {
    let (Some(agent), Some(sshd)) = (built(), Sshd::start()) else {
        return;
    };
    let key = sshd.key.public_key().to_openssh().unwrap();
    let line = format!("command=\"{} serve\",restrict {key}\n", agent.display());
    std::fs::write(sshd.path("authorized_keys"), line).unwrap();
    let human = willing();
    let host = host(&sshd, &human).await;
    starter(&human, Deploy::Yes, agent.parent().unwrap())
        .start(&host, |_| ())
        .await
        .unwrap();
    assert_eq!(copies(&sshd), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn a_shell_that_greets_is_no_agent() {
    let Some(sshd) = Sshd::start() else { return };
    let key = sshd.key.public_key().to_openssh().unwrap();
    std::fs::write(
        sshd.path("authorized_keys"),
        format!("command=\"echo Welcome!\" {key}\n"),
    )
    .unwrap();
    let human = willing();
    let host = host(&sshd, &human).await;
    let empty = tempfile::tempdir().unwrap();
    let why = starter(&human, Deploy::Yes, empty.path())
        .start(&host, |_| ())
        .await
        .err()
        .unwrap();
    assert!(
        matches!(why, Why::Garbage(_)) && why.to_string().contains("Welcome!"),
        "{why}"
    );
}

#[tokio::test]
async fn old_copies_go_unless_they_run() {
    let Some(sshd) = Sshd::start() else { return };
    let human = willing();
    let host = host(&sshd, &human).await;
    let copy = |name: &str| sshd.path(&format!("cache/gantry/agent-{name}/gantry-agent"));
    for name in ["old", "running", "fresh"] {
        std::fs::create_dir_all(copy(name).parent().unwrap()).unwrap();
        std::fs::copy("/bin/cat", copy(name)).unwrap();
    }
    std::fs::write(sshd.path("cache/gantry/notes"), "not an agent").unwrap();
    let running = host.exec(copy("running").to_str().unwrap()).await.unwrap();
    // The shell that starts it may not have come to it yet.
    let started = || {
        let processes = std::fs::read_dir("/proc").unwrap().flatten();
        let mut programs = processes.filter_map(|it| it.path().join("exe").read_link().ok());
        programs.any(|program| program == copy("running"))
    };
    while !started() {
        tokio::task::yield_now().await;
    }
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(40 * 86_400);
    for name in ["old", "running"] {
        // Read-only, because a file that runs cannot be opened for writing.
        let file = std::fs::File::open(copy(name)).unwrap();
        file.set_modified(long_ago).unwrap();
    }
    tidy(&host).await;
    assert!(!copy("old").parent().unwrap().exists());
    assert!(copy("running").exists() && copy("fresh").exists());
    assert!(sshd.path("cache/gantry/notes").exists());
    drop(running);
}
