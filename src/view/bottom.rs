//! The line at the bottom: keys, a notice, or what is typed; and above it the ways to go on.

use ratatui::layout::Position;

use crate::action::Action;
use crate::app::acting::Open;
use crate::app::area::Area;
use crate::app::state::{Entry, EntryKind};
use crate::app::{PromptKind, State};
use crate::input::help::hints;
use crate::theme::Role;

use super::pen::{Pen, columns};

/// Draws it. Gives the place of the cursor if something is typed.
pub fn draw(pen: &mut Pen, area: Area, state: &State) -> Option<Position> {
    if let Some(entry) = &state.entry {
        choices(pen, area, entry);
        return Some(typed(pen, area, entry, !state.dialogs.is_empty()));
    }
    if state.form.is_some() {
        let keys = [
            ("Enter", "do it"),
            ("Up/Down", "option"),
            ("Space", "change"),
            ("Esc", "leave it"),
        ];
        let keys = keys.into_iter().map(|(key, words)| (key.to_owned(), words));
        keys_line(pen, area, keys, None);
        if !state.dialogs.is_empty() {
            let style = pen.style(Role::Warn);
            let text = "a question waits for this form";
            pen.put_right(area.x, area.y, area.width.saturating_sub(1), text, style);
        }
    } else if let Some((text, _)) = &state.notice {
        let style = pen.style(Role::Warn);
        let alarm = pen.glyphs().alarm;
        let text = format!("{alarm} {}", state.facts.names.shorten(text));
        pen.put(1, area.y, area.width.saturating_sub(2), &text, style);
    } else if let Some(open) = &state.acting.open {
        let keys: &[(&str, &str)] = match open {
            Open::Menu(_) => &[
                ("Enter", "open"),
                ("Up/Down", "choose"),
                ("Esc", "leave it"),
            ],
            Open::Form(_) => &[("Tab", "change fields and reason"), ("Esc", "leave it")],
        };
        let keys = keys.iter().map(|(key, words)| ((*key).to_owned(), *words));
        keys_line(pen, area, keys, None);
    } else if let Some(prompt) = state.dialogs.first() {
        let keys: &[(&str, &str)] = match prompt.kind {
            PromptKind::YesNo => &[("y", "yes"), ("n", "no")],
            PromptKind::Fields(_) => &[("Enter", "go on"), ("Esc", "leave it")],
        };
        let keys = keys.iter().map(|(key, words)| ((*key).to_owned(), *words));
        keys_line(pen, area, keys, None);
    } else if !state.pending.is_empty() {
        let keys: Vec<String> = state
            .pending
            .keys()
            .iter()
            .map(ToString::to_string)
            .collect();
        let style = pen.style(Role::Prompt);
        let text = format!("{} ...", keys.join(" "));
        pen.put(1, area.y, area.width.saturating_sub(2), &text, style);
    } else {
        let view = state.view();
        let tab = state.keymap.keys_for(Action::NextTab).first();
        let tab = match (view.page.has_more(), view.full) {
            (true, true) => tab.map(|key| (key, "table")),
            (true, false) => tab.map(|key| (key, "more")),
            (false, _) => None,
        };
        let tab = tab.map(|(key, words)| (key.to_string(), words));
        let hints = hints(&state.keymap, view.place());
        let help = hints.iter().find(|hint| hint.action == Action::Help);
        let help = help.map(|hint| (hint.key.clone(), hint.words));
        let hints = hints.into_iter().map(|hint| (hint.key, hint.words));
        keys_line(pen, area, tab.into_iter().chain(hints), help);
    }
    None
}

/// Keys and what they do, as many as there is room for; where that is not all of them, `always` is the last.
fn keys_line(
    pen: &mut Pen,
    area: Area,
    keys: impl Iterator<Item = (String, &'static str)>,
    always: Option<(String, &'static str)>,
) {
    let (key_style, style) = (pen.style(Role::HintKey), pen.style(Role::Hint));
    let wide = |(key, words): &(String, &'static str)| columns(key) + 1 + columns(words);
    let mut keys: Vec<(String, &'static str)> = keys.collect();
    // Each with two blanks behind it, which the last may do without.
    let room = usize::from(area.width) + 1;
    let fitting = |keys: &[(String, &'static str)], room: usize| {
        let ends = keys.iter().scan(0, |end, it| {
            *end += usize::from(wide(it)) + 2;
            Some(*end)
        });
        ends.take_while(|end| *end <= room).count()
    };
    let all = fitting(&keys, room);
    if let Some(always) = always.filter(|it| !keys.iter().take(all).any(|key| key == it)) {
        let before = room.saturating_sub(usize::from(wide(&always)) + 2);
        keys.truncate(fitting(&keys, before));
        keys.push(always);
    }
    let mut x = 1;
    for (key, words) in keys {
        let width = columns(&key) + 1 + columns(words);
        if x + width > area.width {
            break;
        }
        x += pen.put(x, area.y, area.width - x, &key, key_style) + 1;
        x += pen.put(x, area.y, area.width - x, words, style) + 2;
    }
}

fn typed(pen: &mut Pen, area: Area, entry: &Entry, asked: bool) -> Position {
    let sign = match entry.kind {
        EntryKind::Command => ":",
        EntryKind::Filter(_) => "/",
    };
    let style = pen.style(Role::Prompt);
    pen.put(0, area.y, 1, sign, style);
    if let Some(why) = &entry.wrong {
        let row = Area {
            y: area.y.saturating_sub(1),
            ..area
        };
        pen.clear(row);
        let warn = pen.style(Role::Warn);
        let text = format!("{} {why}", pen.glyphs().alarm);
        pen.put(1, row.y, row.width.saturating_sub(2), &text, warn);
    }
    let (keys, role) = match entry.kind {
        _ if asked => ("a question waits for this line", Role::Warn),
        EntryKind::Command => ("Tab complete  Enter do it  Esc leave it", Role::Hint),
        EntryKind::Filter(_) => ("Enter keep  Esc as before", Role::Hint),
    };
    let hint = pen.style(role);
    let room = area.width.saturating_sub(columns(&entry.line.text()) + 4);
    if columns(keys) <= room {
        pen.put_right(area.x, area.y, area.width - 1, keys, hint);
    }
    let x = field(
        pen,
        1,
        area.y,
        area.width.saturating_sub(1),
        &entry.line.text(),
        entry.line.cursor_column(),
    );
    Position { x, y: area.y }
}

/// Writes text that is typed, so that its cursor is in sight. Gives the cursor's column.
pub fn field(pen: &mut Pen, x: u16, y: u16, width: u16, text: &str, cursor: usize) -> u16 {
    let style = pen.style(Role::Text);
    let most = usize::from(width.saturating_sub(1));
    let mut hidden = cursor.saturating_sub(most);
    let mut rest = text;
    let mut skipped = 0;
    while skipped < hidden
        && let Some(c) = rest.chars().next()
    {
        skipped += usize::from(columns(c.encode_utf8(&mut [0; 4])));
        rest = &rest[c.len_utf8()..];
    }
    hidden = skipped.max(hidden);
    pen.put(x, y, width, rest, style);
    let column = u16::try_from(cursor.saturating_sub(hidden)).unwrap_or(width);
    x + column.min(width.saturating_sub(1))
}

/// The ways to go on with a command, in a box just above the line.
fn choices(pen: &mut Pen, bottom: Area, entry: &Entry) {
    let count = u16::try_from(entry.choices.len()).unwrap_or_default();
    let widest = entry
        .choices
        .iter()
        .map(|choice| columns(&choice.line))
        .max();
    let Some(widest) = widest else { return };
    let about = entry.choices.iter().map(|choice| columns(choice.about));
    let about = about.max().unwrap_or_default().max(12);
    let area = Area {
        x: 0,
        y: bottom.y.saturating_sub(count),
        width: (widest + about + 4).min(bottom.width),
        height: count.min(bottom.y),
    };
    pen.clear(area);
    for (index, choice) in entry
        .choices
        .iter()
        .enumerate()
        .take(usize::from(area.height))
    {
        let row = area.row(u16::try_from(index).unwrap_or_default());
        let (text, dim) = (pen.style(Role::Text), pen.style(Role::Dim));
        let frame = pen.style(Role::Frame);
        pen.put(
            row.x + 1,
            row.y,
            widest.min(row.width.saturating_sub(2)),
            &choice.line,
            text,
        );
        pen.put_right(row.x, row.y, row.width.saturating_sub(2), choice.about, dim);
        pen.sign(
            row.x + row.width - 1,
            row.y,
            pen.glyphs().lines.vertical,
            frame,
        );
        if entry.chosen == Some(index) {
            pen.sign(row.x, row.y, pen.glyphs().cursor, text);
            let selected = pen.style(Role::Selected);
            pen.tint(
                Area {
                    width: row.width - 1,
                    ..row
                },
                selected,
            );
        }
    }
}
