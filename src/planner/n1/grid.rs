//! Verdicts for each pair of nodes: one that dies and one that takes over; with their counts by node.

use super::Verdict;

/// A square of verdicts.
#[derive(Clone, Debug)]
pub struct Grid {
    nodes: usize,
    /// The node that takes over first.
    verdicts: Vec<Verdict>,
    /// By the node that dies: how many fail, and how many are not known.
    dies: Vec<Count>,
    /// The same by the node that takes over.
    holds: Vec<Count>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    fails: u32,
    unknown: u32,
}

impl Count {
    fn verdict(self) -> Verdict {
        match (self.fails, self.unknown) {
            (0, 0) => Verdict::Holds,
            (0, _) => Verdict::Unknown,
            _ => Verdict::Fails,
        }
    }

    fn add(&mut self, verdict: Verdict, by: i32) {
        match verdict {
            Verdict::Holds => {}
            Verdict::Unknown => self.unknown = self.unknown.saturating_add_signed(by),
            Verdict::Fails => self.fails = self.fails.saturating_add_signed(by),
        }
    }
}

impl Grid {
    /// All hold.
    pub fn new(nodes: usize) -> Grid {
        Grid {
            nodes,
            verdicts: vec![Verdict::Holds; nodes * nodes],
            dies: vec![Count::default(); nodes],
            holds: vec![Count::default(); nodes],
        }
    }

    /// Sets what is said of a pair.
    pub fn set(&mut self, holds: usize, dies: usize, verdict: Verdict) {
        let Some(old) = self.verdicts.get_mut(holds * self.nodes + dies) else {
            return;
        };
        if *old == verdict {
            return;
        }
        let before = std::mem::replace(old, verdict);
        let counts = [self.dies.get_mut(dies), self.holds.get_mut(holds)];
        for count in counts.into_iter().flatten() {
            count.add(before, -1);
            count.add(verdict, 1);
        }
    }

    /// What is said of a pair.
    pub fn get(&self, holds: usize, dies: usize) -> Verdict {
        let place = holds * self.nodes + dies;
        self.verdicts.get(place).copied().unwrap_or_default()
    }

    /// The worst for a node that dies.
    pub fn dies(&self, node: usize) -> Verdict {
        self.dies
            .get(node)
            .map_or(Verdict::Holds, |it| it.verdict())
    }

    /// The worst for a node that takes over.
    pub fn holds(&self, node: usize) -> Verdict {
        self.holds
            .get(node)
            .map_or(Verdict::Holds, |it| it.verdict())
    }
}
