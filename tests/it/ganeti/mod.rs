//! gantry against a real Ganeti: every fact shown is compared with what Ganeti's own commands print.
//!
//! These tests wait for the lab in `GANTRY_LAB` (the path of `tests/lab/cluster`, up with 3 nodes and 9 instances);
//! `tests/run` starts it and runs them one after another. Each leaves the cluster as it found it.

mod act;
mod actor;
mod console;
mod deploy;
mod events;
mod facts;
mod htools;
mod keys;
mod lab;
mod live;
mod master;
mod oneself;
mod runbooks;
mod same;
mod screens;
