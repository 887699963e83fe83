//! Rows of moves.

use crate::app::State;
use crate::app::columns::Col;
use crate::app::tone::Tone;
use crate::app::view::balance;
use crate::planner::n1::words::size;

use super::Cell;

pub fn worst(state: &State, at: usize) -> Tone {
    match balance::unsafe_now(&state.facts, at) {
        Some(_) => Tone::Warn,
        None => Tone::Plain,
    }
}

pub fn cell(state: &State, at: usize, col: Col) -> Option<Cell<'_>> {
    let it = balance::row(&state.facts, at)?;
    Some(match col {
        Col::Gain => Cell::plain(format!("{:.4}", it.gain)),
        Col::Score => Cell::plain(format!("{:.4}", it.score.total())),
        Col::Copy if it.copy == 0 => Cell::toned("-", Tone::Dim),
        Col::Copy => Cell::plain(size(it.copy)),
        Col::Time if it.copy == 0 => Cell::toned("-", Tone::Dim),
        Col::Time => Cell::plain(balance::time(&state.facts, it)),
        Col::Set => Cell::or(it.set.map(|set| set.to_string()), "?"),
        Col::Step => Cell::toned((at + 1).to_string(), Tone::Dim),
        Col::From => Cell::toned(balance::text(&state.facts, at, col)?, Tone::Dim),
        col => Cell::plain(balance::text(&state.facts, at, col)?),
    })
}
