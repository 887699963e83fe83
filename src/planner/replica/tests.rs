#![allow(clippy::unwrap_used, clippy::panic)]
use gantry_wire::config::{DrbdEnd, Layout};
use gantry_wire::drbd::{Drbd, Generation, Progress};
use gantry_wire::node::Sample;
use gantry_wire::report::{Hello, Report};
use proptest::prelude::*;

use super::*;
use crate::model::Reach;
use crate::planner::fixture::*;

mod join;
mod progress;

/// The one pair: its state, how much it matters, and its words.
fn one(cluster: &Cluster) -> (State, Option<Severity>, String) {
    match pairs(cluster).as_slice() {
        [pair] => (pair.state, pair.severity, pair.text.clone()),
        other => panic!("{other:?}"),
    }
}

/// What is said after both ends said this, so many seconds later.
fn after(on_3: &str, on_5: &str, seconds: u64) -> (State, Option<Severity>, String) {
    let mut cluster = cluster();
    both(&mut cluster, device("node3", on_3), device("node5", on_5));
    at(&mut cluster, 1_060 + seconds);
    one(&cluster)
}

const WELL: [&str; 2] = [
    "Connected Primary/Secondary UpToDate/UpToDate",
    "Connected Secondary/Primary UpToDate/UpToDate",
];
const WAITS: &str = "WFConnection Primary/Unknown UpToDate/DUnknown";
const ALONE: [&str; 2] = [
    "StandAlone Primary/Unknown UpToDate/DUnknown",
    "StandAlone Secondary/Unknown UpToDate/DUnknown",
];

fn crit(state: State, text: &str) -> (State, Option<Severity>, String) {
    (state, Some(Severity::Critical), text.to_owned())
}

fn warn(state: State, text: &str) -> (State, Option<Severity>, String) {
    (state, Some(Severity::Warning), text.to_owned())
}

fn note(state: State, text: &str) -> (State, Option<Severity>, String) {
    (state, Some(Severity::Note), text.to_owned())
}

#[test]
fn a_healthy_pair_has_no_words() {
    let cluster = cluster();
    assert_eq!(one(&cluster), (State::Healthy, None, String::new()));
    let pairs = pairs(&cluster);
    let [pair] = pairs.as_slice() else { panic!() };
    assert_eq!(
        (&*pair.primary.node, pair.primary.minor),
        ("node3", Some(14))
    );
    assert_eq!(
        (&*pair.secondary.node, pair.secondary.minor),
        ("node5", Some(9))
    );
    assert_eq!((pair.port, pair.size), (Some(11_003), Some(10_240)));
    assert_eq!(redundancy("drbd", &pairs), Redundancy::Redundant);
    assert_eq!(redundancy("plain", []), Redundancy::None);
    assert_eq!(redundancy("drbd", []), Redundancy::Unknown);
}

#[test]
fn each_state_has_its_words() {
    let cases = [
        (
            ALONE,
            720,
            crit(State::StandAlone, "StandAlone on node3 and node5 12m"),
        ),
        (
            [ALONE[0], "WFConnection Secondary/Unknown UpToDate/DUnknown"],
            720,
            crit(State::StandAlone, "StandAlone on node3, node5 waits 12m"),
        ),
        (
            [ALONE[0], "StandAlone Primary/Unknown UpToDate/DUnknown"],
            720,
            crit(State::SplitBrain, "split brain 12m: both are Primary"),
        ),
        (
            [
                "Connected Primary/Secondary UpToDate/Diskless",
                "Connected Secondary/Primary Diskless/UpToDate",
            ],
            60,
            warn(State::Diskless, "Diskless on node5 1m"),
        ),
        (
            [
                "Connected Primary/Secondary Diskless/UpToDate",
                "Connected Secondary/Primary UpToDate/Diskless",
            ],
            60,
            crit(State::Diskless, "Diskless on node3 1m"),
        ),
        (
            [WELL[0], "WFConnection Secondary/Unknown UpToDate/DUnknown"],
            60,
            crit(State::Disagrees, "node3 says Connected, node5 WFConnection"),
        ),
        (
            [
                "Connected Primary/Primary UpToDate/UpToDate",
                "Connected Primary/Primary UpToDate/UpToDate",
            ],
            60,
            crit(State::Disagrees, "both are Primary 1m"),
        ),
        (
            ["Connected Primary/Secondary UpToDate/Outdated", WELL[1]],
            60,
            crit(
                State::Disagrees,
                "node5 is UpToDate, node3 calls it Outdated",
            ),
        ),
        (
            [
                "SyncSource Primary/Secondary UpToDate/Inconsistent",
                "SyncSource Secondary/Primary UpToDate/Inconsistent",
            ],
            15,
            crit(State::Disagrees, "node3 and node5 both say SyncSource"),
        ),
        (
            [WAITS, "WFConnection Secondary/Unknown UpToDate/DUnknown"],
            60,
            note(
                State::Degraded,
                "node3 and node5 do not reach each other 1m",
            ),
        ),
        (
            [WAITS, "WFConnection Secondary/Unknown UpToDate/DUnknown"],
            600,
            warn(
                State::Degraded,
                "node3 and node5 do not reach each other 10m",
            ),
        ),
        (
            [
                "Connected Primary/Secondary UpToDate/Outdated",
                "Connected Secondary/Primary Outdated/UpToDate",
            ],
            400,
            warn(State::Degraded, "Outdated on node5"),
        ),
        (
            [
                "Connected Primary/Secondary Inconsistent/Outdated",
                "Connected Secondary/Primary Outdated/Inconsistent",
            ],
            60,
            crit(
                State::Degraded,
                "no good copy: Inconsistent on node3, Outdated on node5",
            ),
        ),
        (
            [
                "WFReportParams Primary/Unknown UpToDate/DUnknown",
                "WFReportParams Secondary/Unknown UpToDate/DUnknown",
            ],
            5,
            note(State::Connecting, "node3 says WFReportParams 5s"),
        ),
        (
            [
                "Frobs Primary/Unknown UpToDate/DUnknown",
                "Frobs Secondary/Unknown UpToDate/DUnknown",
            ],
            400,
            warn(State::Unknown, "node3 says Frobs 6m"),
        ),
    ];
    for ([on_3, on_5], seconds, expected) in cases {
        assert_eq!(after(on_3, on_5, seconds), expected, "{on_3} {on_5}");
    }
}

#[test]
fn ends_that_tell_of_a_change_one_after_the_other_do_not_contradict_each_other() {
    let (state, severity, _) = after(
        WELL[0],
        "WFConnection Secondary/Unknown UpToDate/DUnknown",
        3,
    );
    assert_eq!((state, severity), (State::Degraded, Some(Severity::Note)));
}

#[test]
fn a_node_that_died_before_it_could_say_so_contradicts_nobody() {
    let mut cluster = cluster();
    devices(&mut cluster, "node3", vec![device("node3", WAITS)]);
    silent_at(&mut cluster, 1_085);
    assert_eq!(
        one(&cluster),
        note(State::Degraded, "node3 waits for node5 25s")
    );
    at(&mut cluster, 1_090);
    assert_eq!(one(&cluster).0, State::Disagrees);
}

#[test]
fn what_was_said_before_a_link_was_lost_is_not_of_now_when_it_is_back() {
    let mut cluster = cluster();
    lose(&mut cluster, "node5");
    at(&mut cluster, 9_000);
    let since = cluster.now.at;
    cluster.linked("node5", Reach::Up { since });
    cluster.report("node5", Report::Hello(Hello::default()));
    let pair = pairs(&cluster).remove(0);
    assert_ne!(pair.secondary.seen, Seen::Now);
    assert_eq!(pair.secondary.now(), None);
    devices(&mut cluster, "node5", vec![device("node5", WELL[1])]);
    assert_eq!(pairs(&cluster).remove(0).secondary.seen, Seen::Now);
}

#[test]
fn a_migration_has_both_ends_primary() {
    let mut cluster = cluster();
    let both_primary = "Connected Primary/Primary UpToDate/UpToDate";
    both(
        &mut cluster,
        device("node3", both_primary),
        device("node5", both_primary),
    );
    at(&mut cluster, 1_200);
    assert_eq!(one(&cluster).0, State::Disagrees);
    job(&mut cluster, "INSTANCE_MIGRATE(web7)");
    assert_eq!(one(&cluster), (State::Healthy, None, String::new()));
}

fn generation(current: &str, bitmap: &str) -> Option<Generation> {
    Some(Generation {
        current: current.into(),
        bitmap: bitmap.into(),
        ..Generation::default()
    })
}

#[test]
fn a_split_brain_is_told_from_the_data_generations() {
    let mut cluster = cluster();
    let with = |node, words, generation| Device {
        generation,
        ..device(node, words)
    };
    let mine = "337326D5B2384A9F";
    for (other, bitmap, state) in [
        ("DAF5C8D0FA2C6251", "5C8893D971508EE6", State::SplitBrain),
        // Only the primary was written.
        ("DAF5C8D0FA2C6251", "0000000000000000", State::StandAlone),
        // The same, but for the flag of being primary.
        ("337326D5B2384A9E", "5C8893D971508EE6", State::StandAlone),
        ("nonsense", "5C8893D971508EE6", State::StandAlone),
    ] {
        both(
            &mut cluster,
            with("node3", ALONE[0], generation(mine, "5C8893D971508EE7")),
            with("node5", ALONE[1], generation(other, bitmap)),
        );
        let (said, _, text) = one(&cluster);
        assert_eq!(said, state, "{other} {text}");
        assert_eq!(
            state == State::SplitBrain,
            text == "split brain: both wrote",
            "{text}"
        );
    }
}

#[test]
fn a_split_brain_is_told_from_the_kernels_log_unless_they_met_since() {
    let mut cluster = cluster();
    let alone = |at: f64| Device {
        split_brain_at: Some(at),
        ..device("node3", ALONE[0])
    };
    let waits = device("node5", "WFConnection Secondary/Unknown UpToDate/DUnknown");
    both(&mut cluster, alone(EPOCH + 1_059.0), waits.clone());
    assert_eq!(one(&cluster).0, State::SplitBrain);
    both(&mut cluster, alone(EPOCH - 5_000.0), waits);
    assert_eq!(one(&cluster).0, State::StandAlone);
}

#[test]
fn a_lost_end_is_judged_by_the_others_word() {
    let mut cluster = cluster();
    lose(&mut cluster, "node5");
    assert_eq!(
        one(&cluster).0,
        State::Healthy,
        "node3 says that it is connected"
    );
    devices(&mut cluster, "node3", vec![device("node3", WAITS)]);
    silent_at(&mut cluster, 1_060 + 180);
    assert_eq!(
        one(&cluster),
        warn(State::Degraded, "peer node5 is away 3m")
    );
    assert_eq!(redundancy("drbd", &pairs(&cluster)), Redundancy::Degraded);
    lose(&mut cluster, "node3");
    let (state, severity, text) = one(&cluster);
    assert_eq!((state, severity), (State::Unknown, None));
    assert_eq!(text, "node3 lost 3m, node5 lost 3m");
    assert_eq!(redundancy("drbd", &pairs(&cluster)), Redundancy::Unknown);
}

#[test]
fn without_devices_a_stopped_instance_is_calm_and_a_running_one_is_not() {
    let mut cluster = cluster();
    devices(&mut cluster, "node3", Vec::new());
    devices(&mut cluster, "node5", Vec::new());
    at(&mut cluster, 1_200);
    assert_eq!(
        one(&cluster),
        crit(State::Degraded, "not active on node3, though it runs")
    );
    runs(&mut cluster, false);
    assert_eq!(one(&cluster), (State::Down, None, String::new()));
}

#[test]
fn a_device_that_one_end_lacks_is_a_contradiction() {
    let mut cluster = cluster();
    devices(&mut cluster, "node5", Vec::new());
    at(&mut cluster, 1_061);
    assert_eq!(one(&cluster).0, State::Healthy);
    at(&mut cluster, 1_090);
    assert_eq!(
        one(&cluster),
        crit(
            State::Disagrees,
            "node3 says Connected, node5 has no such device"
        )
    );
}

#[test]
fn held_io_is_always_said() {
    let mut cluster = cluster();
    let held = Device {
        io_suspended: true,
        ..device("node3", WAITS)
    };
    devices(&mut cluster, "node3", vec![held]);
    lose(&mut cluster, "node5");
    at(&mut cluster, 1_060 + 180);
    let text = "I/O suspended on node3, peer node5 is away 3m";
    assert_eq!(one(&cluster), crit(State::Degraded, text));
}

#[test]
fn what_a_verify_found_is_said() {
    let mut cluster = cluster();
    let differs = |node, words| Device {
        oos_kib: Some(12 << 10),
        ..device(node, words)
    };
    both(
        &mut cluster,
        differs("node3", WELL[0]),
        differs("node5", WELL[1]),
    );
    let text = "12M differ (found by verify?)";
    assert_eq!(one(&cluster), warn(State::Disagrees, text));
}

#[test]
fn a_job_that_makes_a_disk_is_given_a_minute() {
    let words = [
        "Connected Primary/Secondary UpToDate/Diskless",
        "Connected Secondary/Primary Diskless/UpToDate",
    ];
    let mut cluster = cluster();
    job(&mut cluster, "INSTANCE_REPLACE_DISKS(web7)");
    both(
        &mut cluster,
        device("node3", words[0]),
        device("node5", words[1]),
    );
    assert_eq!(one(&cluster), note(State::Diskless, "Diskless on node5"));
    at(&mut cluster, 1_060 + 61);
    assert_eq!(one(&cluster), warn(State::Diskless, "Diskless on node5 1m"));
}
