//! Every command that can be said is held against what is known of the halves.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;

use gantry_wire::config;
use gantry_wire::drbd::{Device, Generation};

use super::*;
use crate::model::{Node, Time};
use crate::planner::replica::generations::{Generations, compare};
use crate::planner::replica::{Going, Half, Seen};

const STATES: [State; 9] = [
    State::SplitBrain,
    State::StandAlone,
    State::Degraded,
    State::Connecting,
    State::Disagrees,
    State::Diskless,
    State::Stalled,
    State::Paused,
    State::Unknown,
];
const CONNECTIONS: [&str; 5] = [
    "Connected",
    "WFConnection",
    "StandAlone",
    "SyncTarget",
    "SyncSource",
];
const DISKS: [&str; 4] = ["UpToDate", "Inconsistent", "Outdated", "Diskless"];
const ROLES: [&str; 2] = ["Primary", "Secondary"];

fn generation(current: &str, bitmap: &str) -> Option<Generation> {
    Some(Generation {
        current: current.into(),
        bitmap: bitmap.into(),
        ..Generation::default()
    })
}

/// Both ends' generations: not known, of one, one newer, both apart.
fn generations() -> [[Option<Generation>; 2]; 5] {
    [
        [None, None],
        [generation("A1", "0"), generation("A0", "0")],
        [generation("C1", "A1"), generation("A0", "0")],
        [generation("A0", "0"), generation("C1", "A1")],
        [generation("C1", "A1"), generation("D0", "A0")],
    ]
}

fn half(node: &str, seen: Seen, device: Option<Device>) -> Half {
    Half {
        node: node.into(),
        minor: Some(if node == "node1" { 4 } else { 9 }),
        device: device.map(Arc::new),
        seen,
    }
}

fn device(connection: &str, disk: &str, role: &str) -> Device {
    Device {
        connection: connection.into(),
        disk: disk.into(),
        role: role.into(),
        ..Device::default()
    }
}

fn pair(state: State, primary: Half, secondary: Half) -> Pair {
    Pair {
        key: Key::Disk("web1".into(), 0),
        size: None,
        port: Some(11_001),
        primary,
        secondary,
        state,
        severity: None,
        text: String::new(),
        going: None,
        oos_kib: None,
        since: None,
    }
}

/// Three nodes with addresses.
fn cluster() -> Cluster {
    let mut cluster = Cluster::new("x");
    for (name, ip) in [
        ("node1", "192.0.2.1"),
        ("node2", "192.0.2.2"),
        ("node3", "192.0.2.3"),
    ] {
        let mut node = Node::new(name.into());
        node.conf = Some(config::Node {
            name: name.into(),
            secondary_ip: ip.into(),
            ..config::Node::default()
        });
        cluster.nodes.insert(name.into(), node);
    }
    cluster
}

fn said(cluster: &Cluster, pair: &Pair) -> Vec<String> {
    let facts = Facts::default();
    remedy(cluster, &facts, pair)
}

/// Halves that are heard in every way, or not at all.
fn halves(node: &str) -> Vec<Half> {
    let mut halves: Vec<Half> = [
        Seen::Was(Time(1)),
        Seen::Offline,
        Seen::Absent,
        Seen::Unknown,
    ]
    .into_iter()
    .map(|seen| half(node, seen, None))
    .collect();
    for connection in CONNECTIONS {
        for disk in DISKS {
            for role in ROLES {
                halves.push(half(node, Seen::Now, Some(device(connection, disk, role))));
            }
        }
    }
    halves
}

/// Why a command must not be said here; `None` if it may.
fn against(pair: &Pair, line: &str, before: &[String]) -> Option<&'static str> {
    let (a, b) = (pair.primary.now(), pair.secondary.now());
    let good = |half: Option<&Device>| half.is_some_and(|it| it.disk == "UpToDate");
    let in_use = a.is_some_and(|it| it.role == "Primary");
    let speaks = |half: &Half| matches!(half.seen, Seen::Now | Seen::Absent);
    let joined = |half: Option<&Device>| {
        half.is_some_and(|it| crate::model::drbd::connected(&it.connection))
    };
    let invalidated = before.iter().any(|it| it.contains(" invalidate "));
    if line.contains("replace-disks -n") || line.contains("replace-disks -s") {
        let unused = pair.state == State::Diskless && b.is_none_or(|it| it.role != "Primary");
        return (!good(a) || !(in_use || unused))
            .then_some("the primary's half is not known to be good and in use");
    }
    if line.contains("replace-disks -p") {
        return (!good(b)).then_some("the secondary's half is not known to be good");
    }
    if line.contains(" invalidate ") {
        let loser = b.is_some_and(|it| it.role == "Secondary");
        let alone = b.is_some_and(|it| it.connection == "StandAlone");
        let cut = before.last().is_some_and(|it| it.contains(" disconnect "));
        if !line.starts_with("$ ssh node2 ") || !line.ends_with(" 9") {
            return Some("it is not on the node of the half that goes");
        }
        return (!good(a) || !in_use || !loser || !(alone || cut))
            .then_some("it is not sure who loses, or is refused");
    }
    if line.contains(" disconnect ") {
        return (!(line.ends_with(" disconnect ipv4:192.0.2.2:11001 ipv4:192.0.2.1:11001")))
            .then_some("it is not the half that goes");
    }
    if line.contains("failover") || line.contains("--offline=yes") {
        let fit = b.is_some_and(|it| {
            it.disk == "UpToDate" && it.role == "Secondary" && it.connection == "WFConnection"
        });
        return (a.is_some() || pair.primary.seen == Seen::Absent || !fit)
            .then_some("the other node is there, or its copy may be old");
    }
    if line.contains("activate-disks") {
        let apart = match (a, b) {
            (Some(a), Some(b)) => compare(a, b) == Generations::Apart,
            _ => false,
        };
        if pair.state == State::Diskless {
            return (!good(a) && !good(b)).then_some("there is nothing to connect to");
        }
        return (!invalidated
            && (apart
                || joined(a) && joined(b)
                || !speaks(&pair.primary)
                || !speaks(&pair.secondary)))
        .then_some("it does nothing, or joins what was written apart");
    }
    if line.contains("resume-sync") {
        return Some("nobody paused it");
    }
    Some("what is it?")
}

#[test]
fn no_command_is_said_against_the_only_good_half() {
    let cluster = cluster();
    let mut commands = 0;
    for state in STATES {
        for primary in halves("node1") {
            for secondary in halves("node2") {
                for both in generations() {
                    let [mut primary, mut secondary] = [primary.clone(), secondary.clone()];
                    for (half, generation) in [&mut primary, &mut secondary].into_iter().zip(both) {
                        if let Some(device) = &mut half.device {
                            Arc::make_mut(device).generation = generation;
                        }
                    }
                    let pair = pair(state, primary, secondary);
                    let lines = said(&cluster, &pair);
                    for (at, line) in lines.iter().enumerate() {
                        if line.starts_with("$ ") {
                            commands += 1;
                            if let Some(why) = against(&pair, line, &lines[..at]) {
                                panic!(
                                    "{line}: {why}\n{state:?}\n{:?}\n{:?}",
                                    pair.primary, pair.secondary
                                );
                            }
                        }
                    }
                }
            }
        }
    }
    assert!(commands > 1_000, "{commands}");
}

fn alone(connection: &str, role: &str, generation: Option<Generation>) -> Device {
    Device {
        generation,
        ..device(connection, "UpToDate", role)
    }
}

#[test]
fn the_half_that_goes_is_disconnected_before_it_is_invalidated() {
    let [mine, other] = [generation("C1", "A1"), generation("D0", "A0")];
    let primary = half(
        "node1",
        Seen::Now,
        Some(alone("StandAlone", "Primary", mine)),
    );
    let secondary = half(
        "node2",
        Seen::Now,
        Some(alone("WFConnection", "Secondary", other)),
    );
    let lines = said(&cluster(), &pair(State::SplitBrain, primary, secondary));
    let commands: Vec<&str> = lines
        .iter()
        .filter_map(|line| line.strip_prefix("$ "))
        .collect();
    assert_eq!(
        commands,
        [
            "gnt-instance replace-disks -n NEWNODE web1",
            "ssh node2 drbdsetup disconnect ipv4:192.0.2.2:11001 ipv4:192.0.2.1:11001",
            "ssh node2 drbdsetup invalidate 9",
            "gnt-instance activate-disks web1",
        ]
    );
}

#[test]
fn all_disks_of_an_instance_are_decided_alike_or_not_at_all() {
    let generation = || [generation("C1", "A1"), generation("D0", "A0")];
    let split = |index, roles: [&str; 2]| {
        let [mine, other] = generation();
        Pair {
            key: Key::Disk("web1".into(), index),
            ..pair(
                State::SplitBrain,
                half(
                    "node1",
                    Seen::Now,
                    Some(alone("StandAlone", roles[0], mine)),
                ),
                half(
                    "node2",
                    Seen::Now,
                    Some(alone("StandAlone", roles[1], other)),
                ),
            )
        }
    };
    let commands = |second: Pair| -> Vec<String> {
        let first = split(0, ["Primary", "Secondary"]);
        let mut facts = Facts::default();
        facts.pairs = vec![first.clone(), second];
        let lines = remedy(&cluster(), &facts, &first);
        lines
            .into_iter()
            .filter(|line| line.starts_with("$ "))
            .collect()
    };
    let alike = commands(split(1, ["Primary", "Secondary"]));
    let invalidate = alike.iter().filter(|it| it.contains("invalidate"));
    assert_eq!(invalidate.count(), 2, "{alike:?}");
    assert_eq!(
        commands(split(1, ["Secondary", "Primary"])),
        [] as [String; 0]
    );
}

#[test]
fn a_resync_is_let_go_on_only_where_somebody_paused_it() {
    let paused = |by: [&str; 2]| {
        let [a, b] = by.map(|by| Device {
            paused_by: vec![by.into()],
            ..device("PausedSyncS", "UpToDate", "Primary")
        });
        let mut pair = pair(
            State::Paused,
            half("node1", Seen::Now, Some(a)),
            half("node2", Seen::Now, Some(b)),
        );
        pair.going = Some(Going {
            verify: false,
            percent: 1.0,
            left_kib: 1,
            speed_kib: None,
            eta_s: None,
            still_s: None,
            paused_by: by.join(","),
        });
        said(&cluster(), &pair).join("\n")
    };
    let text = paused(["peer", "dependency"]);
    assert!(
        !text.contains("resume-sync") && !text.contains("Somebody"),
        "{text}"
    );
    assert!(
        text.contains("node2 resyncs one disk after another"),
        "{text}"
    );
    let text = paused(["user", "peer"]);
    assert!(
        text.contains("$ ssh node1 drbdsetup resume-sync 4"),
        "{text}"
    );
    let text = paused(["peer", "user"]);
    assert!(
        text.contains("$ ssh node2 drbdsetup resume-sync 9"),
        "{text}"
    );
}
