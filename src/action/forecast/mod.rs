//! What an operation, or several as a whole, would do: told before it is asked for, in short
//! sentences. What is not known is said so, never taken for good.

use gantry_wire::operation::{Operation, Subject};

use crate::model::{Cluster, Instance};
use crate::planner::Present;
use crate::planner::replica::Pair;

use super::fit;

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
    /// What it is about, in a few words. Empty for one that continues the line before.
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
    /// Why it would fail, or must not be done: it is not to be asked for.
    pub refused: Option<String>,
    /// Why it would do nothing.
    pub nothing: Option<String>,
    /// It loses data, or may well do so.
    pub loses_data: bool,
    /// Unfinished jobs that it would wait behind, or that do something to the same object.
    pub behind: Vec<u64>,
}

/// What would come of these operations, one after the other. None is refused alone: if one of them
/// would be, it is named.
pub fn forecast(operations: &[Operation], world: &World) -> Forecast {
    let mut out = Forecast::default();
    for operation in operations {
        if let Err(why) = possible(operation, world.cluster) {
            out.refuse(why);
        }
    }
    out
}

fn possible(operation: &Operation, cluster: &Cluster) -> Result<(), String> {
    let Subject::Instance(name) = operation.subject() else {
        return Ok(());
    };
    let Some(instance) = cluster.instances.get(name) else {
        return Err(format!("there is no instance {name}"));
    };
    fits(operation, instance)
}

fn fits(operation: &Operation, instance: &Instance) -> Result<(), String> {
    match operation {
        Operation::Migrate(_) | Operation::Failover(_) => fit::mirror(instance).map(|_| ()),
        Operation::ReplaceDisks(_) => fit::drbd(instance),
        Operation::Move(_) => fit::copyable(instance),
        Operation::GrowDisk(_) => fit::growable(instance),
        _ => Ok(()),
    }
}

impl Forecast {
    /// Refuses it; the first reason stays.
    fn refuse(&mut self, why: String) {
        self.refused.get_or_insert(why);
    }
}
