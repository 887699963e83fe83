//! Carrying out one change: everything is looked at first, then it is written down, then luxid is
//! told, once, or a command started.

use std::time::Duration;

use gantry_wire::act::{Act, Outcome, Recover, Refusal};
use gantry_wire::operation::{Carriage, Method, Migrate, Operation, Version};
use serde_json::{Value, json};

use super::command::Commands;
use super::luxid::Luxid;
use super::permits::Permits;
use super::record::{Record, Records, State};
use super::recovery::Recovery;
use super::{method, seen};
use crate::luxi::Error;
use crate::session::Moment;

/// How often it is looked whether something is as Ganeti said it would be.
const SEEN: u32 = 50;
/// How long after the look before.
const SOON: Duration = Duration::from_millis(100);

/// The most that is told of why something was not done, characters.
const LONGEST: usize = 2_000;

/// What a change is carried out with.
pub struct Tools<'a> {
    /// luxid.
    pub luxid: &'a mut dyn Luxid,
    /// What the node does by itself.
    pub commands: &'a mut dyn Commands,
    /// The node's records.
    pub records: &'a mut dyn Records,
    /// What may be done.
    pub permits: &'a Permits,
    /// The time.
    pub now: &'a dyn Fn() -> Moment,
    /// Whether the console is still there to be acted for.
    pub is_heard: &'a dyn Fn() -> bool,
    /// Lets some time pass.
    pub pause: &'a dyn Fn(Duration),
}

/// How far it came.
#[derive(Debug)]
pub enum Progress {
    /// To its end.
    Over(Outcome),
    /// What became of it must be found out.
    Open(Recovery),
}

/// A refusal. What others said at length is cut.
pub fn refused(kind: Refusal, words: impl Into<String>) -> Outcome {
    let mut words = words.into();
    if let Some((end, _)) = words.char_indices().nth(LONGEST) {
        words.truncate(end);
        words.push_str("...");
    }
    Outcome::Refused { kind, words }
}

impl Tools<'_> {
    /// Carries a change out, or says why not.
    pub fn perform(&mut self, act: &Act) -> Progress {
        match self.try_to_perform(act) {
            Ok(progress) => progress,
            Err(outcome) => Progress::Over(outcome),
        }
    }

    /// How long something has waited that came then, milliseconds.
    pub fn waited(&self, came: u64) -> u64 {
        (self.now)().mono_ms.saturating_sub(came)
    }

    /// Begins to find out what became of a change. Who may change nothing may not keep others from
    /// it, and is told what is known.
    pub fn recover(&self, asked: &Recover) -> Recovery {
        let age_ms = asked.age_s.map(|age| age.saturating_mul(1_000));
        let asked_ms = age_ms.map(|age| (self.now)().wall_ms.saturating_sub(age));
        let withheld = self.permits.is_empty();
        let mut recovery = Recovery::new(asked.id.clone());
        recovery.asked_ms = asked_ms;
        recovery.withheld = withheld.then(|| self.permits.why_not().to_owned());
        recovery
    }

    fn try_to_perform(&mut self, act: &Act) -> Result<Progress, Outcome> {
        let permitted = self.permits.allow(act.operation.permission());
        permitted.map_err(|words| refused(Refusal::Permission, words))?;
        let checked = act.check();
        checked.map_err(|field| refused(Refusal::Field, field.to_string()))?;
        if let Operation::Console(_) = act.operation {
            let words = "a console is for an agent on a terminal";
            return Err(refused(Refusal::Command, words));
        }
        if let Some(command) = act.operation.node_command() {
            return self.perform_here(act, command);
        }
        let version = self.version()?;
        let carriage = act.operation.carriage(version);
        let carriage = carriage.map_err(|words| refused(Refusal::Version, words))?;
        self.may_fail_over(&act.operation)?;
        let above = self.luxid.highest_job();
        let mut record = Record {
            owner: self.records.myself(),
            at_ms: (self.now)().wall_ms,
            above: above.map_err(|why| refused(Refusal::Record, why))?,
            operation: Some(act.operation.clone()),
            expect: Some(act.expect.clone()),
            state: State::Begun {},
        };
        if self.is_known(act, &record)? {
            return Ok(Progress::Open(Recovery::new(act.id.clone())));
        }
        Ok(match self.tell(act, &carriage, &mut record) {
            Some(outcome) => {
                record.state = State::Over {
                    outcome: outcome.clone(),
                };
                // If this cannot be written the job still tells whose it is.
                let _ = self.records.write(&act.id, &record);
                Progress::Over(outcome)
            }
            None => Progress::Open(Recovery::new(act.id.clone())),
        })
    }

    /// Ganeti makes a failover of each migration of an instance that says so.
    fn may_fail_over(&mut self, operation: &Operation) -> Result<(), Outcome> {
        let Operation::Migrate(migrate) = operation else {
            return Ok(());
        };
        let failover = Operation::Migrate(Migrate {
            allow_failover: true,
            ..migrate.clone()
        });
        let Err(words) = self.permits.allow(failover.permission()) else {
            return Ok(());
        };
        match self.asked(|luxid| seen::always_fails_over(luxid, &migrate.instance))? {
            true => {
                let words = format!("{words} (always_failover is set)");
                Err(refused(Refusal::Permission, words))
            }
            false => Ok(()),
        }
    }

    /// Writes a change down; whether it was asked for before, so that what became of it then is
    /// what became of it.
    pub(super) fn is_known(&mut self, act: &Act, record: &Record) -> Result<bool, Outcome> {
        let before = self.records.create(&act.id, record);
        match before.map_err(|why| refused(Refusal::Record, why))? {
            // Its outcome would be taken for this one's.
            Some(other) if other.is_of_another(act) => {
                let words = "something else was asked for under this id";
                Err(refused(Refusal::Record, words))
            }
            before => Ok(before.is_some()),
        }
    }

    /// Tells luxid; `None` if what became of it is not known.
    fn tell(&mut self, act: &Act, carriage: &Carriage, record: &mut Record) -> Option<Outcome> {
        if let Err(outcome) = self.ready(act, carriage, record) {
            return Some(outcome);
        }
        match carriage {
            Carriage::Job(opcode) => self.submit(act, opcode.clone(), record.above),
            Carriage::Method(method) => self.call(act, *method, record),
            Carriage::Command(_) | Carriage::Terminal => {
                let words = format!("{} is not for luxid", act.operation.name());
                Some(refused(Refusal::Command, words))
            }
        }
    }

    /// Everything that can be said before anything is sent; notes that now it is.
    fn ready(
        &mut self,
        act: &Act,
        carriage: &Carriage,
        record: &mut Record,
    ) -> Result<(), Outcome> {
        match carriage {
            Carriage::Job(_) => {
                if self.asked(method::is_drained)? {
                    let words = "the queue is drained and takes no jobs";
                    return Err(refused(Refusal::Drained, words));
                }
            }
            // luxid never answers when the flag is so already.
            Carriage::Method(asked @ Method::SetDrainFlag(_)) => {
                let at = seconds(record.at_ms);
                let holds = self.asked(|luxid| method::read_back(luxid, *asked, at))?;
                if let Some(words) = holds {
                    return Err(Outcome::Done { words });
                }
            }
            Carriage::Method(_) | Carriage::Command(_) | Carriage::Terminal => {}
        }
        let subject = act.operation.subject();
        let difference = self.asked(|luxid| seen::difference(luxid, subject, &act.expect))?;
        if let Some(words) = difference {
            return Err(refused(Refusal::Expect, words));
        }
        let connected = self.luxid.connect();
        connected.map_err(|error| self.unreachable(&error))?;
        if !(self.is_heard)() {
            let words = "the console fell silent before it was this one's turn";
            return Err(refused(Refusal::Late, words));
        }
        record.state = State::Sent {};
        let noted = self.records.write(&act.id, record);
        noted.map_err(|why| refused(Refusal::Record, why))
    }

    fn submit(&mut self, act: &Act, mut opcode: Value, above: u64) -> Option<Outcome> {
        let ns = (self.now)().wall_ms.saturating_mul(1_000_000);
        opcode["reason"] = json!([act.trail_entry(ns)]);
        let error = match self.luxid.tell("SubmitJob", &json!([[opcode]])) {
            Ok(id) => {
                return Some(Outcome::Submitted {
                    job: method::job_id(&id)?,
                });
            }
            Err(error) => error,
        };
        match error {
            // luxid may have failed after it had written the job.
            Error::Ganeti { .. } => match self.luxid.find_job(&act.id, Some(above)) {
                Ok(search) => Some(match search.job {
                    Some(job) => Outcome::Submitted { job },
                    None => says_no(&error),
                }),
                Err(_) => None,
            },
            Error::Refused(_) => Some(says_no(&error)),
            _ => None,
        }
    }

    fn call(&mut self, act: &Act, method: Method, record: &mut Record) -> Option<Outcome> {
        let at = seconds(record.at_ms);
        let (name, arguments) = method::request(method, at);
        let said = match self.luxid.tell(name, &arguments) {
            Ok(result) => method::verdict(method, &result),
            Err(error @ (Error::Ganeti { .. } | Error::Refused(_))) => {
                return Some(says_no(&error));
            }
            Err(_) => return None,
        };
        if let Err(words) = said {
            return Some(refused(Refusal::Ganeti, words));
        }
        // A job that waits already is only told, and notes it by and by.
        for _ in 0..SEEN {
            match method::read_back(self.luxid, method, at) {
                Ok(Some(words)) => return Some(Outcome::Done { words }),
                Ok(None) => (self.pause)(SOON),
                Err(_) => return None,
            }
        }
        record.state = State::Accepted {};
        let noted = self.records.write(&act.id, record);
        noted.err().map(|why| Outcome::Failed {
            words: format!("Ganeti said yes, and it is not to be seen yet; {why}"),
        })
    }

    fn version(&mut self) -> Result<Version, Outcome> {
        let info = self.asked(|luxid| luxid.ask("QueryClusterInfo", &json!([])))?;
        let text = info["software_version"].as_str().unwrap_or_default();
        let words = || format!("Ganeti's version {text:?} is not understood");
        Version::parse(text).ok_or_else(|| refused(Refusal::Version, words()))
    }

    /// Asks luxid; whatever goes wrong is a refusal.
    fn asked<T>(
        &mut self,
        question: impl FnOnce(&mut dyn Luxid) -> Result<T, Error>,
    ) -> Result<T, Outcome> {
        let answer = question(self.luxid);
        answer.map_err(|error| self.unreachable(&error))
    }

    fn unreachable(&mut self, error: &Error) -> Outcome {
        if matches!(error, Error::Absent(_))
            && let Some(master) = self.luxid.elsewhere()
        {
            return refused(Refusal::NotMaster, format!("{master} is the master"));
        }
        let kind = match error {
            Error::Ganeti { .. } | Error::Refused(_) => Refusal::Ganeti,
            _ => Refusal::Luxid,
        };
        refused(kind, error.to_string())
    }
}

/// Ganeti's own no.
fn says_no(error: &Error) -> Outcome {
    let words = error.to_string();
    let drained = words.contains("drained");
    let kind = if drained {
        Refusal::Drained
    } else {
        Refusal::Ganeti
    };
    refused(kind, words)
}

/// Milliseconds as seconds.
pub fn seconds(ms: u64) -> f64 {
    ms as f64 / 1000.0
}
