//! What became of something that luxid may have been told.
//!
//! That there is no job yet says little while luxid lives: it gives out ids one by one, and keeps
//! everybody waiting until it has told all candidates of each, which takes 300 s if one is silent.
//! Whoever waits has no id. Only when the last id that was given out has its job does nobody wait;
//! seen so for a while, luxid never had the whole request. Until then it is not known, however long
//! that takes. Any later job ends it, and so does the end of luxid.

use gantry_wire::act::{ActId, Outcome};
use gantry_wire::operation::{Carriage, Method, Version};
use serde_json::json;

use super::deed::{Tools, seconds};
use super::luxid::{Luxid, Search};
use super::method;
use super::record::{Record, State};
use super::recovery::Finding;
use crate::luxi::Error;

/// From the end of a process on, luxid has read what it sent after so long, ms. For so long it must
/// also be seen to keep nobody waiting.
pub const READ_MS: u64 = 5_000;
/// luxid has told all candidates of one thing after so long, ms: a node that is silent costs it
/// 300 s.
pub const TOLD_MS: u64 = 330_000;

/// Any version: a method's request depends on none.
const ANY: Version = Version { major: 3, minor: 0 };

/// What was seen of luxid since.
#[derive(Debug, Default)]
pub struct Sent {
    /// Since when, at each look, it kept nobody waiting; this machine's clock, ms.
    free_ms: Option<u64>,
}

impl Sent {
    /// Looks once more. Nothing was sent any more since `quiet_ms`.
    ///
    /// # Errors
    /// Why it cannot be known here and now.
    pub fn look(
        &mut self,
        tools: &mut Tools<'_>,
        id: &ActId,
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
        let search = tools.luxid.find_job(id, Some(record.above))?;
        if let Some(job) = search.job {
            return Ok(Finding::Outcome(Outcome::Submitted { job }));
        }
        if let Some(method) = method {
            if let Some(words) = holds(tools, method, record, &alive)? {
                return Ok(Finding::Outcome(Outcome::Done { words }));
            }
            if quiet_ms < method::takes_ms(method) {
                return Ok(Finding::Wait("luxid may still do it"));
            }
            if record.state == (State::Accepted {}) {
                let words = "Ganeti said yes, and it is not to be seen".to_owned();
                return Ok(Finding::Outcome(Outcome::Failed { words }));
            }
            let pending = method::is_pending(tools.luxid, method);
            if pending.map_err(|error| not_known(&error))? {
                return Err("not known until the job has ended: it may not have noted it".into());
            }
        }
        match alive {
            // Whatever a luxid that has ended did not write, no other one will.
            Ok(false) if quiet_ms >= READ_MS => Ok(Finding::Outcome(Outcome::Void {})),
            Ok(false) => Ok(Finding::Wait("luxid may still be ending")),
            Ok(true) => self.never_had(tools, &search, quiet_ms),
            Err(error) => Err(not_known(&error)),
        }
    }

    /// Whether a luxid that lives can be said never to have had the whole request.
    fn never_had(
        &mut self,
        tools: &Tools<'_>,
        search: &Search,
        quiet_ms: u64,
    ) -> Result<Finding, String> {
        if search.held {
            self.free_ms = None;
            return match quiet_ms < TOLD_MS {
                true => Ok(Finding::Wait(
                    "luxid has given out an id and not yet written its job: all others wait",
                )),
                false => Err(
                    "not known until luxid writes the job of the last id that it gave out, or a later one".into(),
                ),
            };
        }
        let now_ms = (tools.now)().mono_ms;
        let free_ms = now_ms.saturating_sub(*self.free_ms.get_or_insert(now_ms));
        Ok(if quiet_ms < READ_MS || free_ms < READ_MS {
            Finding::Wait("luxid may still read what it was told")
        } else if search.unwritten && quiet_ms < TOLD_MS {
            Finding::Wait("luxid has given out an id and not yet written the job")
        } else {
            Finding::Outcome(Outcome::Void {})
        })
    }
}

fn not_known(error: &Error) -> String {
    format!("not known until luxid answers: {error}")
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
    read.map_err(|error| not_known(&error))
}
