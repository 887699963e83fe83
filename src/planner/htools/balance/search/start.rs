//! The moves of one instance: what they have in common is reckoned once, the rest for each target.

use super::Group;
use super::gain::Change;
use super::lanes::{A, Amounts, B, Lane, Lanes};
use super::place::Place;
use crate::planner::htools::balance::candidates::Kinds;
use crate::planner::htools::board::Board;
use crate::planner::htools::cluster::Cluster;
use crate::planner::htools::instance::Instance;
use crate::planner::htools::moves::Move;
use crate::planner::htools::node::Figures;
use crate::planner::htools::operations::{
    n1_refusal, primary_refusal, remove_primary, remove_secondary, takes_secondary,
};

/// Weights of what is counted.
const CONFLICT: f64 = 2.0;
const RESERVED_SUM: f64 = 0.25;

/// The secondary's side.
struct Second<'a> {
    place: Place<'a>,
    /// Without the instance.
    without: Figures,
    /// The instance could be its primary.
    takes_primary: bool,
    /// It could be its secondary for another primary, but for N+1.
    takes_secondary: bool,
    /// Roots of the first kind after a failover there.
    over: f64,
    /// What it changes when the instance goes.
    b: Change<B>,
}

/// The moves of one instance.
pub struct Start<'a> {
    cluster: &'a Cluster,
    lanes: &'a Lanes,
    instance: &'a Instance,
    index: usize,
    kinds: Kinds,
    force: bool,
    /// Moves from the primary need no soft checks.
    force_primary: bool,
    /// Moves from the secondary need none.
    force_secondary: bool,
    amounts: Amounts,
    primary: Place<'a>,
    /// The primary without the instance.
    without: Figures,
    /// It could be a secondary, but for N+1.
    takes_back: bool,
    /// It could stay the primary: a node without any memory left does not take back even what it had.
    stays: bool,
    /// What it changes when the instance goes.
    a: Change<A>,
    b: Change<B>,
    second: Option<Second<'a>>,
    /// Tags play a part.
    tagged: bool,
    /// Its sizes do not say what it changes.
    odd: bool,
    /// The score now.
    score: f64,
}

impl<'a> Start<'a> {
    /// Reckons what the moves have in common.
    pub fn new(
        group: Group<'a>,
        board: &Board,
        lanes: &'a Lanes,
        score: f64,
        at: usize,
        kinds: Kinds,
    ) -> Option<Start<'a>> {
        let index = *group.scope.instances.get(at)?;
        let (cluster, force) = (group.cluster, group.options.ignore_soft_errors);
        let instance = cluster.instances.get(index)?;
        let primary = Place::of(cluster, lanes, board, instance.primary)?;
        let without = remove_primary(primary.node, primary.now, instance, 0, 0);
        let offline = |at: usize| cluster.nodes.get(at).is_none_or(|it| it.offline);
        let force_primary = force || primary.node.offline;
        let force_secondary = force || instance.secondary.is_some_and(offline);
        let amounts = Amounts::of(instance);
        let lane = primary.lane;
        let a = Change::of(&amounts.a, &lane.a_unit, &lane.a_off, -1.0);
        let b = Change::of(amounts.b(lane), &lane.b_unit, &lane.b_off, -1.0);
        let mut start = Start {
            cluster,
            lanes,
            instance,
            index,
            kinds,
            force,
            force_primary,
            force_secondary,
            amounts,
            takes_back: takes_secondary(primary.node, &without, instance, force_secondary),
            stays: primary_refusal(primary.node, &without, instance, true, false).is_none(),
            primary,
            without,
            a,
            b,
            second: None,
            tagged: board.has_locations()
                || !instance.exclusion.is_empty()
                || !instance.desired.is_empty(),
            odd: lanes.exclusive && instance.spindles.is_none(),
            score,
        };
        if instance.has_secondary {
            start.second = Some(start.second(board)?);
        }
        Some(start)
    }

    fn second(&self, board: &Board) -> Option<Second<'a>> {
        let (cluster, instance) = (self.cluster, self.instance);
        let place = Place::of(cluster, self.lanes, board, instance.secondary?)?;
        let needed = instance.needed_on_secondary();
        let peers = &cluster.peers;
        let reserved = peers.most_without(place.at, instance.primary, needed, place.now.reserved);
        let without = remove_secondary(place.node, place.now, instance, reserved);
        let clash = cluster.tags.coming(place.at, instance).1;
        let (may, force) = (
            cluster.tags.may_migrate(instance.primary, place.at),
            self.force_primary,
        );
        let takes = primary_refusal(place.node, &without, instance, force, clash).is_none();
        let lane = place.lane;
        let a = Change::of(&self.amounts.a, &lane.a_unit, &lane.a_off, 1.0);
        let b = Change::of(self.amounts.b(lane), &lane.b_unit, &lane.b_off, -1.0);
        let squares = &self.lanes.squares;
        Some(Second {
            takes_primary: takes && may,
            takes_secondary: takes_secondary(place.node, &without, instance, force),
            place,
            without,
            over: self.a.plus(&a).roots(&squares.a, self.lanes.share),
            b,
        })
    }

    /// What tags change of the score when the instance gets this primary and this secondary.
    fn tags(&self, board: &mut Board, to: usize, other: Option<usize>) -> f64 {
        if !self.tagged {
            return 0.0;
        }
        let (tags, instance) = (&self.cluster.tags, self.instance);
        let online = |at: usize| self.cluster.nodes.get(at).is_some_and(|it| !it.offline);
        let from = instance.primary;
        let location = match other {
            Some(other) if instance.has_secondary => tags.common(to, other),
            _ => instance.location,
        };
        let mut change = 0.0;
        if online(from) {
            let wishes = if instance.forthcoming {
                0
            } else {
                instance.location + tags.wishes(from, instance)
            };
            change -= wishes as f64;
            if from != to {
                change += CONFLICT * tags.leaving(from, instance) as f64;
            }
        }
        if online(to) {
            let wishes = if instance.forthcoming {
                0
            } else {
                location + tags.wishes(to, instance)
            };
            change += wishes as f64;
            if from != to {
                change += CONFLICT * tags.coming(to, instance).0 as f64;
            }
        }
        change + board.sharing_change(self.cluster, instance, to) as f64
    }

    /// Reports a move that the usual reckoning does not fit, after a full one.
    fn full(&self, board: &mut Board, to: Move, found: &mut impl FnMut(Move, f64)) {
        if let Ok(outcome) = self.cluster.outcome(self.index, to, self.force) {
            let after = board.score_with(self.cluster, self.instance, &outcome);
            found(to, after - self.score);
        }
    }

    /// The change of the reserved memory of some nodes, and of its sum: roots after, and weighted sum.
    #[inline(always)]
    fn reserved(&self, changes: [(&Lane, i64); 2]) -> f64 {
        let (mut sum, mut square, mut part) = (0.0, 0.0, 0.0);
        for (lane, more) in changes {
            let change = more as f64 * lane.r_unit;
            sum += change;
            square += change * (2.0 * lane.r_off + change);
            part += more as f64 * lane.part;
        }
        let square = self.lanes.squares.r + square - sum * sum * self.lanes.share;
        RESERVED_SUM * part + if square > 0.0 { square.sqrt() } else { 0.0 }
    }

    /// What stays reserved on a node that becomes the secondary of this primary.
    fn reserved_for(&self, on: usize, before: i64, primary: usize) -> i64 {
        if self.instance.forthcoming {
            return before;
        }
        let needed = self.instance.needed_on_secondary();
        before.max(self.cluster.peers.get(on, primary) + needed)
    }

    /// One if the instance counts on its nodes.
    fn one(&self) -> i64 {
        i64::from(!self.instance.forthcoming)
    }

    /// All moves, each with its change of the score, nearly.
    pub fn all(&self, board: &mut Board, mut found: impl FnMut(Move, f64)) {
        self.failover(board, &mut found);
        for target in 0..self.lanes.targets() {
            self.to(target, board, &mut found);
        }
    }

    /// Failover to the secondary, if that is one of the moves.
    fn failover(&self, board: &mut Board, found: &mut impl FnMut(Move, f64)) {
        let Some(second) = self.second.as_ref().filter(|_| self.kinds.failover) else {
            return;
        };
        // One a step and instance: the full reckoning costs no more than the rest.
        if second.takes_primary {
            self.full(board, Move::Failover, found);
        }
    }

    /// All moves to a target, by its place among the online nodes.
    pub fn to(&self, target: usize, board: &mut Board, found: &mut impl FnMut(Move, f64)) {
        let lane = self.lanes.lane(Some(target));
        let at = lane.node;
        if at == self.primary.at || Some(at) == self.instance.secondary {
            return;
        }
        if self.odd {
            for to in self.kinds.to(at) {
                self.full(board, to, found);
            }
            return;
        }
        let (Some(node), Some(now)) = (self.cluster.nodes.get(at), self.cluster.figures.get(at))
        else {
            return;
        };
        let place = Place {
            at,
            node,
            now,
            lane,
        };
        match &self.second {
            Some(second) => self.to_drbd(&place, second, board, found),
            None if self.kinds.to_any => self.to_any(&place, board, found),
            None => {}
        }
    }

    fn to_any(&self, target: &Place<'_>, board: &mut Board, found: &mut impl FnMut(Move, f64)) {
        let tags = &self.cluster.tags;
        let clash = !self.instance.exclusion.is_empty() && tags.coming(target.at, self.instance).1;
        let force = self.force_primary;
        if !tags.may_migrate(self.primary.at, target.at)
            || primary_refusal(target.node, target.now, self.instance, force, clash).is_some()
        {
            return;
        }
        let (squares, share, lane) = (&self.lanes.squares, self.lanes.share, target.lane);
        let a = Change::of(&self.amounts.a, &lane.a_unit, &lane.a_off, 1.0);
        let b = Change::of(self.amounts.b(lane), &lane.b_unit, &lane.b_off, 1.0);
        let roots = self.a.plus(&a).roots(&squares.a, share)
            + self.b.plus(&b).roots(&squares.b, share)
            + self.reserved([(lane, 0), (lane, 0)]);
        let one = self.one();
        let counts = self.primary.n1(self.without.fails_n1, -one)
            + target.n1(self.fails_with(target), one)
            + self.primary.left(one as f64, one as f64);
        let tags = self.tags(board, target.at, None);
        found(
            Move::FailoverToAny(target.at),
            roots - squares.roots + counts + tags,
        );
    }

    /// Whether a target fails N+1 with the instance as its primary.
    fn fails_with(&self, target: &Place<'_>) -> bool {
        if self.instance.forthcoming {
            return target.now.fails_n1;
        }
        let uses = if self.instance.uses_memory {
            self.instance.memory
        } else {
            0
        };
        target.now.unallocated - uses <= target.now.reserved
    }

    fn to_drbd(
        &self,
        target: &Place<'_>,
        second: &Second<'_>,
        board: &mut Board,
        found: &mut impl FnMut(Move, f64),
    ) {
        let (cluster, instance, kinds) = (self.cluster, self.instance, self.kinds);
        let (peers, tags) = (&cluster.peers, &cluster.tags);
        let (p, s, t) = (self.primary.at, second.place.at, target.at);
        let (squares, share, lane) = (&self.lanes.squares, self.lanes.share, target.lane);
        let one = self.one();
        let whole = one as f64;

        // Who accepts what.
        let clash = !instance.exclusion.is_empty() && tags.coming(t, instance).1;
        let primary =
            |force| primary_refusal(target.node, target.now, instance, force, clash).is_none();
        let secondary = |force: bool, of: usize| {
            takes_secondary(target.node, target.now, instance, force)
                && n1_refusal(target.now, instance, force, peers.get(t, of)).is_none()
        };
        let new_secondary = kinds.secondary && self.stays && secondary(self.force_secondary, p);
        let and_failover = kinds.and_failover
            && self.takes_back
            && primary(self.force)
            && tags.may_migrate(p, t)
            && n1_refusal(
                &self.without,
                instance,
                self.force_secondary,
                peers.get(p, t),
            )
            .is_none();
        let new_primary = kinds.primary
            && second.takes_primary
            && second.takes_secondary
            && primary(self.force_primary)
            && tags.may_migrate(s, t)
            && n1_refusal(
                &second.without,
                instance,
                self.force_primary,
                peers.get(s, t),
            )
            .is_none();
        let and_replace =
            kinds.and_replace && second.takes_primary && secondary(self.force_primary, s);
        if !(new_secondary || and_failover || new_primary || and_replace) {
            return;
        }

        // Spreads that two or more of the moves share.
        let b = Change::of(self.amounts.b(lane), &lane.b_unit, &lane.b_off, 1.0);
        let from_s = if new_secondary || and_failover {
            second.b.plus(&b).roots(&squares.b, share)
        } else {
            0.0
        };
        let from_p = if new_primary || and_replace {
            self.b.plus(&b).roots(&squares.b, share)
        } else {
            0.0
        };
        let over = if new_primary || and_failover {
            let a = Change::of(&self.amounts.a, &lane.a_unit, &lane.a_off, 1.0);
            self.a.plus(&a).roots(&squares.a, share)
        } else {
            0.0
        };
        let less = second.without.reserved - second.place.now.reserved;
        let s_unallocated = second.without.unallocated;

        if new_secondary {
            let reserved = self.reserved_for(t, target.now.reserved, p);
            let more = reserved - target.now.reserved;
            let change =
                squares.roots_a + from_s + self.reserved([(second.place.lane, less), (lane, more)])
                    - squares.roots
                    + self.primary.n1(self.primary_again(), 0)
                    + second.place.n1(second.without.fails_n1, -one)
                    + target.n1(self.fails(target.now, reserved), one)
                    + second.place.left(whole, 0.0)
                    + self.tags(board, p, Some(t));
            found(Move::ReplaceSecondary(t), change);
        }
        if and_failover {
            let reserved = self.reserved_for(p, self.without.reserved, t);
            let more = reserved - self.primary.now.reserved;
            let (mine, theirs) = (self.primary.lane, second.place.lane);
            let change = over + from_s + self.reserved([(theirs, less), (mine, more)])
                - squares.roots
                + self.primary.n1(self.fails(&self.without, reserved), 0)
                + second.place.n1(second.without.fails_n1, -one)
                + target.n1(self.fails_with(target), one)
                + self.primary.left(0.0, whole)
                + second.place.left(whole, 0.0)
                + self.tags(board, t, Some(p));
            found(Move::ReplaceAndFailover(t), change);
        }
        if new_primary {
            let reserved = self.reserved_for(s, second.without.reserved, t);
            let more = reserved - second.place.now.reserved;
            let fails = if instance.forthcoming {
                second.without.fails_n1
            } else {
                s_unallocated <= reserved
            };
            let change = over + from_p + self.reserved([(second.place.lane, more), (lane, 0)])
                - squares.roots
                + self.primary.n1(self.without.fails_n1, -one)
                + second.place.n1(fails, 0)
                + target.n1(self.fails_with(target), one)
                + self.primary.left(whole, whole)
                + self.tags(board, t, Some(s));
            found(Move::ReplacePrimary(t), change);
        }
        if and_replace {
            let reserved = self.reserved_for(t, target.now.reserved, s);
            let more = reserved - target.now.reserved;
            let uses = if instance.uses_memory {
                instance.memory
            } else {
                0
            };
            let fails = if instance.forthcoming {
                second.without.fails_n1
            } else {
                s_unallocated - uses <= second.without.reserved
            };
            let change =
                second.over + from_p + self.reserved([(second.place.lane, less), (lane, more)])
                    - squares.roots
                    + self.primary.n1(self.without.fails_n1, -one)
                    + second.place.n1(fails, 0)
                    + target.n1(self.fails(target.now, reserved), one)
                    + self.primary.left(whole, whole)
                    + self.tags(board, s, Some(t));
            found(Move::FailoverAndReplace(t), change);
        }
    }

    /// Whether the primary fails N+1 after the instance has left and come back.
    fn primary_again(&self) -> bool {
        let now = self.primary.now;
        if self.instance.forthcoming {
            now.fails_n1
        } else {
            now.unallocated <= now.reserved
        }
    }

    /// Whether a new secondary fails N+1 with so much reserved.
    fn fails(&self, before: &Figures, reserved: i64) -> bool {
        if self.instance.forthcoming {
            before.fails_n1
        } else {
            before.unallocated <= reserved
        }
    }
}
