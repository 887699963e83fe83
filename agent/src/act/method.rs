//! Methods of LUXI's that change something without a job. What they did is read back: then it is
//! known whatever became of the answer.

use gantry_wire::operation::Method;
use serde_json::{Value, json};

use super::luxid::Luxid;
use super::sent::{READ_MS, TOLD_MS};
use crate::luxi::Error;
use crate::luxi::row::whole;

/// The watcher's pause is what was asked for if it ends within so many seconds of it.
const NEAR: f64 = 60.0;

/// The method's name and arguments; `at` is when it was asked for, seconds since the epoch.
pub fn request(method: Method, at: f64) -> (&'static str, Value) {
    match method {
        Method::CancelJob(job) => ("CancelJob", json!([job])),
        Method::ChangeJobPriority(job, priority) => ("ChangeJobPriority", json!([job, priority])),
        Method::ArchiveJob(job) => ("ArchiveJob", json!([job])),
        Method::SetDrainFlag(drained) => ("SetDrainFlag", json!([drained])),
        Method::SetWatcherPause(seconds) => {
            let until = seconds.map(|seconds| (at + f64::from(seconds)).round() as u64);
            ("SetWatcherPause", json!([until]))
        }
    }
}

/// After so long it is done, if it is done at all, ms.
pub fn takes_ms(method: Method) -> u64 {
    match method {
        // A job's process is asked, and asked again, for up to 44 s. The pause is noted by noded.
        Method::CancelJob(_) | Method::ChangeJobPriority(..) | Method::SetWatcherPause(_) => 60_000,
        // It is done at once, and then the candidates are told.
        Method::SetDrainFlag(_) => READ_MS,
        // It waits in line with those that want a job's id.
        Method::ArchiveJob(_) => TOLD_MS,
    }
}

/// Whether it may still be done although luxid has long done its part: a job that has a process
/// takes note of its priority by itself, between two steps.
///
/// # Errors
/// Any of LUXI's.
pub fn is_pending(luxid: &mut dyn Luxid, method: Method) -> Result<bool, Error> {
    let Method::ChangeJobPriority(job, _) = method else {
        return Ok(false);
    };
    let status = field(luxid, job, "status")?;
    Ok(["waiting", "running"].contains(&status.as_str().unwrap_or_default()))
}

/// What the method itself says: why it did nothing.
///
/// # Errors
/// In Ganeti's words.
pub fn verdict(method: Method, result: &Value) -> Result<(), String> {
    match method {
        Method::CancelJob(_) | Method::ChangeJobPriority(..) => match result[0].as_bool() {
            Some(true) => Ok(()),
            _ => Err(result[1].as_str().unwrap_or("Ganeti says no").to_owned()),
        },
        Method::ArchiveJob(job) if result.as_bool() != Some(true) => {
            Err(format!("job {job} is not over, or not there"))
        }
        _ => Ok(()),
    }
}

/// Whether it is as the method makes it, in words if it is.
///
/// # Errors
/// Any of LUXI's.
pub fn read_back(luxid: &mut dyn Luxid, method: Method, at: f64) -> Result<Option<String>, Error> {
    match method {
        Method::CancelJob(job) => {
            let status = field(luxid, job, "status")?;
            let status = status.as_str().unwrap_or_default();
            let holds = ["canceled", "canceling"].contains(&status);
            Ok(holds.then(|| format!("job {job} is {status}")))
        }
        Method::ChangeJobPriority(job, priority) => {
            let now = field(luxid, job, "priority")?;
            let holds = now.as_f64() == Some(f64::from(priority));
            Ok(holds.then(|| format!("job {job} has priority {priority}")))
        }
        Method::ArchiveJob(job) => {
            let archived = field(luxid, job, "archived")?;
            let holds = archived.as_bool() == Some(true);
            Ok(holds.then(|| format!("job {job} is archived")))
        }
        Method::SetDrainFlag(drained) => {
            let holds = is_drained(luxid)? == drained;
            let not = if drained { "" } else { "not " };
            Ok(holds.then(|| format!("the queue is {not}drained")))
        }
        Method::SetWatcherPause(seconds) => {
            let values = luxid.ask("QueryConfigValues", &json!([["watcher_pause"]]))?;
            let until = values[0].as_f64();
            Ok(match seconds {
                None => until
                    .is_none()
                    .then(|| "the watcher is not paused".to_owned()),
                Some(seconds) => {
                    let wanted = at + f64::from(seconds);
                    let near = until.is_some_and(|until| (until - wanted).abs() <= NEAR);
                    near.then(|| "the watcher is paused".to_owned())
                }
            })
        }
    }
}

/// Whether the queue takes no jobs.
///
/// # Errors
/// Any of LUXI's.
pub fn is_drained(luxid: &mut dyn Luxid) -> Result<bool, Error> {
    let values = luxid.ask("QueryConfigValues", &json!([["drain_flag"]]))?;
    values[0]
        .as_bool()
        .ok_or_else(|| Error::Garbled("no drain flag".into()))
}

/// One field of one job; null if there is none.
fn field(luxid: &mut dyn Luxid, job: u64, field: &str) -> Result<Value, Error> {
    let mut rows = luxid.ask("QueryJobs", &json!([[job], [field]]))?;
    Ok(rows[0][0].take())
}

/// A job's id as luxid says it.
pub fn job_id(result: &Value) -> Option<u64> {
    let text = || result.as_str()?.parse().ok();
    whole(result).or_else(text).filter(|id| *id > 0)
}
