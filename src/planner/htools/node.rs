//! A node: what is fixed of it, and the figures that moves change.
//!
//! Figures come twice: as they are, and a shadow (`*_later`) with the forthcoming instances in it.

use super::data;
use super::policy::Policy;

/// Why a node refuses an instance, in canonical order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refusal {
    /// Memory.
    Memory,
    /// Disk space, or the use of spindles.
    Disk,
    /// Virtual processors.
    Cpu,
    /// The cluster would not be N+1 redundant.
    N1,
    /// An instance with the same exclusion tag is there.
    Tags,
    /// Migration tags forbid it.
    Migration,
    /// Number of disks.
    DiskCount,
    /// Whole spindles.
    Spindles,
}

/// The htools' words for the modes of failure, in canonical order; the last is never seen here.
pub const MODES: [&str; 9] = [
    "FailMem",
    "FailDisk",
    "FailCPU",
    "FailN1",
    "FailTags",
    "FailMig",
    "FailDiskCount",
    "FailSpindles",
    "FailInternal",
];

impl Refusal {
    /// All, in canonical order.
    pub const ALL: [Refusal; 8] = [
        Refusal::Memory,
        Refusal::Disk,
        Refusal::Cpu,
        Refusal::N1,
        Refusal::Tags,
        Refusal::Migration,
        Refusal::DiskCount,
        Refusal::Spindles,
    ];

    /// The htools' word.
    pub fn word(self) -> &'static str {
        MODES.get(self as usize).copied().unwrap_or_default()
    }
}

/// What stays as it is while instances move.
#[derive(Clone, Debug)]
pub struct Node {
    /// Name without the common suffix.
    pub alias: String,
    /// Index of its group.
    pub group: usize,
    /// Takes no part: offline, drained, or not known.
    pub offline: bool,
    /// Total memory, MiB.
    pub total_memory: f64,
    /// Memory the node itself uses, MiB.
    pub node_memory: i64,
    /// Free memory as reported, MiB.
    pub free_memory: i64,
    /// Memory that neither node nor instances account for, MiB; fixed when loaded.
    pub missing_memory: i64,
    /// Total disk, MiB.
    pub total_disk: f64,
    /// Free disk below which nothing is put there, MiB.
    pub least_disk: i64,
    /// Physical processors.
    pub cpus: f64,
    /// Their relative speed.
    pub speed: f64,
    /// Most virtual processors for each physical one; none if negative.
    pub cpu_ratio: f64,
    /// Spindles.
    pub spindles: i64,
    /// Most use of spindles.
    pub most_spindle_use: f64,
    /// The same, as far as whole uses go.
    pub most_whole_use: i64,
    /// Most virtual processors, by `cpu_ratio`.
    pub most_vcpus: i64,
    /// Disks have spindles of their own.
    pub exclusive: bool,
}

impl Node {
    /// A node as loaded. `missing_memory` is found once its instances are known.
    pub fn new(node: &data::Node, policy: &Policy, alias: String) -> Node {
        let most_spindle_use = policy.spindle_ratio * node.spindles as f64;
        let mut out = Node {
            alias,
            group: node.group,
            offline: node.offline,
            total_memory: node.total_memory,
            node_memory: node.node_memory,
            free_memory: node.free_memory,
            missing_memory: 0,
            total_disk: node.total_disk,
            least_disk: 0,
            cpus: node.total_cpus,
            speed: node.cpu_speed,
            cpu_ratio: policy.vcpu_ratio,
            spindles: node.spindles,
            most_spindle_use,
            most_whole_use: greatest(most_spindle_use, |n| n > most_spindle_use),
            most_vcpus: i64::MAX,
            exclusive: node.exclusive_storage,
        };
        out.set_cpu_ratio(policy.vcpu_ratio);
        out
    }

    /// Sets how many virtual processors each physical one may have; a negative ratio sets no limit.
    pub fn set_cpu_ratio(&mut self, ratio: f64) {
        let cpus = self.cpus;
        self.cpu_ratio = ratio;
        self.most_vcpus = if ratio >= 0.0 {
            greatest(ratio * cpus, |n| ratio < n / cpus)
        } else {
            i64::MAX
        };
    }

    /// Memory not promised to anybody when instances take so much.
    pub fn unallocated(&self, instance_memory: i64) -> i64 {
        let recorded = self.total_memory as i64 - self.node_memory - instance_memory;
        recorded - self.missing_memory.max(0)
    }
}

/// The greatest whole number that is not too much; it is near this one.
fn greatest(near: f64, too_much: impl Fn(f64) -> bool) -> i64 {
    let mut at = near.floor();
    if too_much(at) {
        at -= 1.0;
    } else if !too_much(at + 1.0) {
        at += 1.0;
    }
    if at.is_nan() { i64::MAX } else { at as i64 }
}

/// What moves change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figures {
    /// Memory of the instances that run there as their primary, MiB.
    pub instance_memory: i64,
    /// Memory not promised to anybody, MiB.
    pub unallocated: i64,
    /// Memory reserved for the failure of the worst other node, MiB.
    pub reserved: i64,
    /// Some other node may fail whose instances would not fit.
    pub fails_n1: bool,
    /// Free disk, MiB.
    pub free_disk: i64,
    /// Free spindles.
    pub free_spindles: i64,
    /// Use of spindles.
    pub spindle_use: i64,
    /// Virtual processors in use.
    pub vcpus: i64,
    /// Free memory as reported, less what is forthcoming, MiB.
    pub free_memory_later: i64,
    /// Free disk, likewise.
    pub free_disk_later: i64,
    /// Free spindles, likewise.
    pub free_spindles_later: i64,
    /// Use of spindles, likewise.
    pub spindle_use_later: i64,
    /// Virtual processors, likewise.
    pub vcpus_later: i64,
    /// Loads: processor, memory, disk, network.
    pub load: [f64; 4],
    /// Location tags shared by the two nodes of an instance, and locations wished for in vain.
    pub location: i64,
    /// Number of primaries.
    pub primaries: i64,
    /// Number of secondaries.
    pub secondaries: i64,
    /// Primaries with an exclusion tag that another has too.
    pub conflicts: i64,
}

impl Figures {
    /// An empty node.
    pub fn new(node: &data::Node) -> Figures {
        Figures {
            instance_memory: 0,
            unallocated: 0,
            reserved: 0,
            fails_n1: false,
            free_disk: node.free_disk,
            free_spindles: node.free_spindles,
            spindle_use: 0,
            vcpus: node.node_cpus,
            free_memory_later: node.free_memory,
            free_disk_later: node.free_disk,
            free_spindles_later: node.free_spindles,
            spindle_use_later: 0,
            vcpus_later: node.node_cpus,
            load: [0.0; 4],
            location: 0,
            primaries: 0,
            secondaries: 0,
            conflicts: 0,
        }
    }

    /// Unallocated as a part of all memory.
    pub fn memory_part(&self, node: &Node) -> f64 {
        self.unallocated as f64 / node.total_memory
    }

    /// The same by reported memory, less what is forthcoming.
    pub fn memory_part_later(&self, node: &Node) -> f64 {
        self.free_memory_later as f64 / node.total_memory
    }

    /// Reserved as a part of all memory.
    pub fn reserved_part(&self, node: &Node) -> f64 {
        self.reserved as f64 / node.total_memory
    }

    /// Free part of the disk, or of the spindles where they are whole.
    pub fn disk_part(&self, node: &Node) -> f64 {
        disk_part(node, self.free_disk, self.free_spindles)
    }

    /// The same less what is forthcoming.
    pub fn disk_part_later(&self, node: &Node) -> f64 {
        disk_part(node, self.free_disk_later, self.free_spindles_later)
    }

    /// Virtual processors for each physical one.
    pub fn cpu_part(&self, node: &Node) -> f64 {
        self.vcpus as f64 / node.cpus
    }

    /// The same with what is forthcoming.
    pub fn cpu_part_later(&self, node: &Node) -> f64 {
        self.vcpus_later as f64 / node.cpus
    }

    /// Memory that is neither promised nor reserved, MiB.
    pub fn available(&self) -> i64 {
        (self.unallocated - self.reserved).max(0)
    }
}

fn disk_part(node: &Node, disk: i64, spindles: i64) -> f64 {
    let (free, total) = if node.exclusive {
        (spindles, node.spindles as f64)
    } else {
        (disk, node.total_disk)
    };
    if total == 0.0 {
        1.0
    } else {
        free as f64 / total
    }
}
