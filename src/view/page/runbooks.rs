//! Rows of runbooks.

use crate::app::columns::Col;
use crate::app::view::runbook;
use crate::app::{State, Tone};
use crate::model::Cluster;
use crate::model::words::ago;

use super::Cell;

pub fn worst(state: &State, id: &str) -> Tone {
    let row = runbook::row(&state.facts, id);
    row.map_or(Tone::Dim, |row| match row.tone {
        Tone::Critical => Tone::Critical,
        _ if row.going => Tone::Plain,
        _ => Tone::Dim,
    })
}

pub fn cell<'a>(state: &'a State, cluster: &Cluster, id: &str, col: Col) -> Option<Cell<'a>> {
    let row = runbook::row(&state.facts, id)?;
    let tone = match col {
        Col::State => row.tone,
        _ if row.going => Tone::Plain,
        _ => Tone::Dim,
    };
    if col == Col::Since {
        let began = row.began.map(|at| ago(cluster.seconds_since(at)));
        return Some(Cell::or(began, "?"));
    }
    Some(Cell::toned(runbook::text(&state.facts, id, col)?, tone))
}
