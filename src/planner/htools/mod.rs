//! Ganeti's htools: their model of a cluster, their score, their moves, and what they print. The answers are the
//! same to the last digit.

pub mod alloc;
pub mod balance;
pub mod board;
pub mod capacity;
pub mod check;
pub mod cluster;
pub mod data;
pub mod ialloc;
pub mod instance;
pub mod live;
pub mod monitoring;
pub mod moves;
pub mod n1;
mod names;
pub mod node;
pub mod operations;
mod peers;
pub mod policy;
pub mod print;
pub mod repair;
pub mod rolling;
pub mod score;
pub mod squeeze;
pub mod tags;
#[cfg(test)]
pub(super) mod tests;
pub mod text;

pub use cluster::{Cluster, N1Rule, Setup};
