//! Why a node refuses an instance: which check failed, and by how much.

use std::fmt;

use super::newcomer::Newcomer;
use super::targets::Targets;
use crate::planner::htools::cluster::Cluster;
use crate::planner::htools::node::{Figures, Node, Refusal};
use crate::planner::htools::policy::{Aspect, Objection};
use crate::planner::htools::print::number::fixed;

/// What failed, and by how much. Sizes are MiB.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// Offline, or nothing is known of it.
    Offline,
    /// Not in the policy of the node's group.
    Policy(Objection),
    /// So much memory is missing.
    Memory(i64),
    /// So much memory is missing for what would have to start here if another node failed.
    Reserve(i64),
    /// So much disk is missing.
    Disk(i64),
    /// So much disk is missing of what shall stay free.
    DiskReserve(i64),
    /// So many whole spindles are missing, if it is known how many are wanted.
    Spindles(Option<i64>),
    /// The use of spindles would be so much above the limit.
    SpindleUse(i64),
    /// So many virtual processors too many.
    Cpus(i64),
    /// A primary there has one of its exclusion tags.
    Tags(Vec<String>),
    /// Its template has no secondary.
    NoSecondary,
}

/// A node that refuses.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    /// Index of the node.
    pub node: usize,
    /// Its name.
    pub name: String,
    /// As the secondary, not as the primary.
    pub secondary: bool,
    /// Only what is forthcoming is in the way.
    pub later: bool,
    /// The mode that the htools count.
    pub mode: Option<Refusal>,
    /// Why.
    pub reason: Reason,
}

impl Reason {
    /// A word for programs.
    pub fn word(&self) -> &'static str {
        match self {
            Reason::Offline => "offline",
            Reason::Policy(_) => "policy",
            Reason::Memory(_) => "memory",
            Reason::Reserve(_) => "memory_reserve",
            Reason::Disk(_) => "disk",
            Reason::DiskReserve(_) => "disk_reserve",
            Reason::Spindles(_) => "spindles",
            Reason::SpindleUse(_) => "spindle_use",
            Reason::Cpus(_) => "vcpus",
            Reason::Tags(_) => "tags",
            Reason::NoSecondary => "no_secondary",
        }
    }

    /// By how much, where that is a number.
    pub fn short(&self) -> Option<i64> {
        match self {
            Reason::Memory(n)
            | Reason::Reserve(n)
            | Reason::Disk(n)
            | Reason::DiskReserve(n)
            | Reason::SpindleUse(n)
            | Reason::Cpus(n) => Some(*n),
            Reason::Spindles(n) => *n,
            Reason::Policy(objection) => objection
                .value
                .map(|value| value.saturating_sub(objection.limit).saturating_abs()),
            Reason::Offline | Reason::Tags(_) | Reason::NoSecondary => None,
        }
    }
}

/// A size in the unit that fits.
fn size(mib: i64) -> String {
    match mib {
        ..1_024 => format!("{mib} MiB"),
        1_024..1_048_576 => format!("{} GiB", fixed(mib as f64 / 1_024.0, 1)),
        _ => format!("{} TiB", fixed(mib as f64 / 1_048_576.0, 1)),
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Offline => f.write_str("offline"),
            Reason::Policy(objection) => policy(f, objection),
            Reason::Memory(short) => write!(f, "{} of memory short", size(*short)),
            Reason::Reserve(short) => {
                let short = size(*short);
                write!(f, "{short} of memory short for N+1")
            }
            Reason::Disk(short) => write!(f, "{} of disk short", size(*short)),
            Reason::DiskReserve(short) => {
                write!(f, "{} short of the disk to be left free", size(*short))
            }
            Reason::Spindles(Some(short)) => write!(f, "{short} spindles short"),
            Reason::Spindles(None) => f.write_str("it is not known how many spindles it wants"),
            Reason::SpindleUse(over) => write!(f, "use of spindles {over} above the limit"),
            Reason::Cpus(over) => write!(f, "{over} virtual processors above the limit"),
            Reason::Tags(tags) => write!(f, "another instance has {}", tags.join(", ")),
            Reason::NoSecondary => f.write_str("its disk template has no secondary"),
        }
    }
}

fn policy(f: &mut fmt::Formatter<'_>, objection: &Objection) -> fmt::Result {
    let (what, sized) = match objection.aspect {
        Aspect::Memory => ("memory", true),
        Aspect::Disk => ("a disk", true),
        Aspect::Cpus => ("virtual processors", false),
        Aspect::Spindles => ("spindles", false),
        Aspect::Disks => ("number of disks", false),
        Aspect::Template => return f.write_str("the policy does not allow its disk template"),
    };
    let Some(value) = objection.value else {
        return write!(f, "the policy wants to know its {what}");
    };
    let side = if objection.above { "above" } else { "below" };
    let by = value.saturating_sub(objection.limit).saturating_abs();
    let by = if sized { size(by) } else { by.to_string() };
    write!(f, "{what} {by} {side} the policy's limit")
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let role = if self.secondary { " as secondary" } else { "" };
        let later = if self.later {
            ", with what is forthcoming"
        } else {
            ""
        };
        write!(f, "{}{role}: {}{later}", self.name, self.reason)
    }
}

/// Why a node refuses an instance as its primary, or as its secondary with that other primary.
pub fn refused(
    cluster: &Cluster,
    newcomer: &Newcomer,
    at: usize,
    primary: Option<usize>,
) -> Option<Refused> {
    let (node, now) = (cluster.nodes.get(at)?, cluster.figures.get(at)?);
    let found = if node.offline {
        Some((Reason::Offline, None, false))
    } else if let Some(primary) = primary {
        as_secondary(newcomer, (node, now), cluster.peers.get(at, primary))
    } else {
        as_primary(cluster, newcomer, at, (node, now))
    };
    let (reason, mode, later) = found?;
    Some(Refused {
        node: at,
        name: cluster.data.nodes.get(at)?.name.clone(),
        secondary: primary.is_some(),
        later,
        mode,
        reason,
    })
}

type Found = Option<(Reason, Option<Refusal>, bool)>;

fn as_primary(
    cluster: &Cluster,
    newcomer: &Newcomer,
    at: usize,
    (node, now): (&Node, &Figures),
) -> Found {
    let instance = &newcomer.instance;
    let policy = cluster.data.groups.get(node.group).map(|it| &it.policy);
    if let Some(objection) = policy.and_then(|it| it.objects(&newcomer.loaded, node.exclusive)) {
        return Some((Reason::Policy(objection), Some(objection.refusal()), false));
    }
    let (_, clash) = cluster.tags.coming(at, instance);
    let memory = if instance.uses_memory {
        instance.memory
    } else {
        0
    };
    let left = now.unallocated.saturating_sub(memory);
    let vcpus = if instance.online { instance.vcpus } else { 0 };
    let real = |reason, mode| Some((reason, Some(mode), false));
    if !instance.forthcoming {
        if left <= 0 {
            return real(Reason::Memory(1 - left), Refusal::Memory);
        }
        if instance.local {
            let room = disk(
                node,
                newcomer,
                now.free_disk,
                now.free_spindles,
                now.spindle_use,
            );
            if let Some((reason, mode)) = room {
                return real(reason, mode);
            }
        }
        if left <= now.reserved && !now.fails_n1 {
            return real(Reason::Reserve(now.reserved - left + 1), Refusal::Memory);
        }
        let over = now
            .vcpus
            .saturating_add(vcpus)
            .saturating_sub(node.most_vcpus);
        if over > 0 {
            return real(Reason::Cpus(over), Refusal::Cpu);
        }
        if clash {
            let tags = cluster.tags.shared_exclusion(at, instance);
            return real(Reason::Tags(tags), Refusal::Tags);
        }
    }
    let later = |reason, mode| Some((reason, Some(mode), true));
    let left = now.free_memory_later.saturating_sub(instance.memory);
    if left <= 0 {
        return later(Reason::Memory(1 - left), Refusal::Memory);
    }
    if instance.local {
        let room = disk(
            node,
            newcomer,
            now.free_disk_later,
            now.free_spindles_later,
            now.spindle_use_later,
        );
        if let Some((reason, mode)) = room {
            return later(reason, mode);
        }
    }
    let over = now
        .vcpus_later
        .saturating_add(vcpus)
        .saturating_sub(node.most_vcpus);
    (over > 0).then_some((Reason::Cpus(over), Some(Refusal::Cpu), true))
}

fn as_secondary(newcomer: &Newcomer, (node, now): (&Node, &Figures), peer: i64) -> Found {
    let instance = &newcomer.instance;
    if !instance.has_secondary {
        return Some((Reason::NoSecondary, Some(Refusal::Disk), false));
    }
    let needed = instance.needed_on_secondary();
    let real = |reason, mode| Some((reason, Some(mode), false));
    if !instance.forthcoming {
        let room = disk(
            node,
            newcomer,
            now.free_disk,
            now.free_spindles,
            now.spindle_use,
        );
        if let Some((reason, mode)) = room {
            return real(reason, mode);
        }
        if needed >= now.unallocated {
            let short = needed.saturating_sub(now.unallocated) + 1;
            return real(Reason::Memory(short), Refusal::Memory);
        }
        let reserved = now.reserved.max(peer.saturating_add(needed));
        if now.unallocated <= reserved && !now.fails_n1 {
            let short = reserved - now.unallocated + 1;
            return real(Reason::Reserve(short), Refusal::Memory);
        }
    }
    let later = |reason, mode| Some((reason, Some(mode), true));
    let room = disk(
        node,
        newcomer,
        now.free_disk_later,
        now.free_spindles_later,
        now.spindle_use_later,
    );
    if let Some((reason, mode)) = room {
        return later(reason, mode);
    }
    let short = needed.saturating_sub(now.free_memory_later);
    (short >= 0).then_some((Reason::Memory(short + 1), Some(Refusal::Memory), true))
}

/// What is missing of disk and spindles.
fn disk(
    node: &Node,
    newcomer: &Newcomer,
    free: i64,
    spindles: i64,
    spindle_use: i64,
) -> Option<(Reason, Refusal)> {
    let instance = &newcomer.instance;
    let left = free.saturating_sub(instance.disk);
    if left <= 0 {
        return Some((Reason::Disk(1 - left), Refusal::Disk));
    }
    if left < node.least_disk {
        return Some((Reason::DiskReserve(node.least_disk - left), Refusal::Disk));
    }
    if node.exclusive {
        return match instance.spindles {
            None => Some((Reason::Spindles(None), Refusal::Spindles)),
            Some(wanted) if wanted > spindles => {
                let short = wanted.saturating_sub(spindles);
                Some((Reason::Spindles(Some(short)), Refusal::Spindles))
            }
            Some(_) => None,
        };
    }
    let over = spindle_use
        .saturating_add(instance.spindle_use)
        .saturating_sub(node.most_whole_use);
    (over > 0).then_some((Reason::SpindleUse(over), Refusal::Disk))
}

/// Why the nodes refuse an instance: each as the primary, and for pairs each as the secondary where it is one for no
/// primary.
pub fn refusals(cluster: &Cluster, newcomer: &Newcomer, targets: &Targets) -> Vec<Refused> {
    let pairs = match targets {
        Targets::Single(nodes) => {
            let refused = |at: &usize| refused(cluster, newcomer, *at, None);
            return nodes.iter().filter_map(refused).collect();
        }
        Targets::Pairs(pairs) => pairs,
    };
    let primary = |(at, _): &(usize, Vec<usize>)| refused(cluster, newcomer, *at, None);
    let mut out: Vec<Refused> = pairs.iter().filter_map(primary).collect();
    for (at, others) in pairs {
        let mut asked = others
            .iter()
            .map(|other| refused(cluster, newcomer, *at, Some(*other)));
        let Some(first) = asked.next() else {
            continue;
        };
        if asked.all(|it| it.is_some()) {
            out.extend(first);
        }
    }
    out
}
