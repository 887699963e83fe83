//! For programs: the same, with the resource that runs out first and the reason of each node.

use std::io;

use serde_json::{Map, Value, json};

use super::Filled;
use crate::planner::htools::alloc::Refused;
use crate::planner::htools::capacity::{Resources, Size};
use crate::planner::htools::score::Score;
use crate::run::htools::Output;

/// One object.
pub fn print(
    output: &mut Output<'_>,
    before: &Resources,
    first: &Score,
    tiered: &mut Filled,
    standard: &mut Filled,
) -> io::Result<()> {
    let value = json!({
        "template": tiered.space.ask.template.word(),
        "before": resources(before, first),
        "tiered": filled(tiered),
        "standard": filled(standard),
    });
    writeln!(output.out, "{value}")
}

fn filled(filled: &mut Filled) -> Value {
    let refusals = filled.refusals();
    let failures: Map<String, Value> = filled
        .found
        .failures
        .falling()
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(mode, count)| (mode.to_owned(), json!(count)))
        .collect();
    let sizes: Vec<Value> = filled
        .runs()
        .into_iter()
        .map(|(of, count)| json!({ "size": size(of), "count": count }))
        .collect();
    let cluster = &filled.space.cluster;
    let node = |at: usize| cluster.data.nodes.get(at).map(|it| it.name.as_str());
    let new = cluster.data.instances.iter().skip(filled.space.before);
    let instances: Vec<Value> = new
        .map(|it| {
            json!({
                "name": it.name,
                "primary": node(it.primary),
                "secondary": it.secondary.and_then(node),
                "memory": it.memory,
                "disk": it.disk,
                "vcpus": it.vcpus,
            })
        })
        .collect();
    json!({
        "size": size(filled.size),
        "count": filled.space.count(),
        "sizes": sizes,
        "instances": instances,
        "limited_by": limit(filled),
        "failures": failures,
        "refused_by": refusals.iter().map(refused).collect::<Vec<Value>>(),
        "after": resources(&filled.resources, &filled.score),
    })
}

/// What runs out first, in a word.
fn limit(filled: &Filled) -> Option<&'static str> {
    if filled.limited {
        return Some("max_length");
    }
    if filled.found.failures.total() == 0 {
        return None;
    }
    Some(match filled.reason() {
        "FailMem" => "memory",
        "FailDisk" => "disk",
        "FailCPU" => "vcpus",
        "FailN1" => "redundancy",
        "FailTags" => "tags",
        "FailDiskCount" => "disks",
        "FailSpindles" => "spindles",
        _ => "other",
    })
}

fn size(size: Size) -> Value {
    json!({
        "memory": size.memory,
        "disk": size.disk,
        "vcpus": size.cpus,
        "spindles": size.spindles,
    })
}

/// Why a node refuses.
pub fn refused(refused: &Refused) -> Value {
    json!({
        "node": refused.name,
        "role": if refused.secondary { "secondary" } else { "primary" },
        "check": refused.reason.word(),
        "short": refused.reason.short(),
        "mode": refused.mode.map(|mode| mode.word()),
        "text": refused.to_string(),
    })
}

fn resources(it: &Resources, score: &Score) -> Value {
    json!({
        "score": score.total(),
        "instances": it.instances,
        "memory_total": it.total_memory,
        "memory_free": it.free_memory,
        "memory_available": it.available_memory,
        "memory_instances": it.instance_memory,
        "disk_total": it.total_disk,
        "disk_free": it.free_disk,
        "vcpus": it.vcpus,
        "vcpus_max": it.most_vcpus,
        "spindles_free": it.free_spindles,
    })
}
