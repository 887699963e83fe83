//! Instances without a half of their disk on another node: on shared storage they can start anywhere in the group, and
//! those whose disks die with their node would have to be created anew.
//!
//! To follow hcheck node by node and score by score is needed only where room is scarce: one node with room for all, or
//! enough room on all, tells that it goes well however they are spread; one that fits nowhere, or less room than all
//! take, that it does not.

use crate::planner::htools::cluster::Cluster;
use crate::planner::htools::n1::evacuation::{Evacuation, Way};

use super::tally::Tally;
use super::{N1, Verdict};

/// Those of one node together. Sizes are MiB.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rest {
    /// How many.
    count: u32,
    /// Of them, on shared storage.
    shared: u32,
    /// Their memory.
    memory: i64,
    /// The largest.
    pub(super) most_memory: i64,
    /// The smallest.
    pub(super) least_memory: i64,
    /// How many are created anew in a volume group.
    local: u32,
    /// Their disk.
    disk: i64,
    /// The largest.
    pub(super) most_disk: i64,
    /// Spindles of all.
    spindles: i64,
    /// Those that nobody counted.
    uncounted: u32,
    /// Refused by the policy: on nodes without exclusive storage, and with it.
    refused: [u32; 2],
    /// A node with room for all of them.
    witness: Option<usize>,
    /// What the other nodes have for them, once that was asked.
    pub(super) tally: Option<Tally>,
    /// What is said of them.
    pub verdict: Verdict,
}

impl Rest {
    /// Of a node; not judged yet.
    pub fn of(cluster: &Cluster, at: usize) -> Rest {
        let mut rest = Rest::default();
        for it in cluster.primaries.get(at).into_iter().flatten() {
            let (Some(instance), Some(loaded)) =
                (cluster.instances.get(*it), cluster.data.instances.get(*it))
            else {
                continue;
            };
            let way = Way::of(loaded.template);
            if way == Way::Secondary {
                continue;
            }
            rest.least_memory = match rest.count {
                0 => instance.taken(),
                _ => rest.least_memory.min(instance.taken()),
            };
            rest.count += 1;
            rest.memory = rest.memory.saturating_add(instance.taken());
            rest.most_memory = rest.most_memory.max(instance.taken());
            // Whole spindles are counted for all that come, though only those with volumes are refused.
            match instance.spindles {
                Some(spindles) => rest.spindles = rest.spindles.saturating_add(spindles),
                None => rest.uncounted += 1,
            }
            if way == Way::Anywhere {
                rest.shared += 1;
                continue;
            }
            if instance.local {
                rest.local += 1;
                rest.disk = rest.disk.saturating_add(instance.disk);
                rest.most_disk = rest.most_disk.max(instance.disk);
            }
            let group = cluster.nodes.get(at).map(|it| it.group);
            let policy = group.and_then(|it| cluster.data.groups.get(it));
            for (refused, exclusive) in rest.refused.iter_mut().zip([false, true]) {
                let objects =
                    policy.is_none_or(|it| it.policy.objects(loaded, exclusive).is_some());
                *refused += u32::from(objects);
            }
        }
        rest
    }
}

impl N1 {
    /// Judges those of a node.
    pub(super) fn settle(&mut self, at: usize) {
        let Some(rest) = self.rests.get(at) else {
            return;
        };
        if rest.count == 0 {
            return;
        }
        let held = rest.witness.filter(|it| self.takes_all(*it, at, rest));
        let (verdict, witness) = match held {
            Some(_) => (Verdict::Holds, held),
            None => self.search(at),
        };
        if let Some(rest) = self.rests.get_mut(at) {
            (rest.verdict, rest.witness) = (verdict, witness);
            if witness.is_some() {
                // As long as that one takes all, nobody asks the others.
                rest.tally = None;
            }
        }
    }

    /// A node would take all of them, wherever some of them go instead.
    pub(super) fn takes_all(&self, target: usize, from: usize, rest: &Rest) -> bool {
        let (Some(node), Some(now)) = (
            self.cluster.nodes.get(target),
            self.cluster.figures.get(target),
        ) else {
            return false;
        };
        let migrates = rest.shared == 0 || self.cluster.tags.may_migrate(from, target);
        let [plain, exclusive] = rest.refused;
        let (refused, spindles) = match node.exclusive {
            true => (
                exclusive,
                rest.uncounted == 0 && rest.spindles <= now.free_spindles,
            ),
            false => (plain, true),
        };
        let told = self.ground.knows_disk(target);
        let disk = rest.local == 0 || (told && now.free_disk > rest.disk && spindles);
        self.left(target, from) > rest.memory && migrates && refused == 0 && disk
    }

    /// Memory of a node that is not promised, once the DRBD instances of another have come, MiB.
    pub(super) fn left(&self, target: usize, from: usize) -> i64 {
        let now = self.cluster.figures.get(target);
        let now = now.map_or(0, |it| it.unallocated);
        now.saturating_sub(self.shared(target, from).memory)
    }

    fn search(&mut self, at: usize) -> (Verdict, Option<usize>) {
        let (Some(rest), Some(node)) = (self.rests.get(at), self.cluster.nodes.get(at)) else {
            return (Verdict::Holds, None);
        };
        let Some(group) = self.groups.get(node.group) else {
            return (Verdict::Fails, None);
        };
        let tally = rest.tally.unwrap_or_else(|| self.tally(at, rest));
        if tally.witnesses > 0 {
            let others = group.iter().copied().filter(|it| *it != at);
            let witness = others.into_iter().find(|it| self.takes_all(*it, at, rest));
            return (Verdict::Holds, witness);
        }
        let stuck = if tally.unknown > 0 {
            Verdict::Unknown
        } else {
            Verdict::Fails
        };
        let (count, memory) = (i128::from(rest.count), i128::from(rest.memory));
        let fits = tally.fits > 0 && tally.room >= memory && tally.small >= count;
        let possible = fits && (rest.local == 0 || tally.disk_fits > 0);
        let spacious = tally.spare > memory || (rest.most_memory > 0 && tally.large >= count);
        let sure = rest.shared == rest.count && tally.barred == 0 && spacious;
        let untold = rest.local > 0 && tally.untold > 0;
        if let Some(rest) = self.rests.get_mut(at) {
            rest.tally = Some(tally);
        }
        match (possible, sure) {
            (false, _) => return (stuck, None),
            (true, true) => return (Verdict::Holds, None),
            (true, false) => {}
        }
        // While the DRBD instances cannot all start it does not matter.
        if self.drbd.dies(at) != Verdict::Holds || self.own_trouble(at) {
            return (stuck, None);
        }
        let group = self.cluster.nodes.get(at).map(|it| it.group);
        let Some(group) = group.and_then(|it| self.groups.get(it)) else {
            return (stuck, None);
        };
        let possible = Evacuation::new(&mut self.cluster, group).possible(at);
        let verdict = match (possible, untold) {
            (true, true) => Verdict::Unknown,
            (true, false) => Verdict::Holds,
            (false, _) => stuck,
        };
        (verdict, None)
    }
}
