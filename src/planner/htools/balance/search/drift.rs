//! By how much a move that touches none of the changed nodes can gain more than before.
//!
//! Its nodes are as they were; what is left is the change of each sum of squares Q, and of the means. With E what the
//! move changes of Q, the move's part of the score is sqrt(Q + E) - sqrt(Q). E is not known here, only its bounds for
//! any move of the instance; the greatest loss within them is at one of their ends, or where a root becomes zero.

use super::lanes::{Amounts, Extreme, Extremes, FIRST, Lane, Lanes, Squares};
use crate::planner::htools::board::Board;
use crate::planner::htools::instance::Instance;
use crate::planner::htools::score::{RESERVED, SPREADS};

/// The change of all sums by a move that was made.
pub struct Drift {
    before: Squares,
    extremes: Extremes,
    /// How far the means moved.
    shift: [f64; SPREADS],
}

/// Bounds of what a move changes of one value.
#[derive(Clone, Copy, Default)]
struct Bounds {
    low: f64,
    high: f64,
    /// Of the sum of the changes, either way.
    sum: f64,
}

impl Bounds {
    /// A node that changes by this, or not at all.
    #[inline(always)]
    fn node(&mut self, change: f64, off: f64) {
        let square = change * (2.0 * off + change);
        self.low += square.min(0.0);
        self.high += square.max(0.0);
        self.sum += change.abs();
    }

    /// A node that changes by up to this, either way.
    #[inline(always)]
    fn any(&mut self, change: f64, off: f64) {
        self.low -= (off * off).min(2.0 * change * off);
        self.high += change * (2.0 * off + change);
        self.sum += change;
    }

    /// Any node, to which this amount is added.
    #[inline(always)]
    fn target(&mut self, amount: f64, extreme: &Extreme) {
        let change = amount.abs() * extreme.unit;
        let off = if amount > 0.0 {
            -extreme.low
        } else {
            extreme.high
        };
        self.low -= (off * off).min(2.0 * change * off);
        self.high += change * (2.0 * extreme.off() + change);
        self.sum += change;
    }

    /// The greatest loss when the sum of squares goes from one value to another, and the mean by `shift`.
    #[inline(always)]
    fn loss(&self, before: f64, after: f64, shift: f64, share: f64) -> f64 {
        let low = (self.low - self.sum * self.sum * share).max(-before);
        let moved = after - 2.0 * shift.abs() * self.sum;
        let worst = if moved < before {
            (-moved).max(low).min(self.high)
        } else {
            self.high
        };
        let root = |square: f64| if square > 0.0 { square.sqrt() } else { 0.0 };
        root(before + worst) - root(moved + worst) - (root(before) - root(after))
    }
}

impl Drift {
    /// Takes the new values into the lanes, and keeps what they were.
    pub fn new(lanes: &mut Lanes, board: &Board) -> Drift {
        let (before, means, extremes) = (lanes.squares, lanes.means, lanes.extremes);
        lanes.refresh(board);
        Drift {
            before,
            extremes,
            shift: std::array::from_fn(|at| lanes.means[at] - means[at]),
        }
    }

    /// What any move of an instance on these nodes can gain at most more than before, unless it changes a node that has
    /// changed.
    pub fn of(
        &self,
        lanes: &Lanes,
        primary: &Lane,
        secondary: Option<&Lane>,
        instance: &Instance,
    ) -> f64 {
        if lanes.exclusive {
            // The same instance counts differently on different nodes.
            return f64::INFINITY;
        }
        let amounts = Amounts::of(instance);
        let (after, share) = (&lanes.squares, lanes.share);
        let mut loss = 0.0;
        for at in 0..FIRST {
            let (amount, shift) = (amounts.a[at], self.shift[at]);
            let mut bounds = Bounds::default();
            bounds.node(-amount * primary.a_unit[at], primary.a_off[at] + shift);
            if let Some(lane) = secondary {
                bounds.node(amount * lane.a_unit[at], lane.a_off[at] + shift);
            }
            bounds.target(amount, &self.extremes.a[at]);
            loss += bounds.loss(self.before.a[at], after.a[at], shift, share);
        }
        for at in 0..RESERVED - FIRST {
            let (amount, shift) = (amounts.b(primary)[at], self.shift[FIRST + at]);
            let mut bounds = Bounds::default();
            for lane in std::iter::once(primary).chain(secondary) {
                bounds.node(-amount * lane.b_unit[at], lane.b_off[at] + shift);
            }
            bounds.target(amount, &self.extremes.b[at]);
            loss += bounds.loss(self.before.b[at], after.b[at], shift, share);
        }
        let (shift, reserve) = (self.shift[RESERVED], amounts.reserve.abs());
        let mut bounds = Bounds::default();
        if let Some(lane) = secondary {
            for lane in [primary, lane] {
                bounds.any(reserve * lane.r_unit, (lane.r_off + shift).abs());
            }
            bounds.any(reserve * self.extremes.r.unit, self.extremes.r.off());
        }
        loss + bounds.loss(self.before.r, after.r, shift, share)
    }
}
