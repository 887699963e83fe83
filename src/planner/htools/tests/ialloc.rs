//! Allocation requests of every kind, right and wrong: each has an answer or a sentence.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::planner::htools::ialloc::{self, Found, Ways};
use crate::planner::htools::{Cluster, Setup};

fn node(group: &str, free: i64, exclusive: bool, offline: bool) -> Value {
    json!({
        "group": group, "offline": offline, "drained": false, "tags": ["rack:1"],
        "ndparams": {"exclusive_storage": exclusive, "spindle_count": 4},
        "total_memory": 32768, "reserved_memory": 1024, "free_memory": free, "total_disk": 409600,
        "free_disk": free * 10, "total_cpus": 8, "reserved_cpus": 1, "total_spindles": 12, "free_spindles": 6,
    })
}

fn instance(template: &str, memory: i64, nodes: &[String]) -> Value {
    json!({
        "memory": memory, "vcpus": 1, "disk_space_total": memory, "disks": [{"size": memory, "spindles": 1}],
        "disk_template": template, "spindle_use": 1, "tags": ["svc:a"], "nics": [], "nodes": nodes,
    })
}

fn group(name: &str) -> Value {
    let least = json!({"memory-size": 128, "cpu-count": 1, "disk-size": 128, "disk-count": 1, "nic-count": 1,
        "spindle-use": 1});
    let most = json!({"memory-size": 32768, "cpu-count": 8, "disk-size": 1048576, "disk-count": 4,
        "nic-count": 8, "spindle-use": 8});
    json!({
        "name": name, "alloc_policy": "preferred", "networks": [], "tags": [],
        "ipolicy": {"std": least, "minmax": [{"min": least, "max": most}],
            "disk-templates": ["drbd", "plain", "rbd"], "vcpu-ratio": 4.0, "spindle-ratio": 32.0},
    })
}

const TEMPLATES: [&str; 5] = ["drbd", "plain", "rbd", "diskless", "ext"];

prop_compose! {
    fn message()(
        nodes in prop::collection::vec((0..2_usize, 0..31_000_i64, any::<bool>(), prop::bool::weighted(0.2)), 1..6),
        instances in prop::collection::vec((0..5_usize, 1..4_000_i64, 0..6_usize, 0..6_usize), 0..8),
        exclusive in any::<bool>(),
        kind in 0..6_usize,
        mode in prop::sample::select(vec!["primary-only", "secondary-only", "all"]),
        template in 0..5_usize,
        picked in 0..8_usize,
        wanted in -1..4_i64,
    ) -> Value {
        let name = |at: usize| format!("n{at}");
        let count = nodes.len();
        let all: serde_json::Map<String, Value> = nodes.iter().enumerate().map(|(at, (group, free, own, off))| {
            (name(at), node(["u0", "u1"][*group], *free, exclusive && *own, *off))
        }).collect();
        let there: serde_json::Map<String, Value> = instances.iter().enumerate().map(|(at, it)| {
            let (first, second) = (it.2 % count, it.3 % count);
            let mut own = vec![name(first)];
            if it.0 == 0 && second != first {
                own.push(name(second));
            }
            (format!("i{at}"), instance(TEMPLATES[it.0], it.1, &own))
        }).collect();
        let known: Vec<&String> = there.keys().collect();
        let one = known.get(picked % known.len().max(1)).map_or("none", |it| it.as_str());
        let mut new = instance(TEMPLATES[template], 1024, &[]);
        new["name"] = json!("new");
        new["required_nodes"] = json!(wanted);
        let request = match kind {
            0 => { new["type"] = json!("allocate"); new }
            1 => json!({"type": "multi-allocate", "instances": [new, new]}),
            2 => json!({"type": "allocate-secondary", "name": one}),
            3 => json!({"type": "relocate", "name": one, "relocate_from": [name(0)], "required_nodes": wanted}),
            4 => json!({"type": "node-evacuate", "instances": known,
                "evac_mode": mode}),
            _ => json!({"type": "change-group", "instances": known, "target_groups": []}),
        };
        json!({
            "request": request, "nodegroups": {"u0": group("east"), "u1": group("west")}, "nodes": all,
            "instances": there, "cluster_tags": ["htools:iextags:svc"], "enabled_hypervisors": ["kvm"],
        })
    }
}

/// Any member of a value.
fn members(value: &mut Value) -> Vec<&mut Value> {
    match value {
        Value::Object(all) => all.values_mut().collect(),
        Value::Array(all) => all.iter_mut().collect(),
        _ => Vec::new(),
    }
}

/// Puts something else somewhere.
fn spoil(value: &mut Value, way: &[usize], with: &Value) {
    let Some((first, rest)) = way.split_first() else {
        *value = with.clone();
        return;
    };
    let mut all = members(value);
    let count = all.len();
    if count == 0 {
        *value = with.clone();
    } else if let Some(member) = all.get_mut(first % count) {
        spoil(member, rest, with);
    }
}

proptest! {
    #[test]
    fn every_request_has_an_answer_that_is_json(
        mut message in message(),
        way in prop::option::of(prop::collection::vec(0..40_usize, 1..5)),
        with in prop::sample::select(vec![
            Value::Null, json!(3), json!(-7), json!(1e18), json!(0), json!("x"), json!([]), json!({}), json!(true),
        ]),
        soft in any::<bool>(),
    ) {
        if let Some(way) = &way {
            spoil(&mut message, way, &with);
        }
        let read = match ialloc::read(&message.to_string()) {
            Ok(read) => read,
            Err(why) => {
                prop_assert!(!why.is_empty());
                return Ok(());
            }
        };
        let mut cluster = Cluster::new(read.counted(4096), &Setup::default()).unwrap();
        let count = cluster.instances.len();
        ialloc::verbose(&cluster, Some(&read));
        let ways = Ways { ignore_soft_errors: soft, ..Ways::default() };
        let answer = ialloc::answer(&mut cluster, &read.request, &ways);
        let text: Value = serde_json::from_str(&answer.text(&cluster)).unwrap();
        prop_assert_eq!(text["success"].as_bool(), Some(answer.found.is_some()));
        // Whoever was placed is there, and nobody else has come or gone.
        let new = match &answer.found {
            Some(Found::Nodes(_)) if message["request"]["type"] == "allocate" => 1,
            Some(Found::Placed(placed)) => placed.len(),
            _ => 0,
        };
        if answer.found.is_some() {
            prop_assert_eq!(cluster.instances.len(), count + new);
        }
        prop_assert_eq!(cluster.instances.len(), cluster.data.instances.len());
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[\\[{\"a:,\\]}0-9.eE+tfn \\\\u-]{0,40}") {
        let _ = ialloc::read(&text);
    }
}
