//! Keys, the mouse and pasted text.

mod actions;
mod entry;
mod form;

use crate::action::{Action, Place};
use crate::input::{Key, KeyCode, Step};
use crate::model::Cluster;

use super::acting;
use super::columns::place;
use super::nav::Page;
use super::{Effect, Mouse, MouseKind, State};

/// Rows that a turn of the wheel moves.
const WHEEL: isize = 3;

/// Takes a key.
pub(super) fn key(state: &mut State, cluster: &Cluster, key: Key) -> Vec<Effect> {
    state.notice = None;
    state.acting.turned_away();
    // What is typed goes where it was begun: a question that comes up meanwhile waits.
    if state.entry.is_some() {
        if let Some(action) = always(state, key) {
            return actions::act(state, cluster, action);
        }
        return entry::key(state, cluster, key);
    }
    if let Some(form) = &mut state.form {
        let pressed = form.press(key);
        return form::pressed(state, cluster, pressed);
    }
    // A question that comes up over a form waits too: the same key answers both.
    if state.acting.open.is_some() {
        if let Some(action) = always(state, key) {
            return actions::act(state, cluster, action);
        }
        return acting::key(state, cluster, key);
    }
    if !state.dialogs.is_empty() {
        if let Some(action) = always(state, key) {
            return actions::act(state, cluster, action);
        }
        let size = state.size;
        return state.dialogs.press(key, size).into_iter().collect();
    }
    let here = state.view().place();
    match state.keymap.press(&mut state.pending, here, key) {
        Step::Action(action) => actions::act(state, cluster, action),
        Step::More | Step::Nothing => Vec::new(),
    }
}

/// The actions that can be had while something is typed.
fn always(state: &State, key: Key) -> Option<Action> {
    if !key.ctrl && !matches!(key.code, KeyCode::F(_)) {
        return None;
    }
    let mut pending = Default::default();
    match state.keymap.press(&mut pending, Place::Detail, key) {
        Step::Action(action @ (Action::Suspend | Action::Redraw)) => Some(action),
        _ => None,
    }
}

/// Takes pasted text: only what is being typed wants it.
pub(super) fn paste(state: &mut State, cluster: &Cluster, text: &str) {
    if state.entry.is_some() {
        entry::paste(state, cluster, text);
    } else if let Some(form) = &mut state.form {
        form.paste(text);
    } else if state.acting.open.is_some() {
        acting::paste(state, text);
    } else {
        state.dialogs.paste(text);
    }
}

/// Takes what the mouse did.
pub(super) fn mouse(state: &mut State, cluster: &Cluster, mouse: Mouse) {
    let Some(layout) = state.layout() else { return };
    let boxed = state.form.is_some() || state.acting.open.is_some();
    if state.entry.is_some() || boxed || !state.dialogs.is_empty() {
        return;
    }
    let height = usize::from(layout.rows.height);
    match mouse.kind {
        MouseKind::ScrollUp => scroll(state, -WHEEL, height),
        MouseKind::ScrollDown => scroll(state, WHEEL, height),
        MouseKind::Press => press(state, cluster, mouse),
    }
}

fn scroll(state: &mut State, by: isize, height: usize) {
    let view = state.way.view_mut();
    if let Some(table) = view.shown_table_mut() {
        table.scroll(by, height);
    } else {
        actions::scroll_text(state, by);
    }
}

fn press(state: &mut State, cluster: &Cluster, mouse: Mouse) {
    let Some(layout) = state.layout() else { return };
    let (col, row) = (mouse.col, mouse.row);
    if layout.header.row(1).contains(col, row) && !state.facts.findings.is_empty() {
        state.way.go(Page::Alerts);
        return;
    }
    let Some(table) = state.way.view_mut().shown_table_mut() else {
        return;
    };
    if layout.heading.contains(col, row) {
        let columns = table.kind.columns();
        let x = col - layout.heading.x;
        let placed = place(columns, &table.wanted, table.shift, layout.heading.width);
        let hit = placed.iter().find(|p| (p.x..p.x + p.width).contains(&x));
        if let Some(hit) = hit {
            table.sort_by(&columns[hit.index]);
        }
    } else if layout.rows.contains(col, row) {
        let index = table.offset + usize::from(row - layout.rows.y);
        if index >= table.rows.len() {
            return;
        }
        // A second press on a row opens it.
        if index == table.cursor {
            actions::open(state, cluster.now.at);
        } else {
            table.select(index);
        }
    }
}
