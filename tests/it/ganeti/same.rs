//! The demo answers as the real thing does: the same requests, bad ones included, to both.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use gantry_demo::Files;
use gantry_wire::frame::{self, Lines};
use gantry_wire::report::AnswerBody;
use gantry_wire::{PROTOCOL, Report};

use super::lab::Lab;

/// No conversation takes longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// The last line of each conversation; its pong ends it.
const LAST: &str = r#"{"ping":{"n":99}}"#;

/// What a conversation came to, without what may differ between two clusters.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    /// Kinds of the reports that came, but for those that come when they like.
    kinds: BTreeSet<&'static str>,
    /// The last ping was answered.
    ponged: bool,
    /// Words about what went wrong.
    words: BTreeSet<String>,
}

/// Says these lines to an agent and listens until the pong and all answers, or the end.
fn converse(mut agent: Child, lines: &[String]) -> Outcome {
    let mut unanswered = lines
        .iter()
        .filter(|line| line.starts_with(r#"{"ask""#))
        .count();
    let mut input = agent.stdin.take().unwrap();
    let mut output = agent.stdout.take().unwrap();
    let text = lines.join("\n") + "\n";
    // An agent that has had enough closes its ears: that is part of the outcome.
    let speaker = thread::spawn(move || {
        let _ = input.write_all(text.as_bytes());
        input
    });
    let (sender, bytes) = mpsc::channel();
    thread::spawn(move || {
        let mut buffer = [0; 65536];
        while let Ok(count @ 1..) = output.read(&mut buffer) {
            if sender.send(buffer[..count].to_vec()).is_err() {
                return;
            }
        }
    });
    let mut outcome = Outcome {
        kinds: BTreeSet::new(),
        ponged: false,
        words: BTreeSet::new(),
    };
    let mut framed = Lines::default();
    let deadline = Instant::now() + PATIENCE;
    'listen: while let Ok(piece) = bytes.recv_timeout(deadline - Instant::now()) {
        framed.push(&piece);
        while let Some(line) = framed.next_line().unwrap() {
            let report = frame::report(line).unwrap().unwrap();
            unanswered -= usize::from(matches!(report, Report::Answer(_)));
            note(&report, &mut outcome);
            if outcome.ponged && unanswered == 0 {
                break 'listen;
            }
        }
    }
    assert!(Instant::now() < deadline, "{lines:?}: no end");
    agent.kill().unwrap();
    agent.wait().unwrap();
    drop(speaker.join());
    outcome
}

fn note(report: &Report, outcome: &mut Outcome) {
    let kind = match report {
        Report::Hello(_) => "hello",
        Report::Pong(pong) => {
            outcome.ponged |= pong.n == 99;
            return;
        }
        Report::Answer(answer) => match &answer.answer {
            AnswerBody::KnownHosts(_) => "known_hosts",
            AnswerBody::JobLog(_) => "job_log",
            AnswerBody::Failed(why) => {
                outcome.words.insert(why.clone());
                "failed"
            }
        },
        Report::Problem(problem) if problem.about == "protocol" => {
            outcome.words.insert(problem.text.clone());
            "problem"
        }
        _ => return,
    };
    outcome.kinds.insert(kind);
}

/// Conversations, each with the node it is held with.
fn conversations() -> Vec<(&'static str, Vec<String>)> {
    let hello = format!(r#"{{"hello":{{"protocol":{PROTOCOL},"version":"0"}}}}"#);
    let master = r#"{"watch":{"sample_ms":1000,"master":true}}"#;
    let said = |node, lines: &[&str]| {
        let lines = lines.iter().copied().chain([LAST]);
        (node, lines.map(str::to_owned).collect())
    };
    let mut all = vec![
        said("node1", &[&hello]),
        said("node1", &[&hello, r#"{"watch":{"sample_ms":1}}"#]),
        said("node1", &[&hello, r#"{"watch":{"sample_ms":4000000000}}"#]),
        said("node1", &[&hello, r#"{"weather":{"sunny":true}}"#]),
        said(
            "node1",
            &[&hello, r#"{"ask":{"id":1,"question":"known_hosts"}}"#],
        ),
        said(
            "node2",
            &[&hello, r#"{"ask":{"id":1,"question":"known_hosts"}}"#],
        ),
        // No such job, on the master and where nobody can know.
        said(
            "node1",
            &[
                &hello,
                master,
                r#"{"ask":{"id":2,"question":{"job_log":{"job":999999}}}}"#,
            ],
        ),
        said(
            "node2",
            &[
                &hello,
                r#"{"ask":{"id":2,"question":{"job_log":{"job":1}}}}"#,
            ],
        ),
        said(
            "node1",
            &[&hello, r#"{"watch":{"master":true,"follow":[999999]}}"#],
        ),
        // What no console says.
        said("node1", &[r#"{"hello":{"protocol":99}}"#]),
        said("node1", &[]),
        said("node1", &["rubbish"]),
        said("node1", &[&hello, "rubbish"]),
        said("node1", &[&hello, "[]"]),
        said("node1", &[&hello, r#"{"ping":{"n":-1}}"#]),
        said("node1", &[&hello, r#"{"watch":{"sample_ms":"often"}}"#]),
        said(
            "node1",
            &[&hello, r#"{"ask":{"id":3,"question":"the_time"}}"#],
        ),
        said("node1", &[&hello, &hello]),
    ];
    all.push(("node1", vec![hello, "x".repeat(frame::LIMIT + 1)]));
    all
}

#[test]
#[ignore = "needs tests/lab"]
fn the_demo_answers_as_the_real_thing_does() {
    let lab = Lab::open();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let options = gantry_demo::Options {
        frozen: true,
        ..gantry_demo::Options::default()
    };
    let demo = runtime.block_on(gantry_demo::start(options)).unwrap();
    let files = Files::write(&demo).unwrap();
    for (node, lines) in conversations() {
        let real = converse(lab.agent(node), &lines);
        let name = format!("{node}.example.test");
        let (_, address) = demo.nodes.iter().find(|(known, _)| *known == name).unwrap();
        let ssh = Command::new("ssh")
            .args(["-F", "none", "-o", "BatchMode=yes", "-i"])
            .arg(files.key())
            .arg("-o")
            .arg(format!(
                "UserKnownHostsFile={}",
                files.known_hosts().display()
            ))
            .args(["-p", &address.port().to_string()])
            .arg(format!("{}@{}", demo.user, address.ip()))
            .arg("gantry-agent serve")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let simulated = converse(ssh, &lines);
        let begun: Vec<String> = lines
            .iter()
            .map(|line| line.chars().take(100).collect())
            .collect();
        assert_eq!(simulated, real, "{node}: {begun:?}");
    }
}
