//! Sums over a cluster, for the header.

use super::Cluster;
use super::job::finished;

/// Sums over a cluster. What is not known is not counted, and said to be missing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Totals {
    /// Nodes, and how many of them answer.
    pub nodes: usize,
    /// Nodes whose agent answers.
    pub nodes_up: usize,
    /// Nodes marked offline.
    pub nodes_offline: usize,
    /// Instances.
    pub instances: usize,
    /// Instances that run.
    pub running: usize,
    /// Instances in an `ERROR_` state.
    pub errors: usize,
    /// Instances whose status is not known.
    pub unknown: usize,
    /// Memory of all nodes that told theirs, MiB.
    pub memory_total: u64,
    /// Of that, free.
    pub memory_free: u64,
    /// Disk space of all nodes that told theirs, MiB.
    pub disk_total: u64,
    /// Of that, free.
    pub disk_free: u64,
    /// Jobs running or being cancelled.
    pub jobs_running: usize,
    /// Jobs queued or waiting for locks.
    pub jobs_waiting: usize,
}

/// Adds everything up.
pub fn totals(cluster: &Cluster) -> Totals {
    let mut sums = Totals {
        nodes: cluster.nodes.len(),
        ..Totals::default()
    };
    for node in cluster.nodes.values() {
        sums.nodes_offline += usize::from(node.offline());
        sums.nodes_up += usize::from(node.fresh());
        if node.offline() {
            continue;
        }
        if let Some(memory) = node.memory() {
            sums.memory_total = sums.memory_total.saturating_add(memory.total);
            sums.memory_free = sums.memory_free.saturating_add(memory.free);
        }
        if let Some((total, free)) = node.disk(cluster.conf.as_ref()) {
            sums.disk_total = sums.disk_total.saturating_add(total);
            sums.disk_free = sums.disk_free.saturating_add(free);
        }
    }
    sums.instances = cluster.instances.len();
    for instance in cluster.instances.values() {
        match instance.status.word() {
            None => sums.unknown += 1,
            Some(word) => {
                sums.errors += usize::from(word.is_error());
                sums.running += usize::from(word.is_up());
            }
        }
    }
    for job in cluster.jobs.values().filter(|job| !finished(&job.status)) {
        match job.status.as_str() {
            "queued" | "waiting" => sums.jobs_waiting += 1,
            _ => sums.jobs_running += 1,
        }
    }
    sums
}
