//! One group: its policy and sums; its nodes are a table.

use serde_json::Value;

use crate::app::Tone;
use crate::app::facts::Facts;
use crate::app::sheet::{Pair, Sheet};
use crate::model::words::mib;
use crate::model::{Cluster, Name};

use super::node::{known, listed};

/// What matters most.
pub fn brief(cluster: &Cluster, facts: &Facts, name: &Name, width: u16) -> Sheet {
    let mut sheet = Sheet::new(width);
    let (Some(group), Some(sums)) = (cluster.groups.get(name), facts.groups.get(name)) else {
        sheet.wrapped(
            &format!("There is no group {name} any more."),
            Tone::Lost,
            0,
        );
        return sheet;
    };
    let free_of = |sizes: Option<(u64, u64)>| {
        known(sizes.map(|(total, free)| format!("{} free of {}", mib(free), mib(total))))
    };
    sheet.pairs(vec![
        Pair::new("policy", &group.alloc_policy),
        Pair::new(
            "nodes",
            format!(
                "{} of {} up",
                sums.nodes_up,
                sums.nodes - sums.nodes_offline
            ),
        ),
        Pair::new("offline", sums.nodes_offline.to_string()),
        Pair::new(
            "instances",
            format!("{} of {} running", sums.running, sums.instances),
        ),
        Pair::new("memory", free_of(sums.memory)),
        Pair::new("disk", free_of(sums.disk)),
        Pair::new("tags", listed(&group.tags)),
        Pair::new("uuid", &group.uuid),
    ]);
    sheet
}

/// Everything.
pub fn whole(cluster: &Cluster, facts: &Facts, name: &Name, width: u16) -> Sheet {
    let mut sheet = brief(cluster, facts, name, width);
    let Some(group) = cluster.groups.get(name) else {
        return sheet;
    };
    sheet.heading("Instance policy");
    policy(&mut sheet, "", &group.ipolicy);
    let networks: Vec<String> = cluster
        .networks
        .values()
        .filter(|network| network.groups.iter().any(|group| **group == **name))
        .map(|network| format!("{} {}", network.name, network.network))
        .collect();
    sheet.heading("Networks");
    sheet.wrapped(&listed(&networks), Tone::Plain, 0);
    sheet
}

/// A policy as indented lines, in Ganeti's own keys.
fn policy(sheet: &mut Sheet, indent: &str, value: &Value) {
    let deeper = format!("{indent}  ");
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                if value.is_object()
                    || value
                        .as_array()
                        .is_some_and(|list| list.iter().any(Value::is_object))
                {
                    sheet.wrapped(&format!("{indent}{key}:"), Tone::Dim, 0);
                    policy(sheet, &deeper, value);
                } else {
                    sheet.wrapped(&format!("{indent}{key}: {}", plain(value)), Tone::Plain, 0);
                }
            }
        }
        // Depth is bounded by what the wire's JSON reader takes.
        Value::Array(list) => list.iter().for_each(|value| policy(sheet, indent, value)),
        other => sheet.wrapped(&format!("{indent}{}", plain(other)), Tone::Plain, 0),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
