//! What became of a change.

use serde::{Deserialize, Serialize};

/// What became of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acted {
    /// The change's id, as it came.
    pub id: String,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is a job.
    Submitted {
        /// The job's id.
        job: u64,
    },
    /// It needed no job and was read back.
    Done {
        /// What is so now.
        words: String,
    },
    /// It was begun and went wrong: something of it may be done.
    Failed {
        /// How, and what is so now.
        words: String,
    },
    /// Nothing was done.
    Refused {
        /// What sort of reason.
        kind: Refusal,
        /// Why, for the operator.
        words: String,
    },
    /// It was never begun and never will be.
    Void {},
    /// A command of the node's runs: another outcome follows.
    Running {
        /// What it said last; may be empty.
        line: String,
    },
    /// Not known yet: another outcome follows.
    Waiting {
        /// For what.
        why: String,
    },
    /// It cannot be known here and now; asking again later may help.
    Unknown {
        /// Why.
        why: String,
    },
}

impl Outcome {
    /// Whether the agent says by itself what becomes of it.
    pub fn is_followed(&self) -> bool {
        matches!(self, Outcome::Running { .. } | Outcome::Waiting { .. })
    }

    /// Whether it can never be another one.
    pub fn is_final(&self) -> bool {
        !self.is_followed() && !matches!(self, Outcome::Unknown { .. })
    }
}

/// Why a change was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Refusal {
    /// The key or the agent's configuration does not permit it.
    Permission,
    /// A field is not known, missing, or cannot be so.
    Field,
    /// The subject is not as the operator saw it, or is not there any more.
    Expect,
    /// The queue takes no jobs.
    Drained,
    /// This node is not the master.
    NotMaster,
    /// This Ganeti has no such thing.
    Version,
    /// The console was silent for too long before its turn came.
    Late,
    /// Ganeti says no.
    Ganeti,
    /// luxid cannot be asked.
    Luxid,
    /// The node could not start its command.
    Command,
    /// The agent could not keep its own record.
    Record,
    /// One of a newer agent's.
    Other,
}

impl From<String> for Refusal {
    fn from(word: String) -> Refusal {
        let mut known = KINDS.iter();
        let found = known.find(|(kind, _)| *kind == word);
        found.map_or(Refusal::Other, |(_, refusal)| *refusal)
    }
}

impl From<Refusal> for String {
    fn from(refusal: Refusal) -> String {
        let mut known = KINDS.iter();
        let found = known.find(|(_, kind)| *kind == refusal);
        found.map_or("other", |(word, _)| word).to_owned()
    }
}

const KINDS: &[(&str, Refusal)] = &[
    ("permission", Refusal::Permission),
    ("field", Refusal::Field),
    ("expect", Refusal::Expect),
    ("drained", Refusal::Drained),
    ("not_master", Refusal::NotMaster),
    ("version", Refusal::Version),
    ("late", Refusal::Late),
    ("ganeti", Refusal::Ganeti),
    ("luxid", Refusal::Luxid),
    ("command", Refusal::Command),
    ("record", Refusal::Record),
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    #[test]
    fn a_refusal_of_another_age_is_still_one() {
        let refused = |word: &str| {
            let json = json!({"refused": {"kind": word, "words": "no"}});
            serde_json::from_value::<Outcome>(json).unwrap()
        };
        for (word, kind) in KINDS {
            let words = "no".to_owned();
            let outcome = Outcome::Refused { kind: *kind, words };
            assert_eq!(refused(word), outcome);
            assert_eq!(
                serde_json::to_value(&outcome).unwrap()["refused"]["kind"],
                *word
            );
        }
        assert!(matches!(
            refused("moonlight"),
            Outcome::Refused {
                kind: Refusal::Other,
                ..
            }
        ));
    }
}
