//! hcheck: what is wrong with a cluster, and what would still be after balancing.

use super::balance::{Balancer, Options, Scope};
use super::cluster::Cluster;
use super::n1::{bad_nodes, evacuation::Evacuation};
use super::score::{optimum, score};

/// What is counted, in order: key and sentence.
pub const COUNTS: [(&str, &str); 5] = [
    ("N1_FAIL", "Nodes not N+1 happy"),
    ("CONFLICT_TAGS", "Nodes with conflicting instances"),
    ("OFFLINE_PRI", "Instances having the primary node offline"),
    ("OFFLINE_SEC", "Instances having a secondary node offline"),
    ("GN1_FAIL", "Nodes not directly evacuateable"),
];

/// A group's figures.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupCheck {
    /// Index of the group.
    pub group: usize,
    /// As in [`COUNTS`]; the last is left out without capacity checks.
    pub counts: Vec<usize>,
    /// Its score.
    pub score: f64,
}

/// Checks every group that has nodes.
pub fn check(cluster: &Cluster, capacity: bool) -> Vec<GroupCheck> {
    scopes(cluster)
        .map(|(group, scope)| GroupCheck {
            group,
            counts: counts(cluster, &scope, capacity),
            score: score(cluster, &scope.nodes).total(),
        })
        .collect()
}

/// Sums over the groups; nothing where there are none.
pub fn sums(groups: &[GroupCheck]) -> Vec<usize> {
    let mut groups = groups.iter();
    let mut sums = groups
        .next()
        .map(|it| it.counts.clone())
        .unwrap_or_default();
    for group in groups {
        for (sum, count) in sums.iter_mut().zip(&group.counts) {
            *sum += count;
        }
    }
    sums
}

/// Balances every group whose score is above what it can be.
pub fn rebalance(cluster: &mut Cluster, options: &Options) {
    let all: Vec<Scope> = scopes(cluster).map(|(_, scope)| scope).collect();
    for scope in all {
        let least = options.min_score + optimum(cluster, &scope.nodes);
        if score(cluster, &scope.nodes).total() < least {
            continue;
        }
        Balancer::new(cluster, &scope, options).for_each(drop);
    }
}

fn scopes(cluster: &Cluster) -> impl Iterator<Item = (usize, Scope)> {
    let all = (0..cluster.data.groups.len()).map(|at| (at, Scope::group(cluster, at)));
    all.filter(|(_, scope)| !scope.nodes.is_empty())
}

fn counts(cluster: &Cluster, scope: &Scope, capacity: bool) -> Vec<usize> {
    let nodes = || scope.nodes.iter().copied();
    let figures = || nodes().filter_map(|at| cluster.figures.get(at));
    let offline = |at: &usize| cluster.nodes.get(*at).is_some_and(|it| it.offline);
    let primaries = |at: usize| cluster.primaries.get(at).map_or(0, Vec::len);
    let mut out = vec![
        bad_nodes(cluster, &scope.nodes).len(),
        figures().filter(|now| now.conflicts > 0).count(),
        nodes().filter(offline).map(primaries).sum(),
        // The real tool counts nodes here, not instances.
        nodes().filter(offline).count(),
    ];
    if capacity {
        let mut trial = cluster.clone();
        out.push(Evacuation::new(&mut trial, &scope.nodes).stuck().len());
    }
    out
}
