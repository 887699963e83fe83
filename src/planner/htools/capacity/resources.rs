//! What a cluster has, and what is used of it. All nodes count, offline ones too.

use crate::planner::htools::cluster::Cluster;

/// Totals of a cluster. Sizes are MiB.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Resources {
    /// Memory.
    pub total_memory: f64,
    /// Disk.
    pub total_disk: f64,
    /// Spindles.
    pub total_spindles: f64,
    /// Physical processors.
    pub total_cpus: f64,
    /// Most virtual processors by the ratios.
    pub most_vcpus: i64,
    /// Memory not promised to anybody.
    pub free_memory: i64,
    /// Memory neither promised nor reserved.
    pub available_memory: i64,
    /// Memory of running instances.
    pub instance_memory: i64,
    /// Memory of the nodes themselves, and what is not accounted for.
    pub overhead: i64,
    /// Free disk.
    pub free_disk: i64,
    /// Free disk above what shall stay free.
    pub available_disk: i64,
    /// Used disk.
    pub used_disk: i64,
    /// Free spindles.
    pub free_spindles: i64,
    /// Used spindles.
    pub used_spindles: i64,
    /// Virtual processors in use.
    pub vcpus: i64,
    /// The same by the ratios: physical processors in use.
    pub busy_cpus: f64,
    /// Most memory available on one node.
    pub node_memory: i64,
    /// Most disk available on one node.
    pub node_disk: i64,
    /// Instances.
    pub instances: usize,
}

impl Resources {
    /// As they are now.
    pub fn of(cluster: &Cluster) -> Resources {
        let mut out = Resources::default();
        for (at, (node, now)) in cluster.nodes.iter().zip(&cluster.figures).enumerate() {
            let disk = (now.free_disk - node.least_disk).max(0);
            out.total_memory += node.total_memory;
            out.total_disk += node.total_disk;
            out.total_spindles += node.spindles as f64;
            out.total_cpus += node.cpus;
            out.most_vcpus += (node.cpu_ratio * node.cpus).floor() as i64;
            out.free_memory += now.unallocated;
            out.available_memory += now.available();
            out.instance_memory += now.instance_memory;
            out.overhead += node.node_memory + node.missing_memory;
            out.free_disk += now.free_disk;
            out.available_disk += disk;
            out.used_disk += node.total_disk as i64 - now.free_disk;
            out.free_spindles += now.free_spindles;
            out.used_spindles += node.spindles - now.free_spindles;
            out.vcpus += now.vcpus;
            out.busy_cpus += now.vcpus as f64 / node.cpu_ratio;
            out.node_memory = out.node_memory.max(now.available());
            out.node_disk = out.node_disk.max(disk);
            out.instances += cluster.primaries.get(at).map_or(0, Vec::len);
        }
        out
    }

    /// Used part of the memory.
    pub fn memory_part(&self) -> f64 {
        self.instance_memory as f64 / self.total_memory
    }

    /// Used part of the disk.
    pub fn disk_part(&self) -> f64 {
        self.used_disk as f64 / self.total_disk
    }

    /// Used part of the spindles.
    pub fn spindle_part(&self) -> f64 {
        self.used_spindles as f64 / self.total_spindles
    }

    /// Used part of the virtual processors.
    pub fn cpu_part(&self) -> f64 {
        self.vcpus as f64 / self.most_vcpus as f64
    }
}
