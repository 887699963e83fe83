#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use gantry_wire::job::{LogLine, Op};
use gantry_wire::report::{MasterState, Report};

use super::*;
use crate::model::time::Now;
use crate::model::{Reach, Time};

/// A cluster whose master serves, named and at this second.
fn cluster(second: u64) -> Cluster {
    let mut cluster = Cluster::new("x");
    cluster.linked("node1", Reach::Up { since: Time(0) });
    cluster.report("node1", Report::Master(MasterState::Serving));
    cluster.conf = Some(gantry_wire::config::Cluster {
        name: "prod".into(),
        ..Default::default()
    });
    at(&mut cluster, second);
    cluster
}

fn at(cluster: &mut Cluster, second: u64) {
    cluster.tick(Now {
        at: Time(second * 1_000),
        wall: 1e9 + second as f64,
    });
}

/// A verify of one group has ended.
fn verified(cluster: &mut Cluster, id: u64) {
    let op = Op {
        summary: "CLUSTER_VERIFY_GROUP(rack1)".into(),
        status: "success".into(),
        verdict: Some(false),
        ..Op::default()
    };
    let job = Job {
        id,
        status: "success".into(),
        ops: vec![op],
        ended: Some(cluster.now.wall),
        ..Job::default()
    };
    cluster.jobs.insert(id, job);
    cluster.shape += 1;
}

fn logged(cluster: &mut Cluster, id: u64, lines: &[&str]) {
    let line = |(n, text): (usize, &&str)| LogLine {
        serial: n as u64 + 1,
        kind: "message".into(),
        text: (*text).to_owned(),
        ..LogLine::default()
    };
    let lines = lines.iter().enumerate().map(line).collect();
    cluster.logs.insert(id, lines);
}

const DOWN: &str =
    "  - ERROR:EINSTANCEDOWN:instance:web1:instance not running on its primary node node1";
const SHORT: &str = "  - ERROR:ENODEN1:node:node2:not enough memory (9MiB needed, 5MiB available)";

fn told(inbox: &Inbox) -> Vec<(&str, bool, bool)> {
    let rows = inbox.rows.iter();
    rows.map(|row| (row.cause.entry.name.as_str(), row.new, row.ack.is_some()))
        .collect()
}

/// An inbox that has its first result, and the text that it wants kept.
fn first() -> (Inbox, Cluster, String) {
    let mut cluster = cluster(100);
    let mut inbox = Inbox::default();
    verified(&mut cluster, 7);
    let effects = inbox.refresh(&cluster);
    assert_eq!(
        effects,
        [Effect::Recall("prod".into()), Effect::AskLog { job: 7 }]
    );
    inbox.recalled("prod", None, &cluster).unwrap();
    logged(&mut cluster, 7, &[DOWN, SHORT]);
    let effects = inbox.refresh(&cluster);
    let [Effect::Keep { text, .. }] = effects.as_slice() else {
        unreachable!("{effects:?}")
    };
    let text = text.clone();
    (inbox, cluster, text)
}

#[test]
fn the_first_result_is_all_known_and_the_next_tells_what_is_new() {
    let (mut inbox, mut cluster, _) = first();
    assert_eq!(
        told(&inbox),
        [("node2", false, false), ("web1", false, false)]
    );
    assert_eq!(inbox.refresh(&cluster), [], "nothing has happened");
    verified(&mut cluster, 9);
    assert_eq!(inbox.refresh(&cluster), [Effect::AskLog { job: 9 }]);
    assert_eq!(
        told(&inbox).len(),
        2,
        "the old result stands until the new one is read"
    );
    let other = DOWN.replace("web1", "web2");
    logged(&mut cluster, 9, &[&SHORT.replace("9MiB", "8MiB"), &other]);
    inbox.refresh(&cluster);
    assert_eq!(
        told(&inbox),
        [("web2", true, false), ("node2", false, false)]
    );
}

#[test]
fn what_is_acknowledged_goes_down_and_comes_back_when_it_is_over() {
    let (mut inbox, mut cluster, _) = first();
    let key = inbox.rows[0].key.clone();
    let (said, kept) = inbox.acknowledge(&key, "anna", &cluster);
    assert_eq!(said, "acknowledged for 1 hour; again for longer");
    assert!(kept.is_some());
    assert_eq!(
        told(&inbox),
        [("web1", false, false), ("node2", false, true)]
    );
    assert_eq!(inbox.open(), (1, 0));
    at(&mut cluster, 100 + 3_601);
    inbox.refresh(&cluster);
    assert_eq!(inbox.open(), (2, 0));
    for words in ["1 hour", "1 day", "1 week"] {
        assert!(inbox.acknowledge(&key, "anna", &cluster).0.contains(words));
    }
    inbox.acknowledge(&key, "anna", &cluster);
    assert_eq!(inbox.open(), (2, 0));
}

#[test]
fn what_was_kept_is_there_the_next_time_and_what_is_new_is_told_against_it() {
    let (_, _, text) = first();
    let mut cluster = cluster(9_000);
    let mut inbox = Inbox::default();
    inbox.refresh(&cluster);
    inbox.recalled("prod", Some(&text), &cluster).unwrap();
    assert_eq!(
        told(&inbox),
        [("node2", false, false), ("web1", false, false)]
    );
    verified(&mut cluster, 20);
    inbox.refresh(&cluster);
    logged(&mut cluster, 20, &[SHORT, &DOWN.replace("web1", "web5")]);
    inbox.refresh(&cluster);
    assert_eq!(
        told(&inbox),
        [("web5", true, false), ("node2", false, false)]
    );
}

#[test]
fn what_was_kept_may_come_after_the_first_result() {
    let (_, _, text) = first();
    let mut cluster = cluster(9_000);
    let mut inbox = Inbox::default();
    verified(&mut cluster, 20);
    logged(&mut cluster, 20, &[SHORT, &DOWN.replace("web1", "web5")]);
    inbox.refresh(&cluster);
    inbox.recalled("prod", Some(&text), &cluster).unwrap();
    assert_eq!(
        told(&inbox),
        [("web5", true, false), ("node2", false, false)]
    );
}

#[test]
fn what_cannot_be_read_is_said_and_forgotten() {
    let cluster = cluster(1);
    let mut inbox = Inbox::default();
    inbox.refresh(&cluster);
    let wrong = inbox.recalled("prod", Some("{\"parts\": 3}"), &cluster);
    assert!(wrong.unwrap_err().contains("line 1"));
    assert!(inbox.rows.is_empty());
}

#[test]
fn without_a_master_nothing_is_asked_and_with_it_anew() {
    let (mut inbox, mut cluster, _) = first();
    verified(&mut cluster, 9);
    cluster.report(
        "node1",
        Report::Master(MasterState::Silent { why: String::new() }),
    );
    assert_eq!(inbox.refresh(&cluster), []);
    cluster.report("node1", Report::Master(MasterState::Serving));
    assert_eq!(inbox.refresh(&cluster), [Effect::AskLog { job: 9 }]);
}
