//! What has to be so before a runbook goes on: looked up in the facts, with words for what is waited for.

use crate::action::forecast::facts::{answers, names, runs, silence};
use crate::model::drbd::connected;
use crate::model::words::duration;
use crate::model::{Cluster, Instance, Node, Status, natural};
use crate::planner::replica::{Half, Key, Pair, State};

/// What has to be done first where the node is the master.
pub const MASTER: &str = "make another node the master first (A m, or gnt-cluster master-failover on a master candidate)";

/// A half is on this node.
pub fn has_half(pair: &Pair, node: &str) -> bool {
    *pair.primary.node == *node || *pair.secondary.node == *node
}

/// The disk is this instance's.
pub fn is_of(pair: &Pair, instance: &str) -> bool {
    matches!(&pair.key, Key::Disk(name, _) if **name == *instance)
}

/// Two good halves, or none in use.
pub fn is_well(pair: &Pair) -> bool {
    matches!(pair.state, State::Healthy | State::Verifying | State::Down)
}

/// `web7/0`.
fn name(pair: &Pair) -> String {
    match &pair.key {
        Key::Disk(instance, index) => format!("{instance}/{index}"),
        Key::Stray(node, minor) => format!("minor {minor} on {node}"),
    }
}

/// Whether these disks are in sync: how many are, or what is waited for.
pub fn in_sync<'a>(pairs: impl Iterator<Item = &'a Pair>) -> Result<String, String> {
    let pairs: Vec<&Pair> = pairs
        .filter(|pair| matches!(pair.key, Key::Disk(..)))
        .collect();
    let waits: Vec<&&Pair> = pairs.iter().filter(|pair| !is_well(pair)).collect();
    if waits.is_empty() {
        return Ok(match pairs.len() {
            0 => "there are no DRBD disks".to_owned(),
            1 => "its disk is in sync".to_owned(),
            many => format!("all {many} disks are in sync"),
        });
    }
    let told = waits.iter().map(|pair| {
        let how = match (&pair.going, pair.text.as_str()) {
            (Some(going), _) if pair.state == State::Resyncing => {
                let left = going.eta_s.map(|it| format!(", {} left", duration(it)));
                format!("{:.1}%{}", going.percent, left.unwrap_or_default())
            }
            (_, "") => "not known".to_owned(),
            (_, text) => text.to_owned(),
        };
        format!("{} ({how})", name(pair))
    });
    let told: Vec<String> = told.collect();
    Err(format!(
        "{} of {} disks not in sync: {}",
        waits.len(),
        pairs.len(),
        names(told.iter().map(String::as_str))
    ))
}

/// Whether a node's agent and its noded answer.
pub fn node_answers(node: &Node, cluster: &Cluster) -> Result<String, String> {
    let name = &node.name;
    match answers(node, cluster) {
        Some(true) if node.fresh() => Ok(format!("{name} answers")),
        Some(false) if node.fresh() => Err(format!("{name} is up, its noded does not answer yet")),
        _ => Err(silence(name, cluster).unwrap_or_else(|| {
            let why = node.reach.why().unwrap_or("it is not reached yet");
            format!("{name}: {why}")
        })),
    }
}

/// Whether nothing is known that shows that a node is alive.
///
/// # Errors
/// The sign of life.
pub fn no_life(name: &str, cluster: &Cluster) -> Result<(), String> {
    let Some(node) = cluster.nodes.get(name) else {
        return Err(format!("there is no node {name}"));
    };
    if node.fresh() {
        return Err(format!("{name} is alive: its agent answers"));
    }
    if !node.offline() && answers(node, cluster) == Some(true) {
        return Err(format!("{name} is alive: its noded answers"));
    }
    Ok(())
}

/// The same with what DRBD says on other nodes.
///
/// # Errors
/// The sign of life.
pub fn is_silent(name: &str, cluster: &Cluster, pairs: &[Pair]) -> Result<(), String> {
    no_life(name, cluster)?;
    let talks = |half: &Half| half.now().is_some_and(|it| connected(&it.connection));
    let heard = pairs.iter().find_map(|pair| {
        let halves = [
            (&pair.primary, &pair.secondary),
            (&pair.secondary, &pair.primary),
        ];
        let other = halves.into_iter().find(|(own, _)| *own.node == *name);
        other.map(|(_, other)| other).filter(|other| talks(other))
    });
    match heard {
        Some(half) => Err(format!(
            "{name} is alive: DRBD on {} is connected to it",
            half.node
        )),
        None => Ok(()),
    }
}

/// Instances of a node by name, in Ganeti's order, that are so.
pub fn those<'a>(
    of: &[crate::model::Name],
    cluster: &'a Cluster,
    so: impl Fn(&Instance) -> bool,
) -> Vec<&'a Instance> {
    let all = of.iter().filter_map(|name| cluster.instances.get(name));
    let mut all: Vec<&Instance> = all.filter(|it| so(it)).collect();
    all.sort_by(|a, b| natural::compare(&a.name, &b.name));
    all
}

/// It runs by its node's own word; or else it is to run, and nobody says that it does not. What LUXI said may be a minute
/// old, and what was shut down since counts as running there.
pub fn may_run(instance: &Instance) -> bool {
    match (instance.status, runs(instance)) {
        (Status::Now(_), Some(runs)) => runs,
        (_, runs) => instance.conf.admin_state == "up" && runs != Some(false),
    }
}

/// A few of their names.
pub fn listed(instances: &[&Instance]) -> String {
    names(instances.iter().map(|it| &*it.name))
}

/// `1 instance: web1`, `3 instances: web1, web2, web3`.
pub fn counted(instances: &[&Instance]) -> String {
    let s = if instances.len() == 1 { "" } else { "s" };
    format!("{} instance{s}: {}", instances.len(), listed(instances))
}

/// Jobs that are not over, in words to be put at the end of a sentence.
pub fn under_way(cluster: &Cluster) -> String {
    let jobs = cluster.jobs.values();
    let open = jobs
        .filter(|job| !crate::model::job::finished(&job.status))
        .count();
    match open {
        0 => "no job is under way: r asks again".to_owned(),
        1 => "1 job is under way".to_owned(),
        many => format!("{many} jobs are under way"),
    }
}
