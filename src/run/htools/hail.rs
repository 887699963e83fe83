//! `gantry hail`: an allocator that Ganeti can call.

use std::io::Read;
use std::path::Path;

use serde_json::{Value, json};

use super::hspace::refused;
use super::load::{aborting, load, read, save, tables, warn};
use super::{Output, Stop};
use crate::config::htools::Options;
use crate::planner::htools::balance::Scope;
use crate::planner::htools::cluster::{Cluster, N1Rule, Setup};
use crate::planner::htools::ialloc::{self, Answer, Found, Moved, Request, Ways};

/// Runs it; its exit status.
pub fn run(options: &Options, output: &mut Output<'_>) -> Result<u8, Stop> {
    let path = options.request.as_deref();
    let text = said(path.unwrap_or(Path::new("-")))?;
    let message = ialloc::read(&text)?;
    // Loads of a request's own cluster count whatever --ignore-dynu says, as in the real tool.
    let setup = Setup {
        n1: match options.recorded_n1 {
            Some(true) => N1Rule::Recorded,
            _ => N1Rule::Reported,
        },
        ..Setup::default()
    };
    let data = message.counted(options.node_memory);
    let mut cluster = Cluster::new(data, &setup).map_err(aborting)?;
    warn(options, &cluster, output)?;
    let other = options.text.is_some() || !options.simulate.is_empty();
    if other {
        (cluster, _) = load(options, None, output)?;
    }
    if options.verbosity > 1 {
        writeln!(output.err, "Received request: {}", message.request.shown())?;
    }
    if options.verbosity > 2 {
        let shown = ialloc::verbose(&cluster, (!other).then_some(&message));
        writeln!(output.err, "Received cluster data: {shown}")?;
    }
    let rooms = match &message.request {
        Request::Allocate(wanted) => ialloc::by_room(&cluster, wanted.group.as_deref()),
        Request::MultiAllocate(_) => ialloc::by_room(&cluster, None),
        _ => false,
    };
    if options.verbosity > 1 && rooms {
        let words = "Allocation on a dedicated cluster; using lost-allocations metrics.";
        writeln!(output.err, "{words}")?;
    }
    let all = Scope::all(&cluster);
    let title = ("Initial", "Initial cluster status");
    tables(options, output, &cluster, &all, title)?;
    let count = cluster.instances.len();
    let before = "before iallocator run";
    save(options, output, &cluster.moved_data(), "pre-ialloc", before)?;
    let ways = Ways {
        ignore_soft_errors: options.ignore_soft_errors,
        no_capacity_checks: !options.capacity_checks,
        only: options.only.clone(),
        networks: if other {
            Vec::new()
        } else {
            message.networks()
        },
    };
    let answer = ialloc::answer(&mut cluster, &message.request, &ways);
    let title = ("Final", "Final cluster status");
    tables(options, output, &cluster, &all, title)?;
    let after = "after iallocator run";
    let mut data = cluster.moved_data();
    if matches!(message.request, Request::Allocate(_)) {
        // The new one comes first.
        let count = count.min(data.instances.len());
        data.instances.rotate_left(count);
    }
    save(options, output, &data, "post-ialloc", after)?;
    if options.json {
        writeln!(output.out, "{}", object(&answer, &cluster))?;
    } else {
        writeln!(output.out, "{}", answer.text(&cluster))?;
    }
    Ok(0)
}

/// The request, from a file or from standard input.
fn said(path: &Path) -> Result<String, Stop> {
    if path != Path::new("-") {
        return read(path).map_err(Stop::Error);
    }
    let mut text = String::new();
    let read = std::io::stdin().read_to_string(&mut text);
    read.map_err(|error| Stop::Error(format!("standard input: {error}")))?;
    Ok(text)
}

/// The answer for programs, with the reason of each node that would not have an instance.
fn object(answer: &Answer, cluster: &Cluster) -> Value {
    let instance = |at: usize| cluster.data.instances.get(at).map(|it| it.name.as_str());
    let group = |at: usize| cluster.data.groups.get(at).map(|it| it.name.as_str());
    let node = |at: usize| cluster.data.nodes.get(at).map(|it| it.name.as_str());
    let names = |nodes: &[usize]| nodes.iter().map(|at| node(*at)).collect::<Vec<_>>();
    let placed = match &answer.found {
        Some(Found::Nodes(nodes)) => vec![json!({"nodes": names(nodes)})],
        Some(Found::Secondary(at)) => vec![json!({"nodes": names(&[*at])})],
        Some(Found::Placed(all)) => {
            let one = |(name, nodes): &(String, Vec<usize>)| json!({"instance": name, "nodes": names(nodes)});
            all.iter().map(one).collect()
        }
        Some(Found::Moved { moved, .. }) => {
            let one = |it: &Moved| {
                json!({
                    "instance": instance(it.instance),
                    "group": group(it.group),
                    "nodes": names(&it.nodes),
                    "commands": it.commands(cluster),
                })
            };
            moved.iter().map(one).collect()
        }
        None => Vec::new(),
    };
    let failed = match &answer.found {
        Some(Found::Moved { failed, .. }) => {
            let one = |(at, why): &(usize, String)| json!({"instance": instance(*at), "text": why});
            failed.iter().map(one).collect()
        }
        _ => Vec::new(),
    };
    let refused = answer.refused.iter().flat_map(|(name, nodes)| {
        nodes.iter().map(move |it| {
            let mut object = refused(it);
            if let Some(members) = object.as_object_mut() {
                members.insert("instance".to_owned(), json!(name));
            }
            object
        })
    });
    json!({
        "success": answer.found.is_some(),
        "info": answer.said(),
        "placed": placed,
        "failed": failed,
        "refused_by": refused.collect::<Vec<Value>>(),
    })
}
