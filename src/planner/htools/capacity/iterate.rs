//! Instances of one size, until none fits.

use super::{Size, Space};
use crate::planner::htools::alloc::newcomer::Admission;
use crate::planner::htools::alloc::{Failures, Judge, Newcomer, Solution, Targets};
use crate::planner::htools::node::Refusal;
use crate::planner::htools::policy::Template;

/// Fewest instances that are tried at once.
const FEWEST: i64 = 20;

/// Instances that are tried at once when more were too many.
const SMALL_STEP: i64 = 10;

/// How filling ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// What failed at the last attempt.
    pub failures: Failures,
    /// Nothing was tried, because of what is wrong already.
    pub refused: bool,
}

impl Found {
    /// The modes that were counted, the most frequent first.
    pub fn counted(&self) -> Vec<(&'static str, usize)> {
        let mut all = self.failures.falling();
        all.retain(|(_, count)| !self.refused || *count > 0);
        all
    }
}

impl Space {
    /// Adds instances of one size, at most so many.
    ///
    /// # Errors
    /// When there are no nodes to go to.
    pub fn fill(&mut self, size: Size, limit: Option<i64>) -> Result<Found, String> {
        self.fill_while(size, limit, &mut || true)
    }

    /// The same, until it is to stop; it is asked before each instance.
    ///
    /// # Errors
    /// When there are no nodes to go to, or no end of what would fit.
    pub fn fill_while(
        &mut self,
        size: Size,
        limit: Option<i64>,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<Found, String> {
        if self.refused {
            let mut failures = Failures::default();
            failures.add(Refusal::N1, 1);
            return Ok(Found {
                failures,
                refused: true,
            });
        }
        if limit.is_none() && (size.memory, size.disk, size.cpus, size.spindles) == (0, 0, 0, 0) {
            return Err("of instances that need nothing there is no end".to_owned());
        }
        self.iterate(size, limit, go_on)
    }

    pub(super) fn iterate(
        &mut self,
        size: Size,
        mut limit: Option<i64>,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<Found, String> {
        let targets = self.targets.clone()?;
        // For pairs the real tool leaves out the checks in this place.
        if self.ask.no_capacity_checks || self.ask.template == Template::Drbd {
            return Ok(self.step(&targets, size, limit, false, &mut Vec::new(), go_on));
        }
        let mut step = self.guess(size);
        loop {
            let mut admissions = Vec::new();
            let most = limit.map_or(step, |limit| limit.min(step));
            let found = self.step(&targets, size, Some(most), false, &mut admissions, go_on);
            if self.redundancy.holds(&mut self.cluster, &self.nodes) {
                limit = limit.map(|limit| (limit - step).max(0));
                if limit == Some(0) || admissions.is_empty() || !go_on() {
                    return Ok(found);
                }
                continue;
            }
            for admission in admissions.into_iter().rev() {
                self.cluster.dismiss(admission);
            }
            if step > SMALL_STEP {
                step = SMALL_STEP;
            } else {
                return Ok(self.step(&targets, size, limit, true, &mut Vec::new(), go_on));
            }
        }
    }

    /// How many may fit by memory alone.
    fn guess(&self, size: Size) -> i64 {
        let available: i64 = self.cluster.figures.iter().map(|it| it.available()).sum();
        let by_memory = available.checked_div(size.memory).unwrap_or(0);
        (by_memory - self.nodes.len() as i64).max(FEWEST)
    }

    fn step(
        &mut self,
        targets: &Targets,
        size: Size,
        limit: Option<i64>,
        checked: bool,
        admissions: &mut Vec<Admission>,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Found {
        let mut left = limit;
        loop {
            let (newcomer, solution) = self.try_one(targets, size, checked);
            let failures = solution.failures;
            let Some(chosen) = solution.chosen.filter(|_| left != Some(0) && go_on()) else {
                return Found {
                    failures,
                    refused: false,
                };
            };
            admissions.push(self.cluster.admit(&newcomer, &chosen.outcome));
            left = left.map(|left| left - 1);
        }
    }

    /// Tries to add one instance.
    pub(super) fn try_one(
        &mut self,
        targets: &Targets,
        size: Size,
        checked: bool,
    ) -> (Newcomer, Solution) {
        let name = format!("new-{}", self.count());
        let loaded = size.instance(name, self.ask.template, self.ask.spindle_use);
        let newcomer = Newcomer::new(&mut self.cluster, loaded, [1.0; 4]);
        let mut judge = Judge {
            nodes: &self.nodes,
            ignore_soft_errors: false,
            redundancy: checked.then_some(&mut self.redundancy),
        };
        let solution = judge.allocate(&mut self.cluster, &newcomer, targets);
        (newcomer, solution)
    }
}
