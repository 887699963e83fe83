//! Everything that can happen to the screen.

use gantry_wire::act::Acted;

use crate::input::Key;
use crate::planner::think::Thought;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Msg {
    /// A key was pressed.
    Key(Key),
    /// The mouse did something.
    Mouse(Mouse),
    /// Text was pasted.
    Paste(String),
    /// The terminal has this size now, columns and rows.
    Resize(u16, u16),
    /// The cluster changed.
    Data,
    /// Time went on.
    Tick,
    /// Something is asked of the operator.
    Asked(Prompt),
    /// What was asked under this id needs no answer any more.
    Withdrawn(u64),
    /// Something to tell in one line, such as an error.
    Notice(String),
    /// Something came of what is thought about.
    Thought(Thought),
    /// Something became of a change that was asked for.
    Acted(Acted),
    /// What was kept of a cluster, if anything was.
    Recalled {
        /// Its name.
        cluster: String,
        /// What.
        text: Option<String>,
        /// Where it is kept.
        place: String,
    },
}

/// What the mouse did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mouse {
    /// What.
    pub kind: MouseKind,
    /// Column, counted from 0.
    pub col: u16,
    /// Row, counted from 0.
    pub row: u16,
}

/// Kinds of mouse events that mean something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MouseKind {
    /// The left button was pressed.
    Press,
    /// The wheel was turned away from the hand.
    ScrollUp,
    /// The wheel was turned towards the hand.
    ScrollDown,
}

/// A question to the operator: a host key, a passphrase, a one-time code, whether to copy the
/// agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// Chosen by who asks; the answer carries it.
    pub id: u64,
    /// In a few words.
    pub title: String,
    /// What is asked and why.
    pub lines: Vec<String>,
    /// How it is answered.
    pub kind: PromptKind,
}

/// How a prompt is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PromptKind {
    /// By yes or no.
    YesNo,
    /// By filling in these.
    Fields(Vec<Field>),
}

/// One thing to fill in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// What it is.
    pub label: String,
    /// What is typed may be seen.
    pub echo: bool,
}
