//! What is done to one node.

use gantry_wire::operation::{
    Chosen, Evacuated, NodeDemote, NodeDrain, NodeEvacuate, NodeOffline, NodeOnline,
    NodePowercycle, NodePromote, NodeUndrain,
};

use crate::action::fit::not_master;
use crate::model::{Cluster, Instance, Name, Node, natural};

use super::Tone;
use super::copy;
use super::draft::Draft;
use super::effect::Effect;
use super::facts::{answers, names, runs, silence};
use super::halves;
use super::proof::proof;
use super::room;
use super::target::takes;

/// A node by name, of which the flags can be changed; refused if there is none.
fn flagged<'a>(draft: &mut Draft<'a>, name: &str) -> Option<&'a Node> {
    let node = draft.node(name)?;
    draft.needs(not_master(name, draft.cluster)).then_some(node)
}

/// Tells of a drain.
pub fn drain(draft: &mut Draft, it: &NodeDrain) {
    let Some(node) = flagged(draft, &it.node) else {
        return;
    };
    let name = &node.name;
    match node.role() {
        "D" => return draft.nothing(format!("{name} is drained already")),
        "O" => return draft.refuse(comes_back(name)),
        _ => draft.head(
            &*node.name,
            "no new instances; those that are there stay",
            Tone::Plain,
        ),
    }
    leaves_candidates(draft, node, it.auto_promote);
    own(draft, node);
    if !node.secondaries.is_empty() {
        let text = format!(
            "cannot be failed over or migrated to it while it is drained: {}",
            listed(&node.secondaries)
        );
        draft.say("secondaries", text, Tone::Warn);
    }
}

/// Ganeti would mark it online by the way, and nobody would look for what runs there.
fn comes_back(name: &str) -> String {
    format!("{name} is marked offline: it has to be brought online first (node-online)")
}

/// Tells of the end of a drain.
pub fn undrain(draft: &mut Draft, it: &NodeUndrain) {
    let Some(node) = flagged(draft, &it.node) else {
        return;
    };
    if node.role() != "D" && node.conf.is_some() {
        return draft.nothing(format!("{} is not drained", node.name));
    }
    draft.head(&*node.name, "new instances again", Tone::Plain);
}

/// Tells of a node that is given up for the time being.
pub fn offline(draft: &mut Draft, it: &NodeOffline) {
    let Some(node) = flagged(draft, &it.node) else {
        return;
    };
    let name = &node.name;
    if node.offline() {
        return draft.nothing(format!("{name} is marked offline already"));
    }
    draft.head(
        &*node.name,
        "Ganeti does not talk to it any more, whatever it does",
        Tone::Plain,
    );
    leaves_candidates(draft, node, it.auto_promote);
    let up: Vec<&str> = running_on(draft, node);
    if !up.is_empty() {
        let text = format!(
            "run there, and Ganeti will not see them any more: {}",
            names(up)
        );
        draft.say("guests", text, Tone::Bad);
    }
    let maintained = draft
        .cluster
        .conf
        .as_ref()
        .is_some_and(|conf| conf.maintain_node_health);
    if maintained && node.fresh() {
        let text = "its watcher shuts down all guests there (maintain_node_health)";
        draft.say("guests", text, Tone::Bad);
    }
    if node.fresh() || answers(node, draft.cluster) == Some(true) {
        let text = "it is up: power it off first if it is to be taken for dead";
        draft.say(&**name, text, Tone::Warn);
    } else if let Some(why) = silence(name, draft.cluster) {
        let text = format!("{why}, which is no proof that it is down: see that its power is off");
        draft.say(&**name, text, Tone::Warn);
    }
    if !node.primaries.is_empty() {
        let text = format!(
            "cannot be started or moved but by failover: {}",
            listed(&node.primaries)
        );
        draft.say("primaries", text, Tone::Warn);
    }
    if !node.secondaries.is_empty() {
        let text = format!(
            "have one half of their disks only: {}",
            listed(&node.secondaries)
        );
        draft.say("secondaries", text, Tone::Warn);
    }
    draft.effects.push(Effect::Offline(name.to_string()));
}

/// Tells of a node that comes back.
pub fn online(draft: &mut Draft, it: &NodeOnline) {
    let Some(node) = flagged(draft, &it.node) else {
        return;
    };
    let name = &node.name;
    if !node.offline() && node.conf.is_some() {
        return draft.nothing(format!("{name} is not marked offline"));
    }
    draft.head(&*node.name, "Ganeti talks to it again", Tone::Plain);
    match answers(node, draft.cluster) {
        Some(true) => draft.say(&**name, "its noded answers", Tone::Good),
        Some(false) => draft.refuse(format!(
            "noded on {name} does not answer, and Ganeti asks it first"
        )),
        None => {
            let text = "not known whether its noded answers; Ganeti asks it first";
            draft.say(&**name, text, Tone::Warn);
        }
    }
    let strays: Vec<&str> = guests(node)
        .filter(|guest| {
            let own = draft.cluster.instances.get(*guest);
            own.is_some_and(|it| it.conf.primary != **name)
        })
        .collect();
    if !strays.is_empty() {
        let text = format!(
            "run there although their primary is elsewhere: {}",
            names(strays)
        );
        draft.say("guests", text, Tone::Bad);
    }
    let text = "if the configuration changed meanwhile, gnt-node add --readd is the safe way";
    draft.say("configuration", text, Tone::Warn);
}

/// Tells of one more master candidate.
pub fn promote(draft: &mut Draft, it: &NodePromote) {
    let Some(node) = flagged(draft, &it.node) else {
        return;
    };
    let name = &node.name;
    if matches!(node.role(), "C" | "M") {
        return draft.nothing(format!("{name} is a master candidate already"));
    }
    if node.conf.as_ref().is_some_and(|conf| !conf.master_capable) {
        return draft.refuse(format!("{name} is not to be a master (master_capable)"));
    }
    match node.role() {
        "D" => draft.head(&*node.name, "drained now: this undrains it", Tone::Warn),
        "O" => draft.refuse(comes_back(name)),
        _ => draft.head(
            &*node.name,
            "gets a copy of the configuration, and may become the master",
            Tone::Plain,
        ),
    }
}

/// Tells of one candidate less.
pub fn demote(draft: &mut Draft, it: &NodeDemote) {
    let Some(node) = flagged(draft, &it.node) else {
        return;
    };
    if node.role() != "C" && node.conf.is_some() {
        return draft.nothing(format!("{} is no master candidate", node.name));
    }
    draft.head(
        &*node.name,
        "keeps no copy of the configuration any more",
        Tone::Plain,
    );
    leaves_candidates(draft, node, it.auto_promote);
}

/// One candidate less: Ganeti refuses it if there would be too few.
fn leaves_candidates(draft: &mut Draft, node: &Node, auto_promote: bool) {
    if node.role() != "C" {
        return;
    }
    let Some((remaining, wanted)) = candidates_short(node, draft.cluster) else {
        draft.say("candidates", "not known how many are wanted", Tone::Warn);
        return;
    };
    if remaining >= wanted {
        draft.say(
            "candidates",
            format!("{remaining} remain, {wanted} are wanted"),
            Tone::Plain,
        );
    } else if auto_promote {
        let text = "another node becomes one; all nodes are locked for that";
        draft.say("candidates", text, Tone::Plain);
    } else {
        draft.refuse(format!(
            "{remaining} master candidates would remain of {wanted} wanted: with auto_promote another node becomes one"
        ));
    }
}

/// How many master candidates remain without a candidate, and how many are wanted then; nothing if it is none, or the
/// cluster's settings are not known.
pub fn candidates_short(node: &Node, cluster: &Cluster) -> Option<(usize, usize)> {
    let conf = cluster.conf.as_ref().filter(|_| node.role() == "C")?;
    let others = || cluster.nodes.values().filter(|it| it.name != node.name);
    let remaining = others().filter(|it| matches!(it.role(), "C" | "M")).count();
    let may_be = others().filter(|it| {
        let capable = it.conf.as_ref().is_some_and(|conf| conf.master_capable);
        capable && !matches!(it.role(), "O" | "D")
    });
    let pool = usize::try_from(conf.candidate_pool_size).unwrap_or(usize::MAX);
    Some((remaining, may_be.count().min(pool)))
}

/// Tells of a reset.
pub fn powercycle(draft: &mut Draft, it: &NodePowercycle) {
    let Some(node) = draft.node(&it.node) else {
        return;
    };
    let name = &node.name;
    if draft.cluster.master() == &**name {
        return draft.refuse(format!(
            "{name} is the master: make another node the master first"
        ));
    }
    draft.head(
        &*node.name,
        "reset at once, as if its power was cut: what its disks' caches hold is lost",
        Tone::Bad,
    );
    draft.loses_data();
    let up = running_on(draft, node);
    if !up.is_empty() {
        let text = format!(
            "die with it, and start again only when the watcher starts them: {}",
            names(up)
        );
        draft.say("guests", text, Tone::Bad);
    } else if guests_known(node) {
        draft.say("guests", "none runs there", Tone::Good);
    } else {
        draft.say("guests", "not known whether any runs there", Tone::Warn);
    }
    if !node.secondaries.is_empty() {
        let text = format!(
            "have one half of their disks only until it is back: {}",
            listed(&node.secondaries)
        );
        draft.say("secondaries", text, Tone::Warn);
    }
    if answers(node, draft.cluster) == Some(false) || silence(name, draft.cluster).is_some() {
        draft.say(
            &**name,
            "it is its noded that does it, and that does not answer",
            Tone::Bad,
        );
    }
}

/// Tells of an evacuation.
pub fn evacuate(draft: &mut Draft, it: &NodeEvacuate) {
    let Some(node) = draft.node(&it.node) else {
        return;
    };
    let name = &node.name;
    let (which, leaving) = match it.mode {
        Evacuated::PrimaryOnly => ("primary", &node.primaries),
        Evacuated::SecondaryOnly => ("secondary", &node.secondaries),
    };
    if leaving.is_empty() && node.conf.is_some() {
        return draft.nothing(format!("{name} has no {which} instances"));
    }
    let count = leaving.len();
    let s = if count == 1 { "" } else { "s" };
    draft.head(
        format!("{count} {which} instance{s}"),
        listed(leaving),
        Tone::Plain,
    );
    let instances: Vec<&Instance> = leaving
        .iter()
        .filter_map(|name| draft.cluster.instances.get(name))
        .collect();
    match it.mode {
        Evacuated::PrimaryOnly => primaries_leave(draft, node, &instances),
        Evacuated::SecondaryOnly => {
            let text = "no guest stops; each has one whole half only until its new one is in sync";
            draft.say("meanwhile", text, Tone::Warn);
        }
    }
    match &it.to {
        Some(Chosen::Node(to)) => to_node(draft, it, name, to, &instances),
        chosen => {
            let who = chooser(draft, chosen.as_ref());
            let Some(who) = who else { return };
            draft.effects.push(Effect::Open(format!(
                "where they go is for {who} to choose"
            )));
            draft.say(
                "whereto",
                format!("{who} chooses, for each by itself"),
                Tone::Plain,
            );
        }
    }
    if it.mode == Evacuated::SecondaryOnly {
        let size = instances
            .iter()
            .fold(0, |sum: u64, it| sum.saturating_add(it.disk_size()));
        draft.say(
            "disks",
            copy::resync(size, &[], draft.world.pairs),
            Tone::Plain,
        );
    }
    if it.early_release {
        let text = "given back before the new ones are in sync";
        draft.say("old halves", text, Tone::Warn);
    }
}

/// Who chooses where to.
fn chooser(draft: &mut Draft, chosen: Option<&Chosen>) -> Option<String> {
    let named = match chosen {
        Some(Chosen::Iallocator(name)) => Some(name.as_str()),
        _ => None,
    };
    draft.allocator(named, "name one, or a node")
}

/// Instances that run there leave.
fn primaries_leave(draft: &mut Draft, node: &Node, instances: &[&Instance]) {
    let stay: Vec<&str> = instances
        .iter()
        .filter(|it| matches!(it.conf.disk_template.as_str(), "plain" | "file"))
        .map(|it| &*it.name)
        .collect();
    if !stay.is_empty() {
        let text = format!(
            "have their disks there only, and the job may fail for them: {}",
            names(stay)
        );
        draft.say("plain", text, Tone::Bad);
    }
    // Ganeti lets each migration fall back to a failover, and off an offline node that is what it does: it shuts
    // nothing down there, and takes the other half as it is.
    if node.offline() {
        let text = "all are failed over; nothing is shut down on a node that is marked offline";
        draft.say("how", text, Tone::Warn);
        for instance in instances {
            if instance.conf.disk_template == "drbd" {
                halves::take_over(draft, instance, false);
            }
            proof(draft, instance, false);
        }
        return;
    }
    let text = "those that run are migrated, the others failed over";
    draft.say("how", text, Tone::Plain);
    if silence(&node.name, draft.cluster).is_some() {
        let text =
            "nothing can be migrated off a node that does not answer: fail its instances over";
        draft.say(&*node.name, text, Tone::Bad);
    }
}

/// All second halves go to one node.
fn to_node(draft: &mut Draft, it: &NodeEvacuate, from: &str, to: &str, instances: &[&Instance]) {
    if to == from {
        return draft.refuse(format!("{to} is the node to be evacuated"));
    }
    let there: Vec<&str> = instances
        .iter()
        .filter(|it| it.conf.primary == to)
        .map(|it| &*it.name)
        .collect();
    if !there.is_empty() {
        return draft.refuse(format!("{to} is the primary node of {}", names(there)));
    }
    draft.say("whereto", format!("all to {to}"), Tone::Plain);
    for instance in instances {
        takes(draft, instance, to, false);
        let places = room::places(draft, instance, &[]);
        room::needs_disk(draft, to, &places);
        if !draft.cluster.nodes.get(from).is_none_or(Node::offline) {
            room::frees_disk(draft, from, &places);
        }
        if it.mode == Evacuated::SecondaryOnly {
            let effect = Effect::NewSecondary(instance.name.to_string(), to.to_owned());
            draft.effects.push(effect);
        }
    }
}

/// Guests that a node found when it last looked.
fn guests(node: &Node) -> impl Iterator<Item = &str> {
    let guests = node.facts.guests.iter().flat_map(|guests| &guests.list);
    let running = guests.filter(|guest| !guest.shut_down);
    running.map(|guest| guest.name.as_str())
}

fn guests_known(node: &Node) -> bool {
    node.fresh() && node.facts.guests.is_some()
}

/// Instances that run on a node now: by its own word, or else those whose primary it is.
fn running_on<'a>(draft: &Draft<'a>, node: &Node) -> Vec<&'a str> {
    let running = |instance: &&'a Instance| {
        let found = guests_known(node) && guests(node).any(|guest| *guest == *instance.name);
        found || (instance.conf.primary == *node.name && runs(instance) == Some(true))
    };
    let running = draft.cluster.instances.values().filter(running);
    let mut names: Vec<&str> = running.map(|it| &*it.name).collect();
    names.sort_by(|a, b| natural::compare(a, b));
    names
}

fn own(draft: &mut Draft, node: &Node) {
    if !node.primaries.is_empty() {
        draft.say(
            "primaries",
            format!("stay: {}", listed(&node.primaries)),
            Tone::Plain,
        );
    }
}

fn listed(all: &[Name]) -> String {
    names(all.iter().map(|name| &**name))
}
