//! A Ganeti just large enough to be told things: a queue with files, one instance, one node.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};

use crate::luxi::fake::{FakeLuxid, Reply};

/// What it has.
#[derive(Debug)]
pub struct State {
    queue: PathBuf,
    /// Jobs by id: their opcodes.
    pub jobs: BTreeMap<u64, Value>,
    /// Of each job: status and priority.
    pub states: BTreeMap<u64, (String, i64)>,
    pub archived: Vec<u64>,
    pub serial: u64,
    pub drained: bool,
    pub pause: Option<u64>,
    pub version: String,
    /// The instance's cells by field.
    pub instance: Value,
    /// The node's cells by field.
    pub node: Value,
    /// Methods that change something, as they were called.
    pub told: Vec<(String, Value)>,
    /// Gives out an id for the next job and does not write it.
    pub forgets: bool,
    /// What it says instead of making a job, after having made it or not.
    pub says: Option<(bool, Value)>,
}

/// The handle that tests have.
#[derive(Clone)]
pub struct Small(Arc<Mutex<State>>);

impl Small {
    pub fn start() -> (Small, FakeLuxid) {
        let fake = FakeLuxid::start(|_, _| Reply::Nothing);
        let state = State {
            queue: fake.root().join("var/lib/ganeti/queue"),
            jobs: BTreeMap::new(),
            states: BTreeMap::new(),
            archived: Vec::new(),
            serial: 0,
            drained: false,
            pause: None,
            version: "3.0.2".into(),
            instance: json!({"name": "web1.example.com", "pnode": "node1.example.com",
                             "snodes": ["node2.example.com"], "admin_state": "up"}),
            node: json!({"name": "node2.example.com", "offline": false, "drained": false,
                         "master_candidate": true}),
            told: Vec::new(),
            forgets: false,
            says: None,
        };
        let small = Small(Arc::new(Mutex::new(state)));
        small.lock().give_id(6);
        small.lock().write(6, &json!([{"OP_ID": "OP_TEST_DELAY"}]));
        let handle = small.clone();
        fake.answer(move |method, arguments| handle.lock().reply(method, arguments));
        (small, fake)
    }

    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Ids of the jobs that were made for consoles.
    pub fn made(&self) -> Vec<u64> {
        self.lock()
            .jobs
            .keys()
            .copied()
            .filter(|id| *id > 6)
            .collect()
    }
}

impl State {
    /// Notes an id as given out.
    pub fn give_id(&mut self, id: u64) {
        self.serial = id;
        std::fs::write(self.queue.join("serial"), format!("{id}\n")).unwrap();
    }

    /// All is as it was in the beginning, but for the ids that were given out and their files.
    pub fn forget(&mut self) {
        self.jobs.split_off(&7);
        self.states = BTreeMap::from([(6, ("queued".into(), 0))]);
        (self.drained, self.pause) = (false, None);
        self.told.clear();
    }

    /// Writes a job's file.
    pub fn write(&mut self, id: u64, opcodes: &Value) {
        let file = json!({ "id": id, "ops": [{ "input": opcodes }] });
        std::fs::write(self.queue.join(format!("job-{id}")), file.to_string()).unwrap();
        self.jobs.insert(id, opcodes.clone());
        self.states.insert(id, ("queued".into(), 0));
    }

    /// What it answers.
    pub fn reply(&mut self, method: &str, arguments: &Value) -> Reply {
        if !method.starts_with("Query") {
            self.told.push((method.to_owned(), arguments.clone()));
        }
        match method {
            "QueryClusterInfo" => Reply::result(&json!({ "software_version": self.version })),
            "QueryConfigValues" => {
                let values = arguments[0].as_array().unwrap().iter();
                let value = |name: &Value| match name.as_str().unwrap() {
                    "drain_flag" => json!(self.drained),
                    "watcher_pause" => json!(self.pause),
                    _ => Value::Null,
                };
                Reply::result(&values.map(value).collect())
            }
            "Query" => self.query(arguments),
            "QueryJobs" => {
                let id = arguments[0][0].as_u64().unwrap();
                let archived = self.archived.contains(&id);
                let cell = match (arguments[1][0].as_str().unwrap(), self.states.get(&id)) {
                    (_, None) => return Reply::result(&json!([null])),
                    ("status", Some((status, _))) => json!(status),
                    ("priority", Some((_, priority))) => json!(priority),
                    ("archived", Some(_)) => json!(archived),
                    (field, _) => panic!("{field}"),
                };
                Reply::result(&json!([[cell]]))
            }
            "SubmitJob" => self.submit(&arguments[0]),
            _ => self.change(method, arguments),
        }
    }

    fn query(&self, arguments: &Value) -> Reply {
        let object = match arguments[0].as_str().unwrap() {
            "instance" => &self.instance,
            "node" => &self.node,
            other => panic!("{other}"),
        };
        if arguments[2] != json!(["=", "name", object["name"]]) {
            let error = json!(["OpPrereqError", ["not known", "unknown_entity"]]);
            let answer = json!({ "success": false, "result": error });
            return Reply::Bytes([answer.to_string().as_bytes(), &[3]].concat());
        }
        let fields = arguments[1].as_array().unwrap().iter();
        let cells: Value = fields
            .map(|field| json!([0, object[field.as_str().unwrap()]]))
            .collect();
        Reply::result(&json!({ "fields": [], "data": [cells] }))
    }

    fn submit(&mut self, opcodes: &Value) -> Reply {
        if let Some((made, answer)) = self.says.clone() {
            if made {
                let id = self.serial + 1;
                self.give_id(id);
                self.write(id, opcodes);
            }
            let close = answer["result"].is_string();
            let bytes = [answer.to_string().as_bytes(), &[3]].concat();
            return match close {
                true => Reply::BytesAndClose(bytes),
                false => Reply::Bytes(bytes),
            };
        }
        let id = self.serial + 1;
        self.give_id(id);
        if !self.forgets {
            self.write(id, opcodes);
        }
        Reply::result(&json!(id))
    }

    fn change(&mut self, method: &str, arguments: &Value) -> Reply {
        let id = arguments[0].as_u64().unwrap_or(0);
        let result = match method {
            "CancelJob" => match self.states.get_mut(&id) {
                Some((status, _)) if status == "queued" => {
                    *status = "canceled".into();
                    json!([true, format!("Dequeued job {id}")])
                }
                Some(_) => json!([false, "Job no longer waiting, can't cancel"]),
                None => json!([false, format!("Job {id} not found in queue")]),
            },
            "ChangeJobPriority" => match self.states.get_mut(&id) {
                Some((_, priority)) => {
                    *priority = arguments[1].as_i64().unwrap();
                    json!([true, "Priorities of pending opcodes have been changed"])
                }
                None => json!([false, "no such job"]),
            },
            "ArchiveJob" => {
                let over = self
                    .states
                    .get(&id)
                    .is_some_and(|(status, _)| status == "success");
                if over {
                    self.archived.push(id);
                }
                json!(over)
            }
            "SetDrainFlag" => {
                let drained = arguments[0].as_bool().unwrap();
                if drained == self.drained {
                    // As the real one: no answer at all.
                    return Reply::Nothing;
                }
                self.drained = drained;
                json!(true)
            }
            "SetWatcherPause" => {
                self.pause = arguments[0].as_u64();
                arguments[0].clone()
            }
            other => panic!("{other}"),
        };
        Reply::result(&result)
    }
}
