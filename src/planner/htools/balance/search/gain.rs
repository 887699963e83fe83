//! Small sums over the lanes of a few nodes.

/// What some nodes change of each value: the sum of the changes, and of the changes of the squares.
#[derive(Clone, Copy, Debug)]
pub struct Change<const N: usize> {
    sum: [f64; N],
    square: [f64; N],
}

impl<const N: usize> Change<N> {
    /// No change.
    pub const NONE: Change<N> = Change {
        sum: [0.0; N],
        square: [0.0; N],
    };

    /// One node's, by amounts times units, both ways.
    #[inline(always)]
    pub fn of(amounts: &[f64; N], unit: &[f64; N], off: &[f64; N], sign: f64) -> Change<N> {
        let mut out = Change::NONE;
        for at in 0..N {
            let change = sign * amounts[at] * unit[at];
            out.sum[at] = change;
            out.square[at] = change * (2.0 * off[at] + change);
        }
        out
    }

    /// Both together.
    #[inline(always)]
    pub fn plus(&self, other: &Change<N>) -> Change<N> {
        let mut out = *self;
        for at in 0..N {
            out.sum[at] += other.sum[at];
            out.square[at] += other.square[at];
        }
        out
    }

    /// The sum of the roots afterwards.
    #[inline(always)]
    pub fn roots(&self, squares: &[f64; N], share: f64) -> f64 {
        let mut roots = [0.0; N];
        for at in 0..N {
            let square = squares[at] + self.square[at] - self.sum[at] * self.sum[at] * share;
            roots[at] = if square > 0.0 { square } else { 0.0 };
        }
        for root in &mut roots {
            *root = root.sqrt();
        }
        roots.iter().sum()
    }
}
