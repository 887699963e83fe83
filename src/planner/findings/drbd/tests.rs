use gantry_wire::config::Instance;
use gantry_wire::drbd::Device;

use crate::planner::fixture::*;
use crate::planner::{Severity, Subject, findings};

fn found(cluster: &crate::model::Cluster) -> Vec<(Severity, String)> {
    let findings = findings(cluster).into_iter();
    findings.map(|it| (it.severity, it.text)).collect()
}

fn warning(text: &str) -> (Severity, String) {
    (Severity::Warning, text.to_owned())
}

fn critical(text: &str) -> (Severity, String) {
    (Severity::Critical, text.to_owned())
}

#[test]
fn a_healthy_cluster_is_calm() {
    assert_eq!(found(&cluster()), []);
}

#[test]
fn each_alarm_is_raised_and_cleared() {
    let alone = "StandAlone Primary/Unknown UpToDate/DUnknown";
    let cases = [
        (
            device("node3", alone),
            device("node5", alone),
            critical("web7/0 split brain 10m: both are Primary"),
        ),
        (
            device("node3", alone),
            device("node5", "WFConnection Secondary/Unknown UpToDate/DUnknown"),
            critical("web7/0 StandAlone on node3, node5 waits 10m"),
        ),
        (
            device("node3", "Connected Primary/Secondary UpToDate/Diskless"),
            device("node5", "Connected Secondary/Primary Diskless/UpToDate"),
            warning("web7/0 Diskless on node5 10m"),
        ),
        (
            device("node3", "Connected Primary/Secondary UpToDate/UpToDate"),
            device("node5", "WFConnection Secondary/Unknown UpToDate/DUnknown"),
            critical("web7/0 node3 says Connected, node5 WFConnection"),
        ),
        (
            device(
                "node3",
                "PausedSyncS Primary/Secondary UpToDate/Inconsistent",
            ),
            Device {
                paused_by: vec!["user".into()],
                ..device(
                    "node5",
                    "PausedSyncT Secondary/Primary Inconsistent/UpToDate",
                )
            },
            warning("web7/0 resync paused by user on node5 10m"),
        ),
        (
            device(
                "node3",
                "SyncSource Primary/Secondary UpToDate/Inconsistent",
            ),
            device(
                "node5",
                "SyncTarget Secondary/Primary Inconsistent/UpToDate",
            ),
            warning("web7/0 resync stalled 10m"),
        ),
        (
            Device {
                io_suspended: true,
                ..device("node3", "Connected Primary/Secondary UpToDate/UpToDate")
            },
            device("node5", "Connected Secondary/Primary UpToDate/UpToDate"),
            critical("web7/0 I/O suspended on node3"),
        ),
    ];
    for (on_3, on_5, expected) in cases {
        let mut cluster = cluster();
        both(&mut cluster, on_3, on_5);
        at(&mut cluster, 1_660);
        for node in ["node3", "node5"] {
            sample(&mut cluster, node, gantry_wire::node::Sample::default());
        }
        assert_eq!(found(&cluster), [expected]);
        let about = findings(&cluster).remove(0).subject;
        assert_eq!(about, Subject::Disk("web7".into(), 0));
        well(&mut cluster);
        assert_eq!(found(&cluster), []);
    }
}

/// web1 to webN, all with a half on node3 and one on node5.
fn many(n: u32) -> (Vec<Instance>, Vec<u32>) {
    let minors: Vec<u32> = (1..=n).collect();
    let instances = minors.iter().map(|minor| {
        let mut web = instance();
        web.name = format!("web{minor}");
        web.admin_state = "down".into();
        if let Some(layout) = &mut web.disks[0].layout {
            layout.ends.iter_mut().for_each(|end| end.minor = *minor);
            layout.data = None;
            layout.meta = None;
        }
        web
    });
    (instances.collect(), minors)
}

fn tell(cluster: &mut crate::model::Cluster, minors: &[u32], words: &str) {
    let told = minors.iter().map(|minor| Device {
        minor: *minor,
        ..device("node3", words)
    });
    devices(cluster, "node3", told.collect());
}

#[test]
fn what_one_node_causes_is_one_finding() {
    let mut cluster = cluster();
    let (instances, minors) = many(12);
    configure(&mut cluster, instances);
    runs(&mut cluster, false);
    for node in ["node3", "node5"] {
        volumes(&mut cluster, node, Vec::new());
    }
    tell(
        &mut cluster,
        &minors,
        "Connected Secondary/Secondary UpToDate/UpToDate",
    );
    lose(&mut cluster, "node5");
    let waits = "WFConnection Secondary/Unknown UpToDate/DUnknown";
    tell(&mut cluster, &minors, waits);
    at(&mut cluster, 1_260);
    let lost = critical("node5 lost 3m ago: no answer");
    let away = warning("node5 away: 12 disks have one copy only");
    assert_eq!(found(&cluster), [lost.clone(), away.clone()]);
    at(&mut cluster, 1_660);
    let said = found(&cluster);
    assert_eq!(said.len(), 2);
    assert!(said[0].1.starts_with("node5 lost 1") && said[0].0 == lost.0);
    assert_eq!(said[1], away);
    assert_eq!(findings(&cluster)[1].subject, Subject::Node("node5".into()));

    tell(&mut cluster, &minors[..1], waits);
    at(&mut cluster, 2_600);
    assert_eq!(found(&cluster)[1], warning("web1/0 peer node5 is away 25m"));
}

#[test]
fn many_of_a_kind_are_counted() {
    let mut cluster = cluster();
    let (instances, minors) = many(5);
    configure(&mut cluster, instances);
    runs(&mut cluster, false);
    for node in ["node3", "node5"] {
        volumes(&mut cluster, node, Vec::new());
    }
    let told = minors.iter().map(|minor| Device {
        minor: *minor,
        ..device("node3", "StandAlone Secondary/Unknown UpToDate/DUnknown")
    });
    let told: Vec<Device> = told.collect();
    both(&mut cluster, Device::default(), Device::default());
    devices(&mut cluster, "node3", told.clone());
    devices(&mut cluster, "node5", told);
    assert_eq!(found(&cluster), [critical("5 disks StandAlone")]);
}

#[test]
fn a_stranger_is_an_alarm_of_its_own() {
    let mut cluster = cluster();
    let claim = Device {
        minor: 3,
        instance: "web7".into(),
        disk_index: Some(0),
        ..device("node7", "StandAlone Primary/Unknown UpToDate/DUnknown")
    };
    devices(&mut cluster, "node7", vec![claim]);
    assert_eq!(
        found(&cluster),
        [],
        "a job may be about to have it configured"
    );
    at(&mut cluster, 1_100);
    let text = "node7 minor 3 claims web7/0, which lies elsewhere";
    assert_eq!(found(&cluster), [warning(text)]);
    assert_eq!(findings(&cluster)[0].subject, Subject::Node("node7".into()));
    devices(&mut cluster, "node7", Vec::new());
    assert_eq!(found(&cluster), []);
}

#[test]
fn a_flood_of_devices_is_said_and_not_kept() {
    let mut cluster = cluster();
    let free = |minor| Device {
        minor,
        connection: "Unconfigured".into(),
        ..Device::default()
    };
    devices(&mut cluster, "node7", (0..10_000).map(free).collect());
    assert_eq!(
        found(&cluster),
        [warning("node7: 5904 DRBD devices are not shown")]
    );
    let kept = cluster.nodes["node7"].facts.drbd.as_ref();
    assert_eq!(kept.map(|drbd| drbd.devices.len()), Some(4_096));
    devices(&mut cluster, "node7", Vec::new());
    assert_eq!(found(&cluster), []);
}

#[test]
fn disks_of_an_instance_that_say_the_same_are_one_alarm() {
    let mut cluster = cluster();
    let mut web = instance();
    let mut second = web.disks[0].clone();
    if let Some(layout) = &mut second.layout {
        layout.ends.iter_mut().for_each(|end| end.minor += 100);
        layout.data = None;
        layout.meta = None;
    }
    web.disks.push(second);
    configure(&mut cluster, vec![web]);
    let alone = |node: &str| {
        let first = device(node, "StandAlone Secondary/Unknown UpToDate/DUnknown");
        let second = Device {
            minor: first.minor + 100,
            ..first.clone()
        };
        vec![first, second]
    };
    let whole = |node: &str, word: &str| {
        let devices = alone(node).into_iter();
        let well = |it: Device| Device {
            connection: word.into(),
            ..it
        };
        devices.map(well).collect()
    };
    for word in ["Unconnected", "StandAlone"] {
        for node in ["node3", "node5"] {
            devices(&mut cluster, node, whole(node, word));
        }
    }
    at(&mut cluster, 1_660);
    let found = found(&cluster);
    let alarms: Vec<_> = found.iter().filter(|it| it.1.contains("Alone")).collect();
    let wanted = critical("web7/0,1 StandAlone on node3 and node5 10m");
    assert_eq!(alarms, [&wanted], "{found:?}");
}

#[test]
fn an_instance_whose_node_died_is_down_now_and_not_after_a_while() {
    let mut cluster = cluster();
    lose(&mut cluster, "node3");
    let waits = "WFConnection Secondary/Unknown UpToDate/DUnknown";
    devices(&mut cluster, "node5", vec![device("node5", waits)]);
    silent_at(&mut cluster, 1_070);
    let found = found(&cluster);
    let wanted = critical("web7/0 peer node3 is away 10s");
    assert!(found.contains(&wanted), "{found:?}");
    let pair = &crate::planner::replica::pairs(&cluster)[0];
    assert_eq!(pair.oos_kib, None, "what was written on node3 nobody knows");
}
