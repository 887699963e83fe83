//! `gantry hbal`

use super::load::{balancing, costs, load, save, tables, write};
use super::{Output, Stop};
use crate::config::htools::Options;
use crate::model;
use crate::planner::htools::balance::cheap::{self, Plan, Plans};
use crate::planner::htools::balance::{Balancer, Scope, Step, commands, jobs};
use crate::planner::htools::cluster::Cluster;
use crate::planner::htools::n1::{against_policy, bad_nodes, instances_on};
use crate::planner::htools::node::Refusal;
use crate::planner::htools::print::number::{fixed, general};
use crate::planner::htools::print::{policy, score::components};
use crate::planner::htools::score::{Score, optimum, score};
use crate::planner::htools::text;

/// Runs it; its exit status.
pub fn run(
    options: &Options,
    live: Option<&model::Cluster>,
    output: &mut Output<'_>,
) -> Result<u8, Stop> {
    let verbosity = options.verbosity;
    let (mut cluster, setup) = load(options, live, output)?;
    if verbosity > 1 {
        writeln!(
            output.out,
            "Loaded cluster tags: {}",
            cluster.data.tags.join(",")
        )?;
        let policy = policy::policy(&cluster.data.policy);
        writeln!(output.out, "Loaded cluster ipolicy: {policy}")?;
    }
    cluster.limit(&setup)?;
    if cluster.instances.is_empty() {
        writeln!(output.out, "Cluster is empty, exiting.")?;
        return Ok(0);
    }
    if verbosity > 1 {
        splits(&cluster, output)?;
    }
    let (nodes, instances) = (cluster.nodes.len(), cluster.instances.len());
    writeln!(output.out, "Loaded {nodes} nodes, {instances} instances")?;
    if verbosity > 1 && !cluster.suffix.is_empty() {
        let suffix = &cluster.suffix;
        writeln!(
            output.out,
            "Note: Stripping common suffix of '{suffix}' from names"
        )?;
    }
    save(
        options,
        output,
        &cluster.data,
        "original",
        "before balancing",
    )?;
    let group = choose(options, output, &cluster)?;
    let scope = Scope::group(&cluster, group);
    let (nodes, instances) = (scope.nodes.len(), scope.instances.len());
    let name = cluster.data.groups.get(group).map(|it| it.name.as_str());
    let name = name.unwrap_or_default();
    writeln!(
        output.out,
        "Group size {nodes} nodes, {instances} instances"
    )?;
    writeln!(output.out, "Selected node group: {name}")?;
    health(options, output, &cluster, &scope)?;
    output.out.flush()?;
    tables(
        options,
        output,
        &cluster,
        &scope,
        ("Initial", "Initial cluster status"),
    )?;

    let first = score(&cluster, &scope.nodes);
    let before = totals(&cluster, &scope);
    if verbosity > 2 {
        coefficients(output, "Initial coefficients:", &first)?;
    } else {
        writeln!(output.out, "Initial score: {}", fixed(first.total(), 8))?;
    }
    let least = optimum(&cluster, &scope.nodes);
    if first.total() - least < options.min_score {
        writeln!(
            output.out,
            "Cluster is already well balanced (initial score {},\n\
             optimum score due to N+1 reservations {},\nminimum score {}).\n\
             Nothing to do, exiting",
            general(first.total()),
            general(least),
            general(options.min_score)
        )?;
        return Ok(0);
    }
    writeln!(output.out, "Trying to minimize the CV...")?;
    let (steps, plans) = solve(options, output, &mut cluster, &scope)?;
    let last = score(&cluster, &scope.nodes);
    if steps.is_empty() {
        writeln!(output.out, "No solution found")?;
    } else if verbosity > 2 {
        coefficients(output, "Final coefficients:  ", &last)?;
    } else {
        let (first, last) = (fixed(first.total(), 8), fixed(last.total(), 8));
        writeln!(output.out, "Cluster score improved from {first} to {last}")?;
    }
    if verbosity > 0 {
        writeln!(output.out, "Solution length={}", steps.len())?;
    }
    let mut sets = jobs::job_sets(&cluster, &steps);
    if options.first_job_group {
        sets.truncate(1);
    }
    print_commands(options, output, &cluster, &sets)?;
    if let Some(plans) = &plans {
        beside(output, plans, costs(options).resync)?;
    }
    save(
        options,
        output,
        &cluster.moved_part(&scope.nodes, &scope.instances),
        "balanced",
        "after balancing",
    )?;
    output.out.flush()?;
    tables(
        options,
        output,
        &cluster,
        &scope,
        ("Final", "Final cluster status"),
    )?;
    if verbosity > 3 {
        writeln!(output.out, "Original: {before}")?;
        writeln!(output.out, "Final:    {}", totals(&cluster, &scope))?;
    }
    if options.execute && !steps.is_empty() {
        return Err(Stop::Error(
            "hbal: Execution of commands possible only on LUXI".to_owned(),
        ));
    }
    Ok(0)
}

fn splits(cluster: &Cluster, output: &mut Output<'_>) -> Result<(), Stop> {
    let split = cluster.split();
    if !split.is_empty() {
        writeln!(
            output.err,
            "Found instances belonging to multiple node groups:"
        )?;
        for at in split {
            let name = cluster.data.instances.get(at).map(|it| it.name.as_str());
            writeln!(output.err, "  {}", name.unwrap_or_default())?;
        }
        writeln!(output.err, "These instances will not be moved.")?;
    }
    Ok(())
}

/// The group to balance, by index.
pub fn choose(
    options: &Options,
    output: &mut Output<'_>,
    cluster: &Cluster,
) -> Result<usize, Stop> {
    let groups = &cluster.data.groups;
    let aborting = || Stop::Error("Aborting.".to_owned());
    let list = |output: &mut Output<'_>, title: String, names: &[&str]| -> Result<Stop, Stop> {
        output.out.flush()?;
        writeln!(output.err, "{title}")?;
        for name in names {
            writeln!(output.err, "  {name}")?;
        }
        Ok(aborting())
    };
    if let Some(wanted) = &options.group {
        let found = groups
            .iter()
            .rposition(|group| &group.name == wanted || &group.uuid == wanted);
        return match found {
            Some(at) => Ok(at),
            None => {
                let names: Vec<&str> = groups.iter().map(|it| it.name.as_str()).collect();
                let title = format!("Node group {wanted} not found. Node group list is:");
                Err(list(output, title, &names)?)
            }
        };
    }
    let used = |at: &usize| cluster.nodes.iter().any(|node| node.group == *at);
    let used: Vec<usize> = (0..groups.len()).filter(used).collect();
    match used.as_slice() {
        [] => Ok(0),
        [one] => Ok(*one),
        many => {
            let names = many.iter().filter_map(|at| groups.get(*at));
            let names: Vec<&str> = names.map(|it| it.name.as_str()).collect();
            Err(list(
                output,
                "Found multiple node groups:".to_owned(),
                &names,
            )?)
        }
    }
}

fn health(
    options: &Options,
    output: &mut Output<'_>,
    cluster: &Cluster,
    scope: &Scope,
) -> Result<(), Stop> {
    let bad = bad_nodes(cluster, &scope.nodes);
    if options.verbosity > 0 {
        writeln!(
            output.out,
            "Initial check done: {} bad nodes, {} bad instances.",
            bad.len(),
            instances_on(cluster, &bad).len()
        )?;
    }
    if options.verbosity > 4 {
        details(output, cluster, scope, &bad)?;
    }
    if !bad.is_empty() {
        writeln!(
            output.out,
            "Cluster is not N+1 happy, continuing but no guarantee that the cluster will end N+1 happy."
        )?;
    }
    let others = scope.nodes.iter().filter(|at| !bad.contains(at));
    let violating = others
        .filter(|at| against_policy(cluster, **at).is_some())
        .count();
    if violating > 0 {
        writeln!(
            output.out,
            "The cluster contains {violating} policy-violating nodes."
        )?;
        writeln!(
            output.out,
            "{}",
            if options.ignore_soft_errors {
                "Continuing, ignoring soft errors."
            } else {
                "Continuing, but the set of moves might be too restricted; consider using the \
                 --ignore-soft-errors option."
            }
        )?;
    }
    Ok(())
}

/// Names of good and bad nodes, and how the good ones stand to their policy.
fn details(
    output: &mut Output<'_>,
    cluster: &Cluster,
    scope: &Scope,
    bad: &[usize],
) -> Result<(), Stop> {
    let name = |at: &usize| {
        cluster
            .data
            .nodes
            .get(*at)
            .map_or("", |it| it.name.as_str())
    };
    let good: Vec<usize> = scope
        .nodes
        .iter()
        .copied()
        .filter(|at| !bad.contains(at))
        .collect();
    let names = |nodes: &[usize]| text::shown(&nodes.iter().map(name).collect::<Vec<_>>());
    writeln!(output.out, "Bad nodes: {}", names(bad))?;
    writeln!(output.out, "N+1 happy nodes: {}", names(&good))?;
    let status = good.iter().map(|at| {
        let verdict = match against_policy(cluster, *at) {
            None => "Ok ()",
            Some(Refusal::Cpu) => "Bad FailCPU",
            Some(_) => "Bad FailDisk",
        };
        format!("({},{verdict})", text::quoted(name(at)))
    });
    let status: Vec<String> = status.collect();
    writeln!(output.out, "Node policy status: [{}]", status.join(","))?;
    Ok(())
}

fn coefficients(output: &mut Output<'_>, title: &str, score: &Score) -> Result<(), Stop> {
    let total = fixed(score.total(), 8);
    writeln!(output.out, "{title} overall {total}")?;
    write!(output.out, "{}", components(score))?;
    Ok(())
}

/// Finds the moves, and prints each as soon as it is known.
fn solve(
    options: &Options,
    output: &mut Output<'_>,
    cluster: &mut Cluster,
    scope: &Scope,
) -> Result<(Vec<Step>, Option<Plans>), Stop> {
    let wide = |aliases: &mut dyn Iterator<Item = usize>| aliases.max().unwrap_or(0);
    let length = |text: &String| text.chars().count();
    let nodes = scope.nodes.iter().filter_map(|at| cluster.nodes.get(*at));
    let nodes = wide(&mut nodes.map(|it| length(&it.alias)));
    let names = scope
        .instances
        .iter()
        .filter_map(|at| cluster.instances.get(*at));
    let names = wide(&mut names.map(|it| length(&it.alias)));
    let both = 2 * nodes + 1;
    let aliases: Vec<String> = cluster.nodes.iter().map(|it| it.alias.clone()).collect();
    let alias = |at: usize| aliases.get(at).map_or("", String::as_str);
    let place = |(primary, secondary): (usize, Option<usize>)| match secondary {
        Some(secondary) => format!("{}:{}", alias(primary), alias(secondary)),
        None => alias(primary).to_owned(),
    };
    let all: Vec<String> = cluster
        .instances
        .iter()
        .map(|it| it.alias.clone())
        .collect();
    let ask = balancing(options);
    let mut steps = Vec::new();
    let mut show = |output: &mut Output<'_>, step: Step| -> Result<(), Stop> {
        steps.push(step.clone());
        writeln!(
            output.out,
            "  {:3}. {:names$} {:both$} => {:both$} {:>12} a={}",
            steps.len(),
            all.get(step.instance).map_or("", String::as_str),
            place(step.before),
            place(step.after),
            fixed(step.score, 8),
            commands::short(&aliases, step.to)
        )?;
        output.out.flush()?;
        Ok(())
    };
    if !options.cost_aware {
        for step in Balancer::new(cluster, scope, &ask) {
            show(output, step)?;
        }
        return Ok((steps, None));
    }
    let plans = cheap::plan(cluster, scope, &ask, &costs(options), &mut |_| true);
    for it in plans.iter().flat_map(|it| &it.cheap.steps) {
        let step = &it.step;
        if let Ok(outcome) = cluster.outcome(step.instance, step.to, ask.ignore_soft_errors) {
            cluster.make(step.instance, &outcome);
        }
        show(output, step.clone())?;
    }
    Ok((steps, plans))
}

/// The cost-aware plan beside hbal's own.
fn beside(output: &mut Output<'_>, plans: &Plans, resync: f64) -> Result<(), Stop> {
    writeln!(
        output.out,
        "Plan        score before  score after   moves  GiB copied  job sets  minutes (at {resync} MiB/s)"
    )?;
    let row = |name: &str, plan: &Plan| {
        format!(
            "{name:<10}  {:>12}  {:>11}  {:>6}  {:>10.1}  {:>8}  {:>7.0}",
            fixed(plan.before, 8),
            fixed(plan.after, 8),
            plan.steps.len(),
            plan.mib as f64 / 1024.0,
            plan.sets,
            plan.minutes
        )
    };
    writeln!(output.out, "{}", row("hbal", &plans.hbal))?;
    writeln!(output.out, "{}", row("cost-aware", &plans.cheap))?;
    Ok(())
}

fn print_commands(
    options: &Options,
    output: &mut Output<'_>,
    cluster: &Cluster,
    sets: &[Vec<&Step>],
) -> Result<(), Stop> {
    match &options.print_commands {
        None => {}
        Some(None) => {
            let title = if options.first_job_group {
                "First set of jobs:"
            } else {
                "Commands to run to reach the above solution:"
            };
            write!(output.out, "\n{title}\n{}", commands::text(cluster, sets))?;
        }
        Some(Some(path)) => {
            write(path, &commands::script(cluster, sets))?;
            let shown = path.display();
            writeln!(
                output.out,
                "The commands have been written to file '{shown}'"
            )?;
        }
    }
    Ok(())
}

/// Memory not promised to anybody and free disk, summed up.
fn totals(cluster: &Cluster, scope: &Scope) -> String {
    let figures = scope.nodes.iter().filter_map(|at| cluster.figures.get(*at));
    let (memory, disk) = figures.fold((0, 0), |(memory, disk), now| {
        (memory + now.unallocated, disk + now.free_disk)
    });
    format!("mem={memory} disk={disk}")
}
