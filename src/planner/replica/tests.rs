#![allow(clippy::unwrap_used, clippy::panic)]
use gantry_wire::config::{DrbdEnd, Layout};
use gantry_wire::drbd::{Drbd, Generation, Progress};
use gantry_wire::node::Sample;
use gantry_wire::report::{Hello, Report};
use proptest::prelude::*;

use super::*;
use crate::model::Reach;
use crate::planner::fixture::*;

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

fn syncs(node: &str, left: u64) -> Device {
    let words = match node {
        "node3" => "SyncSource Primary/Secondary UpToDate/Inconsistent",
        _ => "SyncTarget Secondary/Primary Inconsistent/UpToDate",
    };
    Device {
        oos_kib: Some(left),
        progress: Some(Progress {
            percent: 100.0 - left as f64 / 10_000.0,
            left_kib: left,
            total_kib: 1_000_000,
            eta_s: Some(999),
            speed_kib: Some(123),
            ..Progress::default()
        }),
        ..device(node, words)
    }
}

#[test]
fn a_resync_moves_stalls_and_ends() {
    let mut cluster = cluster();
    let mut left = 1_000_000;
    for second in 1_060..1_100 {
        at(&mut cluster, second);
        both(&mut cluster, syncs("node3", left), syncs("node5", left));
        // In bursts: every other second nothing comes.
        left -= if second % 2 == 0 { 20_000 } else { 0 };
    }
    let one_pair = |cluster: &Cluster| pairs(cluster).remove(0);
    let pair = one_pair(&cluster);
    assert_eq!(
        (pair.state, pair.severity),
        (State::Resyncing, Some(Severity::Note))
    );
    let going = pair.going.clone().unwrap_or_else(|| panic!("{pair:?}"));
    let speed = going.speed_kib.unwrap_or_default();
    assert!((9_000.0..11_000.0).contains(&speed), "{speed}");
    let eta = going.eta_s.unwrap_or_default();
    assert!((50.0..75.0).contains(&eta), "{eta}");
    assert!(matches!(redundancy("drbd", [&pair]), Redundancy::Resyncing(p) if p > 35.0));
    let sums = summary(&cluster, &[pair]);
    assert_eq!((sums.degraded, sums.moving, sums.resyncing), (0, 1, 1));
    assert!(sums.eta_s.is_some() && sums.last_done.is_none());

    // The nodes are heard, and nothing moves.
    at(&mut cluster, 1_100 + 240);
    sample(&mut cluster, "node3", Sample::default());
    sample(&mut cluster, "node5", Sample::default());
    let pair = one_pair(&cluster);
    assert_eq!(
        (pair.state, pair.text.as_str()),
        (State::Stalled, "stalled 4m")
    );
    assert_eq!(
        pair.going.map(|going| (going.eta_s, going.speed_kib)),
        Some((None, Some(0.0)))
    );

    at(&mut cluster, 1_400);
    well(&mut cluster);
    let pairs = pairs(&cluster);
    assert_eq!(pairs[0].state, State::Healthy);
    let done = summary(&cluster, &pairs).last_done;
    assert_eq!(done, Some((Key::Disk("web7".into(), 0), EPOCH + 1_400.0)));
}

#[test]
fn nodes_that_are_not_heard_do_not_make_a_resync_stall() {
    let mut cluster = cluster();
    both(&mut cluster, syncs("node3", 500), syncs("node5", 500));
    silent_at(&mut cluster, 2_000);
    assert_eq!(one(&cluster).0, State::Resyncing);
}

#[test]
fn at_first_sight_the_kernels_own_figures_count() {
    let mut cluster = cluster();
    both(
        &mut cluster,
        syncs("node3", 123_000),
        syncs("node5", 123_000),
    );
    let going = pairs(&cluster).remove(0).going;
    let figures = going.map(|going| (going.speed_kib, going.eta_s));
    assert_eq!(figures, Some((Some(123.0), Some(1_000.0))));
}

#[test]
fn a_paused_resync_says_by_whom() {
    let mut cluster = cluster();
    let paused = |node: &str, words, by: &str| Device {
        paused_by: vec![by.into()],
        oos_kib: Some(5 << 20),
        ..device(node, words)
    };
    let on_3 = paused(
        "node3",
        "PausedSyncS Primary/Secondary UpToDate/Inconsistent",
        "peer",
    );
    let on_5 = "PausedSyncT Secondary/Primary Inconsistent/UpToDate";
    both(&mut cluster, on_3.clone(), paused("node5", on_5, "user"));
    assert_eq!(
        one(&cluster),
        note(State::Paused, "paused by user on node5")
    );
    at(&mut cluster, 1_060 + 900);
    assert_eq!(
        one(&cluster),
        warn(State::Paused, "paused by user on node5 15m")
    );
    let going = pairs(&cluster).remove(0).going.unwrap_or_else(|| panic!());
    assert_eq!((going.paused_by.as_str(), going.eta_s), ("peer,user", None));
    assert_eq!(going.percent, 50.0);
    lose(&mut cluster, "node5");
    assert_eq!(one(&cluster).2, "paused by node5 15m");
    let waits = Device {
        paused_by: vec!["dependency".into()],
        ..on_3
    };
    devices(&mut cluster, "node3", vec![waits]);
    assert_eq!(
        one(&cluster),
        note(State::Paused, "waits for another resync 15m")
    );
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

#[test]
fn a_node_speaks_only_for_itself() {
    let mut cluster = cluster();
    let claim = Device {
        minor: 3,
        instance: "web7".into(),
        disk_index: Some(0),
        ..device("node7", ALONE[0])
    };
    devices(&mut cluster, "node7", vec![claim.clone()]);
    at(&mut cluster, 1_100);
    let found = pairs(&cluster);
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].key, Key::Stray("node7".into(), 3));
    assert_eq!(found[0].text, "claims web7/0, which lies elsewhere");
    assert_eq!(found[0].severity, Some(Severity::Warning));
    assert_eq!(found[1].state, State::Healthy);

    let nobody = Device {
        instance: "ghost".into(),
        ..claim.clone()
    };
    let nameless = Device {
        instance: String::new(),
        minor: 4,
        ..claim
    };
    devices(&mut cluster, "node7", vec![nobody, nameless]);
    let texts: Vec<String> = pairs(&cluster).into_iter().map(|pair| pair.text).collect();
    assert_eq!(
        texts,
        [
            "claims ghost/0, which is not configured",
            "belongs to no disk",
            ""
        ]
    );
}

#[test]
fn where_the_configuration_does_not_say_the_nodes_do() {
    let mut cluster = cluster();
    let mut web7 = instance();
    web7.disks[0].layout = None;
    configure(&mut cluster, vec![web7]);
    assert_eq!(
        pairs(&cluster).len(),
        3,
        "two strays and a disk that nobody has"
    );
    let named = |node, words| Device {
        instance: "web7".into(),
        disk_index: Some(0),
        ..device(node, words)
    };
    both(
        &mut cluster,
        named("node3", WELL[0]),
        named("node5", WELL[1]),
    );
    at(&mut cluster, 1_090);
    let found = pairs(&cluster);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].state, State::Healthy);
    assert_eq!(found[0].secondary.minor, Some(9));
}

#[test]
fn another_boot_is_another_course() {
    let mut cluster = cluster();
    both(
        &mut cluster,
        device("node3", ALONE[0]),
        device("node5", ALONE[1]),
    );
    let course = |cluster: &Cluster| cluster.nodes["node3"].courses.get(14).cloned();
    assert_eq!(
        course(&cluster).and_then(|course| course.since),
        Some(EPOCH + 1_060.0)
    );
    let hello = Hello {
        boot_id: "another".into(),
        ..Hello::default()
    };
    cluster.report("node3", Report::Hello(hello));
    assert!(course(&cluster).is_none());
    assert_eq!(pairs(&cluster)[0].primary.seen, Seen::Unknown);
}

#[test]
fn the_worst_comes_first_and_then_the_order_is_ganetis() {
    let mut cluster = cluster();
    let mut all = Vec::new();
    let mut told = Vec::new();
    for n in [10, 9, 2, 1] {
        let mut web = instance();
        web.name = format!("web{n}");
        if let Some(layout) = &mut web.disks[0].layout {
            layout.ends.iter_mut().for_each(|end| end.minor = n);
        }
        all.push(web);
        told.push(Device {
            minor: n,
            ..device("node3", if n == 9 { ALONE[0] } else { WELL[0] })
        });
    }
    configure(&mut cluster, all);
    lose(&mut cluster, "node5");
    devices(&mut cluster, "node3", told);
    let names: Vec<Key> = pairs(&cluster).into_iter().map(|pair| pair.key).collect();
    let disk = |name: &str| Key::Disk(name.into(), 0);
    assert_eq!(
        names,
        [disk("web9"), disk("web1"), disk("web2"), disk("web10")]
    );
}

const CONNECTIONS: [&str; 16] = [
    "Connected",
    "StandAlone",
    "WFConnection",
    "SyncSource",
    "SyncTarget",
    "PausedSyncS",
    "VerifyT",
    "Ahead",
    "Behind",
    "WFBitMapS",
    "Unconfigured",
    "NetworkFailure",
    "Frobs",
    "",
    "Disconnecting",
    "WFSyncUUID",
];
const DISKS: [&str; 8] = [
    "UpToDate",
    "Inconsistent",
    "Diskless",
    "Outdated",
    "DUnknown",
    "",
    "Attaching",
    "Frobs",
];
const ROLES: [&str; 4] = ["Primary", "Secondary", "Unknown", ""];

prop_compose! {
    fn any_device()(
        minor in 0_u32..4,
        connection in 0..CONNECTIONS.len(),
        disks in (0..DISKS.len(), 0..DISKS.len()),
        roles in (0..4_usize, 0..4_usize),
        numbers in (any::<u64>(), any::<u64>(), any::<f64>(), any::<bool>()),
        times in (any::<Option<f64>>(), any::<Option<f64>>()),
        instance in 0..4_usize,
        disk_index in proptest::option::of(0_u32..3),
    ) -> Device {
        let (left, total, percent, flag) = numbers;
        Device {
            minor,
            connection: CONNECTIONS[connection].into(),
            disk: DISKS[disks.0].into(),
            peer_disk: DISKS[disks.1].into(),
            role: ROLES[roles.0].into(),
            peer_role: ROLES[roles.1].into(),
            oos_kib: Some(left),
            progress: flag.then(|| Progress {
                percent,
                left_kib: left,
                total_kib: total,
                speed_kib: Some(total),
                ..Progress::default()
            }),
            changed_at: times.0,
            split_brain_at: times.1,
            instance: ["web7", "web8", "ghost", ""][instance].into(),
            disk_index,
            ..Device::default()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever nodes say and however disks lie, each configured disk is there once.
    #[test]
    fn every_configured_disk_is_one_pair(
        told in proptest::collection::vec((0..4_usize, any::<bool>(), proptest::collection::vec(any_device(), 0..4), 0_u64..40), 0..8),
        ends in proptest::collection::vec((0..5_usize, 0_u32..4), 0..4),
        has_layout in any::<bool>(),
    ) {
        let mut cluster = cluster();
        let mut web7 = instance();
        let mut other = web7.disks[0].clone();
        other.layout = has_layout.then(|| Box::new(Layout {
            ends: ends.iter().map(|(node, minor)| DrbdEnd {
                node: ["node3", "node5", "node7", "ghost", ""][*node].into(),
                minor: *minor,
            }).collect(),
            ..Layout::default()
        }));
        web7.disks.push(other);
        let mut web8 = web7.clone();
        web8.name = "web8".into();
        configure(&mut cluster, vec![web7, web8]);
        let mut seconds = 1_060;
        for (node, whole, devices, later) in told {
            seconds += later;
            at(&mut cluster, seconds);
            let drbd = Some(Drbd { whole, devices, ..Drbd::default() });
            sample(&mut cluster, ["node1", "node3", "node5", "node7"][node], Sample { drbd, ..Sample::default() });
            let mut keys: Vec<Key> = pairs(&cluster).into_iter().map(|pair| pair.key).collect();
            let all = keys.len();
            keys.sort();
            keys.dedup();
            prop_assert_eq!(keys.len(), all);
            let disks = keys.iter().filter(|key| matches!(key, Key::Disk(..))).count();
            prop_assert_eq!(disks, 4);
            let _ = summary(&cluster, &pairs(&cluster));
        }
    }
}
