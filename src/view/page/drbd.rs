//! Rows of DRBD disks.

use crate::app::State;
use crate::app::columns::Col;
use crate::app::rows::Id;
use crate::app::steady::Meter;
use crate::app::tone::Tone;
use crate::app::view::drbd;
use crate::model::Cluster;
use crate::model::words::{age, kib};
use crate::planner::replica::{self, Key};

use super::Cell;

/// Points of the sparkline.
const POINTS: usize = 12;

pub fn row(state: &State, key: &Key) -> Tone {
    match state.facts.pair(key) {
        None => Tone::Lost,
        Some(pair) => match pair.state {
            replica::State::Healthy | replica::State::Down => Tone::Dim,
            _ => Tone::Plain,
        },
    }
}

pub fn worst(state: &State, key: &Key) -> Tone {
    match state.facts.pair(key) {
        Some(pair) => drbd::state_tone(pair),
        None => Tone::Plain,
    }
}

pub fn cell<'a>(
    state: &'a State,
    cluster: &'a Cluster,
    id: &Id,
    key: &Key,
    col: Col,
) -> Option<Cell<'a>> {
    let facts = &state.facts;
    let pair = facts.pair(key)?;
    let held = |meter| state.steady.get(id, meter);
    Some(match col {
        Col::State => {
            let tone = drbd::state_tone(pair);
            match &pair.going {
                Some(going) => Cell::Gauge {
                    percent: held(Meter::Done).unwrap_or(going.percent),
                    text: drbd::beside_bar(pair),
                    tone,
                },
                None => Cell::toned(drbd::state(pair), tone),
            }
        }
        Col::Minor => Cell::plain(drbd::minors(pair)),
        Col::Speed => Cell::or(held(Meter::Speed).map(drbd::speed), "-"),
        Col::Left => match &pair.going {
            Some(going) => {
                let tone = match (going.still_s, going.paused_by.is_empty()) {
                    (None, true) => Tone::Plain,
                    _ => Tone::Warn,
                };
                Cell::toned(drbd::left(going, held(Meter::Left)), tone)
            }
            None => Cell::toned("-", Tone::Dim),
        },
        Col::OutOfSync => match held(Meter::OutOfSync) {
            Some(oos) if oos >= 1.0 => Cell::plain(kib(oos as u64)),
            Some(_) => Cell::toned("0", Tone::Dim),
            None if pair.state == replica::State::Down => Cell::toned("-", Tone::Dim),
            None => Cell::toned("?", Tone::Dim),
        },
        Col::Since => {
            // Since when all is well does not matter where nobody knows it.
            let well = matches!(pair.state, replica::State::Healthy | replica::State::Down);
            let since = pair.since.map(|at| age(cluster.seconds_since(at)));
            Cell::or(since, if well { "-" } else { "?" })
        }
        Col::SpeedPast if pair.going.is_none() => Cell::toned("", Tone::Dim),
        Col::SpeedPast => {
            let points = drbd::speeds(cluster, pair, POINTS);
            let top = points.iter().flatten().copied().fold(1_024.0, f32::max);
            Cell::Spark(points, top)
        }
        col => Cell::plain(drbd::text(facts, key, col)?),
    })
}
