//! A pair and all that bears on how it is: what its ends say now, and since when.

use gantry_wire::drbd::Device;

use crate::model::drbd::{Course, connected};
use crate::model::words::age;
use crate::model::{Cluster, Instance, Time};
use crate::planner::Severity;
use crate::planner::replica::generations::{Generations, compare};
use crate::planner::replica::{Half, Seen, State};
use crate::planner::work::Work;

use super::{LONG, SETTLED, Verdict};

/// A pair and all that bears on how it is.
pub(in crate::planner::replica) struct Case<'a> {
    pub ends: [End<'a>; 2],
    /// Seconds since the epoch.
    pub wall: f64,
    pub at: Time,
    /// The instance runs, as far as is known.
    pub runs: bool,
    /// It is to run.
    pub wanted: bool,
    /// A job works on the instance.
    pub busy: bool,
    /// Its disks may be primary on both nodes for now.
    pub migrates: bool,
    /// Size, MiB; 0 if not known.
    pub size: u64,
}

/// One end of it.
pub struct End<'a> {
    pub half: &'a Half,
    pub course: Option<&'a Course>,
    pub heard: Time,
    /// Its node does not answer.
    pub lost: bool,
    pub clock_ahead: f64,
}

/// What an end says now.
pub struct Said<'a> {
    pub end: &'a End<'a>,
    pub device: &'a Device,
    pub other: &'a End<'a>,
}

impl<'a> Case<'a> {
    pub fn of(
        cluster: &'a Cluster,
        instance: Option<&'a Instance>,
        work: &Work,
        halves: &'a [Half; 2],
        size: u64,
    ) -> Case<'a> {
        let end = |half: &'a Half| {
            let node = cluster.nodes.get(&half.node);
            End {
                half,
                course: half
                    .minor
                    .and_then(|minor| node.and_then(|node| node.courses.get(minor))),
                heard: node.and_then(|node| node.heard).unwrap_or_default(),
                lost: node.is_none_or(|node| !node.fresh()),
                clock_ahead: node.and_then(|node| node.clock_ahead).unwrap_or_default(),
            }
        };
        let [a, b] = halves;
        let name = instance.map_or("", |instance| &instance.name);
        let status = instance.and_then(|instance| instance.status.word());
        Case {
            ends: [end(a), end(b)],
            wall: cluster.now.wall,
            at: cluster.now.at,
            runs: status.is_some_and(|word| word.is_up()),
            wanted: instance.is_some_and(|it| it.conf.admin_state == "up"),
            busy: work.job(name).is_some(),
            migrates: work.migrates(name),
            size,
        }
    }

    pub fn said(&self) -> Vec<Said<'_>> {
        let [a, b] = &self.ends;
        [(a, b), (b, a)]
            .into_iter()
            .filter_map(|(end, other)| {
                let device = end.half.now()?;
                Some(Said { end, device, other })
            })
            .collect()
    }

    /// ` 12m`, or nothing if it has just begun or is not known since when.
    pub fn for_long(&self, since: Option<f64>) -> String {
        match since.map(|since| age(self.wall - since)) {
            Some(age) if age != "now" => format!(" {age}"),
            _ => String::new(),
        }
    }

    /// It has been so for long, or for nobody knows how long.
    pub fn long(&self, since: Option<f64>) -> bool {
        since.is_none_or(|since| self.wall - since >= LONG)
    }

    /// What should pass by itself: worth knowing at first, a warning later.
    pub fn passing(&self, since: Option<f64>) -> Severity {
        if self.long(since) {
            Severity::Warning
        } else {
            Severity::Note
        }
    }

    /// What a job that works on the instance may cause for a while.
    pub fn unless_busy(&self, severity: Severity, since: Option<f64>) -> Severity {
        let young = since.is_some_and(|since| self.wall - since < 60.0);
        if self.busy && young {
            Severity::Note
        } else {
            severity
        }
    }

    /// No end has changed of late, and both were heard since, so that what they say is of one
    /// moment: a node that died says the last it said until its link is given up.
    pub fn settled(&self) -> bool {
        let changed = |end: &End| end.course.and_then(|course| course.changed);
        let Some(last) = self.ends.iter().filter_map(changed).max() else {
            return true;
        };
        let heard = |end: &End| end.half.seen != Seen::Now || end.heard.since(last) >= SETTLED;
        self.at.since(last) >= SETTLED && self.ends.iter().all(heard)
    }
}

impl End<'_> {
    pub fn node(&self) -> &str {
        match &*self.half.node {
            "" => "the peer",
            node => node,
        }
    }

    pub fn since(&self) -> Option<f64> {
        self.course.and_then(|course| course.since)
    }
}

pub(super) fn calm(state: State, since: Option<f64>) -> Verdict {
    Verdict {
        state,
        severity: None,
        text: String::new(),
        since,
    }
}

/// Since when the earliest of these ends has been as it is.
pub(super) fn earliest<'a>(said: impl IntoIterator<Item = &'a Said<'a>>) -> Option<f64> {
    let since = said.into_iter().filter_map(|said| said.end.since());
    since.min_by(f64::total_cmp)
}

/// Since when the latest of these ends has been as it is.
pub(super) fn latest<'a>(said: impl IntoIterator<Item = &'a Said<'a>>) -> Option<f64> {
    let since = said.into_iter().filter_map(|said| said.end.since());
    since.max_by(f64::total_cmp)
}

/// State of an end's disk: by its own word, or else by the other's while they are connected.
pub(super) fn disk<'a>(end: &'a End, other: &'a End) -> &'a str {
    if let Some(device) = end.half.now() {
        return &device.disk;
    }
    match other.half.now() {
        Some(device) if connected(&device.connection) => &device.peer_disk,
        _ => "",
    }
}

/// Why an end says nothing.
pub(super) fn beside(end: &End) -> String {
    match end.half.seen {
        Seen::Absent => format!("{} has no such device", end.node()),
        Seen::Offline => format!("{} is offline", end.node()),
        Seen::Was(_) => format!("{} is lost", end.node()),
        Seen::Now | Seen::Unknown => format!("{} is not known", end.node()),
    }
}

pub(super) fn both_primary(said: &[Said]) -> bool {
    said.len() == 2 && said.iter().all(|said| said.device.role == "Primary")
}

/// Both ends were written since they lost each other.
pub(super) fn wrote_apart(said: &[Said]) -> bool {
    let [a, b] = said else { return false };
    compare(a.device, b.device) == Generations::Apart
}
