//! Global N+1 of the whole cluster: whether every node can be evacuated.

use super::evacuation::Evacuation;
use crate::planner::htools::cluster::Cluster;

/// Which nodes have to be evacuable, and what was found last.
#[derive(Clone, Debug, Default)]
pub struct Redundancy {
    /// What is wrong with offline nodes is accepted.
    pub accept_existing: bool,
    /// Groups that are not looked at.
    pub ignored_groups: Vec<usize>,
    /// The node that failed last: most likely it fails again, so it is tried first.
    suspect: Option<usize>,
}

impl Redundancy {
    /// With these exceptions.
    pub fn new(accept_existing: bool, ignored_groups: Vec<usize>) -> Redundancy {
        Redundancy {
            accept_existing,
            ignored_groups,
            suspect: None,
        }
    }

    /// Whether each of these nodes can be evacuated. The cluster is as before afterwards.
    pub fn holds(&mut self, cluster: &mut Cluster, nodes: &[usize]) -> bool {
        let matters = |cluster: &Cluster, at: usize| {
            cluster.nodes.get(at).is_some_and(|node| {
                let ignored = self.ignored_groups.contains(&node.group);
                !(ignored || (self.accept_existing && node.offline))
            })
        };
        let suspect = self.suspect.filter(|at| nodes.contains(at));
        let all: Vec<usize> = suspect
            .into_iter()
            .chain(nodes.iter().copied().filter(|at| Some(*at) != suspect))
            .filter(|at| matters(cluster, *at))
            .collect();
        let mut evacuation = Evacuation::new(cluster, nodes);
        let stuck = all.into_iter().find(|at| !evacuation.possible(*at));
        if stuck.is_some() {
            self.suspect = stuck;
        }
        stuck.is_none()
    }
}
