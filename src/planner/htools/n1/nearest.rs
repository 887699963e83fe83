//! The best of many outcomes without scoring each in full: sums tell within a small margin how good each is, and
//! only those that may be the best are scored to the last bit.

use crate::planner::htools::board::Board;
use crate::planner::htools::cluster::Cluster;
use crate::planner::htools::instance::Instance;
use crate::planner::htools::moves::Outcome;
use crate::planner::htools::score::{Counts, RESERVED, SPREADS, Score, spread_values};

/// How far an estimate may be off, as a part of the values. Roots near zero magnify the error of a sum to some 1e-8.
const MARGIN: f64 = 1e-6;

/// Sums over the rows of a board.
struct Sums {
    nodes: f64,
    means: [f64; SPREADS],
    /// Sums of the squares of what differs from the means.
    squares: [f64; SPREADS],
    /// The greatest of the means: what the margin is a part of.
    scale: f64,
}

impl Sums {
    fn of(board: &Board) -> Sums {
        let rows = board.rows();
        let nodes = rows.len() as f64;
        let (mut means, mut squares) = ([0.0; SPREADS], [0.0; SPREADS]);
        for row in rows {
            for (sum, value) in means.iter_mut().zip(row) {
                *sum += value;
            }
        }
        means = means.map(|sum| sum / nodes);
        for row in rows {
            for ((square, value), mean) in squares.iter_mut().zip(row).zip(means) {
                *square += (value - mean) * (value - mean);
            }
        }
        let scale = means.iter().map(|mean| mean.abs()).fold(1.0, f64::max);
        Sums {
            nodes,
            means,
            squares,
            scale,
        }
    }

    /// About the score after an outcome.
    fn about(
        &self,
        cluster: &Cluster,
        board: &mut Board,
        instance: &Instance,
        to: &Outcome,
    ) -> f64 {
        let mut counts = board.counts();
        let (mut shifts, mut squares) = ([0.0; SPREADS], self.squares);
        for (at, new) in to.changed.iter().flatten() {
            let (Some(node), Some(old)) = (cluster.nodes.get(*at), cluster.figures.get(*at)) else {
                continue;
            };
            if board.inside(*at) {
                let change = Counts::of(node, new).plus(Counts::of(node, old), -1);
                counts = counts.plus(change, 1);
            }
            let Some(row) = board.place(*at).and_then(|place| board.rows().get(place)) else {
                continue;
            };
            let values = row.iter().zip(spread_values(node, new));
            let sums = shifts.iter_mut().zip(&mut squares).zip(self.means);
            for ((old, new), ((shift, square), mean)) in values.zip(sums) {
                *shift += new - old;
                *square += (new - mean) * (new - mean) - (old - mean) * (old - mean);
            }
        }
        let mut deviations = [0.0; SPREADS];
        for ((out, square), shift) in deviations.iter_mut().zip(squares).zip(shifts) {
            let shift = shift / self.nodes;
            let variance = square / self.nodes - shift * shift;
            // A comparison keeps what is not a number.
            *out = if variance < 0.0 { 0.0 } else { variance.sqrt() };
        }
        let reserved = self.means[RESERVED] * self.nodes + shifts[RESERVED];
        let sharing = board.sharing() + board.sharing_change(cluster, instance, to.primary);
        Score::of(&deviations, counts, sharing, reserved).total()
    }
}

/// The outcome with the lowest score; among equal ones that of the last node. `found` is room to work in.
pub fn best(
    cluster: &Cluster,
    board: &mut Board,
    instance: &Instance,
    targets: &[usize],
    outcome: impl Fn(usize) -> Option<Outcome>,
    found: &mut Vec<(f64, usize)>,
) -> Option<Outcome> {
    found.clear();
    if board.rows().is_empty() {
        // All scores are 0.
        return targets.iter().rev().find_map(|node| outcome(*node));
    }
    let sums = Sums::of(board);
    for node in targets {
        if let Some(outcome) = outcome(*node) {
            found.push((sums.about(cluster, board, instance, &outcome), *node));
        }
    }
    let least = found.iter().fold(f64::INFINITY, |it, (at, _)| it.min(*at));
    let most = least + MARGIN * (sums.scale + least.abs());
    let mut best: Option<(f64, Outcome)> = None;
    for (about, node) in found.iter() {
        if *about > most {
            continue;
        }
        let Some(outcome) = outcome(*node) else {
            continue;
        };
        let score = board.score_with(cluster, instance, &outcome);
        if best.as_ref().is_none_or(|(least, _)| score <= *least) {
            best = Some((score, outcome));
        }
    }
    best.map(|(_, outcome)| outcome)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use proptest::prelude::*;

    use super::*;
    use crate::planner::htools::Setup;
    use crate::planner::htools::moves::Move;
    use crate::planner::htools::tests::{cluster, shape};

    proptest! {
        #[test]
        fn the_best_is_the_one_that_scoring_each_in_full_finds(data in shape().prop_flat_map(cluster)) {
            let cluster = Cluster::new(data, &Setup::default()).unwrap();
            let nodes: Vec<usize> = (0..cluster.nodes.len()).collect();
            let mut board = Board::new(&cluster, &nodes);
            let mut found = Vec::new();
            for (at, instance) in cluster.instances.iter().enumerate() {
                let to = |node| cluster.outcome(at, Move::FailoverToAny(node), true).ok();
                let mut expected: Option<(f64, usize)> = None;
                for node in &nodes {
                    let Some(outcome) = to(*node) else { continue };
                    let score = board.score_with(&cluster, instance, &outcome);
                    if expected.is_none_or(|(least, _)| score <= least) {
                        expected = Some((score, *node));
                    }
                }
                let best = best(&cluster, &mut board, instance, &nodes, to, &mut found);
                prop_assert_eq!(best.map(|it| it.primary), expected.map(|(_, node)| node));
            }
        }
    }
}
