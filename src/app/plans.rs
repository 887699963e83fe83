//! Plans that were asked for, and what came of them so far. They are made elsewhere, of a snapshot of the cluster.

use std::sync::Arc;

use crate::action::Action;
use crate::model::Time;
use crate::planner::think::balance::{self, Move, Start};
use crate::planner::think::{Ask, Part, Snapshot, Task, Thought, capacity, rolling};

use super::Effect;
use super::nav::Page;

/// Milliseconds between two looks at what has changed since a plan was made.
const COMPARED: u64 = 5_000;

/// All plans that the pages show.
#[derive(Clone, Debug, Default)]
pub struct Plans {
    /// To balance a group.
    pub balance: Held<balance::Ask, Balance>,
    /// To reboot nodes.
    pub rolling: Held<rolling::Ask, rolling::Plan>,
    /// How many more instances fit.
    pub capacity: Held<capacity::Ask, Vec<capacity::Room>>,
    /// Counts up when anything here has changed.
    pub revision: u64,
    /// Tasks so far.
    tasks: u64,
}

/// A plan to balance, as far as it is told.
#[derive(Clone, Debug, PartialEq)]
pub struct Balance {
    /// The group before anything has moved.
    pub start: Start,
    /// The moves.
    pub moves: Vec<Move>,
    /// The job set of each, counted from 1, once all moves are told.
    pub sets: Vec<usize>,
}

/// A plan, how it was asked for, and how far it is.
#[derive(Clone, Debug)]
pub struct Held<A, P> {
    /// What is asked.
    pub ask: A,
    /// How far it is.
    pub progress: Progress,
    /// What came of it; of the time before until something came.
    pub plan: Option<P>,
    /// The cluster that this is for.
    pub snapshot: Option<Arc<Snapshot>>,
    /// How many nodes have changed since.
    pub changed: usize,
    /// The cluster that the present task is for.
    asked: Option<Arc<Snapshot>>,
    compared: Time,
}

/// How far a plan is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Progress {
    /// It is asked for once its page is looked at.
    #[default]
    Wanted,
    /// It is being made, under this number.
    Thinking(u64),
    /// It is whole.
    Done,
    /// The operator stopped it; what came so far stays.
    Stopped,
    /// There is none, and why.
    Failed(String),
}

impl<A: Default, P> Default for Held<A, P> {
    fn default() -> Held<A, P> {
        Held {
            ask: A::default(),
            progress: Progress::Wanted,
            plan: None,
            snapshot: None,
            changed: 0,
            asked: None,
            compared: Time(0),
        }
    }
}

impl<A, P> Held<A, P> {
    /// It is being made.
    pub fn thinks(&self) -> bool {
        matches!(self.progress, Progress::Thinking(_))
    }

    /// Something is said of it: it is being made, it is there, or it cannot be.
    pub fn asked_for(&self) -> bool {
        self.plan.is_some() || self.progress != Progress::Wanted
    }

    fn is(&self, number: u64) -> bool {
        self.progress == Progress::Thinking(number)
    }

    /// Asks for it, if that is due and the cluster is known.
    fn task(
        &mut self,
        now: Option<&Arc<Snapshot>>,
        number: u64,
        ask: impl Fn(&A) -> Ask,
    ) -> Option<Task> {
        if self.progress != Progress::Wanted {
            return None;
        }
        let snapshot = now?.clone();
        self.progress = Progress::Thinking(number);
        self.asked = Some(snapshot.clone());
        Some(Task {
            number,
            ask: ask(&self.ask),
            snapshot,
        })
    }

    /// The first piece of a new plan takes the place of the one before.
    fn replace(&mut self, plan: P) {
        self.plan = Some(plan);
        self.snapshot = self.asked.take();
        self.changed = 0;
    }

    /// Another plan takes the place of this one: it is asked for again when it is looked at.
    fn displace(&mut self) {
        if self.thinks() {
            self.progress = Progress::Wanted;
        }
    }

    /// Looks now and then at what has changed since; says whether that differs.
    fn compare(&mut self, now: Option<&Arc<Snapshot>>) -> bool {
        let (Some(snapshot), Some(now)) = (&self.snapshot, now) else {
            return false;
        };
        if now.at.since(self.compared.max(snapshot.at)) < COMPARED {
            return false;
        }
        self.compared = now.at;
        let changed = snapshot.changed(now);
        let differs = changed != self.changed;
        self.changed = changed;
        differs
    }
}

impl Plans {
    /// Asks for the plan of a page, or looks at how old it has become. `now` is the present cluster, if it is known.
    pub fn look_at(&mut self, page: &Page, now: Option<&Arc<Snapshot>>) -> Option<Effect> {
        let number = self.tasks + 1;
        let (task, differs) = match page {
            Page::Balance | Page::Move(_) => {
                let ask = |ask: &balance::Ask| Ask::Balance(ask.clone());
                let task = self.balance.task(now, number, ask);
                if task.is_some() {
                    self.rolling.displace();
                    self.capacity.displace();
                }
                (task, self.balance.compare(now))
            }
            Page::Maintenance | Page::Reboot(_) => {
                let ask = |ask: &rolling::Ask| Ask::Rolling(ask.clone());
                let task = self.rolling.task(now, number, ask);
                if task.is_some() {
                    self.balance.displace();
                    self.capacity.displace();
                }
                (task, self.rolling.compare(now))
            }
            Page::Capacity | Page::Room(_) => {
                let ask = |ask: &capacity::Ask| Ask::Capacity(ask.clone());
                let task = self.capacity.task(now, number, ask);
                if task.is_some() {
                    self.balance.displace();
                    self.rolling.displace();
                }
                (task, self.capacity.compare(now))
            }
            _ => return None,
        };
        if task.is_some() || differs {
            self.revision += 1;
        }
        let task = task?;
        self.tasks = number;
        Some(Effect::Think(Arc::new(task)))
    }

    /// Stops what a page waits for; nothing if it waits for nothing.
    pub fn stop(&mut self, page: &Page) -> Option<Effect> {
        let progress = match page {
            Page::Balance | Page::Move(_) => &mut self.balance.progress,
            Page::Maintenance | Page::Reboot(_) => &mut self.rolling.progress,
            Page::Capacity | Page::Room(_) => &mut self.capacity.progress,
            _ => return None,
        };
        if !matches!(progress, Progress::Thinking(_)) {
            return None;
        }
        *progress = Progress::Stopped;
        self.revision += 1;
        Some(Effect::StopThinking)
    }

    /// Changes how a page's plan is asked for, and asks for it.
    pub fn change(&mut self, page: &Page, action: Action) {
        match page {
            Page::Balance => self.change_balance(action),
            Page::Maintenance => self.change_rolling(action),
            Page::Capacity => self.change_capacity(action),
            _ => return,
        }
        self.revision += 1;
    }

    fn change_balance(&mut self, action: Action) {
        let Held {
            ask,
            progress,
            plan,
            ..
        } = &mut self.balance;
        match action {
            Action::DiskMoves => ask.disk_moves = !ask.disk_moves,
            Action::Evacuate => ask.evacuate = !ask.evacuate,
            Action::NextGroup => {
                let Some(plan) = plan else { return };
                let groups: Vec<String> = plan.start.groups.iter().map(|it| it.0.clone()).collect();
                let shown = ask.group.as_ref().unwrap_or(&plan.start.group);
                ask.group = next(&groups, Some(shown), false);
            }
            _ => {}
        }
        *progress = Progress::Wanted;
    }

    fn change_rolling(&mut self, action: Action) {
        let Held {
            ask,
            progress,
            plan,
            ..
        } = &mut self.rolling;
        let empty = (Vec::new(), Vec::new());
        let (groups, tags) = match plan {
            Some(plan) => (&plan.groups, &plan.tags),
            None => (&empty.0, &empty.1),
        };
        match action {
            Action::AllDown => ask.offline_maintenance = !ask.offline_maintenance,
            Action::LeaveNonRedundant => ask.ignore_non_redundant = !ask.ignore_non_redundant,
            Action::NextGroup => ask.group = next(groups, ask.group.as_ref(), true),
            Action::NextTag => ask.tag = next(tags, ask.tag.as_ref(), true),
            _ => {}
        }
        *progress = Progress::Wanted;
    }

    fn change_capacity(&mut self, action: Action) {
        let held = &mut self.capacity;
        if let (Action::NextGroup, Some(snapshot)) = (action, &held.snapshot) {
            let groups = snapshot.data.groups.iter().map(|it| it.name.clone());
            let groups: Vec<String> = groups.collect();
            held.ask.group = next(&groups, held.ask.group.as_ref(), true);
        }
        held.progress = Progress::Wanted;
    }

    /// Takes in what came of a task; of one that is not wanted any more nothing.
    pub fn take(&mut self, thought: Thought) {
        for part in thought.parts {
            self.take_part(thought.number, part);
        }
    }

    fn take_part(&mut self, number: u64, part: Part) {
        let (balance, rolling) = (&mut self.balance, &mut self.rolling);
        let capacity = &mut self.capacity;
        match part {
            Part::Start(start) if balance.is(number) => balance.replace(Balance {
                start: *start,
                moves: Vec::new(),
                sets: Vec::new(),
            }),
            Part::Move(it) if balance.is(number) => {
                if let Some(plan) = &mut balance.plan {
                    plan.moves.push(*it);
                }
            }
            Part::Moved(sets) if balance.is(number) => {
                balance.progress = Progress::Done;
                if let Some(plan) = &mut balance.plan {
                    plan.sets = sets;
                }
            }
            Part::Rolling(plan) if rolling.is(number) => {
                rolling.replace(*plan);
                rolling.progress = Progress::Done;
            }
            Part::Room(room) if capacity.is(number) => match &mut capacity.plan {
                Some(rooms) if capacity.asked.is_none() => rooms.push(*room),
                _ => capacity.replace(vec![*room]),
            },
            Part::Filled if capacity.is(number) => capacity.progress = Progress::Done,
            Part::Failed(why) if capacity.is(number) => {
                capacity.progress = Progress::Failed(why);
                capacity.plan = None;
            }
            Part::Failed(why) if balance.is(number) => {
                balance.progress = Progress::Failed(why);
                balance.plan = None;
            }
            Part::Failed(why) if rolling.is(number) => {
                rolling.progress = Progress::Failed(why);
                rolling.plan = None;
            }
            _ => return,
        }
        self.revision += 1;
    }
}

/// The name after this one, round about; after the last comes none, if that may be.
fn next(names: &[String], now: Option<&String>, none: bool) -> Option<String> {
    let at = now.and_then(|now| names.iter().position(|name| name == now));
    match names.get(at.map_or(0, |at| at + 1)) {
        Some(name) => Some(name.clone()),
        None if none => None,
        None => names.first().cloned(),
    }
}
