//! Runbooks: work of several steps. Each step is made of operations that are asked for as from the menu, or waits
//! until the cluster is as it must be, or is for the operator's own hands. What is here is pure: the facts come in,
//! what is to be asked next comes out.

mod book;
mod due;
mod gate;
mod mark;
mod note;
mod run;
mod stand;
mod step;

pub use book::Book;
pub use due::{Due, Wanted, due};
pub use mark::{Mark, marks, tag};
pub use note::{Change, Event, Note, Past};
pub use run::Run;
pub use stand::{Ask, End, Fate, Memory, State};
pub use step::Step;

#[cfg(test)]
mod tests;
