//! A move that is made for a look at what comes of it, and taken back.

use super::N1;
use crate::planner::htools::moves::Outcome;
use crate::planner::htools::node::Figures;

impl N1 {
    /// Makes a move whose outcome is known, looks, and takes it back: everything is as before, to the order of the
    /// instances on each node.
    pub fn trial<T>(
        &mut self,
        at: usize,
        outcome: &Outcome,
        look: impl FnOnce(&mut N1) -> T,
    ) -> Option<T> {
        let instance = self.cluster.instances.get(at)?;
        let mut back = Outcome {
            changed: [None; 3],
            primary: instance.primary,
            secondary: instance.secondary,
            location: instance.location,
        };
        let mut kept: Vec<(usize, Kept)> = Vec::with_capacity(3);
        for (slot, (node, _)) in back
            .changed
            .iter_mut()
            .zip(outcome.changed.iter().flatten())
        {
            let before: Figures = *self.cluster.figures.get(*node)?;
            *slot = Some((*node, before));
            kept.push((*node, self.kept(*node)));
        }
        self.make(at, outcome);
        let seen = look(self);
        self.make(at, &back);
        self.touched.clear();
        for (node, kept) in kept {
            self.touched.push(node);
            self.put_back(node, kept);
        }
        // By which rule a node is judged depends on whether a move has changed it.
        self.look_again();
        Some(seen)
    }

    fn kept(&self, node: usize) -> Kept {
        Kept {
            primaries: self
                .cluster
                .primaries
                .get(node)
                .cloned()
                .unwrap_or_default(),
            secondaries: self
                .cluster
                .secondaries
                .get(node)
                .cloned()
                .unwrap_or_default(),
            moved: self.ground.moved.get(node).copied().unwrap_or_default(),
        }
    }

    fn put_back(&mut self, node: usize, kept: Kept) {
        if let Some(list) = self.cluster.primaries.get_mut(node) {
            *list = kept.primaries;
        }
        if let Some(list) = self.cluster.secondaries.get_mut(node) {
            *list = kept.secondaries;
        }
        if let Some(moved) = self.ground.moved.get_mut(node) {
            *moved = kept.moved;
        }
    }
}

/// What taking a move back does not bring back by itself.
struct Kept {
    primaries: Vec<usize>,
    secondaries: Vec<usize>,
    moved: bool,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use proptest::prelude::*;

    use crate::planner::htools::N1Rule;
    use crate::planner::htools::moves::Move;
    use crate::planner::htools::tests::{cluster, shape};
    use crate::planner::n1::N1;

    proptest! {
        #[test]
        fn after_a_trial_everything_is_as_before(
            data in shape().prop_flat_map(cluster), tries in prop::collection::vec((0..16_usize, 0..7_usize, 0..5_u8), 1..8),
        ) {
            let mut n1 = N1::of(data, N1Rule::Reported).unwrap();
            let mut fresh = n1.clone();
            let (nodes, instances) = (n1.cluster().nodes.len(), n1.cluster().instances.len());
            for (at, target, kind) in tries {
                let (at, target) = (at % instances, target % nodes);
                let it = &n1.cluster().instances[at];
                if it.primary == target || it.secondary == Some(target) {
                    continue;
                }
                let to = match kind {
                    0 => Move::Failover,
                    1 => Move::ReplaceSecondary(target),
                    2 => Move::ReplaceAndFailover(target),
                    3 => Move::FailoverAndReplace(target),
                    _ => Move::ReplacePrimary(target),
                };
                let Ok(outcome) = n1.cluster().outcome(at, to, true) else { continue };
                n1.trial(at, &outcome, |_| ());
            }
            for node in 0..nodes {
                prop_assert_eq!(n1.verdict(node), fresh.verdict(node));
                prop_assert_eq!(n1.if_it_dies(node), fresh.if_it_dies(node));
                prop_assert_eq!(n1.stranded(node), fresh.stranded(node));
                prop_assert_eq!(&n1.cluster().primaries[node], &fresh.cluster().primaries[node]);
                prop_assert_eq!(&n1.ground().free[node], &fresh.ground().free[node]);
            }
        }
    }
}
