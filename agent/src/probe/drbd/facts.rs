//! What takes commands and files to find out about devices: owners, addresses, generations, and
//! what the kernel's log says. A thread of its own does it, when something changed and seldom
//! otherwise, and never two things at once.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::time::Duration;

use gantry_wire::drbd::{Device, Generation};
use gantry_wire::ssconf::Ssconf;

use super::kernel::{Kmsg, Log};
use super::owner::{Finder, Owner, confd, node_of};
use super::show::{self, Shown};
use super::{Seen, gi};
use crate::place::Place;
use crate::probe::command::{End, Keeper, Runner};
use crate::session::Moment;
use crate::waker::Waker;

/// How often everything is looked at anew though nothing changed, milliseconds.
const INTERVAL_MS: u64 = 60_000;
/// How often at most, milliseconds.
const PAUSE_MS: u64 = 2_000;
/// After this long without an answer it is said to hang, milliseconds.
const PATIENCE_MS: u64 = 30_000;
/// `drbdsetup show` is killed after this long.
const SHOW_LIMIT: Duration = Duration::from_secs(10);
/// `drbdsetup get-gi` is killed after this long.
const GI_LIMIT: Duration = Duration::from_secs(5);
/// So many generations are asked for at a time; the others have their turn later.
const GENERATIONS: usize = 100;

/// What was found out about one device.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fact {
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
    /// when its clock began.
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
}

/// What is asked about one device: it is asked anew when this changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    minor: u32,
    connection: String,
    disk: String,
    /// Something differs from the peer, so that there is a new generation.
    differs: bool,
}

impl Subject {
    /// All devices that are set up.
    pub fn all(seen: &Seen) -> Vec<Subject> {
        seen.devices.iter().filter_map(Subject::of).collect()
    }

    /// A device, if it is set up.
    pub fn of(device: &Device) -> Option<Subject> {
        (device.connection != "Unconfigured").then(|| Subject {
            minor: device.minor,
            connection: device.connection.clone(),
            disk: device.disk.clone(),
            differs: device.oos_kib.is_some_and(|oos| oos > 0),
        })
    }

    /// The two have nothing to do with each other, and may have gone different ways.
    fn is_apart(&self) -> bool {
        let words = ["StandAlone", "WFConnection", "Connecting", "Unconnected"];
        words.contains(&self.connection.as_str())
    }
}

/// What the thread is to find out.
#[derive(Clone, Debug)]
pub struct Order {
    /// About these devices.
    pub subjects: Vec<Subject>,
    /// This node's name.
    pub node: String,
    /// ssconf, if there is any.
    pub ssconf: Option<Ssconf>,
    /// The present time.
    pub now: Moment,
}

/// The thread, and what it found out last.
#[derive(Debug)]
pub struct Worker {
    ask: SyncSender<Order>,
    answers: Receiver<Facts>,
    /// Ends the program with the worker.
    _keeper: Keeper,
    asked: Option<(Moment, Vec<Subject>)>,
    waits: bool,
    latest: Facts,
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
            states: Vec::new(),
            shown: BTreeMap::new(),
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
            latest: Facts::default(),
        })
    }

    /// Takes an answer if there is one; whether it says anything new.
    pub fn receive(&mut self) -> bool {
        match self.answers.try_recv() {
            Ok(facts) => {
                self.waits = false;
                let new = facts != self.latest;
                self.latest = facts;
                new
            }
            // A thread that is gone hangs for good.
            Err(TryRecvError::Disconnected | TryRecvError::Empty) => false,
        }
    }

    /// What was found out last.
    pub fn latest(&self) -> &Facts {
        &self.latest
    }

    /// Whether these are to be asked about now.
    pub fn is_due(&self, subjects: &[Subject], now: Moment) -> bool {
        let Some((at, before)) = &self.asked else {
            return true;
        };
        let since = now.mono_ms.saturating_sub(at.mono_ms);
        let wait = if before == subjects {
            INTERVAL_MS
        } else {
            PAUSE_MS
        };
        !self.waits && since >= wait
    }

    /// Has something found out.
    pub fn order(&mut self, order: Order) {
        self.asked = Some((order.now, order.subjects.clone()));
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
        self.waits && asked.is_some_and(|(at, _)| since(*at) > PATIENCE_MS)
    }
}

/// What the thread has.
struct Work {
    place: Place,
    /// None without root.
    runner: Option<Runner>,
    kmsg: PathBuf,
    /// The kernel's log, and when its clock began, seconds since the epoch.
    log: Option<(Kmsg, f64)>,
    finder: Finder,
    /// Minors and connections when `show` ran last.
    states: Vec<(u32, String)>,
    shown: BTreeMap<u32, Shown>,
    generations: BTreeMap<u32, (Subject, Option<Generation>)>,
}

impl Work {
    fn find(&mut self, order: &Order) -> Facts {
        let trouble = self.run(order).err();
        let minors: Vec<u32> = order.subjects.iter().map(|subject| subject.minor).collect();
        let ssconf = order.ssconf.as_ref();
        let now_ms = order.now.mono_ms;
        let owners = self
            .finder
            .find(&self.place, ssconf, &order.node, &minors, now_ms);
        if self.log.is_none() && self.runner.is_some() {
            let boot_ms = order.now.wall_ms.saturating_sub(order.now.mono_ms);
            self.log = Kmsg::open(&self.kmsg).map(|kmsg| (kmsg, boot_ms as f64 / 1000.0));
        }
        let log = self.log.as_mut().map(|(kmsg, boot)| (kmsg.read(), *boot));
        let mut devices = BTreeMap::new();
        for subject in &order.subjects {
            let minor = subject.minor;
            let shown = self.shown.get(&minor).cloned().unwrap_or_default();
            let owner = owners.get(&minor).cloned().unwrap_or_default();
            let fact = Fact {
                generation: self.generations.get(&minor).and_then(|(_, it)| it.clone()),
                ..Fact::of(subject, owner, shown, ssconf, log)
            };
            devices.insert(minor, fact);
        }
        Facts { devices, trouble }
    }

    /// Runs the commands whose answers may have changed.
    fn run(&mut self, order: &Order) -> Result<(), String> {
        let Some(runner) = &mut self.runner else {
            return Ok(());
        };
        let subjects = &order.subjects;
        let states: Vec<_> = subjects
            .iter()
            .map(|subject| (subject.minor, subject.connection.clone()))
            .collect();
        if states != self.states {
            let text = drbdsetup(runner, &["show"], SHOW_LIMIT)?;
            let shown = show::parse(&text).into_iter();
            self.shown = shown.map(|shown| (shown.minor, shown)).collect();
            self.states = states;
        }
        let apart: Vec<_> = subjects.iter().filter(|it| it.is_apart()).collect();
        let still = |minor: &u32| {
            let at = apart.binary_search_by_key(minor, |subject| subject.minor);
            at.is_ok()
        };
        self.generations.retain(|minor, _| still(minor));
        let asked = &self.generations;
        let anew: Vec<_> = apart
            .into_iter()
            .filter(|it| asked.get(&it.minor).map(|(before, _)| before) != Some(*it))
            .take(GENERATIONS)
            .collect();
        for subject in anew {
            let minor = subject.minor.to_string();
            let text = drbdsetup(runner, &["get-gi", &minor], GI_LIMIT)?;
            // A device without a disk has none.
            let generation = gi::parse(&text);
            self.generations
                .insert(subject.minor, (subject.clone(), generation));
        }
        Ok(())
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

/// Adds what was found out to what the kernel says.
pub fn dress(device: &mut Device, fact: &Fact) {
    device.instance.clone_from(&fact.instance);
    device.disk_index = fact.disk_index;
    if !fact.peer.is_empty() {
        device.peer.clone_from(&fact.peer);
    }
    device.data_dev.clone_from(&fact.shown.data);
    device.meta_dev.clone_from(&fact.shown.meta);
    device.port = fact.shown.port;
    device.rate_kib = fact.shown.rate_kib;
    device.generation.clone_from(&fact.generation);
    device.peer_generation.clone_from(&fact.peer_generation);
    device.changed_at = fact.changed_at;
    device.split_brain_at = fact.split_brain_at;
}

#[cfg(test)]
#[path = "facts_tests.rs"]
mod tests;
