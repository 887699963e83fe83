//! How fresh the facts are, and what can be said of nodes and guests.

use gantry_wire::config::Source;

use crate::model::status::{Status, Word};
use crate::model::words::{ago, duration};
use crate::model::{Cluster, Instance, Node};

use super::Tone;
use super::draft::Draft;

/// A word of LUXI's live query counts for so long, milliseconds: it is asked every minute at least.
const ASKED: u64 = 150_000;

/// Whether an instance's guest runs somewhere, if that is known now.
pub fn runs(instance: &Instance) -> Option<bool> {
    match instance.status {
        Status::Unknown | Status::Was(..) => None,
        Status::Now(word) | Status::Asked(word, _) => match word {
            Word::ErrorNodeDown | Word::ErrorNodeOffline => None,
            word => Some(word.is_up()),
        },
    }
}

/// Its guest was found on another node than its primary: Ganeti would look for it on the primary alone, find nothing
/// there and go on as if it was down. Refused then.
pub fn is_astray(draft: &mut Draft, instance: &Instance) -> bool {
    let astray = instance.status.word() == Some(Word::ErrorWrongNode);
    if astray {
        let (name, primary) = (&instance.name, &instance.conf.primary);
        draft.refuse(format!(
            "{name} runs on another node than {primary}, its primary, where Ganeti looks for it: clean up first (migrate with cleanup)"
        ));
    }
    astray
}

/// Why nothing of a node is known now; nothing if it speaks, or is marked offline.
pub fn silence(name: &str, cluster: &Cluster) -> Option<String> {
    let Some(node) = cluster.nodes.get(name) else {
        return Some(format!("nothing is known of {name}"));
    };
    if node.offline() || node.fresh() || answers(node, cluster) == Some(true) {
        return None;
    }
    Some(match node.heard {
        Some(at) => {
            let seconds = cluster.now.at.since(at) as f64 / 1e3;
            format!("{name} has been silent for {}", duration(seconds))
        }
        None => format!("{name} has never been heard"),
    })
}

/// Why Ganeti would hardly get through to a node to do something there; nothing if it would, or if
/// the node is marked offline.
pub fn mute(name: &str, what: &str, cluster: &Cluster) -> Option<String> {
    if let Some(why) = silence(name, cluster) {
        return Some(format!(
            "{why}: {what} would fail if its noded does not answer either"
        ));
    }
    let node = cluster.nodes.get(name)?;
    let deaf = !node.offline() && answers(node, cluster) == Some(false);
    deaf.then(|| format!("its noded does not answer: {what} would fail"))
}

/// Whether noded of a node answers, by its own agent or by the master, if that was said of late.
pub fn answers(node: &Node, cluster: &Cluster) -> Option<bool> {
    if node.fresh() {
        return node.noded();
    }
    let (at, live) = node.live.as_ref()?;
    // What was said before it fell silent says nothing of now.
    let since = node.heard.is_none_or(|heard| *at >= heard);
    (since && cluster.now.at.since(*at) < ASKED).then_some(!live.failed)
}

/// It is marked offline; `false` if nothing is known of it.
pub fn offline(name: &str, cluster: &Cluster) -> bool {
    cluster.nodes.get(name).is_some_and(Node::offline)
}

/// It is marked drained.
pub fn drained(name: &str, cluster: &Cluster) -> bool {
    cluster
        .nodes
        .get(name)
        .is_some_and(|node| node.role() == "D")
}

/// A few names, and how many more there are.
pub fn names<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    const SHOWN: usize = 5;
    let all: Vec<&str> = names.into_iter().collect();
    match all.get(..SHOWN) {
        Some(first) if all.len() > SHOWN => {
            format!("{} and {} more", first.join(", "), all.len() - SHOWN)
        }
        _ => all.join(", "),
    }
}

/// Says of what age the facts are.
pub fn tell(draft: &mut Draft) {
    let cluster = draft.cluster;
    if cluster.conf.is_none() {
        draft.say("facts", "the configuration is not known yet", Tone::Warn);
    }
    if let Some(seen) = cluster
        .conf_seen
        .as_ref()
        .filter(|seen| seen.source == Source::File)
    {
        let age = ago(cluster.seconds_since(seen.written));
        let text = format!("the configuration is {}'s copy, written {age}", seen.by);
        draft.say("facts", text, Tone::Warn);
    }
    for name in std::mem::take(&mut draft.rests_on) {
        if let Some(why) = silence(&name, cluster) {
            let text = format!("{why}: what is said of it here was so then, if ever");
            draft.say("facts", text, Tone::Warn);
        }
    }
}
