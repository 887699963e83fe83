//! What the screen wants done outside of it.

use std::fmt;
use std::sync::Arc;

use crate::action::guard::Request;
use crate::action::runbook::Note;
use crate::model::Name;
use crate::planner::think::Task;

/// One thing to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// End gantry.
    Quit,
    /// Give the terminal back to the shell until `fg`.
    Suspend,
    /// Paint the whole screen anew.
    Repaint,
    /// The answer to a prompt.
    Answer {
        /// The prompt's id.
        id: u64,
        /// What was answered.
        answer: Answer,
    },
    /// Try a waiting link again now: this node's, or all.
    Reconnect(Option<Name>),
    /// The jobs whose logs are on the screen now, instead of those told before.
    Follow(Vec<u64>),
    /// The whole log of a job is wanted.
    AskLog {
        /// Its id.
        job: u64,
    },
    /// Think about this, and no more about what was thought about before.
    Think(Arc<Task>),
    /// Think no more.
    StopThinking,
    /// Ask the master for a change.
    Act(Box<Request>),
    /// Leave the terminal to an instance's serial console.
    Console(Box<Request>),
    /// Something is over, in a line: ring the terminal's bell.
    Ring(String),
    /// What was kept of a cluster of this name is wanted.
    Recall(String),
    /// This is to be kept of a cluster.
    Keep {
        /// Its name.
        cluster: String,
        /// What.
        text: String,
    },
    /// Put this down in the record of a runbook.
    Record(Box<Note>),
}

/// The answer to a prompt.
#[derive(Clone, PartialEq, Eq)]
pub enum Answer {
    /// Yes.
    Yes,
    /// No, or nothing at all.
    No,
    /// What was typed, one text a field.
    Text(Vec<String>),
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Answer::Yes => f.write_str("Yes"),
            Answer::No => f.write_str("No"),
            // It may be a passphrase, and must not come into a log.
            Answer::Text(texts) => write!(f, "Text({} hidden)", texts.len()),
        }
    }
}
