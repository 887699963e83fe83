//! `gantry hscan`: a live cluster as text, for the other tools.

use super::load::{node_table, say_unknown, write};
use super::{Output, Stop};
use crate::config::Target;
use crate::config::htools::Options;
use crate::model;
use crate::planner::htools::balance::Scope;
use crate::planner::htools::n1::{bad_nodes, instances_on};
use crate::planner::htools::print::number::fixed;
use crate::planner::htools::score::score;
use crate::planner::htools::{Cluster, Setup, live, text};

/// Runs it; its exit status.
pub fn run(
    options: &Options,
    live: Option<&model::Cluster>,
    output: &mut Output<'_>,
) -> Result<u8, Stop> {
    let (Some(cluster), Some(target)) = (live, &options.target) else {
        let why = "which cluster? gantry hscan [USER@]HOST, or -L on a node";
        return Err(Stop::Error(why.to_owned()));
    };
    let name = match target {
        Target::Local => "LOCAL".to_owned(),
        Target::Ssh(destination) => destination.host.clone(),
    };
    let found = match live::live(cluster) {
        Ok(found) => found,
        // As the real tool says that it could not scan one of the clusters.
        Err(why) => {
            writeln!(output.err, "Error: {why}")?;
            return Ok(2);
        }
    };
    say_unknown(&found.unknown, output)?;
    let setup = Setup {
        n1: found.n1,
        ..Setup::default()
    };
    let path = options
        .directory
        .join(format!("{}.data", name.replace('/', "_")));
    let scanned = found.clone().scanned(options.node_memory);
    let counted = Cluster::new(found.counted(options.node_memory), &setup)?;
    let all = Scope::all(&counted);
    if options.headers {
        let titles = [
            "Nodes", "Inst", "BNode", "BInst", "t_mem", "f_mem", "t_disk", "f_disk", "Score",
        ];
        writeln!(
            output.out,
            "{}",
            row(("Name", &name), titles.map(str::to_owned))
        )?;
    }
    let figures = figures(&counted, &all);
    writeln!(output.out, "{}", row((&name, &name), figures))?;
    if let Some(table) = node_table(options, &counted, &all) {
        writeln!(output.out, "{table}")?;
    }
    match write(&path, &text::write(&scanned)) {
        Err(Stop::Error(why)) => {
            output.out.flush()?;
            writeln!(output.err, "Error: {why}")?;
            Ok(2)
        }
        ended => ended.map(|()| 0),
    }
}

/// A cell as wide as the cluster's name, then the figures in their columns.
fn row((first, name): (&str, &str), figures: [String; 9]) -> String {
    let wide = name.chars().count().max("Name".len());
    let widths = [5, 5, 5, 5, 6, 6, 6, 6, 10];
    let cells = figures.iter().zip(widths);
    let cells = cells.map(|(figure, width)| format!(" {figure:>width$}"));
    format!("{first:<wide$}{}", cells.collect::<String>())
}

fn figures(cluster: &Cluster, all: &Scope) -> [String; 9] {
    let bad = bad_nodes(cluster, &all.nodes);
    let nodes = || cluster.nodes.iter();
    let total_memory: f64 = nodes().map(|it| it.total_memory).sum();
    let free_memory: i64 = nodes().map(|it| it.free_memory).sum();
    let total_disk: f64 = nodes().map(|it| it.total_disk).sum();
    let free_disk: i64 = cluster.figures.iter().map(|it| it.free_disk).sum();
    [
        cluster.nodes.len().to_string(),
        cluster.instances.len().to_string(),
        bad.len().to_string(),
        instances_on(cluster, &bad).len().to_string(),
        fixed(total_memory, 0),
        free_memory.to_string(),
        fixed(total_disk / 1024.0, 0),
        free_disk.div_euclid(1024).to_string(),
        fixed(score(cluster, &all.nodes).total(), 8),
    ]
}
