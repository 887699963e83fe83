//! N+1: what would not restart if one node died, by the reservations of each node and, in `evacuation`, by trying.

pub mod evacuation;
mod nearest;
pub mod redundancy;

use std::collections::BTreeSet;

use super::cluster::Cluster;
use super::node::Refusal;

/// Online nodes that could not take over, by index.
pub fn bad_nodes(cluster: &Cluster, nodes: &[usize]) -> Vec<usize> {
    let bad = |at: &usize| {
        let online = cluster.nodes.get(*at).is_some_and(|it| !it.offline);
        online && cluster.figures.get(*at).is_some_and(|it| it.fails_n1)
    };
    nodes.iter().copied().filter(bad).collect()
}

/// Instances that have one of these nodes.
pub fn instances_on(cluster: &Cluster, nodes: &[usize]) -> BTreeSet<usize> {
    let lists = [&cluster.primaries, &cluster.secondaries];
    let on = |at: &usize| {
        lists
            .iter()
            .filter_map(|it| it.get(*at))
            .flatten()
            .copied()
            .collect::<Vec<_>>()
    };
    nodes.iter().flat_map(on).collect()
}

/// What a node has more of than its policy allows.
pub fn against_policy(cluster: &Cluster, at: usize) -> Option<Refusal> {
    let (node, now) = (cluster.nodes.get(at)?, cluster.figures.get(at)?);
    if now.spindle_use as f64 > node.most_spindle_use {
        Some(Refusal::Disk)
    } else if now.cpu_part(node) > node.cpu_ratio {
        Some(Refusal::Cpu)
    } else {
        None
    }
}
