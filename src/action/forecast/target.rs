//! Where an instance goes, and whether it may.

use crate::action::fit::{Mirror, mirror};
use crate::model::Instance;

use super::Tone;
use super::draft::Draft;
use super::effect::Effect;
use super::facts::{drained, mute, offline, runs};
use super::redundancy::objection;
use super::room;

/// Where an instance goes.
pub enum Whereto {
    /// To this node.
    Node(String),
    /// Wherever this iallocator says.
    Chosen(String),
}

/// Where it goes and by what mirror; refused if it cannot.
pub fn whereto(
    draft: &mut Draft,
    instance: &Instance,
    (node, iallocator): (Option<&str>, Option<&str>),
) -> Option<(Whereto, Mirror)> {
    let how = match mirror(instance) {
        Ok(how) => how,
        Err(why) => {
            draft.refuse(why);
            return None;
        }
    };
    let secondary = instance.conf.secondaries.first();
    let to = match (how, node, iallocator) {
        (Mirror::Drbd, node, None) if node.is_none() || node == secondary.map(String::as_str) => {
            Whereto::Node(secondary.cloned().unwrap_or_default())
        }
        (Mirror::Drbd, ..) => {
            let only = secondary.map_or("", String::as_str);
            draft.refuse(format!(
                "DRBD disks are on {only} only: no other node can be chosen"
            ));
            return None;
        }
        (Mirror::External, Some(node), _) => Whereto::Node(node.to_owned()),
        (Mirror::External, None, named) => {
            Whereto::Chosen(draft.allocator(named, "choose a node")?)
        }
    };
    if let Whereto::Node(node) = &to
        && *node == instance.conf.primary
    {
        draft.refuse(format!("{} is on {node} already", instance.name));
        return None;
    }
    Some((to, how))
}

/// The target takes the instance over: whether it may, and what it costs it.
pub fn takes_over(
    draft: &mut Draft,
    instance: &Instance,
    whereto: &Whereto,
    ignore_ipolicy: bool,
    starts: bool,
) {
    let name = instance.name.to_string();
    let Whereto::Node(target) = whereto else {
        let why = format!("where {name} goes is for an iallocator to choose");
        draft.effects.push(Effect::Open(why));
        return;
    };
    takes(draft, instance, target, ignore_ipolicy);
    if starts {
        room::needs_memory(draft, target, instance.conf.minmem, "its minmem");
        room::wants_memory(draft, target, instance.conf.maxmem);
        changes_memory(draft, instance, target);
    }
    draft
        .effects
        .push(match instance.conf.disk_template.as_str() {
            "drbd" => Effect::Failover(name),
            _ => Effect::ToNode(name, target.clone()),
        });
}

/// Notes the memory of one that starts on another node.
pub fn changes_memory(draft: &mut Draft, instance: &Instance, target: &str) {
    let memory = i64::try_from(instance.conf.maxmem).unwrap_or(i64::MAX);
    room::take_memory(draft, target, memory.saturating_neg());
    let source = instance.conf.primary.as_str();
    if runs(instance) == Some(true) && !offline(source, draft.cluster) {
        room::take_memory(draft, source, memory);
    }
}

/// Whether a node may take an instance over.
pub fn takes(draft: &mut Draft, instance: &Instance, target: &str, ignore_ipolicy: bool) {
    draft.rests_on.insert(target.to_owned());
    let Some(node) = draft.cluster.nodes.get(target) else {
        draft.refuse(format!("there is no node {target}"));
        return;
    };
    if node.offline() {
        draft.refuse(format!("{target} is marked offline"));
    } else if drained(target, draft.cluster) {
        draft.refuse(format!(
            "{target} is drained, and Ganeti moves nothing to a drained node"
        ));
    } else if node.conf.as_ref().is_some_and(|conf| !conf.vm_capable) {
        draft.refuse(format!("{target} is not to run instances (vm_capable)"));
    } else if let Some(why) = mute(target, "it", draft.cluster) {
        draft.say(target, why, Tone::Bad);
    }
    // Ganeti looks at the policy only where the group is another one.
    let group = |name: &str| {
        draft
            .cluster
            .nodes
            .get(name)
            .map(|node| node.group().to_owned())
    };
    let (from, to) = (group(&instance.conf.primary), group(target));
    if from != to
        && let Some(why) = objection(draft, &instance.name, to.as_deref(), |_| {})
    {
        policy(draft, ignore_ipolicy, why);
    }
}

/// An instance policy is against it.
pub fn policy(draft: &mut Draft, ignored: bool, why: String) {
    if ignored {
        draft.say("policy", format!("{why}; ignored"), Tone::Warn);
    } else {
        draft.refuse(why);
    }
}
