//! What an allocation found.

use crate::planner::htools::moves::Outcome;
use crate::planner::htools::node::{MODES, Refusal};

/// How often something failed, by mode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Failures([usize; MODES.len()]);

impl Failures {
    /// More of one mode.
    pub fn add(&mut self, refusal: Refusal, count: usize) {
        if let Some(entry) = self.0.get_mut(refusal as usize) {
            *entry += count;
        }
    }

    /// How many of one mode.
    pub fn of(&self, refusal: Refusal) -> usize {
        self.0.get(refusal as usize).copied().unwrap_or(0)
    }

    /// Whether there were any of one mode.
    pub fn any(&self, mode: &str) -> bool {
        let mut all = MODES.into_iter().zip(self.0);
        all.any(|(word, count)| word == mode && count > 0)
    }

    /// All of them.
    pub fn total(&self) -> usize {
        self.0.iter().sum()
    }

    /// The rarest first, else in canonical order.
    pub fn rising(&self) -> Vec<(&'static str, usize)> {
        let mut all: Vec<(&'static str, usize)> = MODES.into_iter().zip(self.0).collect();
        all.sort_by_key(|(_, count)| *count);
        all
    }

    /// The most frequent first, else in canonical order.
    pub fn falling(&self) -> Vec<(&'static str, usize)> {
        let mut all: Vec<(&'static str, usize)> = MODES.into_iter().zip(self.0).collect();
        all.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        all
    }
}

/// What an allocation found.
#[derive(Clone, Debug, Default)]
pub struct Solution {
    /// What failed.
    pub failures: Failures,
    /// How many places there were.
    pub successes: usize,
    /// The best of them.
    pub chosen: Option<Chosen>,
}

/// The place that was chosen.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// The nodes, and what becomes of them.
    pub outcome: Outcome,
    /// The score of the cluster then. Lower is better.
    pub score: f64,
}
