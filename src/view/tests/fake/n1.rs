//! A cluster in which not every node may die.

use gantry_wire::config::ConfigPart;
use gantry_wire::node::{Memory, Sample};
use gantry_wire::report::Report;

use super::{Size, at, configuration, healthy, node, sample};
use crate::model::{Cluster, Reach, Time};

const SIZE: Size = Size {
    nodes: 9,
    instances: 30,
};

fn conf() -> ConfigPart {
    let mut part = configuration(SIZE);
    for node in &mut part.nodes {
        node.group = "rack1".into();
        node.spindle_count = 4;
    }
    for (i, instance) in part.instances.iter_mut().enumerate() {
        instance.spindle_use = 1;
        if i % 3 == 0 {
            instance.minmem /= 2;
        }
        if instance.disk_template == "plain" {
            instance.disk_template = "rbd".into();
        }
        instance.auto_balance = i % 7 != 0;
    }
    part.nodes[8].role = "O".into();
    part.revision = 2;
    part
}

/// Two nodes short of memory, one lost, one offline, and instances on shared storage.
pub fn scarce() -> Cluster {
    let mut cluster = healthy(SIZE);
    let part = conf();
    cluster.report(&node(1), Report::Config(Box::new(part)));
    for (n, free) in [(3, 1_500), (5, 5_000)] {
        let memory = Memory {
            total: 262_144,
            free,
            node: 4_096,
            ..Memory::default()
        };
        let sample = Sample {
            memory: Some(memory),
            ..sample(SIZE, n, 20, cluster.now.wall)
        };
        cluster.report(&node(n), Report::Sample(Box::new(sample)));
    }
    let lost = Reach::Waiting {
        until: Time(200_000),
        attempts: 4,
        why: "no answer within 10 s".into(),
        host_answers: false,
    };
    cluster.linked(&node(7), lost);
    let now = cluster.now.at.0;
    at(&mut cluster, now + 2_500);
    cluster
}

/// Another configuration of the same: an instance is somewhere else.
pub fn changed() -> Report {
    let mut part = conf();
    part.revision = 3;
    if let Some(it) = part.instances.iter_mut().find(|it| it.primary == node(2)) {
        it.primary = node(1);
    }
    Report::Config(Box::new(part))
}
