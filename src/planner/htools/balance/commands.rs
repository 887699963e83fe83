//! A plan as `gnt-instance` commands, laid out as hbal prints them.

use super::Step;
use crate::planner::htools::cluster::Cluster;
use crate::planner::htools::moves::Move;

/// What a script of commands begins with: between two moves it stops if somebody wants it to.
pub const HEADER: &str = "\
#!/bin/sh

# Auto-generated script for executing cluster rebalancing

# To stop, touch the file /tmp/stop-htools

set -e

check() {
  if [ -f /tmp/stop-htools ]; then
    echo 'Stop requested, exiting'
    exit 0
  fi
}

";

/// The commands of one move, without `gnt-instance`.
pub fn commands(cluster: &Cluster, step: &Step) -> Vec<String> {
    of(cluster, step.instance, step.to)
}

/// The commands of an instance's move, without `gnt-instance`.
pub fn of(cluster: &Cluster, instance: usize, to: Move) -> Vec<String> {
    let Some(instance) = cluster.instances.get(instance) else {
        return Vec::new();
    };
    let node = |at: usize| cluster.nodes.get(at).map_or("", |it| it.alias.as_str());
    let name = &instance.alias;
    let verb = if instance.runs { "migrate" } else { "failover" };
    let over = || format!("{verb} -f {name}");
    let replace = |at: usize| format!("replace-disks -n {} {name}", node(at));
    match to {
        Move::Failover => vec![over()],
        Move::FailoverToAny(to) => vec![format!("{verb} -f -n {} {name}", node(to))],
        Move::FailoverAndReplace(to) => vec![over(), replace(to)],
        Move::ReplaceSecondary(to) => vec![replace(to)],
        Move::ReplaceAndFailover(to) => vec![replace(to), over()],
        Move::ReplacePrimary(to) => vec![over(), replace(to), over()],
    }
}

/// A move in short: `f` failover, `fa` to any node, `r` replaced disks. The nodes' names without their common end.
pub fn short(aliases: &[String], to: Move) -> String {
    let node = |at: usize| aliases.get(at).map_or("", String::as_str);
    match to {
        Move::Failover => "f".to_owned(),
        Move::FailoverToAny(to) => format!("fa:{}", node(to)),
        Move::ReplacePrimary(to) => format!("f r:{} f", node(to)),
        Move::ReplaceSecondary(to) => format!("r:{}", node(to)),
        Move::ReplaceAndFailover(to) => format!("r:{} f", node(to)),
        Move::FailoverAndReplace(to) => format!("f r:{}", node(to)),
    }
}

/// Lines of a script; `check` lets it be stopped between two moves.
pub fn lines(cluster: &Cluster, sets: &[Vec<&Step>], check: bool) -> Vec<String> {
    let mut out = Vec::new();
    for (set, steps) in sets.iter().enumerate() {
        let set = set + 1;
        out.push(String::new());
        out.push(format!("echo jobset {set}, {} jobs", steps.len()));
        for (job, step) in steps.iter().enumerate() {
            out.push(format!("  echo job {set}/{}", job + 1));
            if check {
                out.push("  check".to_owned());
            }
            let commands = commands(cluster, step).into_iter();
            out.extend(commands.map(|command| format!("  gnt-instance {command}")));
        }
    }
    out
}

/// For reading: every line a little to the right.
pub fn text(cluster: &Cluster, sets: &[Vec<&Step>]) -> String {
    let lines = lines(cluster, sets, false).into_iter();
    lines.map(|line| format!("  {line}\n")).collect()
}

/// For a shell.
pub fn script(cluster: &Cluster, sets: &[Vec<&Step>]) -> String {
    let lines = lines(cluster, sets, true).into_iter();
    let body: String = lines.map(|line| line + "\n").collect();
    format!("{HEADER}{body}")
}
