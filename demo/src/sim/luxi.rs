//! luxid's side of LUXI, as far as acting needs it.

mod opcode;

use gantry_agent::luxi::Error;
use serde_json::{Value, json};

use super::Cluster;
use super::facts::RELEASE;
use super::instance::Instance;
use super::node::{Node, Role};

impl Cluster {
    /// Answers a call.
    ///
    /// # Errors
    /// As luxid refuses it, or with Ganeti's own exception.
    pub fn luxi(&mut self, method: &str, arguments: &Value) -> Result<Value, Error> {
        let job = || arguments[0].as_u64().unwrap_or(0);
        match method {
            "QueryClusterInfo" => Ok(json!({ "software_version": RELEASE, "name": self.name })),
            "QueryConfigValues" => Ok(self.values(&arguments[0])),
            "Query" => self.query(arguments),
            "QueryJobs" => Ok(self.job_cells(arguments)),
            "SubmitJob" => self.submit_job(&arguments[0]),
            "CancelJob" => Ok(json!(self.cancel_job(job()))),
            "ChangeJobPriority" => {
                let priority = arguments[1].as_i64().unwrap_or(0).clamp(-20, 19);
                Ok(json!(self.set_job_priority(job(), priority as i32)))
            }
            "ArchiveJob" => Ok(json!(self.archive_job(job()))),
            "SetDrainFlag" => {
                self.queue.drained = arguments[0].as_bool().unwrap_or(false);
                Ok(json!(true))
            }
            "SetWatcherPause" => {
                let until = arguments[0].as_u64();
                self.watcher_paused_until = until.map(|seconds| seconds.saturating_mul(1000));
                Ok(json!(until))
            }
            other => Err(Error::Refused(format!(
                "Failed to parse request: unknown method {other}"
            ))),
        }
    }

    fn values(&self, names: &Value) -> Value {
        let value = |name: &Value| match name.as_str().unwrap_or_default() {
            "drain_flag" => json!(self.queue.drained),
            "watcher_pause" => {
                let until = self.watcher_paused_until.filter(|until| *until > self.now);
                json!(until.map(|ms| ms / 1000))
            }
            "cluster_name" => json!(self.name),
            "master_node" => json!(self.node_name(self.master())),
            _ => Value::Null,
        };
        names.as_array().into_iter().flatten().map(value).collect()
    }

    /// One object by its name.
    fn query(&self, arguments: &Value) -> Result<Value, Error> {
        let name = arguments[2][2].as_str().unwrap_or_default();
        let fields = arguments[1]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        let found = match arguments[0].as_str() {
            Some("instance") => {
                let mut all = self.instances.values();
                let found = all.find(|instance| instance.name == name);
                found.map(|found| cells(fields, |field| self.instance_cell(found, field)))
            }
            Some("node") => {
                let found = self.nodes.iter().find(|node| node.name == name);
                found.map(|found| cells(fields, |field| node_cell(found, field)))
            }
            _ => {
                return Err(Error::Refused(
                    "Failed to parse request: no such kind".into(),
                ));
            }
        };
        match found {
            Some(row) => Ok(json!({ "fields": [], "data": [row] })),
            None => Err(unknown(name)),
        }
    }

    fn instance_cell(&self, instance: &Instance, field: &str) -> Option<Value> {
        let facts = self.instance_facts(instance);
        Some(match field {
            "name" => json!(facts.name),
            "pnode" => json!(facts.primary),
            "snodes" => json!(facts.secondaries),
            "admin_state" => json!(facts.admin_state),
            _ => return None,
        })
    }

    fn job_cells(&self, arguments: &Value) -> Value {
        let fields = arguments[1]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        let row = |id: &Value| {
            let id = id.as_u64().unwrap_or(0);
            let job = self.queue.jobs.get(&id);
            if job.is_none() && !self.queue.is_archived(id) {
                return Value::Null;
            }
            let cell = |field: &Value| match field.as_str().unwrap_or_default() {
                "status" => json!(job.map(|job| &job.facts.status)),
                "priority" => json!(job.map(|job| job.facts.priority)),
                "archived" => json!(job.is_none()),
                _ => Value::Null,
            };
            fields.iter().map(cell).collect()
        };
        let ids = arguments[0].as_array().into_iter().flatten();
        ids.map(row).collect()
    }

    fn submit_job(&mut self, opcodes: &Value) -> Result<Value, Error> {
        let opcodes = opcodes.as_array().map(Vec::as_slice).unwrap_or_default();
        let mut codes = Vec::new();
        for opcode in opcodes {
            let code = opcode::read(self, opcode);
            codes.push(
                code.map_err(|why| Error::Refused(format!("Failed to parse request: {why}")))?,
            );
        }
        let first = opcodes.first().map(|opcode| &opcode["reason"][0]);
        let word = |at: usize| {
            first
                .and_then(|entry| entry[at].as_str())
                .unwrap_or_default()
        };
        let reason = format!("{}: {}", word(0), word(1));
        let id = self.submit(codes, &reason);
        id.map(|id| json!(id)).map_err(|words| Error::Ganeti {
            class: "GenericError".into(),
            arguments: vec![json!(words)],
        })
    }
}

fn node_cell(node: &Node, field: &str) -> Option<Value> {
    Some(match field {
        "name" => json!(node.name),
        "offline" => json!(node.role == Role::Offline),
        "drained" => json!(node.role == Role::Drained),
        "master_candidate" => json!(matches!(node.role, Role::Master | Role::Candidate)),
        _ => return None,
    })
}

/// A row; unknown fields are cells without a value.
fn cells(fields: &[Value], cell: impl Fn(&str) -> Option<Value>) -> Value {
    let cell = |field: &Value| match cell(field.as_str().unwrap_or_default()) {
        Some(value) => json!([0, value]),
        None => json!([1, null]),
    };
    fields.iter().map(cell).collect()
}

fn unknown(name: &str) -> Error {
    Error::Ganeti {
        class: "OpPrereqError".into(),
        arguments: vec![
            json!(format!("Instance or node '{name}' not known")),
            json!("unknown_entity"),
        ],
    }
}
