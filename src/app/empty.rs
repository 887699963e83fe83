//! What is said where there are no rows: loading, lost, filtered away and really empty differ.

use crate::model::{Cluster, Name, Node, Reach};
use crate::planner::verify;

use super::Tone;
use super::facts::Facts;
use super::rows::{Scope, Table};
use super::view::Kind;

/// Sentences that say why there are no rows, and what to do.
pub fn why_no_rows(table: &Table, cluster: &Cluster, facts: &Facts) -> Vec<(String, Tone)> {
    let dim = |text: &str| (text.to_owned(), Tone::Dim);
    if table.all > 0 {
        let text = format!("None of {} {} matches.", table.all, table.kind.word());
        return vec![(text, Tone::Plain), dim("Esc shows all.")];
    }
    let up = cluster.nodes.values().any(|node| node.reach.is_up());
    if !up {
        return no_contact(cluster);
    }
    match (table.kind, &table.scope) {
        (Kind::Drbd, _) => return no_pairs(cluster),
        (Kind::Storage, _) => return no_places(cluster),
        (Kind::Locks, _) => return no_locks(cluster),
        (Kind::Verify, _) => return no_findings(cluster, facts),
        (Kind::N1, _) => {
            let why = facts.n1.why.as_deref();
            let text = why.unwrap_or("There are no nodes.");
            return vec![(text.to_owned(), Tone::Dim)];
        }
        // The text above says it.
        (Kind::Balance, _) if facts.plans.balance.asked_for() => return Vec::new(),
        (Kind::Maintenance, _) if facts.plans.rolling.asked_for() => return Vec::new(),
        (Kind::Capacity, _) if facts.plans.capacity.asked_for() => return Vec::new(),
        (Kind::Volumes, Scope::Node(node)) => return no_volumes(cluster, facts, node),
        _ => {}
    }
    let text = match table.kind {
        Kind::Alerts => "Nothing is wrong.",
        // The text above says it.
        Kind::Runbooks => return Vec::new(),
        Kind::Jobs if cluster.jobs_at.is_some() => "No jobs are known.",
        Kind::Nodes if cluster.conf_seen.is_some() => "There are no nodes.",
        Kind::Instances if cluster.conf_seen.is_some() => "There are no instances.",
        Kind::Groups if cluster.conf_seen.is_some() => "There are no groups.",
        _ => loading(cluster),
    };
    vec![dim(text)]
}

fn no_pairs(cluster: &Cluster) -> Vec<(String, Tone)> {
    let uses_drbd = |instance: &crate::model::Instance| {
        let mut disks = instance.conf.disks.iter();
        instance.conf.disk_template == "drbd" || disks.any(|disk| disk.template == "drbd")
    };
    if cluster.conf_seen.is_none() {
        return vec![(loading(cluster).to_owned(), Tone::Dim)];
    }
    if !cluster.instances.values().any(uses_drbd) {
        let text = "No instance has a DRBD disk.".to_owned();
        return vec![(text, Tone::Dim)];
    }
    let told = |node: &Node| node.facts.drbd.is_some();
    let mut lines = vec![if cluster.nodes.values().any(told) {
        let text = "Which devices belong to which disks is not known yet.";
        (text.to_owned(), Tone::Plain)
    } else {
        let text = "There are DRBD disks, but no node tells how they are.";
        (text.to_owned(), Tone::Plain)
    }];
    lines.extend(missing(cluster, &["drbd", "config.layout"]));
    lines
}

fn no_locks(cluster: &Cluster) -> Vec<(String, Tone)> {
    if !cluster.master_serves() {
        return vec![(loading(cluster).to_owned(), Tone::Dim)];
    }
    let lines = [
        "No job waits for a lock.",
        "Which locks are held is asked of Ganeti only while a job waits, as it costs the master something.",
    ];
    lines.map(|line| (line.to_owned(), Tone::Dim)).into()
}

fn no_findings(cluster: &Cluster, facts: &Facts) -> Vec<(String, Tone)> {
    let dim = |text: &str| (text.to_owned(), Tone::Dim);
    if verify::under_way(cluster).is_some() {
        return vec![("A verify is under way.".to_owned(), Tone::Progress)];
    }
    match facts.inbox.parts().next() {
        Some(_) => vec![
            dim("Nothing is wrong by the last verify."),
            dim("Enter verifies again."),
        ],
        None if cluster.jobs_at.is_none() => vec![dim(loading(cluster))],
        None => vec![
            dim("No verify is known: neither of this console's nor among the jobs."),
            dim("Enter asks for one."),
        ],
    }
}

fn no_places(cluster: &Cluster) -> Vec<(String, Tone)> {
    let told = |node: &Node| node.facts.storage.is_some();
    if cluster.nodes.values().any(told) {
        let text = "No node has a place for disks.".to_owned();
        return vec![(text, Tone::Dim)];
    }
    let mut lines = vec![("No node has told of its storage.".to_owned(), Tone::Plain)];
    lines.extend(missing(cluster, &["storage", "lvm"]));
    lines
}

fn no_volumes(cluster: &Cluster, facts: &Facts, name: &Name) -> Vec<(String, Tone)> {
    let line = |text: &str, tone| vec![(text.to_owned(), tone)];
    let Some(node) = cluster.nodes.get(name) else {
        return line("There is no such node any more.", Tone::Lost);
    };
    if facts.volumes_told() {
        return line("There are no logical volumes here.", Tone::Dim);
    }
    let why = node.facts.missing.iter().flatten();
    let mut why = why.filter(|part| part.part == "lvm");
    if let Some(part) = why.next() {
        let text = format!("Its volumes are not known: {}.", part.why);
        let tone = if part.hangs {
            Tone::Critical
        } else {
            Tone::Stale
        };
        return vec![(text, tone)];
    }
    if node.offline() {
        return line("The node is marked offline.", Tone::Dim);
    }
    match node.fresh() {
        true => line("Its volumes have not been told yet...", Tone::Progress),
        false => line("Not known: the node does not answer.", Tone::Lost),
    }
}

/// Why nodes do not tell of a part, each reason once.
fn missing(cluster: &Cluster, parts: &[&str]) -> Vec<(String, Tone)> {
    let mut whys: Vec<(&str, usize)> = Vec::new();
    let missing = cluster.nodes.values().filter(|node| node.fresh());
    for part in missing.flat_map(|node| node.facts.missing.iter().flatten()) {
        if !parts.contains(&part.part.as_str()) {
            continue;
        }
        match whys.iter_mut().find(|(why, _)| *why == part.why) {
            Some((_, n)) => *n += 1,
            None => whys.push((&part.why, 1)),
        }
    }
    whys.sort_unstable();
    let lines = whys.into_iter().map(|(why, n)| {
        let nodes = if n == 1 { "node" } else { "nodes" };
        (format!("{n} {nodes}: {why}"), Tone::Stale)
    });
    lines.collect()
}

fn loading(cluster: &Cluster) -> &'static str {
    if cluster.master_serves() {
        "Loading from the master..."
    } else {
        "Not known: waiting for the master to answer."
    }
}

fn no_contact(cluster: &Cluster) -> Vec<(String, Tone)> {
    let reaches = || cluster.nodes.values().map(|node| &node.reach);
    let links = || std::iter::once(&cluster.first_reach).chain(reaches());
    let why = links().find_map(Reach::why);
    let doing = links().find_map(|reach| match reach {
        Reach::Connecting(what) => Some(*what),
        _ => None,
    });
    let destination = &cluster.destination;
    let Some(why) = why else {
        let doing = doing.unwrap_or("waiting");
        return vec![(format!("{destination}: {doing}..."), Tone::Progress)];
    };
    let mut lines = vec![(format!("No contact with {destination}."), Tone::Critical)];
    lines.push((why.to_owned(), Tone::Plain));
    let until = links().find_map(|reach| match reach {
        Reach::Waiting { until, .. } => Some(*until),
        _ => None,
    });
    if let Some(what) = doing {
        lines.push((format!("Trying again: {what}..."), Tone::Progress));
    } else if let Some(until) = until {
        let seconds = until.since(cluster.now.at).div_ceil(1_000);
        lines.push((format!("Trying again in {seconds} s."), Tone::Dim));
    } else {
        lines.push(("R tries again.".to_owned(), Tone::Dim));
    }
    lines
}
