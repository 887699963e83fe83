//! What is kept of verifies with the operator's data, as JSON.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::planner::verify::{Entry, Part};

/// The newest result of one part of a verify.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// The job that found it.
    pub job: u64,
    /// When that had ended, seconds since the epoch.
    pub at: f64,
    /// Whether Ganeti calls it well; absent if that is not known.
    #[serde(default)]
    pub verdict: Option<bool>,
    /// What is wrong.
    pub entries: Vec<Entry>,
    /// Keys of what the result before had; absent if there was none.
    #[serde(default)]
    pub before: Option<BTreeSet<String>>,
}

/// An acknowledgement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ack {
    /// Until when it holds, seconds since the epoch.
    pub until: f64,
    /// For how long it was given, seconds.
    pub span: f64,
    /// Who gave it.
    pub by: String,
}

/// Everything that is kept of a cluster.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// The newest results.
    pub parts: Vec<(Part, Found)>,
    /// Acknowledgements by the keys of what they are about.
    pub acks: BTreeMap<String, Ack>,
}

impl Kept {
    /// As it is written.
    pub fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads it.
    ///
    /// # Errors
    /// Names line and column of what is wrong.
    pub fn read(text: &str) -> Result<Kept, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }
}
