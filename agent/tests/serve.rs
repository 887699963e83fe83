//! The program as sshd starts it.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use gantry_wire::act::{Outcome, Refusal};
use gantry_wire::report::AnswerBody;
use gantry_wire::request::{Ask, Hello, Ping, Question, Watch};
use gantry_wire::{PROTOCOL, Report, Request, frame};

/// A virtual node's root with the files of a real cluster's node.
struct Root(std::path::PathBuf);

impl Root {
    fn new(test: &str) -> Root {
        let directory = format!("gantry-serve-{test}-{}", std::process::id());
        // As Ganeti wants it: the root's last part is the node's name.
        let root = std::env::temp_dir()
            .join(directory)
            .join("node2.example.test");
        let data = root.join("var/lib/ganeti");
        std::fs::create_dir_all(&data).unwrap();
        for part in include_str!("data/ssconf.txt")
            .split("== /var/lib/ganeti/")
            .skip(1)
        {
            let (name, text) = part.split_once('\n').unwrap();
            std::fs::write(data.join(name), text).unwrap();
        }
        std::fs::write(
            data.join("known_hosts"),
            "cluster.example.test ssh-rsa AAAA\n",
        )
        .unwrap();
        Root(root)
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(self.0.parent().unwrap());
    }
}

struct Agent {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
}

impl Agent {
    fn start(root: &Root, arguments: &[&str]) -> Agent {
        let mut child = Command::new(env!("CARGO_BIN_EXE_gantry-agent"))
            .args(arguments)
            .env("GANETI_ROOTDIR", &root.0)
            .env("GANETI_HOSTNAME", "node2.example.test")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = child.stdin.take();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Agent {
            child,
            stdin,
            stdout,
        }
    }

    fn say(&mut self, request: &Request) {
        let stdin = self.stdin.as_mut().unwrap();
        stdin.write_all(&frame::encode(request)).unwrap();
    }

    fn greet(&mut self) {
        self.say(&Request::Hello(Hello {
            protocol: PROTOCOL,
            version: String::new(),
        }));
    }

    fn hear(&mut self) -> Report {
        let mut line = Vec::new();
        self.stdout.read_until(b'\n', &mut line).unwrap();
        frame::report(&line).unwrap().unwrap()
    }

    /// Waits for its end and gives its status and what it said on standard error.
    fn end(mut self) -> (i32, String) {
        drop(self.stdin.take());
        let mut words = String::new();
        self.child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut words)
            .unwrap();
        (self.child.wait().unwrap().code().unwrap(), words)
    }
}

#[test]
fn a_console_is_greeted_answered_and_left_with() {
    let root = Root::new("greeted");
    let mut agent = Agent::start(&root, &["serve", "--as", "wall", "--read-only"]);
    agent.greet();
    let Report::Hello(hello) = agent.hear() else {
        panic!()
    };
    assert_eq!(hello.node, "node2.example.test");
    assert!(hello.ganeti && hello.read_only);
    assert_eq!((hello.name.as_str(), hello.pid), ("wall", agent.child.id()));
    let Report::Ssconf(ssconf) = agent.hear() else {
        panic!()
    };
    assert_eq!(ssconf.cluster_name, "cluster.example.test");

    agent.say(&Request::Watch(Watch {
        sample_ms: 200,
        ..Watch::default()
    }));
    let Report::Sample(first) = agent.hear() else {
        panic!()
    };
    assert!(first.memory.is_some() && first.load.is_some() && first.system.is_some());
    let guests = first.guests.unwrap();
    assert_eq!(
        (guests.hypervisors, guests.list.len()),
        (vec!["kvm".to_owned()], 0)
    );
    let daemons = first.daemons.unwrap();
    assert!(daemons.iter().any(|d| d.name == "ganeti-noded" && !d.runs));
    let mut rates = false;
    while !rates {
        let Report::Sample(next) = agent.hear() else {
            panic!()
        };
        rates = next.cpu.is_some();
    }
    assert_eq!(agent.end(), (0, String::new()));
}

#[test]
fn questions_and_pings_are_answered_without_a_watch() {
    let root = Root::new("asked");
    let mut agent = Agent::start(&root, &["serve"]);
    agent.greet();
    agent.say(&Request::Ping(Ping { n: 4 }));
    agent.say(&Request::Ask(Ask {
        id: 1,
        question: Question::KnownHosts,
    }));
    let mut heard = Vec::new();
    while heard.len() < 4 {
        heard.push(agent.hear());
    }
    assert!(matches!(&heard[2], Report::Pong(pong) if pong.n == 4));
    let Report::Answer(answer) = &heard[3] else {
        panic!()
    };
    let keys = "cluster.example.test ssh-rsa AAAA\n".to_owned();
    assert_eq!(answer.answer, AnswerBody::KnownHosts(keys));
    assert_eq!(agent.end().0, 0);
}

#[test]
fn a_node_that_is_not_the_master_says_whom_to_ask() {
    let root = Root::new("elsewhere");
    let mut agent = Agent::start(&root, &["serve"]);
    agent.greet();
    agent.say(&Request::Watch(Watch {
        master: true,
        ..Watch::default()
    }));
    let state = loop {
        if let Report::Master(state) = agent.hear() {
            break state;
        }
    };
    let ask = "node1.example.test".to_owned();
    assert_eq!(state, gantry_wire::report::MasterState::NotMaster { ask });
    assert_eq!(agent.end().0, 0);
}

#[test]
fn a_read_only_key_changes_nothing_whatever_it_writes() {
    let root = Root::new("read-only");
    let mut agent = Agent::start(&root, &["serve", "--as", "wall", "--read-only"]);
    agent.greet();
    let Report::Hello(hello) = agent.hear() else {
        panic!()
    };
    assert!(hello.permits.is_empty());
    let id = "00000000000000000000000000000001";
    let act = |operation: &str| {
        format!(
            r#"{{"act":{{"id":"{id}","operation":{operation},"expect":{{"nothing":{{}}}},"operator":"x"}}}}"#
        )
    };
    let mut frames: Vec<String> = [
        r#"{"kill":{"instance":"web1"}}"#,
        r#"{"failover":{"instance":"web1","ignore_consistency":true}}"#,
        r#"{"add-tags":{"of":"cluster","tags":["x"]}}"#,
        r#"{"queue-drain":{}}"#,
        r#"{"job-cancel":{"job":1}}"#,
        r#"{"queue-drain":{"please":true}}"#,
        r#"{"read-only":false}"#,
        r#""queue-drain""#,
    ]
    .map(act)
    .into();
    frames.push(format!(r#"{{"recover":{{"id":"{id}"}}}}"#));
    frames.push(r#"{"act":null}"#.to_owned());
    for frame in frames {
        let stdin = agent.stdin.as_mut().unwrap();
        stdin.write_all((frame.clone() + "\n").as_bytes()).unwrap();
        let outcome = loop {
            if let Report::Acted(acted) = agent.hear() {
                break acted.outcome;
            }
        };
        let kind = match outcome {
            Outcome::Refused { kind, .. } => kind,
            // It did nothing, and does not say of another's change that it was not done.
            Outcome::Unknown { .. } if frame.contains("recover") => continue,
            other => panic!("{frame}: {other:?}"),
        };
        assert!(
            [Refusal::Permission, Refusal::Field].contains(&kind),
            "{frame}: {kind:?}"
        );
    }
    assert_eq!(agent.end().0, 0);
    assert!(!root.0.join("run").exists(), "not even a record");
}

#[test]
fn a_file_narrows_what_a_name_may_do() {
    let root = Root::new("narrowed");
    let file = root.0.join("etc/gantry/agent.toml");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, "[as.ops]\nallow = [\"start\", \"shutdown\"]\n").unwrap();
    let permits = |arguments: &[&str]| {
        let mut agent = Agent::start(&root, arguments);
        agent.greet();
        let Report::Hello(hello) = agent.hear() else {
            panic!()
        };
        assert_eq!(agent.end().0, 0);
        hello.permits
    };
    assert_eq!(permits(&["serve", "--as", "ops"]), ["shutdown", "start"]);
    assert_eq!(
        permits(&["serve", "--as", "ops", "--allow", "start,kill"]),
        ["start"]
    );
    assert!(permits(&["serve"]).len() > 30);
    std::fs::write(&file, "[as.ops]\nallow = true\n").unwrap();
    assert!(
        permits(&["serve"]).is_empty(),
        "a file that is not understood permits nothing"
    );
}

#[test]
fn what_is_no_console_is_told_so() {
    let root = Root::new("garbage");
    let mut agent = Agent::start(&root, &["serve"]);
    agent
        .stdin
        .as_mut()
        .unwrap()
        .write_all(b"ls -l /\n")
        .unwrap();
    assert!(matches!(agent.hear(), Report::Problem(_)));
    // It ends by itself.
    let status = agent.child.wait().unwrap();
    assert_eq!(status.code(), Some(1));
}

#[test]
fn a_console_that_went_away_without_a_word_is_no_error() {
    let root = Root::new("gone");
    let mut agent = Agent::start(&root, &["serve"]);
    agent.greet();
    agent.say(&Request::Watch(Watch {
        sample_ms: 200,
        ..Watch::default()
    }));
    agent.hear();
    let Agent {
        mut child,
        stdin,
        stdout,
    } = agent;
    drop(stdout);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    drop(stdin);
}

#[test]
fn a_console_that_never_reads_does_not_hold_the_agent() {
    let root = Root::new("deaf");
    let long = "x".repeat(1024 * 1024);
    std::fs::write(root.0.join("var/lib/ganeti/known_hosts"), long).unwrap();
    let mut agent = Agent::start(&root, &["serve"]);
    agent.greet();
    for id in 0..5 {
        agent.say(&Request::Ask(Ask {
            id,
            question: Question::KnownHosts,
        }));
    }
    // The first is under way and the others wait behind it.
    assert!(matches!(agent.hear(), Report::Hello(_)));
    drop(agent.stdin.take());
    assert_eq!(agent.child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_snapshot_is_for_people_and_for_programs() {
    let root = Root::new("snapshot");
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_gantry-agent"))
            .args(arguments)
            .env("GANETI_ROOTDIR", &root.0)
            .env("GANETI_HOSTNAME", "node2.example.test")
            .output()
            .unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    let words = run(&["snapshot"]);
    assert!(
        words.contains("cluster   cluster.example.test, Ganeti 3.0.2"),
        "{words}"
    );
    let json: serde_json::Value = serde_json::from_str(&run(&["snapshot", "--json"])).unwrap();
    assert_eq!(json["hello"]["node"], "node2.example.test");
    assert!(json["sample"]["memory"]["total"].as_u64().unwrap() > 0);
}

#[test]
fn a_support_archive_is_read_without_the_node() {
    let root = std::env::temp_dir().join(format!("gantry-serve-archive-{}", std::process::id()));
    std::fs::create_dir_all(root.join("proc")).unwrap();
    let text = include_str!("data/drbd/proc-drbd-split-brain.txt");
    std::fs::write(root.join("proc/drbd"), text).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_gantry-agent"))
        .args(["snapshot", "--json", "--root"])
        .arg(&root)
        .output()
        .unwrap();
    std::fs::remove_dir_all(root.join("proc")).unwrap();
    let empty = Command::new(env!("CARGO_BIN_EXE_gantry-agent"))
        .args(["snapshot", "--json", "--root"])
        .arg(&root)
        .output()
        .unwrap();
    std::fs::remove_dir_all(&root).unwrap();
    assert_eq!((empty.status.code(), empty.stdout.len()), (Some(1), 0));
    let error = String::from_utf8(empty.stderr).unwrap();
    assert!(error.contains("none of a node's files"), "{error}");
    assert!(output.status.success(), "{output:?}");
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let row = &json["drbd"][1];
    assert_eq!(
        (&row["minor"], &row["connection"], &row["oos_kib"]),
        (&1.into(), &"StandAlone".into(), &5120.into())
    );
    assert!(row["instance"].is_null() && json["sample"]["cpu"].is_null());
}

#[test]
fn mistakes_on_the_command_line_are_named() {
    for (arguments, root, word) in [
        (&["serve", "--nosuch"][..], None, "--nosuch"),
        (&[][..], None, "command"),
        (&["snapshot"][..], Some("relative/root"), "not absolute"),
        (
            &["snapshot", "--root", "/nonexistent"][..],
            None,
            "/nonexistent",
        ),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gantry-agent"));
        command.args(arguments);
        if let Some(root) = root {
            command
                .env("GANETI_ROOTDIR", root)
                .env("GANETI_HOSTNAME", "node1");
        }
        let output = command.output().unwrap();
        let words = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && words.contains(word), "{words}");
    }
}
