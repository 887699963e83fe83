//! Bounded memory of numbers over time.

use std::collections::VecDeque;

use super::Time;

/// Milliseconds of one point of a [`History`].
pub const STEP: u64 = 10_000;

/// Points kept: an hour.
pub const POINTS: usize = 360;

/// Points for which room is made at once; a divisor of [`POINTS`].
const ROOM: usize = 40;

/// The mean of a number in steps of [`STEP`], newest last; steps without any value are kept as
/// gaps, so that an outage shows as one. A large cluster has thousands of these: points are exact
/// to half a percent, which no graph shows, and room is made as it is needed.
#[derive(Clone, Debug, Default)]
pub struct History {
    points: VecDeque<Point>,
    /// The step that `sum` and `count` are collecting.
    step: u64,
    sum: f32,
    count: u32,
}

/// The upper half of an `f32`; not a number for a gap.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Point(u16);

impl Point {
    fn new(value: Option<f32>) -> Point {
        let bits = value.unwrap_or(f32::NAN).to_bits();
        Point((bits.saturating_add(0x8000) >> 16) as u16)
    }

    fn value(self) -> Option<f32> {
        let value = f32::from_bits(u32::from(self.0) << 16);
        (!value.is_nan()).then_some(value)
    }
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
        } else if self.points.len() == self.points.capacity() {
            self.points.reserve_exact(ROOM);
        }
        self.points.push_back(Point::new(point));
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
        let mut points: Vec<_> = self.points.iter().map(|point| point.value()).collect();
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
        assert_eq!(history.points.capacity(), POINTS);
    }

    #[test]
    fn points_are_near_enough() {
        for value in [0.0, 0.1, 1.0, 63.7, 99.9, 1_234_567.0, 2e9, -3.3, f32::MAX] {
            let kept = Point::new(Some(value)).value().unwrap_or(f32::NAN);
            let off = ((kept - value) / value).abs();
            assert!(value == kept || off < 0.005 || value == f32::MAX, "{value}");
        }
        assert_eq!(Point::new(None).value(), None);
        assert_eq!(Point::new(Some(f32::NAN)).value(), None);
    }
}
