#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use gantry_wire::job::Op;
use proptest::prelude::*;

use super::*;

fn job(summary: &str, status: &str) -> Job {
    let op = Op {
        summary: summary.into(),
        status: status.into(),
        ended: (status != "running").then_some(500.0),
        ..Op::default()
    };
    Job {
        id: 1,
        status: status.into(),
        ops: vec![op],
        ..Job::default()
    }
}

fn log(texts: &[&str]) -> Vec<LogLine> {
    let line = |(n, text): (usize, &&str)| LogLine {
        serial: n as u64 + 1,
        at: 100.0 + n as f64 * 10.0,
        kind: "message".into(),
        text: (*text).to_owned(),
        ..LogLine::default()
    };
    texts.iter().enumerate().map(line).collect()
}

fn way(summary: &str, status: &str, texts: &[&str]) -> Phases {
    Phases::of(&job(summary, status), &log(texts), true).unwrap()
}

/// The lines of a job as `gnt-job info` prints them.
fn recorded(name: &str) -> Vec<String> {
    let path = format!(
        "{}/tests/transcripts/jobs/{name}.txt",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(path).unwrap();
    let lines = text.lines().filter_map(|line| {
        let content = line.trim_start().strip_prefix("Content: [")?;
        let (_, rest) = content.split_once(", message, ")?;
        Some(rest.strip_suffix(']')?.to_owned())
    });
    lines.collect()
}

const MIGRATION: &[&str] = &[
    "Migrating instance web1.example.com",
    "* checking disk consistency between source and target",
    "* closing instance disks on node node2",
    "* changing into standalone mode",
    "* changing disks into dual-master mode",
    "* wait until resync is done",
    "* preparing node2 to accept the instance",
    "* migrating instance to node2",
    "* starting memory transfer",
    "* memory transfer progress: 40.50 %",
];

#[test]
fn a_real_migration_goes_through_all_its_steps_in_order() {
    let lines = recorded("migrate");
    let texts: Vec<&str> = lines.iter().map(String::as_str).collect();
    assert_eq!(texts.len(), 18);
    let mut seen = vec![0];
    for upto in 1..=texts.len() {
        let at = way("INSTANCE_MIGRATE(web1)", "running", &texts[..upto]).at;
        if seen.last() != Some(&at) {
            seen.push(at);
        }
    }
    assert_eq!(seen, [0, 1, 2, 3, 4, 5]);
    let done = way("INSTANCE_MIGRATE(web1)", "success", &texts);
    assert_eq!((done.at, done.share(), done.step()), (6, 1.0, None));
    assert!(done.steps.iter().all(|step| step.began < step.ended));
}

#[test]
fn a_real_replacement_goes_through_all_its_steps_in_order() {
    let lines = recorded("replace-disks");
    let texts: Vec<&str> = lines.iter().map(String::as_str).collect();
    let at = |upto: usize| way("INSTANCE_REPLACE_DISKS(mail1)", "running", &texts[..upto]);
    let syncing = texts
        .iter()
        .position(|text| text.contains("83.00% done"))
        .unwrap();
    let phases = at(syncing + 1);
    assert_eq!(phases.step().unwrap().words, "copies");
    let sync = &phases.syncs[0];
    assert_eq!(
        (sync.disk, sync.percent, sync.left.as_str()),
        (0, 83.0, "2s")
    );
    assert!((phases.share() - 4.83 / 6.0).abs() < 1e-9);
    assert_eq!(at(syncing + 2).syncs, [], "they are in sync");
    assert_eq!(at(texts.len()).at, 5);
}

#[test]
fn early_release_removes_before_it_copies() {
    let texts = [
        "STEP 4/6 Changing drbd configuration",
        "STEP 5/6 Removing old storage",
    ];
    let phases = way("INSTANCE_REPLACE_DISKS(a)", "running", &texts);
    assert_eq!(phases.step().unwrap().words, "removes the old volumes");
    assert_eq!(phases.steps[5].words, "copies");
}

#[test]
fn memory_that_is_sent_twice_does_not_converge() {
    let with = |more: &[&str]| {
        let texts: Vec<&str> = MIGRATION.iter().chain(more).copied().collect();
        way("INSTANCE_MIGRATE(web1)", "running", &texts)
            .transfer
            .unwrap()
    };
    let first = with(&[]);
    assert_eq!((first.percent, first.trouble), (Some(40.5), None));
    assert_eq!(
        with(&["* memory transfer progress: 112.00 %"]).trouble,
        Some(Trouble::MoreThanAll)
    );
    let still = "* memory transfer progress: 40.50 %";
    assert_eq!(with(&[still]).trouble, None, "two lines are not three");
    assert_eq!(with(&[still, still]).trouble, Some(Trouble::StandsStill));
    let went_on = with(&[still, still, "* memory transfer progress: 41.00 %"]);
    assert_eq!(went_on.trouble, None);
    let complete = with(&[
        "* memory transfer progress: 130 %",
        "* memory transfer complete",
    ]);
    assert_eq!((complete.complete, complete.trouble), (true, None));
}

#[test]
fn one_that_failed_stays_where_it_failed() {
    let phases = way("INSTANCE_MIGRATE(web1)", "error", MIGRATION);
    assert_eq!(phases.step().unwrap().words, "moves the memory");
    assert_eq!(phases.step().unwrap().ended, Some(500.0));
}

#[test]
fn what_is_not_mirrored_has_no_halves_to_join() {
    let lines = log(&["* preparing node2 to accept the instance"]);
    let phases = Phases::of(&job("INSTANCE_MIGRATE(a)", "running"), &lines, false).unwrap();
    let words: Vec<&str> = phases.steps.iter().map(|step| step.words).collect();
    assert_eq!(
        words,
        [
            "compares the disks",
            "gets the other node ready",
            "moves the memory",
            "lets it run there"
        ]
    );
    assert_eq!(phases.at, 1);
}

#[test]
fn a_migration_that_became_a_failover_has_the_steps_of_that() {
    let texts = [
        "Failover instance a",
        "* not checking disk consistency as instance is not running",
    ];
    let phases = way("INSTANCE_MIGRATE(a)", "running", &texts);
    assert_eq!(phases.steps[1].words, "shuts it down");
}

#[test]
fn only_lines_of_its_own_opcode_count() {
    let mut job = job("INSTANCE_FAILOVER(a)", "running");
    let first = Op {
        status: "success".into(),
        ..job.ops[0].clone()
    };
    job.ops.insert(0, first);
    let mut lines = log(&[
        "* starting the instance on the target node b",
        "* shutting down instance on source node",
    ]);
    lines[1].op = 1;
    assert_eq!(Phases::of(&job, &lines, true).unwrap().at, 1);
}

#[test]
fn other_opcodes_have_no_steps() {
    let job = job("TEST_DELAY(3)", "running");
    assert_eq!(Phases::of(&job, &[], true), None);
}

proptest! {
    #[test]
    fn no_log_breaks_it(texts in prop::collection::vec("[ -~]{0,60}", 0..20), known in 0_usize..10) {
        let texts: Vec<&str> = texts.iter().map(String::as_str).chain(MIGRATION[..known].iter().copied()).collect();
        for summary in ["INSTANCE_MIGRATE(a)", "INSTANCE_REPLACE_DISKS(a)", "INSTANCE_GROW_DISK(a)"] {
            let phases = way(summary, "running", &texts);
            prop_assert!(phases.at < phases.steps.len());
            prop_assert!((0.0..=1.0).contains(&phases.share()));
        }
    }
}
