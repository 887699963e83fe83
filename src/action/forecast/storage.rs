//! Making disks anew, larger, or gone.

use gantry_wire::operation::{Chosen, GrowDisk, RecreateDisks, Remove, ReplaceDisks, ReplaceMode};

use crate::action::fit::{drbd, growable, has_disks};
use crate::model::Instance;
use crate::model::words::{duration, mib};
use crate::planner::replica::{Half, Pair, Seen, State};

use super::Tone;
use super::copy;
use super::draft::Draft;
use super::effect::Effect;
use super::facts::{is_astray, mute, offline, runs, silence};
use super::halves;
use super::moves::SHUTDOWN;
use super::proof::proof;
use super::redundancy::objection;
use super::room;
use super::state::{is_down, reachable};
use super::target::{policy, takes};

/// Tells of making a half anew.
pub fn replace(draft: &mut Draft, it: &ReplaceDisks) {
    let Some(instance) = draft.instance(&it.instance) else {
        return;
    };
    if !draft.needs(drbd(instance)) || !draft.needs(has_disks(instance)) {
        return;
    }
    let [secondary] = instance.conf.secondaries.as_slice() else {
        let count = instance.conf.secondaries.len();
        draft.refuse(format!(
            "{} has {count} secondary nodes and not one",
            instance.name
        ));
        return;
    };
    if !draft.has_disks(instance, &it.disks) {
        return;
    }
    let primary = instance.conf.primary.as_str();
    match &it.mode {
        ReplaceMode::OnPrimary => same_node(draft, instance, it, primary, secondary),
        ReplaceMode::OnSecondary => same_node(draft, instance, it, secondary, primary),
        ReplaceMode::Auto => auto(draft, instance, it, primary, secondary),
        ReplaceMode::NewSecondary(to) => new_secondary(draft, instance, it, to, secondary),
    }
}

/// The halves on one node are made anew there, from those on the other.
fn same_node(draft: &mut Draft, instance: &Instance, it: &ReplaceDisks, node: &str, from: &str) {
    if !reachable(draft, node, "it") || !reachable(draft, from, "it") {
        return;
    }
    let size = chosen_size(instance, &it.disks);
    let label = format!("{from} -> {node}");
    let text = copy::resync(size, &[from, node], draft.world.pairs);
    draft.head(label, text, Tone::Plain);
    let places = room::places(draft, instance, &it.disks);
    // The new volumes are made before the old ones are removed.
    room::needs_disk(draft, node, &places);
    room::frees_disk(draft, node, &places);
    if it.early_release {
        draft.say(
            node,
            "the old half is removed before the new one is in sync",
            Tone::Warn,
        );
    } else {
        draft.say(
            node,
            "holds the old half besides until the new one is in sync",
            Tone::Plain,
        );
    }
    let on_primary = node == instance.conf.primary;
    if on_primary && runs(instance) != Some(false) {
        let text = format!("the guest reads over the network from {from} meanwhile");
        draft.say("guest", text, Tone::Warn);
    }
    sources(draft, instance, &it.disks, from);
    meanwhile(draft, from);
}

/// Those halves are made anew that are faulty.
fn auto(draft: &mut Draft, instance: &Instance, it: &ReplaceDisks, primary: &str, secondary: &str) {
    let disks = halves::disks(&instance.name, draft.world.pairs);
    let mut bad: [Vec<u8>; 2] = [Vec::new(), Vec::new()];
    let mut unknown = disks.len() < instance.conf.disks.len();
    for (at, pair) in &disks {
        for (half, bad) in [&pair.primary, &pair.secondary].into_iter().zip(&mut bad) {
            match fault(half) {
                Some(true) => bad.push(u8::try_from(*at).unwrap_or(u8::MAX)),
                Some(false) => {}
                None if half.seen == Seen::Absent => {
                    let node = &half.node;
                    draft.refuse(format!(
                        "disk {at} is not active on {node}: activate the disks first"
                    ));
                    return;
                }
                None => unknown = true,
            }
        }
    }
    let [on_primary, on_secondary] = bad;
    match (on_primary.is_empty(), on_secondary.is_empty()) {
        (false, false) => {
            draft.refuse("disks are faulty on both nodes: nothing is whole to copy from")
        }
        (true, true) if unknown => {
            let text =
                "not known which halves are faulty: Ganeti looks, and does nothing if none is";
            draft.head("disks", text, Tone::Warn);
        }
        (true, true) => draft.nothing("neither half is faulty"),
        (primary_well, _) => {
            let (node, from, disks) = match primary_well {
                false => (primary, secondary, on_primary),
                true => (secondary, primary, on_secondary),
            };
            let chosen = ReplaceDisks {
                disks,
                ..it.clone()
            };
            same_node(draft, instance, &chosen, node, from);
        }
    }
}

/// Whether a half is faulty in Ganeti's sense: not up to date, and not being resynced either.
fn fault(half: &Half) -> Option<bool> {
    let device = half.now()?;
    Some(match device.disk.as_str() {
        "" => return None,
        "UpToDate" => false,
        _ => device.connection != "SyncTarget",
    })
}

/// The secondary becomes another node.
fn new_secondary(
    draft: &mut Draft,
    instance: &Instance,
    it: &ReplaceDisks,
    to: &Chosen,
    old: &str,
) {
    let primary = instance.conf.primary.as_str();
    if !reachable(draft, primary, "it") {
        return;
    }
    let size = instance.disk_size();
    let places = room::places(draft, instance, &[]);
    let time = |near: &[&str], draft: &Draft| copy::resync(size, near, draft.world.pairs);
    match to {
        Chosen::Node(node) if node == primary || node == old => {
            let what = if node == primary {
                "primary"
            } else {
                "secondary"
            };
            draft.refuse(format!("{node} is its {what} node already"));
            return;
        }
        Chosen::Node(node) => {
            let text = time(&[primary, node], draft);
            draft.head(
                format!("{old} -> {node}"),
                format!("{text}; no downtime"),
                Tone::Plain,
            );
            takes(draft, instance, node, it.ignore_ipolicy);
            room::needs_disk(draft, node, &places);
            let effect = Effect::NewSecondary(it.instance.clone(), node.clone());
            draft.effects.push(effect);
        }
        Chosen::Iallocator(who) => {
            let who = match who.as_str() {
                "." => "the default iallocator",
                who => who,
            };
            let text = time(&[primary], draft);
            draft.head(
                format!("{old} -> ? ({who} chooses)"),
                format!("{text}; no downtime"),
                Tone::Plain,
            );
            let why = format!(
                "where the new half of {} goes is for an iallocator to choose",
                it.instance
            );
            draft.effects.push(Effect::Open(why));
        }
    }
    if offline(old, draft.cluster) {
        draft.say(
            old,
            "marked offline: its old half is left there",
            Tone::Warn,
        );
    } else {
        room::frees_disk(draft, old, &places);
        let text = match it.early_release {
            true => "its old half is removed before the new one is in sync",
            false => "keeps its old half until the new one is in sync, but out of date",
        };
        draft.say(
            old,
            text,
            if it.early_release {
                Tone::Warn
            } else {
                Tone::Plain
            },
        );
        if let Some(why) = silence(old, draft.cluster) {
            let text = format!("{why}: its old half may be left there");
            draft.say(old, text, Tone::Warn);
        }
    }
    sources(draft, instance, &[], primary);
    meanwhile(draft, primary);
}

/// The halves on the node that is copied from have to be whole.
fn sources(draft: &mut Draft, instance: &Instance, chosen: &[u8], from: &str) {
    let disks = halves::disks(&instance.name, draft.world.pairs);
    if disks.len() < instance.conf.disks.len() {
        let text = format!("not known whether its halves on {from} are whole");
        draft.say("disks", text, Tone::Warn);
    }
    let disks = disks
        .into_iter()
        .filter(|(at, _)| chosen.is_empty() || chosen.iter().any(|index| u32::from(*index) == *at));
    for (at, pair) in disks {
        let half = if *pair.primary.node == *from {
            &pair.primary
        } else {
            &pair.secondary
        };
        let label = format!("disk {at} on {from}");
        if pair.state == State::SplitBrain {
            let text = "split brain: what only the other half has is lost by this";
            draft.say(label, text, Tone::Bad);
            draft.loses_data();
            continue;
        }
        match half.now().map(|device| device.disk.as_str()) {
            Some("UpToDate") => draft.say(label, "UpToDate: copied from", Tone::Good),
            Some(disk) if !disk.is_empty() => {
                draft.refuse(format!("{label} is {disk}: nothing can be copied from it"));
            }
            _ if half.seen == Seen::Absent => {
                draft.say(label, "not active: it is activated first", Tone::Plain)
            }
            _ => draft.say(label, "not known whether it is whole", Tone::Warn),
        }
    }
}

/// What the state is until all is copied.
fn meanwhile(draft: &mut Draft, whole: &str) {
    let text = format!("one whole half only, on {whole}, until all is copied");
    draft.say("meanwhile", text, Tone::Warn);
}

fn chosen_size(instance: &Instance, chosen: &[u8]) -> u64 {
    let disks = instance.conf.disks.iter().enumerate();
    let chosen = disks.filter(|(at, _)| {
        chosen.is_empty() || chosen.iter().any(|index| usize::from(*index) == *at)
    });
    chosen.fold(0, |sum, (_, disk)| sum.saturating_add(disk.size))
}

/// Tells of making a disk larger.
pub fn grow(draft: &mut Draft, it: &GrowDisk) {
    let Some(instance) = draft.instance(&it.instance) else {
        return;
    };
    if !draft.needs(growable(instance)) {
        return;
    }
    let Some(disk) = instance.conf.disks.get(usize::from(it.disk)) else {
        draft.refuse(format!("{} has no disk {}", instance.name, it.disk));
        return;
    };
    let target = if it.absolute {
        it.amount
    } else {
        disk.size.saturating_add(it.amount)
    };
    if target < disk.size {
        let (from, to) = (mib(disk.size), mib(target));
        draft.refuse(format!(
            "disk {} has {from}, more than {to}: disks never shrink",
            it.disk
        ));
        return;
    }
    let more = target - disk.size;
    if more == 0 {
        draft.nothing(format!("disk {} has {} already", it.disk, mib(target)));
        return;
    }
    let text = format!("{} -> {}, for good", mib(disk.size), mib(target));
    draft.head(format!("disk {}", it.disk), text, Tone::Plain);
    let mut places = room::places(draft, instance, &[it.disk]);
    for place in &mut places {
        place.size = more;
    }
    let secondaries = instance.conf.secondaries.iter();
    let nodes: Vec<&str> = std::iter::once(&instance.conf.primary)
        .chain(secondaries)
        .map(String::as_str)
        .collect();
    for node in &nodes {
        if !reachable(draft, node, "it") {
            return;
        }
        room::needs_disk(draft, node, &places);
    }
    if places.iter().any(|place| place.vg.is_empty()) {
        draft.say("room", "not known whether there is any", Tone::Warn);
    }
    if instance.template_of(disk) == "drbd" {
        let disks = halves::disks(&instance.name, draft.world.pairs);
        let pair = disks.iter().find(|(at, _)| *at == u32::from(it.disk));
        grows_together(draft, instance, it, pair.map(|(_, pair)| *pair));
        let text = copy::resync(more, &nodes, draft.world.pairs);
        draft.say("new part", text, Tone::Plain);
    }
    let index = usize::from(it.disk);
    let against = objection(draft, &instance.name, None, |data| {
        if let Some(size) = data.disks.get_mut(index) {
            *size = i64::try_from(target).unwrap_or(i64::MAX);
        }
    });
    if let Some(why) = against {
        policy(draft, it.ignore_ipolicy, why);
    }
    draft.say(
        "guest",
        "sees it after a rescan or a restart; its file system does not grow by itself",
        Tone::Plain,
    );
}

/// Both halves have to be there, or one grows and the other does not.
fn grows_together(draft: &mut Draft, instance: &Instance, it: &GrowDisk, pair: Option<&Pair>) {
    let Some(pair) = pair else {
        draft.say("halves", "not known whether both are there", Tone::Warn);
        return;
    };
    match pair.state {
        State::Healthy | State::Verifying => {}
        State::Down if instance.conf.admin_state != "up" => {
            draft.say(
                "halves",
                "not active: they are activated for it",
                Tone::Plain,
            );
        }
        State::Unknown | State::Down => {
            draft.say("halves", "not known whether both are there", Tone::Warn);
        }
        _ => draft.refuse(format!(
            "disk {} has not two whole halves: one would grow and the other not; mend it first",
            it.disk
        )),
    }
}

/// Tells of making disks anew and empty.
pub fn recreate(draft: &mut Draft, it: &RecreateDisks) {
    let Some(instance) = draft.instance(&it.instance) else {
        return;
    };
    if !draft.needs(has_disks(instance)) {
        return;
    }
    let old_gone = offline(&instance.conf.primary, draft.cluster);
    let elsewhere = !it.nodes.is_empty() || it.iallocator.is_some();
    // Ganeti does not ask a dead node whether it runs there.
    let unasked = elsewhere && old_gone;
    if unasked {
        proof(draft, instance, false);
    } else if !is_down(draft, instance, "given new disks") {
        return;
    }
    if !draft.has_disks(instance, &it.disks) {
        return;
    }
    let own = std::iter::once(&instance.conf.primary).chain(&instance.conf.secondaries);
    let own: Vec<&str> = own.map(String::as_str).collect();
    let nodes: Vec<&str> = match it.nodes.as_slice() {
        [] => own.clone(),
        nodes => nodes.iter().map(String::as_str).collect(),
    };
    if nodes.len() != own.len() {
        draft.refuse(format!(
            "it is on {} nodes, and {} are given",
            own.len(),
            nodes.len()
        ));
        return;
    }
    if it.iallocator.is_none() {
        let places = room::places(draft, instance, &it.disks);
        for node in &nodes {
            if !reachable(draft, node, "it") {
                return;
            }
            // Where they were, what is left of them may be in the way; where they were not, room is needed.
            if !own.contains(node) {
                room::needs_disk(draft, node, &places);
            }
        }
    }
    let size = mib(chosen_size(instance, &it.disks));
    let text = format!("{size} made anew and empty: what was on them is lost");
    draft.head(nodes.join(", "), text, Tone::Bad);
    draft.loses_data();
}

/// Tells of a removal.
pub fn remove(draft: &mut Draft, it: &Remove) {
    let Some(instance) = draft.instance(&it.instance) else {
        return;
    };
    let node = instance.conf.primary.as_str();
    if is_astray(draft, instance) {
        return;
    }
    if runs(instance) != Some(false) {
        let most = duration(f64::from(it.shutdown_timeout.unwrap_or(SHUTDOWN)));
        let known = if runs(instance).is_none() {
            "not known whether it runs; if it does, "
        } else {
            ""
        };
        let text = format!("{known}shut down first (destroyed after {most})");
        draft.head(node, text, Tone::Warn);
        if runs(instance) == Some(true) {
            let memory = i64::try_from(instance.conf.maxmem).unwrap_or(i64::MAX);
            room::take_memory(draft, node, memory);
        }
    }
    let count = instance.conf.disks.len();
    let s = if count == 1 { "" } else { "s" };
    let size = mib(instance.disk_size());
    draft.head(
        "disks",
        format!("{count} disk{s}, {size} in all, gone for ever"),
        Tone::Bad,
    );
    draft.loses_data();
    let places = room::places(draft, instance, &[]);
    let nodes: Vec<String> = std::iter::once(&instance.conf.primary)
        .chain(&instance.conf.secondaries)
        .cloned()
        .collect();
    for node in &nodes {
        draft.rests_on.insert(node.clone());
        room::frees_disk(draft, node, &places);
        if offline(node, draft.cluster) {
            let text = "marked offline: its volumes are left there";
            draft.say(node.as_str(), text, Tone::Warn);
        } else if let Some(why) = mute(node, "it", draft.cluster) {
            let left = "may not answer: its volumes are left there then";
            match it.ignore_failures {
                true => draft.say(node.as_str(), left, Tone::Warn),
                false => draft.say(node.as_str(), why, Tone::Bad),
            }
        }
    }
    draft.effects.push(Effect::Gone(it.instance.clone()));
}
