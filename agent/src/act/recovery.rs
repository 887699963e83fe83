//! Finding out what became of a change whose answer nobody got.
//!
//! A record that is over says it. Without a record it was never begun, and one is made so that it
//! never will be. Between the two: once the process that made the record has ended, a record that
//! says that nothing was sent becomes void. If something was sent, the job's file tells, or, for a
//! method, what luxid says now. If luxid is alive and after a moment has still neither written the
//! job nor given out an id for it, it never had the whole request. A command leaves its own word on
//! how it ended; one without any was not begun.

use gantry_wire::act::{ActId, Outcome};
use gantry_wire::operation::{Carriage, Method, Operation, Version};
use serde_json::json;

use super::command::Course;
use super::deed::{Tools, seconds};
use super::luxid::Luxid;
use super::method;
use super::record::{Record, State};
use crate::luxi::Error;

/// From the end of a process on, luxid has read what it sent after so long, ms.
const READ_MS: u64 = 5_000;
/// A job whose id is given out is written after so long, ms: luxid first tells all candidates, and
/// a node that is silent costs it 300 s.
const WRITTEN_MS: u64 = 330_000;
/// A process that does not end is waited for so long, ms. It ends by itself after 30 s without
/// a console and at most 200 s of waiting for luxid.
const ENDED_MS: u64 = 300_000;

/// Any version: a method's request depends on none.
const ANY: Version = Version { major: 3, minor: 0 };

/// One change that is being looked into.
#[derive(Debug)]
pub struct Recovery {
    id: ActId,
    began_ms: Option<u64>,
    /// Since when its maker is known to have ended.
    ended_ms: Option<u64>,
}

/// What is known of it so far.
enum Finding {
    Outcome(Outcome),
    Wait(&'static str),
    Runs(String),
}

impl Recovery {
    /// Of the change with this id.
    pub fn new(id: ActId) -> Recovery {
        Recovery {
            id,
            began_ms: None,
            ended_ms: None,
        }
    }

    /// Whose it is.
    pub fn id(&self) -> &ActId {
        &self.id
    }

    /// Looks once more. An outcome [that is followed](Outcome::is_followed) means that it is to be
    /// called again.
    pub fn look(&mut self, tools: &mut Tools<'_>) -> Outcome {
        match self.find(tools) {
            Ok(Finding::Outcome(outcome)) => outcome,
            Ok(Finding::Wait(why)) => Outcome::Waiting { why: why.into() },
            Ok(Finding::Runs(line)) => Outcome::Running { line },
            Err(why) => Outcome::Unknown { why },
        }
    }

    fn find(&mut self, tools: &mut Tools<'_>) -> Result<Finding, String> {
        let now = (tools.now)();
        let began_ms = *self.began_ms.get_or_insert(now.mono_ms);
        // A record without an operation keeps it from being begun and says nothing more.
        let barred = Record {
            owner: tools.records.myself(),
            at_ms: now.wall_ms,
            above: 0,
            operation: None,
            expect: None,
            state: State::Begun {},
        };
        let before = tools.records.create(&self.id, &barred)?;
        let record = before.unwrap_or(barred);
        if let State::Over { outcome } = record.state {
            return Ok(Finding::Outcome(outcome));
        }
        if record.operation.is_none() {
            let outcome = self.without_record(tools)?;
            return self.over(tools, record, outcome);
        }
        let command = record.operation.as_ref().and_then(Operation::node_command);
        // It may run although its agent has ended, and may have ended although its agent runs.
        if let (Some(command), State::Sent {}) = (command, &record.state) {
            match tools.commands.course(&self.id) {
                Course::NotBegun => {}
                Course::Runs { line } => return Ok(Finding::Runs(line)),
                Course::Ended { status, said } => {
                    let outcome = tools.verdict(command, status, &said);
                    return self.over(tools, record, outcome);
                }
            }
        }
        // This process does one thing after the other, so its own is over if it is not said so.
        let is_mine = record.owner == tools.records.myself();
        if !is_mine && tools.records.runs(&record.owner) {
            if now.mono_ms.saturating_sub(began_ms) >= ENDED_MS {
                let pid = record.owner.pid;
                return Err(format!(
                    "the agent that was asked, process {pid}, does not end"
                ));
            }
            return Ok(Finding::Wait("the agent that was asked works on it"));
        }
        let ended_ms = *self.ended_ms.get_or_insert(now.mono_ms);
        let quiet_ms = now.mono_ms.saturating_sub(ended_ms);
        let outcome = match record.state {
            State::Sent {} if command.is_some() => Outcome::Void {},
            State::Sent {} => match self.sent(tools, &record, quiet_ms)? {
                Finding::Outcome(outcome) => outcome,
                wait => return Ok(wait),
            },
            _ => Outcome::Void {},
        };
        self.over(tools, record, outcome)
    }

    fn over(
        &self,
        tools: &mut Tools<'_>,
        mut record: Record,
        outcome: Outcome,
    ) -> Result<Finding, String> {
        record.state = State::Over {
            outcome: outcome.clone(),
        };
        tools.records.write(&self.id, &record)?;
        Ok(Finding::Outcome(outcome))
    }

    /// It cannot be begun any more; but its record may have gone with a boot of the node.
    fn without_record(&self, tools: &mut Tools<'_>) -> Result<Outcome, String> {
        let search = tools.luxid.find_job(&self.id, None)?;
        Ok(match search.job {
            Some(job) => Outcome::Submitted { job },
            None => Outcome::Void {},
        })
    }

    /// Something may have been sent.
    fn sent(
        &self,
        tools: &mut Tools<'_>,
        record: &Record,
        quiet_ms: u64,
    ) -> Result<Finding, String> {
        let carriage = record.operation.as_ref().map(|it| it.carriage(ANY));
        let method = match carriage {
            Some(Ok(Carriage::Method(method))) => Some(method),
            _ => None,
        };
        // First whether luxid lives, then what it has done until now.
        let alive = is_alive(tools.luxid);
        let unwritten = match method {
            None => {
                let search = tools.luxid.find_job(&self.id, Some(record.above))?;
                if let Some(job) = search.job {
                    return Ok(Finding::Outcome(Outcome::Submitted { job }));
                }
                search.unwritten
            }
            Some(method) => {
                if let Some(words) = holds(tools, method, record, &alive)? {
                    return Ok(Finding::Outcome(Outcome::Done { words }));
                }
                false
            }
        };
        match alive {
            Ok(true) if quiet_ms < READ_MS => {
                Ok(Finding::Wait("luxid may still read what it was told"))
            }
            Ok(true) if unwritten && quiet_ms < WRITTEN_MS => Ok(Finding::Wait(
                "luxid has given out an id and not yet written the job",
            )),
            // Whatever a luxid that has ended did not write, no other one will.
            Ok(_) => Ok(Finding::Outcome(Outcome::Void {})),
            Err(error) => Err(format!("not known until luxid answers: {error}")),
        }
    }
}

/// Whether luxid answers, `false` if there is none.
fn is_alive(luxid: &mut dyn Luxid) -> Result<bool, Error> {
    match luxid.ask("QueryConfigValues", &json!([["drain_flag"]])) {
        Ok(_) => Ok(true),
        Err(Error::Absent(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether it is as a method makes it. Without luxid that cannot be said.
fn holds(
    tools: &mut Tools<'_>,
    method: Method,
    record: &Record,
    alive: &Result<bool, Error>,
) -> Result<Option<String>, String> {
    if let Ok(false) = alive {
        return Err("not known until luxid runs".into());
    }
    let read = method::read_back(tools.luxid, method, seconds(record.at_ms));
    read.map_err(|error| format!("not known until luxid answers: {error}"))
}
