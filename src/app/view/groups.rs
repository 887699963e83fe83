//! The groups table.

use crate::app::columns::{Col, Column};
use crate::app::facts::Facts;
use crate::app::rows::{Id, SortKey};
use crate::model::{Cluster, Name, natural};

/// Its columns.
pub const COLUMNS: &[Column] = &[
    Column::text(Col::Name, "GROUP", 12, 0).growing(32),
    Column::text(Col::Policy, "POLICY", 11, 1),
    Column::number(Col::Nodes, "NODES", 7, 2),
    Column::number(Col::Instances, "INSTANCES", 9, 3),
    Column::number(Col::MemBar, "MEMORY", 12, 8),
    Column::number(Col::MemFree, "MFREE", 7, 4),
    Column::number(Col::MemTotal, "MTOTAL", 7, 5),
    Column::number(Col::DiskBar, "DISK", 12, 9),
    Column::number(Col::DiskFree, "DFREE", 7, 6),
    Column::number(Col::DiskTotal, "DTOTAL", 7, 7),
];

/// Groups in Ganeti's order.
pub fn ids(cluster: &Cluster) -> Vec<Id> {
    let mut names: Vec<&Name> = cluster.groups.keys().collect();
    names.sort_by(|a, b| natural::compare(a, b));
    names
        .into_iter()
        .map(|name| Id::Group(name.clone()))
        .collect()
}

/// What a filter searches.
pub fn words(cluster: &Cluster, name: &Name) -> Option<Vec<String>> {
    let group = cluster.groups.get(name)?;
    Some(vec![group.name.clone(), group.alloc_policy.clone()])
}

/// A group's place in the order of a column.
pub fn sort_key(cluster: &Cluster, facts: &Facts, name: &Name, col: Col) -> Option<SortKey> {
    let sums = facts.groups.get(name)?;
    let share = |(total, free): (u64, u64)| 1.0 - free as f64 / total.max(1) as f64;
    Some(match col {
        Col::Policy => SortKey::Text(cluster.groups.get(name)?.alloc_policy.clone()),
        Col::Nodes => SortKey::Number(sums.nodes as f64),
        Col::Instances => SortKey::Number(sums.instances as f64),
        Col::MemBar => SortKey::number(sums.memory.map(share)),
        Col::MemTotal => SortKey::size(sums.memory.map(|(total, _)| total)),
        Col::MemFree => SortKey::size(sums.memory.map(|(_, free)| free)),
        Col::DiskBar => SortKey::number(sums.disk.map(share)),
        Col::DiskTotal => SortKey::size(sums.disk.map(|(total, _)| total)),
        Col::DiskFree => SortKey::size(sums.disk.map(|(_, free)| free)),
        _ => return None,
    })
}
