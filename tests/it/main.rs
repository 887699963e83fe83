//! Whole-program tests, in one test program: each module asks something of gantry as it is built.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod arrows;
mod budget;
mod console;
mod docs;
mod ganeti;
mod harness;
mod htools;
mod pty;
mod transcripts;
