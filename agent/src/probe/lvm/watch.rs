//! Asks LVM's programs, all in one thread so that there are never two at once: `vgs` every minute
//! and soon after something changed, `pvs` and `lvs` only after something changed and seldom
//! otherwise, for they read more.

use std::hash::{DefaultHasher, Hasher};
use std::os::unix::fs::MetadataExt;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::time::Duration;

use gantry_wire::frame;
use gantry_wire::node::Missing;
use gantry_wire::storage::{Lvm, VolumeGroup};

use super::fit::fit;
use super::report::Complaints;
use super::{lvs, pvs, vgs};
use crate::place::{Place, Stamp};
use crate::probe::clock;
use crate::probe::command::{End, Keeper, Output, Runner};
use crate::session::Moment;
use crate::waker::Waker;

/// How often `vgs` is asked, milliseconds: it reads every disk's label.
const INTERVAL_MS: u64 = 60_000;
/// And at most this often, when something changes all the time, milliseconds.
const HASTE_MS: u64 = 5_000;
/// How often the lists are read though nothing seems to have changed, milliseconds.
const LISTS_MS: u64 = 600_000;
/// After this long without an answer it is said, milliseconds.
const PATIENCE_MS: u64 = 10_000;
/// A program is killed after this long.
const LIMIT: Duration = Duration::from_secs(20);
/// A round has three programs: after this long something else than one of them hangs, milliseconds.
const ROUND_MS: u64 = 70_000;

/// What is known of LVM at a moment; a part that is not known is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// The groups; none while they cannot be had.
    pub groups: Option<Vec<VolumeGroup>>,
    /// The lists.
    pub lvm: Option<Lvm>,
}

/// The thread, and what it said last.
#[derive(Debug)]
pub struct Probe {
    keeper: Keeper,
    ask: SyncSender<Ask>,
    answers: Receiver<Answer>,
    asked: Option<Moment>,
    waits: bool,
    signs: Option<Signs>,
    /// The signs changed since it was asked last.
    changed: bool,
    groups: Option<(Moment, Result<Vec<VolumeGroup>, Trouble>)>,
    lists: Option<Result<Lvm, Trouble>>,
}

#[derive(Clone, Copy, Debug)]
struct Ask {
    at: Moment,
    /// Something changed, so that the lists are wanted too.
    lists: bool,
}

#[derive(Debug)]
enum Answer {
    Groups(Moment, Result<Vec<VolumeGroup>, Trouble>),
    Lists(Result<Lvm, Trouble>),
    /// It may be asked again.
    Done,
}

/// Why something cannot be had.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Trouble {
    program: String,
    why: String,
    /// It did not answer, and when it was asked.
    silent_since: Option<Moment>,
}

impl Trouble {
    fn missing(&self) -> Missing {
        let why = match self.silent_since {
            Some(since) => format!("{} does not answer since {}", self.program, clock(since)),
            None => format!("{}: {}", self.program, self.why),
        };
        Missing {
            part: "lvm".into(),
            why,
            hangs: self.silent_since.is_some(),
        }
    }
}

/// What can be seen for nothing and changes with volumes: how many virtual block devices there
/// are (a directory's links count those in it), and when LVM wrote its backups of what it changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Signs {
    devices: u64,
    backup: Stamp,
}

impl Signs {
    fn of(place: &Place) -> Signs {
        let devices = std::fs::metadata(place.sys.join("devices/virtual/block"));
        Signs {
            devices: devices.map_or(0, |meta| meta.nlink()),
            backup: Stamp::of(&place.backup),
        }
    }
}

impl Probe {
    /// Starts the thread; programs are looked for in `path`.
    ///
    /// # Errors
    /// In words, if there can be no more threads.
    pub fn start(path: &str, root: bool, waker: &Waker) -> Result<Probe, String> {
        let (runner, keeper) = Runner::new(path);
        let (ask, asked) = sync_channel::<Ask>(1);
        // As many as one round has, so that the thread never waits for a reader.
        let (answer, answers) = sync_channel(3);
        let mut asker = Asker {
            runner,
            root,
            signature: 0,
            lists_at: None,
        };
        let waker = waker.clone();
        std::thread::Builder::new()
            .name("lvm".into())
            .stack_size(512 * 1024)
            .spawn(move || {
                while let Ok(ask) = asked.recv() {
                    asker.round(ask, &mut |news| {
                        // An error means that nobody is left to be told.
                        let _ = answer.send(news);
                        waker.wake();
                    });
                }
            })
            .map_err(|error| format!("no thread: {error}"))?;
        Ok(Probe {
            keeper,
            ask,
            answers,
            asked: None,
            waits: false,
            signs: None,
            changed: false,
            groups: None,
            lists: None,
        })
    }

    /// What is known; whatever cannot be had is added to `missing`.
    pub fn read(&mut self, place: &Place, now: Moment, missing: &mut Vec<Missing>) -> Seen {
        self.listen();
        let signs = Some(Signs::of(place));
        self.changed |= signs != self.signs;
        self.signs = signs;
        self.ask(now);

        let trouble = self.silence(now).or_else(|| self.trouble());
        let Some(trouble) = trouble else {
            let groups = self
                .groups
                .as_ref()
                .and_then(|(_, groups)| groups.as_ref().ok());
            let lists = self.lists.as_ref().and_then(|lists| lists.as_ref().ok());
            return Seen {
                groups: groups.cloned(),
                lvm: lists.cloned(),
            };
        };
        missing.push(trouble.missing());
        // The groups may be known all the same, if it is another program that has trouble.
        let fresh =
            |at: &Moment| now.mono_ms.saturating_sub(at.mono_ms) <= INTERVAL_MS + PATIENCE_MS;
        let groups = match &self.groups {
            Some((at, Ok(groups))) if trouble.program != VGS && fresh(at) => groups.clone(),
            _ => Vec::new(),
        };
        Seen {
            groups: Some(groups),
            lvm: None,
        }
    }

    fn listen(&mut self) {
        loop {
            match self.answers.try_recv() {
                Ok(Answer::Groups(at, groups)) => {
                    let before = self.groups.take().and_then(|(_, groups)| groups.err());
                    self.groups = Some((at, groups.map_err(|trouble| trouble.since(before))));
                }
                Ok(Answer::Lists(lists)) => {
                    let before = self.lists.take().and_then(Result::err);
                    self.lists = Some(lists.map_err(|trouble| trouble.since(before)));
                }
                Ok(Answer::Done) => self.waits = false,
                Err(TryRecvError::Empty) => return,
                Err(TryRecvError::Disconnected) => {
                    let trouble = Trouble {
                        program: "agent".into(),
                        why: "the thread that asks LVM has ended".into(),
                        silent_since: None,
                    };
                    self.lists = Some(Err(trouble));
                    self.waits = false;
                    return;
                }
            }
        }
    }

    fn ask(&mut self, now: Moment) {
        let since = self
            .asked
            .map(|asked| now.mono_ms.saturating_sub(asked.mono_ms));
        let wait = if self.changed { HASTE_MS } else { INTERVAL_MS };
        if self.waits || since.is_some_and(|since| since < wait) {
            return;
        }
        let ask = Ask {
            at: now,
            lists: self.changed,
        };
        self.waits = self.ask.try_send(ask).is_ok();
        self.asked = Some(now);
        self.changed = false;
    }

    /// A program that is under way for too long, or a round that does not come to its end.
    fn silence(&self, now: Moment) -> Option<Trouble> {
        let is_late =
            |since: &Moment, limit_ms| now.mono_ms.saturating_sub(since.mono_ms) > limit_ms;
        let program = self.keeper.under_way();
        let program = program.filter(|(_, since)| is_late(since, PATIENCE_MS));
        let (program, since) = program.or_else(|| {
            let asked = self.asked.filter(|at| self.waits && is_late(at, ROUND_MS));
            asked.map(|at| ("LVM".to_owned(), at))
        })?;
        let trouble = Trouble {
            program,
            why: String::new(),
            silent_since: Some(since),
        };
        Some(trouble.since(self.trouble()))
    }

    /// What went wrong last.
    fn trouble(&self) -> Option<Trouble> {
        let groups = self
            .groups
            .as_ref()
            .and_then(|(_, groups)| groups.as_ref().err());
        let lists = self.lists.as_ref().and_then(|lists| lists.as_ref().err());
        groups.or(lists).cloned()
    }
}

impl Trouble {
    /// The same, silent since it was so before, if it was.
    fn since(mut self, before: Option<Trouble>) -> Trouble {
        let before = before.filter(|before| before.program == self.program);
        if let (Some(since), Some(earlier)) = (
            &mut self.silent_since,
            before.and_then(|before| before.silent_since),
        ) {
            *since = earlier;
        }
        self
    }
}

const VGS: &str = "vgs";

/// Runs in the thread.
#[derive(Debug)]
struct Asker {
    runner: Runner,
    root: bool,
    /// Of what `vgs` said last.
    signature: u64,
    lists_at: Option<Moment>,
}

impl Asker {
    fn round(&mut self, ask: Ask, tell: &mut dyn FnMut(Answer)) {
        self.look(ask, tell);
        tell(Answer::Done);
    }

    fn look(&mut self, ask: Ask, tell: &mut dyn FnMut(Answer)) {
        if !self.runner.finds(VGS) {
            // A node without LVM has no volume groups, and that is all.
            tell(Answer::Groups(ask.at, Ok(Vec::new())));
            tell(Answer::Lists(Ok(Lvm::default())));
            return;
        }
        let mut complaints = Complaints::default();
        let groups = self.run(VGS, vgs::ARGS, &mut complaints, |text| {
            let signature = hash(text);
            (vgs::parse(text), signature)
        });
        let (parsed, signature) = match groups {
            Ok(groups) => groups,
            Err(trouble) => return tell(Answer::Groups(ask.at, Err(trouble))),
        };
        for complaint in &parsed.complaints {
            complaints.add(complaint);
        }
        tell(Answer::Groups(ask.at, Ok(parsed.list)));
        let age = self
            .lists_at
            .map(|at| ask.at.mono_ms.saturating_sub(at.mono_ms));
        let is_old = age.is_none_or(|age| age >= LISTS_MS);
        if !ask.lists && !is_old && signature == self.signature {
            return;
        }
        let lists = self.lists(complaints);
        // What failed is tried again the next time.
        self.lists_at = lists.is_ok().then_some(ask.at);
        self.signature = signature;
        tell(Answer::Lists(lists));
    }

    fn lists(&mut self, mut complaints: Complaints) -> Result<Lvm, Trouble> {
        let pvs = self.run("pvs", pvs::ARGS, &mut complaints, pvs::parse)?;
        let lvs = self.run("lvs", lvs::ARGS, &mut complaints, lvs::parse)?;
        for complaint in pvs.complaints.iter().chain(&lvs.complaints) {
            complaints.add(complaint);
        }
        let mut lvm = Lvm {
            pvs: pvs.list,
            lvs: lvs.list,
            complaints: complaints.into_list(),
        };
        // Half a frame is left to the sample's other parts.
        fit(&mut lvm, frame::LIMIT / 2);
        Ok(lvm)
    }

    /// Runs a program and reads what it printed. One that fails may have printed all the same:
    /// LVM's do so when one group of several has trouble.
    fn run<T>(
        &mut self,
        program: &str,
        args: &[&str],
        complaints: &mut Complaints,
        parse: impl FnOnce(&str) -> T,
    ) -> Result<T, Trouble> {
        let trouble = |why: String, silent_since| Trouble {
            program: program.to_owned(),
            why,
            silent_since,
        };
        if !self.root {
            // It would run, but see nothing.
            return Err(trouble("needs root".into(), None));
        }
        let began = crate::serve::now();
        let output = self.runner.run(program, args, LIMIT);
        match &output {
            Output {
                end: End::Exited(status),
                stdout,
                stderr,
            } if *status == 0 || stdout.contains("\"report\"") => {
                for line in stderr.lines().filter(|line| !line.trim().is_empty()) {
                    complaints.add(line);
                }
                Ok(parse(stdout))
            }
            Output { end, .. } => {
                let since = end.is_silence().then_some(began);
                Err(trouble(output.why(), since))
            }
        }
    }
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(text.as_bytes());
    hasher.finish()
}

#[cfg(test)]
#[path = "watch_tests.rs"]
mod tests;
