//! The score kept by sums and variances, so that a pair of nodes is scored without looking at the others.
//!
//! This is how the real tools score pairs; the last digits differ from those of a score made anew, and near-equal
//! pairs are told apart by them. So the arithmetic is theirs, operation by operation.

use crate::planner::htools::board::Board;
use crate::planner::htools::score::{Counts, RESERVED, SPREADS, Score, deviations};

/// Sums over the online nodes.
#[derive(Clone, Copy, Debug)]
pub struct Statistics {
    nodes: f64,
    sums: [f64; SPREADS],
    variances: [f64; SPREADS],
    /// Reserved parts of memory.
    pub reserved: f64,
    /// What is counted.
    pub counts: Counts,
    /// Primaries that are not alone with an exclusion tag at a location.
    pub sharing: i64,
}

impl Statistics {
    /// Of the nodes of a board.
    pub fn new(board: &Board) -> Statistics {
        let rows = board.rows();
        let nodes = rows.len() as f64;
        let mut sums = [0.0; SPREADS];
        for row in rows {
            for (sum, value) in sums.iter_mut().zip(row) {
                *sum += value;
            }
        }
        let mut variances = [0.0; SPREADS];
        for row in rows {
            for ((square, value), sum) in variances.iter_mut().zip(row).zip(sums) {
                let far = value - sum / nodes;
                *square += far * far;
            }
        }
        let (_, reserved) = deviations(rows);
        Statistics {
            nodes,
            sums,
            variances: variances.map(|square| square / nodes),
            reserved,
            counts: board.counts(),
            sharing: board.sharing(),
        }
    }

    /// One node's values change, from this position on.
    pub fn replace(&mut self, from: usize, old: &[f64; SPREADS], new: &[f64; SPREADS]) {
        let values = old.iter().zip(new);
        let kept = self.sums.iter_mut().zip(&mut self.variances);
        for ((x, y), (sum, variance)) in values.zip(kept).skip(from) {
            let more = y - x;
            let squares = y * y - x * x;
            let shift = (self.nodes * squares - 2.0 * *sum * more) - more * more;
            *sum += more;
            // A variance that is no number becomes 0, as in the real tools.
            *variance = 0.0_f64.max(*variance + shift / (self.nodes * self.nodes));
        }
        if let (Some(x), Some(y)) = (old.get(RESERVED), new.get(RESERVED)) {
            self.reserved += y - x;
        }
    }

    /// Standard deviations, from this position on; the others are left as they are.
    pub fn deviations(&self, from: usize, out: &mut [f64; SPREADS]) {
        for (out, variance) in out.iter_mut().zip(self.variances).skip(from) {
            *out = variance.sqrt();
        }
    }

    /// The score with these deviations.
    pub fn total(&self, deviations: &[f64; SPREADS]) -> f64 {
        if self.nodes == 0.0 {
            return 0.0;
        }
        Score::of(deviations, self.counts, self.sharing, self.reserved).total()
    }
}
