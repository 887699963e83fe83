#![allow(clippy::unwrap_used, clippy::panic)]
use gantry_wire::config::{self, DrbdEnd, Layout};
use gantry_wire::drbd::Device;
use gantry_wire::node::{Missing, Sample};
use gantry_wire::storage::{Lvm, Space, Storage, VolumeGroup};
use proptest::prelude::*;

use super::*;
use crate::planner::fixture::{
    at, cluster, configure, device, devices, instance, job, lose, lv, lvs, sample, vg,
};

fn tell(cluster: &mut Cluster, lvs: Vec<LogicalVolume>) {
    crate::planner::fixture::volumes(cluster, "node5", lvs);
}

/// The owner of a volume on node5, and what is wrong with it.
fn owner(cluster: &Cluster, name: &str) -> (Owner, String) {
    let volumes = volumes(cluster, "node5").unwrap_or_default();
    let found = volumes.into_iter().find(|volume| volume.name == name);
    found.map_or_else(|| panic!("no {name}"), |volume| (volume.owner, volume.text))
}

fn place(cluster: &Cluster, node: &str) -> Place {
    let mut places = places(cluster).into_iter();
    let place = places.find(|place| &*place.node == node);
    place.unwrap_or_else(|| panic!("no place on {node}"))
}

fn tagged(name: &str, instance: &str) -> LogicalVolume {
    LogicalVolume {
        tags: vec![format!("originstname+{instance}")],
        ..lv(name, 1_024)
    }
}

#[test]
fn the_sums_of_a_volume_group_add_up() {
    let cluster = cluster();
    let place = place(&cluster, "node5");
    assert!(place.is_ganetis && place.fresh);
    assert_eq!((place.total, place.free), (Some(102_400), Some(51_200)));
    assert_eq!((place.instances, place.metadata), (Some(10_240), Some(128)));
    assert_eq!(place.others, Some(51_200 - 10_240 - 128));
    assert_eq!(place.promised, Some(10_240 + 128));
    assert_eq!((place.orphans, place.missing, place.wrong_sizes), (0, 0, 0));
}

#[test]
fn each_volume_has_an_owner() {
    let mut cluster = cluster();
    if let Some(conf) = &mut cluster.conf {
        conf.reserved_lvs = vec!["xenvg/(root|swap)".into(), "(".into()];
    }
    let elsewhere = LogicalVolume {
        vg: "rootvg".into(),
        ..lv("var", 512)
    };
    let snapshot = LogicalVolume {
        origin: "u7.disk0_data".into(),
        attr: "swi-a-s---".into(),
        ..lv("snap", 512)
    };
    let thin = LogicalVolume {
        attr: "twi-aotz--".into(),
        ..lv("pool", 512)
    };
    let mut told = lvs();
    told.extend([
        elsewhere,
        snapshot,
        thin,
        lv("root", 512),
        lv("rooted", 512),
    ]);
    told.push(tagged("u8.disk0_data", "web8"));
    told.push(tagged("u7.disk0_data_replaced-1700000000", "web7"));
    tell(&mut cluster, told);
    let new = owner(&cluster, "u8.disk0_data");
    assert_eq!(
        new,
        (Owner::Unknown, "new, in no configuration yet".to_owned())
    );
    at(&mut cluster, 1_100);
    let web7 = || "web7".into();
    let cases = [
        ("u7.disk0_data", Owner::Data(web7(), 0)),
        ("u7.disk0_meta", Owner::Meta(web7(), 0)),
        ("var", Owner::NotGanetis),
        ("snap", Owner::NotGanetis),
        ("pool", Owner::NotGanetis),
        ("root", Owner::Reserved),
        ("rooted", Owner::Orphan),
        ("u8.disk0_data", Owner::Orphan),
        ("u7.disk0_data_replaced-1700000000", Owner::Orphan),
    ];
    for (name, expected) in cases {
        let (owner, text) = owner(&cluster, name);
        assert_eq!(text.is_empty(), expected != Owner::Orphan, "{name} {text}");
        assert_eq!(owner, expected, "{name}");
    }
    let broken = broken_reserved(&cluster);
    assert_eq!(broken.iter().map(|(it, _)| *it).collect::<Vec<_>>(), ["("]);
    let names = volumes(&cluster, "node5").unwrap_or_default();
    assert_eq!(names[0].name, "rooted", "wrong ones come first");
    assert_eq!(place(&cluster, "node5").orphans_size, 512 + 2 * 1_024);

    job(&mut cluster, "INSTANCE_REPLACE_DISKS(web7)");
    let replaced = owner(&cluster, "u7.disk0_data_replaced-1700000000");
    assert_eq!(replaced, (Owner::Job(7), String::new()));
    job(&mut cluster, "INSTANCE_CREATE(web8)");
    assert_eq!(owner(&cluster, "u8.disk0_data").0, Owner::Job(7));
}

#[test]
fn a_size_is_wrong_only_beyond_what_lvm_rounds() {
    let mut cluster = cluster();
    let mut web7 = instance();
    if let Some(data) = web7.disks[0]
        .layout
        .as_mut()
        .and_then(|it| it.data.as_mut())
    {
        data.size = 10_001;
    }
    configure(&mut cluster, vec![web7]);
    for (size, right) in [
        (10_001, true),
        (10_004, true),
        (10_008, false),
        (10_000, false),
    ] {
        tell(
            &mut cluster,
            vec![lv("u7.disk0_data", size), lv("u7.disk0_meta", 128)],
        );
        let (_, text) = owner(&cluster, "u7.disk0_data");
        assert_eq!(text.is_empty(), right, "{size} {text}");
        assert_eq!(place(&cluster, "node5").wrong_sizes, usize::from(!right));
    }
    assert_eq!(place(&cluster, "node5").promised, Some(10_004 + 128));
}

#[test]
fn what_a_job_makes_is_not_missing_yet() {
    let mut cluster = cluster();
    tell(&mut cluster, Vec::new());
    assert_eq!(owner(&cluster, "u7.disk0_data").1, "missing");
    assert_eq!(place(&cluster, "node5").missing, 2);
    job(&mut cluster, "INSTANCE_RECREATE_DISKS(web7)");
    assert_eq!(place(&cluster, "node5").missing, 0);
}

#[test]
fn without_layouts_the_nodes_word_counts_and_the_rest_is_not_known() {
    let mut cluster = cluster();
    let mut web7 = instance();
    web7.disks[0].layout = None;
    configure(&mut cluster, vec![web7]);
    assert_eq!(owner(&cluster, "u7.disk0_data").0, Owner::Unknown);
    let known = place(&cluster, "node5");
    assert_eq!(
        (known.instances, known.others, known.promised),
        (None, None, None)
    );
    assert_eq!((known.orphans, known.free), (0, Some(51_200)));
    let claim = Device {
        instance: "web7".into(),
        disk_index: Some(0),
        data_dev: "/dev/xenvg/u7.disk0_data".into(),
        meta_dev: "/dev/xenvg/u7.disk0_meta".into(),
        ..device("node5", "Connected Secondary/Primary UpToDate/UpToDate")
    };
    devices(&mut cluster, "node5", vec![claim.clone()]);
    assert_eq!(
        owner(&cluster, "u7.disk0_data").0,
        Owner::Data("web7".into(), 0)
    );
    assert_eq!(place(&cluster, "node5").instances, Some(10_240));
    // Another node's claim is nothing to it.
    devices(&mut cluster, "node7", vec![claim]);
    crate::planner::fixture::volumes(&mut cluster, "node7", lvs());
    let there = volumes(&cluster, "node7").unwrap_or_default();
    assert!(there.iter().all(|volume| volume.owner == Owner::Unknown));
}

#[test]
fn what_is_not_told_is_not_known_and_says_why() {
    let mut cluster = cluster();
    lose(&mut cluster, "node7");
    let lost = place(&cluster, "node7");
    assert_eq!((lost.fresh, lost.why.as_str()), (false, "no answer"));
    assert_eq!(
        lost.free,
        Some(51_200),
        "what was last told stays to be seen"
    );
    let missing = Missing {
        part: "lvm".into(),
        why: "vgs does not answer".into(),
        hangs: true,
    };
    let told = Sample {
        missing: Some(vec![missing]),
        ..Sample::default()
    };
    sample(&mut cluster, "node5", told);
    let hangs = place(&cluster, "node5");
    assert_eq!(
        (hangs.fresh, hangs.why.as_str()),
        (false, "vgs does not answer")
    );
    assert_eq!(volumes(&cluster, "node9"), None);
}

#[test]
fn files_are_promised_where_they_lie() {
    let mut cluster = cluster();
    let file = |name: &str, template: &str, primary: &str, path: &str| config::Instance {
        name: name.into(),
        primary: primary.into(),
        disk_template: template.into(),
        disks: vec![config::Disk {
            size: 2_000,
            layout: Some(Box::new(Layout {
                path: path.into(),
                ..Layout::default()
            })),
            ..config::Disk::default()
        }],
        ..config::Instance::default()
    };
    configure(
        &mut cluster,
        vec![
            file("a", "file", "node5", "/srv/ganeti/a/disk0"),
            file("b", "file", "node3", "/srv/ganeti/b/disk0"),
            file("c", "file", "node5", "/srv/ganeti-old/c/disk0"),
            file("d", "rbd", "node3", "d.rbd.disk0"),
        ],
    );
    let space = |name: &str, template: &str| Space {
        name: name.into(),
        template: template.into(),
        total: 9_000,
        free: 4_000,
        why: String::new(),
    };
    let storage = Some(Storage {
        dirs: vec![space("/srv/ganeti", "file")],
        pools: vec![space("rbd", "rbd")],
        ..Storage::default()
    });
    sample(
        &mut cluster,
        "node5",
        Sample {
            storage,
            ..Sample::default()
        },
    );
    let of_5: Vec<_> = places(&cluster)
        .into_iter()
        .filter(|place| &*place.node == "node5" && place.kind != PlaceKind::VolumeGroup)
        .map(|place| (place.name, place.is_ganetis, place.promised, place.free))
        .collect();
    assert_eq!(
        of_5,
        [
            ("/srv/ganeti".to_owned(), true, Some(2_000), Some(4_000)),
            ("rbd".to_owned(), false, Some(2_000), Some(4_000)),
        ]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever nodes and configuration say, each wanted volume is listed on each node that
    /// should have it.
    #[test]
    fn every_wanted_volume_is_listed(
        lvs in proptest::collection::vec(("[a-c]{1,2}", "(xenvg|rootvg)", any::<u64>(), "[-swit]{0,3}"), 0..6),
        wanted in proptest::collection::btree_map("[a-c]{1,2}", any::<u64>(), 0..4),
        groups in proptest::collection::vec(("(xenvg|rootvg)", any::<u64>(), any::<u64>(), any::<u64>()), 0..3),
        ends in proptest::collection::vec(0..3_usize, 0..3),
    ) {
        let mut cluster = cluster();
        let mut web7 = instance();
        web7.disks = wanted.iter().map(|(name, size)| config::Disk {
            size: *size,
            layout: Some(Box::new(Layout {
                ends: ends.iter().map(|node| DrbdEnd {
                    node: ["node3", "node5", "ghost"][*node].into(),
                    minor: 1,
                }).collect(),
                data: Some(config::Volume { vg: "xenvg".into(), name: name.clone(), size: *size }),
                ..Layout::default()
            })),
            ..config::Disk::default()
        }).collect();
        configure(&mut cluster, vec![web7]);
        let lvs = lvs.into_iter().map(|(name, group, bytes, attr)| LogicalVolume {
            vg: group,
            bytes,
            attr,
            ..lv(&name, 0)
        });
        let vgs = groups.into_iter().map(|(name, total, free, extent_kib)| VolumeGroup {
            name,
            extent_kib,
            ..vg(total, free)
        });
        let told = Sample {
            lvm: Some(Lvm { lvs: lvs.collect(), ..Lvm::default() }),
            storage: Some(Storage { vgs: vgs.collect(), ..Storage::default() }),
            ..Sample::default()
        };
        for second in 0..3 {
            at(&mut cluster, 2_000 + second * 60);
            sample(&mut cluster, "node5", told.clone());
        }
        let _ = places(&cluster);
        let on_5 = ends.contains(&1);
        let volumes = volumes(&cluster, "node5").unwrap_or_default();
        let mut names: Vec<&str> = volumes
            .iter()
            .filter(|volume| volume.wanted.is_some())
            .map(|volume| volume.name.as_str())
            .collect();
        names.sort_unstable();
        names.dedup();
        prop_assert_eq!(names.len(), if on_5 { wanted.len() } else { 0 });
    }
}
