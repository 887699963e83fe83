//! What a move, a plan or a node's death would make of the cluster, and what gets worse by it.

use crate::planner::htools::balance::Scope;
use crate::planner::htools::moves::Move;
use crate::planner::htools::n1::evacuation::Way;
use crate::planner::htools::node::Refusal;
use crate::planner::htools::score::score;
use crate::planner::n1::{N1, Stranded, Verdict};

/// A cluster as it would be.
#[derive(Clone, Debug)]
pub struct WhatIf {
    before: N1,
    after: N1,
    /// The node that died, by index.
    dead: Option<usize>,
    stranded: Vec<Stranded>,
}

/// A move of a plan that cannot be made when its turn comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Which of the moves, from 0 on.
    pub step: usize,
    /// What refuses it.
    pub refusal: Refusal,
}

/// A node before and after. Sizes are MiB.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// Index of the node.
    pub node: usize,
    /// N+1 if it dies.
    pub verdict: (Verdict, Verdict),
    /// Memory that is not promised to anybody.
    pub memory: (i64, i64),
    /// Free disk.
    pub disk: (i64, i64),
    /// Virtual processors in use.
    pub vcpus: (i64, i64),
}

impl WhatIf {
    /// After no action at all.
    pub fn new(present: &N1) -> WhatIf {
        WhatIf {
            before: present.clone(),
            after: present.clone(),
            dead: None,
            stranded: Vec::new(),
        }
    }

    /// After one move, without soft checks if `force`.
    ///
    /// # Errors
    /// What refuses it.
    pub fn moved(present: &N1, instance: usize, to: Move, force: bool) -> Result<WhatIf, Refusal> {
        let mut after = WhatIf::new(present);
        after.step(instance, to, force)?;
        Ok(after)
    }

    /// After a plan.
    ///
    /// # Errors
    /// The first move that is refused.
    pub fn planned(present: &N1, plan: &[(usize, Move)], force: bool) -> Result<WhatIf, Refused> {
        let mut after = WhatIf::new(present);
        for (step, (instance, to)) in plan.iter().enumerate() {
            let made = after.step(*instance, *to, force);
            made.map_err(|refusal| Refused { step, refusal })?;
        }
        Ok(after)
    }

    /// After a node died and everything that finds a place was started there. The node takes part no more.
    pub fn dead(present: &N1, node: usize) -> WhatIf {
        let mut out = WhatIf::new(present);
        out.dead = Some(node);
        out.stranded = out.after.stranded(node);
        let fates = out.after.fates(node);
        for fate in &fates {
            let to = match (fate.way, fate.to) {
                (Way::Secondary, Some(_)) => Move::Failover,
                (Way::Anywhere, Some(to)) => Move::FailoverToAny(to),
                // Created anew from a backup, if there is one: it is no move.
                (Way::Anew, _) | (_, None) => continue,
            };
            if let Ok(outcome) = out.after.cluster().outcome(fate.instance, to, true) {
                out.after.make(fate.instance, &outcome);
            }
        }
        out.after.bury(node);
        out
    }

    /// Makes one more move.
    ///
    /// # Errors
    /// What refuses it; everything is as before then.
    pub fn step(&mut self, instance: usize, to: Move, force: bool) -> Result<(), Refusal> {
        let outcome = self.after.cluster().outcome(instance, to, force)?;
        self.after.make(instance, &outcome);
        Ok(())
    }

    /// A node is marked offline: it takes nobody any more, and its own death is none.
    pub fn offline(&mut self, node: usize) {
        self.after.bury(node);
    }

    /// The cluster as it would be.
    pub fn after(&self) -> &N1 {
        &self.after
    }

    /// Instances that found no place when the node died.
    pub fn stranded(&self) -> &[Stranded] {
        &self.stranded
    }

    /// A group's score before and after.
    pub fn score(&self, group: usize) -> (f64, f64) {
        let of = |n1: &N1| {
            let scope = Scope::group(n1.cluster(), group);
            score(n1.cluster(), &scope.nodes).total()
        };
        (of(&self.before), of(&self.after))
    }

    /// All nodes that are not as they were.
    pub fn changes(&self) -> Vec<Change> {
        let (before, after) = (self.before.cluster(), self.after.cluster());
        let figures = before.figures.iter().zip(&after.figures).enumerate();
        let changes = figures.map(|(node, (was, is))| Change {
            node,
            verdict: (self.before.verdict(node), self.after.verdict(node)),
            memory: (was.unallocated, is.unallocated),
            disk: (was.free_disk, is.free_disk),
            vcpus: (was.vcpus, is.vcpus),
        });
        let differs = |it: &Change| {
            it.verdict.0 != it.verdict.1
                || it.memory.0 != it.memory.1
                || it.disk.0 != it.disk.1
                || it.vcpus.0 != it.vcpus.1
        };
        changes.filter(differs).collect()
    }

    /// Nodes whose death would strand instances now and did not before.
    pub fn worsened(&self) -> Vec<usize> {
        self.turned(|was, is| is > was)
    }

    /// Nodes whose death would strand nothing any more.
    pub fn mended(&self) -> Vec<usize> {
        self.turned(|was, is| is < was)
    }

    fn turned(&self, how: impl Fn(Verdict, Verdict) -> bool) -> Vec<usize> {
        let nodes = (0..self.before.cluster().nodes.len()).filter(|at| Some(*at) != self.dead);
        nodes
            .filter(|at| how(self.before.verdict(*at), self.after.verdict(*at)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use proptest::prelude::*;

    use super::*;
    use crate::planner::htools::N1Rule;
    use crate::planner::htools::tests::{cluster, shape};
    use crate::planner::n1::tests::{nodes, put};

    #[test]
    fn a_move_that_mends_says_so_and_what_it_costs_whom() {
        let mut data = nodes(3);
        put(&mut data, 10_000, 0, Some(1));
        put(&mut data, 8_000, 1, Some(0));
        let n1 = N1::of(data, N1Rule::Recorded).unwrap();
        assert_eq!(n1.verdict(0), Verdict::Fails);
        let after = WhatIf::moved(&n1, 0, Move::ReplaceSecondary(2), true).unwrap();
        assert_eq!((after.mended(), after.worsened()), (vec![0], vec![]));
        let two = after.changes().into_iter().find(|it| it.node == 2).unwrap();
        assert_eq!(two.disk, (500_000, 498_976));
        let (was, is) = after.score(0);
        assert!(is < was);
    }

    #[test]
    fn a_dead_node_leaves_its_instances_elsewhere_and_the_rest_at_risk() {
        let mut data = nodes(3);
        put(&mut data, 5_000, 0, Some(1));
        put(&mut data, 9_000, 1, Some(2));
        put(&mut data, 9_000, 2, Some(0));
        let n1 = N1::of(data, N1Rule::Recorded).unwrap();
        let after = WhatIf::dead(&n1, 0);
        assert_eq!(after.stranded(), []);
        assert_eq!(after.after().cluster().instances[0].primary, 1);
        // What had its secondary there has none that could take it.
        assert!(after.worsened().contains(&2), "{:?}", after.changes());
    }

    #[test]
    fn a_plan_names_the_move_that_is_refused() {
        let mut data = nodes(2);
        put(&mut data, 1_000, 0, Some(1));
        put(&mut data, 14_900, 1, None);
        put(&mut data, 2_000, 0, Some(1));
        let n1 = N1::of(data, N1Rule::Recorded).unwrap();
        let plan = [(0, Move::Failover), (2, Move::Failover)];
        let refused = WhatIf::planned(&n1, &plan, true).unwrap_err();
        let expected = Refused {
            step: 1,
            refusal: Refusal::Memory,
        };
        assert_eq!(refused, expected);
    }

    proptest! {
        #[test]
        fn there_and_back_nothing_has_changed(
            data in shape().prop_flat_map(cluster), at in 0..16_usize, force: bool,
        ) {
            let n1 = N1::of(data, N1Rule::Recorded).unwrap();
            let at = at % n1.cluster().instances.len();
            let plan = [(at, Move::Failover), (at, Move::Failover)];
            let Ok(after) = WhatIf::planned(&n1, &plan, force) else { return Ok(()) };
            prop_assert_eq!(after.changes(), vec![]);
            prop_assert_eq!((after.mended(), after.worsened()), (vec![], vec![]));
        }

        #[test]
        fn whoever_dies_the_rest_can_be_judged(data in shape().prop_flat_map(cluster), node in 0..7_usize) {
            let n1 = N1::of(data, N1Rule::Reported).unwrap();
            let node = node % n1.cluster().nodes.len();
            let after = WhatIf::dead(&n1, node);
            let left = after.after().cluster().instances.iter().filter(|it| it.primary == node);
            let before = n1.cluster().instances.iter().filter(|it| it.primary == node);
            prop_assert!(left.count() <= before.count());
            prop_assert!(!after.worsened().contains(&node) && !after.mended().contains(&node));
        }
    }
}
