//! Both halves of each DRBD disk joined: what each end says of itself and of the other, what
//! disagrees, how far a resync is, how fast, how long still, and why it stands still.

pub mod generations;
mod join;
mod judge;

use std::sync::Arc;

use gantry_wire::drbd::Device;

use crate::model::{Cluster, Name, Time, natural};

use super::Severity;

/// What a pair is told apart by.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    /// A disk of an instance, by index.
    Disk(Name, u32),
    /// A device that belongs to no known disk: node and minor.
    Stray(Name, u32),
}

/// One replicated disk: two halves.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// Which.
    pub key: Key,
    /// Its size by the configuration, MiB.
    pub size: Option<u64>,
    /// Port of the connection.
    pub port: Option<u16>,
    /// The half on the instance's primary node.
    pub primary: Half,
    /// The half on its secondary.
    pub secondary: Half,
    /// How it is.
    pub state: State,
    /// How much that matters; `None` if all is well.
    pub severity: Option<Severity>,
    /// In words, for the place of the bar: what is wrong, for how long and what is at stake; empty
    /// if all is well.
    pub text: String,
    /// A resync or verify under way.
    pub going: Option<Going>,
    /// KiB that differ, by the half that counts them.
    pub oos_kib: Option<u64>,
    /// Since when it has been in this state, seconds since the epoch; `None` if it was so when
    /// first seen and the kernel's log does not say.
    pub since: Option<f64>,
}

/// One half of a pair.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Half {
    /// Its node; empty if not known.
    pub node: Name,
    /// Its minor there, by the configuration or the node itself.
    pub minor: Option<u32>,
    /// What its node says of it, or said last.
    pub device: Option<Arc<Device>>,
    /// How far that counts.
    pub seen: Seen,
}

/// How far what a node says of its half counts.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Seen {
    /// Said now.
    Now,
    /// Said last at that moment; the link is lost.
    Was(Time),
    /// The node speaks now and has no such device.
    Absent,
    /// The node is marked offline.
    Offline,
    /// Nothing is known.
    #[default]
    Unknown,
}

/// How a pair is, what matters least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Not active on either node, as the instance is stopped.
    Down,
    /// Connected, both up to date.
    Healthy,
    /// A verify is under way.
    Verifying,
    /// Nothing can be said.
    Unknown,
    /// A resync moves.
    Resyncing,
    /// A resync is held back.
    Paused,
    /// A resync should move and does not.
    Stalled,
    /// Connection is being made.
    Connecting,
    /// One half only: the other waits, is away or is not up to date.
    Degraded,
    /// The ends contradict each other.
    Disagrees,
    /// A half has lost its disk.
    Diskless,
    /// An end has given up on the other.
    StandAlone,
    /// Both were written apart from each other.
    SplitBrain,
}

/// A resync or a verify under way.
#[derive(Clone, Debug, PartialEq)]
pub struct Going {
    /// A verify and not a resync.
    pub verify: bool,
    /// Percent done.
    pub percent: f64,
    /// Left to do, KiB.
    pub left_kib: u64,
    /// Speed, KiB a second, smoothed.
    pub speed_kib: Option<f64>,
    /// Seconds until the end, smoothed; `None` while it stands still or nothing is known.
    pub eta_s: Option<f64>,
    /// It has stood still for so many seconds.
    pub still_s: Option<f64>,
    /// What holds it back (`user`, `peer`, `dependency`), joined by commas; empty if nothing does.
    pub paused_by: String,
}

/// All pairs together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// All there are.
    pub total: usize,
    /// Those known to have less than two good halves, but for resyncs that move.
    pub degraded: usize,
    /// Those of which nobody says how they are.
    pub unknown: usize,
    /// Resyncs that move.
    pub moving: usize,
    /// Resyncs that are under way, moving or not.
    pub resyncing: usize,
    /// Their speeds together, KiB a second.
    pub speed_kib: f64,
    /// Seconds until the last of them is done.
    pub eta_s: Option<f64>,
    /// The resync that ended last, and when, seconds since the epoch.
    pub last_done: Option<(Key, f64)>,
}

/// How well an instance's disks would survive the loss of a node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Redundancy {
    /// Every disk has two good halves.
    Redundant,
    /// So many percent of what is being resynced are done.
    Resyncing(f64),
    /// A disk has one good half only.
    Degraded,
    /// Its disk template keeps no second copy, or it is stored outside the nodes.
    None,
    /// A disk has no good half.
    Lost,
    /// Not known.
    Unknown,
}

/// All pairs of a cluster, worst first, then by name.
pub fn pairs(cluster: &Cluster) -> Vec<Pair> {
    let pairs = join::join(cluster);
    // Pairs are large: each is moved once, and not with every comparison.
    let mut order: Vec<(usize, &Pair)> = pairs.iter().enumerate().collect();
    order.sort_by(|(_, a), (_, b)| {
        let worst = (b.severity, b.state).cmp(&(a.severity, a.state));
        worst.then_with(|| by_name(&a.key, &b.key))
    });
    let order: Vec<usize> = order.into_iter().map(|(at, _)| at).collect();
    let mut pairs: Vec<Option<Pair>> = pairs.into_iter().map(Some).collect();
    let in_order = order.into_iter().filter_map(|at| pairs.get_mut(at)?.take());
    in_order.collect()
}

/// How pairs are told may change with time alone: all are well and have been for a while if not.
pub fn moves_with_time(cluster: &Cluster, pairs: &[Pair]) -> bool {
    let still =
        |pair: &Pair| matches!(pair.state, State::Healthy | State::Down) && pair.text.is_empty();
    let of_late = |changed: Time| cluster.now.at.since(changed) < judge::SETTLED + 1_000;
    !pairs.iter().all(still)
        || cluster
            .nodes
            .values()
            .filter_map(|node| node.courses.changed)
            .any(of_late)
}

/// Disks of instances first, in Ganeti's order.
fn by_name(a: &Key, b: &Key) -> std::cmp::Ordering {
    match (a, b) {
        (Key::Disk(a, m), Key::Disk(b, n)) | (Key::Stray(a, m), Key::Stray(b, n)) => {
            natural::compare(a, b).then(m.cmp(n))
        }
        (Key::Disk(..), Key::Stray(..)) => std::cmp::Ordering::Less,
        (Key::Stray(..), Key::Disk(..)) => std::cmp::Ordering::Greater,
    }
}

/// All pairs together.
pub fn summary(cluster: &Cluster, pairs: &[Pair]) -> Summary {
    let mut sums = Summary {
        total: pairs.len(),
        ..Summary::default()
    };
    let mut all_known = true;
    for pair in pairs {
        match pair.state {
            State::Healthy | State::Down | State::Verifying | State::Resyncing => {}
            State::Unknown => sums.unknown += 1,
            _ => sums.degraded += 1,
        }
        let Some(going) = pair.going.as_ref().filter(|going| !going.verify) else {
            continue;
        };
        sums.resyncing += 1;
        if pair.state != State::Resyncing {
            continue;
        }
        sums.moving += 1;
        sums.speed_kib += going.speed_kib.unwrap_or_default();
        all_known &= going.eta_s.is_some();
        let last = sums.eta_s.into_iter().chain(going.eta_s);
        sums.eta_s = last.max_by(f64::total_cmp);
    }
    if !all_known || sums.moving < sums.resyncing {
        sums.eta_s = None;
    }
    sums.last_done = last_done(cluster, pairs);
    sums
}

fn last_done(cluster: &Cluster, pairs: &[Pair]) -> Option<(Key, f64)> {
    let ended = |half: &Half| {
        let node = cluster.nodes.get(&half.node)?;
        node.courses.get(half.minor?)?.ended
    };
    let of_disks = pairs.iter().filter(|it| matches!(it.key, Key::Disk(..)));
    let done = of_disks.filter_map(|pair| {
        let at = ended(&pair.primary)
            .into_iter()
            .chain(ended(&pair.secondary));
        at.max_by(f64::total_cmp).map(|at| (&pair.key, at))
    });
    let last = done.max_by(|a, b| a.1.total_cmp(&b.1));
    last.map(|(key, at)| (key.clone(), at))
}

impl Half {
    /// What its node says of it now.
    pub fn now(&self) -> Option<&Device> {
        self.device.as_deref().filter(|_| self.seen == Seen::Now)
    }
}

/// How well an instance's disks would survive the loss of a node. `pairs` are those of this
/// instance.
pub fn redundancy<'a>(template: &str, pairs: impl IntoIterator<Item = &'a Pair>) -> Redundancy {
    let mut pairs = pairs.into_iter().peekable();
    if pairs.peek().is_none() {
        // A drbd instance without a known disk is not known; any other keeps one copy only.
        return match template {
            "" | "drbd" | "mixed" => Redundancy::Unknown,
            _ => Redundancy::None,
        };
    }
    let (mut lost, mut degraded, mut unknown) = (false, false, false);
    let (mut percent, mut resyncs) = (0.0, 0_u32);
    for pair in pairs {
        match pair.copies() {
            Copies::Two => {}
            Copies::One => match &pair.going {
                Some(going) if !going.verify && pair.state == State::Resyncing => {
                    percent += going.percent;
                    resyncs += 1;
                }
                _ => degraded = true,
            },
            Copies::None => lost = true,
            Copies::Unknown => unknown = true,
        }
    }
    if lost {
        Redundancy::Lost
    } else if degraded {
        Redundancy::Degraded
    } else if unknown {
        Redundancy::Unknown
    } else if resyncs > 0 {
        Redundancy::Resyncing(percent / f64::from(resyncs))
    } else {
        Redundancy::Redundant
    }
}

/// How many good copies there are.
enum Copies {
    Two,
    One,
    None,
    Unknown,
}

impl Pair {
    fn copies(&self) -> Copies {
        match self.state {
            State::Healthy | State::Verifying => return Copies::Two,
            State::Down | State::Unknown => return Copies::Unknown,
            // Which of them is good is for people to say; together they are one at best.
            State::SplitBrain => return Copies::One,
            _ => {}
        }
        let good = |half: &Half, other: &Half| {
            let said = half.now().map(|device| device.disk.as_str());
            let heard = other
                .now()
                .filter(|device| crate::model::drbd::connected(&device.connection))
                .map(|device| device.peer_disk.as_str());
            match said.or(heard) {
                Some("" | "DUnknown") | None => None,
                Some(disk) => Some(disk == "UpToDate"),
            }
        };
        let both = [
            good(&self.primary, &self.secondary),
            good(&self.secondary, &self.primary),
        ];
        match both {
            [Some(true), _] | [_, Some(true)] => Copies::One,
            [Some(false), Some(false)] => Copies::None,
            _ => Copies::Unknown,
        }
    }
}

#[cfg(test)]
mod tests;
