//! Finds the best move without scoring every one of them in full.
//!
//! A move changes two or three nodes, so its gain follows from sums that the others do not change: near enough to
//! tell which moves cannot be the best, though not to the last bit. Those that may be the best are scored exactly,
//! in hbal's order. From step to step a lower bound of each instance's best move is kept: a move that touches none
//! of the nodes just changed gains as before, but for the change of the sums, and that is bounded too.

mod drift;
mod gain;
mod halves;
mod lanes;
mod place;
mod start;

use super::candidates::Kinds;
use super::{Options, Scope};
use crate::planner::htools::board::Board;
use crate::planner::htools::cluster::Cluster;
use crate::planner::htools::instance::Instance;
use crate::planner::htools::moves::{Move, Outcome};
use drift::Drift;
use lanes::Lanes;
use start::Start;

/// What is balanced, and how.
#[derive(Clone, Copy)]
pub struct Group<'a> {
    /// The cluster.
    pub cluster: &'a Cluster,
    /// The part of it.
    pub scope: &'a Scope,
    /// The options.
    pub options: &'a Options,
}

impl<'a> Group<'a> {
    fn instance(&self, at: usize) -> Option<&'a Instance> {
        let index = self.scope.instances.get(at)?;
        self.cluster.instances.get(*index)
    }
}

/// The best move there is.
pub struct Best {
    /// Index of the instance.
    pub instance: usize,
    /// The move.
    pub to: Move,
    /// What it makes of its nodes.
    pub outcome: Outcome,
    /// The score after it.
    pub score: f64,
}

/// What is known of an instance's moves.
#[derive(Clone, Copy)]
struct Known {
    /// The kinds that are looked at.
    kinds: Kinds,
    /// What the score changes by at best: not less than this.
    least: f64,
    /// That is what some move does change, and not only a bound.
    exact: bool,
}

impl Known {
    fn nothing(group: Group<'_>, board: &Board, at: usize) -> Known {
        let inside = |node: usize| board.place(node).is_some();
        let kinds = group
            .instance(at)
            .map(|it| Kinds::of(group.cluster, it, group.options, inside))
            .unwrap_or_default();
        let least = if kinds.none() {
            f64::INFINITY
        } else {
            f64::NEG_INFINITY
        };
        Known {
            kinds,
            least,
            exact: false,
        }
    }
}

/// What is kept from step to step.
pub struct Search {
    lanes: Lanes,
    /// For each instance of the scope.
    known: Vec<Known>,
    score: f64,
    /// Moves to be scored in full.
    near: Vec<(usize, Move)>,
    /// In two halves at the same time.
    pub halves: bool,
}

impl Search {
    /// Nothing is known yet.
    pub fn new(group: Group<'_>, board: &Board) -> Search {
        let all = 0..group.scope.instances.len();
        Search {
            lanes: Lanes::new(group.cluster, group.scope, board),
            halves: halves::are_worth_it(all.len(), board.online()),
            known: all.map(|at| Known::nothing(group, board, at)).collect(),
            score: board.score().total(),
            near: Vec::new(),
        }
    }

    /// The first of the moves with the lowest score, if that is lower than the score now.
    pub fn best(&mut self, group: Group<'_>, board: &mut Board) -> Option<Best> {
        if !self.score.is_finite() {
            return None;
        }
        let (lanes, score) = (&self.lanes, self.score);
        let margin = lanes.margin();
        self.known.iter_mut().for_each(|it| it.exact = false);
        let look = |board: &mut Board, at: usize, known: &mut Known, limit: f64| {
            if known.exact || known.least > limit {
                return limit;
            }
            let mut least = f64::INFINITY;
            if let Some(start) = Start::new(group, board, lanes, score, at, known.kinds) {
                start.all(board, |_, change| least = least.min(change));
            }
            (known.least, known.exact) = (least, true);
            limit.min(least + margin)
        };
        // The most promising one first: what it gains rules most of the others out.
        let mut limit = margin;
        let all = self.known.iter_mut().enumerate();
        if let Some((at, known)) = all.min_by(|a, b| a.1.least.total_cmp(&b.1.least)) {
            limit = look(board, at, known, limit);
        }
        let limits = halves::work(self.halves, &mut self.known, board, |board, from, part| {
            let part = part.iter_mut().enumerate();
            part.fold(limit, |limit, (at, known)| {
                look(board, from + at, known, limit)
            })
        });
        limit = limits.into_iter().flatten().fold(limit, f64::min);
        self.near.clear();
        let likely = |known: &Known| known.exact && known.least <= limit;
        for (at, known) in self.known.iter().enumerate().filter(|it| likely(it.1)) {
            if let Some(start) = Start::new(group, board, lanes, score, at, known.kinds) {
                start.all(board, |to, change| {
                    if change <= limit {
                        self.near.push((at, to));
                    }
                });
            }
        }
        exact(group, board, score, &self.near)
    }

    /// A move was made: board and cluster have it already.
    pub fn moved(&mut self, group: Group<'_>, board: &mut Board, made: &Best) {
        let drift = Drift::new(&mut self.lanes, board);
        self.score = made.score;
        let mut changed = [None; 3];
        for (slot, (node, _)) in changed
            .iter_mut()
            .zip(made.outcome.changed.iter().flatten())
        {
            *slot = Some(*node);
        }
        let mover = group.cluster.instances.get(made.instance);
        let after = After {
            group,
            lanes: &self.lanes,
            drift: &drift,
            score: self.score,
            changed,
            tags: mover.map(|it| it.exclusion.as_slice()).unwrap_or_default(),
        };
        halves::work(self.halves, &mut self.known, board, |board, from, part| {
            for (at, known) in part.iter_mut().enumerate() {
                after.know(board, from + at, known);
            }
        });
    }
}

/// What is the same for all instances after a move.
struct After<'a> {
    group: Group<'a>,
    lanes: &'a Lanes,
    drift: &'a Drift,
    score: f64,
    /// Nodes that the move has changed.
    changed: [Option<usize>; 3],
    /// Exclusion tags of the instance that has moved.
    tags: &'a [u32],
}

impl After<'_> {
    /// Brings up to date what is known of an instance.
    fn know(&self, board: &mut Board, at: usize, known: &mut Known) {
        let (group, lanes) = (self.group, self.lanes);
        let Some(instance) = group.instance(at) else {
            return;
        };
        let touched = instance
            .nodes()
            .any(|node| self.changed.contains(&Some(node)));
        let shares = |it: &u32| board.has_locations() && self.tags.contains(it);
        if touched || instance.exclusion.iter().any(shares) {
            *known = Known::nothing(group, board, at);
        }
        // Without any possible move until now it may have one to what has changed.
        if known.kinds.none() || known.least == f64::NEG_INFINITY {
            return;
        }
        let primary = lanes.lane(board.place(instance.primary));
        let secondary = instance.secondary.filter(|_| instance.has_secondary);
        let secondary = secondary.map(|it| lanes.lane(board.place(it)));
        let loss = self.drift.of(lanes, primary, secondary, instance);
        if !loss.is_finite() {
            known.least = f64::NEG_INFINITY;
            return;
        }
        known.least -= loss;
        let Some(start) = Start::new(group, board, lanes, self.score, at, known.kinds) else {
            return;
        };
        for node in self.changed.into_iter().flatten() {
            if let Some(target) = board.place(node) {
                start.to(target, board, &mut |_, change| {
                    known.least = known.least.min(change);
                });
            }
        }
    }
}

/// The first of these moves with the lowest score by full reckoning.
fn exact(group: Group<'_>, board: &mut Board, score: f64, near: &[(usize, Move)]) -> Option<Best> {
    let (mut least, mut best) = (score, None);
    for (at, to) in near {
        let (Some(index), Some(instance)) = (group.scope.instances.get(*at), group.instance(*at))
        else {
            continue;
        };
        let force = group.options.ignore_soft_errors;
        let Ok(outcome) = group.cluster.outcome(*index, *to, force) else {
            continue;
        };
        let score = board.score_with(group.cluster, instance, &outcome);
        if least > score {
            least = score;
            best = Some(Best {
                instance: *index,
                to: *to,
                outcome,
                score,
            });
        }
    }
    best
}
