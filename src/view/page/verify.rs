//! Rows of what verifies found.

use crate::app::columns::Col;
use crate::app::view::verify;
use crate::app::{State, Tone};
use crate::model::Cluster;
use crate::planner::verify::Level;

use super::Cell;

pub fn row(state: &State, key: &str) -> Tone {
    let row = state.facts.inbox.row(key);
    match row.is_some_and(|row| row.ack.is_some()) {
        true => Tone::Dim,
        false => Tone::Plain,
    }
}

pub fn worst(state: &State, key: &str) -> Tone {
    match state.facts.inbox.row(key) {
        Some(row) if row.ack.is_some() => Tone::Dim,
        Some(row) if row.cause.entry.level == Level::Error => Tone::Critical,
        Some(_) => Tone::Warn,
        None => Tone::Lost,
    }
}

pub fn cell<'a>(state: &'a State, cluster: &Cluster, key: &'a str, col: Col) -> Option<Cell<'a>> {
    let text = verify::text(cluster, &state.facts, key, col)?;
    let tone = match col {
        Col::Severity => worst(state, key),
        Col::News if text == "new" => Tone::Warn,
        Col::News | Col::Code | Col::Age => Tone::Dim,
        _ => row(state, key),
    };
    Some(Cell::toned(text, tone))
}
