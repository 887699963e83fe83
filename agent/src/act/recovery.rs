//! Finding out what became of a change whose answer nobody got.
//!
//! A record that is over says it. Without a record it was never begun, and one is made so that it
//! never will be. Between the two: once the process that made the record has ended, a record that
//! says that nothing was sent becomes void. If something was sent, the job's file tells, or, for a
//! method, what luxid says now. A command leaves its own word on how it ended; one without any was
//! not begun.

use gantry_wire::act::{ActId, Outcome};
use gantry_wire::operation::Operation;

use super::command::Course;
use super::deed::Tools;
use super::jobs;
use super::record::{Record, State};
use super::sent::{READ_MS, Sent};

/// A process that does not end is waited for so long, ms. It ends by itself after 30 s without
/// a console and at most 200 s of waiting for luxid.
const ENDED_MS: u64 = 300_000;

/// One change that is being looked into.
#[derive(Debug)]
pub struct Recovery {
    /// Whose it is.
    pub id: ActId,
    /// When it was asked for, milliseconds since the epoch, if the console said so.
    pub asked_ms: Option<u64>,
    /// Why it may not be kept from being begun.
    pub withheld: Option<String>,
    began_ms: Option<u64>,
    /// Since when its maker is known to have ended.
    ended_ms: Option<u64>,
    sent: Sent,
}

/// What is known of it so far.
pub(super) enum Finding {
    Outcome(Outcome),
    Wait(&'static str),
    Runs(String),
}

impl Recovery {
    /// Of the change with this id.
    pub fn new(id: ActId) -> Recovery {
        Recovery {
            id,
            asked_ms: None,
            withheld: None,
            began_ms: None,
            ended_ms: None,
            sent: Sent::default(),
        }
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
        let before = match &self.withheld {
            None => tools.records.create(&self.id, &barred)?,
            Some(why) => match tools.records.read(&self.id)? {
                None => return self.unbarred(tools, why).map(Finding::Outcome),
                before => before,
            },
        };
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
        let finding = match record.state {
            State::Sent {} if command.is_some() && quiet_ms < READ_MS => {
                Finding::Wait("the command may still be started")
            }
            State::Sent {} | State::Accepted {} if command.is_none() => {
                self.sent.look(tools, &self.id, &record, quiet_ms)?
            }
            _ => Finding::Outcome(Outcome::Void {}),
        };
        match finding {
            Finding::Outcome(outcome) => self.over(tools, record, outcome),
            wait => Ok(wait),
        }
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
        if let Some(job) = tools.luxid.find_job(&self.id, None)?.job {
            return Ok(Outcome::Submitted { job });
        }
        let Some(asked_ms) = self.asked_ms else {
            return Ok(Outcome::Void {});
        };
        let age_ms = (tools.now)().wall_ms.saturating_sub(asked_ms);
        if u128::from(age_ms) >= jobs::OLD.as_millis() {
            return Err("no record of it, and none is kept for longer than a week".into());
        }
        match tools.luxid.queue_since() {
            Some(since_ms) if since_ms <= asked_ms => Ok(Outcome::Void {}),
            Some(_) => Err("no record of it, and this node's queue is younger than it".into()),
            None => Err("no record of it, and it is not known since when there is a queue".into()),
        }
    }

    /// It has no record, and none may be made that keeps it from being begun.
    fn unbarred(&self, tools: &mut Tools<'_>, why: &str) -> Result<Outcome, String> {
        match tools.luxid.find_job(&self.id, None)?.job {
            Some(job) => Ok(Outcome::Submitted { job }),
            None => Err(format!("no record and no job of it, and {why}")),
        }
    }
}
