//! What an operator may do: one table of actions, from which keys, menus, help and permissions come;
//! and of each change its form, its words, what it would do, and the one door to it.

pub mod catalogue;
pub mod command;
pub mod expect;
mod fit;
#[cfg(test)]
pub(crate) mod fixture;
pub mod forecast;
pub mod form;
pub mod guard;
pub mod mend;
pub mod runbook;
pub mod words;

pub use catalogue::{Action, CATALOGUE, Entry, Place};
pub use command::{command, command_at};
pub use expect::expect;
pub use forecast::{Forecast, Line, Tone, World, forecast};
pub use form::{Field, Form, Kind, Menu, Object, Value};
pub use guard::{Denied, Guard, Permit, Request};
pub use words::{Danger, danger, name_of, summary, title};
