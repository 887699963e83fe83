//! Whether the nodes answer, who speaks for the cluster, and whether clocks agree.

use gantry_wire::config::Source;
use gantry_wire::report::MasterState;

use crate::model::words::{ago, duration};
use crate::model::{Cluster, Node, Reach};

use super::{Found, Severity, Subject, count};

/// Ganeti calls a clock wrong from this many seconds on (`ENODETIME`).
const CLOCK_SKEW: f64 = 150.0;

/// Whether anybody answers, and whether that is the master.
pub(super) fn contact(cluster: &Cluster, found: &mut Found) {
    let up = cluster
        .nodes
        .values()
        .filter(|node| node.reach.is_up())
        .count();
    if up == 0 {
        let troubled = || {
            cluster
                .nodes
                .values()
                .find_map(|node| node.trouble.as_ref())
        };
        let why = cluster.first_trouble.as_ref().or_else(troubled);
        if let Some(why) = why {
            found.add(
                Severity::Critical,
                Subject::Cluster,
                format!("no contact: {why}"),
            );
        }
        return;
    }
    if cluster.master_serves() {
        return;
    }
    let silent = cluster
        .masters
        .iter()
        .find_map(|(name, state)| match state {
            MasterState::Silent { why } => Some((name, why)),
            _ => None,
        });
    let from_file = cluster
        .conf_seen
        .as_ref()
        .filter(|seen| seen.source == Source::File);
    if let Some(seen) = from_file {
        let written = ago(cluster.seconds_since(seen.written));
        let text = format!("no master: configuration of {written} from {}", seen.by);
        found.add(Severity::Critical, Subject::Cluster, text);
    } else if cluster.conf_seen.is_some()
        || silent.is_none() && up == cluster.nodes.len() && !cluster.masters.is_empty()
    {
        let text =
            "no master answers: what is shown of the configuration and the jobs is old".to_owned();
        found.add(Severity::Critical, Subject::Cluster, text);
    }
    if let Some((name, why)) = silent {
        found.add(
            Severity::Critical,
            Subject::Node(name.clone()),
            format!("{name} is the master, but LUXI does not answer: {why}"),
        );
    }
}

/// Nodes that do not answer, and what is wrong with those that do.
pub(super) fn nodes(cluster: &Cluster, found: &mut Found) {
    let mut without_agent = 0;
    for node in cluster
        .nodes_sorted()
        .into_iter()
        .filter(|node| !node.offline())
    {
        let name = &node.name;
        let subject = Subject::Node(name.clone());
        match &node.reach {
            Reach::Waiting { .. } | Reach::Connecting(_) => {
                let Some(why) = &node.trouble else { continue };
                let text = match node.heard {
                    Some(heard) => {
                        let ago = ago(cluster.now.at.since(heard) as f64 / 1e3);
                        format!("{name} lost {ago}: {why}")
                    }
                    None => format!("{name} not reached: {why}"),
                };
                found.add(Severity::Critical, subject, text);
            }
            Reach::Refused { why } => {
                found.add(Severity::Warning, subject, format!("{name}: {why}"))
            }
            Reach::NoAgent { .. } => without_agent += 1,
            Reach::Up { .. } if node.noded() == Some(false) => {
                found.add(
                    Severity::Critical,
                    subject,
                    format!("{name}: ganeti-noded does not answer"),
                );
            }
            Reach::Idle | Reach::Up { .. } => {}
        }
    }
    if without_agent > 0 {
        let text = format!("no agent on {}", count(without_agent, "node"));
        found.add(Severity::Note, Subject::Cluster, text);
    }
    candidates(cluster, found);
}

/// Fewer master candidates than wanted, though there are nodes for it.
fn candidates(cluster: &Cluster, found: &mut Found) {
    let Some(conf) = &cluster.conf else { return };
    let roles = |letters: &str| {
        let has = |node: &&Node| letters.contains(node.role());
        cluster
            .nodes
            .values()
            .filter(has)
            .filter(|node| node.conf.as_ref().is_some_and(|c| c.master_capable))
            .count()
    };
    let (have, could) = (roles("MC"), roles("MCR"));
    let want = (conf.candidate_pool_size as usize).min(could);
    if have < want {
        let text = format!("{} of {want} wanted", count(have, "master candidate"));
        found.add(Severity::Warning, Subject::Cluster, text);
    }
}

/// Clocks that are off against most of the others.
pub(super) fn clocks(cluster: &Cluster, found: &mut Found) {
    let fresh = || cluster.nodes.values().filter(|node| node.fresh());
    let mut ahead: Vec<f64> = fresh().filter_map(|node| node.clock_ahead).collect();
    ahead.sort_by(f64::total_cmp);
    let Some(&median) = ahead.get(ahead.len() / 2) else {
        return;
    };
    for node in fresh() {
        let off = node.clock_ahead.unwrap_or(median) - median;
        if off.abs() > CLOCK_SKEW {
            let way = if off > 0.0 { "ahead" } else { "behind" };
            let text = format!("{}: clock {} {way}", node.name, duration(off.abs()));
            found.add(Severity::Warning, Subject::Node(node.name.clone()), text);
        }
    }
}
