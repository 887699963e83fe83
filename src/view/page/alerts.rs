//! Rows of findings.

use crate::app::State;
use crate::app::columns::Col;
use crate::app::rows::Id;
use crate::app::tone::{self, Tone};
use crate::app::view::alerts;

use super::Cell;

pub fn row(state: &State, id: &Id) -> Tone {
    let finding = alerts::finding(&state.facts, id);
    finding.map_or(Tone::Dim, |finding| tone::of_severity(finding.severity))
}

pub fn cell<'a>(state: &'a State, id: &'a Id, col: Col) -> Option<Cell<'a>> {
    let text = alerts::text(&state.facts, id, col)?;
    let tone = match col {
        Col::Severity => row(state, id),
        _ => Tone::Plain,
    };
    Some(Cell::toned(text, tone))
}
