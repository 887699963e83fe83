//! Rows of nodes that may die.

use crate::app::State;
use crate::app::columns::Col;
use crate::app::tone::Tone;
use crate::app::view::n1;
use crate::model::Name;
use crate::planner::n1::words::size;
use crate::planner::n1::{Kind, Verdict};

use super::Cell;

pub fn row(state: &State, node: &Name) -> Tone {
    match n1::row(&state.facts, node) {
        None => Tone::Lost,
        Some(row) if row.offline => Tone::Dim,
        Some(_) => Tone::Plain,
    }
}

pub fn worst(state: &State, node: &Name) -> Tone {
    n1::row(&state.facts, node).map_or(Tone::Plain, n1::tone)
}

pub fn cell<'a>(state: &'a State, node: &'a Name, col: Col) -> Option<Cell<'a>> {
    let row = n1::row(&state.facts, node)?;
    let kind = |kind: Kind| {
        let said = row.kinds.get(kind as usize).copied().unwrap_or_default();
        match row.offline {
            true => Cell::toned("*", Tone::Dim),
            false => {
                let (word, tone) = n1::verdict(said);
                Cell::toned(word, tone)
            }
        }
    };
    Some(match col {
        Col::AtRisk => Cell::toned(n1::fate(row), n1::tone(row)),
        Col::Lacks => match (row.verdict, row.missing) {
            (Verdict::Fails, 1..) if !row.offline => Cell::toned(size(row.missing), Tone::Warn),
            (Verdict::Unknown, _) if !row.offline => Cell::toned("?", Tone::Stale),
            _ => Cell::toned("-", Tone::Dim),
        },
        Col::Verify => kind(Kind::Verify),
        Col::FailN1 => kind(Kind::FailN1),
        Col::Global => kind(Kind::Global),
        Col::Text => Cell::toned(n1::text(&state.facts, node, col)?, n1::tone(row)),
        col => Cell::plain(n1::text(&state.facts, node, col)?),
    })
}
