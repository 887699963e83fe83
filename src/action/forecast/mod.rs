//! What an operation, or several as a whole, would do: told before it is asked for, in short
//! sentences. What is not known is said so, never taken for good.

mod cluster;
mod copy;
mod disks;
mod draft;
mod effect;
mod facts;
mod halves;
mod instance;
mod moves;
mod node;
mod proof;
mod queue;
mod redundancy;
mod room;
mod state;
mod storage;
mod target;

use gantry_wire::operation::{Operation, Subject};

use crate::model::Cluster;
use crate::planner::Present;
use crate::planner::replica::Pair;

use draft::Draft;

/// What a forecast is made of. Nothing of it is worked out anew.
#[derive(Clone, Copy, Debug)]
pub struct World<'a> {
    /// The facts.
    pub cluster: &'a Cluster,
    /// The cluster as the planner reckons with it, if enough is known.
    pub present: Option<&'a Present>,
    /// All DRBD disks.
    pub pairs: &'a [Pair],
}

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tone {
    /// As it should be.
    Good,
    /// A fact.
    Plain,
    /// To be minded, or not known.
    Warn,
    /// Something is lost or breaks.
    Bad,
}

/// One line of a forecast.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it is about, in a few words; of several operations the subject's name.
    pub label: String,
    /// In a sentence.
    pub text: String,
    /// How much it matters.
    pub tone: Tone,
}

/// What would come of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forecast {
    /// Line by line, in the order they are to be read.
    pub lines: Vec<Line>,
    /// Why it would fail, or must not be done: it is not to be asked for. Of several, all that are
    /// refused, by name.
    pub refused: Option<String>,
    /// Why it would do nothing; of several, only if none of them would do anything.
    pub nothing: Option<String>,
    /// It loses data, or may well do so by what is known.
    pub loses_data: bool,
    /// A node of which nobody knows that it is off, although all depends on it: the operator has to say so.
    pub taken_for_dead: Option<String>,
    /// Unfinished jobs that it would wait behind, or that do something to the same object.
    pub behind: Vec<u64>,
    /// Which of the operations are refused, by index, and why: the rest can be asked for.
    pub refusals: Vec<(usize, String)>,
    /// Which of the operations would do nothing, by index, and why.
    pub idle: Vec<(usize, String)>,
}

/// What would come of these operations, one after the other.
pub fn forecast(operations: &[Operation], world: &World) -> Forecast {
    let mut draft = Draft::new(*world, operations.len());
    queue::gates(&mut draft, operations);
    for (at, operation) in operations.iter().enumerate() {
        draft.begin(at, operation);
        match operation.subject() {
            Subject::Instance(_) => instance::tell(&mut draft, operation),
            Subject::Node(_) => node::tell(&mut draft, operation),
            Subject::Cluster
            | Subject::Group(_)
            | Subject::Job(_)
            | Subject::Queue
            | Subject::Watcher => cluster::tell(&mut draft, operation),
        }
        draft.end();
    }
    room::tell(&mut draft);
    redundancy::tell(&mut draft);
    queue::behind(&mut draft, operations);
    facts::tell(&mut draft);
    draft.done(operations)
}

#[cfg(test)]
mod tests;
