//! Rows of nodes.

use crate::app::State;
use crate::app::ages::LIVE_NOW;
use crate::app::columns::Col;
use crate::app::rows::Id;
use crate::app::steady::Meter;
use crate::app::tone::{self, Tone};
use crate::app::view::nodes;
use crate::model::words::{age, mib};
use crate::model::{Cluster, Name};

use super::Cell;

/// Points of the sparkline.
const POINTS: usize = 12;

/// Load per processor from which on it is worth a look.
const BUSY: f64 = 1.0;

pub fn row(cluster: &Cluster, name: &Name) -> Tone {
    cluster.nodes.get(name).map_or(Tone::Lost, tone::of_node)
}

pub fn worst(state: &State, cluster: &Cluster, name: &Name) -> Tone {
    let node = cluster.nodes.get(name);
    node.map_or(Tone::Plain, |node| {
        nodes::reach_tone(node, cluster, &state.facts)
    })
}

pub fn cell<'a>(
    state: &'a State,
    cluster: &'a Cluster,
    id: &Id,
    name: &'a Name,
    col: Col,
) -> Option<Cell<'a>> {
    let node = cluster.nodes.get(name)?;
    let held = |meter| state.steady.get(id, meter);
    // What moves is not known of a node that does not tell, and means nothing of one that is
    // marked offline.
    let stand_in = if node.offline() { "*" } else { "?" };
    let tells = nodes::tells(node);
    let memory = node.memory().filter(|_| !node.offline());
    let disk = node.disk(cluster.conf.as_ref()).filter(|_| !node.offline());
    let size = |value: Option<f64>| Cell::or(value.map(|value| mib(value as u64)), stand_in);
    let share = |total: Option<u64>, free: Option<f64>| {
        let total = total.filter(|total| *total > 0)? as f64;
        Some(1.0 - free? / total)
    };
    Some(match col {
        Col::Name => Cell::plain(state.facts.names.short(name)),
        Col::Group => Cell::plain(node.group()),
        Col::Role => match node.role() {
            "D" => Cell::toned(nodes::role(node), Tone::Warn),
            "R" | "C" => Cell::toned(nodes::role(node), Tone::Dim),
            _ => Cell::plain(nodes::role(node)),
        },
        Col::Reach => Cell::toned(
            nodes::reach_mark(node, cluster, &state.facts),
            nodes::reach_tone(node, cluster, &state.facts),
        ),
        Col::Pri => Cell::plain(node.primaries.len().to_string()),
        Col::Sec => Cell::plain(node.secondaries.len().to_string()),
        Col::MemBar => Cell::bar(
            share(memory.map(|m| m.total), held(Meter::MemFree)),
            stand_in,
        ),
        Col::MemFree => size(held(Meter::MemFree)),
        Col::MemTotal => Cell::or(memory.map(|m| mib(m.total)), stand_in),
        Col::MemNode => size(held(Meter::MemNode)),
        Col::DiskBar => Cell::bar(
            share(disk.map(|(total, _)| total), held(Meter::DiskFree)),
            stand_in,
        ),
        Col::DiskFree => size(held(Meter::DiskFree)),
        Col::DiskTotal => Cell::or(disk.map(|(total, _)| mib(total)), stand_in),
        Col::Cpu => Cell::or(held(Meter::Cpu).map(|cpu| format!("{cpu:.0}%")), stand_in),
        Col::CpuPast if node.offline() => Cell::toned("*", Tone::Dim),
        Col::CpuPast => Cell::Spark(node.past.cpu.last(POINTS, cluster.now.at), 100.0),
        Col::Load => match (held(Meter::Load), node.cpus()) {
            (Some(load), Some(cpus)) if load > f64::from(cpus) * BUSY => {
                Cell::toned(format!("{load:.1}"), Tone::Warn)
            }
            (load, _) => Cell::or(load.map(|load| format!("{load:.1}")), stand_in),
        },
        Col::VcpuRatio => {
            let ratio = nodes::vcpu_ratio(cluster, node).filter(|_| !node.offline());
            Cell::or(ratio.map(|ratio| format!("{ratio:.1}")), stand_in)
        }
        Col::Uptime => Cell::or(nodes::uptime(cluster, node).map(age), stand_in),
        Col::Age => {
            let ago = node
                .figures_at()
                .map(|at| cluster.now.at.since(at) as f64 / 1e3);
            let tone = if tells { Tone::Stale } else { Tone::Lost };
            match ago.filter(|_| !node.offline()) {
                Some(ago) if node.fresh() && ago < LIVE_NOW => Cell::toned("now", Tone::Dim),
                Some(ago) => Cell::toned(age(ago), tone),
                None => Cell::toned(stand_in, Tone::Dim),
            }
        }
        _ => return None,
    })
}
