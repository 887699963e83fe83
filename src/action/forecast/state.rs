//! Starting and stopping instances, and changing what they are.

use gantry_wire::operation::{Modify, Reboot, RebootType, Rename, Shutdown, Start};

use crate::model::Instance;
use crate::model::status::Word;
use crate::model::words::{duration, mib};

use super::Tone;
use super::draft::Draft;
use super::effect::Effect;
use super::facts::{is_astray, mute, offline, runs};
use super::halves;
use super::moves::SHUTDOWN;
use super::redundancy::objection;
use super::room;
use super::target::policy;

/// Tells of a start.
pub fn start(draft: &mut Draft, it: &Start) {
    let Some(instance) = draft.instance(&it.instance) else {
        return;
    };
    let (name, node) = (&instance.name, instance.conf.primary.as_str());
    if !draft.may_run(instance) {
        return;
    }
    if !reachable(draft, node, "the start") {
        return;
    }
    let marked = instance.conf.admin_state == "up";
    match (instance.status.word(), runs(instance)) {
        (Some(Word::ErrorWrongNode), _) => {
            draft.refuse(format!(
                "{name} runs on another node already: it would run twice"
            ));
            return;
        }
        (_, Some(true)) if marked => {
            draft.nothing(format!("{name} runs already"));
            return;
        }
        (_, Some(true)) => {
            draft.head(node, "it runs there already, and is marked up", Tone::Plain);
            return;
        }
        (_, Some(false)) => draft.head(node, "started there", Tone::Plain),
        (_, None) => draft.head(
            node,
            "not known whether it runs; started if not",
            Tone::Warn,
        ),
    }
    room::needs_memory(draft, node, instance.conf.minmem, "its minmem");
    room::wants_memory(draft, node, instance.conf.maxmem);
    let memory = i64::try_from(instance.conf.maxmem).unwrap_or(i64::MAX);
    room::take_memory(draft, node, memory.saturating_neg());
    draft.effects.push(Effect::Runs(it.instance.clone(), true));
    halves::on_start(draft, instance, it.force);
}

/// Tells of a shutdown.
pub fn shutdown(draft: &mut Draft, it: &Shutdown) {
    let Some(instance) = draft.instance(&it.instance) else {
        return;
    };
    let (name, node) = (&instance.name, instance.conf.primary.as_str());
    if instance.conf.admin_state == "offline" {
        draft.refuse(format!("{name} is marked offline: it is down for good"));
        return;
    }
    if offline(node, draft.cluster) {
        match it.ignore_offline_nodes {
            true if instance.conf.admin_state == "down" => {
                draft.nothing(format!("{name} is marked down already"));
            }
            true => {
                let text = format!("marked down; nothing is stopped, as {node} is marked offline");
                draft.head(node, text, Tone::Warn);
            }
            false => draft.refuse(format!(
                "{node} is marked offline: it can only be recorded as down (ignore_offline_nodes)"
            )),
        }
        return;
    }
    let most = duration(f64::from(it.timeout.unwrap_or(SHUTDOWN)));
    let how = format!("asked to shut down, and destroyed if it is not down after {most}");
    stops(draft, instance, &how);
}

/// Tells of a kill.
pub fn kill(draft: &mut Draft, name: &str) {
    let Some(instance) = draft.instance(name) else {
        return;
    };
    if instance.conf.admin_state == "offline" {
        draft.refuse(format!("{name} is marked offline: it is down for good"));
        return;
    }
    let running = runs(instance);
    stops(
        draft,
        instance,
        "destroyed at once, as if its power was cut",
    );
    if running != Some(false) {
        let text = "what the guest has not yet written to its disks is lost";
        draft.say("data", text, Tone::Bad);
        draft.loses_data();
    }
}

/// The instance stops and stays down.
fn stops(draft: &mut Draft, instance: &Instance, how: &str) {
    let (name, node) = (&instance.name, instance.conf.primary.as_str());
    if is_astray(draft, instance) || !reachable(draft, node, "it") {
        return;
    }
    let down = instance.conf.admin_state == "down";
    match runs(instance) {
        Some(false) if down => {
            draft.nothing(format!("{name} is down already"));
            return;
        }
        Some(false) => {
            draft.head(
                node,
                "it does not run, and is marked down: it stays so",
                Tone::Plain,
            );
        }
        Some(true) => {
            let text = format!("{how}; down until it is started again");
            draft.head(node, text, Tone::Warn);
            let memory = i64::try_from(instance.conf.maxmem).unwrap_or(i64::MAX);
            room::take_memory(draft, node, memory);
        }
        None => {
            draft.head(
                node,
                format!("not known whether it runs; if it does: {how}"),
                Tone::Warn,
            );
        }
    }
    if !instance.conf.disks.is_empty() {
        draft.say(
            "disks",
            "taken down afterwards on all of its nodes",
            Tone::Plain,
        );
    }
    draft.effects.push(Effect::Runs(name.to_string(), false));
}

/// Tells of a restart.
pub fn reboot(draft: &mut Draft, it: &Reboot) {
    let Some(instance) = draft.instance(&it.instance) else {
        return;
    };
    let node = instance.conf.primary.as_str();
    if !draft.may_run(instance) {
        return;
    }
    if is_astray(draft, instance) || !reachable(draft, node, "the reboot") {
        return;
    }
    if runs(instance) == Some(false) {
        draft.head(node, "it does not run: it is started", Tone::Warn);
        room::needs_memory(draft, node, instance.conf.minmem, "its minmem");
        let memory = i64::try_from(instance.conf.maxmem).unwrap_or(i64::MAX);
        room::take_memory(draft, node, memory.saturating_neg());
        draft.effects.push(Effect::Runs(it.instance.clone(), true));
        return;
    }
    let most = duration(f64::from(it.shutdown_timeout.unwrap_or(SHUTDOWN)));
    let stop = format!("asked to shut down (destroyed after {most})");
    let kvm = instance.conf.hypervisor == "kvm";
    let (text, tone) = match it.reboot_type {
        RebootType::Full => (
            format!("{stop}, its disks taken down and up, started: down for its shutdown and boot"),
            Tone::Warn,
        ),
        RebootType::Hard => (
            format!("{stop} and started: down for its shutdown and boot"),
            Tone::Warn,
        ),
        RebootType::Soft if kvm => (
            "reset: KVM asks the guest and kills it in the same breath".to_owned(),
            Tone::Bad,
        ),
        RebootType::Soft => (
            "restarted by its hypervisor: down for its boot".to_owned(),
            Tone::Warn,
        ),
    };
    draft.head(node, text, tone);
    if runs(instance).is_none() {
        draft.say("guest", "not known whether it runs now", Tone::Warn);
    }
    if it.reboot_type == RebootType::Soft && kvm {
        let text = "what the guest has not yet written to its disks is lost";
        draft.say("data", text, Tone::Bad);
        draft.loses_data();
    }
    if it.reboot_type == RebootType::Full {
        halves::on_start(draft, instance, it.ignore_secondaries);
    }
}

/// A node is there to do something; refused if it is marked offline.
pub fn reachable(draft: &mut Draft, node: &str, what: &str) -> bool {
    draft.rests_on.insert(node.to_owned());
    if offline(node, draft.cluster) {
        draft.refuse(format!("{node} is marked offline"));
        return false;
    }
    if let Some(why) = mute(node, what, draft.cluster) {
        draft.say(node, why, Tone::Bad);
    }
    true
}

/// Tells of other parameters.
pub fn modify(draft: &mut Draft, it: &Modify) {
    let Some(instance) = draft.instance(&it.instance) else {
        return;
    };
    let (conf, be) = (&instance.conf, &it.backend);
    let mut changes: Vec<String> = Vec::new();
    let mut change = |label: &str, from: String, to: Option<String>| {
        if let Some(to) = to.filter(|to| *to != from) {
            changes.push(format!("{label} {from} -> {to}"));
        }
    };
    change(
        "vcpus",
        conf.vcpus.to_string(),
        be.vcpus.map(|it| it.to_string()),
    );
    change("maxmem", mib(conf.maxmem), be.maxmem.map(mib));
    change("minmem", mib(conf.minmem), be.minmem.map(mib));
    let yes = |flag: bool| if flag { "yes" } else { "no" }.to_owned();
    change(
        "auto_balance",
        yes(conf.auto_balance),
        be.auto_balance.map(yes),
    );
    change(
        "always_failover",
        yes(conf.always_failover),
        be.always_failover.map(yes),
    );
    change(
        "spindle_use",
        conf.spindle_use.to_string(),
        be.spindle_use.map(|it| it.to_string()),
    );
    if changes.is_empty() {
        draft.nothing(format!("{} is so already", instance.name));
        return;
    }
    let (least, most) = (
        be.minmem.unwrap_or(conf.minmem),
        be.maxmem.unwrap_or(conf.maxmem),
    );
    if least > most {
        draft.refuse(format!(
            "minmem ({}) would be above maxmem ({})",
            mib(least),
            mib(most)
        ));
        return;
    }
    draft.head("parameters", changes.join(", "), Tone::Plain);
    let for_guest = be.vcpus.is_some() || be.maxmem.is_some() || be.minmem.is_some();
    if for_guest && runs(instance) != Some(false) {
        let text = "the guest has it from its next start on; a reboot from inside is not enough";
        draft.say("restart", text, Tone::Warn);
    }
    let set = |number: Option<u64>, own: i64| {
        number.map_or(own, |it| i64::try_from(it).unwrap_or(i64::MAX))
    };
    let against = objection(draft, &instance.name, None, |data| {
        data.memory = set(be.maxmem, data.memory);
        data.vcpus = set(be.vcpus.map(u64::from), data.vcpus);
        data.spindle_use = set(be.spindle_use.map(u64::from), data.spindle_use);
    });
    if let Some(why) = against {
        policy(draft, it.ignore_ipolicy, why);
    }
    if let Some(memory) = be.maxmem {
        draft
            .effects
            .push(Effect::Memory(it.instance.clone(), memory));
    }
}

/// Tells of another name.
pub fn rename(draft: &mut Draft, it: &Rename) {
    let Some(instance) = draft.instance(&it.instance) else {
        return;
    };
    let (name, new) = (&instance.name, it.new_name.as_str());
    if !is_down(draft, instance, "renamed") || !reachable(draft, &instance.conf.primary, "it") {
        return;
    }
    if draft.cluster.instances.contains_key(new) {
        draft.refuse(format!("there is an instance {new} already"));
        return;
    }
    draft.head("name", format!("{name} -> {new}"), Tone::Plain);
    let text = "the rename script of its OS runs on its disks; monitoring and DNS are not told";
    draft.say("guest", text, Tone::Plain);
    if !it.name_check {
        draft.say(
            "name",
            "not looked up: Ganeti takes it as it is",
            Tone::Plain,
        );
    }
}

/// It is down, and is meant to be; refused if not.
pub fn is_down(draft: &mut Draft, instance: &Instance, what: &str) -> bool {
    let name = &instance.name;
    if instance.conf.admin_state == "up" {
        draft.refuse(format!(
            "{name} is up: it must be shut down before it is {what}"
        ));
        return false;
    }
    match runs(instance) {
        Some(true) => {
            draft.refuse(format!(
                "{name} is marked down but runs: it must be shut down before it is {what}"
            ));
            false
        }
        Some(false) => true,
        None => {
            draft.say(
                "guest",
                "not known whether it runs; Ganeti looks",
                Tone::Warn,
            );
            true
        }
    }
}
