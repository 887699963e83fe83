//! The four operations on a node: an instance comes or goes as its primary or its secondary. Each gives new figures, or
//! the first check that fails; `force` leaves out the soft checks.

use super::instance::Instance;
use super::node::{Figures, Node, Refusal};

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
        return match later(node, before, instance) {
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

    match primary_refusal(node, before, instance, force, arrival.clash) {
        Some(refusal) => Err(refusal),
        None => Ok(now),
    }
}

/// Why a node would refuse an instance as its primary.
pub fn primary_refusal(
    node: &Node,
    before: &Figures,
    instance: &Instance,
    force: bool,
    clash: bool,
) -> Option<Refusal> {
    if instance.forthcoming {
        return later(node, before, instance).filter(|_| !force);
    }
    let (soft, local) = (!force, instance.local);
    let uses = if instance.uses_memory {
        instance.memory
    } else {
        0
    };
    let unallocated = before.unallocated - uses;
    if unallocated <= 0 {
        return Some(Refusal::Memory);
    }
    if local {
        let disk = before.free_disk - instance.disk;
        if disk <= 0 || (soft && disk < node.least_disk) {
            return Some(Refusal::Disk);
        }
        if node.exclusive && Way::In.free_spindles(node, before.free_spindles, instance) < 0 {
            return Some(Refusal::Spindles);
        }
        let spindle_use = Way::In.spindle_use(node, before.spindle_use, instance);
        if soft && spindle_use > node.most_whole_use {
            return Some(Refusal::Disk);
        }
    }
    if force {
        return None;
    }
    let vcpus = before.vcpus + if instance.online { instance.vcpus } else { 0 };
    if unallocated <= before.reserved && !before.fails_n1 {
        Some(Refusal::Memory)
    } else if vcpus > node.most_vcpus {
        Some(Refusal::Cpu)
    } else if clash {
        Some(Refusal::Tags)
    } else {
        later(node, before, instance)
    }
}

/// The soft checks of a primary against what is forthcoming.
fn later(node: &Node, before: &Figures, instance: &Instance) -> Option<Refusal> {
    let local = instance.local;
    let disk = before.free_disk_later - instance.disk;
    let spindles = Way::In.free_spindles(node, before.free_spindles_later, instance);
    let spindle_use = Way::In.spindle_use(node, before.spindle_use_later, instance);
    let vcpus = before.vcpus_later + if instance.online { instance.vcpus } else { 0 };
    if before.free_memory_later - instance.memory <= 0 {
        Some(Refusal::Memory)
    } else if local && (disk <= 0 || disk < node.least_disk) {
        Some(Refusal::Disk)
    } else if local && node.exclusive && spindles < 0 {
        Some(Refusal::Spindles)
    } else if local && spindle_use > node.most_whole_use {
        Some(Refusal::Disk)
    } else if vcpus > node.most_vcpus {
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
    let needed = instance.needed_on_secondary();
    let refusal = secondary_refusal(node, before, instance, force, ignore_disks)
        .or_else(|| n1_refusal(before, instance, force, peer))
        .or_else(|| later_secondary(node, before, instance).filter(|_| !force));
    if let Some(refusal) = refusal {
        return Err(refusal);
    }
    let mut now = *before;
    Way::In.shadow(node, &mut now, instance, true);
    if instance.forthcoming {
        return Ok(now);
    }
    Way::In.disks(node, &mut now, instance, true);
    now.reserved = now.reserved.max(peer + needed);
    now.fails_n1 = now.unallocated <= now.reserved;
    now.load[2] += instance.load[2];
    now.secondaries += 1;
    Ok(now)
}

/// Whether a node takes an instance as its secondary, as far as that does not depend on its primary node.
pub fn takes_secondary(node: &Node, before: &Figures, instance: &Instance, force: bool) -> bool {
    secondary_refusal(node, before, instance, force, false).is_none()
        && (force || later_secondary(node, before, instance).is_none())
}

/// Why a node would refuse an instance as its secondary, apart from N+1 and from what is forthcoming.
pub fn secondary_refusal(
    node: &Node,
    before: &Figures,
    instance: &Instance,
    force: bool,
    ignore_disks: bool,
) -> Option<Refusal> {
    if !instance.has_secondary {
        return Some(Refusal::Disk);
    }
    if instance.forthcoming {
        return None;
    }
    let soft = !force;
    let disk = before.free_disk - instance.disk;
    if (disk <= 0 && !ignore_disks) || (soft && disk < node.least_disk) {
        return Some(Refusal::Disk);
    }
    if node.exclusive && Way::In.free_spindles(node, before.free_spindles, instance) < 0 {
        return Some(Refusal::Spindles);
    }
    let spindle_use = Way::In.spindle_use(node, before.spindle_use, instance);
    if soft && spindle_use > node.most_whole_use {
        Some(Refusal::Disk)
    } else if soft && instance.needed_on_secondary() >= before.unallocated {
        Some(Refusal::Memory)
    } else {
        None
    }
}

/// Whether the node would fail N+1 that did not before.
pub fn n1_refusal(
    before: &Figures,
    instance: &Instance,
    force: bool,
    peer: i64,
) -> Option<Refusal> {
    let reserved = before.reserved.max(peer + instance.needed_on_secondary());
    let fails = !before.fails_n1 && before.unallocated <= reserved;
    (fails && !force && !instance.forthcoming).then_some(Refusal::Memory)
}

/// The soft checks of a secondary against what is forthcoming.
pub fn later_secondary(node: &Node, before: &Figures, instance: &Instance) -> Option<Refusal> {
    let disk = before.free_disk_later - instance.disk;
    let spindles = Way::In.free_spindles(node, before.free_spindles_later, instance);
    let spindle_use = Way::In.spindle_use(node, before.spindle_use_later, instance);
    if disk <= 0 || disk < node.least_disk {
        Some(Refusal::Disk)
    } else if node.exclusive && spindles < 0 {
        Some(Refusal::Spindles)
    } else if spindle_use > node.most_whole_use {
        Some(Refusal::Disk)
    } else if instance.needed_on_secondary() >= before.free_memory_later {
        Some(Refusal::Memory)
    } else {
        None
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
