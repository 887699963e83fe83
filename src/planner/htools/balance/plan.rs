//! The loop: step after step, until nothing gains enough.

use super::search::{Group, Search};
use super::{Options, Scope};
use crate::planner::htools::board::Board;
use crate::planner::htools::cluster::Cluster;
use crate::planner::htools::moves::Move;
use crate::planner::htools::score::{Score, optimum};

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
    search: Search,
    score: f64,
    least: f64,
    moves: i64,
}

impl<'a> Balancer<'a> {
    /// Starts from the cluster as it is.
    pub fn new(cluster: &'a mut Cluster, scope: &'a Scope, options: &'a Options) -> Balancer<'a> {
        let board = Board::new(cluster, &scope.nodes);
        let group = Group {
            cluster,
            scope,
            options,
        };
        let search = Search::new(group, &board);
        Balancer {
            search,
            score: board.score().total(),
            board,
            least: optimum(cluster, &scope.nodes) + options.min_score,
            cluster,
            scope,
            options,
            moves: 0,
        }
    }

    /// Whether two halves of the instances are looked at at the same time, instead of where that is worth it. The moves
    /// are the same.
    pub fn in_halves(mut self, halves: bool) -> Balancer<'a> {
        self.search.halves = halves;
        self
    }

    /// The cluster after the moves so far.
    pub fn cluster(&self) -> &Cluster {
        self.cluster
    }

    /// Its score.
    pub fn score(&self) -> Score {
        self.board.score()
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
        let group = Group {
            cluster: self.cluster,
            scope: self.scope,
            options,
        };
        let best = self.search.best(group, &mut self.board)?;
        let gain = self.score - best.score;
        if self.score <= options.min_gain_limit && gain < options.min_gain {
            return None;
        }
        let at = best.instance;
        let instance = self.cluster.instances.get(at)?;
        let before = (instance.primary, instance.secondary);
        self.board.take(self.cluster, instance, &best.outcome);
        self.cluster.make(at, &best.outcome);
        let group = Group {
            cluster: self.cluster,
            scope: self.scope,
            options,
        };
        self.search.moved(group, &mut self.board, &best);
        self.score = best.score;
        self.moves += 1;
        Some(Step {
            instance: at,
            to: best.to,
            before,
            after: (best.outcome.primary, best.outcome.secondary),
            score: best.score,
        })
    }
}
