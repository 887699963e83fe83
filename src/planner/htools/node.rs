//! A node: what is fixed of it, the figures that moves change, and the four operations that change them.
//!
//! Figures come twice: as they are, and a shadow (`*_later`) with the forthcoming instances in it.

use super::data;
use super::instance::Instance;
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
    /// Disks have spindles of their own.
    pub exclusive: bool,
}

impl Node {
    /// A node as loaded. `missing_memory` is found once its instances are known.
    pub fn new(node: &data::Node, policy: &Policy, alias: String) -> Node {
        Node {
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
            most_spindle_use: policy.spindle_ratio * node.spindles as f64,
            exclusive: node.exclusive_storage,
        }
    }

    /// Memory not promised to anybody when instances take so much.
    pub fn unallocated(&self, instance_memory: i64) -> i64 {
        let recorded = self.total_memory as i64 - self.node_memory - instance_memory;
        recorded - self.missing_memory.max(0)
    }
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
            free_spindles: if node.exclusive_storage {
                node.free_spindles
            } else {
                0
            },
            spindle_use: 0,
            vcpus: node.node_cpus,
            free_memory_later: node.free_memory,
            free_disk_later: node.free_disk,
            free_spindles_later: if node.exclusive_storage {
                node.free_spindles
            } else {
                0
            },
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

/// Sign of a change.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    In,
    Out,
}

impl Way {
    fn sign(self) -> i64 {
        match self {
            Way::In => 1,
            Way::Out => -1,
        }
    }

    fn spindle_use(self, node: &Node, old: i64, instance: &Instance) -> i64 {
        match (node.exclusive, instance.local) {
            (true, _) => 0,
            (false, true) => old + self.sign() * instance.spindle_use,
            (false, false) => old,
        }
    }

    fn free_spindles(self, node: &Node, old: i64, instance: &Instance) -> i64 {
        match (node.exclusive, instance.spindles, self) {
            (false, ..) => 0,
            (true, Some(spindles), _) => old - self.sign() * spindles,
            (true, None, Way::In) => -1,
            (true, None, Way::Out) => old,
        }
    }

    /// What both kinds of instances change, on either node.
    fn shadow(self, node: &Node, now: &mut Figures, instance: &Instance, disk: bool) {
        if disk {
            now.free_disk_later -= self.sign() * instance.disk;
        }
        now.spindle_use_later = self.spindle_use(node, now.spindle_use_later, instance);
        now.free_spindles_later = self.free_spindles(node, now.free_spindles_later, instance);
    }

    /// The same for the real figures.
    fn disks(self, node: &Node, now: &mut Figures, instance: &Instance, disk: bool) {
        if disk {
            now.free_disk -= self.sign() * instance.disk;
        }
        now.spindle_use = self.spindle_use(node, now.spindle_use, instance);
        now.free_spindles = self.free_spindles(node, now.free_spindles, instance);
    }
}

/// Takes an instance from its primary node. `conflicts` and `wishes` are what the tags say there:
/// the change of conflicting primaries, and wished-for locations that this node is not in.
pub fn remove_primary(
    node: &Node,
    before: &Figures,
    instance: &Instance,
    conflicts: i64,
    wishes: i64,
) -> Figures {
    let mut now = *before;
    now.free_memory_later += instance.memory;
    Way::Out.shadow(node, &mut now, instance, instance.local);
    if instance.online {
        now.vcpus_later -= instance.vcpus;
    }
    now.conflicts += conflicts;
    if instance.forthcoming {
        return now;
    }
    if instance.uses_memory {
        now.instance_memory -= instance.memory;
        now.unallocated += instance.memory;
    }
    now.fails_n1 = now.unallocated <= now.reserved;
    Way::Out.disks(node, &mut now, instance, instance.local);
    if instance.online {
        now.vcpus -= instance.vcpus;
    }
    for (sum, load) in now.load.iter_mut().zip(instance.load) {
        *sum -= load;
    }
    now.location -= instance.location + wishes;
    now.primaries -= 1;
    now
}

/// What the tags say of a node as the new primary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Arrival {
    /// Change of conflicting primaries.
    pub conflicts: i64,
    /// A primary there has one of the exclusion tags.
    pub clash: bool,
    /// Wished-for locations that the node is not in.
    pub wishes: i64,
    /// Location tags that the instance's two nodes will share.
    pub location: i64,
}

/// Puts an instance onto a node as its primary. `force` leaves out the soft checks.
///
/// # Errors
/// The first check that fails.
pub fn add_primary(
    node: &Node,
    before: &Figures,
    instance: &Instance,
    force: bool,
    arrival: Arrival,
) -> Result<Figures, Refusal> {
    let mut now = *before;
    now.free_memory_later -= instance.memory;
    Way::In.shadow(node, &mut now, instance, instance.local);
    if instance.online {
        now.vcpus_later += instance.vcpus;
    }
    now.conflicts += arrival.conflicts;
    if instance.forthcoming {
        return match later(node, &now, instance) {
            Some(refusal) if !force => Err(refusal),
            _ => Ok(now),
        };
    }
    if instance.uses_memory {
        now.instance_memory += instance.memory;
        now.unallocated -= instance.memory;
    }
    now.fails_n1 = now.unallocated <= now.reserved;
    Way::In.disks(node, &mut now, instance, instance.local);
    if instance.online {
        now.vcpus += instance.vcpus;
    }
    for (sum, load) in now.load.iter_mut().zip(instance.load) {
        *sum += load;
    }
    now.location += arrival.location + arrival.wishes;
    now.primaries += 1;

    let soft = !force;
    let local = instance.local;
    if now.unallocated <= 0 {
        Err(Refusal::Memory)
    } else if local && (now.free_disk <= 0 || (soft && now.free_disk < node.least_disk)) {
        Err(Refusal::Disk)
    } else if local && node.exclusive && now.free_spindles < 0 {
        Err(Refusal::Spindles)
    } else if soft && local && now.spindle_use as f64 > node.most_spindle_use {
        Err(Refusal::Disk)
    } else if soft && now.fails_n1 && !before.fails_n1 {
        Err(Refusal::Memory)
    } else if soft && node.cpu_ratio >= 0.0 && node.cpu_ratio < now.cpu_part(node) {
        Err(Refusal::Cpu)
    } else if soft && arrival.clash {
        Err(Refusal::Tags)
    } else {
        match later(node, &now, instance) {
            Some(refusal) if soft => Err(refusal),
            _ => Ok(now),
        }
    }
}

/// The soft checks of a primary against what is forthcoming.
fn later(node: &Node, now: &Figures, instance: &Instance) -> Option<Refusal> {
    let local = instance.local;
    if now.free_memory_later <= 0 {
        Some(Refusal::Memory)
    } else if local && (now.free_disk_later <= 0 || now.free_disk_later < node.least_disk) {
        Some(Refusal::Disk)
    } else if local && node.exclusive && now.free_spindles_later < 0 {
        Some(Refusal::Spindles)
    } else if local && now.spindle_use_later as f64 > node.most_spindle_use {
        Some(Refusal::Disk)
    } else if node.cpu_ratio >= 0.0 && node.cpu_ratio < now.cpu_part_later(node) {
        Some(Refusal::Cpu)
    } else {
        None
    }
}

/// Takes an instance from its secondary node; `reserved` is what stays reserved there.
pub fn remove_secondary(
    node: &Node,
    before: &Figures,
    instance: &Instance,
    reserved: i64,
) -> Figures {
    let mut now = *before;
    Way::Out.shadow(node, &mut now, instance, instance.local);
    if instance.forthcoming {
        return now;
    }
    Way::Out.disks(node, &mut now, instance, instance.local);
    now.reserved = reserved;
    now.fails_n1 = now.unallocated <= now.reserved;
    now.load[2] -= instance.load[2];
    now.secondaries -= 1;
    now
}

/// Puts an instance onto a node as its secondary. `peer` is what the node reserved for the instance's primary
/// node until now.
///
/// # Errors
/// The first check that fails.
pub fn add_secondary(
    node: &Node,
    before: &Figures,
    instance: &Instance,
    force: bool,
    ignore_disks: bool,
    peer: i64,
) -> Result<Figures, Refusal> {
    let soft = !force;
    let needed = instance.needed_on_secondary();
    let mut now = *before;
    Way::In.shadow(node, &mut now, instance, true);
    let later = |now: &Figures| {
        if now.free_disk_later <= 0 || now.free_disk_later < node.least_disk {
            Some(Refusal::Disk)
        } else if node.exclusive && now.free_spindles_later < 0 {
            Some(Refusal::Spindles)
        } else if now.spindle_use_later as f64 > node.most_spindle_use {
            Some(Refusal::Disk)
        } else if needed >= now.free_memory_later {
            Some(Refusal::Memory)
        } else {
            None
        }
    };
    if !instance.has_secondary {
        return Err(Refusal::Disk);
    }
    if instance.forthcoming {
        return match later(&now) {
            Some(refusal) if soft => Err(refusal),
            _ => Ok(now),
        };
    }
    Way::In.disks(node, &mut now, instance, true);
    now.reserved = now.reserved.max(peer + needed);
    now.fails_n1 = now.unallocated <= now.reserved;
    now.load[2] += instance.load[2];
    now.secondaries += 1;
    if now.free_disk <= 0 && !ignore_disks {
        Err(Refusal::Disk)
    } else if soft && now.free_disk < node.least_disk {
        Err(Refusal::Disk)
    } else if node.exclusive && now.free_spindles < 0 {
        Err(Refusal::Spindles)
    } else if soft && now.spindle_use as f64 > node.most_spindle_use {
        Err(Refusal::Disk)
    } else if soft && (needed >= before.unallocated || (now.fails_n1 && !before.fails_n1)) {
        Err(Refusal::Memory)
    } else {
        match later(&now) {
            Some(refusal) if soft => Err(refusal),
            _ => Ok(now),
        }
    }
}

impl Figures {
    /// What a loaded instance adds on a node that its real sizes do not hold yet: the use of spindles, and all
    /// of what is forthcoming.
    pub fn arrive(&mut self, node: &Node, instance: &Instance, primary: bool) {
        self.spindle_use_later = Way::In.spindle_use(node, self.spindle_use_later, instance);
        if !instance.forthcoming {
            self.spindle_use = Way::In.spindle_use(node, self.spindle_use, instance);
            return;
        }
        if instance.local || !primary {
            self.free_disk_later -= instance.disk;
        }
        self.free_spindles_later = Way::In.free_spindles(node, self.free_spindles_later, instance);
    }
}
