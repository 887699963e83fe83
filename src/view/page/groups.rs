//! Rows of groups.

use crate::app::columns::Col;
use crate::app::{State, Tone};
use crate::model::words::mib;
use crate::model::{Cluster, Name};

use super::Cell;

pub fn worst(state: &State, name: &Name) -> Tone {
    match state.facts.groups.get(name) {
        Some(sums) if sums.nodes_up + sums.nodes_offline < sums.nodes => Tone::Warn,
        _ => Tone::Plain,
    }
}

pub fn cell<'a>(
    state: &'a State,
    cluster: &'a Cluster,
    name: &'a Name,
    col: Col,
) -> Option<Cell<'a>> {
    let group = cluster.groups.get(name)?;
    let sums = state.facts.groups.get(name)?;
    let size = |size: Option<u64>| Cell::or(size.map(mib), "?");
    let share = |sizes: Option<(u64, u64)>| {
        let (total, free) = sizes.filter(|(total, _)| *total > 0)?;
        Some(1.0 - free as f64 / total as f64)
    };
    Some(match col {
        Col::Name => Cell::plain(&**name),
        Col::Policy if group.alloc_policy == "preferred" => {
            Cell::toned(group.alloc_policy.as_str(), Tone::Dim)
        }
        Col::Policy => Cell::plain(group.alloc_policy.as_str()),
        Col::Nodes => {
            let text = format!("{}/{}", sums.nodes_up, sums.nodes);
            Cell::toned(text, worst(state, name))
        }
        Col::Instances => Cell::plain(format!("{}/{}", sums.running, sums.instances)),
        Col::MemBar => Cell::bar(share(sums.memory), "?"),
        Col::MemFree => size(sums.memory.map(|(_, free)| free)),
        Col::MemTotal => size(sums.memory.map(|(total, _)| total)),
        Col::DiskBar => Cell::bar(share(sums.disk), "?"),
        Col::DiskFree => size(sums.disk.map(|(_, free)| free)),
        Col::DiskTotal => size(sums.disk.map(|(total, _)| total)),
        _ => return None,
    })
}
