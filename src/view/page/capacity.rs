//! Rows of shapes in groups.

use crate::app::State;
use crate::app::columns::Col;
use crate::app::tone::Tone;
use crate::app::view::capacity;

use super::Cell;

pub fn worst(state: &State, at: usize) -> Tone {
    match capacity::row(&state.facts, at) {
        Some(room) if room.fits == 0 || room.broken.is_some() => Tone::Warn,
        _ => Tone::Plain,
    }
}

pub fn cell(state: &State, at: usize, col: Col) -> Option<Cell<'_>> {
    let it = capacity::row(&state.facts, at)?;
    Some(match col {
        Col::Fits => Cell::toned(capacity::fits(it), worst(state, at)),
        Col::Text => Cell::toned(capacity::text(&state.facts, at, col)?, worst(state, at)),
        Col::Instances if it.in_use == 0 => Cell::toned("-", Tone::Dim),
        Col::Instances => Cell::plain(it.in_use.to_string()),
        Col::Template => Cell::toned(it.shape.template.word(), Tone::Dim),
        col => Cell::plain(capacity::text(&state.facts, at, col)?),
    })
}
