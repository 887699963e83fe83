//! Puts DRBD's sources together: `/proc/drbd` is read at once when something changed, with every
//! sample while something is synchronised or nothing tells of changes, and seldom otherwise.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read};
use std::path::PathBuf;

use gantry_wire::drbd::{Device, Drbd};
use gantry_wire::node::Missing;
use gantry_wire::ssconf::Ssconf;

use super::facts::{Order, Subject, Worker, dress};
use super::watch::Watch;
use super::{Seen, proc};
use crate::place::Place;
use crate::probe::command::PATH;
use crate::session::Moment;
use crate::waker::Waker;

/// How often `/proc/drbd` is read while changes are told and nothing is under way, milliseconds.
const QUIET_MS: u64 = 10_000;
/// `events2` that ended is started again after this long, milliseconds.
const AGAIN_MS: u64 = 60_000;
/// The kernel's log and our own eyes mean the same change if they are this close, seconds.
const SAME_S: f64 = 15.0;
/// More of `/proc/drbd` is not read, bytes: it has some 250 for each device.
const LIMIT: u64 = 16 * 1024 * 1024;

/// Remembers what was there.
#[derive(Debug)]
pub struct Probe {
    waker: Waker,
    /// Where `drbdsetup` is looked for.
    path: String,
    kmsg: PathBuf,
    root: bool,
    watch: Option<Watch>,
    watch_from_ms: u64,
    facts: Option<Worker>,
    /// A sample was taken since it was read.
    sampled: bool,
    read_ms: Option<u64>,
    /// `/proc/drbd` as it was; `None` where there is none.
    text: Option<Vec<u8>>,
    seen: Seen,
    subjects: Vec<Subject>,
    pushed: bool,
    states: BTreeMap<u32, State>,
    /// Why `/proc/drbd` cannot be read, or changes are not told.
    trouble: [Option<String>; 2],
}

/// What a device was when it was last looked at, and when that became so.
#[derive(Debug)]
struct State {
    connection: String,
    disk: String,
    since: Option<f64>,
}

impl Probe {
    /// Has read nothing yet; `waker` is woken when something changes.
    pub fn new(waker: Waker) -> Probe {
        let root = rustix::process::geteuid().is_root();
        Probe::with(PATH.into(), "/dev/kmsg".into(), root, waker)
    }

    fn with(path: String, kmsg: PathBuf, root: bool, waker: Waker) -> Probe {
        Probe {
            waker,
            path,
            kmsg,
            root,
            watch: None,
            watch_from_ms: 0,
            facts: None,
            sampled: true,
            read_ms: None,
            text: None,
            seen: Seen::default(),
            subjects: Vec::new(),
            pushed: false,
            states: BTreeMap::new(),
            trouble: [None, None],
        }
    }

    /// A sample was taken: what is read with every sample is due.
    pub fn sampled(&mut self) {
        self.sampled = true;
    }

    /// DRBD as it is, if anything may have changed since the call before.
    pub fn read(
        &mut self,
        place: &Place,
        ssconf: Option<&Ssconf>,
        node: impl FnOnce() -> String,
        now: Moment,
    ) -> Option<Drbd> {
        let told = self.watch.as_ref().is_some_and(Watch::news);
        let first = self.read_ms.is_none();
        let mut changed = first;
        if told || self.is_due(now) {
            self.sampled = false;
            self.read_ms = Some(now.mono_ms);
            changed |= self.look(place, told, now);
        }
        self.keep_watch(now);
        let pushed = self.watch.as_ref().is_some_and(Watch::runs);
        changed |= pushed != self.pushed;
        self.pushed = pushed;
        changed |= self.find_out(place, ssconf, node, now);
        changed.then(|| self.all())
    }

    /// Something about the devices is being found out.
    pub fn is_asked(&self) -> bool {
        self.facts.as_ref().is_some_and(Worker::waits)
    }

    /// What cannot be had is added.
    pub fn missing(&self, now: Moment, missing: &mut Vec<Missing>) {
        let mut say = |why: &str, hangs| {
            missing.push(Missing {
                part: "drbd".into(),
                why: why.to_owned(),
                hangs,
            });
        };
        for why in self.trouble.iter().flatten() {
            say(why, false);
        }
        if self.text.is_some() && !self.root {
            say(
                "needs root: no addresses, generations or changes as they happen",
                false,
            );
        }
        if let Some(facts) = &self.facts {
            if facts.hangs(now) {
                say("drbdsetup or a file of Ganeti's does not answer", true);
            } else if let Some(why) = &facts.latest().trouble {
                say(why, why.contains("hangs") || why.contains("not answer"));
            }
        }
    }

    fn is_due(&self, now: Moment) -> bool {
        let Some(read_ms) = self.read_ms else {
            return true;
        };
        let moves = self.seen.devices.iter().any(is_moving);
        let quiet = self.pushed && !moves;
        self.sampled && (!quiet || now.mono_ms.saturating_sub(read_ms) >= QUIET_MS)
    }

    /// Reads `/proc/drbd`; whether it is another than before.
    fn look(&mut self, place: &Place, told: bool, now: Moment) -> bool {
        let mut bytes = Vec::new();
        let read = std::fs::File::open(place.proc.join("drbd"))
            .and_then(|file| file.take(LIMIT).read_to_end(&mut bytes));
        let text = match read {
            Ok(_) => Some(bytes),
            Err(error) => {
                let absent = error.kind() == ErrorKind::NotFound;
                self.trouble[0] = (!absent).then(|| format!("/proc/drbd: {error}"));
                None
            }
        };
        if text.is_some() {
            self.trouble[0] = None;
        }
        let by_events = self.seen.version.starts_with('9');
        if text == self.text && !(told && by_events) {
            return false;
        }
        self.seen = match &text {
            Some(bytes) => proc::parse(bytes, "/proc/drbd"),
            None => Seen::default(),
        };
        self.text = text;
        if self.seen.version.starts_with('9')
            && let Some(watch) = &self.watch
        {
            // This version has its devices nowhere else.
            let said = watch.seen();
            self.seen.devices = said.devices;
            self.seen.unread.extend(said.unread);
        }
        self.note_changes(now);
        self.subjects = Subject::all(&self.seen);
        true
    }

    fn note_changes(&mut self, now: Moment) {
        let mut before = std::mem::take(&mut self.states);
        for device in &self.seen.devices {
            let known = before.remove(&device.minor);
            let state = match known {
                Some(known)
                    if known.connection == device.connection && known.disk == device.disk =>
                {
                    known
                }
                known => State {
                    connection: device.connection.clone(),
                    disk: device.disk.clone(),
                    since: known.map(|_| now.wall_ms as f64 / 1000.0),
                },
            };
            self.states.insert(device.minor, state);
        }
    }

    /// `events2` runs while the module is there.
    fn keep_watch(&mut self, now: Moment) {
        if self.text.is_none() || !self.root {
            self.watch = None;
            return;
        }
        if self.watch.as_ref().is_some_and(Watch::ended) {
            self.watch = None;
            self.watch_from_ms = now.mono_ms.saturating_add(AGAIN_MS);
            self.trouble[1] = Some("drbdsetup events2 ended: changes come with samples".into());
        }
        if self.watch.is_none() && now.mono_ms >= self.watch_from_ms {
            match Watch::start(&self.path, &self.waker) {
                Ok(watch) => self.watch = Some(watch),
                Err(why) => {
                    self.watch_from_ms = now.mono_ms.saturating_add(AGAIN_MS);
                    self.trouble[1] = Some(why);
                }
            }
        }
        if self.watch.as_ref().is_some_and(Watch::runs) {
            self.trouble[1] = None;
        }
    }

    /// Has found out what is not in `/proc/drbd`; whether anything was.
    fn find_out(
        &mut self,
        place: &Place,
        ssconf: Option<&Ssconf>,
        node: impl FnOnce() -> String,
        now: Moment,
    ) -> bool {
        if self.facts.is_none() && !self.subjects.is_empty() {
            let kmsg = self.kmsg.clone();
            let started = Worker::start(place, &self.path, kmsg, self.root, &self.waker);
            // Without a thread it is tried again.
            self.facts = started.ok();
        }
        let Some(facts) = &mut self.facts else {
            return false;
        };
        let news = facts.receive();
        if facts.is_due(&self.subjects, now) {
            facts.order(Order {
                subjects: self.subjects.clone(),
                node: node(),
                ssconf: ssconf.cloned(),
                now,
            });
        }
        news
    }

    fn all(&self) -> Drbd {
        let mut devices = self.seen.devices.clone();
        let facts = self.facts.as_ref().map(Worker::latest);
        for device in &mut devices {
            if let Some(fact) = facts.and_then(|facts| facts.devices.get(&device.minor)) {
                dress(device, fact);
            }
            let since = self.states.get(&device.minor).and_then(|state| state.since);
            device.changed_at = match (device.changed_at, since) {
                (Some(log), Some(seen)) if (log - seen).abs() > SAME_S => Some(log.max(seen)),
                (log, seen) => log.or(seen),
            };
        }
        Drbd {
            whole: true,
            version: self.seen.version.clone(),
            pushed: self.pushed,
            devices,
            gone: Vec::new(),
            unread: self.seen.unread.clone(),
        }
    }
}

/// Its figures change from moment to moment.
fn is_moving(device: &Device) -> bool {
    device.progress.is_some()
        || ["Sync", "Verify", "Ahead", "Behind"]
            .iter()
            .any(|word| device.connection.starts_with(word))
}

#[cfg(test)]
#[path = "probe_tests.rs"]
mod tests;
