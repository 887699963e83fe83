//! Rows of chains of locks.

use crate::app::State;
use crate::app::columns::Col;
use crate::app::rows::Id;
use crate::app::tone::{self, Tone};
use crate::app::view::{jobs, locks};
use crate::model::Cluster;
use crate::model::words::duration;

use super::Cell;

pub fn cell<'a>(state: &'a State, cluster: &'a Cluster, id: &'a Id, col: Col) -> Option<Cell<'a>> {
    let job = locks::job(cluster, id);
    let waits = locks::link(&state.facts, id)?.wants.is_some();
    Some(match (col, job) {
        (Col::Status, Some(job)) => {
            Cell::toned(jobs::status(job, cluster), tone::of_job(job, cluster))
        }
        (Col::Took, Some(job)) => Cell::or(jobs::took(job, cluster).map(duration), "-"),
        (Col::Status | Col::Took, None) => Cell::toned("-", Tone::Dim),
        (Col::Locks, _) => {
            let tone = if waits { Tone::Warn } else { Tone::Plain };
            Cell::toned(locks::text(cluster, &state.facts, id, col)?, tone)
        }
        _ => Cell::plain(locks::text(cluster, &state.facts, id, col)?),
    })
}
