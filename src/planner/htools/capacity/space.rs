//! Where new instances may go at all.

use super::Size;
use crate::planner::htools::alloc::{Newcomer, Refused, Targets, reason};
use crate::planner::htools::balance::Scope;
use crate::planner::htools::cluster::Cluster;
use crate::planner::htools::data::AllocPolicy;
use crate::planner::htools::n1::{bad_nodes, redundancy::Redundancy};
use crate::planner::htools::policy::Template;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Disk template of the new instances.
    pub template: Template,
    /// Their use of spindles.
    pub spindle_use: i64,
    /// Groups that are not redundant take no part, and do not harm the others.
    pub independent_groups: bool,
    /// What is wrong already is accepted.
    pub accept_existing: bool,
    /// Leave out global N+1.
    pub no_capacity_checks: bool,
}

/// A cluster to be filled.
#[derive(Clone, Debug)]
pub struct Space {
    /// What is asked.
    pub ask: Ask,
    /// The cluster; new instances are the last ones.
    pub cluster: Cluster,
    /// How many instances there were.
    pub before: usize,
    /// Nodes that fail N+1.
    pub bad_nodes: Vec<usize>,
    /// Groups that are not redundant.
    pub bad_groups: Vec<usize>,
    /// Nodes that take new instances, or why there are none.
    pub targets: Result<Targets, String>,
    /// Nothing may be tried because of what is wrong already.
    pub refused: bool,
    pub(super) nodes: Vec<usize>,
    pub(super) redundancy: Redundancy,
}

impl Space {
    /// The cluster as it is.
    pub fn new(mut cluster: Cluster, ask: Ask) -> Space {
        let nodes = Scope::all(&cluster).nodes;
        let bad_nodes = bad_nodes(&cluster, &nodes);
        let mut check = Redundancy::new(ask.accept_existing, Vec::new());
        let mut bad_groups = Vec::new();
        for at in 0..cluster.data.groups.len() {
            let scope = Scope::group(&cluster, at);
            if !check.holds(&mut cluster, &scope.nodes) {
                bad_groups.push(at);
            }
        }
        let group = |node: &usize| cluster.nodes.get(*node).map(|it| it.group);
        let mut closed: Vec<usize> = Vec::new();
        if !ask.accept_existing {
            closed.extend(bad_nodes.iter().filter_map(group));
        }
        let mut ignored = Vec::new();
        if ask.independent_groups {
            closed.extend(&bad_groups);
            ignored.clone_from(&bad_groups);
        }
        let open = |at: usize| {
            let policy = cluster.data.groups.get(at).map(|it| it.alloc_policy);
            policy.is_some_and(|it| it != AllocPolicy::Unallocable) && !closed.contains(&at)
        };
        let online = |at: &usize| {
            let node = cluster.nodes.get(*at);
            node.is_some_and(|it| !it.offline && open(it.group))
        };
        let allowed: Vec<usize> = nodes.iter().copied().filter(online).collect();
        let wanted = required_nodes(ask.template);
        let targets = Targets::new(&cluster, &allowed, wanted);
        let some_open = (0..cluster.data.groups.len()).any(open);
        let forgiven = ask.independent_groups && some_open;
        let refused = !ask.accept_existing && !bad_nodes.is_empty() && !forgiven;
        Space {
            redundancy: Redundancy::new(ask.accept_existing, ignored),
            before: cluster.instances.len(),
            bad_nodes,
            bad_groups,
            targets,
            refused,
            nodes,
            ask,
            cluster,
        }
    }

    /// Why the nodes refuse one more instance of a size.
    pub fn refusals(&mut self, size: Size) -> Vec<Refused> {
        let Ok(targets) = &self.targets else {
            return Vec::new();
        };
        let name = format!("new-{}", self.count());
        let loaded = size.instance(name, self.ask.template, self.ask.spindle_use);
        let newcomer = Newcomer::new(&mut self.cluster, loaded, [1.0; 4]);
        reason::refusals(&self.cluster, &newcomer, targets)
    }

    /// How many new instances there are.
    pub fn count(&self) -> usize {
        self.cluster.instances.len().saturating_sub(self.before)
    }
}

/// How many nodes an instance of a template needs.
pub fn required_nodes(template: Template) -> i64 {
    if template == Template::Drbd { 2 } else { 1 }
}
