//! Disks in every state: DRBD halves, and storage with what is wrong on it.

use gantry_wire::config::{Disk, DrbdEnd, Layout, Volume};
use gantry_wire::drbd::{Counters, Device, Drbd, Generation, Progress};
use gantry_wire::storage::{DiskHealth, LogicalVolume, Lvm, PhysicalVolume};

use super::*;

pub const SIZE: Size = Size {
    nodes: 6,
    instances: 24,
};

/// The node that is lost.
const LOST: usize = 6;

const MIB: u64 = 1 << 20;

/// The two ends of an instance's disk: node and minor, the primary first.
fn ends(i: usize) -> [(usize, u32); 2] {
    let home = home(SIZE, i);
    [(home, i as u32), (home % SIZE.nodes + 1, 30 + i as u32)]
}

fn is_drbd(i: usize) -> bool {
    !i.is_multiple_of(5)
}

fn lv_name(i: usize, part: &str) -> String {
    format!("5a1f{i:04}-9b6e-4c1d-8f3a-2d7c00e1b9a4.disk0_{part}")
}

fn layout(i: usize, size: u64) -> Layout {
    let volume = |part, size| Volume {
        vg: "xenvg".into(),
        name: lv_name(i, part),
        size,
    };
    let end = |(n, minor): (usize, u32)| DrbdEnd {
        node: node(n),
        minor,
    };
    Layout {
        ends: match is_drbd(i) {
            true => ends(i).map(end).into(),
            false => Vec::new(),
        },
        port: if is_drbd(i) { 11_000 + i as u16 } else { 0 },
        data: Some(volume("data", size)),
        meta: is_drbd(i).then(|| volume("meta", 128)),
        path: String::new(),
    }
}

/// The configuration with where the disks lie, as root on the master reads it.
fn laid_out() -> ConfigPart {
    let mut part = configuration(SIZE);
    part.revision = 2;
    for (i, instance) in (1..).zip(&mut part.instances) {
        for disk in &mut instance.disks {
            let layout = layout(i, disk.size);
            *disk = Disk {
                layout: Some(Box::new(layout)),
                ..disk.clone()
            };
        }
    }
    part
}

fn device(i: usize, end: usize) -> Device {
    let ends = ends(i);
    let (_, minor) = ends[end];
    Device {
        minor,
        connection: "Connected".into(),
        role: ["Primary", "Secondary"][end].into(),
        peer_role: ["Secondary", "Primary"][end].into(),
        disk: "UpToDate".into(),
        peer_disk: "UpToDate".into(),
        protocol: "C".into(),
        flags: "r-----".into(),
        oos_kib: Some(0),
        counters: Counters {
            sent: 4_194_304 * (1 - end as u64),
            received: 4_194_304 * end as u64,
            written: 4_200_000,
            read: 90_112,
            al: 812,
            ep: Some(1),
            wo: "f".into(),
            ..Counters::default()
        },
        instance: name(i),
        disk_index: Some(0),
        peer: node(ends[1 - end].0),
        data_dev: format!("/dev/xenvg/{}", lv_name(i, "data")),
        meta_dev: format!("/dev/xenvg/{}", lv_name(i, "meta")),
        port: 11_000 + i as u16,
        rate_kib: 61_440,
        ..Device::default()
    }
}

/// A half that is apart from its peer.
fn apart(i: usize, end: usize, connection: &str, oos: u64) -> Device {
    Device {
        connection: connection.into(),
        peer_role: "Unknown".into(),
        peer_disk: "DUnknown".into(),
        protocol: if connection == "StandAlone" { "" } else { "C" }.into(),
        oos_kib: Some(oos),
        generation: Some(Generation {
            current: ["A1B2C3D4E5F60719", "A1B2C3D4E5F60718"][end].into(),
            bitmap: "0123456789ABCDEE".into(),
            history: vec!["FEDCBA9876543210".into(), "0".into()],
            flags: match end {
                0 => vec![
                    "consistent".into(),
                    "was-up-to-date".into(),
                    "primary".into(),
                ],
                _ => vec!["consistent".into(), "was-up-to-date".into()],
            },
        }),
        changed_at: Some(START - 600.0),
        ..device(i, end)
    }
}

/// A half of a resync, or of a verify.
fn moving(i: usize, end: usize, words: [&str; 2], left: u64, total: u64, speed: u64) -> Device {
    let percent = 100.0 - left as f64 * 100.0 / total as f64;
    let verify = words[0].starts_with("Verify");
    let disks = match verify {
        true => ["UpToDate", "UpToDate"],
        false => ["UpToDate", "Inconsistent"],
    };
    Device {
        connection: words[end].into(),
        disk: disks[end].into(),
        peer_disk: disks[1 - end].into(),
        oos_kib: Some(if verify { 0 } else { left }),
        progress: Some(Progress {
            verify,
            percent,
            left_kib: left,
            total_kib: total,
            eta_s: (speed > 0).then(|| left / speed.max(1)),
            speed_kib: Some(speed),
            mean_kib: Some(speed),
            want_kib: (end == 1).then_some(61_440),
            stalled: speed == 0,
        }),
        ..device(i, end)
    }
}

/// A half as it is after so many seconds; nothing if its node has no such device.
fn half(i: usize, end: usize, seconds: u64) -> Option<Device> {
    let sync = ["SyncSource", "SyncTarget"];
    let paused = ["PausedSyncS", "PausedSyncT"];
    let left = |start: u64, speed: u64| start.saturating_sub(speed * seconds);
    Some(match (i, end) {
        _ if i.is_multiple_of(11) => return None,
        (2, _) => {
            let left = left(9_000_000, 60_000);
            moving(i, end, sync, left, 12_000_000, 60_000)
        }
        (3, _) => moving(i, end, sync, 5_400_000, 8_206_000, 0),
        (18, _) => Device {
            paused_by: vec![["user", "peer"][end].into()],
            flags: ["r--u--", "r-p---"][end].into(),
            ..moving(i, end, paused, 3_000_000, 7_832_000, 0)
        },
        (6, _) => {
            let left = left(6_000_000, 90_000);
            let words = ["VerifyS", "VerifyT"];
            moving(i, end, words, left, 20_000_000, 90_000)
        }
        (7, _) => apart(i, end, "WFConnection", [51_200, 0][end]),
        (8, 0) => apart(i, end, "StandAlone", 1_258_291),
        (8, _) => apart(i, end, "WFConnection", 0),
        (9, 0) => Device {
            split_brain_at: Some(START - 605.0),
            ..apart(i, end, "StandAlone", 1_258_291)
        },
        (9, _) => {
            let mut device = Device {
                split_brain_at: Some(START - 605.0),
                ..apart(i, end, "StandAlone", 20_480)
            };
            if let Some(generation) = &mut device.generation {
                generation.current = "77665544332211AA".into();
            }
            device
        }
        (12, 0) => Device {
            peer_disk: "Diskless".into(),
            ..device(i, end)
        },
        (12, _) => Device {
            disk: "Diskless".into(),
            ..device(i, end)
        },
        (13, 1) => apart(i, end, "WFConnection", 0),
        (14, 0) => apart(i, end, "WFConnection", 8_192),
        (14, _) => return None,
        _ => device(i, end),
    })
}

fn drbd(n: usize, seconds: u64) -> Drbd {
    let here = (1..=SIZE.instances).filter(|i| is_drbd(*i));
    let halves = here.flat_map(|i| [(i, 0), (i, 1)]);
    let halves = halves.filter(|(i, end)| ends(*i)[*end].0 == n);
    let mut devices: Vec<Device> = halves
        .filter_map(|(i, end)| half(i, end, seconds))
        .collect();
    devices.sort_by_key(|device| device.minor);
    Drbd {
        whole: true,
        version: "8.4.11".into(),
        pushed: true,
        devices,
        ..Drbd::default()
    }
}

/// What LVM has on a node: on the third a volume is missing, another nobody's, and a disk gone.
fn lvm(n: usize) -> Lvm {
    let lv = |name: String, vg: &str, mib: u64, of: &str| LogicalVolume {
        name,
        vg: vg.into(),
        uuid: "Xyz".into(),
        bytes: mib * MIB,
        attr: "-wi-ao----".into(),
        pvs: vec!["/dev/nvme0n1p3".into()],
        tags: vec![format!("originstname+{of}")],
        ..LogicalVolume::default()
    };
    let part = configuration(SIZE);
    let mut lvs = Vec::new();
    for (i, instance) in (1..).zip(&part.instances) {
        let on = if is_drbd(i) {
            ends(i).map(|(n, _)| n).to_vec()
        } else {
            vec![home(SIZE, i)]
        };
        if on.contains(&n) {
            let size = instance.disks[0].size;
            lvs.push(lv(lv_name(i, "data"), "xenvg", size, &instance.name));
            if is_drbd(i) {
                lvs.push(lv(lv_name(i, "meta"), "xenvg", 128, &instance.name));
            }
        }
    }
    let mut pvs = vec![PhysicalVolume {
        name: "/dev/nvme0n1p3".into(),
        vg: "xenvg".into(),
        total: 3_600_000,
        free: 900_000,
        attr: "a--".into(),
        ..PhysicalVolume::default()
    }];
    if n == 3 {
        lvs.remove(0);
        let orphan = "0ff1ce00-1111-4222-8333-444455556666.disk0_data";
        lvs.push(lv(orphan.into(), "xenvg", 20_480, "gone.example.com"));
        lvs.push(lv("root".into(), "system", 20_480, ""));
        pvs.push(PhysicalVolume {
            name: "[unknown]".into(),
            vg: "xenvg".into(),
            total: 1_800_000,
            free: 0,
            attr: "a-m".into(),
            missing: true,
            ..PhysicalVolume::default()
        });
    }
    Lvm {
        pvs,
        lvs,
        complaints: match n {
            3 => vec!["WARNING: Couldn't find device with uuid 2hR8Xo-....".into()],
            _ => Vec::new(),
        },
    }
}

fn storage(n: usize) -> Storage {
    let vg = |name: &str, total, free, missing_pvs| VolumeGroup {
        name: name.into(),
        total,
        free,
        attr: "wz--n-".into(),
        extent_kib: 4_096,
        pvs: 1 + missing_pvs,
        missing_pvs,
        ..VolumeGroup::default()
    };
    let mut vgs = vec![match n {
        2 => vg("xenvg", 3_600_000, 61_000, 0),
        3 => vg("xenvg", 5_400_000, 900_000, 1),
        _ => vg("xenvg", 3_600_000, 1_900_000, 0),
    }];
    if n == 3 {
        vgs.push(vg("system", 40_000, 19_520, 0));
    }
    Storage {
        vgs,
        dirs: vec![Space {
            name: "/srv/ganeti/file-storage".into(),
            template: "file".into(),
            total: 900_000,
            free: 850_000,
            why: String::new(),
        }],
        ..Storage::default()
    }
}

fn health(n: usize) -> Vec<DiskHealth> {
    vec![DiskHealth {
        name: "nvme0n1".into(),
        model: "SAMSUNG MZQL23T8HCLS".into(),
        passed: Some(n != 2),
        why: String::new(),
    }]
}

/// DRBD disks in every state; a lost node; storage with what can be wrong on it.
pub fn sick_disks() -> Cluster {
    let mut cluster = healthy(SIZE);
    cluster.report(&node(1), Report::Config(Box::new(laid_out())));
    let begin = 140_000;
    for step in 0..8_u64 {
        at(&mut cluster, begin + step * 5_000);
        for n in (1..=SIZE.nodes).filter(|n| *n != LOST || step == 0) {
            let sample = Sample {
                mono_ms: begin + step * 5_000,
                drbd: Some(drbd(n, step * 5)),
                lvm: (step == 0).then(|| lvm(n)),
                storage: (step == 0).then(|| storage(n)),
                health: (step == 0).then(|| health(n)),
                ..sample(SIZE, n, 20, cluster.now.wall)
            };
            cluster.report(&node(n), Report::Sample(Box::new(sample)));
        }
        if step == 0 {
            let lost = Reach::Waiting {
                until: Time(400_000),
                attempts: 2,
                why: "no answer within 10 s".into(),
                host_answers: false,
            };
            cluster.linked(&node(LOST), lost);
        }
    }
    at(&mut cluster, begin + 36_000);
    cluster
}

/// The same, without root: where disks lie is not known, and agents see less.
pub fn without_root() -> Cluster {
    let mut cluster = healthy(SIZE);
    let missing = |part: &str| Missing {
        part: part.into(),
        why: "needs root".into(),
        hangs: false,
    };
    for n in 1..=SIZE.nodes {
        let sample = Sample {
            storage: None,
            missing: Some(vec![missing("drbd"), missing("lvm"), missing("storage")]),
            ..sample(SIZE, n, 20, cluster.now.wall)
        };
        cluster.report(&node(n), Report::Sample(Box::new(sample)));
    }
    cluster
}

/// The same, with a name in every place where a node may say one.
pub fn hostile_disks(name: &str) -> Cluster {
    let mut cluster = sick_disks();
    let hostile = |half: Device| Device {
        connection: name.into(),
        disk: name.into(),
        flags: name.into(),
        paused_by: vec![name.into()],
        data_dev: name.into(),
        peer: name.into(),
        ..half
    };
    let mut drbd = drbd(3, 40);
    drbd.devices = drbd.devices.into_iter().map(hostile).collect();
    let mut lvm = lvm(3);
    for lv in &mut lvm.lvs {
        (lv.name, lv.attr, lv.pvs) = (name.into(), name.into(), vec![name.into()]);
    }
    for pv in &mut lvm.pvs {
        (pv.name, pv.attr) = (name.into(), name.into());
    }
    lvm.complaints = vec![name.into()];
    let mut storage = storage(3);
    storage.vgs[0].name = name.into();
    storage.dirs[0].why = name.into();
    let disk = DiskHealth {
        name: name.into(),
        model: name.into(),
        passed: Some(false),
        why: name.into(),
    };
    let sample = Sample {
        mono_ms: 180_000,
        drbd: Some(drbd),
        lvm: Some(lvm),
        storage: Some(storage),
        health: Some(vec![disk]),
        ..sample(SIZE, 3, 20, cluster.now.wall)
    };
    cluster.report(&node(3), Report::Sample(Box::new(sample)));
    cluster
}
