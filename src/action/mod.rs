//! What an operator may do: one table of actions, from which keys, menus, help and permissions come.

pub mod catalogue;

pub use catalogue::{Action, CATALOGUE, Entry, Place};
