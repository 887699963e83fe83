//! Allocation of one new instance as hail and hspace do it, and why each node that is not taken refuses it.

pub mod newcomer;
mod pairs;
pub mod reason;
mod solution;
mod statistics;
pub mod targets;

pub use newcomer::Newcomer;
pub use reason::{Reason, Refused};
pub use solution::{Chosen, Failures, Solution};
pub use targets::Targets;

use super::board::Board;
use super::cluster::Cluster;
use super::n1::redundancy::Redundancy;
use super::node::Refusal;
use pairs::Pairs;

/// How places are judged.
pub struct Judge<'a> {
    /// Nodes that are scored, and that have to stay redundant; in the order of their indices.
    pub nodes: &'a [usize],
    /// Leave out the soft checks of primary nodes.
    pub ignore_soft_errors: bool,
    /// What has to be redundant afterwards; nothing without it.
    pub redundancy: Option<&'a mut Redundancy>,
}

impl Judge<'_> {
    /// Finds the best place. The cluster is as before afterwards.
    pub fn allocate(
        &mut self,
        cluster: &mut Cluster,
        newcomer: &Newcomer,
        targets: &Targets,
    ) -> Solution {
        match targets {
            Targets::Single(nodes) => self.single(cluster, newcomer, nodes),
            Targets::Pairs(pairs) => self.pairs(cluster, newcomer, pairs),
        }
    }

    fn single(&mut self, cluster: &mut Cluster, newcomer: &Newcomer, nodes: &[usize]) -> Solution {
        let mut solution = Solution::default();
        let mut board = Board::new(cluster, self.nodes);
        let mut found = Vec::new();
        for at in nodes {
            match newcomer.outcome(cluster, *at, None, self.ignore_soft_errors) {
                Ok(outcome) => {
                    let score = board.score_with(cluster, &newcomer.instance, &outcome);
                    found.push((score, *at));
                }
                Err(refusal) => solution.failures.add(refusal, 1),
            }
        }
        solution.successes = found.len();
        let place = |at: usize| (at, None);
        solution.chosen = self.first_good(cluster, newcomer, found, place, &mut solution.failures);
        solution
    }

    fn pairs(
        &mut self,
        cluster: &mut Cluster,
        newcomer: &Newcomer,
        pairs: &[(usize, Vec<usize>)],
    ) -> Solution {
        let mut solution = Solution::default();
        let mut scored = Pairs::new(cluster, newcomer, self.nodes, self.ignore_soft_errors);
        let mut found = Vec::with_capacity(pairs.len());
        for (primary, secondaries) in pairs {
            found.push(scored.with(*primary, secondaries, &mut solution.failures));
        }
        for ((primary, _), found) in pairs.iter().zip(found) {
            solution.successes += found.len();
            let place = |at: usize| (*primary, Some(at));
            let chosen = self.first_good(cluster, newcomer, found, place, &mut solution.failures);
            let Some(chosen) = chosen else {
                continue;
            };
            // Among equal ones the later primary.
            let better = |best: &Chosen| chosen.score <= best.score;
            if solution.chosen.as_ref().is_none_or(better) {
                solution.chosen = Some(chosen);
            }
        }
        solution
    }

    /// The best place that leaves the cluster redundant. Each that does not counts as a failure.
    fn first_good(
        &mut self,
        cluster: &mut Cluster,
        newcomer: &Newcomer,
        mut found: Vec<(f64, usize)>,
        place: impl Fn(usize) -> (usize, Option<usize>),
        failures: &mut Failures,
    ) -> Option<Chosen> {
        rank(&mut found);
        for (score, at) in found {
            let (primary, secondary) = place(at);
            let soft = self.ignore_soft_errors;
            let Ok(outcome) = newcomer.outcome(cluster, primary, secondary, soft) else {
                continue;
            };
            if let Some(redundancy) = self.redundancy.as_deref_mut() {
                let admission = cluster.admit(newcomer, &outcome);
                let holds = redundancy.holds(cluster, self.nodes);
                cluster.dismiss(admission);
                if !holds {
                    failures.add(Refusal::N1, 1);
                    continue;
                }
            }
            return Some(Chosen { outcome, score });
        }
        None
    }
}

/// Lowest score first; of equal ones the later. Scores that are no numbers leave the order as it is, as the real tools
/// happen to do.
fn rank(found: &mut [(f64, usize)]) {
    if found.iter().any(|(score, _)| score.is_nan()) {
        return;
    }
    found.reverse();
    found.sort_by(|(a, _), (b, _)| a.total_cmp(b));
}
