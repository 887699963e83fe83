//! What is said where there are no rows: loading, lost, filtered away and really empty differ.

use crate::model::{Cluster, Reach};

use super::Tone;
use super::rows::Table;
use super::view::Kind;

/// Sentences that say why there are no rows, and what to do.
pub fn why_no_rows(table: &Table, cluster: &Cluster) -> Vec<(String, Tone)> {
    let dim = |text: &str| (text.to_owned(), Tone::Dim);
    if table.all > 0 {
        let text = format!("None of {} {} matches.", table.all, table.kind.word());
        return vec![(text, Tone::Plain), dim("Esc shows all.")];
    }
    let up = cluster.nodes.values().any(|node| node.reach.is_up());
    if !up {
        return no_contact(cluster);
    }
    let text = match table.kind {
        Kind::Alerts => "Nothing is wrong.",
        Kind::Jobs if cluster.jobs_at.is_some() => "No jobs are known.",
        Kind::Nodes if cluster.conf_seen.is_some() => "There are no nodes.",
        Kind::Instances if cluster.conf_seen.is_some() => "There are no instances.",
        Kind::Groups if cluster.conf_seen.is_some() => "There are no groups.",
        _ if cluster.master_serves() => "Loading from the master...",
        _ => "Not known: waiting for the master to answer.",
    };
    vec![dim(text)]
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
