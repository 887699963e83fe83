//! Everything that changes something goes through here: permissions, records, luxid, the audit.
//! It runs in a thread of its own, which is there only once a console wants a change.

pub mod audit;
pub mod command;
pub mod deed;
mod jobs;
pub mod luxid;
mod method;
pub mod permits;
pub mod record;
pub mod recovery;
mod seen;
mod sent;
pub mod who;

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use gantry_wire::Report;
use gantry_wire::act::{ActId, Acted, Outcome, Refusal};
use gantry_wire::report::Problem;

use crate::args::Serve;
use crate::panics;
use crate::place::Place;
use crate::serve::now;
use crate::session::{Moment, SILENCE_MS, Wish};
use crate::waker::Waker;
use audit::{About, Audit};
use command::Here;
use deed::{Progress, Tools, refused};
use luxid::{Door, Luxid};
use permits::Permits;
use record::{Files, Records};
use recovery::Recovery;

/// How often what became of something is looked at once more.
const AGAIN: Duration = Duration::from_millis(500);

/// A change that waited so long for those before it would come as a surprise, milliseconds.
const LATE: u64 = 60_000;

/// Wishes that may wait.
const MOST: usize = 1_000;

/// The acting side of a session, as the machine has it.
#[derive(Debug)]
pub struct Actor {
    place: Place,
    serve: Serve,
    permits: Permits,
    audit: Audit,
    inbox: Arc<Inbox>,
    reports: Receiver<Report>,
    sender: Sender<Report>,
    waker: Waker,
    worker: Option<JoinHandle<()>>,
}

/// What machine and worker share.
#[derive(Debug, Default)]
struct Inbox {
    state: Mutex<InboxState>,
    changed: Condvar,
    /// When the console was last heard, this machine's monotonic clock, ms.
    heard_ms: AtomicU64,
}

#[derive(Debug, Default)]
struct InboxState {
    /// Each with when it came, milliseconds of this machine's clock.
    wishes: VecDeque<(u64, Wish)>,
    /// The session is over: nothing more is begun.
    closed: bool,
}

impl Inbox {
    fn lock(&self) -> MutexGuard<'_, InboxState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// The next wish; with `patience` waits no longer than that for one.
    fn next(&self, patience: Option<Duration>) -> Option<(u64, Wish)> {
        let mut state = self.lock();
        while state.wishes.is_empty() && !state.closed {
            state = match patience {
                Some(patience) => {
                    let waited = self.changed.wait_timeout(state, patience);
                    let (mut held, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
                    if timeout.timed_out() {
                        return held.wishes.pop_front();
                    }
                    held
                }
                None => {
                    let waited = self.changed.wait(state);
                    waited.unwrap_or_else(PoisonError::into_inner)
                }
            };
        }
        if state.closed {
            return None;
        }
        state.wishes.pop_front()
    }

    /// Whether the console is there and was heard not too long ago.
    fn is_heard(&self, now: Moment) -> bool {
        let heard = self.heard_ms.load(Ordering::SeqCst);
        now.mono_ms.saturating_sub(heard) < SILENCE_MS && !self.is_closed()
    }
}

impl Actor {
    /// Does nothing yet; `waker` is woken when there are reports.
    pub fn new(place: Place, serve: Serve, audit: Audit, waker: Waker) -> Actor {
        let (sender, reports) = channel();
        Actor {
            permits: Permits::new(&place, &serve),
            place,
            serve,
            audit,
            inbox: Arc::default(),
            reports,
            sender,
            waker,
            worker: None,
        }
    }

    /// What might be done when the console came.
    pub fn permits(&self) -> &Permits {
        &self.permits
    }

    /// The console was heard.
    pub fn heard(&self, now: Moment) {
        self.inbox.heard_ms.store(now.mono_ms, Ordering::SeqCst);
    }

    /// Takes a wish; what becomes of it is among the reports. `node` is this node's name.
    pub fn take(&mut self, wish: Wish, node: &str) -> Option<Outcome> {
        let not_taken = self.queue(&wish, node).err()?;
        self.note(about(&wish), &not_taken);
        Some(not_taken)
    }

    fn queue(&mut self, wish: &Wish, node: &str) -> Result<(), Outcome> {
        // Before it is kept anywhere: it may be as long as a frame.
        if let Wish::Act(act) = wish {
            let checked = act.check();
            checked.map_err(|field| refused(Refusal::Field, field.to_string()))?;
        }
        if self.worker.is_none() {
            let started = self.start(node);
            started.map_err(|why| not_taken(wish, Refusal::Record, why))?;
        }
        let came = self.inbox.heard_ms.load(Ordering::SeqCst);
        let mut state = self.inbox.lock();
        if state.wishes.len() >= MOST {
            let words = format!("{MOST} others wait already");
            return Err(not_taken(wish, Refusal::Late, words));
        }
        state.wishes.push_back((came, wish.clone()));
        drop(state);
        self.inbox.changed.notify_all();
        Ok(())
    }

    /// Notes a wish that was not understood.
    pub fn misread(&mut self, id: &str, outcome: &Outcome) {
        self.note(About::Misread(id), outcome);
    }

    fn note(&self, about: About<'_>, outcome: &Outcome) {
        if let Err(why) = self.audit.note(about, outcome) {
            // An error means that nobody is left to be told.
            let _ = self.sender.send(problem("audit", no_audit(why)));
        }
    }

    /// What became of wishes since the call before.
    pub fn reports(&mut self) -> Vec<Report> {
        self.reports.try_iter().collect()
    }

    fn start(&mut self, node: &str) -> Result<(), String> {
        let inbox = self.inbox.clone();
        let waker = self.waker.clone();
        let sender = self.sender.clone();
        let tell = move |report| {
            if sender.send(report).is_ok() {
                waker.wake();
            }
        };
        let mut worker = Worker {
            luxid: Door::new(self.place.clone(), node.to_owned()),
            commands: Here::new(self.place.clone(), node.to_owned()),
            records: Files::new(self.place.clone()),
            place: self.place.clone(),
            serve: self.serve.clone(),
            permits: self.permits.clone(),
            audit: self.audit.clone(),
            inbox,
            open: Vec::new(),
            tell: Box::new(tell),
            no_audit: String::new(),
        };
        let builder = std::thread::Builder::new().name("act".into());
        let thread = builder.stack_size(512 * 1024).spawn(move || worker.work());
        self.worker = Some(thread.map_err(|error| format!("no thread: {error}"))?);
        Ok(())
    }
}

impl Drop for Actor {
    fn drop(&mut self) {
        self.inbox.lock().closed = true;
        self.inbox.changed.notify_all();
        // What luxid is being told comes to its end, so that its record says what became of it.
        if let Some(worker) = self.worker.take() {
            let _ = worker.join();
        }
    }
}

struct Worker {
    luxid: Door,
    commands: Here,
    records: Files,
    place: Place,
    serve: Serve,
    permits: Permits,
    audit: Audit,
    inbox: Arc<Inbox>,
    /// Changes of which it must be found out what became of them, and what was said of each.
    open: Vec<(Recovery, Outcome)>,
    tell: Box<dyn Fn(Report) + Send>,
    /// Why syslog takes no lines, as it was told.
    no_audit: String,
}

impl Worker {
    fn work(&mut self) {
        while !self.inbox.is_closed() {
            let patience = (!self.open.is_empty()).then_some(AGAIN);
            if patience.is_none() && self.inbox.lock().wishes.is_empty() {
                self.luxid.hang_up();
            }
            if let Some((came, wish)) = self.inbox.next(patience) {
                self.grant(came, wish);
            }
            self.look_again();
        }
        // What is left is not begun. It leaves no record, so that it can be found out as such.
        let left = std::mem::take(&mut self.inbox.lock().wishes);
        let gone = refused(Refusal::Late, "the console was gone before its turn");
        for (_, wish) in &left {
            if let Wish::Act(act) = wish {
                // Nobody is left to be told if syslog takes no line.
                let _ = self.audit.note(About::Act(act), &gone);
            }
        }
        let _ = self.audit.note_left_out();
    }

    fn grant(&mut self, came: u64, wish: Wish) {
        let id = match &wish {
            Wish::Act(act) => act.id.clone(),
            Wish::Recover(asked) => asked.id.clone(),
        };
        self.look_at_permits();
        let unheard = match self.permits.wants_audit() {
            true => self.audit.is_heard().err(),
            false => None,
        };
        let progress = self.with_tools(|tools| match &wish {
            Wish::Act(_) if tools.waited(came) > LATE => {
                let words = "it waited too long for those before it";
                Progress::Over(refused(Refusal::Late, words))
            }
            Wish::Act(act) => match unheard {
                Some(why) => {
                    let words = format!("each change is to be noted in syslog: {why}");
                    Progress::Over(refused(Refusal::Permission, words))
                }
                None => tools.perform(act),
            },
            Wish::Recover(asked) => Progress::Open(tools.recover(asked)),
        });
        let about = about(&wish);
        match progress {
            Ok(Progress::Over(outcome)) => self.say(&id, about, outcome),
            Ok(Progress::Open(mut recovery)) => {
                let outcome = self.look(&mut recovery);
                self.say(&id, about, outcome.clone());
                if outcome.is_followed() {
                    self.open.push((recovery, outcome));
                }
            }
            Err(why) => self.say(&id, about, Outcome::Unknown { why }),
        }
    }

    /// What is permitted may have changed since the console came.
    fn look_at_permits(&mut self) {
        let permits = Permits::new(&self.place, &self.serve);
        if permits.trouble() != self.permits.trouble() {
            (self.tell)(problem("permissions", permits.trouble()));
        }
        self.permits = permits;
    }

    fn look_again(&mut self) {
        for (mut recovery, said) in std::mem::take(&mut self.open) {
            let outcome = self.look(&mut recovery);
            let waits = outcome.is_followed();
            if said != outcome {
                let id = recovery.id.clone();
                self.say(&id, About::Recover(id.as_str()), outcome.clone());
            }
            if waits {
                self.open.push((recovery, outcome));
            }
        }
    }

    fn look(&mut self, recovery: &mut Recovery) -> Outcome {
        let looked = self.with_tools(|tools| recovery.look(tools));
        looked.unwrap_or_else(|why| Outcome::Unknown { why })
    }

    /// Does something with the tools; an error has the words of a panic.
    fn with_tools<T>(&mut self, work: impl FnOnce(&mut Tools<'_>) -> T) -> Result<T, String> {
        let inbox = &self.inbox;
        let mut tools = Tools {
            luxid: &mut self.luxid,
            commands: &mut self.commands,
            records: &mut self.records as &mut dyn Records,
            permits: &self.permits,
            now: &now,
            is_heard: &|| inbox.is_heard(now()),
            pause: &std::thread::sleep,
        };
        let result = catch_unwind(AssertUnwindSafe(|| work(&mut tools)));
        result.map_err(|panic| panics::words(panic.as_ref()))
    }

    fn say(&mut self, id: &ActId, about: About<'_>, outcome: Outcome) {
        let noted = self.audit.note(about, &outcome);
        let trouble = noted.err().map(no_audit).unwrap_or_default();
        if trouble != self.no_audit {
            self.no_audit.clone_from(&trouble);
            (self.tell)(problem("audit", trouble));
        }
        let id = id.to_string();
        (self.tell)(Report::Acted(Acted { id, outcome }));
    }
}

fn no_audit(why: String) -> String {
    format!("changes are not noted in syslog: {why}")
}

fn problem(about: &str, text: String) -> Report {
    Report::Problem(Problem {
        about: about.into(),
        text,
    })
}

/// What a line about a wish is about.
fn about(wish: &Wish) -> About<'_> {
    match wish {
        Wish::Act(act) => About::Act(act),
        Wish::Recover(asked) => About::Recover(asked.id.as_str()),
    }
}

/// A wish that is let go of. What became of a change is as it was before it was asked.
fn not_taken(wish: &Wish, kind: Refusal, why: String) -> Outcome {
    match wish {
        Wish::Act(_) => refused(kind, why),
        Wish::Recover(_) => Outcome::Unknown { why },
    }
}

#[cfg(test)]
mod tests;
