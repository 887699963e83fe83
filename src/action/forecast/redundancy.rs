//! N+1 before and after all operations together, by name.

use std::collections::BTreeSet;

use crate::planner::Present;
use crate::planner::htools::data::{Data, Instance, Status};
use crate::planner::htools::moves::Move;
use crate::planner::htools::node::Refusal;
use crate::planner::htools::policy::Aspect;
use crate::planner::n1::{Ground, N1, Verdict};
use crate::planner::whatif::WhatIf;

use super::Tone;
use super::draft::Draft;
use super::effect::Effect;
use super::facts::names;

const LABEL: &str = "N+1";

/// Says what becomes of it.
pub fn tell(draft: &mut Draft) {
    let effects = std::mem::take(&mut draft.effects);
    if effects.is_empty() {
        return;
    }
    let Some(present) = draft.world.present else {
        let why = "not known: not enough is known of the cluster to reckon with it";
        draft.say(LABEL, why, Tone::Warn);
        return;
    };
    if let Some(why) = effects.iter().find_map(open) {
        draft.say(LABEL, format!("afterwards: not known, {why}"), Tone::Warn);
        return;
    }
    match after(draft, present, &effects) {
        Ok(after) => compare(draft, &mut present.n1.clone(), &mut after.after().clone()),
        Err(why) => draft.say(LABEL, format!("afterwards: not known, {why}"), Tone::Warn),
    }
}

fn open(effect: &Effect) -> Option<&str> {
    match effect {
        Effect::Open(why) => Some(why),
        _ => None,
    }
}

/// The cluster as it would be.
fn after(draft: &mut Draft, present: &Present, effects: &[Effect]) -> Result<WhatIf, String> {
    let mut data: Option<Data> = None;
    for effect in effects {
        alter(effect, &present.snapshot.data, &mut data)?;
    }
    let base = match data {
        Some(data) => {
            let before = &present.snapshot;
            let ground = Ground::live(draft.cluster, &data, &before.unknown, before.rule);
            N1::told(data, ground, &before.unknown)?
        }
        None => present.n1.clone(),
    };
    let mut after = WhatIf::new(&base);
    for effect in effects {
        step(draft, &mut after, effect)?;
    }
    Ok(after)
}

/// Makes a move of it.
fn step(draft: &mut Draft, after: &mut WhatIf, effect: &Effect) -> Result<(), String> {
    let (name, to, what) = match effect {
        Effect::Failover(instance) => (instance, Move::Failover, "to its secondary".to_owned()),
        Effect::ToNode(instance, node) => {
            let at = node_at(after.after(), node)?;
            (instance, Move::FailoverToAny(at), format!("to {node}"))
        }
        Effect::NewSecondary(instance, node) => {
            let at = node_at(after.after(), node)?;
            (instance, Move::ReplaceSecondary(at), format!("to {node}"))
        }
        Effect::Offline(node) => {
            let at = node_at(after.after(), node)?;
            after.offline(at);
            return Ok(());
        }
        Effect::Runs(..) | Effect::Memory(..) | Effect::Gone(_) | Effect::Open(_) => return Ok(()),
    };
    let data = &after.after().cluster().data.instances;
    let Some(at) = data.iter().position(|it| it.name == *name) else {
        return Err(format!("{name} cannot be reckoned with"));
    };
    let Err(refusal) = after.step(at, to, false) else {
        return Ok(());
    };
    // N+1 itself is told below, by name.
    if refusal != Refusal::N1 {
        let text = format!("would not move {name} {what}: {}", words(refusal));
        draft.say("the htools", text, Tone::Warn);
    }
    let forced = after.step(at, to, true);
    forced.map_err(|refusal| format!("{name} cannot be reckoned with: {}", words(refusal)))
}

fn node_at(n1: &N1, name: &str) -> Result<usize, String> {
    let mut nodes = n1.cluster().data.nodes.iter();
    let at = nodes.position(|it| it.name == name);
    at.ok_or_else(|| format!("{name} cannot be reckoned with"))
}

/// Why the htools refuse a move.
fn words(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Memory => "its records leave not enough memory there (FailMem)",
        Refusal::Disk => "there is not enough disk (FailDisk)",
        Refusal::Cpu => "the policy allows no more virtual processors there (FailCPU)",
        Refusal::N1 => "it would not be N+1 redundant (FailN1)",
        Refusal::Tags => "one with the same exclusion tag is there (FailTags)",
        Refusal::Migration => "migration tags keep it away (FailMig)",
        Refusal::DiskCount => "the policy allows no so many disks (FailDiskCount)",
        Refusal::Spindles => "there are not enough spindles (FailSpindles)",
    }
}

/// What is no move is made in the data that the cluster is loaded from.
fn alter(effect: &Effect, now: &Data, data: &mut Option<Data>) -> Result<(), String> {
    let name = match effect {
        Effect::Runs(name, _) | Effect::Memory(name, _) | Effect::Gone(name) => name,
        _ => return Ok(()),
    };
    let data = data.get_or_insert_with(|| now.clone());
    let instance = data.instances.iter_mut().find(|it| it.name == *name);
    let Some(instance) = instance else {
        return Err(format!("{name} cannot be reckoned with"));
    };
    let before = taken(instance);
    match effect {
        Effect::Runs(_, true) => instance.status = Status::Running,
        Effect::Runs(_, false) => instance.status = Status::AdminDown,
        Effect::Memory(_, size) => instance.memory = i64::try_from(*size).unwrap_or(i64::MAX),
        _ => instance.status = Status::AdminDown,
    }
    let change = taken(instance).saturating_sub(before);
    let primary = instance.primary;
    if let Some(node) = data.nodes.get_mut(primary) {
        node.free_memory = node.free_memory.saturating_sub(change);
    }
    if let Effect::Gone(name) = effect {
        data.instances.retain(|it| it.name != *name);
    }
    Ok(())
}

/// What an instance takes of its node's memory.
fn taken(instance: &Instance) -> i64 {
    if instance.status.uses_memory() {
        instance.memory
    } else {
        0
    }
}

/// Who could not start if a node died, and the nodes that fail.
struct Risk {
    instances: BTreeSet<(String, String)>,
    nodes: BTreeSet<String>,
    unknown: usize,
}

fn risk(n1: &mut N1) -> Risk {
    let mut risk = Risk {
        instances: BTreeSet::new(),
        nodes: BTreeSet::new(),
        unknown: n1.summary().unknown,
    };
    for danger in n1.dangers() {
        let node = n1.node(danger.node).to_owned();
        for stranded in &danger.stranded {
            let instance = n1.instance(stranded.instance).to_owned();
            risk.instances.insert((instance, node.clone()));
        }
        risk.nodes.insert(node);
    }
    risk
}

impl Risk {
    fn has(&self, instance: &str) -> bool {
        self.instances.iter().any(|(name, _)| name == instance)
    }

    /// Instances, each once.
    fn count(&self) -> usize {
        let names: BTreeSet<&str> = self.instances.iter().map(|it| it.0.as_str()).collect();
        names.len()
    }
}

fn compare(draft: &mut Draft, before: &mut N1, after: &mut N1) {
    let nodes = before.cluster().data.nodes.len();
    let turned_unknown = (0..nodes).find(|at| {
        before.verdict(*at) != Verdict::Unknown && after.verdict(*at) == Verdict::Unknown
    });
    let unknown_node = turned_unknown.map(|at| after.node(at).to_owned());
    let (was, is) = (risk(before), risk(after));
    let mut new: Vec<(&str, &str)> = Vec::new();
    for (instance, node) in &is.instances {
        if !was.has(instance) && !new.iter().any(|(name, _)| name == instance) {
            new.push((instance, node));
        }
    }
    let mended: Vec<&str> = was
        .nodes
        .difference(&is.nodes)
        .map(String::as_str)
        .collect();
    let full: Vec<&str> = {
        let worse = is.nodes.difference(&was.nodes).map(String::as_str);
        let told = |node: &str| is.instances.iter().any(|(_, on)| on == node);
        worse.filter(|node| !told(node)).collect()
    };
    for (instance, node) in new.iter().take(SHOWN) {
        let text = format!("new: {instance} cannot start if {node} dies");
        draft.say(LABEL, text, Tone::Bad);
    }
    if let Some(rest) = new.get(SHOWN..).filter(|rest| !rest.is_empty()) {
        let rest = names(rest.iter().map(|(instance, _)| *instance));
        draft.say(LABEL, format!("new too: {rest}"), Tone::Bad);
    }
    if !full.is_empty() {
        let text = format!("new: no memory is left on {}", names(full.iter().copied()));
        draft.say(LABEL, text, Tone::Bad);
    }
    if !mended.is_empty() {
        let text = format!("mended: {} may die then", names(mended));
        draft.say(LABEL, text, Tone::Good);
    }
    let none_new = new.is_empty() && full.is_empty();
    if none_new {
        rest(draft, &was, &is);
    }
    if let Some(node) = unknown_node {
        let text = format!("it is not known whether it holds if {node} dies then");
        draft.say(LABEL, text, Tone::Warn);
    }
}

/// New ones that are told each by itself.
const SHOWN: usize = 3;

/// There is nothing new: says what remains.
fn rest(draft: &mut Draft, was: &Risk, is: &Risk) {
    if is.nodes.is_empty() && is.unknown > 0 {
        let s = if is.unknown == 1 { "" } else { "s" };
        let text = format!("none new, but it is not known for {} node{s}", is.unknown);
        draft.say(LABEL, text, Tone::Warn);
        return;
    }
    let at = names(is.nodes.iter().map(String::as_str));
    let text = match (is.count(), was.nodes.is_empty()) {
        (0, true) if is.nodes.is_empty() => "holds, before and after".to_owned(),
        (0, _) if is.nodes.is_empty() => "holds afterwards".to_owned(),
        (0, _) => format!("still no memory left on {at}, none new"),
        (count, _) => format!("still {count} at risk ({at}), none new"),
    };
    let tone = if is.nodes.is_empty() {
        Tone::Good
    } else {
        Tone::Plain
    };
    draft.say(LABEL, text, tone);
}

/// What the policy of a group (or of its own one) has against an instance as it would be.
pub fn objection(
    draft: &Draft,
    instance: &str,
    group: Option<&str>,
    change: impl Fn(&mut Instance),
) -> Option<String> {
    let snapshot = &draft.world.present?.snapshot;
    let data = &snapshot.data;
    let mut found = data
        .instances
        .iter()
        .find(|it| it.name == instance)?
        .clone();
    change(&mut found);
    let node = data.nodes.get(found.primary)?;
    let group = match group {
        Some(name) => data.groups.iter().find(|it| it.name == name)?,
        None => data.groups.get(node.group)?,
    };
    // One that could not be read forbids nothing.
    let what = format!("group {}", group.name);
    if snapshot.unknown.iter().any(|it| it.what == what) {
        return None;
    }
    let objection = group.policy.objects(&found, node.exclusive_storage)?;
    let way = if objection.above {
        "at most"
    } else {
        "at least"
    };
    let value = objection
        .value
        .map_or_else(|| "unknown".to_owned(), |value| value.to_string());
    Some(match objection.aspect {
        Aspect::Template => format!(
            "the policy of group {} does not allow disk template {}",
            group.name,
            found.template.word()
        ),
        _ => format!(
            "the policy of group {} wants {way} {} of {}, and it has {value}",
            group.name,
            objection.limit,
            objection.word()
        ),
    })
}
