//! Rows of jobs.

use crate::app::State;
use crate::app::columns::Col;
use crate::app::tone::{self, Tone};
use crate::app::view::jobs;
use crate::model::Cluster;
use crate::model::job::finished;
use crate::model::words::{age, duration};

use super::Cell;

pub fn row(cluster: &Cluster, id: u64) -> Tone {
    match cluster.jobs.get(&id) {
        None => Tone::Lost,
        Some(job) if tone::of_job(job, cluster) == Tone::Lost => Tone::Lost,
        Some(job) if finished(&job.status) && job.status != "error" => Tone::Dim,
        Some(_) => Tone::Plain,
    }
}

pub fn worst(cluster: &Cluster, id: u64) -> Tone {
    match cluster.jobs.get(&id) {
        Some(job) if job.status == "error" => Tone::Critical,
        _ => Tone::Plain,
    }
}

pub fn cell<'a>(state: &'a State, cluster: &'a Cluster, id: u64, col: Col) -> Option<Cell<'a>> {
    let job = cluster.jobs.get(&id)?;
    Some(match col {
        Col::Id => Cell::plain(id.to_string()),
        Col::Status => Cell::toned(jobs::status(job, cluster), tone::of_job(job, cluster)),
        Col::Summary => Cell::plain(jobs::text(cluster, &state.facts, id, col)?),
        Col::Ops => Cell::plain(jobs::ops(job)),
        Col::Took => {
            let stand_in = if jobs::is_past(job, cluster) {
                "?"
            } else {
                "-"
            };
            Cell::or(jobs::took(job, cluster).map(duration), stand_in)
        }
        Col::Received => Cell::or(job.received.map(|at| age(cluster.seconds_since(at))), "?"),
        Col::Note => {
            let tone = jobs::note_tone(job, cluster);
            Cell::toned(jobs::text(cluster, &state.facts, id, col)?, tone)
        }
        Col::Reason => Cell::toned(job.reason.as_str(), Tone::Dim),
        _ => return None,
    })
}
