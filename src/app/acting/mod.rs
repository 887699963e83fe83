//! Asking for a change: a menu of what can be done to the object that is looked at, a form with the forecast, and the
//! confirmation.

mod asking;
mod choosing;
mod filling;
mod frame;
mod shape;

use crate::action::form::{Form, Kind, Object};
use crate::action::guard::Guard;
use crate::action::mend::Mend;
use crate::input::Key;
use crate::model::{Cluster, Name, Time};

use super::command::Change;
use super::facts::Facts;
use super::{Effect, State};

pub use choosing::{Choice, Choosing, Opens};
pub use filling::{Filling, READ, Spot};
pub use frame::Frame;
pub use shape::{LABEL, Row, Shape, shape};

/// What is open, and what is remembered from one change to the next.
#[derive(Clone, Debug, Default)]
pub struct Acting {
    /// The menu or the form on the screen.
    pub open: Option<Open>,
    /// This console was told to change nothing.
    pub read_only: bool,
    /// Who asks.
    pub operator: String,
    /// The reason given last.
    reason: String,
    /// The job of the change that was confirmed last is to be shown once it is known.
    awaited: bool,
}

/// A menu or a form.
#[derive(Clone, Debug)]
pub enum Open {
    /// What can be done.
    Menu(Choosing),
    /// What is to be done.
    Form(Box<Filling>),
}

impl Acting {
    /// Whether a job that comes now is waited for; it is no more afterwards.
    pub(super) fn take_awaited(&mut self) -> bool {
        std::mem::take(&mut self.awaited) && self.open.is_none()
    }

    /// What is open is new: its confirmation appears in a moment, without anything else happening.
    pub fn is_new(&self, now: Time) -> bool {
        match &self.open {
            Some(Open::Form(form)) => form.is_new(now),
            _ => false,
        }
    }

    /// Something else was turned to.
    pub(super) fn turned_away(&mut self) {
        self.awaited = false;
    }

    /// Brings what is open up to date with the cluster.
    pub(super) fn refresh(&mut self, cluster: &Cluster, facts: &Facts) {
        let guard = Guard::of(self.read_only, cluster);
        match &mut self.open {
            Some(Open::Menu(menu)) => menu.refresh(&guard, cluster),
            Some(Open::Form(form)) => form.refresh(&guard, cluster, facts),
            None => {}
        }
    }
}

/// Opens the menu of an object, or of several of one sort.
pub(super) fn open_menu(state: &mut State, cluster: &Cluster, objects: Vec<Object>) {
    let menu = Choosing::new(objects, cluster);
    state.acting.open = Some(Open::Menu(menu));
}

/// Opens the form of a change that was typed.
///
/// # Errors
/// Why it cannot be done, or which parameter is wrong.
pub(super) fn ask(state: &mut State, cluster: &Cluster, change: &Change) -> Result<(), String> {
    let reason = &state.acting.reason;
    let mut form = Filling::new(change.kind, &change.objects, cluster, reason)?;
    form.fill(&change.fields, cluster)?;
    state.acting.open = Some(Open::Form(Box::new(form)));
    Ok(())
}

/// Opens the form of an operation on these objects; those to which it cannot be done are named in it.
pub(super) fn open_form(state: &mut State, cluster: &Cluster, kind: Kind, objects: &[Object]) {
    match Filling::new(kind, objects, cluster, &state.acting.reason) {
        Ok(form) => state.acting.open = Some(Open::Form(Box::new(form))),
        Err(why) => say(state, why, cluster.now.at),
    }
}

/// Opens the form of an operation that mends something, filled in so far as it has to be for that.
pub(super) fn open_mend(state: &mut State, cluster: &Cluster, mend: &Mend) {
    let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let change = Change {
        kind: mend.kind,
        objects: vec![mend.object.clone()],
        fields: mend.fields.iter().map(own).collect(),
    };
    if let Err(why) = ask(state, cluster, &change) {
        say(state, why, cluster.now.at);
    }
}

/// The reason given last.
pub(super) fn reason(state: &State) -> String {
    state.acting.reason.clone()
}

fn say(state: &mut State, why: String, now: Time) {
    state.acting.open = None;
    state.notice = Some((why, now));
}

/// Takes a key for what is open.
pub(super) fn key(state: &mut State, cluster: &Cluster, key: Key) -> Vec<Effect> {
    match state.acting.open.take() {
        Some(Open::Menu(menu)) => choosing::key(state, cluster, menu, key),
        Some(Open::Form(form)) => filling::key(state, cluster, form, key),
        None => Vec::new(),
    }
}

/// Takes pasted text.
pub(super) fn paste(state: &mut State, text: &str) {
    if let Some(Open::Form(form)) = &mut state.acting.open {
        form.paste(text);
    }
}

/// The instances whose primary a node is.
fn primaries(node: &Name, cluster: &Cluster) -> Vec<Object> {
    let node = cluster.nodes.get(node);
    let names = node.into_iter().flat_map(|node| &node.primaries);
    names.cloned().map(Object::Instance).collect()
}

/// A form, if the operation is for this object.
fn form(kind: Kind, object: &Object, cluster: &Cluster) -> Result<Form, String> {
    Form::new(kind, object.clone(), cluster)
}
