//! DRBD disks that are not as they should be: one finding a cause.

use std::collections::BTreeMap;

use crate::model::{Cluster, Name};
use crate::planner::replica::{Half, Key, Pair, Redundancy, Seen, State, redundancy};

use super::{Found, NAMED, Severity, Subject, count};

/// What pairs have in common that is told together.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Suspended,
    SplitBrain,
    StandAlone,
    Diskless,
    Disagrees,
    NoCopy,
    OneCopy,
    Stalled,
    Paused,
    Connecting,
    Other,
}

/// Disks that are degraded for long, that contradict themselves, or that somebody must look at.
pub(super) fn drbd(cluster: &Cluster, pairs: &[Pair], found: &mut Found) {
    let matters = |pair: &&Pair| pair.severity >= Some(Severity::Warning);
    let mut away: BTreeMap<(&Name, bool), Vec<&Pair>> = BTreeMap::new();
    let mut kinds: BTreeMap<(Kind, Severity), Vec<&Pair>> = BTreeMap::new();
    for pair in pairs.iter().filter(matters) {
        let kind = Kind::of(pair);
        match missed(cluster, pair).filter(|_| kind == Kind::OneCopy) {
            Some(half) => {
                let absent = half.seen == Seen::Absent;
                away.entry((&half.node, absent)).or_default().push(pair);
            }
            None => {
                let severity = pair.severity.unwrap_or(Severity::Warning);
                kinds.entry((kind, severity)).or_default().push(pair);
            }
        }
    }
    // A node that is missed by many is one cause; one disk says more of itself.
    let many = |pairs: &Vec<&Pair>| pairs.len() > 1;
    let (many, few): (Vec<_>, Vec<_>) = away.into_iter().partition(|(_, pairs)| many(pairs));
    let worst = |pairs: &[&Pair]| pairs.iter().filter_map(|pair| pair.severity).max();
    for pair in few.into_iter().flat_map(|(_, few)| few) {
        let severity = pair.severity.unwrap_or(Severity::Warning);
        kinds
            .entry((Kind::OneCopy, severity))
            .or_default()
            .push(pair);
    }
    for ((kind, severity), pairs) in kinds {
        tell(kind, severity, &pairs, found);
    }
    for ((node, absent), pairs) in many {
        let offline = cluster.nodes.get(node).is_some_and(|node| node.offline());
        let how = match (offline, absent) {
            (true, _) => "offline",
            (false, true) => "without its devices",
            (false, false) => "away",
        };
        let text = format!(
            "{node} {how}: {} have one copy only",
            count(pairs.len(), "disk")
        );
        let severity = worst(&pairs).unwrap_or(Severity::Warning);
        found.add(severity, Subject::Node(node.clone()), text);
    }
    beyond(cluster, found);
}

/// The half that the other one waits for, if its node does not speak for it.
fn missed<'a>(cluster: &Cluster, pair: &'a Pair) -> Option<&'a Half> {
    // What a node says of a disk that nothing else knows counts against nobody but itself.
    if matches!(pair.key, Key::Stray(..)) || cluster.conf_seen.is_none() {
        return None;
    }
    match (&pair.primary, &pair.secondary) {
        (here, there) if here.seen == Seen::Now && there.seen != Seen::Now => Some(there),
        (there, here) if here.seen == Seen::Now && there.seen != Seen::Now => Some(there),
        _ => None,
    }
    .filter(|half| !half.node.is_empty())
}

impl Kind {
    fn of(pair: &Pair) -> Kind {
        let halves = [&pair.primary, &pair.secondary];
        let mut said = halves.into_iter().filter_map(Half::now);
        match pair.state {
            _ if said.any(|device| device.io_suspended) => Kind::Suspended,
            State::SplitBrain => Kind::SplitBrain,
            State::StandAlone => Kind::StandAlone,
            State::Diskless => Kind::Diskless,
            State::Disagrees => Kind::Disagrees,
            State::Degraded if redundancy("drbd", [pair]) == Redundancy::Lost => Kind::NoCopy,
            State::Degraded => Kind::OneCopy,
            State::Stalled => Kind::Stalled,
            State::Paused => Kind::Paused,
            State::Connecting => Kind::Connecting,
            _ => Kind::Other,
        }
    }

    /// Of many disks together.
    fn of_many(self) -> &'static str {
        match self {
            Kind::Suspended => "with I/O suspended",
            Kind::SplitBrain => "in split brain",
            Kind::StandAlone => "StandAlone",
            Kind::Diskless => "Diskless",
            Kind::Disagrees => "whose ends disagree",
            Kind::NoCopy => "without a good copy",
            Kind::OneCopy => "with one copy only",
            Kind::Stalled => "with a stalled resync",
            Kind::Paused => "with a paused resync",
            Kind::Connecting => "not connected",
            Kind::Other => "in a state that is not known",
        }
    }
}

fn tell(kind: Kind, severity: Severity, pairs: &[&Pair], found: &mut Found) {
    let subject = |pair: &Pair| match &pair.key {
        Key::Disk(instance, index) => Subject::Disk(instance.clone(), *index),
        Key::Stray(node, _) => Subject::Node(node.clone()),
    };
    if pairs.len() > NAMED
        && let [first, ..] = pairs
    {
        let text = format!("{} {}", count(pairs.len(), "disk"), kind.of_many());
        found.add(severity, subject(first), text);
        return;
    }
    for pair in pairs {
        // Disks of one instance that say the same are told once.
        let alike = |other: &&&Pair| match (&pair.key, &other.key) {
            (Key::Disk(a, _), Key::Disk(b, _)) => a == b && pair.text == other.text,
            (a, b) => a == b,
        };
        let like: Vec<u32> = pairs
            .iter()
            .filter(alike)
            .filter_map(|it| index(it))
            .collect();
        if like
            .first()
            .is_some_and(|first| index(pair) != Some(*first))
        {
            continue;
        }
        let name = match &pair.key {
            Key::Disk(instance, _) => {
                let indices: Vec<String> = like.iter().map(u32::to_string).collect();
                format!("{instance}/{}", indices.join(","))
            }
            Key::Stray(node, minor) => format!("{node} minor {minor}"),
        };
        // What the words begin with tells whether the disk or its resync is meant.
        let what = match kind {
            Kind::Stalled | Kind::Paused => " resync",
            _ => "",
        };
        found.add(
            severity,
            subject(pair),
            format!("{name}{what} {}", pair.text),
        );
    }
}

/// Which disk of its instance it is.
fn index(pair: &Pair) -> Option<u32> {
    match pair.key {
        Key::Disk(_, index) => Some(index),
        Key::Stray(..) => None,
    }
}

/// What is not kept, and what could not be read.
fn beyond(cluster: &Cluster, found: &mut Found) {
    for node in cluster.nodes_sorted() {
        for (what, beyond) in &node.beyond {
            let text = format!("{}: {} are not shown", node.name, count(*beyond, what));
            found.add(Severity::Warning, Subject::Node(node.name.clone()), text);
        }
        let unread = node.facts.drbd.as_ref().map(|drbd| drbd.unread.as_slice());
        if let Some([first, ..]) = unread.filter(|_| node.fresh()) {
            let text = format!("{}: DRBD's words not understood: {first}", node.name);
            found.add(Severity::Note, Subject::Node(node.name.clone()), text);
        }
    }
}

#[cfg(test)]
mod tests;
