//! Jobs, their queue and the watcher.

use crate::model::job::finished;
use crate::model::words::age;
use crate::model::{Cluster, job};

use super::{Found, Severity, Subject, count};

/// Failed jobs are news for this long, seconds.
const FAILED_IS_NEWS: f64 = 3_600.0;

/// Jobs that failed of late.
pub(super) fn jobs(cluster: &Cluster, found: &mut Found) {
    let news = |ended: f64| cluster.seconds_since(ended) < FAILED_IS_NEWS;
    let failed: Vec<_> = cluster
        .jobs
        .values()
        .rev()
        .filter(|job| job.status == "error" && job.ended.is_some_and(news))
        .collect();
    if let [newest, ..] = failed.as_slice() {
        let what = job::summary(newest);
        let text = match failed.len() {
            1 => format!("job {} failed: {what}", newest.id),
            n => format!(
                "{n} jobs failed in the last hour, the newest: {} {what}",
                newest.id
            ),
        };
        found.add(Severity::Warning, Subject::Job(newest.id), text);
    }
}

/// What somebody did to the queue and the watcher.
pub(super) fn queue(cluster: &Cluster, found: &mut Found) {
    let Some(queue) = &cluster.queue else { return };
    if queue.drained {
        let text = "the job queue is drained: new jobs are refused".to_owned();
        found.add(Severity::Warning, Subject::Cluster, text);
    }
    if let Some(until) = queue
        .watcher_paused_until
        .filter(|until| *until > cluster.now.wall)
    {
        let text = format!("watcher paused {} more", age(until - cluster.now.wall));
        found.add(Severity::Note, Subject::Cluster, text);
    }
    if !queue.filters.is_empty() {
        let waiting = cluster
            .jobs
            .values()
            .filter(|job| !finished(&job.status))
            .count();
        let text = format!(
            "{} in force, {}",
            count(queue.filters.len(), "job filter"),
            count(waiting, "unfinished job")
        );
        found.add(Severity::Note, Subject::Cluster, text);
    }
}
