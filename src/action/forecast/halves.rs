//! The halves of DRBD disks that an operation depends on.

use crate::model::drbd::connected;
use crate::model::words::{ago, duration, kib};
use crate::model::{Cluster, Instance};
use crate::planner::replica::{Half, Key, Pair, Seen, State};

use super::Tone;
use super::draft::Draft;
use super::facts::{mute, offline, silence};

/// How a half stands to become the one that counts.
enum Stand {
    /// Up to date and connected.
    Whole,
    /// It was up to date when it last met the other.
    Behind(String),
    /// What is on it cannot be used.
    Useless(String),
    /// Not known.
    Unknown(String),
    /// Not active, as the instance is stopped.
    Inactive,
}

/// The disks of an instance, by index.
pub fn disks<'a>(instance: &str, pairs: &'a [Pair]) -> Vec<(u32, &'a Pair)> {
    let mut disks: Vec<(u32, &Pair)> = pairs
        .iter()
        .filter_map(|pair| match &pair.key {
            Key::Disk(name, at) if **name == *instance => Some((*at, pair)),
            _ => None,
        })
        .collect();
    disks.sort_by_key(|(at, _)| *at);
    disks
}

/// The instance is to run on its secondary's halves. `forced` is `ignore_consistency`: then what
/// would be refused is said, and what is lost by it.
pub fn take_over(draft: &mut Draft, instance: &Instance, forced: bool) {
    let target = instance.conf.secondaries.first().map_or("", String::as_str);
    let source = instance.conf.primary.as_str();
    let disks = disks(&instance.name, draft.world.pairs);
    draft.rests_on.insert(target.to_owned());
    if disks.len() < instance.conf.disks.len() || disks.is_empty() {
        let text = format!("nothing is known of all or some of its halves on {target}");
        draft.say("disks", text, Tone::Warn);
    }
    let mut whole: Vec<u32> = Vec::new();
    for (at, pair) in disks {
        let label = format!("disk {at} on {target}");
        match stand(pair, instance, draft.cluster) {
            Stand::Whole => whole.push(at),
            Stand::Inactive => draft.say(
                label,
                "not active, as the instance is down: Ganeti does not look at it then",
                Tone::Warn,
            ),
            Stand::Unknown(why) => {
                let text = format!("not known how it is: {why}");
                draft.say(label, text, if forced { Tone::Bad } else { Tone::Warn });
            }
            Stand::Behind(how) => behind(draft, pair, label, &how, forced, source),
            Stand::Useless(how) => {
                draft.say(label.clone(), how.clone(), Tone::Bad);
                if forced {
                    draft.loses_data();
                } else {
                    let why = format!("{label} is not whole: {how}");
                    draft.refuse(why);
                }
            }
        }
    }
    if !whole.is_empty() {
        let label = format!("{} on {target}", numbers(&whole));
        draft.say(label, "UpToDate, Connected", Tone::Good);
    }
}

/// `disk 0`, `disks 0, 1`.
fn numbers(disks: &[u32]) -> String {
    let s = if disks.len() == 1 { "" } else { "s" };
    let numbers: Vec<String> = disks.iter().map(u32::to_string).collect();
    format!("disk{s} {}", numbers.join(", "))
}

/// It was up to date when it last met the other: what was written since is not there.
fn behind(draft: &mut Draft, pair: &Pair, label: String, how: &str, forced: bool, source: &str) {
    let dead = offline(source, draft.cluster);
    match written(pair, draft.cluster) {
        Written::Much(much) => {
            let text = format!("UpToDate, but {how}: {much} written on {source} since NOT there");
            draft.say(label.clone(), text, Tone::Bad);
            if forced || dead {
                draft.loses_data();
            }
        }
        Written::Nothing => {
            let text = format!("UpToDate, but {how}: nothing written on {source} since");
            draft.say(label.clone(), text, Tone::Warn);
        }
        Written::Unknown => {
            let text = format!("UpToDate, but {how}: what {source} wrote since is NOT there");
            draft.say(label.clone(), text, Tone::Bad);
            if forced || dead {
                draft.loses_data();
            }
        }
        Written::Died => {
            let text = format!(
                "UpToDate, but {how}: if {source} stopped at that moment nothing is missing, \
                 else what it wrote since is"
            );
            draft.say(label.clone(), text, Tone::Warn);
        }
    }
    // Ganeti looks away itself where the primary is marked offline.
    if !forced && !dead {
        draft.refuse(format!(
            "{label} is {how}: Ganeti calls that degraded and would refuse it"
        ));
    }
}

/// What the primary's half wrote since the two lost each other.
enum Written {
    Much(String),
    Nothing,
    /// It was connected as far as it told; then it fell silent.
    Died,
    Unknown,
}

fn written(pair: &Pair, cluster: &Cluster) -> Written {
    let told = pair.primary.device.as_deref();
    match (pair.primary.seen, told) {
        (Seen::Now, Some(device)) => match device.oos_kib.or(pair.oos_kib) {
            Some(0) => Written::Nothing,
            Some(much) => Written::Much(kib(much)),
            None => Written::Unknown,
        },
        (Seen::Was(_), Some(device)) if connected(&device.connection) => Written::Died,
        (Seen::Was(_), Some(device)) => match device.oos_kib {
            Some(much) if much > 0 => Written::Much(format!("at least {}", kib(much))),
            _ => Written::Unknown,
        },
        // Nobody ever heard it: only that it does not speak now is known.
        (Seen::Offline, _) => Written::Died,
        (Seen::Unknown, _) if silence(&pair.primary.node, cluster).is_some() => Written::Died,
        _ => Written::Unknown,
    }
}

/// A half of it on its secondary that says that it is connected to the one on its primary.
pub fn hears_primary<'a>(instance: &str, pairs: &'a [Pair]) -> Option<&'a str> {
    let disks = disks(instance, pairs).into_iter();
    let mut halves = disks.map(|(_, pair)| &pair.secondary);
    let hears = halves.find(|half| half.now().is_some_and(|it| connected(&it.connection)));
    hears.map(|half| &*half.node)
}

fn stand(pair: &Pair, instance: &Instance, cluster: &Cluster) -> Stand {
    let (half, other) = (&pair.secondary, &pair.primary);
    let target = &half.node;
    if pair.state == State::SplitBrain {
        let how = "split brain: both halves were written apart from each other";
        return Stand::Useless(how.to_owned());
    }
    if let Some(device) = half.now() {
        let connected = connected(&device.connection);
        return match (device.disk.as_str(), connected) {
            ("UpToDate", true) => Stand::Whole,
            ("UpToDate", false) => Stand::Behind(apart(half, pair, cluster)),
            ("", _) => Stand::Unknown(format!("{target} does not say")),
            (disk, _) => Stand::Useless(useless(disk, pair)),
        };
    }
    // Its peer's word counts while the two talk to each other.
    let heard = other.now();
    let heard = heard.filter(|it| connected(&it.connection));
    if let Some(device) = heard {
        return match device.peer_disk.as_str() {
            "UpToDate" => Stand::Whole,
            "" | "DUnknown" => Stand::Unknown(format!("{} does not say", other.node)),
            disk => Stand::Useless(useless(disk, pair)),
        };
    }
    match half.seen {
        Seen::Absent if instance.conf.admin_state != "up" => Stand::Inactive,
        Seen::Absent => Stand::Useless("not active there: activate the disks first".to_owned()),
        Seen::Offline => Stand::Unknown(format!("{target} is marked offline")),
        Seen::Was(at) => {
            let age = ago(cluster.now.at.since(at) as f64 / 1e3);
            Stand::Unknown(format!("{target} last spoke {age}"))
        }
        Seen::Now | Seen::Unknown => {
            let why = silence(target, cluster);
            Stand::Unknown(why.unwrap_or_else(|| format!("{target} says nothing of it")))
        }
    }
}

/// `StandAlone for 12m 00s`.
fn apart(half: &Half, pair: &Pair, cluster: &Cluster) -> String {
    let connection = half.now().map_or("?", |device| device.connection.as_str());
    let course = cluster.nodes.get(&half.node).zip(half.minor);
    let course = course.and_then(|(node, minor)| node.courses.get(minor));
    let since = pair.since.or(course.and_then(|course| course.connected));
    match since {
        Some(since) => {
            let seconds = cluster.seconds_since(since);
            format!("{connection} for {}", duration(seconds))
        }
        None => format!("{connection} for who knows how long"),
    }
}

fn useless(disk: &str, pair: &Pair) -> String {
    let going = pair.going.as_ref().filter(|going| !going.verify);
    match going {
        Some(going) if disk == "Inconsistent" => {
            let left = going.eta_s.map_or_else(
                || "no end is in sight".to_owned(),
                |seconds| format!("done in about {}", duration(seconds)),
            );
            format!(
                "Inconsistent: its resync is at {:.1}%, {left}",
                going.percent
            )
        }
        _ => match disk {
            "Inconsistent" => "Inconsistent: a part of its data is older than the rest".to_owned(),
            "Outdated" => "Outdated: it knows itself that it misses data".to_owned(),
            "Consistent" => "Consistent: it does not know whether it misses data".to_owned(),
            "Diskless" | "Failed" => format!("{disk}: it has lost its disk"),
            disk => disk.to_owned(),
        },
    }
}

/// The instance is to be started where it is: its disks are assembled on both nodes.
pub fn on_start(draft: &mut Draft, instance: &Instance, forced: bool) {
    let Some(secondary) = instance.conf.secondaries.first() else {
        return;
    };
    if offline(secondary, draft.cluster) {
        let text = format!("{secondary} is marked offline: no second half until it is back");
        draft.say("disks", text, Tone::Warn);
    } else if let Some(why) = mute(secondary, "the start, unless forced,", draft.cluster) {
        let text = match forced {
            true => format!("{secondary} may not answer: one half of its disks only then"),
            false => why,
        };
        draft.say("disks", text, Tone::Warn);
    }
    for (at, pair) in disks(&instance.name, draft.world.pairs) {
        let node = &pair.primary.node;
        let label = format!("disk {at} on {node}");
        if pair.state == State::SplitBrain {
            let text = "split brain: what is on the other half is not on this one";
            draft.say(label, text, Tone::Bad);
            continue;
        }
        let Some(device) = pair.primary.now() else {
            continue;
        };
        let whole_peer = connected(&device.connection) && device.peer_disk == "UpToDate";
        match device.disk.as_str() {
            "UpToDate" | "" => {}
            disk if whole_peer => {
                let text = format!("{disk}: read over the network from {secondary}");
                draft.say(label, text, Tone::Warn);
            }
            disk => {
                let text = format!("{disk}, and {secondary} cannot stand in: the start would fail");
                draft.say(label, text, Tone::Bad);
            }
        }
    }
}
