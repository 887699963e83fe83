//! `gantry jobs`

use gantry_wire::job::Job;
use serde_json::{Value, json};

use super::{Row, fields};
use crate::model::family::made_ids;
use crate::model::words::duration;
use crate::model::{Cluster, job};

pub const TITLES: &[&str] = &["ID", "STATUS", "TOOK", "SUMMARY", "NOTE"];

pub fn rows(cluster: &Cluster) -> Vec<Row> {
    cluster.jobs.values().map(|job| row(cluster, job)).collect()
}

fn row(cluster: &Cluster, job: &Job) -> Row {
    let ops: Vec<Value> = job
        .ops
        .iter()
        .map(|op| {
            let error = Some(&op.error).filter(|error| !error.is_empty());
            json!({"summary": op.summary, "status": op.status, "error": error,
                   "started": op.started, "executed": op.executed, "ended": op.ended,
                   "verdict": op.verdict})
        })
        .collect();
    let waits_for: Vec<Value> = job::waits_for(job.id, &cluster.locks)
        .into_iter()
        .map(|(lock, holders)| json!({"lock": lock.name, "jobs": holders}))
        .collect();
    let took = job
        .started
        .map(|started| job.ended.unwrap_or(cluster.now.wall) - started);
    let line = job.last_line.as_ref().map(|line| line.text.trim());
    let fields = fields(json!({
        "id": job.id,
        "status": job.status,
        "priority": job.priority,
        "summary": job.ops.iter().map(|op| &op.summary).collect::<Vec<_>>(),
        "ops": ops,
        "received": job.received,
        "started": job.started,
        "ended": job.ended,
        "waits_for": waits_for,
        "made": made_ids(job).collect::<Vec<u64>>(),
        "last_line": line,
        "reason": Some(&job.reason).filter(|reason| !reason.is_empty()),
    }));
    let error = job
        .ops
        .iter()
        .map(|op| op.error.as_str())
        .find(|error| !error.is_empty());
    let cells = vec![
        job.id.to_string(),
        job.status.clone(),
        took.map_or_else(|| "-".to_owned(), duration),
        job::summary(job),
        error.or(line).unwrap_or_default().to_owned(),
    ];
    Row {
        key: job.id.to_string(),
        fields,
        cells,
    }
}
