#![allow(clippy::unwrap_used)]
//! Clusters made up at random, and what must hold for all of them.

mod allocation;
mod balance;
mod ialloc;
mod loading;

use proptest::prelude::*;

use super::data::{AllocPolicy, Data, Group, Instance, Node, Status};
use super::policy::{Policy, Template};

/// Of what a cluster may be made.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub nodes: usize,
    pub instances: usize,
    /// Tags of every kind.
    pub tags: bool,
    /// Nodes with whole spindles.
    pub exclusive: bool,
    /// Only these few sizes, so that many moves are equally good.
    pub alike: bool,
}

prop_compose! {
    fn node(shape: Shape, at: usize)(
        memory in 0..4_usize,
        used in 0..2_000_i64,
        free_disk in 0..200_i64,
        offline in prop::bool::weighted(0.12),
        exclusive in prop::bool::weighted(0.3),
        tags in prop::collection::vec((0..3_usize, 0..3_usize), 0..3),
        speed in prop::sample::select(vec![1.0, 1.25, 0.8]),
        missing in -300..300_i64,
    ) -> Node {
        let memory = if shape.alike { 65_536.0 } else { [16_384.0, 32_768.0, 65_536.0, 131_071.0][memory] };
        let words = ["rack", "power", "hv"];
        let tags = tags.iter().map(|(word, n)| format!("{}:{n}", words[*word]));
        Node {
            name: format!("n{at}.lab"),
            total_memory: memory,
            node_memory: if shape.alike { 1_024 } else { used },
            free_memory: memory as i64 / 2 + missing,
            total_disk: 1_048_576.0,
            free_disk: if shape.alike { 524_288 } else { 200_000 + free_disk * 1_024 },
            total_cpus: 16.0,
            offline: offline && at > 1,
            master: at == 0,
            group: 0,
            spindles: 12,
            tags: if shape.tags { tags.collect() } else { Vec::new() },
            exclusive_storage: shape.exclusive && exclusive,
            free_spindles: 6,
            node_cpus: 1,
            cpu_speed: if shape.alike { 1.0 } else { speed },
        }
    }
}

prop_compose! {
    fn instance(shape: Shape, at: usize)(
        memory in 1..64_i64,
        disk in 1..100_i64,
        vcpus in 1..6_i64,
        status in 0..12_usize,
        auto_balance in prop::bool::weighted(0.9),
        primary in 0..shape.nodes,
        other in 1..shape.nodes,
        template in prop::sample::select(vec![
            Template::Drbd, Template::Drbd, Template::Drbd, Template::Drbd, Template::Rbd, Template::Plain,
            Template::Ext, Template::Diskless, Template::File, Template::BlockDev,
        ]),
        tags in prop::collection::vec((0..3_usize, 0..3_usize), 0..3),
        spindle_use in 1..3_i64,
        spindles in prop::option::of(1..3_i64),
        forthcoming in prop::bool::weighted(0.1),
    ) -> Instance {
        let words = ["svc", "rack", "own"];
        let tags = tags.iter().map(|(word, n)| format!("{}:{n}", words[*word]));
        let drbd = template == Template::Drbd || shape.alike;
        Instance {
            name: format!("vm{at}.lab"),
            memory: if shape.alike { 2_048 } else { memory * 128 },
            disk: if shape.alike { 10_240 } else { disk * 512 },
            disks: vec![if shape.alike { 10_240 } else { disk * 512 }],
            vcpus: if shape.alike { 2 } else { vcpus },
            status: *Status::ALL.get(status).unwrap_or(&Status::Running),
            auto_balance,
            primary,
            secondary: drbd.then_some((primary + other) % shape.nodes),
            template: if drbd { Template::Drbd } else { template },
            tags: if shape.tags { tags.collect() } else { Vec::new() },
            spindle_use,
            spindles,
            forthcoming: forthcoming && !shape.alike,
        }
    }
}

/// Clusters of one shape.
pub fn cluster(shape: Shape) -> impl Strategy<Value = Data> {
    let nodes: Vec<_> = (0..shape.nodes).map(|at| node(shape, at)).collect();
    let instances: Vec<_> = (0..shape.instances).map(|at| instance(shape, at)).collect();
    (nodes, instances).prop_map(move |(nodes, instances)| Data {
        groups: vec![Group {
            name: "g".to_owned(),
            uuid: "u".to_owned(),
            alloc_policy: AllocPolicy::Preferred,
            tags: Vec::new(),
            networks: Vec::new(),
            policy: Policy::default(),
        }],
        nodes,
        instances: instances.into(),
        tags: if shape.tags {
            [
                "htools:iextags:svc",
                "htools:nlocation:rack",
                "htools:nlocation:power",
                "htools:desiredlocation:rack",
                "htools:migration:hv",
                "htools:allowmigration:hv:0::hv:1",
            ]
            .map(str::to_owned)
            .to_vec()
        } else {
            Vec::new()
        },
        policy: Policy::default(),
    })
}

/// Shapes that differ in what makes moves hard to tell apart.
pub fn shape() -> impl Strategy<Value = Shape> {
    let sizes = (3..7_usize, 4..16_usize);
    let kinds = (any::<bool>(), any::<bool>(), prop::bool::weighted(0.3));
    (sizes, kinds).prop_map(|((nodes, instances), (tags, exclusive, alike))| Shape {
        nodes,
        instances,
        tags,
        exclusive: exclusive && !alike,
        alike,
    })
}
