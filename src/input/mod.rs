//! Keys to actions: chords, the keymap, the help made from it.

pub mod chord;
pub mod help;
pub mod keymap;

pub use chord::{Chord, Key, KeyCode};
pub use keymap::{Keymap, Pending, Step};
