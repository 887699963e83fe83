//! Instances that go to another node.

use gantry_wire::operation::{Failover, Migrate, MigrationMode, Move};

use crate::action::fit::{Mirror, copyable};
use crate::model::Instance;
use crate::model::words::{duration, mib};

use super::Tone;
use super::copy;
use super::draft::Draft;
use super::effect::Effect;
use super::facts::{is_astray, mute, offline, runs};
use super::halves;
use super::proof::proof;
use super::room;
use super::target::{Whereto, changes_memory, takes, takes_over, whereto};

/// How long Ganeti lets a guest shut down if nothing else is said, seconds.
pub const SHUTDOWN: u32 = 120;

/// Tells of a failover.
pub fn failover(draft: &mut Draft, it: &Failover) {
    let Some(instance) = draft.instance(&it.instance) else {
        return;
    };
    let choice = (it.target_node.as_deref(), it.iallocator.as_deref());
    let Some((whereto, how)) = whereto(draft, instance, choice) else {
        return;
    };
    if is_astray(draft, instance) {
        return;
    }
    stops_and_starts(draft, instance, &whereto, it.shutdown_timeout);
    takes_over(
        draft,
        instance,
        &whereto,
        it.ignore_ipolicy,
        instance.conf.admin_state == "up",
    );
    if how == Mirror::Drbd {
        halves::take_over(draft, instance, it.ignore_consistency);
    }
    proof(draft, instance, it.ignore_consistency);
}

/// Tells of a migration.
pub fn migrate(draft: &mut Draft, it: &Migrate) {
    let Some(instance) = draft.instance(&it.instance) else {
        return;
    };
    let choice = (it.target_node.as_deref(), it.iallocator.as_deref());
    let Some((whereto, how)) = whereto(draft, instance, choice) else {
        return;
    };
    if it.cleanup {
        clean_up(draft, instance, &whereto);
        return;
    }
    if is_astray(draft, instance) {
        return;
    }
    let falls_back = instance.conf.always_failover
        || it.allow_failover
            && (instance.conf.admin_state != "up" || runs(instance) == Some(false));
    let source = &instance.conf.primary;
    if offline(source, draft.cluster) && !falls_back {
        let rest = "nothing can be migrated away, fail it over";
        draft.refuse(format!("{source} is marked offline: {rest}"));
        return;
    }
    if falls_back {
        let why = match instance.conf.always_failover {
            true => "it is set to fail over always (always_failover)",
            false => "it does not run, so it is failed over",
        };
        draft.say("failover", why, Tone::Warn);
        stops_and_starts(draft, instance, &whereto, None);
    } else if !live(draft, instance, &whereto, it.mode) {
        return;
    }
    let counts = !falls_back || instance.conf.admin_state == "up";
    takes_over(draft, instance, &whereto, it.ignore_ipolicy, counts);
    if how == Mirror::Drbd {
        halves::take_over(draft, instance, false);
    }
    if falls_back {
        proof(draft, instance, false);
    } else if let Some(why) = mute(source, "the migration", draft.cluster) {
        draft.say(source.as_str(), why, Tone::Bad);
    }
}

/// Tells of a live or paused migration; says whether it can be.
fn live(
    draft: &mut Draft,
    instance: &Instance,
    whereto: &Whereto,
    mode: Option<MigrationMode>,
) -> bool {
    let name = &instance.name;
    if instance.conf.admin_state != "up" {
        let state = &instance.conf.admin_state;
        draft.refuse(format!(
            "{name} is marked {state}, and only what runs is migrated: fail it over"
        ));
        return false;
    }
    let running = runs(instance);
    if running == Some(false) {
        draft.refuse(format!(
            "{name} does not run, and only what runs is migrated: start or fail it over"
        ));
        return false;
    }
    let guest = draft.cluster.guest(instance);
    let memory = guest.map_or(0, |guest| guest.memory);
    let memory = if memory == 0 {
        instance.conf.maxmem
    } else {
        memory
    };
    let (text, tone) = match mode {
        Some(MigrationMode::NonLive) => (
            format!("paused while its memory is moved ({} of it)", mib(memory)),
            Tone::Warn,
        ),
        Some(MigrationMode::Live) => (
            "runs on, but for a pause at the end, of well under a second as a rule".to_owned(),
            Tone::Good,
        ),
        None => (
            "runs on, but for a pause at the end, unless its hypervisor is set to non-live"
                .to_owned(),
            Tone::Good,
        ),
    };
    let tone = if running.is_none() { Tone::Warn } else { tone };
    let text = match running {
        Some(_) => text,
        None => format!("not known whether it runs; if it does: {text}"),
    };
    draft.head(from_to(instance, whereto), text, tone);
    draft.say("memory to move", copy::memory(memory), Tone::Plain);
    if let Some(last) = last(draft, "INSTANCE_MIGRATE", name) {
        draft.say("last time", last, Tone::Plain);
    }
    true
}

fn clean_up(draft: &mut Draft, instance: &Instance, whereto: &Whereto) {
    let target = match whereto {
        Whereto::Node(node) => node.as_str(),
        Whereto::Chosen(_) => "the other nodes",
    };
    let source = &instance.conf.primary;
    let text = format!(
        "moves nothing: looks whether it runs on {source} or on {target}, records that, and gives \
         the disks back their usual roles"
    );
    draft.head("clean up", text, Tone::Plain);
    if let Some(why) = mute(source, "the clean-up", draft.cluster) {
        draft.say(source.as_str(), why, Tone::Bad);
    }
}

/// Tells of copying disks to another node.
pub fn copy(draft: &mut Draft, it: &Move) {
    let Some(instance) = draft.instance(&it.instance) else {
        return;
    };
    if !draft.needs(copyable(instance)) || is_astray(draft, instance) {
        return;
    }
    let (source, target) = (instance.conf.primary.as_str(), it.target_node.as_str());
    if target == source {
        draft.nothing(format!("{} is on {target} already", instance.name));
        return;
    }
    let size = instance.disk_size();
    let label = format!("{source} -> {target}");
    match runs(instance) {
        Some(false) => draft.head(label, "it is down; nothing stops", Tone::Plain),
        Some(true) => {
            let text = format!(
                "down while it shuts down and is copied: {}",
                copy::disks(size)
            );
            draft.head(label, text, Tone::Warn);
        }
        None => {
            let text = format!(
                "not known whether it runs; down meanwhile: {}",
                copy::disks(size)
            );
            draft.head(label, text, Tone::Warn);
        }
    }
    takes(draft, instance, target, it.ignore_ipolicy);
    if instance.conf.admin_state == "up" {
        room::needs_memory(draft, target, instance.conf.maxmem, "its maxmem");
        changes_memory(draft, instance, target);
    }
    let places = room::places(draft, instance, &[]);
    room::needs_disk(draft, target, &places);
    room::frees_disk(draft, source, &places);
    draft
        .effects
        .push(Effect::ToNode(it.instance.clone(), it.target_node.clone()));
    if offline(source, draft.cluster) {
        draft.refuse(format!(
            "{source} is marked offline: its disks cannot be read"
        ));
    } else if it.ignore_consistency {
        let text =
            format!("is copied even if it cannot be shut down on {source}: the copy may be torn");
        draft.say("force", text, Tone::Bad);
        draft.loses_data();
        proof(draft, instance, true);
    } else if let Some(why) = mute(source, "the move", draft.cluster) {
        draft.say(source, why, Tone::Bad);
    }
}

fn from_to(instance: &Instance, whereto: &Whereto) -> String {
    match whereto {
        Whereto::Node(node) => format!("{} -> {node}", instance.conf.primary),
        Whereto::Chosen(who) => format!("{} -> ? ({who} chooses)", instance.conf.primary),
    }
}

/// The guest is shut down and started elsewhere.
fn stops_and_starts(
    draft: &mut Draft,
    instance: &Instance,
    whereto: &Whereto,
    timeout: Option<u32>,
) {
    let source = &instance.conf.primary;
    let label = from_to(instance, whereto);
    let most = duration(f64::from(timeout.unwrap_or(SHUTDOWN)));
    let up = instance.conf.admin_state == "up";
    if offline(source, draft.cluster) {
        let text = match up {
            true => format!("started there; nothing is shut down, as {source} is marked offline"),
            false => "not started there, as it is marked down".to_owned(),
        };
        draft.head(label, text, Tone::Plain);
        return;
    }
    let stops = format!("the guest is shut down first (at most {most})");
    let (text, tone) = match (runs(instance), up) {
        (Some(true), true) => (
            format!("{stops}; down until it has booted there"),
            Tone::Warn,
        ),
        (Some(true), false) => (
            format!("{stops} and not started there, as it is marked down"),
            Tone::Bad,
        ),
        (Some(false), true) => (
            "it does not run now, and is started there".to_owned(),
            Tone::Plain,
        ),
        (Some(false), false) => (
            "it is down: nothing stops, and it is not started there".to_owned(),
            Tone::Plain,
        ),
        (None, _) => (
            format!("not known whether it runs; if it does, {stops}"),
            Tone::Warn,
        ),
    };
    draft.head(label, text, tone);
    if runs(instance) == Some(true)
        && let Some(last) = last(draft, "INSTANCE_FAILOVER", &instance.name)
    {
        draft.say("last time", last, Tone::Plain);
    }
}

/// How long the last one of this kind took: of this instance, or else of any.
fn last(draft: &Draft, what: &str, name: &str) -> Option<String> {
    let mut newest: Option<(bool, String, f64)> = None;
    for job in draft.cluster.jobs.values().rev() {
        for op in job.ops.iter().filter(|op| op.status == "success") {
            let Some((word, object)) = op.summary.split_once('(') else {
                continue;
            };
            let (Some(from), Some(to)) = (op.executed.or(op.started), op.ended) else {
                continue;
            };
            let object = object.trim_end_matches(')');
            if word != what || to < from {
                continue;
            }
            let own = object == name;
            if own || newest.is_none() {
                newest = Some((own, object.to_owned(), to - from));
            }
            if own {
                break;
            }
        }
        if newest.as_ref().is_some_and(|(own, ..)| *own) {
            break;
        }
    }
    let (own, object, seconds) = newest?;
    let took = duration(seconds);
    Some(match own {
        true => format!("it took {took} in all"),
        false => format!("it took {took} in all, for {object}"),
    })
}
