//! The terminal; nothing else touches it.
//!
//! [`Screen`] draws and [`Events`] tells what happens. Both keep out of the way of the task that
//! uses them: a thread writes, and one reads. Neither ratatui's backend nor crossterm is used:
//! the one writes several times what is needed; the other spins for ever when the terminal goes
//! away, and takes the terminal's answers for itself.

mod desktop;
mod event;
pub mod guard;
mod lend;
mod output;
pub mod paint;
mod parse;
mod pen;
mod picture;
#[cfg(test)]
mod pty_tests;
mod reader;
mod screen;
mod shift;
mod sign;

pub use desktop::Desktop;
pub use event::{Button, Event, Mouse, MouseKind};
pub use lend::Tail;
pub use paint::Painter;
pub use reader::Events;
pub use screen::{Drawn, Screen, TerminalError};
