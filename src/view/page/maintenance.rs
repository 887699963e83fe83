//! Rows of steps of a plan for reboots.

use crate::app::State;
use crate::app::columns::Col;
use crate::app::tone::Tone;
use crate::app::view::maintenance;

use super::Cell;

pub fn worst(state: &State, at: usize) -> Tone {
    let step = maintenance::row(&state.facts, at);
    step.map_or(Tone::Lost, |step| {
        maintenance::verdict(&state.facts, step).1
    })
}

pub fn cell(state: &State, at: usize, col: Col) -> Option<Cell<'_>> {
    let text = maintenance::text(&state.facts, at, col)?;
    Some(match col {
        Col::Text => Cell::toned(text, worst(state, at)),
        Col::Step => Cell::toned(text, Tone::Dim),
        _ => Cell::plain(text),
    })
}
