//! Runbooks that are under way here, and those of others by their marks.

pub mod rows;

use crate::action::forecast::World;
use crate::action::form::{Form, Kind, Object};
use crate::action::guard::{Guard, Request};
use crate::action::runbook::{
    Ask, Book, Due, End, Event, Mark, Note, Past, Run, State as How, Step, marks,
};
use crate::action::words::title;
use crate::model::{Cluster, Time};

use super::acting::{self, Filling, Frame, Open, READ};
use super::facts::Facts;
use super::nav::Page;
use super::{Effect, State};

pub use rows::RunRow;

/// Runbooks that are over are kept so many, to be read.
const KEPT: usize = 50;

/// The key that ends a runbook has to come again within so many milliseconds.
const AGAIN: u64 = 10_000;

/// All runbooks of this console.
#[derive(Clone, Debug, Default)]
pub struct Runbooks {
    list: Vec<Run>,
    /// What was recorded before this console was started.
    past: Vec<Note>,
    /// Counts up when what is said of them changed.
    pub revision: u64,
    /// The key that ends one was pressed once.
    ending: Option<(String, Time)>,
    /// All marks there are, as of this configuration.
    marks: Vec<Mark>,
    marks_of: Option<(u64, Option<Time>)>,
}

impl Runbooks {
    /// With what was recorded before.
    pub fn with_past(past: Vec<Note>) -> Runbooks {
        Runbooks {
            past,
            ..Runbooks::default()
        }
    }

    /// The one of this id, if it is under way here or was.
    pub fn run(&self, id: &str) -> Option<&Run> {
        self.list.iter().find(|run| run.id == id)
    }

    fn run_mut(&mut self, id: &str) -> Option<&mut Run> {
        self.list.iter_mut().find(|run| run.id == id)
    }

    /// Reads the marks anew where the configuration is another: on a large cluster not with every message.
    fn look_for_marks(&mut self, cluster: &Cluster) {
        let of = (
            cluster.shape,
            cluster.conf_seen.as_ref().map(|seen| seen.at),
        );
        if self.marks_of != Some(of) {
            self.marks_of = Some(of);
            self.marks = marks(cluster);
        }
    }

    /// Who began it, by the records here.
    fn began_by(&self, id: &str) -> Option<&Note> {
        self.past
            .iter()
            .find(|note| note.run == id && note.event == Event::Begun)
    }
}

/// What a step is looked at with.
pub fn world<'a>(cluster: &'a Cluster, facts: &'a Facts) -> World<'a> {
    World {
        cluster,
        present: facts.present(),
        pairs: &facts.pairs,
    }
}

/// What a runbook is about: of a disk its instance.
pub fn subject(object: &Object) -> Object {
    match object {
        Object::Pair(name, _) => Object::Instance(name.clone()),
        object => object.clone(),
    }
}

/// Opens a runbook on an object, or the one that is under way there.
pub(super) fn open(
    state: &mut State,
    cluster: &Cluster,
    book: Book,
    object: &Object,
) -> Vec<Effect> {
    let subject = subject(object);
    let own = state.runbooks.list.iter().find(|run| run.is_on(&subject));
    let own = own.map(|run| run.id.clone());
    let others = || {
        marks(cluster)
            .into_iter()
            .find(|mark| mark.subject == subject)
    };
    if let Some(id) = own.or_else(|| others().map(|mark| mark.id)) {
        if state.runbooks.run(&id).is_none_or(|run| run.book != book) {
            let text = "a runbook is under way there: this is it".to_owned();
            state.notice = Some((text, cluster.now.at));
        }
        state.way.go(Page::Runbook(id));
        return Vec::new();
    }
    let number = state.affairs.id().to_string();
    let number = number.get(number.len().saturating_sub(8)..).unwrap_or("0");
    let id = format!("{}-{number}", book.name());
    let by = &state.acting.operator;
    let mut effects = Vec::new();
    // Nobody calls a node that is marked offline unless asked to.
    if let (Book::Returns, Object::Node(name)) = (book, &subject) {
        effects.push(Effect::Reconnect(Some(name.clone())));
    }
    let run = Run::new(id.clone(), book, subject, by, cluster.now.wall);
    state.runbooks.list.push(run);
    state.way.go(Page::Runbook(id));
    effects
}

/// Goes on with all of them as far as the facts let it, and opens the form of what is due on the screen.
pub(super) fn go_on(state: &mut State, cluster: &Cluster) -> Vec<Effect> {
    let mut effects = Vec::new();
    state.runbooks.look_for_marks(cluster);
    let mut list = std::mem::take(&mut state.runbooks.list);
    for run in &mut list {
        let (before, ended) = ((run.at, run.state().clone()), run.end.is_some());
        let world = world(cluster, &state.facts);
        let notes = run.look(&world, |id| state.affairs.fate(id, cluster));
        let worth_it =
            !ended && run.begun && (run.end.is_some() || matches!(run.state(), How::Failed(_)));
        if worth_it && before != (run.at, run.state().clone()) {
            let how = match run.end {
                Some(_) => "is over",
                None => "has stopped at a step that failed",
            };
            effects.push(Effect::Ring(format!("runbook {}: it {how}", run.title())));
        }
        if before != (run.at, run.state().clone()) || ended != run.end.is_some() {
            state.runbooks.revision += 1;
        }
        effects.extend(recorded(notes));
    }
    let shown = match &state.way.view().page {
        Page::Runbook(id) => Some(id.clone()),
        _ => None,
    };
    // One of which nothing was ever asked goes when it is turned away from.
    list.retain(|run| run.begun || shown.as_ref() == Some(&run.id));
    while list.len() > KEPT
        && let Some(at) = list.iter().position(|run| run.is_settled(cluster))
    {
        list.remove(at);
    }
    state.runbooks.list = list;
    let ids: Vec<String> = state
        .runbooks
        .list
        .iter()
        .map(|run| run.id.clone())
        .collect();
    for id in ids {
        effects.extend(mark(state, cluster, &id));
    }
    close_stale(state, cluster);
    open_due(state, cluster);
    let rows = rows::rows(state, cluster);
    if rows != state.facts.runs {
        state.facts.runs = rows;
        state.facts.runs_revision += 1;
    }
    effects
}

fn recorded(notes: Vec<Note>) -> Vec<Effect> {
    notes
        .into_iter()
        .map(|note| Effect::Record(Box::new(note)))
        .collect()
}

/// Sets or removes the mark of a runbook, if that is due.
fn mark(state: &mut State, cluster: &Cluster, id: &str) -> Option<Effect> {
    let State {
        runbooks,
        affairs,
        acting,
        ..
    } = state;
    let run = runbooks.run_mut(id)?;
    let (tag, add) = run.next_mark(cluster, |id| affairs.fate(id, cluster))?;
    let kind = if add { Kind::AddTags } else { Kind::RemoveTags };
    let mut form = Form::new(kind, run.subject.clone(), cluster).ok()?;
    form.set("tags", &tag).ok()?;
    let operation = form.operation().ok()?;
    let permit = Guard::of(acting.read_only, cluster)
        .permit(&operation)
        .ok()?;
    let act = affairs.id();
    let (expect, words) = (form.expect(cluster), title(&operation));
    let reason = format!("runbook {}", run.title());
    let reason = if gantry_wire::act::reason(&reason).is_ok() {
        reason.as_str()
    } else {
        ""
    };
    let request = Request::new(
        permit,
        act.clone(),
        operation,
        expect,
        reason,
        &acting.operator,
    )
    .ok()?;
    run.marks(act, tag, add);
    affairs.asked_quietly(request.act(), words, cluster.now.at);
    Some(Effect::Act(Box::new(request)))
}

/// A form for a step that is behind does not stay open.
fn close_stale(state: &mut State, cluster: &Cluster) {
    let Some(Open::Form(form)) = &state.acting.open else {
        return;
    };
    let Some(frame) = &form.frame else { return };
    let run = state.runbooks.run(&frame.run);
    let due = run.and_then(|run| run.due(&world(cluster, &state.facts)));
    let still = run.is_some_and(|run| run.at == frame.at);
    if !still || !matches!(due, Some(Due::Ask(_))) {
        state.acting.open = None;
    }
}

/// Opens the form of the step that is due on the page that is shown, unless something else is open.
fn open_due(state: &mut State, cluster: &Cluster) {
    let busy = state.acting.open.is_some() || state.entry.is_some() || state.form.is_some();
    let Page::Runbook(id) = &state.way.view().page else {
        return;
    };
    let Some(run) = state.runbooks.run(id).filter(|run| !run.aside) else {
        return;
    };
    if busy
        || !state.dialogs.is_empty()
        || Guard::of(state.acting.read_only, cluster)
            .may_any()
            .is_err()
    {
        return;
    }
    let Some(Due::Ask(wanted)) = run.due(&world(cluster, &state.facts)) else {
        return;
    };
    let frame = Frame {
        run: run.id.clone(),
        at: run.at,
        place: run.place(),
        set: wanted.set,
        proof: wanted.proof.map(|name| name.to_string()),
        stated: if run.memory.dead {
            vec![run.subject.name()]
        } else {
            Vec::new()
        },
    };
    let form = Filling::framed(
        wanted.kind,
        &wanted.objects,
        cluster,
        &acting::reason(state),
        frame,
    );
    match form {
        Ok(form) => state.acting.open = Some(Open::Form(Box::new(form))),
        Err(why) => {
            state.notice = Some((
                format!("this step cannot be asked for: {why}"),
                cluster.now.at,
            ));
            if let Some(run) = run_of_page(state) {
                run.aside = true;
            }
        }
    }
}

fn run_of_page(state: &mut State) -> Option<&mut Run> {
    let Page::Runbook(id) = &state.way.view().page else {
        return None;
    };
    state.runbooks.run_mut(id)
}

/// These were confirmed for a step. The mark comes first.
pub(super) fn asked(
    state: &mut State,
    cluster: &Cluster,
    frame: &Frame,
    asks: Vec<Ask>,
    dead: bool,
) -> Vec<Effect> {
    let world = world(cluster, &state.facts);
    let Some(run) = state
        .runbooks
        .list
        .iter_mut()
        .find(|run| run.id == frame.run)
    else {
        return Vec::new();
    };
    run.memory.dead |= dead;
    let notes = run.asked(asks, &world);
    state.runbooks.revision += 1;
    let mut effects = recorded(notes);
    effects.extend(mark(state, cluster, &frame.run));
    effects
}

/// The form of a step was put aside.
pub(super) fn aside(state: &mut State, frame: &Frame) {
    if let Some(run) = state.runbooks.run_mut(&frame.run) {
        run.aside = true;
        state.runbooks.revision += 1;
    }
}

/// What a key on the page of a runbook is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Press {
    /// On with it.
    Next,
    /// Leave this step out.
    Skip,
    /// Once more.
    Again,
    /// End it here.
    Stop,
    /// Reset the machine.
    Reset,
    /// Keep the half of the primary (0) or of the secondary (1).
    Keep(usize),
}

/// Takes a key on the page of a runbook.
pub(super) fn press(state: &mut State, cluster: &Cluster, press: Press) -> Vec<Effect> {
    let Page::Runbook(id) = state.way.view().page.clone() else {
        return Vec::new();
    };
    state.runbooks.revision += 1;
    let ending = state.runbooks.ending.take();
    // One that another console has gone on with can be taken back.
    let taken = |run: &Run| run.id == id && run.end == Some(End::Taken);
    state
        .runbooks
        .list
        .retain(|run| press != Press::Next || !taken(run));
    let Some(run) = state.runbooks.list.iter_mut().find(|run| run.id == id) else {
        return match press {
            Press::Next => take_over(state, cluster, &id),
            _ => say(
                state,
                cluster,
                "it is another console's: Enter takes it over",
            ),
        };
    };
    let now = cluster.now.at;
    let world = world(cluster, &state.facts);
    if let Err(why) = Guard::of(state.acting.read_only, cluster).may_any() {
        return say(state, cluster, &format!("nothing can be asked for: {why}"));
    }
    let due = run.due(&world);
    let failed = matches!(run.state(), How::Failed(_));
    let notes = match (press, failed, due) {
        _ if run.end.is_some() => return say(state, cluster, "it is over; Esc leaves it"),
        (Press::Stop, ..) if !run.begun => {
            state.way.back();
            return Vec::new();
        }
        (Press::Stop, ..) => match ending {
            Some((of, at)) if of == id && now.since(at) < AGAIN => run.stop(&world),
            _ => {
                state.runbooks.ending = Some((id, now));
                return say(
                    state,
                    cluster,
                    "x again ends it here; what was done stays done",
                );
            }
        },
        (Press::Again, ..) | (Press::Next, true, _) => match run.again(&world) {
            Ok(notes) => notes,
            Err(why) => return say(state, cluster, &why),
        },
        (Press::Skip, ..) if now.since(run.since) < READ => Vec::new(),
        (Press::Skip, ..) => run.skip(&world),
        (Press::Next, _, Some(Due::Ask(_))) => {
            run.aside = false;
            Vec::new()
        }
        // What has only just come up was not what this key was for.
        (Press::Next, _, Some(Due::Hand(_))) if now.since(run.since) < READ => Vec::new(),
        (Press::Next, _, Some(Due::Hand(_))) => run.by_hand(&world),
        (Press::Next, _, Some(Due::Choose(_))) => {
            return say(state, cluster, "p keeps the primary's half, o the other's");
        }
        (Press::Next, ..) => {
            return say(
                state,
                cluster,
                "it goes on by itself; s does not wait for that",
            );
        }
        (Press::Keep(which), _, Some(Due::Choose(_))) => {
            let node = run
                .halves(cluster)
                .and_then(|halves| halves.get(which).cloned());
            node.map_or_else(Vec::new, |node| run.choose(&node, &world))
        }
        (Press::Keep(_), ..) => {
            return say(state, cluster, "there is nothing to choose at this step");
        }
        (Press::Reset, ..) if run.step() == Some(Step::Reboot) => {
            let object = run.subject.clone();
            acting::open_form(state, cluster, Kind::NodePowercycle, &[object]);
            return Vec::new();
        }
        (Press::Reset, ..) => {
            return say(
                state,
                cluster,
                "it is reset only at the step that reboots it",
            );
        }
    };
    recorded(notes)
}

fn say(state: &mut State, cluster: &Cluster, text: &str) -> Vec<Effect> {
    state.notice = Some((text.to_owned(), cluster.now.at));
    Vec::new()
}

/// The mark of a runbook that is not of this console.
pub fn foreign(cluster: &Cluster, id: &str) -> Option<Mark> {
    marks(cluster).into_iter().find(|mark| mark.id == id)
}

fn take_over(state: &mut State, cluster: &Cluster, id: &str) -> Vec<Effect> {
    let Some(mark) = foreign(cluster, id) else {
        return say(state, cluster, "its mark is gone: it is over");
    };
    if let Err(why) = Guard::of(state.acting.read_only, cluster).may_any() {
        return say(state, cluster, &format!("nothing can be asked for: {why}"));
    }
    let past = Past::of(state.runbooks.past.iter().filter(|note| note.run == id));
    let run = Run::taken_over(&mark, &past, &state.acting.operator, cluster.now.wall);
    let note = run.taken(&world(cluster, &state.facts));
    state.runbooks.list.push(run);
    recorded(vec![note])
}
