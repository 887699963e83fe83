//! How far gantry gets to a node.

use super::Time;

/// The state of the link to a node's agent.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Reach {
    /// No attempt yet.
    #[default]
    Idle,
    /// Under way; says what it is doing: `connecting`, `authenticating`, `starting the agent`.
    Connecting(&'static str),
    /// The agent answers.
    Up {
        /// Since when.
        since: Time,
    },
    /// The host answers, but there is no agent on it.
    NoAgent {
        /// In words.
        why: String,
    },
    /// Lost or not reached; it is tried again.
    Waiting {
        /// When the next attempt begins.
        until: Time,
        /// Attempts so far.
        attempts: u32,
        /// In words.
        why: String,
        /// The host itself answered (it was refused or it broke off later).
        host_answers: bool,
    },
    /// Refused; trying again by itself would not help (keys, host key).
    Refused {
        /// In words.
        why: String,
    },
}

impl Reach {
    /// The agent answers.
    pub fn is_up(&self) -> bool {
        matches!(self, Reach::Up { .. })
    }

    /// Why there is no link, if there should be one.
    pub fn why(&self) -> Option<&str> {
        match self {
            Reach::NoAgent { why } | Reach::Waiting { why, .. } | Reach::Refused { why } => {
                Some(why)
            }
            Reach::Idle | Reach::Connecting(_) | Reach::Up { .. } => None,
        }
    }
}
