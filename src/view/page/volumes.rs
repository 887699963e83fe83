//! Rows of logical volumes.

use crate::app::State;
use crate::app::columns::Col;
use crate::app::rows::Id;
use crate::app::tone::Tone;
use crate::app::view::volumes;
use crate::model::words::mib;

use super::Cell;

pub fn row(state: &State, id: &Id) -> Tone {
    match state.facts.volume(id) {
        None => Tone::Lost,
        Some((_, volume)) => match volumes::tone(volume) {
            Tone::Dim => Tone::Dim,
            _ => Tone::Plain,
        },
    }
}

pub fn worst(state: &State, id: &Id) -> Tone {
    let volume = state.facts.volume(id);
    volume.map_or(Tone::Plain, |(_, volume)| volumes::tone(volume))
}

pub fn cell<'a>(state: &'a State, id: &Id, col: Col) -> Option<Cell<'a>> {
    let (_, volume) = state.facts.volume(id)?;
    let size = volume.found.as_ref().map(|lv| lv.bytes >> 20);
    Some(match col {
        Col::Size => match size {
            Some(size) if volume.wanted.is_some_and(|wanted| wanted > size) => {
                Cell::toned(mib(size), Tone::Warn)
            }
            Some(size) => Cell::plain(mib(size)),
            None => Cell::toned("missing", Tone::Critical),
        },
        Col::Wanted => Cell::or(volume.wanted.map(mib), "-"),
        Col::Owner => Cell::toned(
            volumes::text(&state.facts, id, col)?,
            match volumes::tone(volume) {
                Tone::Critical => Tone::Plain,
                tone => tone,
            },
        ),
        Col::Text => Cell::toned(volumes::text(&state.facts, id, col)?, volumes::tone(volume)),
        Col::Attributes => match &volume.found {
            Some(lv) => Cell::toned(lv.attr.as_str(), Tone::Dim),
            None => Cell::toned("-", Tone::Dim),
        },
        Col::LiesOn | Col::VolumeGroup => {
            Cell::toned(volumes::text(&state.facts, id, col)?, Tone::Dim)
        }
        col => Cell::plain(volumes::text(&state.facts, id, col)?),
    })
}
