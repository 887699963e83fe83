//! The cluster at one moment, as a plan is made for it.

use std::collections::{BTreeSet, HashMap};

use crate::model::{Cluster, Time};
use crate::planner::htools::N1Rule;
use crate::planner::htools::data::{Data, Instance, Node};
use crate::planner::htools::live::{KVM_NODE_MEMORY, Live, Unknown, live, live_after, node_now};
use crate::planner::n1::Ground;

/// A part of a node's memory by which its free memory may drift and the node still counts as unchanged.
const DRIFT: f64 = 1.0 / 20.0;

/// Likewise of its free disk, MiB.
const DISK_DRIFT: i64 = 1024;

/// A cluster at a moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// What hbal would load.
    pub data: Data,
    /// Which nodes fail N+1, as this Ganeti's version has it.
    pub rule: N1Rule,
    /// What N+1 needs to know besides.
    pub ground: Ground,
    /// What was not known.
    pub unknown: Vec<Unknown>,
    /// When.
    pub at: Time,
}

impl Snapshot {
    /// The present cluster.
    ///
    /// # Errors
    /// If its configuration is not known.
    pub fn of(cluster: &Cluster) -> Result<Snapshot, String> {
        Ok(Snapshot::made(cluster, live(cluster)?))
    }

    /// The present cluster, which was like this before.
    ///
    /// # Errors
    /// As [`Snapshot::of`].
    pub fn anew(&self, cluster: &Cluster) -> Result<Snapshot, String> {
        Ok(Snapshot::made(
            cluster,
            live_after(cluster, &self.data.instances)?,
        ))
    }

    fn made(cluster: &Cluster, mut live: Live) -> Snapshot {
        let (rule, unknown) = (live.n1, std::mem::take(&mut live.unknown));
        let data = live.counted(KVM_NODE_MEMORY);
        Snapshot {
            ground: Ground::live(cluster, &data, &unknown, rule),
            unknown,
            data,
            rule,
            at: cluster.now.at,
        }
    }

    /// Nodes as they are now. Which of them report another free memory, if nothing else about any is another.
    pub fn reported(&self, cluster: &Cluster) -> Option<Vec<(usize, i64)>> {
        let mut moved = Vec::new();
        for (at, before) in self.data.nodes.iter().enumerate() {
            let mut now = node_now(cluster, &before.name, before.group, KVM_NODE_MEMORY)?;
            let free = std::mem::replace(&mut now.free_memory, before.free_memory);
            if now != *before {
                return None;
            }
            if free != before.free_memory {
                moved.push((at, free));
            }
        }
        Some(moved)
    }

    /// Takes in what nodes report of their free memory.
    pub fn take(&mut self, moved: &[(usize, i64)], at: Time) {
        for (node, free) in moved {
            if let (Some(known), Some(figure)) = (
                self.data.nodes.get_mut(*node),
                self.ground.free.get_mut(*node),
            ) {
                (known.free_memory, *figure) = (*free, *free);
            }
        }
        self.at = at;
    }

    /// How many nodes are not now as they were: they came or went, their size or free room is another, or an instance
    /// on them came, went, or is another.
    pub fn changed(&self, now: &Snapshot) -> usize {
        let mut changed: BTreeSet<&str> = BTreeSet::new();
        let before: HashMap<&str, &Node> = by_name(&self.data.nodes, |it| &it.name);
        let after: HashMap<&str, &Node> = by_name(&now.data.nodes, |it| &it.name);
        for (name, node) in &before {
            if after.get(name).is_none_or(|now| differs(node, now)) {
                changed.insert(name);
            }
        }
        changed.extend(after.keys().filter(|name| !before.contains_key(*name)));
        let before = by_name(&self.data.instances, |it| &it.name);
        let after = by_name(&now.data.instances, |it| &it.name);
        for (name, instance) in &before {
            let (old, new) = (self.key(instance), after.get(name).map(|it| now.key(it)));
            if new.as_ref() != Some(&old) {
                changed.extend(old.nodes.into_iter().flatten());
                changed.extend(new.into_iter().flat_map(|it| it.nodes).flatten());
            }
        }
        for (name, instance) in &after {
            if !before.contains_key(name) {
                changed.extend(now.key(instance).nodes.into_iter().flatten());
            }
        }
        changed.len()
    }

    fn key<'a>(&'a self, instance: &'a Instance) -> Key<'a> {
        let node = |at: usize| self.data.nodes.get(at).map(|it| it.name.as_str());
        Key {
            nodes: [node(instance.primary), instance.secondary.and_then(node)],
            memory: instance.memory,
            disk: instance.disk,
            runs: instance.status.uses_memory(),
        }
    }
}

/// What matters of an instance.
#[derive(PartialEq)]
struct Key<'a> {
    nodes: [Option<&'a str>; 2],
    memory: i64,
    disk: i64,
    runs: bool,
}

fn by_name<T>(all: &[T], name: impl Fn(&T) -> &String) -> HashMap<&str, &T> {
    all.iter().map(|it| (name(it).as_str(), it)).collect()
}

fn differs(a: &Node, b: &Node) -> bool {
    let drift = a.free_memory.saturating_sub(b.free_memory).unsigned_abs() as f64;
    let disk = a.free_disk.saturating_sub(b.free_disk);
    (a.offline, a.group) != (b.offline, b.group)
        || a.total_memory != b.total_memory
        || a.total_disk != b.total_disk
        || drift > a.total_memory * DRIFT
        || disk.saturating_abs() > DISK_DRIFT
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::planner::n1::tests::{nodes, put};

    fn snapshot() -> Snapshot {
        let mut data = nodes(4);
        put(&mut data, 1_000, 0, Some(1));
        put(&mut data, 1_000, 2, Some(3));
        Snapshot {
            ground: Ground::of(&data, N1Rule::Reported),
            data,
            rule: N1Rule::Reported,
            unknown: Vec::new(),
            at: Time(0),
        }
    }

    #[test]
    fn an_instance_that_moved_changes_its_old_and_new_nodes() {
        let (before, mut now) = (snapshot(), snapshot());
        assert_eq!(before.changed(&now), 0);
        now.data.instances[0].secondary = Some(2);
        assert_eq!(before.changed(&now), 3);
        now.data.instances.remove(0);
        assert_eq!(before.changed(&now), 2);
        assert_eq!(now.changed(&before), 2);
    }

    #[test]
    fn free_memory_may_drift_a_little() {
        let (before, mut now) = (snapshot(), snapshot());
        now.data.nodes[0].free_memory -= 10;
        assert_eq!(before.changed(&now), 0);
        now.data.nodes[0].free_memory /= 2;
        assert_eq!(before.changed(&now), 1);
        now.data.nodes.pop();
        now.data.instances.pop();
        assert_eq!(before.changed(&now), 3);
    }
}
