//! `gantry hsqueeze`

use serde_json::json;

use super::load::{load, save, write};
use super::{Output, Stop};
use crate::config::htools::Options;
use crate::model;
use crate::planner::htools::balance::{commands, jobs};
use crate::planner::htools::cluster::Cluster;
use crate::planner::htools::squeeze::{self, Direction, Plan, STANDBY};

/// Runs it; its exit status.
pub fn run(
    options: &Options,
    live: Option<&model::Cluster>,
    output: &mut Output<'_>,
) -> Result<u8, Stop> {
    let (cluster, _) = load(options, live, output)?;
    save(
        options,
        output,
        &cluster.moved_data(),
        "original",
        "before hsqueeze run",
    )?;
    let plan = squeeze::plan(
        &cluster,
        options.minimal_resources,
        options.target_resources,
    );
    let name = |at: &usize| {
        cluster
            .data
            .nodes
            .get(*at)
            .map_or("", |it| it.name.as_str())
    };
    let names = |nodes: &[usize]| nodes.iter().map(name).collect::<Vec<_>>();
    if options.json {
        let action = match plan.direction {
            Direction::Online => "online",
            Direction::Offline => "offline",
        };
        let object = json!({
            "action": action,
            "nodes": names(&plan.nodes),
            "enough": plan.enough,
            "commands": lines(&cluster, &plan, false),
        });
        writeln!(output.out, "{object:#}")?;
        return Ok(0);
    }
    if options.verbosity > 1 {
        let (go, come) = (names(&plan.could_go), names(&plan.could_come));
        writeln!(output.out, "Offline candidates: {}", go.join(","))?;
        writeln!(output.out, "Online candidates: {}", come.join(","))?;
    }
    if options.headers {
        let title = match plan.direction {
            Direction::Online => "'Nodes to online'",
            Direction::Offline if plan.nodes.is_empty() => "'No action'",
            Direction::Offline => "'Nodes to offline'",
        };
        writeln!(output.out, "{title}")?;
    }
    for name in names(&plan.nodes) {
        writeln!(output.out, "{name}")?;
    }
    if options.verbosity > 1 && !plan.enough {
        let words = "Onlining all nodes will not yield enough capacity";
        writeln!(output.out, "{words}")?;
    }
    print_commands(options, output, &cluster, &plan)?;
    save(
        options,
        output,
        &plan.after.moved_data(),
        "squeezed",
        "after hsqueeze run",
    )?;
    if options.execute && !(plan.nodes.is_empty() && plan.steps.is_empty()) {
        let why = "hsqueeze: Execution of commands possible only on LUXI";
        return Err(Stop::Error(why.to_owned()));
    }
    Ok(0)
}

fn print_commands(
    options: &Options,
    output: &mut Output<'_>,
    cluster: &Cluster,
    plan: &Plan,
) -> Result<(), Stop> {
    let Some(path) = &options.print_commands else {
        return Ok(());
    };
    let lines = lines(cluster, plan, path.is_some());
    match path {
        None => {
            write!(output.out, "\nCommands to run:\n")?;
            for line in lines {
                writeln!(output.out, "  {line}")?;
            }
        }
        Some(path) => {
            let body: String = lines.iter().map(|line| format!("{line}\n")).collect();
            write(path, &format!("{}{body}", commands::HEADER))?;
            let shown = path.display();
            writeln!(
                output.out,
                "The commands have been written to file '{shown}'"
            )?;
        }
    }
    Ok(())
}

/// The commands, line by line; `check` lets a script be stopped between two moves.
fn lines(cluster: &Cluster, plan: &Plan, check: bool) -> Vec<String> {
    let power = |word: &str| {
        let nodes = plan.nodes.iter();
        let nodes = nodes.filter_map(|at| cluster.nodes.get(*at));
        let lines = nodes.map(|node| format!("  gnt-node power -f {word} {}", node.alias));
        let lines: Vec<String> = lines.collect();
        std::iter::once("echo Power Commands".to_owned()).chain(lines)
    };
    let sets = jobs::job_sets(&plan.after, &plan.steps);
    let moves = commands::lines(&full_names(&plan.after), &sets, check);
    match plan.direction {
        Direction::Online => power("on").chain(moves).collect(),
        Direction::Offline if plan.nodes.is_empty() => vec!["echo Nothing to do".to_owned()],
        Direction::Offline => {
            let nodes = plan.nodes.iter();
            let nodes = nodes.filter_map(|at| cluster.nodes.get(*at));
            let tags = nodes.map(|it| format!("  gnt-node add-tags {} {STANDBY}auto", it.alias));
            let mut lines = moves;
            lines.extend([String::new(), "echo Tagging Commands".to_owned()]);
            lines.extend(tags);
            lines.push(String::new());
            lines.extend(power("off"));
            lines
        }
    }
}

/// Here the commands have the full names of instances, unlike hbal's.
fn full_names(cluster: &Cluster) -> Cluster {
    let mut out = cluster.clone();
    for (instance, loaded) in out.instances.iter_mut().zip(&cluster.data.instances) {
        instance.alias.clone_from(&loaded.name);
    }
    out
}
