//! `gantry hroller`

use serde_json::json;

use super::load::{load, save};
use super::{Output, Stop};
use crate::config::htools::Options;
use crate::model;
use crate::planner::htools::cluster::Cluster;
use crate::planner::htools::rolling::{self, Part, Plan};

/// Runs it; its exit status.
pub fn run(
    options: &Options,
    live: Option<&model::Cluster>,
    output: &mut Output<'_>,
) -> Result<u8, Stop> {
    let (mut cluster, setup) = load(options, live, output)?;
    let masters = cluster.data.nodes.iter().filter(|it| it.master).count();
    if masters > 1 {
        let why = "Found more than one master node";
        return Err(Stop::Error(why.to_owned()));
    }
    if masters == 0 {
        let why = "No master node found (maybe not supported by backend).";
        if !options.force {
            return Err(Stop::Error(why.to_owned()));
        }
        writeln!(output.err, "Warning: {why}")?;
    }
    cluster.limit(&setup)?;
    save(
        options,
        output,
        &cluster.moved_data(),
        "original",
        "before hroller run",
    )?;
    let groups = &cluster.data.groups;
    let group = match &options.group {
        None => None,
        Some(wanted) => {
            let found = groups
                .iter()
                .rposition(|it| &it.name == wanted || &it.uuid == wanted);
            Some(found.ok_or_else(|| Stop::Error("Cannot find target group.".to_owned()))?)
        }
    };
    let ask = rolling::Options {
        group,
        tags: options.node_tags.clone(),
        offline_maintenance: options.offline_maintenance,
        skip_non_redundant: options.skip_non_redundant,
        ignore_non_redundant: options.ignore_non_redundant,
        full_evacuation: options.full_evacuation,
    };
    let stuck = |stuck: rolling::Stuck| Stop::Error(stuck.to_string());
    let graph = rolling::graph(&cluster, &ask).map_err(stuck)?;
    if options.verbosity > 2 && !options.json {
        writeln!(output.out, "Node Graph: {graph}")?;
    }
    let plan = rolling::plan(&cluster, &ask, &graph).map_err(stuck)?;
    if options.json {
        let object = object(options, &cluster, &plan);
        writeln!(output.out, "{object:#}")?;
        return Ok(0);
    }
    if options.verbosity > 1 {
        writeln!(output.out, "{}", statistics(&plan))?;
    }
    let (title, parts) = if options.one_step {
        ("'First Reboot Group'", plan.parts.get(..1))
    } else {
        ("'Node Reboot Groups'", Some(plan.parts.as_slice()))
    };
    if options.headers {
        writeln!(output.out, "{title}")?;
    }
    for part in parts.unwrap_or_default() {
        print(options, output, &cluster, part)?;
    }
    Ok(0)
}

fn print(
    options: &Options,
    output: &mut Output<'_>,
    cluster: &Cluster,
    part: &Part,
) -> Result<(), Stop> {
    let names: Vec<&str> = part.nodes.iter().map(|at| node(cluster, *at)).collect();
    if options.one_step {
        for name in names {
            writeln!(output.out, "{name}")?;
        }
    } else {
        writeln!(output.out, "{}", names.join(","))?;
    }
    if !options.print_moves {
        return Ok(());
    }
    for moved in &part.moves {
        let instance = instance(cluster, moved.instance);
        write!(output.out, "  {instance} {}", node(cluster, moved.primary))?;
        if let Some(secondary) = moved.secondary {
            write!(output.out, " {}", node(cluster, secondary))?;
        }
        writeln!(output.out)?;
    }
    Ok(())
}

fn node(cluster: &Cluster, at: usize) -> &str {
    let node = cluster.data.nodes.get(at);
    node.map_or("", |it| it.name.as_str())
}

fn instance(cluster: &Cluster, at: usize) -> &str {
    let instance = cluster.data.instances.get(at);
    instance.map_or("", |it| it.name.as_str())
}

/// How the colourings did, the best first.
fn statistics(plan: &Plan) -> String {
    let mut all: Vec<_> = plan.colourings.iter().rev().collect();
    all.sort_by_key(|(_, classes)| classes.len());
    let mut out = String::new();
    let mut before = None;
    for (order, classes) in all {
        let count = classes.len();
        let word = match before {
            None => "",
            Some(before) if before == count => " TIE ",
            Some(_) => " LOOSE ",
        };
        let sizes: Vec<String> = classes.iter().map(|it| it.len().to_string()).collect();
        out += &format!("{word}{}: {count} ({})", order.name(), sizes.join(","));
        before = Some(count);
    }
    out
}

fn object(options: &Options, cluster: &Cluster, plan: &Plan) -> serde_json::Value {
    let part = |part: &Part| {
        let nodes: Vec<&str> = part.nodes.iter().map(|at| node(cluster, *at)).collect();
        let moves: Vec<serde_json::Value> = part
            .moves
            .iter()
            .map(|moved| {
                json!({
                    "instance": instance(cluster, moved.instance),
                    "primary": node(cluster, moved.primary),
                    "secondary": moved.secondary.map(|at| node(cluster, at)),
                })
            })
            .collect();
        json!({"nodes": nodes, "moves": moves})
    };
    let kept = if options.one_step { 1 } else { usize::MAX };
    let parts: Vec<serde_json::Value> = plan.parts.iter().take(kept).map(part).collect();
    json!({"reboot_groups": parts})
}
