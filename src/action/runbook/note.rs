//! The record of a runbook: what was done, when, by whom, and what came of it. One line of JSON each.

use serde::{Deserialize, Serialize};

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Note {
    /// When, seconds since the epoch by the console's clock.
    pub at: f64,
    /// By whom, by the console's word.
    pub by: String,
    /// The cluster's name.
    pub cluster: String,
    /// The runbook's id.
    pub run: String,
    /// The name of what it is about.
    pub on: String,
    /// The step's name.
    pub step: String,
    /// What happened.
    pub event: Event,
    /// In words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub words: String,
    /// What was asked for, and what became of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// It was begun.
    Begun,
    /// A console has taken it over.
    Taken,
    /// Changes were asked for.
    Asked,
    /// The step is done, or nothing was to be done.
    Done,
    /// Some of its changes failed.
    Failed,
    /// It is tried again.
    Again,
    /// It is left out.
    Skipped,
    /// The operator has chosen.
    Chosen,
    /// All steps are behind it.
    Finished,
    /// It was ended before that.
    Stopped,
}

/// One change that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What it is: `migrate web7`.
    pub title: String,
    /// The object's name.
    pub subject: String,
    /// Its id in the job's reason trail.
    pub id: String,
    /// Its job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<u64>,
    /// How it ended: `done`, or why it failed; absent as long as it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
}

/// What a record says of how a runbook stood, for who takes it over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// Instances that were migrated away.
    pub moved: Vec<String>,
    /// Instances that were shut down.
    pub stopped: Vec<String>,
    /// Which half is kept.
    pub chosen: String,
}

impl Past {
    /// From the notes of one runbook.
    pub fn of<'a>(notes: impl Iterator<Item = &'a Note>) -> Past {
        let mut past = Past::default();
        for note in notes {
            let subjects = note.changes.iter().map(|change| change.subject.clone());
            match (note.event, note.step.as_str()) {
                (Event::Asked, "migrate") => past.moved.extend(subjects),
                (Event::Asked, "stop") => past.stopped.extend(subjects),
                (Event::Chosen, _) => past.chosen.clone_from(&note.words),
                _ => {}
            }
        }
        for list in [&mut past.moved, &mut past.stopped] {
            list.sort();
            list.dedup();
        }
        past
    }
}
