//! Assembling an instance's disks, and taking them down.

use gantry_wire::operation::{ActivateDisks, DeactivateDisks};

use crate::action::fit::has_disks;
use crate::model::drbd::connected;
use crate::model::words::{duration, kib};
use crate::planner::replica::{Pair, Seen, State};

use super::Tone;
use super::draft::Draft;
use super::facts::{mute, offline, runs};
use super::halves;
use super::state::reachable;

/// Tells of assembling disks.
pub fn activate(draft: &mut Draft, it: &ActivateDisks) {
    let Some(instance) = draft.instance(&it.instance) else {
        return;
    };
    let node = instance.conf.primary.as_str();
    if !draft.needs(has_disks(instance)) || !reachable(draft, node, "it") {
        return;
    }
    let disks = halves::disks(&instance.name, draft.world.pairs);
    let well = |pair: &Pair| {
        matches!(
            pair.state,
            State::Healthy | State::Verifying | State::Resyncing
        )
    };
    let drbd = instance.conf.disk_template == "drbd";
    let all = drbd && disks.len() == instance.conf.disks.len();
    if all && disks.iter().all(|(_, pair)| well(pair)) {
        draft.nothing("all of its disks are active and connected");
        return;
    }
    if !drbd && runs(instance) == Some(true) {
        draft.nothing("it runs, so its disks are active");
        return;
    }
    let nodes = std::iter::once(node).chain(instance.conf.secondaries.iter().map(String::as_str));
    let nodes: Vec<&str> = nodes.collect();
    draft.head(nodes.join(", "), "disks assembled there", Tone::Plain);
    if runs(instance) == Some(false) {
        draft.say("guest", "stays down; its disks stay up", Tone::Plain);
    }
    for (at, pair) in &disks {
        let label = format!("disk {at}");
        let (text, tone) = mends(pair);
        draft.say(label, text, tone);
    }
    if drbd && !all {
        draft.say("disks", "not known how they are now", Tone::Warn);
    }
    if let Some(secondary) = instance.conf.secondaries.first() {
        if offline(secondary, draft.cluster) {
            let text = format!("{secondary} is marked offline: its halves stay away");
            draft.say("disks", text, Tone::Warn);
        } else if let Some(why) = mute(secondary, "it", draft.cluster) {
            draft.say("disks", why, Tone::Bad);
        }
    }
    if it.ignore_size {
        let text = "a disk that is smaller than recorded is not noticed";
        draft.say("size", text, Tone::Bad);
    }
    if it.wait_for_sync {
        draft.say("job", "lasts until all disks are in sync", Tone::Plain);
    }
}

/// What assembling does to a disk.
fn mends(pair: &Pair) -> (String, Tone) {
    let to_copy = match pair.oos_kib {
        Some(0) | None => String::new(),
        Some(much) => format!(", {} to resync", kib(much)),
    };
    match pair.state {
        State::Healthy | State::Verifying => {
            ("active and connected already".to_owned(), Tone::Good)
        }
        State::Resyncing | State::Paused | State::Stalled => (
            "connected already, and is being resynced".to_owned(),
            Tone::Plain,
        ),
        State::Down => ("not active now".to_owned(), Tone::Plain),
        State::StandAlone | State::Connecting | State::Degraded => {
            (format!("connects its halves again{to_copy}"), Tone::Plain)
        }
        State::SplitBrain => (
            "split brain: it does not mend that, one half has to be given up".to_owned(),
            Tone::Bad,
        ),
        State::Diskless => (
            "a half has lost its disk: replace-disks mends that".to_owned(),
            Tone::Bad,
        ),
        State::Disagrees => ("its halves contradict each other".to_owned(), Tone::Warn),
        State::Unknown => ("not known how it is".to_owned(), Tone::Warn),
    }
}

/// Tells of taking disks down.
pub fn deactivate(draft: &mut Draft, it: &DeactivateDisks) {
    let Some(instance) = draft.instance(&it.instance) else {
        return;
    };
    if !draft.needs(has_disks(instance)) {
        return;
    }
    let (name, node) = (&instance.name, instance.conf.primary.as_str());
    draft.rests_on.insert(node.to_owned());
    let running = runs(instance);
    let state = instance.conf.admin_state.as_str();
    if !it.force && (running == Some(true) || state != "down") {
        let how = match running {
            Some(true) => "runs".to_owned(),
            _ => format!("is marked {state}"),
        };
        draft.refuse(format!(
            "{name} {how}: Ganeti takes disks down only of what is marked down and does not run"
        ));
        return;
    }
    let disks = halves::disks(name, draft.world.pairs);
    let gone = |(_, pair): &(u32, &Pair)| {
        pair.primary.seen == Seen::Absent && pair.secondary.seen == Seen::Absent
    };
    if !disks.is_empty() && disks.len() == instance.conf.disks.len() && disks.iter().all(gone) {
        draft.nothing("none of its disks is active");
        return;
    }
    draft.head("disks", "taken down on all of its nodes", Tone::Plain);
    if running == Some(true) {
        let text = match instance.conf.disk_template.as_str() {
            "drbd" => {
                "it runs: its half in use stays, the other goes down, and what it writes is on one node only"
            }
            _ => "it runs: what it uses stays, or fails under it",
        };
        draft.say("guest", text, Tone::Bad);
    } else if running.is_none() {
        let tone = if it.force { Tone::Bad } else { Tone::Warn };
        let rest = if it.force {
            "it is not looked at"
        } else {
            "Ganeti looks"
        };
        draft.say("guest", format!("not known whether it runs; {rest}"), tone);
    }
    let syncing = disks.iter().find_map(|(at, pair)| {
        let going = pair.going.as_ref().filter(|going| !going.verify)?;
        Some((at, going.eta_s))
    });
    if let Some((at, eta)) = syncing {
        let left = eta.map_or_else(String::new, |eta| {
            format!(", {} before its end", duration(eta))
        });
        let text = format!("its resync is cut off{left}; it goes on from there");
        draft.say(format!("disk {at}"), text, Tone::Warn);
    }
    let apart = disks.iter().filter(|(_, pair)| {
        let now = pair.primary.now();
        now.is_some_and(|device| !connected(&device.connection))
    });
    if apart.count() > 0 {
        draft.say("disks", "their halves are apart already", Tone::Warn);
    }
}
