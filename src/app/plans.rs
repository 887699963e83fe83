//! Plans that were asked for, and what came of them so far. They are made elsewhere, of a snapshot of the cluster.

pub mod balance;

use std::sync::Arc;

use crate::action::Action;
use crate::model::Time;
use crate::planner::think::balance::{self as balancing, Kind};
use crate::planner::think::{Ask, Part, Snapshot, Task, Thought, capacity, mend, placing, rolling};

use super::Effect;
use super::nav::Page;
use balance::{Balance, Offer, Pending, Told};

/// Milliseconds between two looks at what has changed since a plan was made.
const COMPARED: u64 = 5_000;

/// Milliseconds after which what would mend a node is looked for again if the cluster has changed.
const RENEWED: u64 = 30_000;

/// All plans that the pages show.
#[derive(Clone, Debug, Default)]
pub struct Plans {
    /// To balance a group.
    pub balance: Held<balancing::Ask, Balance>,
    /// Which of the plans to balance the operator wants to see.
    pub wanted: Kind,
    /// To reboot nodes.
    pub rolling: Held<rolling::Ask, rolling::Plan>,
    /// How many more instances fit.
    pub capacity: Held<capacity::Ask, Vec<capacity::Room>>,
    /// Where a new instance would go.
    pub placing: Held<placing::Ask, placing::Placing>,
    /// What lets a node die.
    pub mend: Held<mend::Ask, mend::Mend>,
    /// Counts up when anything here has changed.
    pub revision: u64,
    /// A change of a plan to balance that is being checked.
    pending: Option<Pending>,
    /// Tasks so far.
    tasks: u64,
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

    /// A task of this number takes the place of any other: this is asked for again when it is looked at.
    fn displace(&mut self, number: u64) {
        if self.thinks() && !self.is(number) {
            self.progress = Progress::Wanted;
        }
    }

    /// There is none, if this task was to find it.
    fn fail(&mut self, number: u64, why: &str) {
        if self.is(number) {
            self.progress = Progress::Failed(why.to_owned());
            self.plan = None;
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
    /// Asks for the plan of a page, or looks at how old it has become. Of a node's death what would mend it is asked only
    /// if it `fails`. `now` is the present cluster, if it is known.
    pub fn look_at(
        &mut self,
        page: &Page,
        now: Option<&Arc<Snapshot>>,
        fails: bool,
    ) -> Option<Effect> {
        let number = self.tasks + 1;
        let (task, differs) = match page {
            Page::Balance | Page::Move(_) => {
                let ask = |ask: &balancing::Ask| Ask::Balance(ask.clone());
                let task = self.balance.task(now, number, ask);
                (task, self.balance.compare(now))
            }
            Page::Maintenance | Page::Reboot(_) => {
                let ask = |ask: &rolling::Ask| Ask::Rolling(ask.clone());
                let task = self.rolling.task(now, number, ask);
                (task, self.rolling.compare(now))
            }
            Page::Capacity | Page::Room(_) => {
                let ask = |ask: &capacity::Ask| Ask::Capacity(ask.clone());
                let task = self.capacity.task(now, number, ask);
                (task, self.capacity.compare(now))
            }
            Page::Placing => {
                let ask = |ask: &placing::Ask| Ask::Placing(ask.clone());
                let task = self.placing.task(now, number, ask);
                (task, self.placing.compare(now))
            }
            Page::Fall(node) if fails => {
                let mend = &mut self.mend;
                if mend.ask.node != *node {
                    *mend = Held::default();
                    mend.ask.node = node.clone();
                }
                let differs = mend.compare(now);
                // For the cluster as it is now it is looked for again by itself, though not all the time.
                let made = mend.snapshot.as_ref().map(|it| it.at);
                let old = made
                    .zip(now)
                    .is_some_and(|(at, now)| now.at.since(at) >= RENEWED);
                if mend.changed > 0 && old && !mend.thinks() {
                    mend.progress = Progress::Wanted;
                }
                let ask = |ask: &mend::Ask| Ask::Mend(ask.clone());
                (mend.task(now, number, ask), differs)
            }
            _ => return None,
        };
        if task.is_some() || differs {
            self.revision += 1;
        }
        let task = task?;
        Some(self.begin(task))
    }

    /// A task takes the place of the one before.
    fn begin(&mut self, task: Task) -> Effect {
        let number = task.number;
        self.tasks = number;
        // A change that is not checked yet is not made; the plan stays.
        if let Some(pending) = self.pending.take() {
            self.balance.progress = pending.progress;
        }
        self.balance.displace(number);
        self.rolling.displace(number);
        self.capacity.displace(number);
        self.placing.displace(number);
        self.mend.displace(number);
        Effect::Think(Arc::new(task))
    }

    /// Stops what a page waits for; nothing if it waits for nothing.
    pub fn stop(&mut self, page: &Page) -> Option<Effect> {
        let progress = match page {
            Page::Balance | Page::Move(_) => &mut self.balance.progress,
            Page::Maintenance | Page::Reboot(_) => &mut self.rolling.progress,
            Page::Capacity | Page::Room(_) => &mut self.capacity.progress,
            Page::Placing => &mut self.placing.progress,
            Page::Fall(_) => &mut self.mend.progress,
            _ => return None,
        };
        if !matches!(progress, Progress::Thinking(_)) {
            return None;
        }
        let before = self.pending.take().map(|it| it.progress);
        *progress = before.unwrap_or(Progress::Stopped);
        self.revision += 1;
        Some(Effect::StopThinking)
    }

    /// Changes how a page's plan is asked for, and asks for it.
    pub fn change(&mut self, page: &Page, action: Action) {
        match page {
            Page::Balance => self.change_balance(action),
            Page::Maintenance => self.change_rolling(action),
            Page::Capacity => self.change_capacity(action),
            Page::Placing => self.change_placing(action),
            _ => return,
        }
        self.revision += 1;
    }

    /// Asks where another instance would go.
    pub fn ask_placing(&mut self, ask: placing::Ask) {
        self.placing.ask = ask;
        self.placing.progress = Progress::Wanted;
        self.revision += 1;
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
            let groups = groups_with_nodes(snapshot);
            held.ask.group = next(&groups, held.ask.group.as_ref(), true);
        }
        held.progress = Progress::Wanted;
    }

    fn change_placing(&mut self, action: Action) {
        let held = &mut self.placing;
        if let (Action::NextGroup, Some(snapshot)) = (action, &held.snapshot) {
            let groups = groups_with_nodes(snapshot);
            held.ask.group = next(&groups, held.ask.group.as_ref(), true);
        }
        held.progress = Progress::Wanted;
    }

    /// Takes in what came of a task; of one that is not wanted any more nothing.
    pub fn take(&mut self, thought: Thought) -> Told {
        let mut told = Told::default();
        for part in thought.parts {
            match part {
                Part::Edited(edited) if self.balance.is(thought.number) => {
                    if let (Some(pending), Some(plan)) =
                        (self.pending.take(), &mut self.balance.plan)
                    {
                        told = plan.edited(pending.kind, pending.change, *edited);
                        self.balance.progress = pending.progress;
                        self.revision += 1;
                    }
                }
                part => self.take_part(thought.number, part),
            }
        }
        told
    }

    fn take_part(&mut self, number: u64, part: Part) {
        let (balance, rolling) = (&mut self.balance, &mut self.rolling);
        let (capacity, placing, mend) = (&mut self.capacity, &mut self.placing, &mut self.mend);
        match part {
            Part::Start(start) if balance.is(number) => balance.replace(Balance::new(*start)),
            Part::Move(it) if balance.is(number) => {
                if let Some(plan) = &mut balance.plan {
                    plan.hbal.push(*it);
                }
            }
            Part::Seeking(tried) if balance.is(number) => {
                if let Some(plan) = &mut balance.plan {
                    plan.tried = tried;
                }
            }
            Part::Found(kind, found) if balance.is(number) => {
                let Some(plan) = &mut balance.plan else {
                    return;
                };
                let offer = Offer::of(*found);
                match kind {
                    Kind::Hbal => (plan.hbal, plan.whole) = (offer, true),
                    Kind::CostAware => {
                        plan.cheap = Some(offer);
                        balance.progress = Progress::Done;
                    }
                }
            }
            Part::Placing(it) if placing.is(number) => {
                placing.replace(*it);
                placing.progress = Progress::Done;
            }
            Part::Mend(it) if mend.is(number) => {
                mend.replace(*it);
                mend.progress = Progress::Done;
            }
            Part::Rolling(plan) if rolling.is(number) => {
                rolling.replace(*plan);
                rolling.progress = Progress::Done;
            }
            Part::Room(room) if capacity.is(number) => match &mut capacity.plan {
                Some(rooms) if capacity.asked.is_none() => rooms.push(*room),
                _ => capacity.replace(vec![*room]),
            },
            Part::Filled if capacity.is(number) => {
                // No group with nodes: what was there before is of another question.
                if capacity.asked.is_some() {
                    capacity.replace(Vec::new());
                }
                capacity.progress = Progress::Done;
            }
            Part::Failed(why) => {
                balance.fail(number, &why);
                rolling.fail(number, &why);
                capacity.fail(number, &why);
                placing.fail(number, &why);
                mend.fail(number, &why);
            }
            _ => return,
        }
        self.revision += 1;
    }
}

fn groups_with_nodes(snapshot: &Snapshot) -> Vec<String> {
    let data = &snapshot.data;
    let used = |at: &usize| data.nodes.iter().any(|node| node.group == *at);
    let groups = data.groups.iter().enumerate();
    let groups = groups.filter(|(at, _)| used(at));
    groups.map(|(_, group)| group.name.clone()).collect()
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
