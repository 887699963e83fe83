//! What the other nodes of a group together have for the instances of one node. Kept from one change to the next: of a
//! node that changes only its own part is taken out and put in again, so that a change costs as many steps as there are
//! nodes, and not their square.

use super::N1;
use super::rest::Rest;

/// Sums over the other nodes. Sizes are MiB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Memory that is left when the largest has no room any more.
    pub spare: i128,
    /// Memory that there is at all.
    pub room: i128,
    /// How many would find room if all were as large as the largest.
    pub large: i128,
    /// And if all were as small as the smallest.
    pub small: i128,
    /// Nodes that would take all of them.
    pub witnesses: i32,
    /// Nodes with memory for the largest.
    pub fits: i32,
    /// Nodes with disk for the largest.
    pub disk_fits: i32,
    /// Nodes to which migration tags bar the way.
    pub barred: i32,
    /// Nodes that told nothing of their disk.
    pub untold: i32,
    /// Nodes of which nothing is known, though they take part.
    pub unknown: i32,
}

impl Tally {
    fn add(&mut self, one: &Tally, sign: i32) {
        let wide = i128::from(sign);
        self.spare += wide * one.spare;
        self.room += wide * one.room;
        self.large += wide * one.large;
        self.small += wide * one.small;
        self.witnesses += sign * one.witnesses;
        self.fits += sign * one.fits;
        self.disk_fits += sign * one.disk_fits;
        self.barred += sign * one.barred;
        self.untold += sign * one.untold;
        self.unknown += sign * one.unknown;
    }
}

/// How many of a size find room; any number of those that take none.
fn slots(left: i64, each: i64) -> i128 {
    match each {
        1.. => i128::from((left.saturating_sub(1) / each).max(0)),
        _ => i128::from(u32::MAX),
    }
}

impl N1 {
    /// The sums for those of a node, from scratch.
    pub(super) fn tally(&self, at: usize, rest: &Rest) -> Tally {
        let group = self.cluster.nodes.get(at).map(|it| it.group);
        let group = group.and_then(|it| self.groups.get(it));
        let mut tally = Tally::default();
        for target in group.into_iter().flatten().filter(|it| **it != at) {
            tally.add(&self.part(*target, at, rest), 1);
        }
        tally
    }

    /// Takes a node's part out of all sums, or puts it in: before and after it changes.
    pub(super) fn weigh(&mut self, target: usize, sign: i32) {
        let Some(group) = self.cluster.nodes.get(target).map(|it| it.group) else {
            return;
        };
        let mut rests = std::mem::take(&mut self.rests);
        for at in self.groups.get(group).into_iter().flatten() {
            let Some(rest) = rests.get_mut(*at).filter(|_| *at != target) else {
                continue;
            };
            if let Some(mut tally) = rest.tally.take() {
                tally.add(&self.part(target, *at, rest), sign);
                rest.tally = Some(tally);
            }
        }
        self.rests = rests;
    }

    /// What one node has for those of another.
    fn part(&self, target: usize, from: usize, rest: &Rest) -> Tally {
        let left = self.left(target, from);
        let disk = self.cluster.figures.get(target);
        let disk = disk.map_or(0, |it| it.free_disk);
        let knows = self.ground.knows(target) || self.is_marked(target);
        let spare = left.saturating_sub(rest.most_memory);
        Tally {
            spare: i128::from(spare.max(0)),
            room: i128::from(left.saturating_sub(1).max(0)),
            large: slots(left, rest.most_memory),
            small: slots(left, rest.least_memory),
            witnesses: i32::from(self.takes_all(target, from, rest)),
            fits: i32::from(left > rest.most_memory),
            disk_fits: i32::from(disk > rest.most_disk),
            barred: i32::from(!self.cluster.tags.may_migrate(from, target)),
            untold: i32::from(!self.ground.knows_disk(target)),
            unknown: i32::from(!knows),
        }
    }
}
