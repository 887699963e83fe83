//! The line at the bottom: commands and filters as they are typed.

use crate::input::{Key, KeyCode};
use crate::model::Cluster;

use crate::app::acting;
use crate::app::command::{self, Command};
use crate::app::filter::Filter;
use crate::app::line::LineEdit;
use crate::app::state::{Entry, EntryKind};
use crate::app::{Effect, State};

use super::{actions, form};

/// Opens an empty line.
pub fn open(state: &mut State, cluster: &Cluster, kind: EntryKind) {
    state.pending.clear();
    state.entry = Some(Entry {
        kind,
        line: LineEdit::default(),
        choices: Vec::new(),
        chosen: None,
        wrong: None,
    });
    typed(state, cluster);
}

/// Takes a key.
pub fn key(state: &mut State, cluster: &Cluster, key: Key) -> Vec<Effect> {
    let Some(entry) = &mut state.entry else {
        return Vec::new();
    };
    match key.code {
        KeyCode::Esc => cancel(state),
        KeyCode::Char('c') if key.ctrl => cancel(state),
        // As in editors: erasing past the beginning closes the line.
        KeyCode::Backspace if entry.line.is_empty() => cancel(state),
        KeyCode::Enter => return enter(state, cluster),
        KeyCode::Tab => choose(state, cluster, if key.shift { -1 } else { 1 }),
        KeyCode::Down => choose(state, cluster, 1),
        KeyCode::Up => choose(state, cluster, -1),
        _ => {
            if entry.line.press(key) {
                typed(state, cluster);
            }
        }
    }
    Vec::new()
}

/// Takes pasted text.
pub fn paste(state: &mut State, cluster: &Cluster, text: &str) {
    if let Some(entry) = &mut state.entry {
        entry.line.insert(text);
        typed(state, cluster);
    }
}

/// The line changed: filters at once, and looks for ways to go on with a command.
fn typed(state: &mut State, cluster: &Cluster) {
    let Some(entry) = &mut state.entry else {
        return;
    };
    entry.wrong = None;
    let text = entry.line.text();
    match entry.kind {
        EntryKind::Filter(_) => set_filter(state, &text),
        EntryKind::Command => {
            entry.choices = command::choices(&text, state.way.view(), cluster, &state.facts);
            entry.chosen = None;
        }
    }
}

fn set_filter(state: &mut State, text: &str) {
    if let Some(table) = state.way.view_mut().shown_table_mut() {
        table.filter = Filter::new(text);
    }
}

fn cancel(state: &mut State) {
    let entry = state.entry.take();
    if let Some(EntryKind::Filter(before)) = entry.map(|entry| entry.kind) {
        set_filter(state, &before);
    }
}

/// Picks the next way to go on; in a filter, the next row.
fn choose(state: &mut State, cluster: &Cluster, by: isize) {
    let Some(entry) = &mut state.entry else {
        return;
    };
    if entry.kind != EntryKind::Command {
        if let Some(table) = state.way.view_mut().shown_table_mut() {
            table.step(by);
        }
        return;
    }
    // With a single way to go on, that is taken and the ways to go on from there are shown.
    if let [only] = entry.choices.as_slice() {
        let line = only.line.clone();
        entry.line.set(&line);
        typed(state, cluster);
        return;
    }
    let count = entry.choices.len() as isize;
    if count == 0 {
        return;
    }
    let next = match entry.chosen {
        Some(at) => (at as isize + by).rem_euclid(count),
        None if by > 0 => 0,
        None => count - 1,
    } as usize;
    entry.chosen = Some(next);
    let line = entry.choices[next].line.clone();
    entry.line.set(&line);
}

fn enter(state: &mut State, cluster: &Cluster) -> Vec<Effect> {
    let Some(entry) = state.entry.take() else {
        return Vec::new();
    };
    if entry.kind != EntryKind::Command || entry.line.is_empty() {
        return Vec::new();
    }
    let line = entry.line.text();
    match command::parse(&line, state.way.view(), cluster, &state.facts) {
        Ok(Command::Go(page)) => state.way.go(page),
        Ok(Command::Do(action)) => return actions::act(state, cluster, action),
        Ok(Command::Ask(of, words)) => {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            if let Err(why) = form::ask(state, cluster, of, &words) {
                // Much was typed: it stays there to be mended.
                state.entry = Some(Entry {
                    choices: Vec::new(),
                    chosen: None,
                    wrong: Some(why),
                    ..entry
                });
            }
        }
        Ok(Command::Change(change)) => {
            if let Err(why) = acting::ask(state, cluster, &change) {
                state.entry = Some(Entry {
                    choices: Vec::new(),
                    chosen: None,
                    wrong: Some(why),
                    ..entry
                });
            }
        }
        Ok(Command::Sort(index)) => {
            if let Some(table) = state.way.view_mut().shown_table_mut() {
                table.sort_by(&table.kind.columns()[index]);
            }
        }
        Err(why) => state.notice = Some((why, cluster.now.at)),
    }
    Vec::new()
}
