//! Whose a device is, and the order of all.

use super::*;

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
