//! When a place will be full, where its trend is clear.

use crate::model::history::STEP;

/// A trend is told from no less than this, seconds.
const SPAN: f64 = 1_800.0;

/// How much of what was seen the trend must account for (R squared): many small steps do, one large
/// one does not.
const CLEAR: f64 = 0.9;

/// An end farther away than this is not foretold, seconds.
const NEAR: f64 = 7.0 * 86_400.0;

/// Seconds until nothing is free any more: a straight line by least squares through what was seen.
/// `changes` are MiB in steps of [`STEP`], `free` is MiB now.
pub fn full_in_s(changes: &[Option<f32>], free: u64) -> Option<f64> {
    let step = STEP as f64 / 1e3;
    let points = || {
        let points = changes.iter().enumerate();
        points.filter_map(|(at, value)| Some((at as f64 * step, f64::from((*value)?))))
    };
    let (first, last) = (points().next()?, points().next_back()?);
    if last.0 - first.0 < SPAN {
        return None;
    }
    let n = points().count() as f64;
    let mean_x = points().map(|(x, _)| x).sum::<f64>() / n;
    let mean_y = points().map(|(_, y)| y).sum::<f64>() / n;
    let sum = |of: fn(f64, f64) -> f64| {
        points()
            .map(|(x, y)| of(x - mean_x, y - mean_y))
            .sum::<f64>()
    };
    let (xx, xy, yy) = (sum(|x, _| x * x), sum(|x, y| x * y), sum(|_, y| y * y));
    let slope = xy / xx;
    let clear = xy * xy / (xx * yy) > CLEAR;
    let full = free as f64 / -slope;
    (slope < 0.0 && clear && full <= NEAR).then_some(full)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(of: impl Fn(usize) -> Option<f32>) -> Vec<Option<f32>> {
        (0..360).map(of).collect()
    }

    #[test]
    fn a_place_that_fills_evenly_has_an_end() {
        // A MiB a step.
        let falls = seen(|n| (n % 7 != 3).then_some(-(n as f32)));
        let full = full_in_s(&falls, 360).unwrap_or_default();
        assert!((3_590.0..3_610.0).contains(&full), "{full}");
        assert_eq!(full_in_s(&falls, 1 << 30), None, "years away");
        assert_eq!(full_in_s(&falls[..170], 360), None, "too short a time");
    }

    #[test]
    fn one_new_disk_is_no_trend_and_neither_is_noise() {
        let steps = seen(|n| Some(if n < 180 { 0.0 } else { -50.0 }));
        assert_eq!(full_in_s(&steps, 100), None);
        let noise = seen(|n| Some(if n % 2 == 0 { 0.0 } else { -50.0 }));
        assert_eq!(full_in_s(&noise, 100), None);
        assert_eq!(full_in_s(&seen(|_| Some(3.0)), 100), None);
        assert_eq!(full_in_s(&seen(|n| Some(n as f32)), 100), None);
        assert_eq!(full_in_s(&seen(|_| None), 100), None);
        assert_eq!(full_in_s(&[], 100), None);
    }
}
