//! What takes commands and files to find out about devices: owners, addresses, generations, and
//! what the kernel's log says. A thread of its own does it, when something changed and seldom
//! otherwise, and never two things at once.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::time::Duration;

use gantry_wire::drbd::{Device, Generation};
use gantry_wire::ssconf::Ssconf;

use super::gi;
use super::kernel::{Kmsg, Log};
use super::owner::{Finder, Owner, confd, node_of};
use super::show::{self, Shown};
use crate::place::Place;
use crate::probe::command::{End, Keeper, Runner};
use crate::session::Moment;
use crate::waker::Waker;

/// How often everything is looked at anew though nothing changed, milliseconds.
const INTERVAL_MS: u64 = 60_000;
/// How often at most, milliseconds.
const PAUSE_MS: u64 = 2_000;
/// `drbdsetup show` runs at most this often, milliseconds: it prints all devices at once. What changes
/// meanwhile is read at the end of that time.
const SHOW_MS: u64 = 10_000;
/// And this often though nothing it tells seems to have changed, milliseconds: a rate may.
const SHOW_ANEW_MS: u64 = 600_000;
/// After this long without an answer it is said to hang, milliseconds.
const PATIENCE_MS: u64 = 30_000;
/// `drbdsetup show` is killed after this long.
const SHOW_LIMIT: Duration = Duration::from_secs(10);
/// `drbdsetup get-gi` is killed after this long.
const GI_LIMIT: Duration = Duration::from_secs(5);
/// So many generations are asked for at a time; the others have their turn later.
const GENERATIONS: usize = 100;

/// What was found out about one device.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// What the device was like when it was asked about.
    pub subject: Subject,
    /// Its instance.
    pub instance: String,
    /// Which of the instance's disks.
    pub disk_index: Option<u32>,
    /// The node with the other half, by name or by address.
    pub peer: String,
    /// What is configured.
    pub shown: Shown,
    /// Its generations.
    pub generation: Option<Generation>,
    /// The peer's when they last met.
    pub peer_generation: Option<Generation>,
    /// When connection or disk last changed by the kernel's log, seconds since the epoch.
    pub changed_at: Option<f64>,
    /// When a split brain was last found, seconds since the epoch.
    pub split_brain_at: Option<f64>,
}

impl Fact {
    /// What the sources say together: whose it is, what is configured, and the kernel's log with
    /// when its clock began, seconds since the epoch.
    pub fn of(
        device: &Subject,
        owner: Owner,
        shown: Shown,
        ssconf: Option<&Ssconf>,
        log: Option<(&Log, f64)>,
    ) -> Fact {
        let by_address = ssconf.and_then(|ssconf| node_of(ssconf, &shown.remote));
        let known = by_address.or(Some(owner.peer).filter(|peer| !peer.is_empty()));
        let said = log.map(|(log, _)| log.of(device.minor, &shown.resource));
        let said = said.unwrap_or_default();
        let boot = log.map_or(0.0, |(_, boot)| boot);
        // Milliseconds are exact enough.
        let wall = |seconds: f64| ((seconds + boot) * 1000.0).round() / 1000.0;
        Fact {
            subject: device.clone(),
            instance: owner.instance,
            disk_index: owner.disk_index,
            peer: known.unwrap_or_else(|| shown.remote.clone()),
            generation: None,
            peer_generation: said.peers.filter(|_| device.is_apart()),
            changed_at: said.changed.map(wall),
            split_brain_at: said.split_brain.map(wall),
            shown,
        }
    }
}

/// What was found out, by minor, and what could not be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// By minor.
    pub devices: BTreeMap<u32, Fact>,
    /// Commands that failed, in words.
    pub trouble: Option<String>,
    /// When something is to be asked that had to wait, by the monotonic clock, milliseconds.
    pub again_ms: Option<u64>,
}

/// What is asked about one device: it is asked anew when this changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    minor: u32,
    /// Differs from one time that a device of this minor is set up to the next.
    life: u64,
    connection: String,
    disk: String,
    role: String,
    /// Something differs from the peer, so that there is a new generation.
    differs: bool,
}

impl Subject {
    /// A device, if it is set up; `life` tells it from others that had its minor before.
    pub fn of(device: &Device, life: u64) -> Option<Subject> {
        (device.connection != UNCONFIGURED).then(|| Subject {
            minor: device.minor,
            life,
            connection: device.connection.clone(),
            disk: device.disk.clone(),
            role: device.role.clone(),
            differs: device.oos_kib.is_some_and(|oos| oos > 0),
        })
    }

    /// The two have nothing to do with each other, and may have gone different ways.
    fn is_apart(&self) -> bool {
        let words = ["StandAlone", "WFConnection", "Connecting", "Unconnected"];
        words.contains(&self.connection.as_str())
    }
}

/// What DRBD calls a minor that is free.
pub const UNCONFIGURED: &str = "Unconfigured";

/// What the thread is to find out.
#[derive(Clone, Debug)]
pub struct Order {
    /// About these devices.
    pub subjects: Vec<Subject>,
    /// Differs once something was set up otherwise, whatever the devices look like now.
    pub set_up: u64,
    /// This node's name.
    pub node: String,
    /// ssconf, if there is any.
    pub ssconf: Option<Ssconf>,
    /// The present time.
    pub now: Moment,
    /// When the kernel's clock began, seconds since the epoch.
    pub boot: f64,
}

/// The thread, and what it found out last.
#[derive(Debug)]
pub struct Worker {
    ask: SyncSender<Order>,
    answers: Receiver<Facts>,
    /// Ends the program with the worker.
    _keeper: Keeper,
    asked: Option<Asked>,
    waits: bool,
    /// The thread is gone.
    ended: bool,
    latest: Facts,
}

/// What was asked last.
#[derive(Debug)]
struct Asked {
    at: Moment,
    subjects: Vec<Subject>,
    set_up: u64,
    boot: f64,
}

impl Worker {
    /// Starts the thread; `waker` is woken when it has found something out. Programs are looked for
    /// in `path`. Without `root` there are no commands and no kernel's log.
    ///
    /// # Errors
    /// If there can be no more threads.
    pub fn start(
        place: &Place,
        path: &str,
        kmsg: PathBuf,
        root: bool,
        waker: &Waker,
    ) -> std::io::Result<Worker> {
        let (ask, asked) = sync_channel::<Order>(1);
        let (answer, answers) = sync_channel(1);
        let (runner, keeper) = Runner::new(path);
        let mut work = Work {
            place: place.clone(),
            runner: root.then_some(runner),
            kmsg,
            log: None,
            finder: Finder::new(Some(confd::PORT)),
            show: Show::default(),
            generations: BTreeMap::new(),
        };
        let waker = waker.clone();
        std::thread::Builder::new()
            .name("drbd".into())
            .stack_size(512 * 1024)
            .spawn(move || {
                while let Ok(order) = asked.recv() {
                    if answer.send(work.find(&order)).is_err() {
                        return;
                    }
                    waker.wake();
                }
            })?;
        Ok(Worker {
            ask,
            answers,
            _keeper: keeper,
            asked: None,
            waits: false,
            ended: false,
            latest: Facts::default(),
        })
    }

    /// Takes an answer if there is one; whether it says anything new of the devices.
    pub fn receive(&mut self) -> bool {
        match self.answers.try_recv() {
            Ok(facts) => {
                self.waits = false;
                let new = facts.devices != self.latest.devices;
                self.latest = facts;
                new
            }
            Err(TryRecvError::Empty) => false,
            Err(TryRecvError::Disconnected) => {
                self.waits = false;
                self.ended = true;
                // What it found out gets old.
                let known = !self.latest.devices.is_empty();
                self.latest = Facts::default();
                known
            }
        }
    }

    /// What was found out last.
    pub fn latest(&self) -> &Facts {
        &self.latest
    }

    /// Whether these are to be asked about now.
    pub fn is_due(&self, subjects: &[Subject], set_up: u64, boot: f64, now: Moment) -> bool {
        let Some(asked) = &self.asked else {
            return !self.ended;
        };
        let since = now.mono_ms.saturating_sub(asked.at.mono_ms);
        let same = (asked.set_up, asked.boot) == (set_up, boot) && asked.subjects == subjects;
        let waited = self.latest.again_ms.is_some_and(|at| now.mono_ms >= at);
        let wait = if same && !waited {
            INTERVAL_MS
        } else {
            PAUSE_MS
        };
        !self.waits && !self.ended && since >= wait
    }

    /// Has something found out.
    pub fn order(&mut self, order: Order) {
        self.asked = Some(Asked {
            at: order.now,
            subjects: order.subjects.clone(),
            set_up: order.set_up,
            boot: order.boot,
        });
        self.waits = self.ask.try_send(order).is_ok();
    }

    /// It was asked and has not answered.
    pub fn waits(&self) -> bool {
        self.waits
    }

    /// It was asked and does not answer.
    pub fn hangs(&self, now: Moment) -> bool {
        let since = |at: Moment| now.mono_ms.saturating_sub(at.mono_ms);
        let asked = self.asked.as_ref();
        self.waits && asked.is_some_and(|asked| since(asked.at) > PATIENCE_MS)
    }

    /// Its thread is gone and finds nothing out any more.
    pub fn ended(&self) -> bool {
        self.ended
    }
}

/// What the thread has.
struct Work {
    place: Place,
    /// None without root.
    runner: Option<Runner>,
    kmsg: PathBuf,
    log: Option<Kmsg>,
    finder: Finder,
    show: Show,
    generations: BTreeMap<u32, (Subject, Option<Generation>)>,
}

impl Work {
    fn find(&mut self, order: &Order) -> Facts {
        let (trouble, again_ms) = self.run(order);
        let minors: Vec<u32> = order.subjects.iter().map(|subject| subject.minor).collect();
        let ssconf = order.ssconf.as_ref();
        let now_ms = order.now.mono_ms;
        let owners = self
            .finder
            .find(&self.place, ssconf, &order.node, &minors, now_ms);
        if self.log.is_none() && self.runner.is_some() {
            self.log = Kmsg::open(&self.kmsg);
        }
        let log = self.log.as_mut().map(|kmsg| (kmsg.read(), order.boot));
        let mut devices = BTreeMap::new();
        for subject in &order.subjects {
            let minor = subject.minor;
            let shown = self.show.shown.get(&minor).cloned().unwrap_or_default();
            let owner = owners.get(&minor).cloned().unwrap_or_default();
            let fact = Fact {
                generation: self.generations.get(&minor).and_then(|(_, it)| it.clone()),
                ..Fact::of(subject, owner, shown, ssconf, log)
            };
            devices.insert(minor, fact);
        }
        Facts {
            devices,
            trouble,
            again_ms,
        }
    }

    /// Runs the commands whose answers may have changed. Says what went wrong, and when to ask
    /// again for what had to wait.
    fn run(&mut self, order: &Order) -> (Option<String>, Option<u64>) {
        let Some(runner) = &mut self.runner else {
            return (None, None);
        };
        let again_ms = self.show.run(runner, order);
        let trouble = self.show.trouble.clone();
        let apart: Vec<_> = order.subjects.iter().filter(|it| it.is_apart()).collect();
        self.generations.retain(|minor, (before, _)| {
            let at = apart.binary_search_by_key(minor, |subject| subject.minor);
            let now = at.ok().and_then(|at| apart.get(at));
            now.is_some_and(|now| **now == *before)
        });
        if trouble.is_some() {
            return (trouble, again_ms);
        }
        let asked = &self.generations;
        let mut anew: Vec<_> = apart.into_iter().collect();
        anew.retain(|it| !asked.contains_key(&it.minor));
        let more = anew.len() > GENERATIONS;
        for subject in anew.into_iter().take(GENERATIONS) {
            let minor = subject.minor.to_string();
            let text = match drbdsetup(runner, &["get-gi", &minor], GI_LIMIT) {
                Ok(text) => text,
                Err(why) => return (Some(why), again_ms),
            };
            // A device without a disk has none.
            let generation = gi::parse(&text);
            self.generations
                .insert(subject.minor, (subject.clone(), generation));
        }
        (
            None,
            if more {
                Some(order.now.mono_ms)
            } else {
                again_ms
            },
        )
    }
}

/// What `drbdsetup show` said last.
#[derive(Debug, Default)]
struct Show {
    /// By minor; none while it cannot be had.
    shown: BTreeMap<u32, Shown>,
    /// When it ran last, by the monotonic clock, milliseconds.
    ran_ms: Option<u64>,
    /// What it was told about then.
    of: Option<(u64, Vec<SetUp>)>,
    trouble: Option<String>,
}

/// What of a device differs once what is shown may do so: minor, life, connection, and that it has
/// no disk.
type SetUp = (u32, u64, String, bool);

impl Show {
    /// Runs if what it tells may have changed and it is time; otherwise says when it will be.
    fn run(&mut self, runner: &mut Runner, order: &Order) -> Option<u64> {
        let set_up = order.subjects.iter().map(|subject| {
            let diskless = subject.disk == "Diskless";
            let connection = subject.connection.clone();
            (subject.minor, subject.life, connection, diskless)
        });
        let of = Some((order.set_up, set_up.collect()));
        let now_ms = order.now.mono_ms;
        if let Some(ran_ms) = self.ran_ms {
            let age = now_ms.saturating_sub(ran_ms);
            if of == self.of && age < SHOW_ANEW_MS {
                return None;
            }
            if age < SHOW_MS {
                return Some(ran_ms.saturating_add(SHOW_MS));
            }
        }
        self.ran_ms = Some(now_ms);
        match drbdsetup(runner, &["show"], SHOW_LIMIT) {
            Ok(text) => {
                let shown = show::parse(&text).into_iter();
                self.shown = shown.map(|shown| (shown.minor, shown)).collect();
                self.of = of;
                self.trouble = None;
            }
            Err(why) => {
                self.shown.clear();
                self.of = None;
                self.trouble = Some(why);
            }
        }
        None
    }
}

/// What `drbdsetup` prints, however it ends.
fn drbdsetup(runner: &mut Runner, args: &[&str], limit: Duration) -> Result<String, String> {
    let output = runner.run("drbdsetup", args, limit);
    match output.end {
        End::Exited(_) => Ok(output.stdout),
        _ => {
            let what = args.first().copied().unwrap_or_default();
            Err(format!("drbdsetup {what}: {}", output.why()))
        }
    }
}

/// Adds what was found out to what the kernel says. Nothing that was found out of another device
/// that had this minor, and no generations from when it was in another state.
pub fn dress(device: &mut Device, now: &Subject, fact: &Fact) {
    if fact.subject.life != now.life {
        return;
    }
    device.instance.clone_from(&fact.instance);
    device.disk_index = fact.disk_index;
    if !fact.peer.is_empty() {
        device.peer.clone_from(&fact.peer);
    }
    device.data_dev.clone_from(&fact.shown.data);
    device.meta_dev.clone_from(&fact.shown.meta);
    device.port = fact.shown.port;
    device.rate_kib = fact.shown.rate_kib;
    device.changed_at = fact.changed_at;
    device.split_brain_at = fact.split_brain_at;
    if fact.subject == *now {
        device.generation.clone_from(&fact.generation);
        device.peer_generation.clone_from(&fact.peer_generation);
    }
}

#[cfg(test)]
#[path = "facts_tests.rs"]
mod tests;
