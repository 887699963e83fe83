//! From a cluster to a placement of its instances: the moves, in sets that can run at the same time. Each move passes hbal's
//! checks where it stands.

use super::placement::Ends;
use super::random::Random;
use crate::planner::htools::balance::candidates::Kinds;
use crate::planner::htools::balance::{Options, Scope, Step, jobs};
use crate::planner::htools::board::Board;
use crate::planner::htools::cluster::Cluster;
use crate::planner::htools::instance::Instance;
use crate::planner::htools::moves::{Move, Outcome};

/// How often an instance may stand aside.
const ASIDE: u8 = 2;

/// A way to a placement, perhaps not all of it.
pub struct Route {
    /// The moves.
    pub moves: Vec<(usize, Move)>,
    /// How many sets.
    pub sets: usize,
    /// The cluster after them.
    pub cluster: Cluster,
    /// Instances that have not arrived.
    pub stuck: Vec<usize>,
}

/// Finds a way: set after set, each of moves that are possible now and share no node. First come those on the nodes that
/// most moves wait for; `random` says which of them, so that another one finds another way. No answer if `go_on` says no to a number of moves.
pub fn find(
    cluster: &Cluster,
    scope: &Scope,
    options: &Options,
    to: &[Ends],
    random: &mut Random,
    go_on: &mut dyn FnMut(usize) -> bool,
) -> Option<Route> {
    let board = Board::new(cluster, &scope.nodes);
    let count = cluster.nodes.len();
    let mut way = Way {
        options,
        inside: (0..count).map(|at| board.place(at).is_some()).collect(),
        to,
        cluster: cluster.clone(),
        busy: vec![false; count],
        moves: Vec::new(),
        aside: vec![0; cluster.instances.len()],
    };
    let mut left = scope.instances.clone();
    let mut sets = 0;
    while go_on(way.moves.len()) {
        left.sort_unstable();
        left.dedup();
        left.retain(|at| !way.arrived(*at));
        let order = way.order(&left, random);
        if way.set(&order, false) || way.set(&order, true) {
            sets += 1;
        } else if let Some(room) = way.room(&order) {
            left.push(room);
            sets += 2;
        } else {
            return Some(Route {
                moves: way.moves,
                sets,
                cluster: way.cluster,
                stuck: left,
            });
        }
    }
    None
}

/// Moves that bring an instance nearer to where it should be; and if those are refused, moves that bring it nearer by a
/// longer way.
fn nearer(instance: &Instance, to: Ends) -> (Vec<Move>, Option<Move>) {
    let (p, tp) = (instance.primary, to.0);
    let pair = instance.secondary.zip(to.1);
    let Some((s, ts)) = pair.filter(|_| instance.has_secondary) else {
        let moves = (p != tp).then_some(Move::FailoverToAny(tp));
        return (moves.into_iter().collect(), None);
    };
    if (p, s) == (ts, tp) {
        return (vec![Move::Failover], None);
    }
    let stays = |node: usize| node == tp || node == ts;
    // With both ends new either may come first, and to any place.
    let both = !stays(p) && !stays(s);
    let fits = |a: usize, b: usize| both || (a, b) == (tp, ts);
    let mut out = Vec::new();
    for t in [tp, ts].into_iter().filter(|t| *t != p && *t != s) {
        out.extend(fits(p, t).then_some(Move::ReplaceSecondary(t)));
        out.extend(fits(t, p).then_some(Move::ReplaceAndFailover(t)));
        out.extend(fits(s, t).then_some(Move::FailoverAndReplace(t)));
        out.extend(fits(t, s).then_some(Move::ReplacePrimary(t)));
    }
    // A new secondary needs that the primary stays.
    let longer = if both {
        None
    } else if stays(p) {
        Some(Move::ReplaceSecondary(if p == tp { ts } else { tp }))
    } else {
        Some(Move::Failover)
    };
    (out, longer)
}

/// Whether a move is one of those that are looked at.
fn wanted(kinds: Kinds, to: Move) -> bool {
    match to {
        Move::Failover => kinds.failover,
        Move::FailoverToAny(_) => kinds.to_any,
        Move::ReplacePrimary(_) => kinds.primary,
        Move::ReplaceSecondary(_) => kinds.secondary,
        Move::ReplaceAndFailover(_) => kinds.and_failover,
        Move::FailoverAndReplace(_) => kinds.and_replace,
    }
}

/// A way that is being found.
struct Way<'a> {
    options: &'a Options,
    /// Online nodes of the group.
    inside: Vec<bool>,
    to: &'a [Ends],
    cluster: Cluster,
    /// Nodes that the set at hand needs.
    busy: Vec<bool>,
    moves: Vec<(usize, Move)>,
    /// How often each instance has stood aside.
    aside: Vec<u8>,
}

impl Way<'_> {
    fn arrived(&self, at: usize) -> bool {
        match (self.cluster.instances.get(at), self.to.get(at)) {
            (Some(now), Some(to)) => {
                now.primary == to.0 && (now.secondary == to.1 || !now.has_secondary)
            }
            _ => true,
        }
    }

    /// Nodes of an instance now and then.
    fn nodes(&self, at: usize) -> Vec<usize> {
        let mut out = Vec::with_capacity(4);
        if let (Some(now), Some(to)) = (self.cluster.instances.get(at), self.to.get(at)) {
            out.extend(now.nodes().chain([to.0]));
            out.extend(to.1.filter(|_| now.has_secondary));
            out.sort_unstable();
            out.dedup();
        }
        out
    }

    /// Instances in the order in which to look at them.
    fn order(&self, left: &[usize], random: &mut Random) -> Vec<usize> {
        let mut waiting = vec![0_usize; self.inside.len()];
        let nodes: Vec<Vec<usize>> = left.iter().map(|at| self.nodes(*at)).collect();
        for node in nodes.iter().flatten() {
            if let Some(count) = waiting.get_mut(*node) {
                *count += 1;
            }
        }
        let mut order = Vec::with_capacity(left.len());
        for (at, nodes) in left.iter().zip(&nodes) {
            let counts = nodes.iter().filter_map(|node| waiting.get(*node));
            let most = counts.clone().max().copied().unwrap_or(0);
            let all: usize = counts.sum();
            order.push((most, all, random.below(1 << 16), *at));
        }
        order.sort_unstable_by(|a, b| b.cmp(a));
        order.into_iter().map(|it| it.3).collect()
    }

    /// Makes a set of moves; false if none is possible.
    fn set(&mut self, order: &[usize], longer: bool) -> bool {
        let before = self.moves.len();
        self.busy.fill(false);
        for at in order {
            self.step(*at, longer);
        }
        self.moves.len() > before
    }

    /// When all wait for each other: an instance stands aside on its other node, so that one of those that wait can make its
    /// move. It costs no data.
    fn room(&mut self, waiting: &[usize]) -> Option<usize> {
        for at in waiting {
            let mut there = Vec::new();
            for node in self.nodes(*at) {
                there.extend_from_slice(self.cluster.primaries.get(node)?);
            }
            for other in there {
                let seldom = self.aside.get(other).is_some_and(|it| *it < ASIDE);
                if !seldom || other == *at {
                    continue;
                }
                let before = self.moves.len();
                let back = self.back(other);
                self.busy.fill(false);
                if !self.make(other, Move::Failover) {
                    continue;
                }
                self.busy.fill(false);
                self.step(*at, true);
                if self.moves.len() > before + 1 {
                    if let Some(times) = self.aside.get_mut(other) {
                        *times += 1;
                    }
                    return Some(other);
                }
                self.moves.truncate(before);
                self.cluster.make(other, &back?);
            }
        }
        None
    }

    /// What takes a failover back.
    fn back(&self, at: usize) -> Option<Outcome> {
        let instance = self.cluster.instances.get(at)?;
        let figures = |node: usize| Some((node, *self.cluster.figures.get(node)?));
        Some(Outcome {
            changed: [
                figures(instance.primary),
                instance.secondary.and_then(figures),
                None,
            ],
            primary: instance.primary,
            secondary: instance.secondary,
            location: instance.location,
        })
    }

    /// Makes the next move of an instance, if it is possible and its nodes are not busy.
    fn step(&mut self, at: usize, longer: bool) {
        let (Some(instance), Some(to)) = (self.cluster.instances.get(at), self.to.get(at)) else {
            return;
        };
        let free = |node: usize| self.busy.get(node) == Some(&false);
        if !instance.nodes().all(free) {
            return;
        }
        let (mut moves, more) = nearer(instance, *to);
        if longer {
            moves.extend(more);
        } else {
            let kinds = self.kinds(instance);
            moves.retain(|to| wanted(kinds, *to));
            if moves.is_empty() {
                moves.extend(more);
            }
        }
        for to in moves {
            if self.make(at, to) {
                return;
            }
        }
    }

    fn kinds(&self, instance: &Instance) -> Kinds {
        let inside = |node: usize| self.inside.get(node) == Some(&true);
        Kinds::of(&self.cluster, instance, self.options, inside)
    }

    /// Makes a move, if it is one of those that are looked at, passes the checks, and its nodes are not busy.
    fn make(&mut self, at: usize, to: Move) -> bool {
        let instance = self.cluster.instances.get(at);
        if !instance.is_some_and(|it| wanted(self.kinds(it), to)) {
            return false;
        }
        let force = self.options.ignore_soft_errors;
        let Ok(outcome) = self.cluster.outcome(at, to, force) else {
            return false;
        };
        let nodes = outcome.changed.iter().flatten().map(|it| it.0);
        if nodes
            .clone()
            .any(|node| self.busy.get(node) != Some(&false))
        {
            return false;
        }
        for node in nodes {
            if let Some(busy) = self.busy.get_mut(node) {
                *busy = true;
            }
        }
        self.cluster.make(at, &outcome);
        self.moves.push((at, to));
        true
    }
}

/// Moves as steps, from a cluster on. Nothing if one of them is refused.
fn steps(
    cluster: &Cluster,
    scope: &Scope,
    options: &Options,
    moves: &[(usize, Move)],
) -> Option<Vec<Step>> {
    let mut cluster = cluster.clone();
    let mut board = Board::new(&cluster, &scope.nodes);
    let mut out = Vec::with_capacity(moves.len());
    for (at, to) in moves {
        let force = options.ignore_soft_errors;
        let outcome = cluster.outcome(*at, *to, force).ok()?;
        let instance = cluster.instances.get(*at)?;
        let before = (instance.primary, instance.secondary);
        board.take(&cluster, instance, &outcome);
        cluster.make(*at, &outcome);
        out.push(Step {
            instance: *at,
            to: *to,
            before,
            after: (outcome.primary, outcome.secondary),
            score: board.score().total(),
        });
    }
    Some(out)
}

/// The same moves, each as early as those before it on its nodes let it be. Moves that need a common node keep their order:
/// so each finds its nodes as it did before, and stays possible.
pub fn parallel(
    cluster: &Cluster,
    scope: &Scope,
    options: &Options,
    moves: &[(usize, Move)],
) -> Option<Vec<Step>> {
    let plain = steps(cluster, scope, options, moves)?;
    let mut busy = vec![0_usize; cluster.nodes.len()];
    let mut turns = Vec::with_capacity(plain.len());
    for step in &plain {
        let nodes = jobs::nodes(cluster, step);
        let last = nodes.iter().filter_map(|at| busy.get(*at)).max();
        let turn = last.map_or(1, |it| it + 1);
        for at in nodes {
            if let Some(busy) = busy.get_mut(at) {
                *busy = turn;
            }
        }
        turns.push(turn);
    }
    let mut order: Vec<(usize, (usize, Move))> =
        turns.into_iter().zip(moves.iter().copied()).collect();
    order.sort_by_key(|it| it.0);
    let moves: Vec<(usize, Move)> = order.into_iter().map(|it| it.1).collect();
    steps(cluster, scope, options, &moves)
}
