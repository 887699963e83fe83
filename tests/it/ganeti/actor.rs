//! A console that only asks for changes, and what Ganeti's own commands say of them.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout};
use std::time::{Duration, SystemTime};

use gantry_wire::act::{Act, ActId, Expect, Outcome};
use gantry_wire::operation::{Operation, Subject};
use gantry_wire::request::Hello;
use gantry_wire::{PROTOCOL, Report, Request, frame};

use super::lab::Lab;
use crate::harness::wait;

/// How long a job may take.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// A console that only acts.
pub struct Actor<'a> {
    lab: &'a Lab,
    pub agent: Child,
    pub requests: Option<ChildStdin>,
    reports: BufReader<ChildStdout>,
}

impl<'a> Actor<'a> {
    pub fn new(lab: &'a Lab, node: &str, options: &[&str]) -> Self {
        let mut agent = lab.agent_with(node, options);
        let reports = BufReader::new(agent.stdout.take().unwrap());
        let mut actor = Actor {
            lab,
            requests: agent.stdin.take(),
            agent,
            reports,
        };
        actor.say(&Request::Hello(Hello {
            protocol: PROTOCOL,
            version: String::new(),
        }));
        actor
    }

    pub fn say(&mut self, request: &Request) {
        let requests = self.requests.as_mut().unwrap();
        requests.write_all(&frame::encode(request)).unwrap();
    }

    /// The next outcome that is not only waiting, or a line of what runs.
    pub fn outcome(&mut self) -> Outcome {
        let mut line = String::new();
        loop {
            line.clear();
            assert!(self.reports.read_line(&mut line).unwrap() > 0, "it ended");
            if let Ok(Some(Report::Acted(acted))) = frame::report(line.as_bytes())
                && !acted.outcome.is_followed()
            {
                return acted.outcome;
            }
        }
    }

    /// Asks for a change of things as they are.
    pub fn act(&mut self, operation: Operation) -> Outcome {
        let expect = seen(self.lab, &operation);
        self.expecting(operation, expect)
    }

    pub fn expecting(&mut self, operation: Operation, expect: Expect) -> Outcome {
        self.say(&Request::Act(Box::new(Act {
            id: id(),
            operation,
            expect,
            reason: "to see whether it works".into(),
            operator: "tester".into(),
        })));
        self.outcome()
    }

    /// Makes a job and waits for its end, which is a good one.
    pub fn job(&mut self, operation: Operation) -> u64 {
        let words = format!("{operation:?}");
        let (job, status) = self.ended(operation);
        let info = || self.lab.gnt(&format!("gnt-job info {job}"));
        assert_eq!(status, "success", "{words}: {}", info());
        job
    }

    pub fn ended(&mut self, operation: Operation) -> (u64, String) {
        match self.act(operation) {
            Outcome::Submitted { job } => (job, ended(self.lab, job)),
            other => panic!("{other:?}"),
        }
    }

    /// Makes a change that needs no job.
    pub fn done(&mut self, operation: Operation) -> String {
        match self.act(operation) {
            Outcome::Done { words } => words,
            other => panic!("{other:?}"),
        }
    }
}

impl Drop for Actor<'_> {
    fn drop(&mut self) {
        self.requests = None;
        let _ = self.agent.wait();
    }
}

/// One that no run before has used.
pub fn id() -> ActId {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    ActId::new(since.unwrap().as_nanos() << 32 | u128::from(std::process::id()))
}

/// How a job ended.
pub fn ended(lab: &Lab, job: u64) -> String {
    wait::until(&format!("the end of job {job}"), PATIENCE, || {
        let status = lab.gnt(&format!("gnt-job list --no-headers -o status {job}"));
        match status.trim() {
            over @ ("success" | "error" | "canceled") => Ok(over.to_owned()),
            other => Err(other.to_owned()),
        }
    })
}

/// Cells of one row of `gnt-instance list`.
pub fn instance(lab: &Lab, name: &str, fields: &str) -> Vec<String> {
    let line = format!("gnt-instance list --no-headers --units=m --separator=| -o {fields} {name}");
    lab.table(&line).remove(0)
}

/// Cells of one row of `gnt-node list`.
pub fn node(lab: &Lab, name: &str, fields: &str) -> Vec<String> {
    let line = format!("gnt-node list --no-headers --separator=| -o {fields} {name}");
    lab.table(&line).remove(0)
}

/// What an operator sees of an operation's subject.
pub fn seen(lab: &Lab, operation: &Operation) -> Expect {
    if let Operation::MasterFailover(_) = operation {
        return Expect::Master {
            master: lab.master(),
        };
    }
    match operation.subject() {
        Subject::Instance(name) => {
            let mut cells = instance(lab, name, "pnode,snodes,admin_state").into_iter();
            let mut next = || cells.next().unwrap();
            let (primary, secondaries, admin_state) = (next(), next(), next());
            let secondaries = secondaries.split(',').filter(|name| !name.is_empty());
            Expect::Instance {
                primary,
                secondaries: secondaries.map(str::to_owned).collect(),
                admin_state,
            }
        }
        Subject::Node(name) => {
            let cells = node(lab, name, "offline,drained,master_candidate");
            let flag = |at: usize| cells[at] == "Y";
            Expect::Node {
                offline: flag(0),
                drained: flag(1),
                master_candidate: flag(2),
            }
        }
        _ => Expect::Nothing {},
    }
}
