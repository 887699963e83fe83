//! `gantry nodes`

use serde_json::json;

use super::{Row, age_s, fields, or_unknown};
use crate::model::words::mib;
use crate::model::{Cluster, Node, Reach};

pub const TITLES: &[&str] = &[
    "NODE", "GROUP", "ROLE", "REACH", "PRI", "SEC", "MTOTAL", "MNODE", "MFREE", "DTOTAL", "DFREE",
    "CPUS", "CPU%", "LOAD",
];

pub fn rows(cluster: &Cluster) -> Vec<Row> {
    cluster
        .nodes_sorted()
        .into_iter()
        .map(|node| row(cluster, node))
        .collect()
}

fn row(cluster: &Cluster, node: &Node) -> Row {
    let memory = node.memory();
    let disk = node.disk(cluster.conf.as_ref());
    // Rates and loads are of the moment: from a lost node they would be old ones.
    let load = node
        .facts
        .load
        .as_ref()
        .filter(|_| node.fresh())
        .map(|load| f64::from(load.one) / 100.0);
    let cpu = node
        .facts
        .cpu
        .as_ref()
        .filter(|_| node.fresh())
        .map(|cpu| f64::from(cpu.busy) / 10.0);
    let booted = node
        .facts
        .system
        .as_ref()
        .map(|system| system.booted as f64);
    let booted = booted
        .filter(|_| node.fresh())
        .map(|booted| booted - node.clock_ahead.unwrap_or(0.0));
    let ip = |pick: fn(&gantry_wire::ssconf::SsNode) -> &String| node.ss.as_ref().map(pick);
    let conf = node.conf.as_ref();
    let vcpus: u32 = node
        .primaries
        .iter()
        .filter_map(|name| cluster.instances.get(name))
        .map(|i| i.conf.vcpus)
        .sum();
    let fields = fields(json!({
        "name": &*node.name,
        "group": conf.map(|conf| &conf.group),
        "role": node.role(),
        "offline": node.offline(),
        "drained": node.role() == "D",
        "primary_ip": conf.map(|conf| &conf.primary_ip).or(ip(|ss| &ss.primary_ip)),
        "secondary_ip": conf.map(|conf| &conf.secondary_ip).or(ip(|ss| &ss.secondary_ip)),
        "primaries": names(&node.primaries),
        "secondaries": names(&node.secondaries),
        "reachable": host_answers(&node.reach),
        "agent": node.agent.as_ref().filter(|_| node.fresh()).map(|agent| &agent.version),
        "noded": node.noded(),
        "problem": node.reach.why(),
        "memory_total": memory.map(|m| m.total),
        "memory_free": memory.map(|m| m.free),
        "memory_node": memory.map(|m| m.node),
        "disk_total": disk.map(|(total, _)| total),
        "disk_free": disk.map(|(_, free)| free),
        "cpus": node.cpus(),
        "vcpus": vcpus,
        "cpu_percent": cpu,
        "load": load,
        "uptime_s": booted.map(|booted| cluster.seconds_since(booted) as u64),
        "age_s": node.figures_at().map(|at| age_s(cluster, at)),
        "tags": conf.map(|conf| &conf.tags),
    }));
    let figure = |value: Option<u64>| {
        if node.offline() {
            "*".to_owned()
        } else {
            or_unknown(value.map(mib))
        }
    };
    let cells = vec![
        node.name.to_string(),
        node.group().to_owned(),
        node.role().to_owned(),
        reach(node).to_owned(),
        node.primaries.len().to_string(),
        node.secondaries.len().to_string(),
        figure(memory.map(|m| m.total)),
        figure(memory.map(|m| m.node)),
        figure(memory.map(|m| m.free)),
        figure(disk.map(|(total, _)| total)),
        figure(disk.map(|(_, free)| free)),
        or_unknown(node.cpus()),
        or_unknown(cpu.map(|cpu| format!("{cpu:.0}"))),
        or_unknown(load.map(|load| format!("{load:.2}"))),
    ];
    Row {
        key: node.name.to_string(),
        fields,
        cells,
    }
}

fn names(names: &[crate::model::Name]) -> Vec<&str> {
    names.iter().map(|name| &**name).collect()
}

/// Whether the host itself answers; `None` before the first attempt.
fn host_answers(reach: &Reach) -> Option<bool> {
    match reach {
        Reach::Idle | Reach::Connecting(_) => None,
        Reach::Up { .. } | Reach::NoAgent { .. } | Reach::Refused { .. } => Some(true),
        Reach::Waiting { host_answers, .. } => Some(*host_answers),
    }
}

/// One word for how far gantry gets.
fn reach(node: &Node) -> &'static str {
    match &node.reach {
        _ if node.offline() => "-",
        Reach::Up { .. } if node.noded() == Some(false) => "noded?",
        Reach::Up { .. } => "ok",
        Reach::NoAgent { .. } => "agent?",
        Reach::Refused { .. } => "refused",
        Reach::Waiting { .. } => "lost",
        Reach::Idle | Reach::Connecting(_) => "?",
    }
}
