//! `gantry groups`

use serde_json::json;

use super::{Row, fields, or_unknown};
use crate::model::words::mib;
use crate::model::{Cluster, Node, natural};

pub const TITLES: &[&str] = &[
    "GROUP",
    "POLICY",
    "NODES",
    "INSTANCES",
    "MTOTAL",
    "MFREE",
    "DTOTAL",
    "DFREE",
];

pub fn rows(cluster: &Cluster) -> Vec<Row> {
    let mut groups: Vec<_> = cluster.groups.values().collect();
    groups.sort_by(|a, b| natural::compare(&a.name, &b.name));
    groups
        .into_iter()
        .map(|group| row(cluster, group))
        .collect()
}

fn row(cluster: &Cluster, group: &gantry_wire::config::Group) -> Row {
    let nodes: Vec<&Node> = cluster
        .nodes_sorted()
        .into_iter()
        .filter(|node| node.group() == group.name)
        .collect();
    // The sum over the nodes that told theirs; none if no node did.
    let sum = |pick: &dyn Fn(&Node) -> Option<u64>| -> Option<u64> {
        let told = nodes
            .iter()
            .filter(|node| !node.offline())
            .filter_map(|node| pick(node));
        told.reduce(u64::saturating_add)
    };
    let disk = |node: &Node| node.disk(cluster.conf.as_ref());
    let (mtotal, mfree) = (
        sum(&|n| n.memory().map(|m| m.total)),
        sum(&|n| n.memory().map(|m| m.free)),
    );
    let (dtotal, dfree) = (
        sum(&|n| disk(n).map(|d| d.0)),
        sum(&|n| disk(n).map(|d| d.1)),
    );
    let instances: usize = nodes.iter().map(|node| node.primaries.len()).sum();
    let names: Vec<&str> = nodes.iter().map(|node| &*node.name).collect();
    let fields = fields(json!({
        "name": group.name,
        "uuid": group.uuid,
        "alloc_policy": group.alloc_policy,
        "nodes": names,
        "instances": instances,
        "memory_total": mtotal,
        "memory_free": mfree,
        "disk_total": dtotal,
        "disk_free": dfree,
        "tags": group.tags,
    }));
    let cells = vec![
        group.name.clone(),
        group.alloc_policy.clone(),
        nodes.len().to_string(),
        instances.to_string(),
        or_unknown(mtotal.map(mib)),
        or_unknown(mfree.map(mib)),
        or_unknown(dtotal.map(mib)),
        or_unknown(dfree.map(mib)),
    ];
    Row {
        key: group.name.clone(),
        fields,
        cells,
    }
}
