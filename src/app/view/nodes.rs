//! The nodes table.

use std::borrow::Cow;

use crate::app::columns::{Col, Column};
use crate::app::facts::Facts;
use crate::app::rows::{Id, Scope, SortKey};
use crate::app::steady::{Meter, Reading};
use crate::app::tone::{self, Tone};
use crate::model::words::age;
use crate::model::{Cluster, Name, Node, Reach};

/// Its columns; memory and disk under the names that `gnt-node list` gives them.
pub const COLUMNS: &[Column] = &[
    Column::text(Col::Name, "NODE", 10, 0).growing(32),
    Column::text(Col::Group, "GROUP", 8, 9).growing(16),
    Column::text(Col::Role, "ROLE", 9, 2),
    Column::text(Col::Reach, "REACH", 10, 1).apart(),
    Column::number(Col::Pri, "PRI", 4, 4),
    Column::number(Col::Sec, "SEC", 4, 6),
    Column::number(Col::MemBar, "MEMORY", 12, 12).live(),
    Column::number(Col::MemFree, "MFREE", 7, 3).live(),
    Column::number(Col::MemTotal, "MTOTAL", 7, 8),
    Column::number(Col::MemNode, "MNODE", 7, 14).live(),
    Column::number(Col::DiskBar, "DISK", 12, 15).live(),
    Column::number(Col::DiskFree, "DFREE", 7, 7).live(),
    Column::number(Col::DiskTotal, "DTOTAL", 7, 10),
    Column::number(Col::Cpu, "CPU", 5, 5).live(),
    Column::number(Col::CpuPast, "2 MIN", 12, 13).live(),
    Column::number(Col::Load, "LOAD", 6, 6).live(),
    Column::number(Col::VcpuRatio, "VCPU", 5, 11),
    Column::number(Col::Uptime, "UP", 5, 11),
    Column::number(Col::Age, "AGE", 5, 9).live(),
];

/// Nodes in Ganeti's order.
pub fn ids(cluster: &Cluster, facts: &Facts, scope: &Scope) -> Vec<Id> {
    let of_scope = |name: &&Name| match scope {
        Scope::Group(group) => cluster
            .nodes
            .get(*name)
            .is_some_and(|node| node.group() == &**group),
        Scope::All | Scope::Node(_) => true,
    };
    let nodes = facts.nodes.iter().filter(of_scope);
    nodes.map(|name| Id::Node(name.clone())).collect()
}

/// What a filter searches.
pub fn words(cluster: &Cluster, facts: &Facts, name: &Name) -> Option<Vec<String>> {
    let node = cluster.nodes.get(name)?;
    Some(vec![
        facts.names.short(name).to_owned(),
        name.to_string(),
        node.group().to_owned(),
        role(node).to_owned(),
        reach_mark(node, cluster, facts).into_owned(),
    ])
}

/// The text of a column that grows.
pub fn text<'a>(
    cluster: &'a Cluster,
    facts: &'a Facts,
    name: &'a Name,
    col: Col,
) -> Option<Cow<'a, str>> {
    Some(Cow::Borrowed(match col {
        Col::Name => facts.names.short(name),
        Col::Group => cluster.nodes.get(name)?.group(),
        _ => return None,
    }))
}

/// A node's place in the order of a column.
pub fn sort_key(cluster: &Cluster, facts: &Facts, name: &Name, col: Col) -> Option<SortKey> {
    let node = cluster.nodes.get(name)?;
    let memory = node.memory().filter(|_| tells(node));
    let disk = node.disk(cluster.conf.as_ref()).filter(|_| tells(node));
    let share = |total: u64, free: u64| total.saturating_sub(free) as f64 / total.max(1) as f64;
    Some(match col {
        Col::Group => SortKey::Text(node.group().to_owned()),
        Col::Role => SortKey::number("MCRDO".find(node.role()).map(|at| at as f64)),
        Col::Reach => SortKey::Text(reach_mark(node, cluster, facts).into_owned()),
        Col::Pri => SortKey::Number(node.primaries.len() as f64),
        Col::Sec => SortKey::Number(node.secondaries.len() as f64),
        Col::MemBar => SortKey::number(memory.map(|m| share(m.total, m.free))),
        Col::MemFree => SortKey::size(memory.map(|m| m.free)),
        Col::MemTotal => SortKey::size(memory.map(|m| m.total)),
        Col::MemNode => SortKey::size(memory.map(|m| m.node)),
        Col::DiskBar => SortKey::number(disk.map(|(total, free)| share(total, free))),
        Col::DiskFree => SortKey::size(disk.map(|(_, free)| free)),
        Col::DiskTotal => SortKey::size(disk.map(|(total, _)| total)),
        Col::Cpu | Col::CpuPast => SortKey::number(cpu(node)),
        Col::Load => SortKey::number(load(node)),
        Col::VcpuRatio => SortKey::number(vcpu_ratio(cluster, node)),
        Col::Uptime => SortKey::number(uptime(cluster, node)),
        Col::Age => SortKey::number(node.figures_at().map(|at| cluster.now.at.since(at) as f64)),
        _ => return None,
    })
}

/// The numbers that are held steady.
pub fn readings(cluster: &Cluster, name: &Name) -> Vec<Reading> {
    let Some(node) = cluster.nodes.get(name) else {
        return Vec::new();
    };
    let memory = node.memory().filter(|_| tells(node));
    let total = memory.map_or(0, |memory| memory.total) as f64;
    let disk = node.disk(cluster.conf.as_ref()).filter(|_| tells(node));
    let load = load(node);
    let reading = |meter, value, step| Reading { meter, value, step };
    let mib = |value: Option<u64>| value.map(|value| value as f64);
    vec![
        reading(Meter::Cpu, cpu(node).map(f64::round), 2.0),
        reading(Meter::Load, load, load.unwrap_or(0.0).max(1.0) * 0.1),
        reading(Meter::MemFree, mib(memory.map(|m| m.free)), total * 0.01),
        reading(Meter::MemNode, mib(memory.map(|m| m.node)), total * 0.01),
        reading(
            Meter::DiskFree,
            mib(disk.map(|(_, free)| free)),
            disk.map_or(0.0, |(total, _)| total as f64 * 0.001),
        ),
    ]
}

/// What it says of itself, or LUXI says of it, may be shown as how it is: a lost one's figures are
/// of the past, and those of one marked offline mean nothing.
pub fn tells(node: &Node) -> bool {
    !node.offline() && (node.fresh() || node.heard.is_none() && node.live.is_some())
}

/// Processor now, percent of all its processors.
pub fn cpu(node: &Node) -> Option<f64> {
    let cpu = node.facts.cpu.as_ref().filter(|_| node.fresh())?;
    Some(f64::from(cpu.busy) / 10.0)
}

/// Load over one minute.
pub fn load(node: &Node) -> Option<f64> {
    let load = node.facts.load.as_ref().filter(|_| node.fresh())?;
    Some(f64::from(load.one) / 100.0)
}

/// Virtual processors of its primary instances for each processor; instances that are marked
/// offline do not count.
pub fn vcpu_ratio(cluster: &Cluster, node: &Node) -> Option<f64> {
    let cpus = node.cpus().filter(|cpus| *cpus > 0)?;
    let vcpus: u64 = node
        .primaries
        .iter()
        .filter_map(|name| cluster.instances.get(name))
        .filter(|instance| instance.conf.admin_state != "offline")
        .map(|instance| u64::from(instance.conf.vcpus))
        .sum();
    Some(vcpus as f64 / f64::from(cpus))
}

/// Seconds since its boot.
pub fn uptime(cluster: &Cluster, node: &Node) -> Option<f64> {
    let system = node.facts.system.as_ref().filter(|_| node.fresh())?;
    let booted = system.booted as f64 - node.clock_ahead.unwrap_or(0.0);
    Some(cluster.seconds_since(booted))
}

/// Its role in a word; Ganeti's letter if that is none of the known ones.
pub fn role(node: &Node) -> &str {
    match node.role() {
        "M" => "master",
        "C" => "candidate",
        "R" => "regular",
        "D" => "drained",
        "O" => "offline",
        other => other,
    }
}

/// How far gantry gets; where that is well, whether halves of DRBD disks here are not.
pub fn reach_mark<'a>(node: &'a Node, cluster: &Cluster, facts: &Facts) -> Cow<'a, str> {
    match reach(node, cluster) {
        ok if ok == "ok" && facts.bad_halves(&node.name).is_some() => Cow::Borrowed("drbd!"),
        reach => reach,
    }
}

/// What that means.
pub fn reach_tone(node: &Node, cluster: &Cluster, facts: &Facts) -> Tone {
    let bad = facts.bad_halves(&node.name).map(|(_, tone)| tone);
    match bad.filter(|_| reach(node, cluster) == "ok") {
        Some(tone) => tone,
        None => tone::of_reach(node),
    }
}

/// How far gantry gets, telling host, agent and noded apart.
pub fn reach<'a>(node: &'a Node, cluster: &Cluster) -> Cow<'a, str> {
    let word = match &node.reach {
        _ if node.offline() => "-",
        Reach::Up { .. } if node.noded() == Some(false) => "noded?",
        Reach::Up { .. } => "ok",
        Reach::NoAgent { .. } => "agent?",
        Reach::Refused { .. } => "refused",
        Reach::Waiting { .. } | Reach::Connecting(_) | Reach::Idle if node.heard.is_some() => {
            let ms = node.heard.map_or(0, |heard| cluster.now.at.since(heard));
            return Cow::Owned(format!("lost {}", age(ms as f64 / 1e3)));
        }
        Reach::Waiting {
            host_answers: true, ..
        } => "agent?",
        Reach::Waiting { .. } => "host?",
        Reach::Connecting(_) => "connecting",
        Reach::Idle => "?",
    };
    Cow::Borrowed(word)
}
