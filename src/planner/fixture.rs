//! A small cluster for the tests of this room: web7 on node3 and node5, one DRBD disk of 10 GiB.

use gantry_wire::config::{
    self, ConfigPart, Disk, DrbdEnd, Instance, Layout, Node, Source, Volume,
};
use gantry_wire::drbd::{Device, Drbd};
use gantry_wire::guest::{Guest, Guests};
use gantry_wire::job::{Job, JobsPart, Op};
use gantry_wire::node::Sample;
use gantry_wire::report::{Hello, MasterState, Pong, Report};
use gantry_wire::storage::{LogicalVolume, Lvm, Storage, VolumeGroup};

use crate::model::time::Now;
use crate::model::{Cluster, Reach, Time};

/// The console's wall clock when its own begins.
pub const EPOCH: f64 = 1.7e9;

/// The DRBD minors of web7's disk on node3 and node5.
pub const MINORS: [(&str, u32); 2] = [("node3", 14), ("node5", 9)];

/// The time is so many seconds after the beginning, and every node with a link has just been heard.
pub fn at(cluster: &mut Cluster, seconds: u64) {
    silent_at(cluster, seconds);
    let fresh = cluster.nodes.values().filter(|node| node.fresh());
    let names: Vec<_> = fresh.map(|node| node.name.clone()).collect();
    for name in names {
        cluster.report(&name, Report::Pong(Pong { n: 0 }));
    }
}

/// The time is so many seconds after the beginning, and nobody has been heard.
pub fn silent_at(cluster: &mut Cluster, seconds: u64) {
    cluster.tick(Now {
        at: Time(seconds * 1_000),
        wall: EPOCH + seconds as f64,
    });
}

/// A node says something.
pub fn sample(cluster: &mut Cluster, node: &str, sample: Sample) {
    let now = cluster.now;
    let sample = Sample {
        mono_ms: now.at.0,
        wall_ms: (now.wall * 1e3) as u64,
        ..sample
    };
    cluster.report(node, Report::Sample(Box::new(sample)));
}

/// A node tells all of its devices.
pub fn devices(cluster: &mut Cluster, node: &str, devices: Vec<Device>) {
    let drbd = Some(Drbd {
        whole: true,
        version: "8.4.11".into(),
        devices,
        ..Drbd::default()
    });
    sample(
        cluster,
        node,
        Sample {
            drbd,
            ..Sample::default()
        },
    );
}

/// web7's device on a node, from `connection role/peer_role disk/peer_disk`.
pub fn device(node: &str, words: &str) -> Device {
    let mut words = words.split([' ', '/']).map(str::to_owned);
    let mut next = || words.next().unwrap_or_default();
    let minor = MINORS.iter().find(|(name, _)| *name == node);
    Device {
        minor: minor.map_or(0, |(_, minor)| *minor),
        connection: next(),
        role: next(),
        peer_role: next(),
        disk: next(),
        peer_disk: next(),
        oos_kib: Some(0),
        ..Device::default()
    }
}

/// Both ends say how web7's disk is.
pub fn both(cluster: &mut Cluster, on_3: Device, on_5: Device) {
    devices(cluster, "node3", vec![on_3]);
    devices(cluster, "node5", vec![on_5]);
}

/// Both ends are well.
pub fn well(cluster: &mut Cluster) {
    both(
        cluster,
        device("node3", "Connected Primary/Secondary UpToDate/UpToDate"),
        device("node5", "Connected Secondary/Primary UpToDate/UpToDate"),
    );
}

/// The configuration.
pub fn instance() -> Instance {
    let end = |(node, minor): &(&str, u32)| DrbdEnd {
        node: (*node).into(),
        minor: *minor,
    };
    let volume = |name: &str, size| Volume {
        vg: "xenvg".into(),
        name: name.into(),
        size,
    };
    let layout = Layout {
        // The configuration's order is another than primary and secondary.
        ends: MINORS.iter().rev().map(end).collect(),
        port: 11_003,
        data: Some(volume("u7.disk0_data", 10_240)),
        meta: Some(volume("u7.disk0_meta", 128)),
        path: String::new(),
    };
    Instance {
        name: "web7".into(),
        primary: "node3".into(),
        secondaries: vec!["node5".into()],
        admin_state: "up".into(),
        hypervisor: "kvm".into(),
        disk_template: "drbd".into(),
        disks: vec![Disk {
            size: 10_240,
            template: "drbd".into(),
            layout: Some(Box::new(layout)),
            ..Disk::default()
        }],
        ..Instance::default()
    }
}

/// The master tells this configuration.
pub fn configure(cluster: &mut Cluster, instances: Vec<Instance>) {
    let node = |name: &str| Node {
        name: name.into(),
        role: if name == "node1" { "M" } else { "C" }.into(),
        master_capable: true,
        vm_capable: true,
        ..Node::default()
    };
    let part = ConfigPart {
        whole: true,
        last: true,
        source: Source::Luxi,
        cluster: Some(Box::new(config::Cluster {
            name: "there".into(),
            volume_group: "xenvg".into(),
            disk_templates: vec!["drbd".into(), "plain".into(), "file".into()],
            file_storage_dir: "/srv/ganeti".into(),
            ..config::Cluster::default()
        })),
        nodes: ["node1", "node3", "node5", "node7"].map(node).into(),
        instances,
        ..ConfigPart::default()
    };
    cluster.report("node1", Report::Config(Box::new(part)));
}

/// All four nodes answer, web7 runs on node3 and all is well.
pub fn cluster() -> Cluster {
    let mut cluster = Cluster::new("there");
    at(&mut cluster, 1_000);
    for name in ["node1", "node3", "node5", "node7"] {
        cluster.linked(
            name,
            Reach::Up {
                since: cluster.now.at,
            },
        );
        cluster.report(name, Report::Hello(Hello::default()));
        devices(&mut cluster, name, Vec::new());
    }
    cluster.report("node1", Report::Master(MasterState::Serving));
    cluster.report(
        "node1",
        Report::Jobs(JobsPart {
            whole: true,
            ..JobsPart::default()
        }),
    );
    configure(&mut cluster, vec![instance()]);
    runs(&mut cluster, true);
    well(&mut cluster);
    for name in ["node1", "node7"] {
        volumes(&mut cluster, name, Vec::new());
    }
    for name in ["node3", "node5"] {
        volumes(&mut cluster, name, lvs());
    }
    at(&mut cluster, 1_060);
    cluster
}

/// web7 runs on node3, or not.
pub fn runs(cluster: &mut Cluster, runs: bool) {
    let guest = Guest {
        name: "web7".into(),
        hypervisor: "kvm".into(),
        ..Guest::default()
    };
    let guests = Some(Guests {
        hypervisors: vec!["kvm".into()],
        list: if runs { vec![guest] } else { Vec::new() },
    });
    sample(
        cluster,
        "node3",
        Sample {
            guests,
            ..Sample::default()
        },
    );
}

/// A job does this; nothing if that is empty.
pub fn job(cluster: &mut Cluster, summary: &str) {
    let op = Op {
        summary: summary.into(),
        status: "running".into(),
        ..Op::default()
    };
    let job = Job {
        id: 7,
        status: "running".into(),
        ops: vec![op],
        ..Job::default()
    };
    let jobs = if summary.is_empty() {
        Vec::new()
    } else {
        vec![job]
    };
    cluster.report(
        "node1",
        Report::Jobs(JobsPart {
            whole: true,
            jobs,
            ..JobsPart::default()
        }),
    );
}

/// The link to a node is lost.
pub fn lose(cluster: &mut Cluster, node: &str) {
    let waiting = Reach::Waiting {
        until: Time(0),
        attempts: 2,
        why: "no answer".into(),
        host_answers: false,
    };
    cluster.linked(node, waiting);
}

/// A logical volume, plain and whole, of so many MiB.
pub fn lv(name: &str, size: u64) -> LogicalVolume {
    LogicalVolume {
        vg: "xenvg".into(),
        name: name.into(),
        bytes: size << 20,
        attr: "-wi-ao----".into(),
        ..LogicalVolume::default()
    }
}

/// web7's volumes as they should be.
pub fn lvs() -> Vec<LogicalVolume> {
    vec![lv("u7.disk0_data", 10_240), lv("u7.disk0_meta", 128)]
}

/// The volume group of so many MiB, and what is free of it.
pub fn vg(total: u64, free: u64) -> VolumeGroup {
    VolumeGroup {
        name: "xenvg".into(),
        total,
        free,
        attr: "wz--n-".into(),
        extent_kib: 4_096,
        pvs: 1,
        ..VolumeGroup::default()
    }
}

/// A node tells of its volume group, half full, and these volumes in it.
pub fn volumes(cluster: &mut Cluster, node: &str, lvs: Vec<LogicalVolume>) {
    let storage = Storage {
        vgs: vec![vg(102_400, 51_200)],
        ..Storage::default()
    };
    let lvm = Lvm {
        lvs,
        ..Lvm::default()
    };
    let sample_of = Sample {
        storage: Some(storage),
        lvm: Some(lvm),
        ..Sample::default()
    };
    sample(cluster, node, sample_of);
}
