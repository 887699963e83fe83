//! What can be done, and what is about to be: the menu and the form, each in a box.

use ratatui::layout::Position;

use crate::app::acting::{Choosing, Filling, LABEL, Open, Row, shape};
use crate::app::area::Area;
use crate::app::layout::Layout;
use crate::app::nav::Page;
use crate::app::{State, Tone};
use crate::theme::Role;

use super::bottom::field;
use super::dialog::{frame, top};
use super::pen::{Pen, columns};

/// The widest menu, columns.
const WIDEST: u16 = 100;

/// Draws what is open. Gives the place of the cursor where something is typed.
pub fn draw(pen: &mut Pen, layout: &Layout, state: &State) -> Option<Position> {
    match state.acting.open.as_ref()? {
        Open::Menu(menu) => {
            draw_menu(pen, layout, state, menu);
            None
        }
        Open::Form(form) => draw_form(pen, layout, state, form),
    }
}

/// A box of this size, where it does not cover the row that it speaks of.
fn place(layout: &Layout, state: &State, width: u16, height: u16) -> Area {
    // The steps of a runbook stay in sight above the form of one of them.
    let y = match state.view().page {
        Page::Runbook(_) => layout.bottom.y.saturating_sub(height),
        _ => top(layout, state, height),
    };
    Area {
        x: state.size.0.saturating_sub(width) / 2,
        y,
        width,
        height,
    }
}

fn draw_menu(pen: &mut Pen, layout: &Layout, state: &State, menu: &Choosing) {
    let denied = u16::from(menu.denied.is_some());
    let count = u16::try_from(menu.choices.len()).unwrap_or(u16::MAX);
    let room = state.size.1.saturating_sub(3 + denied);
    let height = count.min(room).saturating_add(2 + denied);
    let area = place(
        layout,
        state,
        WIDEST.min(state.size.0.saturating_sub(2)),
        height,
    );
    let title = state.facts.names.shorten(&menu.title());
    frame(pen, area, &format!("what to do with {title}"));
    if let Some(why) = &menu.denied {
        let style = pen.style(Role::Warn);
        let why = format!("nothing: {}", state.facts.names.shorten(why));
        let y = area.y + area.height.saturating_sub(2);
        pen.put(area.x + 2, y, area.width.saturating_sub(4), &why, style);
    }
    let rows = usize::from(height.saturating_sub(2 + denied));
    let first = menu.at.saturating_sub(rows.saturating_sub(1));
    let names = menu.choices.iter().map(|it| columns(it.name())).max();
    let names = names.unwrap_or(0);
    let lines = menu.choices.iter().enumerate().skip(first).take(rows);
    for (y, (at, choice)) in (area.y + 1..).zip(lines) {
        let (key, name, words) = match menu.is_possible(choice) {
            true => (Role::HintKey, Role::Text, Role::Dim),
            false => (Role::Dim, Role::Dim, Role::Stale),
        };
        let (key, name, words) = (pen.style(key), pen.style(name), pen.style(words));
        let x = area.x + 2;
        if at == menu.at {
            pen.sign(area.x + 1, y, pen.glyphs().cursor, name);
        }
        pen.put(x + 1, y, 1, choice.letter.encode_utf8(&mut [0; 4]), key);
        pen.put(x + 4, y, names, choice.name(), name);
        let text = match &choice.why_not {
            None if choice.book().is_some() => format!("runbook: {}", choice.what),
            None => choice.what.to_owned(),
            Some(why) => format!("no: {}", state.facts.names.shorten(why)),
        };
        let room = area.width.saturating_sub(names + 10);
        pen.put(x + 6 + names, y, room, &text, words);
        if at == menu.at {
            let selected = pen.style(Role::Selected);
            let row = Area {
                x: area.x + 1,
                y,
                width: area.width.saturating_sub(2),
                height: 1,
            };
            pen.tint(row, selected);
        }
    }
}

fn draw_form(pen: &mut Pen, layout: &Layout, state: &State, form: &Filling) -> Option<Position> {
    let shape = shape(form, state);
    let area = place(layout, state, shape.width, shape.height);
    frame(pen, area, &state.facts.names.shorten(&form.title()));
    let inner = Area {
        x: area.x + 3,
        y: area.y + 1,
        width: area.width.saturating_sub(5),
        height: area.height.saturating_sub(2),
    };
    let mut y = inner.y;
    for row in &shape.said {
        draw_row(pen, inner.row(y - inner.y), row);
        y += 1;
    }
    for line in &shape.help {
        let style = pen.style(Role::Dim);
        if !line.is_empty() {
            pen.put(inner.x, y, inner.width, line, style);
        }
        y += 1;
    }
    let mut cursor = None;
    for row in &shape.asked {
        cursor = cursor.or(draw_row(pen, inner.row(y - inner.y), row));
        y += 1;
    }
    cursor
}

fn draw_row(pen: &mut Pen, area: Area, row: &Row) -> Option<Position> {
    let label_width = LABEL.saturating_sub(2).min(area.width);
    // What has to be typed is told whole.
    let (label_width, text_at) = match row {
        Row::Asked { label, .. } => (area.width, LABEL.max(columns(label) + 2)),
        Row::Said { .. } => (label_width, LABEL),
    };
    let x = area.x + text_at.min(area.width);
    let width = area.width.saturating_sub(text_at);
    match row {
        Row::Said { label, text, tone } => {
            let dim = pen.style(Role::Dim);
            pen.put(area.x, area.y, label_width, label, dim);
            let style = pen.tone(*tone);
            pen.put(x, area.y, width, text, style);
            None
        }
        Row::Asked {
            label,
            text,
            how,
            here,
            cursor,
            tone,
        } => {
            let style = match (*here, *tone) {
                (true, Tone::Plain) => pen.style(Role::Prompt),
                (_, Tone::Plain) => pen.style(Role::Dim),
                (_, tone) => pen.tone(tone),
            };
            if *here {
                let sign = pen.glyphs().cursor;
                let mark = pen.style(Role::Prompt);
                pen.sign(area.x.saturating_sub(2), area.y, sign, mark);
            }
            pen.put(area.x, area.y, label_width, label, style);
            let used = match cursor {
                Some(column) => {
                    let at = field(pen, x, area.y, width, text, *column);
                    let used = columns(text).min(width);
                    let dim = pen.style(Role::Dim);
                    let room = width.saturating_sub(used + 2);
                    pen.put(x + used + 2, area.y, room, how, dim);
                    return Some(Position { x: at, y: area.y });
                }
                None => {
                    let text_style = pen.style(Role::Text);
                    pen.put(x, area.y, width, text, text_style)
                }
            };
            let dim = pen.style(Role::Dim);
            let room = width.saturating_sub(used + 2);
            pen.put(x + used + 2, area.y, room, how, dim);
            None
        }
    }
}
