//! The loop: step after step, until nothing gains enough.

use super::candidates::Kinds;
use super::{Options, Scope};
use crate::planner::htools::board::Board;
use crate::planner::htools::cluster::Cluster;
use crate::planner::htools::moves::{Move, Outcome};
use crate::planner::htools::score::optimum;

/// One move of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Index of the instance.
    pub instance: usize,
    /// The move.
    pub to: Move,
    /// Primary and secondary before.
    pub before: (usize, Option<usize>),
    /// Primary and secondary after.
    pub after: (usize, Option<usize>),
    /// The score after it.
    pub score: f64,
}

/// Balances a group step by step.
pub struct Balancer<'a> {
    cluster: &'a mut Cluster,
    scope: &'a Scope,
    options: &'a Options,
    board: Board,
    targets: Vec<usize>,
    score: f64,
    least: f64,
    moves: i64,
}

impl<'a> Balancer<'a> {
    /// Starts from the cluster as it is.
    pub fn new(cluster: &'a mut Cluster, scope: &'a Scope, options: &'a Options) -> Balancer<'a> {
        let board = Board::new(cluster, &scope.nodes);
        Balancer {
            targets: scope.online(cluster),
            score: board.score().total(),
            board,
            least: optimum(cluster, &scope.nodes) + options.min_score,
            cluster,
            scope,
            options,
            moves: 0,
        }
    }

    fn best(&mut self) -> Option<(usize, Move, Outcome, f64)> {
        let force = self.options.ignore_soft_errors;
        let (mut best, mut found) = (self.score, None);
        for at in &self.scope.instances {
            let Some(instance) = self.cluster.instances.get(*at).cloned() else {
                continue;
            };
            let inside = |node: usize| self.targets.binary_search(&node).is_ok();
            let kinds = Kinds::of(self.cluster, &instance, self.options, inside);
            if kinds.none() {
                continue;
            }
            let first = kinds.failover.then_some(Move::Failover);
            let apart =
                |node: &&usize| **node != instance.primary && Some(**node) != instance.secondary;
            let others = self
                .targets
                .iter()
                .filter(apart)
                .flat_map(|node| kinds.to(*node));
            for to in first.into_iter().chain(others) {
                let Ok(outcome) = self.cluster.outcome(*at, to, force) else {
                    continue;
                };
                let score = self.board.score_with(self.cluster, &instance, &outcome);
                if best > score {
                    (best, found) = (score, Some((*at, to, outcome, score)));
                }
            }
        }
        found
    }
}

impl Iterator for Balancer<'_> {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        let options = self.options;
        let more = options.max_length < 0 || self.moves < options.max_length;
        if !more || self.score.partial_cmp(&self.least) != Some(std::cmp::Ordering::Greater) {
            return None;
        }
        let (at, to, outcome, score) = self.best()?;
        let gain = self.score - score;
        if self.score <= options.min_gain_limit && gain < options.min_gain {
            return None;
        }
        let instance = self.cluster.instances.get(at)?;
        let before = (instance.primary, instance.secondary);
        self.board.take(self.cluster, instance, &outcome);
        self.cluster.make(at, &outcome);
        self.score = score;
        self.moves += 1;
        Some(Step {
            instance: at,
            to,
            before,
            after: (outcome.primary, outcome.secondary),
            score,
        })
    }
}
