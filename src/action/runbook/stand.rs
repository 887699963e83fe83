//! How the steps of a runbook stand, and what is remembered of them.

use std::collections::BTreeMap;

use gantry_wire::act::ActId;

use crate::model::{Cluster, Instance, Time};

use super::note::Change;
use super::step::Step;

/// How a step stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum State {
    /// It is still to come, or its turn is now.
    #[default]
    Ahead,
    /// These were asked for, and not all are over.
    Asked(Vec<Ask>),
    /// All are over and well since that moment; the facts are to follow.
    Settling(Vec<Ask>, Time),
    /// Some have failed.
    Failed(Vec<Ask>),
    /// It is done, and how.
    Done(String),
    /// It was left out.
    Skipped,
}

/// A change that was asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    /// Its id.
    pub id: ActId,
    /// What it is.
    pub title: String,
    /// The object's name.
    pub subject: String,
    /// What became of it.
    pub fate: Fate,
}

/// What became of a change.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    /// It is under way: its job, if it is one already, and what is waited for.
    Open(Option<u64>, String),
    /// It was done.
    Well(Option<u64>),
    /// It was not done, or failed, and why.
    Bad(Option<u64>, String),
}

impl Fate {
    fn job(&self) -> Option<u64> {
        match self {
            Fate::Open(job, _) | Fate::Well(job) | Fate::Bad(job, _) => *job,
        }
    }
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// All steps are behind it.
    Finished,
    /// The operator ended it.
    Stopped,
    /// Another console has gone on with it.
    Taken,
}

/// What was done, for the steps that undo it or wait for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// The names of what was asked for, by step.
    pub(super) asked: BTreeMap<&'static str, Vec<String>>,
    /// The boot of the node when its reboot was asked for.
    pub boot: String,
    /// The operator has said that the node is powered off.
    pub dead: bool,
    /// The node whose half is kept.
    pub chosen: String,
}

impl Memory {
    /// The names of what was asked for in a step.
    pub fn asked(&self, step: Step) -> impl Iterator<Item = &str> {
        let asked = self.asked.get(step.name()).into_iter().flatten();
        asked.map(String::as_str)
    }

    /// The instances among them that there are.
    pub fn instances<'a>(&self, step: Step, cluster: &'a Cluster) -> Vec<&'a Instance> {
        self.asked(step)
            .filter_map(|name| cluster.instances.get(name))
            .collect()
    }
}

/// The changes as they are recorded.
pub(super) fn changes(asks: &[Ask]) -> Vec<Change> {
    let change = |ask: &Ask| Change {
        title: ask.title.clone(),
        subject: ask.subject.clone(),
        id: ask.id.to_string(),
        job: ask.fate.job(),
        outcome: match &ask.fate {
            Fate::Open(..) => None,
            Fate::Well(_) => Some("done".to_owned()),
            Fate::Bad(_, why) => Some(why.clone()),
        },
    };
    asks.iter().map(change).collect()
}

/// `job 12`, `jobs 12, 13, 14`.
pub(super) fn words(asks: &[Ask]) -> String {
    let jobs: Vec<String> = asks
        .iter()
        .filter_map(|ask| ask.fate.job())
        .map(|it| it.to_string())
        .collect();
    match jobs.as_slice() {
        [] => "done".to_owned(),
        [one] => format!("job {one}"),
        several => format!("jobs {}", several.join(", ")),
    }
}
