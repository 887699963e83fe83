//! Each operation on a small cluster, well and not.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod cluster;
mod halves;
mod master;
mod moves;
mod node;
mod queue;
mod redundancy;
mod state;
mod storage;
mod sturdy;
