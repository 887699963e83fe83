//! Jobs as the model keeps them.

use gantry_wire::job;

use super::Cluster;

/// A job is finished: its status will not change any more.
pub fn finished(status: &str) -> bool {
    matches!(status, "canceled" | "success" | "error")
}

/// The job's summary: its first opcode's, and how many follow.
pub fn summary(job: &job::Job) -> String {
    match job.ops.as_slice() {
        [] => "(empty)".to_owned(),
        [op] => op.summary.clone(),
        [op, rest @ ..] => format!("{} +{}", op.summary, rest.len()),
    }
}

/// Why a job failed, in Ganeti's words: the error of the first opcode that did. Those after it only say that it failed.
pub fn failure(job: &job::Job) -> Option<&str> {
    let mut errors = job.ops.iter().map(|op| op.error.trim());
    errors.find(|error| !error.is_empty())
}

/// The opcode of a summary: what stands before its subject.
pub fn opcode(summary: &str) -> &str {
    summary.split('(').next().unwrap_or_default()
}

/// The subject of a summary, if it has one.
pub fn subject(summary: &str) -> Option<&str> {
    summary.split_once('(')?.1.strip_suffix(')')
}

/// The index of the opcode that the job has got to.
pub fn current_op(job: &job::Job) -> usize {
    let done = job
        .ops
        .iter()
        .take_while(|op| op.status == "success")
        .count();
    done.min(job.ops.len().saturating_sub(1))
}

/// What a waiting job waits for: the locks it wants and the jobs that hold them.
pub fn waits_for<'a>(job: u64, locks: &'a [job::Lock]) -> Vec<(&'a job::Lock, Vec<u64>)> {
    let wants = |lock: &&'a job::Lock| lock.pending.iter().any(|want| want.jobs.contains(&job));
    let with_holders = |lock: &'a job::Lock| {
        let holders = lock
            .owners
            .iter()
            .copied()
            .filter(|owner| *owner != job)
            .collect();
        (lock, holders)
    };
    locks.iter().filter(wants).map(with_holders).collect()
}

/// How many queued jobs have their turn before this one: those of a lower number as priority, and of the same one those
/// that came before.
pub fn before_in_queue(job: &job::Job, cluster: &Cluster) -> usize {
    let queued = cluster.jobs.values().filter(|it| it.status == "queued");
    let before = |it: &&job::Job| (it.priority, it.id) < (job.priority, job.id);
    queued.filter(before).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_the_queue_is_by_priority_and_then_by_age() {
        let mut cluster = Cluster::default();
        for (id, priority, status) in [
            (1, 0, "running"),
            (2, 0, "queued"),
            (3, 10, "queued"),
            (4, 0, "queued"),
            (5, -10, "queued"),
        ] {
            let job = job::Job {
                id,
                priority,
                status: status.to_owned(),
                ..job::Job::default()
            };
            cluster.jobs.insert(id, job);
        }
        let places: Vec<usize> = cluster
            .jobs
            .values()
            .skip(1)
            .map(|job| before_in_queue(job, &cluster))
            .collect();
        assert_eq!(places, [1, 3, 2, 0]);
    }

    #[test]
    fn a_summary_has_an_opcode_and_perhaps_a_subject() {
        assert_eq!(opcode("INSTANCE_MIGRATE(web1)"), "INSTANCE_MIGRATE");
        assert_eq!(subject("INSTANCE_MIGRATE(web1)"), Some("web1"));
        assert_eq!(opcode("CLUSTER_VERIFY"), "CLUSTER_VERIFY");
        assert_eq!(subject("CLUSTER_VERIFY"), None);
        assert_eq!(subject("TEST(a"), None);
    }
}
