//! Puts DRBD's sources together: `/proc/drbd` is read at once when something changed, with every
//! sample while something is synchronised or nothing tells of changes, and seldom otherwise.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read};
use std::path::PathBuf;

use gantry_wire::drbd::{Device, Drbd};
use gantry_wire::node::Missing;
use gantry_wire::ssconf::Ssconf;

use super::facts::{Order, Subject, UNCONFIGURED, Worker, dress};
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
/// One that could not tell all is ended and started again at most this often, milliseconds.
const ANEW_MS: u64 = 10_000;
/// The kernel's log and our own eyes mean the same change if they are this close, seconds.
const SAME_S: f64 = 15.0;
/// Clocks that are apart by less than this have not been set, seconds.
const STEP_S: f64 = 1.0;
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
    /// How often it was started.
    watches: u64,
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
    /// Devices that were seen to be set up so far.
    lives: u64,
    /// When the monotonic clock began, seconds since the epoch.
    boot: f64,
    trouble: Trouble,
}

/// What cannot be had, in words.
#[derive(Debug, Default)]
struct Trouble {
    /// Why `/proc/drbd` cannot be read.
    proc: Option<String>,
    /// Why changes are not told as they happen.
    events: Option<String>,
    /// Why nothing more is found out.
    facts: Option<String>,
}

/// What a device was when it was last looked at, and when that became so.
#[derive(Debug)]
struct State {
    connection: String,
    disk: String,
    /// Differs from that of another device that had its minor before.
    life: u64,
    /// By the monotonic clock, seconds; absent if it was so when first seen.
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
            watches: 0,
            facts: None,
            sampled: true,
            read_ms: None,
            text: None,
            seen: Seen::default(),
            subjects: Vec::new(),
            pushed: false,
            states: BTreeMap::new(),
            lives: 0,
            boot: 0.0,
            trouble: Trouble::default(),
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
        changed |= self.set_clock(now);
        if told || self.is_due(now) {
            self.sampled = false;
            self.read_ms = Some(now.mono_ms);
            changed |= self.look(place, told, now);
        }
        self.keep_watch(now);
        let pushed = self.watch.as_ref().is_some_and(Watch::runs);
        if pushed != self.pushed {
            changed = true;
            self.pushed = pushed;
            if self.is_by_events() {
                self.understand(now);
            }
        }
        changed |= self.find_out(place, ssconf, node, now);
        changed.then(|| self.all())
    }

    /// Something about the devices is being found out, or which there are.
    pub fn is_asked(&self) -> bool {
        let comes = self.is_by_events() && self.watch.is_some() && !self.pushed;
        comes || self.facts.as_ref().is_some_and(Worker::waits)
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
        let Trouble {
            proc,
            events,
            facts,
        } = &self.trouble;
        for why in [proc, events, facts].into_iter().flatten() {
            say(why, false);
        }
        if self.is_by_events() && !self.pushed {
            let why = "version 9 tells its devices by drbdsetup events2 alone, which does not run: \
                       none is known";
            say(why, false);
        }
        if self.text.is_some() && !self.root {
            say(
                "needs root: no addresses, generations or changes as they happen",
                false,
            );
        }
        if let Some(facts) = &self.facts {
            if facts.ended() {
                say("the thread that asks drbdsetup has ended", false);
            } else if facts.hangs(now) {
                say("drbdsetup or a file of Ganeti's does not answer", true);
            } else if let Some(why) = &facts.latest().trouble {
                say(why, why.contains("hangs") || why.contains("not answer"));
            }
        }
    }

    /// The module has its devices nowhere but in `drbdsetup events2`.
    fn is_by_events(&self) -> bool {
        let major = self.seen.version.split('.').next();
        let major = major.and_then(|major| major.parse::<u32>().ok());
        major.is_some_and(|major| major >= 9)
    }

    /// Takes up where the wall clock is now; whether somebody set it.
    fn set_clock(&mut self, now: Moment) -> bool {
        let boot = (now.wall_ms as f64 - now.mono_ms as f64) / 1000.0;
        let is_set = (boot - self.boot).abs() > STEP_S;
        if is_set {
            self.boot = boot;
        }
        is_set
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
            Ok(_) => {
                self.trouble.proc = None;
                Some(bytes)
            }
            Err(error) => {
                let absent = error.kind() == ErrorKind::NotFound;
                self.trouble.proc = (!absent).then(|| format!("/proc/drbd: {error}"));
                None
            }
        };
        if text == self.text && !told {
            return false;
        }
        let made = self.watch.as_ref().map(Watch::take_made);
        let made = made.unwrap_or_default();
        if text == self.text && made.is_empty() && !self.is_by_events() {
            return false;
        }
        // Where it is free now it was another device before.
        for minor in made {
            self.states.remove(&minor);
        }
        self.text = text;
        self.understand(now);
        true
    }

    /// Reads what was printed.
    fn understand(&mut self, now: Moment) {
        self.seen = match &self.text {
            Some(bytes) => proc::parse(bytes, "/proc/drbd"),
            None => Seen::default(),
        };
        if self.is_by_events()
            && let Some(watch) = self.watch.as_ref().filter(|watch| watch.runs())
        {
            let said = watch.seen();
            self.seen.devices = said.devices;
            self.seen.unread.extend(said.unread);
        }
        self.note_changes(now);
        let states = &self.states;
        let life = |device: &Device| states.get(&device.minor).map_or(0, |state| state.life);
        let devices = self.seen.devices.iter();
        self.subjects = devices
            .filter_map(|device| Subject::of(device, life(device)))
            .collect();
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
                known => {
                    let was_free = |known: &State| known.connection == UNCONFIGURED;
                    let life = known.as_ref().filter(|known| !was_free(known));
                    let life = life.map(|known| known.life);
                    State {
                        connection: device.connection.clone(),
                        disk: device.disk.clone(),
                        life: life.unwrap_or_else(|| {
                            self.lives = self.lives.saturating_add(1);
                            self.lives
                        }),
                        since: known.map(|_| now.mono_ms as f64 / 1000.0),
                    }
                }
            };
            self.states.insert(device.minor, state);
        }
    }

    /// `events2` runs while the module is there.
    fn keep_watch(&mut self, now: Moment) {
        if self.text.is_none() || !self.root {
            self.watch = None;
            self.trouble.events = None;
            return;
        }
        if self.watch.as_ref().is_some_and(Watch::ended) {
            self.watch = None;
            self.watch_from_ms = now.mono_ms.saturating_add(AGAIN_MS);
            let then = match self.is_by_events() {
                true => "",
                false => ": changes come with samples",
            };
            self.trouble.events = Some(format!("drbdsetup events2 ended{then}"));
        }
        if self.watch.as_ref().is_some_and(Watch::skipped) && now.mono_ms >= self.watch_from_ms {
            // What it told is not all that is.
            self.watch = None;
        }
        if self.watch.is_none() && now.mono_ms >= self.watch_from_ms {
            match Watch::start(&self.path, &self.waker) {
                Ok(watch) => {
                    self.watch = Some(watch);
                    self.watch_from_ms = now.mono_ms.saturating_add(ANEW_MS);
                    self.watches = self.watches.saturating_add(1);
                }
                Err(why) => {
                    self.watch_from_ms = now.mono_ms.saturating_add(AGAIN_MS);
                    self.trouble.events = Some(why);
                }
            }
        }
        if self.watch.as_ref().is_some_and(Watch::runs) {
            self.trouble.events = None;
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
            self.trouble.facts = match &started {
                Ok(_) => None,
                Err(error) => Some(format!("no thread to ask drbdsetup: {error}")),
            };
            self.facts = started.ok();
        }
        // Another watch may have missed something.
        let set_up = self.watch.as_ref().map_or(0, Watch::set_up);
        let set_up = set_up.saturating_add(self.watches << 32);
        let Some(facts) = &mut self.facts else {
            return false;
        };
        let news = facts.receive();
        if facts.is_due(&self.subjects, set_up, self.boot, now) {
            facts.order(Order {
                subjects: self.subjects.clone(),
                set_up,
                boot: self.boot,
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
            let Some(state) = self.states.get(&device.minor) else {
                continue;
            };
            if let Some(subject) = Subject::of(device, state.life)
                && let Some(fact) = facts.and_then(|facts| facts.devices.get(&device.minor))
            {
                dress(device, &subject, fact);
            }
            // Milliseconds are exact enough.
            let wall = |since: f64| ((since + self.boot) * 1000.0).round() / 1000.0;
            let since = state.since.map(wall);
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
            unread: self.seen.unread.clone(),
            ..Drbd::default()
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
