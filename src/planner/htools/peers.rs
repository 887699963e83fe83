//! How much memory each node reserves for the primaries of each other node.

/// A square of sizes: the reserving node first.
#[derive(Clone, Debug)]
pub struct Peers {
    nodes: usize,
    reserved: Vec<i64>,
}

impl Peers {
    /// Nothing reserved among so many nodes.
    pub fn new(nodes: usize) -> Peers {
        Peers {
            nodes,
            reserved: vec![0; nodes * nodes],
        }
    }

    /// What a node reserves for each other one.
    pub fn row(&self, node: usize) -> &[i64] {
        let start = node * self.nodes;
        let row = self.reserved.get(start..start + self.nodes);
        row.unwrap_or_default()
    }

    /// What a node reserves for another, MiB.
    pub fn get(&self, node: usize, primary: usize) -> i64 {
        self.row(node).get(primary).copied().unwrap_or(0)
    }

    /// Reserves more.
    pub fn add(&mut self, node: usize, primary: usize, memory: i64) {
        if let Some(entry) = self.reserved.get_mut(node * self.nodes + primary) {
            *entry += memory;
        }
    }

    /// Reserves less; nothing is kept that is not positive.
    pub fn remove(&mut self, node: usize, primary: usize, memory: i64) {
        if let Some(entry) = self.reserved.get_mut(node * self.nodes + primary) {
            *entry = (*entry - memory).max(0);
        }
    }

    /// The most that a node reserves for one other, MiB.
    pub fn most(&self, node: usize) -> i64 {
        self.row(node).iter().copied().fold(0, i64::max)
    }

    /// What stays reserved on a node whose greatest reservation is `most`, when one of this size goes.
    pub fn most_without(&self, node: usize, primary: usize, memory: i64, most: i64) -> i64 {
        let old = self.get(node, primary);
        if old < most {
            return most;
        }
        let row = self.row(node);
        let (before, from) = row.split_at(primary.min(row.len()));
        let others = before.iter().chain(from.iter().skip(1));
        others.copied().fold((old - memory).max(0), i64::max)
    }

    /// Reserves exactly this.
    pub fn set(&mut self, node: usize, primary: usize, memory: i64) {
        if let Some(entry) = self.reserved.get_mut(node * self.nodes + primary) {
            *entry = memory;
        }
    }

    /// A node's reservations, greatest first, then the later node.
    pub fn sorted(&self, node: usize) -> Vec<(usize, i64)> {
        let row = self.row(node).iter().copied().enumerate();
        let mut out: Vec<(usize, i64)> = row.filter(|(_, memory)| *memory != 0).collect();
        out.sort_by_key(|(node, memory)| std::cmp::Reverse((*memory, *node)));
        out
    }
}
