//! `gantry drbd`

use gantry_wire::drbd;
use serde_json::{Value, json};

use super::{Row, age_s, or_unknown};
use crate::model::words::duration;
use crate::model::{Cluster, natural};
use crate::planner::replica::{Half, Key, Pair, Seen, State, pairs};

pub const TITLES: &[&str] = &[
    "NODE",
    "MINOR",
    "DISK",
    "PEER",
    "CONNECTION",
    "ROLE",
    "DISKS",
    "DONE",
    "LEFT",
    "PROBLEM",
];

pub fn rows(cluster: &Cluster) -> Vec<Row> {
    let pairs = pairs(cluster);
    let halves = pairs.iter().flat_map(|pair| {
        [
            (pair, &pair.primary, &pair.secondary),
            (pair, &pair.secondary, &pair.primary),
        ]
    });
    let mut rows: Vec<_> = halves
        .filter(|(pair, half, _)| is_listed(pair, half))
        .map(|(pair, half, other)| (half, row(cluster, pair, half, other)))
        .collect();
    rows.sort_by(|(a, _), (b, _)| {
        let by_node = natural::compare(&a.node, &b.node);
        by_node.then(a.minor.cmp(&b.minor))
    });
    rows.into_iter().map(|(_, row)| row).collect()
}

/// A device that is not there is listed where it should be there.
fn is_listed(pair: &Pair, half: &Half) -> bool {
    let should_be = match half.seen {
        Seen::Absent => pair.severity.is_some(),
        Seen::Unknown | Seen::Offline => matches!(pair.key, Key::Disk(..)),
        Seen::Now | Seen::Was(_) => true,
    };
    !half.node.is_empty() && (half.device.is_some() || should_be)
}

fn row(cluster: &Cluster, pair: &Pair, half: &Half, other: &Half) -> Row {
    let mut said = match &half.device {
        Some(device) => drbd::Row::new(&half.node, device),
        None => drbd::Row {
            node: half.node.to_string(),
            ..drbd::Row::default()
        },
    };
    if let Key::Disk(instance, index) = &pair.key {
        said.instance = Some(instance.to_string());
        said.disk_index = Some(*index);
    }
    if !other.node.is_empty() {
        said.peer = Some(other.node.to_string());
    }
    // Paused it prints no progress, and what stands still has no end.
    if let Some(going) = pair.going.as_ref().filter(|_| half.now().is_some()) {
        said.percent = said.percent.or(Some(going.percent));
        if matches!(pair.state, State::Paused | State::Stalled) {
            said.eta_s = None;
        }
    }
    let told = cluster.nodes.get(&half.node).and_then(|node| node.heard);
    let age = told
        .filter(|_| half.device.is_some())
        .map(|at| age_s(cluster, at));
    let problem = problem(cluster, pair, half);
    let cells = vec![
        said.node.clone(),
        or_unknown(half.minor),
        match (&said.instance, said.disk_index) {
            (Some(instance), Some(index)) => format!("{instance}/{index}"),
            _ => "?".to_owned(),
        },
        or_unknown(said.peer.as_ref()),
        or_unknown(said.connection.as_ref()),
        or_unknown(said.role.as_ref()),
        format!(
            "{}/{}",
            or_unknown(said.disk.as_ref()),
            or_unknown(said.peer_disk.as_ref())
        ),
        said.percent
            .map_or_else(|| "-".to_owned(), |percent| format!("{percent:.1}%")),
        said.eta_s
            .map_or_else(|| "-".to_owned(), |eta| duration(eta as f64)),
        problem.clone().unwrap_or_default(),
    ];
    let mut fields = match serde_json::to_value(&said) {
        Ok(Value::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    };
    fields.insert("minor".to_owned(), json!(half.minor));
    fields.insert("age_s".to_owned(), json!(age));
    fields.insert("problem".to_owned(), json!(problem));
    let minor = half.minor.map_or_else(String::new, |it| it.to_string());
    let key = match (&pair.key, half.minor) {
        (Key::Disk(instance, index), None) => format!("{}/{instance}/{index}", half.node),
        _ => format!("{}/{minor}", half.node),
    };
    Row { key, fields, cells }
}

/// What is wrong with the disk, or why its node says nothing of it.
fn problem(cluster: &Cluster, pair: &Pair, half: &Half) -> Option<String> {
    let of_disk = Some(&pair.text).filter(|text| !text.is_empty()).cloned();
    let node = || {
        let node = cluster.nodes.get(&half.node)?;
        if half.seen == Seen::Offline {
            return Some("the node is offline".to_owned());
        }
        let mut missing = node.facts.missing.iter().flatten();
        let missing = missing.find(|missing| missing.part == "drbd");
        let why = node.reach.why().or(node.trouble.as_deref());
        let why = why.or(missing.map(|missing| missing.why.as_str()));
        Some(why.unwrap_or("not told").to_owned())
    };
    match half.seen {
        Seen::Now | Seen::Absent => of_disk,
        Seen::Was(_) | Seen::Offline | Seen::Unknown => node().or(of_disk),
    }
}
