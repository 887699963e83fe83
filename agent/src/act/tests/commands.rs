use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use gantry_wire::operation::MasterFailover;

use super::*;

const ME: &str = "node1.example.com";

/// Puts the node's own files there, and a `gnt-cluster` that does this.
fn node(bench: &Bench, script: &str) {
    let data = bench.fake.root().join("var/lib/ganeti");
    fs::create_dir_all(&data).unwrap();
    fs::write(data.join("ssconf_master_node"), "node3.example.com\n").unwrap();
    fs::write(
        data.join("ssconf_master_candidates"),
        format!("node3.example.com\n{ME}\n"),
    )
    .unwrap();
    fs::create_dir_all(programs(bench)).unwrap();
    let program = programs(bench).join("gnt-cluster");
    let root = bench.fake.root().display().to_string();
    let text = format!("#!/bin/sh\nroot={root}\necho run >>$root/runs\n{script}\n");
    fs::write(&program, text).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
}

fn programs(bench: &Bench) -> PathBuf {
    bench.fake.root().join("programs")
}

fn runs(bench: &Bench) -> usize {
    let runs = fs::read_to_string(bench.fake.root().join("runs"));
    runs.map_or(0, |text| text.lines().count())
}

fn failover(id: u128) -> Act {
    let operation = Operation::MasterFailover(MasterFailover {
        node: ME.into(),
        no_voting: false,
    });
    Act {
        expect: Expect::Master {
            master: "node3.example.com".into(),
        },
        ..act(id, operation)
    }
}

/// Looks until it says this.
fn until(agent: &mut Agent<'_>, recovery: &mut Recovery, says: impl Fn(&Outcome) -> bool) {
    while !says(&agent.with_tools(|tools| recovery.look(tools))) {
        std::thread::yield_now();
    }
}

fn begun(agent: &mut Agent<'_>, act: &Act) -> Recovery {
    match agent.with_tools(|tools| tools.perform(act)) {
        Progress::Open(recovery) => recovery,
        Progress::Over(outcome) => panic!("{outcome:?}"),
    }
}

fn says(line: &str) -> impl Fn(&Outcome) -> bool {
    let line = line.to_owned();
    move |outcome| *outcome == Outcome::Running { line: line.clone() }
}

const TAKES_OVER: &str = "
    echo $* >$root/arguments; mkfifo $root/go
    echo one; echo two; read go <$root/go
    echo node1.example.com >$root/var/lib/ganeti/ssconf_master_node";

#[test]
fn a_command_is_followed_by_its_lines_to_its_end_whoever_looks() {
    let bench = Bench::new();
    node(&bench, TAKES_OVER);
    let mut first = bench.agent(1);
    let mut recovery = begun(&mut first, &failover(1));
    until(&mut first, &mut recovery, says("two"));
    // The agent that began it is no more, and another one is asked.
    drop(first);
    let mut second = bench.agent(2);
    let mut again = Recovery::new(ActId::new(1));
    until(&mut second, &mut again, says("two"));
    // Whoever asks for the same once more is told of the same.
    let mut same = begun(&mut second, &failover(1));
    until(&mut second, &mut same, says("two"));
    fs::write(bench.fake.root().join("go"), "go\n").unwrap();
    let done = Outcome::Done {
        words: format!("{ME} is the master now"),
    };
    until(&mut second, &mut again, |outcome| *outcome == done);
    assert_eq!(bench.agent(3).recover(&ActId::new(1)), done);
    assert_eq!(runs(&bench), 1, "never twice");
    let arguments = fs::read_to_string(bench.fake.root().join("arguments"));
    assert_eq!(arguments.unwrap(), "master-failover\n");
}

#[test]
fn what_went_wrong_is_told_in_the_commands_own_last_words() {
    let bench = Bench::new();
    node(&bench, "echo first; echo 'Failure: no' >&2; exit 3");
    let Outcome::Failed { words } = bench.agent(1).act(&failover(1)) else {
        unreachable!("it failed")
    };
    assert_eq!(
        words,
        format!(
            "it ended with status 3: first; Failure: no; \
             node3.example.com is the master by the files of {ME}"
        )
    );
}

#[test]
fn a_command_that_was_killed_is_not_taken_for_a_good_one() {
    let bench = Bench::new();
    // Whoever would note how it ends goes first.
    node(&bench, "kill -9 $PPID");
    let Outcome::Failed { words } = bench.agent(1).act(&failover(1)) else {
        unreachable!("it failed")
    };
    assert!(words.contains("left no word how"), "{words}");
}

#[test]
fn an_agent_that_died_before_it_started_anything_leaves_nothing_to_be_done() {
    let bench = Bench::new();
    node(&bench, "exit 0");
    let mut dying = bench.agent(1);
    dying.records.dies_at = Some(2);
    dying.act_and_die(&failover(1));
    assert_eq!(bench.agent(2).recover(&ActId::new(1)), Outcome::Void {});
    assert_eq!(bench.agent(3).act(&failover(1)), Outcome::Void {});
    assert_eq!(runs(&bench), 0);
}

#[test]
fn nothing_is_run_that_is_not_permitted_or_not_as_it_was_seen() {
    let bench = Bench::new();
    node(&bench, "exit 0");
    let kind = |act: &Act, permits: Permits| {
        let mut agent = bench.agent(1);
        agent.permits = permits;
        match agent.act(act) {
            Outcome::Refused { kind, .. } => kind,
            other => panic!("{other:?}"),
        }
    };
    let all = || Permits::of(&Serve::default(), None);
    let only = |word: &str| Serve {
        allow: Some(vec![word.to_owned()]),
        ..Serve::default()
    };
    let forced = Act {
        operation: Operation::MasterFailover(MasterFailover {
            node: ME.into(),
            no_voting: true,
        }),
        ..failover(1)
    };
    let plain = Permits::of(&only("master-failover"), None);
    assert_eq!(kind(&forced, plain), Refusal::Permission);
    let other = Permits::of(&only("failover"), None);
    assert_eq!(kind(&failover(1), other), Refusal::Permission);
    let elsewhere = Act {
        operation: Operation::MasterFailover(MasterFailover {
            node: "node2.example.com".into(),
            no_voting: false,
        }),
        ..failover(1)
    };
    assert_eq!(kind(&elsewhere, all()), Refusal::Expect);
    let stale = Act {
        expect: Expect::Master {
            master: "node4.example.com".into(),
        },
        ..failover(1)
    };
    assert_eq!(kind(&stale, all()), Refusal::Expect);
    let data = bench.fake.root().join("var/lib/ganeti");
    fs::write(data.join("ssconf_master_candidates"), "node3.example.com\n").unwrap();
    assert_eq!(kind(&failover(1), all()), Refusal::Expect);
    assert_eq!(runs(&bench), 0);
}
