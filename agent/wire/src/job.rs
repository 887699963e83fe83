//! Jobs, their logs, the queue and the locks.

use serde::{Deserialize, Serialize};

/// Jobs, all that the agent follows or those that changed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct JobsPart {
    /// Replaces all jobs known before.
    pub whole: bool,
    /// When it was asked, seconds since the epoch by the master's clock.
    pub at: f64,
    /// New or changed jobs.
    pub jobs: Vec<Job>,
    /// Jobs that are no longer followed: archived, or over and too old.
    pub gone: Vec<u64>,
}

/// One job. Times are seconds since the epoch; absent until reached.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Job {
    /// Id.
    pub id: u64,
    /// `queued`, `waiting`, `canceling`, `running`, `canceled`, `success` or `error`.
    pub status: String,
    /// Lowest number first; 0 normal.
    pub priority: i32,
    /// Its opcodes in order.
    pub ops: Vec<Op>,
    /// Accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub received: Option<f64>,
    /// First opcode picked up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started: Option<f64>,
    /// Over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<f64>,
    /// The newest line of its log, known while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_line: Option<LogLine>,
    /// Who or what asked for it: the first entry of its reason trail, as `source: reason`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// One opcode of a job.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Op {
    /// `INSTANCE_MIGRATE(web1)`, as Ganeti sums it up.
    pub summary: String,
    /// As a job's status.
    pub status: String,
    /// Picked up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started: Option<f64>,
    /// Got its locks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub executed: Option<f64>,
    /// Over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<f64>,
    /// Why it failed, in Ganeti's words; empty otherwise.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub error: String,
    /// The jobs that it made, in order. Told with its success.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub made: Vec<Made>,
    /// What it found: of a verify whether all is well. The job is a success either way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<bool>,
}

/// A job that an opcode made, or could not make.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Made {
    /// Its id.
    Job(u64),
    /// Ganeti did not take it, and why.
    Refused(String),
}

/// Lines of one job's log.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct JobLog {
    /// Job id.
    pub job: u64,
    /// Lines by serial.
    pub lines: Vec<LogLine>,
}

/// One entry of a job's log.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LogLine {
    /// Counts from 1 over the whole job.
    pub serial: u64,
    /// Seconds since the epoch.
    pub at: f64,
    /// Index of the opcode that wrote it.
    pub op: u32,
    /// `message`, `remote-import`, ...
    pub kind: String,
    /// The text; other kinds than `message` as JSON.
    pub text: String,
}

/// The queue's and the watcher's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct QueueState {
    /// New jobs are refused.
    pub drained: bool,
    /// The watcher does nothing until then, seconds since the epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub watcher_paused_until: Option<f64>,
    /// Job filters in force.
    pub filters: Vec<Filter>,
}

/// One job filter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// UUID.
    pub uuid: String,
    /// Lower ones are tried first.
    pub priority: u64,
    /// `ACCEPT`, `PAUSE`, `REJECT`, `CONTINUE` or `RATE_LIMIT n`.
    pub action: String,
    /// What it applies to, as JSON.
    pub predicates: String,
    /// Who set it and why.
    pub reason: String,
}

/// One lock that is held or waited for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Lock {
    /// `instance/web1`, `node/node1` (names, not uuids, where known), ...
    pub name: String,
    /// `exclusive`, `shared` or empty.
    pub mode: String,
    /// Jobs that hold it.
    pub owners: Vec<u64>,
    /// Holders that are no jobs, as Ganeti names them.
    pub others: Vec<String>,
    /// Jobs that wait for it, with the mode they want.
    pub pending: Vec<Pending>,
}

/// A job that waits for a lock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Pending {
    /// `exclusive` or `shared`.
    pub mode: String,
    /// Those who want it together.
    pub jobs: Vec<u64>,
}
