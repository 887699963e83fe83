//! Rows of places for disks.

use crate::app::State;
use crate::app::columns::Col;
use crate::app::tone::Tone;
use crate::app::view::storage;
use crate::model::Name;
use crate::model::words::{age, mib};
use crate::planner::storage::PlaceKind;

use super::Cell;

pub fn row(state: &State, node: &Name, nth: usize) -> Tone {
    match state.facts.place(node, nth) {
        Some(place) if place.fresh => Tone::Plain,
        _ => Tone::Lost,
    }
}

pub fn worst(state: &State, node: &Name, nth: usize) -> Tone {
    let place = state.facts.place(node, nth);
    place.map_or(Tone::Plain, storage::worst)
}

pub fn cell<'a>(state: &'a State, node: &'a Name, nth: usize, col: Col) -> Option<Cell<'a>> {
    let place = state.facts.place(node, nth)?;
    let offline = place.offline;
    let unknown = if offline { "*" } else { "?" };
    let size = |size: Option<u64>| match size {
        None if offline => Cell::toned("*", Tone::Lost),
        Some(0) => Cell::toned("-", Tone::Dim),
        // Of a directory nobody counts it.
        None if place.kind != PlaceKind::VolumeGroup => Cell::toned("-", Tone::Dim),
        size => Cell::or(size.map(mib), unknown),
    };
    // Nothing of that kind is what is wanted.
    let count = |n: usize, bad: Tone| match n {
        0 => Cell::toned("-", Tone::Dim),
        n => Cell::toned(n.to_string(), bad),
    };
    Some(match col {
        Col::PlaceKind => Cell::toned(storage::kind(place), Tone::Dim),
        Col::DiskBar => Cell::bar(storage::used(place), unknown),
        Col::DiskTotal => Cell::or(place.total.map(mib), unknown),
        Col::DiskFree => Cell::or(place.free.map(mib), unknown),
        Col::Instances => size(place.instances),
        Col::Metadata => size(place.metadata),
        Col::Others => size(place.others),
        Col::Promised => match (place.promised, place.total) {
            (Some(promised), Some(total)) if promised > total => {
                Cell::toned(mib(promised), Tone::Warn)
            }
            (promised, _) => size(promised),
        },
        Col::MissingPvs => count(place.missing_pvs as usize, Tone::Critical),
        Col::Orphans => count(place.orphans, Tone::Warn),
        Col::Missing => count(place.missing, Tone::Critical),
        Col::FullIn => match place.full_in_s {
            Some(seconds) => Cell::toned(age(seconds), storage::full_tone(seconds)),
            None => Cell::toned("-", Tone::Dim),
        },
        Col::Note => {
            let tone = if place.why.is_empty() {
                Tone::Dim
            } else {
                Tone::Warn
            };
            Cell::toned(storage::text(&state.facts, node, nth, col)?, tone)
        }
        col => Cell::plain(storage::text(&state.facts, node, nth, col)?),
    })
}
