//! Whether a node that is taken for dead is dead.

use crate::model::{Instance, Node};

use super::Tone;
use super::draft::Draft;
use super::facts::{answers, runs, silence};
use super::halves;

/// Whether the primary is known to be dead where that matters. Silence is no proof of it, and a
/// sign of life is one against it.
pub fn proof(draft: &mut Draft, instance: &Instance, forced: bool) {
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
        draft.unproven(source);
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
    let deaf = answers(node, draft.cluster) == Some(false);
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
        None if deaf && !forced => (
            "its noded does not answer: the shutdown there would fail".to_owned(),
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
    let speaks = node.fresh() && !node.offline() && !deaf;
    draft.say(if speaks { "force" } else { source }, text, tone);
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
