//! A plan cut into sets of moves that can run at the same time.

use super::Step;
use crate::planner::htools::cluster::Cluster;

/// Nodes that a move keeps busy.
pub fn nodes(cluster: &Cluster, step: &Step) -> Vec<usize> {
    let drbd = cluster
        .instances
        .get(step.instance)
        .is_some_and(|it| it.has_secondary);
    let mut out = vec![step.after.0];
    out.extend(step.after.1);
    out.push(step.before.0);
    out.extend(step.before.1.filter(|_| drbd));
    out
}

/// Sets of moves, in their order: from the end on, each takes what goes before it while no node is needed twice.
pub fn job_sets<'a>(cluster: &Cluster, steps: &'a [Step]) -> Vec<Vec<&'a Step>> {
    let mut sets: Vec<Vec<&Step>> = Vec::new();
    let mut busy: Vec<usize> = Vec::new();
    for step in steps.iter().rev() {
        let own = nodes(cluster, step);
        match sets.last_mut() {
            Some(set) if own.iter().all(|node| !busy.contains(node)) => set.push(step),
            _ => {
                sets.push(vec![step]);
                busy.clear();
            }
        }
        busy.extend(own);
    }
    sets.reverse();
    for set in &mut sets {
        set.reverse();
    }
    sets
}
