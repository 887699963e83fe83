//! What becomes of the cluster when another node is made its master.

use gantry_wire::operation::MasterFailover;

use crate::model::job::{finished, summary};
use crate::model::{Cluster, Node};

use super::Tone;
use super::draft::Draft;
use super::facts::{answers, names, silence};

/// Tells of another master.
pub fn failover(draft: &mut Draft, it: &MasterFailover) {
    let Some(node) = draft.node(&it.node) else {
        return;
    };
    let (name, old) = (&*node.name, draft.cluster.master());
    if name == old {
        return draft.nothing(format!("{name} is the master already"));
    }
    if let Err(why) = can_be_master(node, draft.cluster) {
        return draft.refuse(why);
    }
    let text = format!("becomes the master, and {old} no more than a candidate");
    draft.head(name, text, Tone::Plain);
    if answers(node, draft.cluster).is_none() {
        let text = "not known whether its noded answers: if not the cluster has no master then";
        draft.say(name, text, Tone::Warn);
    }
    old_master(draft, old, it.no_voting);
    votes(draft, old, it.no_voting);
    jobs(draft);
    let text = "no jobs, no watcher, no RAPI for up to a minute; instances run on";
    draft.say("meanwhile", text, Tone::Plain);
    for other in draft.cluster.nodes_sorted() {
        if other.role() != "C" || *other.name == *name {
            continue;
        }
        let (text, tone) = match can_be_master(other, draft.cluster) {
            Ok(()) => (format!("{} could be it too", other.name), Tone::Plain),
            Err(why) => (format!("not {why}"), Tone::Plain),
        };
        draft.say("instead", text, tone);
    }
    let text = format!("the same again, with {old} as the new master");
    draft.say("to go back", text, Tone::Plain);
}

/// Whether a node could be made the master now.
///
/// # Errors
/// Why not, beginning with its name.
pub fn can_be_master(node: &Node, cluster: &Cluster) -> Result<(), String> {
    let name = &node.name;
    match node.role() {
        "O" => return Err(format!("{name}: it is marked offline")),
        "C" => {}
        _ => return Err(format!("{name}: it is no master candidate")),
    }
    if !node.reach.is_up() {
        let why = "its agent does not answer, and it is there that the command runs";
        return Err(format!("{name}: {why}"));
    }
    if answers(node, cluster) == Some(false) {
        return Err(format!("{name}: its noded does not answer"));
    }
    let master = cluster.master();
    match node.says_master.as_deref() {
        Some(other) if other != master => Err(format!(
            "{name}: for it {other} is the master, not {master}"
        )),
        _ => Ok(()),
    }
}

/// Two masters are worse than none.
fn old_master(draft: &mut Draft, old: &str, no_voting: bool) {
    let silent = match draft.cluster.nodes.get(old) {
        Some(node) if node.offline() => Some(format!("{old} is marked offline")),
        _ => silence(old, draft.cluster),
    };
    let Some(why) = silent else {
        if no_voting {
            draft.refuse(format!(
                "{old} answers: without voting there would be two masters, and with it all is well"
            ));
        }
        return;
    };
    draft.unproven(old);
    let text =
        format!("{why}, which is no proof that it is down: if it is up there are two masters");
    draft.say(old, text, Tone::Bad);
    let text = format!("mark {old} offline, then fail over its instances");
    draft.say("afterwards", text, Tone::Warn);
}

/// Ganeti asks all nodes who the master is.
fn votes(draft: &mut Draft, old: &str, no_voting: bool) {
    if no_voting {
        let text = "no other node is asked who the master is";
        return draft.say("voting", text, Tone::Bad);
    }
    let asked: Vec<&Node> = draft.cluster.nodes_sorted();
    let asked: Vec<&Node> = asked.into_iter().filter(|it| !it.offline()).collect();
    let agrees = |node: &&&Node| node.reach.is_up() && node.says_master.as_deref() == Some(old);
    let (count, of) = (asked.iter().filter(agrees).count(), asked.len());
    let text = format!("{count} of {of} nodes answer and call {old} the master");
    match count.saturating_mul(2) > of {
        true => draft.say("voting", text, Tone::Good),
        false => {
            let text = format!("{text}: Ganeti may refuse unless most do");
            draft.say("voting", text, Tone::Warn);
        }
    }
}

/// Jobs are processes of the old master's.
fn jobs(draft: &mut Draft) {
    let cluster = draft.cluster;
    let open = cluster.jobs.values().filter(|job| !finished(&job.status));
    let (begun, queued): (Vec<_>, Vec<_>) = open.partition(|job| job.status != "queued");
    if !begun.is_empty() {
        let told: Vec<String> = begun
            .iter()
            .map(|job| format!("{} ({})", job.id, summary(job)))
            .collect();
        let text = format!(
            "jobs break off where they are: {}; better wait for their end",
            names(told.iter().map(String::as_str))
        );
        draft.say("lost", text, Tone::Bad);
    }
    if !queued.is_empty() {
        let text = format!(
            "{} that have not begun go on under the new master",
            queued.len()
        );
        draft.say("jobs", text, Tone::Plain);
    }
}
