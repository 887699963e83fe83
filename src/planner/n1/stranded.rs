//! Which instances could not start where, and by how much.

use std::cmp::Reverse;

use crate::planner::htools::N1Rule;
use crate::planner::htools::n1::evacuation::{Evacuation, Fate, Lack, Obstacle, Way};

use super::{Kind, N1, Verdict};

/// An instance that could not start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stranded {
    /// Index of the instance.
    pub instance: usize,
    /// By which N+1.
    pub kind: Kind,
    /// How it would leave its node.
    pub way: Way,
    /// What is in the way.
    pub obstacle: Obstacle,
}

/// A node whose death would strand instances, or that has no room left for any.
#[derive(Clone, Debug, PartialEq)]
pub struct Danger {
    /// Index of the node.
    pub node: usize,
    /// The N+1 that strands most, and of equal ones the first.
    pub kind: Kind,
    /// How many that strands. None where nothing depends on the node: it has no memory left of its own.
    pub count: usize,
    /// Everything that is stranded by any of them, kind by kind.
    pub stranded: Vec<Stranded>,
}

/// N+1 in short.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// The worst of all.
    pub verdict: Verdict,
    /// Nodes of which the verdict is not known.
    pub unknown: usize,
    /// Nodes that may die and take part.
    pub nodes: usize,
}

impl N1 {
    /// The verdict on a node's death by all three, and on itself: not known where its figures are not.
    pub fn verdict(&self, node: usize) -> Verdict {
        let worst = self.if_it_dies(node).into_iter().max();
        let worst = worst.unwrap_or_default();
        let full = self.is_full(node);
        match worst {
            _ if full => Verdict::Fails,
            Verdict::Holds if !self.ground.knows(node) => Verdict::Unknown,
            worst => worst,
        }
    }

    /// It fails by itself, whoever dies: it has no memory left.
    fn is_full(&self, node: usize) -> bool {
        self.cannot_take_over(node, Kind::FailN1) && self.fail_n1.holds(node) == Verdict::Holds
    }

    /// All nodes together, without those that are marked offline.
    pub fn summary(&self) -> Summary {
        let nodes = (0..self.cluster.nodes.len()).filter(|at| !self.is_marked(*at));
        let mut summary = Summary::default();
        for verdict in nodes.map(|at| self.verdict(at)) {
            summary.nodes += 1;
            summary.unknown += usize::from(verdict == Verdict::Unknown);
            summary.verdict = summary.verdict.max(verdict);
        }
        summary
    }

    /// All nodes whose death would strand instances, worst first.
    pub fn dangers(&mut self) -> Vec<Danger> {
        let bad = |at: &usize| !self.is_marked(*at) && self.verdict(*at) == Verdict::Fails;
        let bad: Vec<usize> = (0..self.cluster.nodes.len()).filter(bad).collect();
        let mut dangers: Vec<Danger> = bad.into_iter().map(|at| self.danger(at)).collect();
        dangers.sort_by_key(|it| (Reverse(it.count), it.node));
        dangers
    }

    /// What a node's death would strand.
    pub fn danger(&mut self, node: usize) -> Danger {
        let stranded = self.stranded(node);
        let count = |kind: Kind| stranded.iter().filter(|it| it.kind == kind).count();
        let most = Kind::ALL.map(|kind| (count(kind), Reverse(kind)));
        let most = most.into_iter().max();
        let (count, Reverse(kind)) = most.unwrap_or((0, Reverse(Kind::FailN1)));
        Danger {
            node,
            kind: if count == 0 { Kind::FailN1 } else { kind },
            count,
            stranded,
        }
    }

    /// Instances that could not start if a node died, by each of the three.
    pub fn stranded(&mut self, node: usize) -> Vec<Stranded> {
        let [verify, fail_n1, global] = self.if_it_dies(node);
        let mut out = Vec::new();
        if verify == Verdict::Fails {
            self.overflow(node, Kind::Verify, &mut out);
        }
        if fail_n1 == Verdict::Fails {
            self.overflow(node, Kind::FailN1, &mut out);
        }
        if global == Verdict::Fails {
            let stuck = self.fates(node).into_iter();
            out.extend(stuck.filter_map(|fate| {
                let obstacle = fate.obstacle.filter(|_| !self.is_unsure(node, &fate))?;
                Some(Stranded {
                    instance: fate.instance,
                    kind: Kind::Global,
                    way: fate.way,
                    obstacle,
                })
            }));
        }
        out
    }

    /// What becomes of each primary of a node that dies, as hcheck would put them up elsewhere.
    pub fn fates(&mut self, node: usize) -> Vec<Fate> {
        let group = self.cluster.nodes.get(node).map(|it| it.group);
        let Some(group) = group.and_then(|it| self.groups.get(it)) else {
            return Vec::new();
        };
        let mut fates = Evacuation::new(&mut self.cluster, group).fates(node);
        // hcheck names the memory that an offline node lacks; what it lacks is being there.
        for obstacle in fates.iter_mut().filter_map(|it| it.obstacle.as_mut()) {
            if obstacle.node.is_some_and(|at| self.is_marked(at)) {
                obstacle.lack = Lack::Offline;
            }
        }
        fates
    }

    /// One that has found no place might have one on a node of which nothing is known.
    pub fn is_unsure(&self, node: usize, fate: &Fate) -> bool {
        let unsure = |at: usize| !self.ground.knows(at) && !self.is_marked(at);
        if fate.to.is_some() {
            return false;
        }
        if fate.way == Way::Secondary {
            let instance = self.cluster.instances.get(fate.instance);
            return instance.and_then(|it| it.secondary).is_some_and(unsure);
        }
        let group = self.cluster.nodes.get(node).map(|it| it.group);
        let group = group.and_then(|it| self.groups.get(it));
        let mut others = group.into_iter().flatten().filter(|at| **at != node);
        others.any(|at| unsure(*at))
    }

    /// Memory that a node may give to others' instances by one of the first two, and what it would have to, MiB.
    pub fn room(&self, kind: Kind, holds: usize, dies: usize) -> Option<(i64, i64)> {
        let (node, now) = (
            self.cluster.nodes.get(holds)?,
            self.cluster.figures.get(holds)?,
        );
        if kind == Kind::Verify {
            let free = self.ground.free.get(holds).copied()?;
            return Some((free, self.shared(holds, dies).least));
        }
        let moved = self.ground.moved.get(holds).copied().unwrap_or(false);
        let room = match self.ground.rule {
            N1Rule::Reported if !moved => node.free_memory,
            _ => now.unallocated.saturating_sub(1),
        };
        Some((room, self.cluster.peers.get(holds, dies)))
    }

    /// The node that would be nearest to its limit if another died, and that limit.
    pub fn tightest(&self, kind: Kind, dies: usize) -> Option<(usize, i64, i64)> {
        let known = |at: &usize| self.ground.knows(*at) && !self.is_marked(*at);
        let nodes = (0..self.cluster.nodes.len()).filter(known);
        let rooms = nodes.filter_map(|at| {
            let (room, need) = self.room(kind, at, dies)?;
            (need > 0).then_some((at, room, need))
        });
        rooms.min_by_key(|(_, room, need)| room.saturating_sub(*need))
    }

    /// The auto-balanced instances that find no room on their secondary one after the other, by name.
    fn overflow(&self, node: usize, kind: Kind, out: &mut Vec<Stranded>) {
        let mut primaries = self
            .cluster
            .primaries
            .get(node)
            .cloned()
            .unwrap_or_default();
        primaries.sort_unstable();
        let size = |at: usize| match kind {
            Kind::Verify => self.ground.minmem.get(at).copied().unwrap_or(0),
            _ => self.cluster.instances.get(at).map_or(0, |it| it.memory),
        };
        let grid = match kind {
            Kind::Verify => &self.verify,
            _ => &self.fail_n1,
        };
        for holds in
            (0..self.cluster.nodes.len()).filter(|it| grid.get(*it, node) == Verdict::Fails)
        {
            let Some((mut room, _)) = self.room(kind, holds, node) else {
                continue;
            };
            for at in &primaries {
                let counts = self.cluster.instances.get(*at).is_some_and(|it| {
                    let reserved = match kind {
                        Kind::Verify => it.auto_balance,
                        _ => it.reserves,
                    };
                    it.secondary == Some(holds) && reserved
                });
                if !counts {
                    continue;
                }
                let left = room.saturating_sub(size(*at));
                if left >= 0 {
                    room = left;
                    continue;
                }
                out.push(Stranded {
                    instance: *at,
                    kind,
                    way: Way::Secondary,
                    obstacle: Obstacle {
                        node: Some(holds),
                        lack: Lack::Memory(left.saturating_neg()),
                    },
                });
            }
        }
    }
}
