//! Bounded memory of numbers over time.

use std::collections::VecDeque;

use super::Time;

/// Milliseconds of one point of a [`History`].
pub const STEP: u64 = 10_000;

/// Points kept: an hour.
pub const POINTS: usize = 360;

/// The mean of a number in steps of [`STEP`], newest last; steps without any value are kept as
/// gaps, so that an outage shows as one.
#[derive(Clone, Debug, Default)]
pub struct History {
    points: VecDeque<Option<f32>>,
    /// The step that `sum` and `count` are collecting.
    step: u64,
    sum: f32,
    count: u32,
}

impl History {
    /// Takes a value seen at a moment.
    pub fn push(&mut self, at: Time, value: f32) {
        let step = at.0 / STEP;
        if self.count > 0 && step > self.step {
            self.close(step);
        }
        if self.count == 0 {
            self.step = step;
        }
        self.sum += value;
        self.count += 1;
    }

    fn close(&mut self, next: u64) {
        self.keep(Some(self.sum / self.count as f32));
        let missed = (next - self.step - 1).min(POINTS as u64);
        for _ in 0..missed {
            self.keep(None);
        }
        (self.sum, self.count) = (0.0, 0);
    }

    fn keep(&mut self, point: Option<f32>) {
        if self.points.len() == POINTS {
            self.points.pop_front();
        }
        self.points.push_back(point);
    }

    /// The last `n` finished steps, oldest first, with the gap up to now filled in; the step being
    /// collected is not among them, so that a graph moves once a step.
    pub fn last(&self, n: usize, now: Time) -> Vec<Option<f32>> {
        let step = now.0 / STEP;
        // While a step is being collected the points end just before it.
        let behind = match (self.points.is_empty(), self.count) {
            (true, 0) => 0,
            _ => step.saturating_sub(self.step),
        };
        let mut points: Vec<_> = self.points.iter().copied().collect();
        if self.count > 0 && behind > 0 {
            points.push(Some(self.sum / self.count as f32));
            points.extend(std::iter::repeat_n(
                None,
                (behind - 1).min(n as u64) as usize,
            ));
        }
        points.split_off(points.len().saturating_sub(n))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_a_mean_and_an_outage_is_a_gap() {
        let mut history = History::default();
        history.push(Time(1_000), 10.0);
        history.push(Time(2_000), 20.0);
        assert!(history.last(5, Time(9_000)).is_empty());
        assert_eq!(history.last(5, Time(12_000)), [Some(15.0)]);
        history.push(Time(35_000), 7.0);
        assert_eq!(history.last(5, Time(36_000)), [Some(15.0), None, None]);
        assert_eq!(history.last(2, Time(55_000)), [Some(7.0), None]);
    }

    #[test]
    fn it_does_not_grow_without_bound() {
        let mut history = History::default();
        for step in 0..POINTS as u64 * 3 {
            history.push(Time(step * STEP), 1.0);
        }
        history.push(Time(u64::MAX), 1.0);
        assert_eq!(history.points.len(), POINTS);
    }
}
