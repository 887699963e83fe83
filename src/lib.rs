//! gantry: a full-screen operations console for Ganeti clusters.
//!
//! One directory is one room; a room may use only the rooms that stand left of it in
//! CONTRIBUTING.md's table, and `tests/it/arrows.rs` holds it to that.

pub mod action;
pub mod app;
pub mod config;
pub mod input;
pub mod link;
pub mod model;
pub mod planner;
pub mod run;
pub mod term;
pub mod theme;
pub mod view;
