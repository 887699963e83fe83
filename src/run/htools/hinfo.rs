//! `gantry hinfo`

use super::load::{load, tables};
use super::{Output, Stop};
use crate::config::htools::Options;
use crate::model;
use crate::planner::htools::balance::Scope;
use crate::planner::htools::cluster::Cluster;
use crate::planner::htools::n1::{bad_nodes, instances_on};
use crate::planner::htools::print::number::fixed;
use crate::planner::htools::print::table::table;
use crate::planner::htools::print::{policy, score::components};
use crate::planner::htools::score::score;

/// Runs it; its exit status.
pub fn run(
    options: &Options,
    live: Option<&model::Cluster>,
    output: &mut Output<'_>,
) -> Result<u8, Stop> {
    let verbosity = options.verbosity;
    let (mut cluster, setup) = load(options, live, output)?;
    writeln!(
        output.out,
        "Loaded cluster tags: {}",
        cluster.data.tags.join(",")
    )?;
    if verbosity > 1 {
        let policy = policy::policy(&cluster.data.policy);
        writeln!(output.out, "Loaded cluster ipolicy: {policy}")?;
    }
    cluster.limit(&setup)?;
    if verbosity > 1 && cluster.instances.is_empty() {
        writeln!(output.out, "Cluster is empty.")?;
    }
    writeln!(
        output.out,
        "Loaded {}, {}, {}",
        count(cluster.nodes.len(), "node"),
        count(cluster.instances.len(), "instance"),
        count(cluster.data.groups.len(), "node group")
    )?;
    if verbosity > 1 && !cluster.suffix.is_empty() {
        let suffix = &cluster.suffix;
        writeln!(
            output.out,
            "Note: Stripping common suffix of '{suffix}' from names"
        )?;
    }
    let split = cluster.split();
    if !split.is_empty() {
        writeln!(
            output.out,
            "Found instances belonging to multiple node groups:"
        )?;
        for at in split {
            let name = cluster.data.instances.get(at).map(|it| it.name.as_str());
            writeln!(output.err, "  {}", name.unwrap_or_default())?;
        }
    } else if verbosity > 1 {
        writeln!(output.out, "No split instances found")?;
    }
    if verbosity > 1 {
        write!(output.out, "Node group information:\n{}", groups(&cluster))?;
    }
    let all = Scope::all(&cluster);
    let happy = bad_nodes(&cluster, &all.nodes).is_empty();
    let happy = if happy { "happy" } else { "unhappy" };
    writeln!(output.out, "Cluster is N+1 {happy}")?;
    output.out.flush()?;
    tables(
        options,
        output,
        &cluster,
        &all,
        ("Instances", "Cluster status"),
    )?;
    let score = score(&cluster, &all.nodes);
    write!(output.out, "Cluster coefficients:\n{}", components(&score))?;
    writeln!(output.out, "Cluster score: {}", fixed(score.total(), 8))?;
    Ok(0)
}

fn count(n: usize, what: &str) -> String {
    let ending = if n == 1 { "" } else { "s" };
    format!("{n} {what}{ending}")
}

/// A line for each group that has nodes.
fn groups(cluster: &Cluster) -> String {
    let mut rows = Vec::new();
    for (at, group) in cluster.data.groups.iter().enumerate() {
        let scope = Scope::group(cluster, at);
        if scope.nodes.is_empty() {
            continue;
        }
        let bad = bad_nodes(cluster, &scope.nodes);
        let happy = if bad.is_empty() { "True" } else { "False" };
        rows.push(vec![
            group.name.clone(),
            scope.nodes.len().to_string(),
            scope.instances.len().to_string(),
            bad.len().to_string(),
            instances_on(cluster, &bad).len().to_string(),
            happy.to_owned(),
            fixed(score(cluster, &scope.nodes).total(), 8),
        ]);
    }
    let columns = [
        ("Group", false),
        ("Nodes", true),
        ("Instances", true),
        ("Bad_Nodes", true),
        ("Bad_Instances", true),
        ("N+1", false),
        ("Score", true),
    ];
    table(&columns, &rows, "   ")
}
