//! The score of a placement, kept at hand. The spread of a value over the nodes follows from two sums, of the values and of
//! their squares, and a change of a few nodes changes these by what is new there less what was there before. Values are
//! counted from where their mean was at the start, so that little is lost by rounding.

use crate::planner::htools::board::Board;
use crate::planner::htools::node::{Figures, Node};
use crate::planner::htools::score::{
    COMPONENTS, Counts, RESERVED, SPREAD_ROWS, SPREADS, spread_values,
};

/// Values of a node: its spread values, scaled, and as the next one its reserved part of the memory as it is. Padded, so
/// that whole vectors are added.
pub type Row = [f64; WIDE];
const WIDE: usize = 16;

/// Weights of what is counted, and of the reserved memory.
const OFFLINE: i64 = 4;
const OFFLINE_PRIMARY: i64 = 16;
const CONFLICT: i64 = 2;
const RESERVED_SUM: f64 = 0.25;

/// A row of a node that does not count.
pub const NOTHING: Row = [0.0; WIDE];

/// How values are scaled: so that the root of a sum of squares is what the score counts.
pub struct Scale {
    centre: Row,
    scale: Row,
    /// One through the number of nodes.
    share: f64,
}

impl Scale {
    /// From the board of the start.
    pub fn new(board: &Board) -> Scale {
        let count = board.online() as f64;
        let (mut centre, mut scale) = (NOTHING, NOTHING);
        for row in board.rows() {
            for (sum, value) in centre.iter_mut().zip(row) {
                *sum += value / count;
            }
        }
        for (scale, row) in scale.iter_mut().zip(SPREAD_ROWS) {
            *scale = COMPONENTS.get(row).map_or(0.0, |it| it.1) / count.sqrt();
        }
        Scale {
            centre,
            scale,
            share: 1.0 / count,
        }
    }

    /// The row of an online node.
    pub fn row(&self, node: &Node, now: &Figures) -> Row {
        let values = spread_values(node, now);
        let mut out = NOTHING;
        let scales = self.centre.iter().zip(&self.scale);
        for ((out, value), (centre, scale)) in out.iter_mut().zip(values).zip(scales) {
            *out = (value - centre) * scale;
        }
        out[SPREADS] = values[RESERVED];
        out
    }
}

/// The sums.
#[derive(Clone, Copy, Debug)]
pub struct Tally {
    sum: Row,
    square: Row,
    /// What is counted and not spread.
    pub counts: Counts,
    /// Primaries that share an exclusion tag at a location.
    pub sharing: i64,
}

impl Tally {
    /// No rows yet.
    pub fn new(board: &Board) -> Tally {
        Tally {
            sum: NOTHING,
            square: NOTHING,
            counts: board.counts(),
            sharing: board.sharing(),
        }
    }

    /// The same, counted by these rows.
    pub fn recounted(self, rows: &[Row]) -> Tally {
        let mut out = Tally {
            sum: NOTHING,
            square: NOTHING,
            ..self
        };
        for row in rows {
            out.replace(&NOTHING, row);
        }
        out
    }

    /// A node's row is another one.
    #[inline(always)]
    pub fn replace(&mut self, old: &Row, new: &Row) {
        for at in 0..WIDE {
            let more = new[at] - old[at];
            self.sum[at] += more;
            self.square[at] += more * (new[at] + old[at]);
        }
    }

    /// The score, but for errors of rounding.
    pub fn score(&self, scale: &Scale) -> f64 {
        let mut roots = NOTHING;
        let sums = self.sum.iter().zip(&self.square).take(SPREADS);
        for (root, (sum, square)) in roots.iter_mut().zip(sums) {
            let square = square - sum * sum * scale.share;
            *root = if square > 0.0 { square } else { 0.0 };
        }
        for root in &mut roots {
            *root = root.sqrt();
        }
        let counts = &self.counts;
        let counted = counts.n1
            + OFFLINE * counts.offline
            + OFFLINE_PRIMARY * counts.offline_primaries
            + CONFLICT * counts.conflicts
            + counts.location
            + self.sharing;
        roots.iter().sum::<f64>() + counted as f64 + RESERVED_SUM * self.sum[SPREADS]
    }
}
