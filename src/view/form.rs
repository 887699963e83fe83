//! A form that is filled in, in a box.

use ratatui::layout::Position;

use crate::app::State;
use crate::app::area::Area;
use crate::app::form::{Form, Row, Value};
use crate::app::layout::Layout;
use crate::app::options::{Of, Takes};
use crate::theme::Role;

use super::bottom::field;
use super::dialog::{frame, top};
use super::pen::{Pen, columns};

/// The widest box, columns.
const WIDEST: u16 = 90;

/// Columns of what an option is set to, where there is room for what it does too; where that is scarce fewer.
const VALUE: u16 = 24;
const SHORT: u16 = 16;

/// Columns of what an option does.
const ABOUT: u16 = 36;

/// Draws it. Gives the place of the cursor where something is typed.
pub fn draw(pen: &mut Pen, layout: &Layout, form: &Form, state: &State) -> Option<Position> {
    let rows = u16::try_from(form.rows.len()).unwrap_or(u16::MAX);
    let width = WIDEST.min(state.size.0.saturating_sub(2));
    // The frame, and what is wrong below a blank line.
    let height = rows.saturating_add(4).min(layout.bottom.y);
    let area = Area {
        x: (state.size.0 - width) / 2,
        y: top(layout, state, height),
        width,
        height,
    };
    let title = match form.of {
        Of::Balance => "how to plan",
        Of::Placing => "a new instance",
    };
    frame(pen, area, title);
    let inner = Area {
        x: area.x + 2,
        y: area.y + 1,
        width: area.width.saturating_sub(4),
        height: area.height.saturating_sub(4),
    };
    let seen = usize::from(inner.height.max(1));
    let first = (form.at + 1).saturating_sub(seen);
    let names = form.rows.iter().map(|row| columns(row.word.name));
    let name = names.max().unwrap_or_default();
    let mut cursor = None;
    for (line, row) in form.rows.iter().skip(first).take(seen).enumerate() {
        let here = first + line == form.at;
        let y = inner.y + u16::try_from(line).ok()?;
        let at = draw_row(
            pen,
            Area {
                y,
                height: 1,
                ..inner
            },
            row,
            name,
            here,
        );
        if here {
            cursor = at.map(|x| Position { x, y });
        }
    }
    below(pen, area, form);
    cursor
}

/// What is wrong, or that what is typed after `:` would be the same.
fn below(pen: &mut Pen, area: Area, form: &Form) {
    let (x, y) = (area.x + 2, area.y + area.height.saturating_sub(2));
    let width = area.width.saturating_sub(4);
    match &form.wrong {
        Some(why) => {
            let text = format!("{} {why}", pen.glyphs().alarm);
            let style = pen.style(Role::Warn);
            pen.put(x, y, width, &text, style);
        }
        None => {
            let text = format!(":{} {}", form.of.line(), form.words().join(" "));
            let style = pen.style(Role::Dim);
            pen.put(x, y, width, text.trim_end(), style);
        }
    }
}

/// One option. Gives the column of the cursor if something is typed there.
fn draw_row(pen: &mut Pen, area: Area, row: &Row, name: u16, here: bool) -> Option<u16> {
    let (text, dim) = (pen.style(Role::Text), pen.style(Role::Dim));
    if here {
        pen.sign(area.x, area.y, pen.glyphs().cursor, text);
    }
    pen.put(
        area.x + 2,
        area.y,
        name,
        row.word.name,
        if here { text } else { dim },
    );
    let x = area.x + 2 + name + 2;
    let room = area.width.saturating_sub(name + 4);
    let about = room > SHORT + ABOUT;
    let width = match room {
        room if room > VALUE + ABOUT => VALUE,
        _ if about => SHORT,
        room => room,
    };
    let cursor = match &row.value {
        Value::Flag(set) => {
            let sign = if *set { "[x]" } else { "[ ]" };
            pen.put(x, area.y, width, sign, text);
            None
        }
        Value::Choice(all, at) => {
            let value = at
                .and_then(|at| all.get(at))
                .map_or(unset(row), String::as_str);
            let value = if here {
                format!("< {value} >")
            } else {
                value.to_owned()
            };
            let style = if at.is_some() || here { text } else { dim };
            pen.put(x, area.y, width, &value, style);
            None
        }
        Value::Text(line) if line.is_empty() && !here => {
            pen.put(x, area.y, width, unset(row), dim);
            None
        }
        Value::Text(line) => {
            let column = line.cursor_column();
            Some(field(pen, x, area.y, width, &line.text(), column)).filter(|_| here)
        }
    };
    if about {
        pen.put(x + width + 1, area.y, room - width - 1, row.word.about, dim);
    }
    if here {
        let selected = pen.style(Role::Selected);
        pen.tint(area, selected);
    }
    cursor
}

/// What stands for an option that is not set.
fn unset(row: &Row) -> &'static str {
    match row.word.takes {
        Takes::Group => "any",
        Takes::Percent => "100",
        Takes::Tag | Takes::Texts | Takes::Instances | Takes::Nothing => "-",
        Takes::Template | Takes::Size | Takes::Sizes => "as the policy has it",
        Takes::Number => match row.word.name {
            "cpus" => "as the policy has it",
            _ => "as measured",
        },
    }
}
