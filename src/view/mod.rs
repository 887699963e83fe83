//! State to cells. Views read and draw; they change nothing.

mod acting;
mod bottom;
mod dialog;
mod form;
mod header;
mod page;
mod pen;
mod rule;
mod sheet;
mod table;

use ratatui::buffer::Buffer;
use ratatui::layout::Position;

use crate::app::layout::LEAST;
use crate::app::{State, Tone};
use crate::model::Cluster;
use crate::theme::{Role, Theme};

use pen::Pen;

/// Draws the whole screen. Gives the place of the cursor where something is typed.
pub fn draw(
    state: &State,
    cluster: &Cluster,
    theme: &Theme,
    buffer: &mut Buffer,
) -> Option<Position> {
    let mut pen = Pen::new(buffer, theme);
    let Some(layout) = state.layout() else {
        too_small(&mut pen, state.size);
        return None;
    };
    header::draw(&mut pen, layout.header, state, cluster);
    rule::draw(&mut pen, &layout, state, cluster);
    sheet::draw(&mut pen, layout.sheet, &state.sheet, state.view().scroll);
    if let Some(table) = state.view().shown_table() {
        table::draw(&mut pen, &layout, table, state, cluster);
        sheet::draw(&mut pen, layout.pane, &state.pane, state.pane_scroll);
    }
    let cursor = bottom::draw(&mut pen, layout.bottom, state);
    match (&state.entry, &state.form) {
        (Some(_), _) => cursor,
        (None, Some(form)) => form::draw(&mut pen, &layout, form, state),
        (None, None) if state.acting.open.is_some() => {
            acting::draw(&mut pen, &layout, state).or(cursor)
        }
        (None, None) => dialog::draw(&mut pen, &layout, state).or(cursor),
    }
}

/// Says what size is needed, as far as there is room to say it.
fn too_small(pen: &mut Pen, (width, height): (u16, u16)) {
    let style = pen.style(Role::Text);
    let (wide, high) = LEAST;
    let lines = [
        format!("gantry needs {wide}x{high}"),
        format!("this is {width}x{height}"),
    ];
    for (row, line) in (0..height).zip(lines) {
        pen.put(0, row, width, &line, style);
    }
}

/// The role that a tone has in themes.
fn role(tone: Tone) -> Role {
    match tone {
        Tone::Plain => Role::Text,
        Tone::Dim => Role::Dim,
        Tone::Warn => Role::Warn,
        Tone::Critical => Role::Critical,
        Tone::Lost => Role::Lost,
        Tone::Stale => Role::Stale,
        Tone::Progress => Role::Progress,
        Tone::Heading => Role::HintKey,
    }
}

#[cfg(test)]
mod tests;
