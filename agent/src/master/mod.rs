//! What a node can say of the whole cluster: as the master through LUXI, as a candidate from the
//! configuration's file. It runs in threads of its own, for luxid may take its time.

mod changes;
mod chief;
mod config;
pub mod file;
mod job;
mod jobs;
pub mod layout;
mod live;
mod locks;
mod problems;
mod queue;

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gantry_wire::Report;
use gantry_wire::report::{MasterState, Problem};
use gantry_wire::request::Watch;

use crate::panics;
use crate::place::Place;
use crate::probe::guests::KVM;
use crate::serve::now;
use crate::waker::Waker;
use chief::{Chief, LogQuestion};

/// How often files are looked at.
const ROUND: Duration = Duration::from_secs(1);
/// The worker whose end means that this node speaks for nobody.
const CHIEF: &str = "luxi";
/// Reports that wait for the console; a worker that has more waits as well.
const HELD: usize = 2;

/// What is to be followed.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// What the console wants.
    pub watch: Watch,
    /// Where the master is.
    pub seat: Seat,
    /// Enabled hypervisors.
    pub hypervisors: Vec<String>,
    /// How often the console began to watch: each time it wants to be told everything.
    pub since: u64,
}

/// Where the master is, by this node's ssconf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seat {
    /// Here.
    Master,
    /// On another node.
    Elsewhere {
        /// Its name; empty if ssconf does not say.
        ask: String,
    },
}

impl Order {
    fn is_master(&self) -> bool {
        self.watch.master && self.seat == Seat::Master
    }

    /// Live states are wanted and no agent can read them.
    fn wants_status(&self) -> bool {
        self.watch.live_status && self.hypervisors.iter().any(|name| name != KVM)
    }

    fn wants_live(&self) -> bool {
        self.is_master() && (self.wants_status() || !self.watch.live_nodes.is_empty())
    }
}

/// The workers, as the machine has them.
#[derive(Debug)]
pub struct Master {
    place: Place,
    desk: Arc<Desk>,
    reports: Receiver<Report>,
    sender: SyncSender<Report>,
    waker: Waker,
    works: bool,
    works_live: bool,
}

/// What machine and workers share.
#[derive(Debug, Default)]
struct Desk {
    state: Mutex<DeskState>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct DeskState {
    /// Counts changes, so that a worker sees that it missed one.
    version: u64,
    order: Option<Order>,
    questions: VecDeque<LogQuestion>,
    closed: bool,
}

impl Desk {
    fn change(&self, change: impl FnOnce(&mut DeskState)) {
        let mut state = self.lock();
        change(&mut state);
        state.version += 1;
        self.changed.notify_all();
    }

    /// Waits for the next round or for a change since `seen`; `None` once all is over.
    fn next(&self, seen: &mut u64) -> Option<Order> {
        let mut state = self.lock();
        loop {
            if state.closed {
                return None;
            }
            let order = state.order.clone().filter(|order| order.watch.master);
            if state.version != *seen && order.is_some() {
                break;
            }
            match order {
                Some(order) => {
                    let waited = self.changed.wait_timeout(state, ROUND);
                    let (held, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
                    state = held;
                    if timeout.timed_out() {
                        return Some(order);
                    }
                }
                None => {
                    let waited = self.changed.wait(state);
                    state = waited.unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
        *seen = state.version;
        state.order.clone()
    }

    fn lock(&self) -> MutexGuard<'_, DeskState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Master {
    /// No worker runs yet; `waker` is woken when there are reports.
    pub fn new(place: Place, waker: Waker) -> Master {
        let (sender, reports) = sync_channel(HELD);
        Master {
            place,
            desk: Arc::default(),
            reports,
            sender,
            waker,
            works: false,
            works_live: false,
        }
    }

    /// Says what is to be followed; starts workers when there is something.
    ///
    /// # Errors
    /// In words, if there can be no more threads.
    pub fn order(&mut self, order: &Order) -> Result<(), String> {
        if !order.watch.master && !self.works {
            return Ok(());
        }
        if self.desk.lock().order.as_ref() != Some(order) {
            self.desk.change(|state| state.order = Some(order.clone()));
        }
        if !self.works {
            let mut chief = Chief::new(self.place.clone());
            let desk = self.desk.clone();
            self.start(CHIEF, move |order, tell| {
                let mut questions = std::mem::take(&mut desk.lock().questions);
                chief.round(order, &mut questions, now(), tell);
            })?;
            self.works = true;
        }
        if !self.works_live && order.wants_live() {
            let mut asker = live::Asker::new(&self.place);
            self.start("live", move |order, tell| asker.round(order, now, tell))?;
            self.works_live = true;
        }
        Ok(())
    }

    /// Asks for a job's log; `false` if no worker is there to answer.
    pub fn ask_log(&mut self, question: LogQuestion) -> bool {
        let ordered = |order: &Order| order.watch.master;
        let works = self.works && self.desk.lock().order.as_ref().is_some_and(ordered);
        if works {
            self.desk
                .change(|state| state.questions.push_back(question));
        }
        works
    }

    /// What the workers have reported since the call before.
    pub fn reports(&mut self) -> Vec<Report> {
        self.reports.try_iter().collect()
    }

    fn start(
        &self,
        name: &str,
        mut round: impl FnMut(&Order, &mut dyn FnMut(Report)) + Send + 'static,
    ) -> Result<(), String> {
        let (desk, reports, waker) = (self.desk.clone(), self.sender.clone(), self.waker.clone());
        let mut tell = move |report| {
            // An error means that nobody is left to be told, and that the desk is closed.
            if reports.send(report).is_ok() {
                waker.wake();
            }
        };
        let about = name.to_owned();
        let work = move || {
            let mut seen = 0;
            while let Some(order) = desk.next(&mut seen) {
                let result = catch_unwind(AssertUnwindSafe(|| round(&order, &mut tell)));
                if let Err(panic) = result {
                    let text = panics::words(panic.as_ref());
                    if about == CHIEF {
                        tell(Report::Master(MasterState::Silent { why: text.clone() }));
                    }
                    tell(Report::Problem(Problem { about, text }));
                    return;
                }
            }
        };
        std::thread::Builder::new()
            .name(name.to_owned())
            .stack_size(512 * 1024)
            .spawn(work)
            .map(|_| ())
            .map_err(|error| format!("no thread: {error}"))
    }
}

impl Drop for Master {
    fn drop(&mut self) {
        self.desk.change(|state| state.closed = true);
    }
}
