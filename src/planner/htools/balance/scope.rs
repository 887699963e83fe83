//! The part of a cluster that is looked at: a node group, or everything.

use crate::planner::htools::cluster::Cluster;

/// Nodes, and the instances whose primary is one of them, by index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// Nodes.
    pub nodes: Vec<usize>,
    /// Instances.
    pub instances: Vec<usize>,
}

impl Scope {
    /// The whole cluster.
    pub fn all(cluster: &Cluster) -> Scope {
        Scope {
            nodes: (0..cluster.nodes.len()).collect(),
            instances: (0..cluster.instances.len()).collect(),
        }
    }

    /// One group.
    pub fn group(cluster: &Cluster, group: usize) -> Scope {
        let inside = |at: usize| cluster.nodes.get(at).is_some_and(|it| it.group == group);
        let nodes = (0..cluster.nodes.len()).filter(|at| inside(*at));
        let instances = cluster.instances.iter().enumerate();
        let instances = instances.filter(|(_, it)| inside(it.primary));
        Scope {
            nodes: nodes.collect(),
            instances: instances.map(|(at, _)| at).collect(),
        }
    }

    /// Its online nodes.
    pub fn online(&self, cluster: &Cluster) -> Vec<usize> {
        let online = |at: &usize| cluster.nodes.get(*at).is_some_and(|it| !it.offline);
        self.nodes.iter().copied().filter(online).collect()
    }
}
