//! What N+1 needs to know besides what the htools load.

use std::collections::HashMap;

use crate::model;
use crate::planner::htools::N1Rule;
use crate::planner::htools::data::Data;
use crate::planner::htools::live::Unknown;

/// Facts by the indices of the data.
#[derive(Clone, Debug, PartialEq)]
pub struct Ground {
    /// Least memory of each instance (`be/minmem`), MiB.
    pub minmem: Vec<i64>,
    /// Free memory of each node as reported (`mfree`), MiB; after a move as it will be.
    pub free: Vec<i64>,
    /// Why a node's figures are not known.
    pub unknown: Vec<Option<String>>,
    /// Nodes that told nothing of their disk.
    pub no_disk: Vec<bool>,
    /// Nodes that take no part: marked offline, or without instances by configuration.
    pub marked: Vec<bool>,
    /// Nodes that moves have changed: hbal judges them by their records from then on.
    pub moved: Vec<bool>,
    /// Which nodes fail N+1 before that.
    pub rule: N1Rule,
}

impl Ground {
    /// Of a cluster as loaded: everything is known, and instances have no less memory than their own.
    pub fn of(data: &Data, rule: N1Rule) -> Ground {
        Ground {
            minmem: data.instances.iter().map(|it| it.memory).collect(),
            free: data.nodes.iter().map(|it| it.free_memory).collect(),
            unknown: vec![None; data.nodes.len()],
            no_disk: vec![false; data.nodes.len()],
            // Of a file one cannot tell offline from drained.
            marked: data.nodes.iter().map(|it| it.offline).collect(),
            moved: vec![false; data.nodes.len()],
            rule,
        }
    }

    /// Of the present cluster, of which this is loaded.
    pub fn live(
        cluster: &model::Cluster,
        data: &Data,
        unknown: &[Unknown],
        rule: N1Rule,
    ) -> Ground {
        let nodes = unknown.iter().filter_map(|it| {
            let name = it.what.strip_prefix("node ")?;
            let why = it.why.split("; it counts as").next().unwrap_or_default();
            Some((name, why))
        });
        let unknown: HashMap<&str, &str> = nodes.collect();
        let minmem = data.instances.iter().map(|it| {
            let known = cluster.instances.get(it.name.as_str());
            let least = known.map(|it| it.conf.minmem);
            let least = least.and_then(|it| i64::try_from(it).ok());
            least.map_or(it.memory, |least| least.min(1 << 40))
        });
        let marked = |name: &str| {
            let own = cluster.nodes.get(name).and_then(|it| it.conf.as_ref());
            own.is_none_or(|it| it.role == "O" || !it.vm_capable)
        };
        let why = |name: &str| unknown.get(name).map(|why| (*why).to_owned());
        Ground {
            minmem: minmem.collect(),
            unknown: data.nodes.iter().map(|it| why(&it.name)).collect(),
            marked: data.nodes.iter().map(|it| marked(&it.name)).collect(),
            no_disk: data.nodes.iter().map(|it| it.total_disk <= 0.0).collect(),
            ..Ground::of(data, rule)
        }
    }

    /// A node told of its disk.
    pub fn knows_disk(&self, node: usize) -> bool {
        !self.no_disk.get(node).copied().unwrap_or(true)
    }

    /// A node's figures are known.
    pub fn knows(&self, node: usize) -> bool {
        self.unknown.get(node).is_some_and(Option::is_none)
    }
}
