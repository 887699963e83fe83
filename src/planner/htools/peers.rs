//! How much memory each node reserves for the primaries of each other node.

/// A square of sizes: the reserving node first.
#[derive(Clone, Debug)]
pub struct Peers {
    nodes: usize,
    reserved: Vec<i64>,
    /// For each node: for whom it reserves, what changed last first. Tables list equal reservations in this order.
    recent: Vec<Vec<usize>>,
}

/// A reservation as it was.
#[derive(Clone, Debug)]
pub struct Entry {
    node: usize,
    primary: usize,
    memory: i64,
    recent: Vec<usize>,
}

impl Peers {
    /// Nothing reserved among so many nodes.
    pub fn new(nodes: usize) -> Peers {
        Peers {
            nodes,
            reserved: vec![0; nodes * nodes],
            recent: vec![Vec::new(); nodes],
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
        self.touch(node, primary);
    }

    /// Reserves as much as a loaded instance wants. Tables show it even if that is nothing.
    pub fn load(&mut self, node: usize, primary: usize, memory: i64) {
        self.add(node, primary, memory);
        if let Some(list) = self.recent.get_mut(node)
            && !list.contains(&primary)
        {
            list.insert(0, primary);
        }
    }

    /// Reserves less; nothing is kept that is not positive.
    pub fn remove(&mut self, node: usize, primary: usize, memory: i64) {
        if let Some(entry) = self.reserved.get_mut(node * self.nodes + primary) {
            *entry = (*entry - memory).max(0);
        }
        self.touch(node, primary);
    }

    fn touch(&mut self, node: usize, primary: usize) {
        let kept = self.get(node, primary) != 0;
        if let Some(list) = self.recent.get_mut(node) {
            list.retain(|it| *it != primary);
            if kept {
                list.insert(0, primary);
            }
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

    /// What a node reserves for another, to be put back later.
    pub fn entry(&self, node: usize, primary: usize) -> Entry {
        Entry {
            node,
            primary,
            memory: self.get(node, primary),
            recent: self.recent.get(node).cloned().unwrap_or_default(),
        }
    }

    /// Puts it back.
    pub fn put_back(&mut self, entry: Entry) {
        let at = entry.node * self.nodes + entry.primary;
        if let Some(memory) = self.reserved.get_mut(at) {
            *memory = entry.memory;
        }
        if let Some(recent) = self.recent.get_mut(entry.node) {
            *recent = entry.recent;
        }
    }

    /// A node's reservations, greatest first; of equal ones the newest.
    pub fn sorted(&self, node: usize) -> Vec<(usize, i64)> {
        let recent = self.recent.get(node).into_iter().flatten();
        let mut out: Vec<(usize, i64)> = recent.map(|it| (*it, self.get(node, *it))).collect();
        out.sort_by_key(|(_, memory)| std::cmp::Reverse(*memory));
        out
    }
}
