//! Questions to the operator, in a box.

use ratatui::layout::Position;

use crate::app::area::Area;
use crate::app::dialog::shape;
use crate::app::layout::Layout;
use crate::app::{Field, PromptKind, State};
use crate::theme::Role;

use super::bottom::field;
use super::pen::{Pen, columns};

/// Draws the first question, if there is one. Gives the place of the cursor in its fields.
pub fn draw(pen: &mut Pen, layout: &Layout, state: &State) -> Option<Position> {
    let prompt = state.dialogs.first()?;
    let shape = shape(prompt, state.size);
    let fields: &[Field] = match &prompt.kind {
        PromptKind::Fields(fields) => fields,
        PromptKind::YesNo => &[],
    };
    let area = Area {
        x: (state.size.0 - shape.width) / 2,
        y: top(layout, state, shape.height),
        width: shape.width,
        height: shape.height,
    };
    let title = match state.dialogs.len() {
        1 => prompt.title.clone(),
        n => format!("{} (1 of {n})", prompt.title),
    };
    frame(pen, area, &title);
    let text = pen.style(Role::Text);
    let x = area.x + 2;
    let inner = area.width.saturating_sub(4);
    let mut y = area.y + 1;
    for line in &shape.lines {
        pen.put(x, y, inner, line, text);
        y += 1;
    }
    if shape.hidden > 0 {
        let style = pen.style(Role::Warn);
        let more = format!("{} more lines: a larger terminal shows them", shape.hidden);
        pen.put(x, y, inner, &more, style);
    }
    y += 1;
    if fields.is_empty() {
        keys(pen, x, y, inner);
        return None;
    }
    draw_fields(
        pen,
        Area {
            x,
            y,
            width: inner,
            height: u16::try_from(fields.len()).unwrap_or(u16::MAX),
        },
        fields,
        state,
    )
}

/// Where the box begins: low, unless that would cover the row under the cursor.
pub fn top(layout: &Layout, state: &State, box_height: u16) -> u16 {
    let lowest = layout.bottom.y.saturating_sub(box_height);
    let middle = lowest / 2 + 2;
    let Some(table) = state.view().shown_table() else {
        return middle.min(lowest);
    };
    let cursor = u16::try_from(table.cursor - table.offset.min(table.cursor)).unwrap_or_default();
    let row = layout.rows.y + cursor;
    let covers = |y: u16| (y..y + box_height).contains(&row);
    [middle.min(lowest), lowest, layout.rule.y + 1]
        .into_iter()
        .find(|y| !covers(*y) && *y <= lowest)
        .unwrap_or(lowest)
}

/// An empty box with a title.
pub fn frame(pen: &mut Pen, area: Area, text: &str) {
    pen.clear(area);
    let (style, bold) = (pen.style(Role::Prompt), pen.style(Role::Title));
    let lines = &pen.glyphs().lines;
    let (right, bottom) = (area.x + area.width - 1, area.y + area.height - 1);
    for y in [area.y, bottom] {
        pen.line(area.x, y, area.width, lines.horizontal, style);
    }
    for y in area.y..=bottom {
        pen.sign(area.x, y, lines.vertical, style);
        pen.sign(right, y, lines.vertical, style);
    }
    pen.sign(area.x, area.y, lines.top_left, style);
    pen.sign(right, area.y, lines.top_right, style);
    pen.sign(area.x, bottom, lines.bottom_left, style);
    pen.sign(right, bottom, lines.bottom_right, style);
    let room = area.width.saturating_sub(4);
    pen.put(area.x + 2, area.y, room, &format!(" {text} "), bold);
}

fn keys(pen: &mut Pen, x: u16, y: u16, width: u16) {
    let (key, words) = (pen.style(Role::HintKey), pen.style(Role::Text));
    let mut at = 0;
    for (sign, text) in [("y", "yes"), ("n", "no")] {
        at += pen.put(x + at, y, width.saturating_sub(at), sign, key) + 1;
        at += pen.put(x + at, y, width.saturating_sub(at), text, words) + 3;
    }
}

fn draw_fields(pen: &mut Pen, area: Area, fields: &[Field], state: &State) -> Option<Position> {
    let widest = fields.iter().map(|field| columns(&field.label)).max()?;
    let label = widest.min(area.width / 2);
    let mut cursor = None;
    for (index, (asked, line)) in fields.iter().zip(state.dialogs.fields()).enumerate() {
        let y = area.y + u16::try_from(index).ok()?;
        let style = pen.style(Role::Dim);
        pen.put(area.x, y, label, &asked.label, style);
        let (text, column) = if asked.echo {
            (line.text(), line.cursor_column())
        } else {
            ("*".repeat(line.len()), line.cursor())
        };
        let x = area.x + label + 2;
        let width = area.width.saturating_sub(label + 2);
        let at = field(pen, x, y, width, &text, column);
        if index == state.dialogs.at() {
            cursor = Some(Position { x: at, y });
        }
    }
    cursor
}
