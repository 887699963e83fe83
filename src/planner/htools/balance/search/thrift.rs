//! The move that gains most for the data it copies. Nearly: what is known of an instance's moves is looked at
//! again only when it seems the best, when its nodes changed, and now and then.

use super::{Best, Group, Lanes, Start};
use crate::planner::htools::balance::candidates::Kinds;
use crate::planner::htools::balance::cheap::copied;
use crate::planner::htools::board::Board;
use crate::planner::htools::moves::Move;

/// Which moves are wanted.
#[derive(Clone, Copy)]
pub struct Want {
    /// MiB that each move counts for beside those it copies.
    pub base: f64,
    /// Most MiB that a move may copy.
    pub most: i64,
    /// Least gain for each MiB copied, base not counted.
    pub least: f64,
    /// Least gain of a move that is worth a job.
    pub worth: f64,
}

/// What is kept from step to step.
pub struct Thrift {
    lanes: Lanes,
    /// For each instance of the scope, its best gain for its cost; infinite if that is to be looked at.
    worth: Vec<f64>,
    /// The move.
    to: Vec<Option<Move>>,
    wanted: Vec<bool>,
    moves: usize,
}

impl Thrift {
    /// Nothing is known yet.
    /// Only instances that are `wanted` are moved.
    pub fn new(group: Group<'_>, board: &Board, wanted: &[bool]) -> Thrift {
        let count = group.scope.instances.len();
        let all = group.scope.instances.iter();
        Thrift {
            lanes: Lanes::new(group.cluster, group.scope, board),
            worth: vec![f64::INFINITY; count],
            to: vec![None; count],
            wanted: all.map(|at| wanted.get(*at) == Some(&true)).collect(),
            moves: 0,
        }
    }

    /// Forgets everything, as when other moves are wanted.
    pub fn forget(&mut self) {
        self.worth.fill(f64::INFINITY);
        self.to.fill(None);
    }

    /// The next move, if any is worth it.
    pub fn best(&mut self, group: Group<'_>, board: &mut Board, want: Want) -> Option<Best> {
        let score = board.score().total();
        if !score.is_finite() {
            return None;
        }
        let mut fresh = vec![false; self.worth.len()];
        let mut again = true;
        loop {
            let all = self.worth.iter().enumerate();
            let (at, worth) = all
                .max_by(|a, b| a.1.total_cmp(b.1))
                .map(|it| (it.0, *it.1))?;
            if worth <= 0.0 {
                if !again {
                    return None;
                }
                again = false;
                self.forget();
                fresh.fill(false);
                continue;
            }
            let is_fresh = fresh.get_mut(at)?;
            if !*is_fresh {
                *is_fresh = true;
                self.look(group, board, score, at, want);
                continue;
            }
            if let Some(best) = self.exact(group, board, score, at) {
                return Some(best);
            }
            *self.worth.get_mut(at)? = 0.0;
        }
    }

    fn look(&mut self, group: Group<'_>, board: &mut Board, score: f64, at: usize, want: Want) {
        let (mut most, mut found) = (0.0, None);
        let wanted = self.wanted.get(at) == Some(&true);
        if let Some(instance) = group.instance(at).filter(|_| wanted) {
            let inside = |node: usize| board.place(node).is_some();
            let kinds = Kinds::of(group.cluster, instance, group.options, inside);
            let start = (!kinds.none())
                .then(|| Start::new(group, board, &self.lanes, score, at, kinds))
                .flatten();
            if let Some(start) = start {
                start.all(board, |to, change| {
                    let mib = copied(instance, to);
                    let (gain, cost) = (-change, mib as f64);
                    if gain < want.worth || mib > want.most || gain < want.least * cost {
                        return;
                    }
                    let worth = gain / (want.base + cost);
                    if worth > most {
                        (most, found) = (worth, Some(to));
                    }
                });
            }
        }
        if let (Some(worth), Some(to)) = (self.worth.get_mut(at), self.to.get_mut(at)) {
            (*worth, *to) = (most, found);
        }
    }

    /// The move if it passes all checks and does gain.
    fn exact(&self, group: Group<'_>, board: &mut Board, now: f64, at: usize) -> Option<Best> {
        let (index, to) = (*group.scope.instances.get(at)?, (*self.to.get(at)?)?);
        let force = group.options.ignore_soft_errors;
        let outcome = group.cluster.outcome(index, to, force).ok()?;
        let score = board.score_with(group.cluster, group.instance(at)?, &outcome);
        (score < now).then_some(Best {
            instance: index,
            to,
            outcome,
            score,
        })
    }

    /// A move was made: board and cluster have it already.
    pub fn moved(&mut self, group: Group<'_>, board: &Board, made: &Best) {
        self.lanes.refresh(board);
        self.moves += 1;
        if self.moves.is_multiple_of(board.online() / 4 + 1) {
            self.forget();
            return;
        }
        let changed = |node: usize| made.outcome.changed.iter().flatten().any(|it| it.0 == node);
        for (at, worth) in self.worth.iter_mut().enumerate() {
            if group.instance(at).is_some_and(|it| it.nodes().any(changed)) {
                *worth = f64::INFINITY;
            }
        }
    }
}
