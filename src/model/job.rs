//! Jobs as the model keeps them.

use gantry_wire::job;

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
