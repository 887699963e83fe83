//! A plan to balance as the operator has it: two to choose from, each of which can be changed.

use std::sync::Arc;

use super::{Held, Plans, Progress, next};
use crate::action::Action;
use crate::app::Effect;
use crate::planner::think::balance::{Ask, Edit, Edited, Found, Gone, Kind, Move, Planned, Start};
use crate::planner::think::{self, Task};

/// Changes that can be undone.
const UNDONE: usize = 20;

/// Plans for one group, as far as they are told.
#[derive(Clone, Debug, PartialEq)]
pub struct Balance {
    /// The group before anything has moved.
    pub start: Start,
    /// hbal's own plan, which grows while it is found.
    pub hbal: Offer,
    /// hbal's own plan is whole.
    pub whole: bool,
    /// The cost-aware one, once it is found.
    pub cheap: Option<Offer>,
    /// Moves that were tried so far to find it.
    pub tried: usize,
}

/// A plan, and what the operator made of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Offer {
    now: Version,
    before: Vec<Version>,
}

/// A plan as it was between two changes.
#[derive(Clone, Debug, Default, PartialEq)]
struct Version {
    found: Arc<Found>,
    /// Moves that the operator took out.
    dropped: usize,
    /// Moves that could not be made any more.
    gone: Vec<Gone>,
    /// The order is the operator's.
    reordered: bool,
}

/// What the operator wants changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Take out the move of this index.
    Drop(usize),
    /// Put it as much later, or earlier if negative.
    Shift(usize, isize),
}

/// A change that is being checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Pending {
    /// Of which plan.
    pub kind: Kind,
    /// What.
    pub change: Change,
    /// How far the plan was before.
    pub progress: Progress,
}

/// What there is to tell when something came of a task.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// In a sentence.
    pub notice: Option<String>,
    /// The move that the cursor belongs on.
    pub cursor: Option<usize>,
}

impl Balance {
    /// Nothing is found yet.
    pub fn new(start: Start) -> Balance {
        Balance {
            start,
            hbal: Offer::default(),
            whole: false,
            cheap: None,
            tried: 0,
        }
    }

    /// Which plan is shown to one who wants this one: hbal's until the other is there.
    pub fn shown(&self, wanted: Kind) -> Kind {
        match (wanted, &self.cheap) {
            (Kind::CostAware, Some(_)) => Kind::CostAware,
            _ => Kind::Hbal,
        }
    }

    /// A plan, if it is there.
    pub fn offer(&self, kind: Kind) -> Option<&Offer> {
        match kind {
            Kind::CostAware => self.cheap.as_ref(),
            Kind::Hbal => Some(&self.hbal),
        }
    }

    /// A plan, if it is there.
    pub fn offer_mut(&mut self, kind: Kind) -> Option<&mut Offer> {
        match kind {
            Kind::CostAware => self.cheap.as_mut(),
            Kind::Hbal => Some(&mut self.hbal),
        }
    }

    /// The moves of a plan with a change made, to be checked. None if there is no such move.
    pub fn edit(&self, ask: &Ask, kind: Kind, change: Change) -> Option<Edit> {
        let moves = &self.offer(kind)?.found().moves;
        let numbered = (1..).zip(moves.iter().map(|it| it.planned));
        let mut moves: Vec<(usize, Planned)> = numbered.collect();
        match change {
            Change::Drop(at) if at < moves.len() => {
                moves.remove(at);
            }
            Change::Shift(at, by) => {
                let to = at.checked_add_signed(by).filter(|to| *to < moves.len())?;
                let it = (at < moves.len()).then(|| moves.remove(at))?;
                moves.insert(to, it);
            }
            Change::Drop(_) => return None,
        }
        let ask = Ask {
            group: Some(self.start.group.clone()),
            ..ask.clone()
        };
        Some(Edit { ask, moves })
    }

    /// Takes in what came of a change.
    pub fn edited(&mut self, kind: Kind, change: Change, edited: Edited) -> Told {
        let Some(offer) = self.offer_mut(kind) else {
            return Told::default();
        };
        let mut next = offer.now.clone();
        next.found = Arc::new(edited.found);
        match change {
            Change::Shift(at, by) => {
                if let Some(gone) = edited.gone.first() {
                    let notice = format!(
                        "move {} cannot go there: {} could not be made: {}",
                        at + 1,
                        match gone.number == at + 1 {
                            true => "it".to_owned(),
                            false => format!("move {} ({})", gone.number, gone.instance),
                        },
                        gone.why
                    );
                    return Told {
                        notice: Some(notice),
                        cursor: None,
                    };
                }
                next.reordered = true;
                offer.go_on(next);
                Told {
                    notice: None,
                    cursor: at.checked_add_signed(by),
                }
            }
            Change::Drop(at) => {
                let notice = also_gone(&edited.gone);
                next.dropped += 1;
                next.gone.extend(edited.gone);
                offer.go_on(next);
                Told {
                    notice,
                    cursor: Some(at),
                }
            }
        }
    }
}

/// `web3 (move 7) went with it: it went on from a move that is not made`
fn also_gone(gone: &[Gone]) -> Option<String> {
    let first = gone.first()?;
    let more = match gone.len() - 1 {
        0 => String::new(),
        1 => ", and 1 more".to_owned(),
        n => format!(", and {n} more"),
    };
    Some(format!(
        "{} (move {}) went with it: {}{more}",
        first.instance, first.number, first.why
    ))
}

impl Offer {
    /// As it was found.
    pub fn of(found: Found) -> Offer {
        Offer {
            now: Version {
                found: Arc::new(found),
                ..Version::default()
            },
            before: Vec::new(),
        }
    }

    /// The plan as it is now.
    pub fn found(&self) -> &Found {
        &self.now.found
    }

    /// One more move is found.
    pub fn push(&mut self, it: Move) {
        Arc::make_mut(&mut self.now.found).moves.push(it);
    }

    fn go_on(&mut self, next: Version) {
        let before = std::mem::replace(&mut self.now, next);
        self.before.push(before);
        if self.before.len() > UNDONE {
            self.before.remove(0);
        }
    }

    /// Takes the last change back; false if there is none.
    pub fn undo(&mut self) -> bool {
        match self.before.pop() {
            Some(before) => {
                self.now = before;
                true
            }
            None => false,
        }
    }

    /// What the operator made of it, in words; nothing if it is as it was found.
    pub fn changes(&self) -> String {
        let Version {
            dropped,
            gone,
            reordered,
            ..
        } = &self.now;
        let mut parts = Vec::new();
        match dropped {
            0 => {}
            n => parts.push(format!("{n} dropped")),
        }
        match gone.len() {
            0 => {}
            n => parts.push(format!(
                "{n} gone with {}",
                if *dropped == 1 { "it" } else { "them" }
            )),
        }
        if *reordered {
            parts.push("reordered".to_owned());
        }
        parts.join(", ")
    }

    /// Moves that could not be made any more after a change.
    pub fn gone(&self) -> &[Gone] {
        &self.now.gone
    }
}

impl Plans {
    /// Changes how a plan to balance is asked for by one of the keys.
    pub(super) fn change_balance(&mut self, action: Action) {
        let Held { ask, plan, .. } = &mut self.balance;
        match action {
            Action::DiskMoves => ask.disk_moves = !ask.disk_moves,
            Action::Evacuate => ask.evac_mode = !ask.evac_mode,
            Action::NextGroup => {
                ask.group = plan.as_ref().and_then(|plan| {
                    let groups = plan.start.groups.iter();
                    let groups: Vec<String> = groups.map(|it| it.0.clone()).collect();
                    let shown = ask.group.as_ref().unwrap_or(&plan.start.group);
                    next(&groups, Some(shown), false)
                });
            }
            _ => {}
        }
        self.pending = None;
        self.balance.progress = Progress::Wanted;
    }

    /// Asks for a plan to balance in another way.
    pub fn ask_balance(&mut self, ask: Ask) {
        self.balance.ask = ask;
        self.pending = None;
        self.balance.progress = Progress::Wanted;
        self.revision += 1;
    }

    /// Shows the other of the two plans to balance. Says what is in the way.
    ///
    /// # Errors
    /// If there is no other yet.
    pub fn other_plan(&mut self) -> Result<(), String> {
        let plan = self.balance.plan.as_ref();
        let plan = plan.ok_or("there is no plan yet")?;
        let other = match plan.shown(self.wanted) {
            Kind::CostAware => Kind::Hbal,
            Kind::Hbal => Kind::CostAware,
        };
        self.wanted = other;
        self.revision += 1;
        match plan.offer(other) {
            Some(_) => Ok(()),
            None if self.balance.thinks() => {
                Err("the cost-aware plan is still sought; it is shown once it is found".to_owned())
            }
            None => Err("there is no cost-aware plan: it was stopped; r plans anew".to_owned()),
        }
    }

    /// The plan to balance that is shown.
    pub fn shown(&self) -> Option<(&Balance, Kind, &Offer)> {
        let plan = self.balance.plan.as_ref()?;
        let kind = plan.shown(self.wanted);
        Some((plan, kind, plan.offer(kind)?))
    }

    /// Takes a move out of the plan that is shown, or puts it elsewhere; what is left is checked first.
    ///
    /// # Errors
    /// Says in words why that cannot be.
    pub fn edit(&mut self, change: Change) -> Result<Effect, String> {
        if self.pending.is_some() {
            return Err("the change before is still being checked".to_owned());
        }
        if self.balance.thinks() {
            return Err(
                "the plan is still being made: Esc stops it, then it can be changed".to_owned(),
            );
        }
        let snapshot = self.balance.snapshot.clone();
        let (Some((plan, kind, _)), Some(snapshot)) = (self.shown(), snapshot) else {
            return Err("there is no plan yet".to_owned());
        };
        let edit = plan.edit(&self.balance.ask, kind, change);
        let edit = edit.ok_or("there is no move there")?;
        let number = self.tasks + 1;
        let progress = std::mem::replace(&mut self.balance.progress, Progress::Thinking(number));
        let effect = self.begin(Task {
            number,
            ask: think::Ask::Edit(edit),
            snapshot,
        });
        self.pending = Some(Pending {
            kind,
            change,
            progress,
        });
        self.revision += 1;
        Ok(effect)
    }

    /// Takes back the last change of the plan that is shown; false if there is none.
    pub fn undo(&mut self) -> bool {
        let wanted = self.wanted;
        let plan = self
            .balance
            .plan
            .as_mut()
            .filter(|_| self.pending.is_none());
        let Some(plan) = plan else { return false };
        let kind = plan.shown(wanted);
        let undone = plan.offer_mut(kind).is_some_and(Offer::undo);
        self.revision += u64::from(undone);
        undone
    }

    /// A change is being checked.
    pub fn checks(&self) -> bool {
        self.pending.is_some()
    }
}
