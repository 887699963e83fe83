//! What comes from the terminal.

use ratatui::layout::{Position, Size};

use crate::input::Key;

/// Something the operator or the terminal did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A key was pressed.
    Key(Key),
    /// The mouse was used.
    Mouse(Mouse),
    /// Bytes came while they are wanted as they are ([`super::Events::as_they_are`]).
    Raw(Vec<u8>),
    /// Text was pasted. It is no key press, whatever it holds; line ends are `\n`.
    Paste(String),
    /// The terminal has this size now.
    Resize(Size),
    /// The terminal's window was given the keyboard.
    FocusGained,
    /// The keyboard went to another window.
    FocusLost,
    /// gantry was stopped and goes on: the terminal's modes and contents are unknown.
    Resumed,
    /// The terminal has, or has not, synchronised updates (mode 2026).
    Sync(bool),
    /// The terminal is gone, and nothing will come from it any more.
    Gone,
}

/// What was done with the mouse, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mouse {
    /// What was done.
    pub kind: MouseKind,
    /// The cell it was done on.
    pub at: Position,
}

/// What was done with the mouse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MouseKind {
    /// A button was pressed.
    Press(Button),
    /// A button was released.
    Release,
    /// The wheel was turned away from the hand.
    WheelUp,
    /// The wheel was turned towards the hand.
    WheelDown,
}

/// A button of the mouse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Button {
    /// The left one.
    Left,
    /// The middle one.
    Middle,
    /// The right one.
    Right,
}
