//! Instances that go to another node.

use gantry_wire::operation::{Failover, Migrate, MigrationMode, Move};

use crate::action::fit::{Mirror, copyable, mirror};
use crate::model::words::{duration, mib};
use crate::model::{Instance, Node};

use super::Tone;
use super::copy;
use super::draft::Draft;
use super::effect::Effect;
use super::facts::{answers, drained, offline, runs, silence};
use super::halves;
use super::redundancy::objection;
use super::room;

/// How long Ganeti lets a guest shut down if nothing else is said, seconds.
pub const SHUTDOWN: u32 = 120;

/// Where an instance goes.
enum Whereto {
    /// To this node.
    Node(String),
    /// Wherever this iallocator says.
    Chosen(String),
}

/// Tells of a failover.
pub fn failover(draft: &mut Draft, it: &Failover) {
    let Some(instance) = draft.instance(&it.instance) else {
        return;
    };
    let choice = (it.target_node.as_deref(), it.iallocator.as_deref());
    let Some((whereto, how)) = whereto(draft, instance, choice) else {
        return;
    };
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
    } else if let Some(why) = silence(&instance.conf.primary, draft.cluster) {
        let source = instance.conf.primary.as_str();
        draft.say(
            source,
            format!("{why}: the migration would fail"),
            Tone::Bad,
        );
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
    if let Some(why) = silence(source, draft.cluster) {
        draft.say(
            source.as_str(),
            format!("{why}: the clean-up would fail"),
            Tone::Bad,
        );
    }
}

/// Tells of copying disks to another node.
pub fn copy(draft: &mut Draft, it: &Move) {
    let Some(instance) = draft.instance(&it.instance) else {
        return;
    };
    if !draft.needs(copyable(instance)) {
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
    if it.ignore_consistency {
        let text =
            format!("is copied even if it cannot be shut down on {source}: the copy may be torn");
        draft.say("force", text, Tone::Bad);
        draft.loses_data();
    } else if offline(source, draft.cluster) {
        draft.refuse(format!(
            "{source} is marked offline: its disks cannot be read"
        ));
    } else if let Some(why) = silence(source, draft.cluster) {
        draft.say(source, format!("{why}: the move would fail"), Tone::Bad);
    }
}

/// Where it goes and by what mirror; refused if it cannot.
fn whereto(
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
        (Mirror::External, None, Some(name)) if name != "." => Whereto::Chosen(name.to_owned()),
        (Mirror::External, None, _) => {
            let own = draft
                .cluster
                .conf
                .as_ref()
                .map(|conf| conf.default_iallocator.clone());
            match own {
                Some(name) if name.is_empty() => {
                    draft.refuse("the cluster has no default iallocator: choose a node");
                    return None;
                }
                own => Whereto::Chosen(own.unwrap_or_else(|| "the default iallocator".to_owned())),
            }
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
            format!("down from then until it has booted there; {stops}"),
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

/// The target takes the instance over: whether it may, and what it costs it.
fn takes_over(
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
        changes_memory(draft, instance, target);
    }
    draft
        .effects
        .push(match instance.conf.disk_template.as_str() {
            "drbd" => Effect::Failover(name),
            _ => Effect::ToNode(name, target.clone()),
        });
}

fn changes_memory(draft: &mut Draft, instance: &Instance, target: &str) {
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
    } else if let Some(why) = silence(target, draft.cluster) {
        let text = format!("{why}: it would fail if its noded does not answer either");
        draft.say(target, text, Tone::Bad);
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

/// Whether the primary is known to be dead where that matters. Silence is no proof of it, and a
/// sign of life is one against it.
fn proof(draft: &mut Draft, instance: &Instance, forced: bool) {
    let (name, source) = (&instance.name, instance.conf.primary.as_str());
    let Some(node) = draft.cluster.nodes.get(source) else {
        draft.say(source, "nothing is known of it", Tone::Warn);
        return;
    };
    if forced && runs(instance) == Some(false) && node.fresh() {
        return;
    }
    let silent = silence(source, draft.cluster);
    let taken_for_dead = node.offline() || (forced && silent.is_some());
    if taken_for_dead {
        match runs_there(node, instance) {
            Some(true) => draft.refuse(format!(
                "{source} is alive: {name} runs there, and would run twice"
            )),
            Some(false) => {
                draft.say(
                    source,
                    "up by its own word, and it does not run there",
                    Tone::Plain,
                );
                return;
            }
            None => {}
        }
        if let Some(target) = halves::hears_primary(name, draft.world.pairs) {
            draft.refuse(format!(
                "{source} is alive: DRBD on {target} is connected to it, and {name} would run twice"
            ));
        } else if answers(node, draft.cluster) == Some(true) {
            draft.refuse(format!(
                "{source} is alive: its noded answers, and {name} may run twice"
            ));
        }
    }
    let (text, tone) = match silent {
        _ if node.offline() => (
            "marked offline: be sure that its power is off, or it may run twice".to_owned(),
            Tone::Warn,
        ),
        Some(why) if forced => (
            format!(
                "{why}, which is no proof that it is down: if it is up the instance runs twice"
            ),
            Tone::Bad,
        ),
        Some(why) => (
            format!(
                "{why}: the shutdown there would fail; if its power is off mark it offline first"
            ),
            Tone::Bad,
        ),
        None if forced => (
            format!("goes on even if it cannot be shut down on {source}: then it runs twice"),
            Tone::Bad,
        ),
        None => return,
    };
    if forced && tone == Tone::Bad && !node.fresh() {
        draft.loses_data();
    }
    draft.say(if node.fresh() { "force" } else { source }, text, tone);
}

/// Whether an instance runs on a node, by the word that its agent says now.
fn runs_there(node: &Node, instance: &Instance) -> Option<bool> {
    let guests = node.facts.guests.as_ref().filter(|_| node.fresh())?;
    guests
        .hypervisors
        .contains(&instance.conf.hypervisor)
        .then(|| {
            let mut list = guests.list.iter();
            list.any(|guest| *guest.name == *instance.name && !guest.shut_down)
        })
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
