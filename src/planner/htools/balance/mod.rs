//! Balancing as hbal does it: one move after the other, each the best of all that are possible now.

pub mod candidates;
pub mod cheap;
pub mod commands;
pub mod jobs;
pub mod opcodes;
pub mod plan;
pub mod scope;
mod search;

pub use plan::{Balancer, Step};
pub use scope::Scope;

/// What may be moved, and when to stop. hbal's options have the same names.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Move disks.
    pub disk_moves: bool,
    /// Move instances, not only secondaries.
    pub instance_moves: bool,
    /// No move that ends in a replaced primary; from an offline node only with its disks.
    pub restricted_migration: bool,
    /// Only instances that have an offline node.
    pub evacuate: bool,
    /// Leave out soft checks.
    pub ignore_soft_errors: bool,
    /// Least gain of a step, where the score is low already.
    pub min_gain: f64,
    /// From which score on that is so.
    pub min_gain_limit: f64,
    /// How near to the optimum is near enough.
    pub min_score: f64,
    /// Most moves; no limit if negative.
    pub max_length: i64,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            disk_moves: true,
            instance_moves: true,
            restricted_migration: false,
            evacuate: false,
            ignore_soft_errors: false,
            min_gain: 1e-2,
            min_gain_limit: 1e-1,
            min_score: 1e-9,
            max_length: -1,
        }
    }
}
