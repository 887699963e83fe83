use gantry_wire::node::{Missing, Sample};
use gantry_wire::storage::{DiskHealth, Lvm, Space, Storage};

use crate::model::Cluster;
use crate::planner::fixture::*;
use crate::planner::{Severity, Subject, findings};

fn found(cluster: &Cluster) -> Vec<(Severity, String)> {
    let findings = findings(cluster).into_iter();
    findings.map(|it| (it.severity, it.text)).collect()
}

fn warning(text: &str) -> (Severity, String) {
    (Severity::Warning, text.to_owned())
}

fn critical(text: &str) -> (Severity, String) {
    (Severity::Critical, text.to_owned())
}

fn tell(cluster: &mut Cluster, storage: Storage) {
    let storage = Some(storage);
    sample(
        cluster,
        "node7",
        Sample {
            storage,
            ..Sample::default()
        },
    );
}

fn groups(vgs: Vec<gantry_wire::storage::VolumeGroup>) -> Storage {
    Storage {
        vgs,
        ..Storage::default()
    }
}

#[test]
fn each_alarm_of_a_place_is_raised_and_cleared() {
    let lacks = gantry_wire::storage::VolumeGroup {
        attr: "wz-pn-".into(),
        missing_pvs: 1,
        ..vg(1_000, 500)
    };
    let partial = gantry_wire::storage::VolumeGroup {
        missing_pvs: 0,
        ..lacks.clone()
    };
    let dir = Space {
        name: "/srv/ganeti".into(),
        template: "file".into(),
        why: "no such directory".into(),
        ..Space::default()
    };
    let elsewhere = Space {
        name: "/other".into(),
        ..dir.clone()
    };
    let with_dirs = Storage {
        dirs: vec![dir, elsewhere],
        ..groups(vec![vg(1_000, 500)])
    };
    let cases = [
        (
            groups(vec![vg(1_000, 90)]),
            warning("xenvg on node7 91% full, 90M free"),
        ),
        (
            groups(vec![vg(1_000, 0)]),
            critical("xenvg on node7 100% full, 0M free"),
        ),
        (
            groups(vec![lacks]),
            critical("node7: xenvg lacks 1 physical volume"),
        ),
        (groups(vec![partial]), critical("node7: xenvg is partial")),
        (
            groups(Vec::new()),
            critical("node7 has no volume group xenvg"),
        ),
        (
            with_dirs,
            warning("/srv/ganeti on node7: no such directory"),
        ),
    ];
    for (storage, expected) in cases {
        let mut cluster = cluster();
        tell(&mut cluster, storage);
        assert_eq!(found(&cluster), [expected]);
        assert_eq!(
            findings(&cluster)[0].subject,
            Subject::Storage("node7".into())
        );
        tell(&mut cluster, groups(vec![vg(1_000, 500)]));
        assert_eq!(found(&cluster), []);
    }
}

#[test]
fn a_place_that_is_not_for_new_disks_may_be_full() {
    let mut cluster = cluster();
    let full = gantry_wire::storage::VolumeGroup {
        name: "rootvg".into(),
        ..vg(1_000, 0)
    };
    tell(&mut cluster, groups(vec![full, vg(1_000, 500)]));
    assert_eq!(found(&cluster), []);
}

#[test]
fn what_hangs_and_what_fails_is_said() {
    let mut cluster = cluster();
    let hangs = |part: &str| Missing {
        part: part.into(),
        why: "vgs does not answer since 12:00:03".into(),
        hangs: true,
    };
    let disk = |name: &str, passed| DiskHealth {
        name: name.into(),
        passed,
        ..DiskHealth::default()
    };
    let told = Sample {
        missing: Some(vec![hangs("storage"), hangs("lvm")]),
        health: Some(vec![
            disk("sda", Some(false)),
            disk("sdb", Some(true)),
            disk("sdc", None),
        ]),
        ..Sample::default()
    };
    sample(&mut cluster, "node7", told);
    assert_eq!(
        found(&cluster),
        [
            warning("node7: vgs does not answer since 12:00:03"),
            warning("node7: sda failed its own health test"),
        ]
    );
    let told = Sample {
        missing: Some(Vec::new()),
        health: Some(vec![disk("sda", Some(true))]),
        ..Sample::default()
    };
    sample(&mut cluster, "node7", told);
    assert_eq!(found(&cluster), []);
}

#[test]
fn volumes_that_are_not_as_configured_are_said() {
    let meta = |size| lv("u7.disk0_meta", size);
    let data = |size| lv("u7.disk0_data", size);
    let cases = [
        (
            vec![data(10_240)],
            critical("1 volume missing on node5: web7/0"),
            Subject::Storage("node5".into()),
        ),
        (
            vec![data(10_240), meta(64)],
            warning("web7/0 on node5: metadata is 64M and not 128M"),
            Subject::Disk("web7".into(), 0),
        ),
        (
            vec![data(20_480), meta(128)],
            warning("web7/0 on node5: is 20.0G and not 10.0G"),
            Subject::Disk("web7".into(), 0),
        ),
        (
            vec![
                data(10_240),
                meta(128),
                lv("u8.disk0", 2_048),
                lv("x", 1_024),
            ],
            warning("2 orphan volumes on node5, 3.0G"),
            Subject::Storage("node5".into()),
        ),
    ];
    for (told, expected, about) in cases {
        let mut cluster = cluster();
        volumes(&mut cluster, "node5", told);
        at(&mut cluster, 1_100);
        assert_eq!(found(&cluster), [expected]);
        assert_eq!(findings(&cluster)[0].subject, about);
        volumes(&mut cluster, "node5", lvs());
        assert_eq!(found(&cluster), []);
    }
}

#[test]
fn a_place_that_fills_is_told_before_it_is_full() {
    let mut cluster = cluster();
    let mut free = 50_000;
    for step in 0..200 {
        at(&mut cluster, 1_060 + step * 10);
        free -= 100;
        tell(&mut cluster, groups(vec![vg(102_400, free)]));
    }
    // 30,000 MiB at 10 MiB a second.
    assert_eq!(
        found(&cluster),
        [warning("xenvg on node7 will be full within the hour")]
    );
    let lvm = Some(Lvm::default());
    sample(
        &mut cluster,
        "node7",
        Sample {
            lvm,
            ..Sample::default()
        },
    );
    lose(&mut cluster, "node7");
    assert!(
        found(&cluster)
            .iter()
            .all(|(_, text)| !text.contains("full"))
    );
}

#[test]
fn a_place_that_is_nearly_full_and_fills_is_trouble_now() {
    let mut cluster = cluster();
    let mut free = 30_000;
    for step in 0..200 {
        at(&mut cluster, 1_060 + step * 10);
        free -= 120;
        tell(&mut cluster, groups(vec![vg(102_400, free)]));
    }
    assert_eq!(
        found(&cluster),
        [critical(
            "xenvg on node7 94% full, 5.9G free, all within the hour"
        )]
    );
}
