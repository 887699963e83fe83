//! `--json`: what the tools find, as one object.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};

use super::hbal::choose;
use super::load::{balancing, costs, load};
use super::{Output, Stop};
use crate::config::htools::{Options, Tool};
use crate::model;
use crate::planner::htools::balance::cheap::{self, Plan};
use crate::planner::htools::balance::opcodes::{self, Signature};
use crate::planner::htools::balance::{Balancer, Scope, Step, commands, jobs};
use crate::planner::htools::check::{COUNTS, GroupCheck, check, rebalance, sums};
use crate::planner::htools::cluster::Cluster;
use crate::planner::htools::n1::{bad_nodes, instances_on};
use crate::planner::htools::score::{COMPONENTS, Score, optimum, score};

/// Runs a tool; its exit status.
pub fn run(
    tool: Tool,
    options: &Options,
    live: Option<&model::Cluster>,
    output: &mut Output<'_>,
) -> Result<u8, Stop> {
    let (mut cluster, setup) = load(options, live, output)?;
    cluster.limit(&setup)?;
    let (status, value) = match tool {
        Tool::Hbal => (0, hbal(options, output, &mut cluster)?),
        Tool::Hcheck => hcheck(options, &mut cluster),
        // The others have objects of their own.
        _ => (0, hinfo(&cluster)),
    };
    writeln!(output.out, "{value}")?;
    Ok(status)
}

/// Every component by name; no value where no node is online. What is no number is null.
fn components(score: &Score) -> Value {
    let values = score.0.into_iter().flatten();
    let named = COMPONENTS.iter().zip(values);
    let all: Map<String, Value> = named
        .map(|((name, weight), value)| {
            let part = json!({"value": value, "weight": weight});
            ((*name).to_owned(), part)
        })
        .collect();
    json!({"total": score.total(), "components": all})
}

fn hinfo(cluster: &Cluster) -> Value {
    let group = |at: usize| {
        let scope = Scope::group(cluster, at);
        let bad = bad_nodes(cluster, &scope.nodes);
        let name = cluster.data.groups.get(at).map(|it| it.name.as_str());
        json!({
            "name": name,
            "nodes": scope.nodes.len(),
            "instances": scope.instances.len(),
            "bad_nodes": names(cluster, &bad),
            "bad_instances": instances_on(cluster, &bad).len(),
            "score": score(cluster, &scope.nodes).total(),
        })
    };
    let all = Scope::all(cluster);
    let groups = (0..cluster.data.groups.len()).map(group);
    json!({
        "tags": cluster.data.tags,
        "nodes": all.nodes.len(),
        "instances": all.instances.len(),
        "groups": groups.collect::<Vec<_>>(),
        "split_instances": cluster.split().into_iter().map(|at| instance(cluster, at)).collect::<Vec<_>>(),
        "n1_happy": bad_nodes(cluster, &all.nodes).is_empty(),
        "score": components(&score(cluster, &all.nodes)),
    })
}

fn hcheck(options: &Options, cluster: &mut Cluster) -> (u8, Value) {
    let first = check(cluster, options.capacity_checks);
    let sick = sums(&first).iter().any(|count| *count > 0);
    let before = checked(cluster, &first);
    let simulate = options.simulation && sick;
    let after = simulate.then(|| {
        rebalance(cluster, &balancing(options));
        let last = check(cluster, options.capacity_checks);
        checked(cluster, &last)
    });
    let value = json!({"healthy": !sick, "before": before, "after": after});
    (u8::from(simulate), value)
}

fn checked(cluster: &Cluster, groups: &[GroupCheck]) -> Value {
    let counted = |counts: &[usize]| {
        let named = COUNTS.iter().zip(counts);
        let named = named.map(|((key, _), count)| (key.to_lowercase(), json!(count)));
        named.collect::<Map<String, Value>>()
    };
    let group = |it: &GroupCheck| {
        let name = cluster.data.groups.get(it.group).map(|it| it.name.as_str());
        json!({"name": name, "counts": counted(&it.counts), "score": it.score})
    };
    let all: Vec<Value> = groups.iter().map(group).collect();
    json!({"groups": all, "cluster": counted(&sums(groups))})
}

fn hbal(options: &Options, output: &mut Output<'_>, cluster: &mut Cluster) -> Result<Value, Stop> {
    if cluster.data.instances.is_empty() {
        return Ok(json!({"moves": 0, "job_sets": []}));
    }
    let group = choose(options, output, cluster)?;
    let scope = Scope::group(cluster, group);
    let first = score(cluster, &scope.nodes);
    let bad = bad_nodes(cluster, &scope.nodes);
    let bad = json!(names(cluster, &bad));
    let least = optimum(cluster, &scope.nodes);
    let ask = balancing(options);
    let (steps, plans) = if options.cost_aware {
        let plans = cheap::plan(cluster, &scope, &ask, &costs(options), &mut |_| true);
        let steps = plans
            .as_ref()
            .map(|it| it.cheap.moves())
            .unwrap_or_default();
        for step in &steps {
            if let Ok(outcome) = cluster.outcome(step.instance, step.to, ask.ignore_soft_errors) {
                cluster.make(step.instance, &outcome);
            }
        }
        (steps, plans)
    } else {
        (Balancer::new(cluster, &scope, &ask).collect(), None)
    };
    let last = score(cluster, &scope.nodes);
    let mut sets = jobs::job_sets(cluster, &steps);
    if options.first_job_group {
        sets.truncate(1);
    }
    let signature = signature(options);
    let step = |step: &&Step| {
        let named = |at: Option<usize>| at.and_then(|at| node(cluster, at));
        json!({
            "instance": instance(cluster, step.instance),
            "primary": [node(cluster, step.before.0), node(cluster, step.after.0)],
            "secondary": [named(step.before.1), named(step.after.1)],
            "score": step.score,
            "commands": commands::commands(cluster, step),
            "opcodes": opcodes::job(cluster, step, &signature),
        })
    };
    let sets: Vec<Vec<Value>> = sets
        .iter()
        .map(|set| set.iter().map(step).collect())
        .collect();
    let mut value = json!({
        "group": cluster.data.groups.get(group).map(|it| it.name.as_str()),
        "nodes": scope.nodes.len(),
        "instances": scope.instances.len(),
        "bad_nodes": bad,
        "optimum": least,
        "before": components(&first),
        "after": components(&last),
        "moves": steps.len(),
        "job_sets": sets,
    });
    if let Some(plans) = plans {
        let brief = |plan: &Plan| {
            json!({
                "before": plan.before,
                "after": plan.after,
                "moves": plan.steps.len(),
                "mib": plan.mib,
                "job_sets": plan.sets,
                "minutes": plan.minutes,
            })
        };
        value["plans"] = json!({"hbal": brief(&plans.hbal), "cost_aware": brief(&plans.cheap)});
    }
    Ok(value)
}

/// What the jobs say of who submits them. A clock before the epoch counts as the epoch.
fn signature(options: &Options) -> Signature {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.unwrap_or_default().as_nanos();
    Signature {
        priority: options.priority,
        program: Tool::Hbal.versioned(),
        reason: options.reason.clone(),
        at_ns: u64::try_from(now).unwrap_or(u64::MAX),
    }
}

fn node(cluster: &Cluster, at: usize) -> Option<&str> {
    cluster.data.nodes.get(at).map(|it| it.name.as_str())
}

fn instance(cluster: &Cluster, at: usize) -> Option<&str> {
    cluster.data.instances.get(at).map(|it| it.name.as_str())
}

fn names<'a>(cluster: &'a Cluster, nodes: &[usize]) -> Vec<&'a str> {
    nodes.iter().filter_map(|at| node(cluster, *at)).collect()
}
