//! Rows of jobs, and what is in their results and logs.

use gantry_wire::job::{Job, LogLine, Made, Op};
use serde_json::Value;

use crate::luxi::error::{exception, exception_words, plain};
use crate::luxi::row::whole;

/// What is asked of every job: neither its opcodes nor its log.
pub const FIELDS: &[&str] = &[
    "id",
    "status",
    "priority",
    "received_ts",
    "start_ts",
    "end_ts",
    "opstatus",
    "opstart",
    "opexec",
    "opend",
    "summary",
];
/// What is asked of a job whose texts cannot be read: all but those.
pub const SAFE_FIELDS: &[&str] = FIELDS.split_at(10).0;

/// A job from a row of [`FIELDS`] or [`SAFE_FIELDS`]; `None` if there is no such job.
pub fn job(row: &[Value]) -> Option<Job> {
    let cell = |field: &str| {
        let at = FIELDS.iter().position(|name| *name == field);
        at.and_then(|at| row.get(at)).unwrap_or(&Value::Null)
    };
    let id = whole(cell("id"))?;
    let each = |field: &str, n: usize| cell(field).get(n).unwrap_or(&Value::Null);
    let statuses = cell("opstatus").as_array().map(Vec::as_slice);
    let ops = statuses.unwrap_or_default().iter().enumerate();
    let ops = ops.map(|(n, status)| Op {
        summary: each("summary", n).as_str().unwrap_or_default().to_owned(),
        status: status.as_str().unwrap_or_default().to_owned(),
        started: time(each("opstart", n)),
        executed: time(each("opexec", n)),
        ended: time(each("opend", n)),
        ..Op::default()
    });
    Some(Job {
        id,
        status: cell("status").as_str().unwrap_or_default().to_owned(),
        priority: cell("priority")
            .as_f64()
            .map_or(0, |priority| priority as i32),
        ops: ops.collect(),
        received: time(cell("received_ts")),
        started: time(cell("start_ts")),
        ended: time(cell("end_ts")),
        last_line: None,
        reason: String::new(),
    })
}

/// Whether nothing will happen to it any more.
pub fn is_over(job: &Job) -> bool {
    matches!(job.status.as_str(), "canceled" | "success" | "error")
}

/// Why an opcode did not succeed, from its `opresult`; empty if that does not say.
pub fn failure(result: &Value) -> String {
    match (exception(result), result) {
        (Some((class, arguments)), _) => exception_words(class, arguments),
        // Of a job that was killed or cancelled.
        (None, Value::String(words)) => words.clone(),
        // Of one that was taken out of the queue before it began.
        (None, Value::Null) => String::new(),
        (None, other) => other.to_string(),
    }
}

/// Opcodes that may make jobs, as summaries begin.
const PARENTS: [&str; 9] = [
    "CLUSTER_VERIFY",
    "CLUSTER_VERIFY_DISKS",
    "CLUSTER_SET_PARAMS",
    "NODE_EVACUATE",
    "NODE_MIGRATE",
    "GROUP_ADD",
    "GROUP_EVACUATE",
    "INSTANCE_CHANGE_GROUP",
    "INSTANCE_MULTI_ALLOC",
];

/// Opcodes that are a success whatever they found.
const JUDGES: [&str; 2] = ["CLUSTER_VERIFY_CONFIG", "CLUSTER_VERIFY_GROUP"];

/// Whether the result of an opcode of this summary says more than that it succeeded.
pub fn tells_more(summary: &str) -> bool {
    let what = opcode(summary);
    PARENTS.contains(&what) || JUDGES.contains(&what)
}

/// The opcode of a summary: what stands before its subject.
fn opcode(summary: &str) -> &str {
    summary.split('(').next().unwrap_or_default()
}

/// The jobs in a result: `{"jobs": [[true, 31], [false, "Job queue is full"]]}`.
pub fn made(result: &Value) -> Vec<Made> {
    let jobs = result["jobs"].as_array().map(Vec::as_slice);
    let one = |entry: &Value| match (entry.get(0)?.as_bool()?, entry.get(1)?) {
        (true, id) => whole(id).map(Made::Job),
        (false, why) => Some(Made::Refused(plain(why))),
    };
    jobs.unwrap_or_default().iter().filter_map(one).collect()
}

/// What an opcode that judges found.
pub fn verdict(summary: &str, result: &Value) -> Option<bool> {
    let judges = JUDGES.contains(&opcode(summary));
    result.as_bool().filter(|_| judges)
}

/// All lines of an `oplog`, a list of lines for each opcode, in order.
pub fn log(oplog: &Value) -> Vec<LogLine> {
    let ops = oplog.as_array().map(Vec::as_slice).unwrap_or_default();
    let mut lines: Vec<LogLine> = ops
        .iter()
        .enumerate()
        .flat_map(|(op, lines)| {
            let lines = lines.as_array().map(Vec::as_slice).unwrap_or_default();
            lines.iter().filter_map(move |line| log_line(op, line))
        })
        .collect();
    lines.sort_by_key(|line| line.serial);
    lines
}

/// One line is `[serial, [sec, usec], type, message]`.
fn log_line(op: usize, line: &Value) -> Option<LogLine> {
    Some(LogLine {
        serial: whole(line.get(0)?)?,
        at: time(line.get(1)?).unwrap_or(0.0),
        op: u32::try_from(op).unwrap_or(u32::MAX),
        kind: line.get(2)?.as_str()?.to_owned(),
        text: match line.get(3)? {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        },
    })
}

/// Who asked for a job, from its `ops`: the first entry of the first opcode's reason trail.
pub fn reason(ops: &Value) -> String {
    let entry = &ops[0]["reason"][0];
    match (entry.get(0).map(plain), entry.get(1).map(plain)) {
        (Some(source), Some(why)) if !why.is_empty() => format!("{source}: {why}"),
        (Some(source), _) => source,
        _ => String::new(),
    }
}

/// `[seconds, microseconds]`, or seconds alone.
fn time(value: &Value) -> Option<f64> {
    let at = match value.as_array().map(Vec::as_slice) {
        Some([seconds, micros]) => seconds.as_f64()? + micros.as_f64()? / 1e6,
        _ => value.as_f64()?,
    };
    at.is_finite().then_some(at)
}

#[cfg(test)]
#[path = "job_tests.rs"]
mod tests;
