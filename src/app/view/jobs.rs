//! The jobs table.

use std::borrow::Cow;

use gantry_wire::job::Job;

use crate::app::columns::{Col, Column};
use crate::app::facts::Facts;
use crate::app::rows::{Id, SortKey};
use crate::app::tone::Tone;
use crate::model::family::{Family, over};
use crate::model::job::{before_in_queue, failure, finished, summary, waits_for};
use crate::model::{Cluster, job};

/// Its columns.
pub const COLUMNS: &[Column] = &[
    Column::text(Col::Id, "JOB", 7, 0).largest_first(),
    Column::text(Col::Status, "STATUS", 10, 1),
    Column::text(Col::Summary, "SUMMARY", 24, 2).growing(60),
    Column::number(Col::Ops, "OPS", 5, 6),
    Column::number(Col::Took, "TOOK", 8, 4),
    Column::number(Col::Received, "AGE", 5, 5),
    Column::text(Col::Note, "NOTE", 20, 3).growing(200).apart(),
    Column::text(Col::Reason, "REASON", 12, 7).growing(40),
];

/// Unfinished ones first, and the newest of each first.
pub fn ids(cluster: &Cluster) -> Vec<Id> {
    let (done, under_way): (Vec<&Job>, Vec<&Job>) = cluster
        .jobs
        .values()
        .rev()
        .partition(|job| finished(&job.status));
    let jobs = under_way.into_iter().chain(done);
    jobs.map(|job| Id::Job(job.id)).collect()
}

/// What a filter searches.
pub fn words(cluster: &Cluster, id: u64) -> Option<Vec<String>> {
    let job = cluster.jobs.get(&id)?;
    let mut words = vec![summary(job), id.to_string(), job.status.clone()];
    words.extend(job.ops.iter().map(|op| op.summary.clone()));
    words.push(note(job, cluster).into_owned());
    words.push(job.reason.clone());
    Some(words)
}

/// The text of a column that grows.
pub fn text<'a>(cluster: &'a Cluster, facts: &Facts, id: u64, col: Col) -> Option<Cow<'a, str>> {
    let job = cluster.jobs.get(&id)?;
    Some(match col {
        Col::Summary => Cow::Owned(facts.names.shorten(&summary(job))),
        Col::Note => Cow::Owned(facts.names.shorten(&note(job, cluster))),
        Col::Reason => Cow::Borrowed(&job.reason),
        _ => return None,
    })
}

/// A job's place in the order of a column.
pub fn sort_key(cluster: &Cluster, id: u64, col: Col) -> Option<SortKey> {
    let job = cluster.jobs.get(&id)?;
    Some(match col {
        Col::Status => SortKey::Text(job.status.clone()),
        Col::Summary => SortKey::Text(summary(job)),
        Col::Ops => SortKey::Number(job.ops.len() as f64),
        Col::Took => SortKey::number(took(job, cluster)),
        Col::Received => SortKey::number(job.received.map(|at| cluster.seconds_since(at))),
        Col::Note => SortKey::Text(note(job, cluster).into_owned()),
        Col::Reason => SortKey::Text(job.reason.clone()),
        _ => return None,
    })
}

/// Seconds that it ran or has been running; none before it began, and while nobody tells.
pub fn took(job: &Job, cluster: &Cluster) -> Option<f64> {
    let until = match job.ended {
        None if is_past(job, cluster) => return None,
        None => cluster.now.wall,
        Some(ended) => ended,
    };
    Some((until - job.started?).max(0.0))
}

/// What is known of it is of the past: it had not ended when the master was last heard.
pub fn is_past(job: &Job, cluster: &Cluster) -> bool {
    !finished(&job.status) && !cluster.master_serves()
}

/// Its status as it is shown: in brackets if that is of the past.
pub fn status<'a>(job: &'a Job, cluster: &Cluster) -> Cow<'a, str> {
    if is_past(job, cluster) {
        Cow::Owned(format!("({})", job.status))
    } else {
        Cow::Borrowed(&job.status)
    }
}

/// What matters most of it: what it waits for, why it failed, or its newest line.
pub fn note<'a>(job: &'a Job, cluster: &Cluster) -> Cow<'a, str> {
    if let Some(waits) = waits(job, cluster) {
        return Cow::Owned(waits);
    }
    if let Some(error) = failure(job) {
        return Cow::Borrowed(error);
    }
    if let Some(family) = Family::of(job, cluster) {
        return Cow::Owned(family.sentence());
    }
    if job.ops.iter().any(|op| op.verdict == Some(false)) {
        return Cow::Borrowed("found errors");
    }
    match &job.last_line {
        Some(line) if !finished(&job.status) => Cow::Borrowed(line.text.trim()),
        _ => Cow::Borrowed(""),
    }
}

/// What a job's note means.
pub fn note_tone(job: &Job, cluster: &Cluster) -> Tone {
    let family = Family::of(job, cluster);
    let against = job.ops.iter().any(|op| op.verdict == Some(false));
    if is_past(job, cluster) {
        Tone::Lost
    } else if waits(job, cluster).is_some() {
        Tone::Warn
    } else if failure(job).is_some() || family.as_ref().is_some_and(Family::has_failed) {
        Tone::Critical
    } else if against
        || family
            .as_ref()
            .is_some_and(|it| it.against().next().is_some())
    {
        Tone::Warn
    } else if !over(job, cluster) && finished(&job.status) {
        Tone::Progress
    } else {
        Tone::Plain
    }
}

/// What a waiting job waits for.
pub fn waits(job: &Job, cluster: &Cluster) -> Option<String> {
    if finished(&job.status) {
        return None;
    }
    let waits = waits_for(job.id, &cluster.locks);
    if let Some((lock, holders)) = waits.first() {
        let more = match waits.len() {
            1 => String::new(),
            n => format!(" and {} more", n - 1),
        };
        let held = match holders.as_slice() {
            [] if lock.others.is_empty() => String::new(),
            [] => format!(", held by {}", lock.others.join(", ")),
            holders => {
                let ids: Vec<String> = holders.iter().map(u64::to_string).collect();
                format!(", held by job {}", ids.join(", "))
            }
        };
        return Some(format!("waits for {}{more}{held}", lock.name));
    }
    match job.status.as_str() {
        "queued" => Some(match before_in_queue(job, cluster) {
            0 => "waits for its turn in the queue".to_owned(),
            n => format!("waits for its turn in the queue: {n} before it"),
        }),
        "waiting" => Some("waits for locks".to_owned()),
        _ => None,
    }
}

/// The opcode that it has got to and how many there are, `2/3`.
pub fn ops(job: &Job) -> String {
    let done = job.ops.iter().filter(|op| finished(&op.status)).count();
    let at = if finished(&job.status) {
        done
    } else {
        (job::current_op(job) + 1).min(job.ops.len())
    };
    format!("{at}/{}", job.ops.len())
}
