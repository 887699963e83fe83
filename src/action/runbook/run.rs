//! A runbook under way: which step it has got to, what was asked for there, and what became of that.

mod marking;

use gantry_wire::act::ActId;

use crate::action::forecast::World;
use crate::action::form::Object;
use crate::model::{Cluster, Time};

use super::book::Book;
use super::due::{Due, due};
use super::mark::Mark;
use super::note::{Event, Note, Past};
use super::stand::{Ask, End, Fate, Memory, State, changes, words};
use super::step::Step;
use marking::Marking;

/// Jobs are over a moment before the configuration that they made is told, milliseconds.
const SETTLES: u64 = 5_000;

/// A runbook under way.
#[derive(Clone, Debug)]
pub struct Run {
    /// Its id: the runbook's name and a number.
    pub id: String,
    /// Which runbook.
    pub book: Book,
    /// What it is about.
    pub subject: Object,
    /// Who does it.
    pub by: String,
    /// When it was begun, or taken over, seconds since the epoch by the console's clock.
    pub began: f64,
    /// The step that it has got to, by its place.
    pub at: usize,
    /// How each step stands.
    pub states: Vec<State>,
    /// What was done, for the steps that undo it.
    pub memory: Memory,
    /// Since when it is at that step.
    pub since: Time,
    /// The operator has put the step's form aside: it does not open by itself.
    pub aside: bool,
    /// It is over.
    pub end: Option<End>,
    /// Something was asked for: until then nothing is marked or recorded.
    pub begun: bool,
    /// The step that its mark is to tell of, by its place, and the furthest that it ever told of.
    mark_at: Option<usize>,
    furthest: usize,
    marking: Option<Marking>,
    failures: u8,
    /// When it failed last.
    failed: Option<Time>,
}

impl Run {
    /// One that begins. Nothing is asked for yet.
    pub fn new(id: String, book: Book, subject: Object, by: &str, wall: f64) -> Run {
        Run {
            id,
            book,
            subject,
            by: by.to_owned(),
            began: wall,
            at: 0,
            states: vec![State::Ahead; book.steps().len()],
            memory: Memory::default(),
            since: Time::default(),
            aside: false,
            end: None,
            begun: false,
            mark_at: None,
            furthest: 0,
            marking: None,
            failures: 0,
            failed: None,
        }
    }

    /// One that another console began, or this one before it was left: from the step of its mark on.
    pub fn taken_over(mark: &Mark, past: &Past, by: &str, wall: f64) -> Run {
        let subject = mark.subject.clone();
        let mut run = Run::new(mark.id.clone(), mark.book, subject, by, wall);
        run.at = mark.at.min(run.states.len().saturating_sub(1));
        let before = run.states.iter_mut().take(run.at);
        before.for_each(|state| *state = State::Done("before it was taken over".to_owned()));
        let lists = [
            (Step::MigrateAway, &past.moved),
            (Step::StopRest, &past.stopped),
        ];
        for (step, names) in lists {
            run.memory.asked.insert(step.name(), names.clone());
        }
        run.memory.chosen.clone_from(&past.chosen);
        run.begun = true;
        (run.mark_at, run.furthest) = (Some(run.at), run.at);
        run
    }

    /// The step that it has got to; nothing once it is over.
    pub fn step(&self) -> Option<Step> {
        let step = self.book.steps().get(self.at).copied();
        step.filter(|_| self.end.is_none())
    }

    /// How that stands.
    pub fn state(&self) -> &State {
        self.states.get(self.at).unwrap_or(&State::Ahead)
    }

    /// What it asks for; nothing while it is asked for or has failed, or once it is over.
    pub fn due(&self, world: &World) -> Option<Due> {
        let step = self.step().filter(|_| *self.state() == State::Ahead)?;
        Some(due(step, self, world))
    }

    /// `maintenance of node3`.
    pub fn title(&self) -> String {
        format!("{} {}", self.book.title(), self.subject.name())
    }

    fn set(&mut self, state: State) {
        if let Some(own) = self.states.get_mut(self.at) {
            *own = state;
        }
    }

    fn note(&self, event: Event, words: &str, world: &World) -> Note {
        let cluster = world.cluster;
        let step = self.book.steps().get(self.at);
        let changes = match self.state() {
            State::Asked(asks) | State::Settling(asks, _) | State::Failed(asks) => changes(asks),
            State::Ahead | State::Done(_) | State::Skipped => Vec::new(),
        };
        Note {
            at: cluster.now.wall,
            by: self.by.clone(),
            cluster: cluster.name().to_owned(),
            run: self.id.clone(),
            on: self.subject.name(),
            step: step.map_or("", |step| step.name()).to_owned(),
            event,
            words: words.to_owned(),
            changes,
        }
    }

    /// Goes on as far as the facts let it; what is to be recorded.
    pub fn look(&mut self, world: &World, fate: impl Fn(&ActId) -> Fate) -> Vec<Note> {
        let mut notes = Vec::new();
        if self.is_taken(world.cluster) {
            self.end = Some(End::Taken);
        }
        while let Some(step) = self.step() {
            let now = world.cluster.now.at;
            match self.state().clone() {
                State::Asked(mut asks) => {
                    asks.iter_mut().for_each(|ask| ask.fate = fate(&ask.id));
                    let open = asks.iter().any(|ask| matches!(ask.fate, Fate::Open(..)));
                    let bad = asks.iter().any(|ask| matches!(ask.fate, Fate::Bad(..)));
                    if open {
                        self.set(State::Asked(asks));
                        break;
                    }
                    if bad {
                        self.set(State::Failed(asks));
                        notes.push(self.note(Event::Failed, "", world));
                        break;
                    }
                    self.set(State::Settling(asks, now));
                }
                State::Settling(asks, since) => {
                    let so = matches!(due(step, self, world), Due::So(_));
                    if !so && now.since(since) < SETTLES {
                        break;
                    }
                    notes.push(self.note(Event::Done, "", world));
                    self.done(words(&asks), now);
                }
                State::Ahead => {
                    if step == Step::Reboot && self.memory.boot.is_empty() {
                        self.memory.boot = boot_of(&self.subject, world.cluster);
                    }
                    let words = match due(step, self, world) {
                        Due::So(words) => words,
                        // What is the operator's to do takes long, and others are to know of it.
                        Due::Hand(_) => {
                            self.mark_at = Some(self.at);
                            break;
                        }
                        _ => break,
                    };
                    if self.begun {
                        notes.push(self.note(Event::Done, &words, world));
                    }
                    self.done(words, now);
                }
                State::Failed(_) => break,
                State::Done(_) | State::Skipped => self.go_on(now),
            }
            if self.end == Some(End::Finished) && self.begun {
                notes.push(self.note(Event::Finished, "", world));
            }
        }
        notes
    }

    fn done(&mut self, words: String, now: Time) {
        self.set(State::Done(words));
        self.go_on(now);
    }

    fn go_on(&mut self, now: Time) {
        self.at += 1;
        self.since = now;
        self.aside = false;
        if self.at >= self.states.len() {
            self.end = Some(End::Finished);
        }
    }

    /// These were asked for, for the present step.
    pub fn asked(&mut self, asks: Vec<Ask>, world: &World) -> Vec<Note> {
        let mut notes = self.begin(world);
        let Some(step) = self.step() else {
            return notes;
        };
        let names = asks.iter().map(|ask| ask.subject.clone());
        let known = self.memory.asked.entry(step.name()).or_default();
        for name in names {
            if !known.contains(&name) {
                known.push(name);
            }
        }
        self.set(State::Asked(asks));
        self.mark_at = Some(self.at);
        notes.push(self.note(Event::Asked, "", world));
        notes
    }

    /// From now on it is recorded and marked.
    fn begin(&mut self, world: &World) -> Vec<Note> {
        if std::mem::replace(&mut self.begun, true) {
            return Vec::new();
        }
        vec![self.note(Event::Begun, &self.title(), world)]
    }

    /// It was taken over just now.
    pub fn taken(&self, world: &World) -> Note {
        self.note(Event::Taken, &self.title(), world)
    }

    /// The operator says that the step is done.
    pub fn by_hand(&mut self, world: &World) -> Vec<Note> {
        let mut notes = self.begin(world);
        notes.push(self.note(Event::Done, "by hand", world));
        self.done("by hand".to_owned(), world.cluster.now.at);
        notes
    }

    /// The operator has chosen whose half is kept.
    pub fn choose(&mut self, node: &str, world: &World) -> Vec<Note> {
        let mut notes = self.begin(world);
        node.clone_into(&mut self.memory.chosen);
        self.mark_at = Some(self.at);
        notes.push(self.note(Event::Chosen, node, world));
        notes
    }

    /// The step is left out; nothing that was asked for is taken back by that.
    pub fn skip(&mut self, world: &World) -> Vec<Note> {
        if self.step().is_none() {
            return Vec::new();
        }
        let notes = match self.begun {
            true => vec![self.note(Event::Skipped, "", world)],
            false => Vec::new(),
        };
        self.set(State::Skipped);
        self.go_on(world.cluster.now.at);
        notes
    }

    /// The step is tried again, or the one before it that asked for something, where this one only waits.
    ///
    /// # Errors
    /// Why not.
    pub fn again(&mut self, world: &World) -> Result<Vec<Note>, String> {
        match self.state() {
            State::Failed(_) => {}
            State::Ahead => {
                let asked = |at: &usize| {
                    let step = self.book.steps().get(*at);
                    step.is_some_and(|step| self.memory.asked.contains_key(step.name()))
                };
                let waits = matches!(self.due(world), Some(Due::Wait(_) | Due::Stuck(_)));
                let before = (0..self.at).rev().find(asked).filter(|_| waits);
                self.at = before.ok_or("there is nothing to be tried again")?;
            }
            _ => return Err("what was asked for is not over yet".to_owned()),
        }
        let notes = vec![self.note(Event::Again, "", world)];
        self.set(State::Ahead);
        (self.aside, self.since) = (false, world.cluster.now.at);
        Ok(notes)
    }

    /// It ends here; nothing that was asked for is taken back by that.
    pub fn stop(&mut self, world: &World) -> Vec<Note> {
        let notes = match self.begun {
            true => vec![self.note(Event::Stopped, "", world)],
            false => Vec::new(),
        };
        self.end = Some(End::Stopped);
        notes
    }

    /// How far it has got: `step 2 of 9`.
    pub fn place(&self) -> String {
        let all = self.states.len();
        format!("step {} of {all}", (self.at + 1).min(all))
    }

    /// Its present half of the primary's and the secondary's node, for the choice between them.
    pub fn halves(&self, cluster: &Cluster) -> Option<[String; 2]> {
        let instance = cluster.instances.get(self.subject.name().as_str())?;
        let secondary = instance.conf.secondaries.first()?;
        Some([instance.conf.primary.clone(), secondary.clone()])
    }

    /// What is waited for on the way out, for who reads that it is over.
    pub fn last_words(&self) -> &'static str {
        match self.end {
            Some(End::Finished) => "It is done.",
            Some(End::Stopped) => "It was stopped here. What was done stays done.",
            Some(End::Taken) => "Another console has gone on with it: Enter takes it over again.",
            None => "",
        }
    }

    /// It is under way on this object.
    pub fn is_on(&self, subject: &Object) -> bool {
        self.end.is_none() && self.subject == *subject
    }
}

fn boot_of(subject: &Object, cluster: &Cluster) -> String {
    let Object::Node(name) = subject else {
        return String::new();
    };
    let hello = cluster.nodes.get(name).and_then(|node| node.agent.as_ref());
    hello.map_or_else(String::new, |hello| hello.boot_id.clone())
}
