//! The live cluster as hbal loads it from the master (`-L`): the same fields with the same meaning. What is not known
//! is never made up: such a node counts as one with `?` values does, and is named with the reason.

mod policy;

use std::collections::HashMap;

use gantry_wire::config;

use super::cluster::N1Rule;
use super::data::{AllocPolicy, Data, Group, Instance, Node, Status};
use super::policy::{Policy, Template};
use crate::model;

/// Figures that LUXI gave count as fresh this long, milliseconds: three times what lies between two questions.
const FRESH_MS: u64 = 180_000;

/// Memory of a node's own on KVM, MiB: hbal takes this whatever the node reports.
pub const KVM_NODE_MEMORY: i64 = 4096;

/// MiB that DRBD adds to each disk for its metadata.
const DRBD_METADATA: u64 = 128;

/// A live cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct Live {
    /// What hbal would load, with the memory that nodes report.
    pub data: Data,
    /// The default hypervisor is KVM.
    pub kvm: bool,
    /// Which nodes fail N+1 at the start, as this Ganeti's version has it.
    pub n1: N1Rule,
    /// The text that hscan of this version writes has the memory of KVM's nodes in it that hbal takes.
    pub scan_fixed: bool,
    /// What is not known.
    pub unknown: Vec<Unknown>,
}

/// Something that is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// `node NAME`, `instance NAME` or `group NAME`.
    pub what: String,
    /// Why, and as what it counts.
    pub why: String,
}

impl std::fmt::Display for Unknown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.what, self.why)
    }
}

/// Takes a cluster as it is now.
///
/// # Errors
/// If its configuration is not known.
pub fn live(cluster: &model::Cluster) -> Result<Live, String> {
    live_after(cluster, &[])
}

/// The same where it was taken before, and these were its instances: what is sorted needs no sorting.
///
/// # Errors
/// As [`live`].
pub fn live_after(cluster: &model::Cluster, before: &[Instance]) -> Result<Live, String> {
    let conf = cluster.conf.as_ref();
    let conf = conf.ok_or("the cluster's configuration is not known")?;
    let mut unknown = Vec::new();
    let groups = groups(cluster, &mut unknown);
    let group_at: HashMap<&str, usize> = index(groups.iter().map(|it| it.name.as_str()));
    let mut nodes = Vec::new();
    for node in cluster.nodes_sorted() {
        let Some(own) = &node.conf else { continue };
        let what = format!("node {}", node.name);
        let Some(group) = group_at.get(own.group.as_str()) else {
            let why = format!("its group {:?} is not known; it is left out", own.group);
            unknown.push(Unknown { what, why });
            continue;
        };
        match figures(cluster, conf, node, own) {
            Ok(figures) => nodes.push(taken(conf, own, *group, figures)),
            Err(why) => {
                let why = format!("{why}; it counts as offline and empty");
                unknown.push(Unknown { what, why });
                nodes.push(blank(conf, own, *group));
            }
        }
    }
    let node_at: HashMap<&str, usize> = index(nodes.iter().map(|it| it.name.as_str()));
    let mut instances = Vec::new();
    for instance in cluster.instances_sorted_after(before.iter().map(|it| it.name.as_str())) {
        instances.extend(instance_of(instance, &node_at, &mut unknown));
    }
    let policy = match policy::read(&conf.ipolicy) {
        Ok(policy) => policy,
        Err(why) => {
            let why = format!("{why}; Ganeti's default counts");
            let what = "the cluster's instance policy".to_owned();
            unknown.push(Unknown { what, why });
            Policy::default()
        }
    };
    let recent = since_3_1(&conf.software_version);
    let data = Data {
        groups,
        nodes,
        instances: instances.into(),
        tags: conf.tags.clone(),
        policy,
    };
    Ok(Live {
        data,
        kvm: is_kvm(conf),
        n1: if recent {
            N1Rule::Recorded
        } else {
            N1Rule::Reported
        },
        scan_fixed: recent,
        unknown,
    })
}

impl Live {
    /// The data that hbal reckons with. `node_memory` is what a node of KVM keeps for itself, MiB; 0 takes what it
    /// reports.
    pub fn counted(mut self, node_memory: i64) -> Data {
        if self.kvm && node_memory > 0 {
            for node in &mut self.data.nodes {
                node.node_memory = node_memory;
            }
        }
        self.data
    }

    /// The data that hscan of this Ganeti writes.
    pub fn scanned(self, node_memory: i64) -> Data {
        if self.scan_fixed {
            self.counted(node_memory)
        } else {
            self.data
        }
    }
}

/// One node of a group as it is now, with the memory of its own that hbal takes; none if it is not in the
/// configuration.
pub fn node_now(
    cluster: &model::Cluster,
    name: &str,
    group: usize,
    node_memory: i64,
) -> Option<Node> {
    let conf = cluster.conf.as_ref()?;
    let node = cluster.nodes.get(name)?;
    let own = node.conf.as_ref()?;
    let mut now = match figures(cluster, conf, node, own) {
        Ok(figures) => taken(conf, own, group, figures),
        Err(_) => blank(conf, own, group),
    };
    if is_kvm(conf) && node_memory > 0 {
        now.node_memory = node_memory;
    }
    Some(now)
}

fn is_kvm(conf: &config::Cluster) -> bool {
    conf.hypervisors.first().is_some_and(|it| it == "kvm")
}

fn index<'a>(names: impl Iterator<Item = &'a str>) -> HashMap<&'a str, usize> {
    names.enumerate().map(|(at, name)| (name, at)).collect()
}

/// Whether a version is 3.1 or later; one that is not understood is taken as older.
fn since_3_1(version: &str) -> bool {
    let mut parts = version.split('.').map(|part| part.parse::<u32>().ok());
    match (parts.next().flatten(), parts.next().flatten()) {
        (Some(major), Some(minor)) => (major, minor) >= (3, 1),
        _ => false,
    }
}

fn groups(cluster: &model::Cluster, unknown: &mut Vec<Unknown>) -> Vec<Group> {
    let mut groups: Vec<&config::Group> = cluster.groups.values().collect();
    groups.sort_by(|a, b| model::natural::compare(&a.name, &b.name));
    let group = |group: &config::Group| {
        let mut wrong = |why| {
            let what = format!("group {}", group.name);
            unknown.push(Unknown { what, why });
        };
        let word = group.alloc_policy.as_str();
        let alloc_policy = AllocPolicy::ALL.into_iter().find(|it| it.word() == word);
        let alloc_policy = alloc_policy.unwrap_or_else(|| {
            wrong(format!(
                "allocation policy {word:?} is not known; unallocable counts"
            ));
            AllocPolicy::Unallocable
        });
        let policy = policy::read(&group.ipolicy).unwrap_or_else(|why| {
            wrong(format!("{why}; Ganeti's default policy counts"));
            Policy::default()
        });
        Group {
            name: group.name.clone(),
            uuid: group.uuid.clone(),
            alloc_policy,
            tags: group.tags.clone(),
            // hbal does not ask for them.
            networks: Vec::new(),
            policy,
        }
    };
    groups.into_iter().map(group).collect()
}

/// What a node reports, MiB.
#[derive(Clone, Copy, Debug, Default)]
struct Reported {
    memory: (u64, u64, u64),
    disk: (u64, u64),
    cpus: (u32, u32),
    spindles: (u32, u32),
}

/// A node's figures, none if it takes no part.
fn figures(
    cluster: &model::Cluster,
    conf: &config::Cluster,
    node: &model::Node,
    own: &config::Node,
) -> Result<Option<Reported>, String> {
    if own.role == "O" || !own.vm_capable {
        return Ok(None);
    }
    let live = node.live.as_ref();
    let live = live.filter(|(at, _)| cluster.now.at.since(*at) < FRESH_MS);
    let xen = conf
        .hypervisors
        .first()
        .is_some_and(|it| it.starts_with("xen"));
    let (memory, cpus) = if node.fresh() && !xen {
        let memory = node.facts.memory.as_ref();
        let memory = memory.ok_or("its memory is not known yet")?;
        let cpus = node.facts.system.as_ref().map(|system| system.cpus);
        let cpus = cpus.ok_or("its processors are not known yet")?;
        // Where the kernel sees all processors, noded says that the system uses all of them.
        let taken = pretended(cluster, conf, node).min(memory.free);
        (
            (memory.total, memory.node, memory.free - taken),
            (cpus, cpus),
        )
    } else {
        let (_, said) = live.ok_or_else(|| unheard(node, xen))?;
        let missing = || "the master could not ask its noded".to_owned();
        let memory = (said.memory_total, said.memory_node, said.memory_free);
        let (Some(total), Some(own), Some(free)) = memory else {
            return Err(missing());
        };
        let cpus = said.cpus.ok_or_else(missing)?;
        ((total, own, free), (cpus, said.cpus_node.unwrap_or(cpus)))
    };
    // Without any, as with storage that nobody measures, hbal takes none as well.
    let disk = if node.fresh() {
        node.disk(Some(conf))
    } else {
        live.and_then(|(_, said)| Some((said.disk_total?, said.disk_free?)))
    };
    let disk = disk.unwrap_or_default();
    let spindles = if own.exclusive_storage {
        let told =
            live.and_then(|(_, it)| Some((it.spindles_total?, it.spindles_free.unwrap_or(0))));
        let spindles = counted(conf, node).or(told);
        spindles.ok_or("its physical volumes are not known, and it has exclusive storage")?
    } else {
        (own.spindle_count, 0)
    };
    Ok(Some(Reported {
        memory,
        disk,
        cpus,
        spindles,
    }))
}

/// Instances of the `fake` hypervisor take no memory; noded takes theirs from what is free all the same.
fn pretended(cluster: &model::Cluster, conf: &config::Cluster, node: &model::Node) -> u64 {
    if conf.hypervisors.first().is_none_or(|it| it != "fake") {
        return 0;
    }
    let primaries = node.primaries.iter();
    let primaries = primaries.filter_map(|name| cluster.instances.get(name));
    let memory = primaries.filter_map(|it| it.live.as_ref()?.1.memory);
    memory.fold(0, u64::saturating_add)
}

fn unheard(node: &model::Node, xen: bool) -> String {
    match &node.trouble {
        _ if node.fresh() && xen => {
            "only Xen itself knows its memory, and its agent does not ask".to_owned()
        }
        Some(why) => format!("no fresh figures: {why}"),
        None => "no fresh figures: nothing was heard of it".to_owned(),
    }
}

/// Physical volumes of the cluster's volume group: all, and the empty ones.
fn counted(conf: &config::Cluster, node: &model::Node) -> Option<(u32, u32)> {
    let lvm = node.facts.lvm.as_ref().filter(|_| node.fresh())?;
    let own = || lvm.pvs.iter().filter(|pv| pv.vg == conf.volume_group);
    let empty = own().filter(|pv| pv.total <= pv.free).count();
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Some((count(own().count()), count(empty)))
}

fn taken(
    conf: &config::Cluster,
    own: &config::Node,
    group: usize,
    reported: Option<Reported>,
) -> Node {
    let mut node = Node {
        spindles: i64::from(own.spindle_count),
        tags: own.tags.clone(),
        exclusive_storage: own.exclusive_storage,
        cpu_speed: own.cpu_speed,
        ..blank(conf, own, group)
    };
    let Some(it) = reported else {
        if own.exclusive_storage {
            node.spindles = 0;
        }
        return node;
    };
    node.offline = own.role == "D";
    let (total, own_memory, free) = it.memory;
    node.total_memory = mib(total) as f64;
    (node.node_memory, node.free_memory) = (mib(own_memory), mib(free));
    (node.total_disk, node.free_disk) = (mib(it.disk.0) as f64, mib(it.disk.1));
    (node.total_cpus, node.node_cpus) = (f64::from(it.cpus.0), i64::from(it.cpus.1));
    (node.spindles, node.free_spindles) = (i64::from(it.spindles.0), i64::from(it.spindles.1));
    node
}

/// A node of which nothing is known.
fn blank(conf: &config::Cluster, own: &config::Node, group: usize) -> Node {
    Node {
        name: own.name.clone(),
        total_memory: 0.0,
        node_memory: 0,
        free_memory: 0,
        total_disk: 0.0,
        free_disk: 0,
        total_cpus: 0.0,
        offline: true,
        master: own.name == conf.master,
        group,
        spindles: 0,
        tags: Vec::new(),
        exclusive_storage: false,
        free_spindles: 0,
        node_cpus: 0,
        cpu_speed: 1.0,
    }
}

fn instance_of(
    instance: &model::Instance,
    nodes: &HashMap<&str, usize>,
    unknown: &mut Vec<Unknown>,
) -> Option<Instance> {
    let own = &instance.conf;
    let mut wrong = |why| {
        let what = format!("instance {}", instance.name);
        unknown.push(Unknown { what, why });
    };
    let Some(primary) = nodes.get(own.primary.as_str()).copied() else {
        wrong(format!(
            "its primary node {:?} is not known; it is left out",
            own.primary
        ));
        return None;
    };
    let secondary = own.secondaries.first();
    let found = secondary.and_then(|name| nodes.get(name.as_str()).copied());
    if let (Some(name), None) = (secondary, found) {
        wrong(format!(
            "its secondary node {name:?} is not known; it has none"
        ));
    }
    let word = own.disk_template.as_str();
    let template = Template::ALL.into_iter().find(|it| it.word() == word);
    let template = template.unwrap_or_else(|| {
        wrong(format!(
            "disk template {word:?} is none of hbal's; it counts as plain and stays where it is"
        ));
        Template::Plain
    });
    let status = instance.status.word().map(model::status::Word::text);
    let status = status.and_then(|word| Status::ALL.into_iter().find(|it| it.word() == word));
    let status = status.unwrap_or_else(|| {
        wrong("whether it runs is not known; its memory counts as taken".to_owned());
        Status::ErrorNodeDown
    });
    let spindles = own.disks.iter().map(|disk| disk.spindles.map(i64::from));
    Some(Instance {
        name: own.name.clone(),
        memory: mib(own.maxmem),
        disk: disk_usage(template, &own.disks),
        disks: own.disks.iter().map(|disk| mib(disk.size)).collect(),
        vcpus: i64::from(own.vcpus),
        status,
        auto_balance: own.auto_balance,
        primary,
        secondary: found.filter(|it| template != Template::Drbd || *it != primary),
        template,
        tags: own.tags.clone(),
        spindle_use: i64::from(own.spindle_use),
        spindles: spindles.sum(),
        forthcoming: own.forthcoming,
    })
}

/// Ganeti's `disk_usage`: what an instance takes on each of its nodes, MiB.
fn disk_usage(template: Template, disks: &[config::Disk]) -> i64 {
    let each = |disk: &config::Disk| match template {
        Template::Drbd => disk.size.saturating_add(DRBD_METADATA),
        Template::Diskless | Template::BlockDev => 0,
        _ => disk.size,
    };
    mib(disks.iter().map(each).fold(0, u64::saturating_add))
}

/// Sizes beyond all measure, which only a broken peer tells, stay far from overflow.
fn mib(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX).min(1 << 40)
}

#[cfg(test)]
mod tests;
