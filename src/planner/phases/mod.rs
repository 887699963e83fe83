//! How far an opcode is on its way, by what it wrote to its job's log: which of its steps it has
//! got to, how much of a guest's memory went over, how far its disks are in sync.

mod plan;
mod progress;

use gantry_wire::job::{Job, LogLine};

use crate::model::job::{current_op, finished, opcode};

pub use progress::{Sync, Transfer, Trouble};

/// An opcode on its way.
#[derive(Clone, Debug, PartialEq)]
pub struct Phases {
    /// Its steps in their order.
    pub steps: Vec<Step>,
    /// The one that it has got to, or that it failed in; as many as there are once all are done.
    pub at: usize,
    /// Of a migration whose memory goes over or went over.
    pub transfer: Option<Transfer>,
    /// Disks that it waits for, as far as it has said.
    pub syncs: Vec<Sync>,
}

/// One step.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What is done.
    pub words: &'static str,
    /// When its first line was written, seconds since the epoch; none of a step that had none.
    pub began: Option<f64>,
    /// When the next step began, or the opcode ended.
    pub ended: Option<f64>,
}

impl Phases {
    /// The way of the opcode that a job has got to. `lines` is its log as far as it is known; `mirrored` tells whether
    /// the disks of its instance are DRBD's. None if it has no steps that gantry knows.
    pub fn of(job: &Job, lines: &[LogLine], mirrored: bool) -> Option<Phases> {
        let index = stage(job);
        let op = job.ops.get(index)?;
        let own = || {
            let own = move |line: &&LogLine| usize::try_from(line.op) == Ok(index);
            lines.iter().filter(own)
        };
        let texts: Vec<&str> = own().map(|line| bare(&line.text)).collect();
        let plan = plan::of(opcode(&op.summary), &texts, mirrored)?;
        let step = |part: &&plan::Part| Step {
            words: part.words,
            began: None,
            ended: None,
        };
        let mut steps: Vec<Step> = plan.iter().map(step).collect();
        let mut at = 0;
        for (line, text) in own().zip(&texts) {
            let to = plan.iter().skip(at).position(|part| part.has(text));
            let Some(to) = to.map(|by| at + by) else {
                continue;
            };
            if to != at
                && let Some(left) = steps.get_mut(at)
            {
                left.ended = left.began.map(|_| line.at);
            }
            at = to;
            if let Some(step) = steps.get_mut(at) {
                step.began.get_or_insert(line.at);
            }
        }
        if finished(&op.status)
            && let Some(step) = steps.get_mut(at)
        {
            step.ended = step.began.and(op.ended);
        }
        Some(Phases {
            at: if op.status == "success" {
                steps.len()
            } else {
                at
            },
            steps,
            transfer: Transfer::of(&texts),
            syncs: progress::syncs(&texts),
        })
    }

    /// The step that it has got to; none once all are done.
    pub fn step(&self) -> Option<&Step> {
        self.steps.get(self.at)
    }

    /// How much of the way lies behind it, 0 to 1: each step counts alike, and what is known of the
    /// step that it has got to counts for that one.
    pub fn share(&self) -> f64 {
        let count = self.steps.len().max(1) as f64;
        let within = match (&self.transfer, self.syncs.as_slice()) {
            (Some(transfer), _) if !transfer.complete => transfer.percent,
            (_, []) => Some(0.0),
            (_, syncs) => syncs.iter().map(|sync| sync.percent).reduce(f64::min),
        };
        let within = within.unwrap_or(0.0).clamp(0.0, 100.0) / 100.0;
        let within = if self.step().is_some() { within } else { 0.0 };
        ((self.at as f64 + within) / count).clamp(0.0, 1.0)
    }
}

/// The opcode that a job has got to, or that it failed in.
fn stage(job: &Job) -> usize {
    let failed = job.ops.iter().position(|op| op.status == "error");
    failed.unwrap_or_else(|| current_op(job))
}

/// A line without what Ganeti puts before it.
fn bare(text: &str) -> &str {
    let text = text.trim();
    let text = text.strip_prefix("- INFO: ").unwrap_or(text);
    text.strip_prefix("* ").unwrap_or(text).trim_start()
}

#[cfg(test)]
mod tests;
