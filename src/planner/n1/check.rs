//! What each kind says of a pair of nodes. One that dies, one that takes over.

use crate::planner::htools::N1Rule;

use super::{N1, Verdict};

impl N1 {
    /// Judges a node as the one that takes over, for each other one that may die.
    pub(super) fn hold(&mut self, at: usize) {
        let known = self.ground.knows(at);
        let (Some(node), Some(now), Some(free)) = (
            self.cluster.nodes.get(at),
            self.cluster.figures.get(at),
            self.ground.free.get(at).copied(),
        ) else {
            return;
        };
        let marked = self.ground.marked.get(at).copied().unwrap_or(true);
        let moved = self.ground.moved.get(at).copied().unwrap_or(false);
        // As many MiB may be reserved here.
        let room = match self.ground.rule {
            N1Rule::Reported if !moved => node.free_memory,
            _ => now.unallocated - 1,
        };
        let (group, unallocated) = (node.group, now.unallocated);
        let online = !node.offline;
        let exclusive = node.exclusive;
        let disk_left = now.free_disk > 0 && !(exclusive && now.free_spindles < 0);
        let judge = |fails: bool| match (known, fails) {
            (false, _) => Verdict::Unknown,
            (true, true) => Verdict::Fails,
            (true, false) => Verdict::Holds,
        };
        let peers = self.cluster.peers.row(at);
        let start = at * self.cluster.nodes.len();
        let shares = self.shares.get(start..).unwrap_or_default();
        for (dies, (share, peer)) in shares.iter().zip(peers).enumerate() {
            let near = self.cluster.nodes.get(dies).map(|it| it.group) == Some(group);
            let verify = if share.balanced > 0 && near && !marked {
                judge(free < share.least)
            } else {
                Verdict::Holds
            };
            self.verify.set(at, dies, verify);
            let fail_n1 = if *peer > 0 && (online || !known) && !marked {
                judge(room < *peer)
            } else {
                Verdict::Holds
            };
            self.fail_n1.set(at, dies, fail_n1);
            let drbd = if share.drbd == 0 {
                Verdict::Holds
            } else {
                let takes = unallocated > share.memory
                    && disk_left
                    && !(exclusive && share.uncounted > 0)
                    && self.cluster.tags.may_migrate(dies, at);
                judge(!takes)
            };
            self.drbd.set(at, dies, drbd);
        }
    }

    /// A node's own disk has no room for the other half of what starts elsewhere.
    pub(super) fn own_trouble(&self, at: usize) -> bool {
        let (Some(node), Some(now)) = (self.cluster.nodes.get(at), self.cluster.figures.get(at))
        else {
            return false;
        };
        // hcheck looks away where the disk is gone anyhow.
        let no_disk = now.free_disk <= 0 && !node.offline;
        let no_spindles = node.exclusive && now.free_spindles < 0;
        let mut primaries = self.cluster.primaries.get(at).into_iter().flatten();
        primaries.any(|it| {
            let instance = self.cluster.instances.get(*it);
            instance.is_some_and(|it| {
                let uncounted = node.exclusive && it.spindles.is_none();
                it.has_secondary && (no_disk || no_spindles || uncounted || it.secondary.is_none())
            })
        })
    }
}
