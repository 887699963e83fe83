//! Counters that only grow, made into rates.

use crate::session::Moment;

/// Milliseconds of the monotonic clock since `before`; `None` if the clock did not move.
pub fn elapsed_ms(before: Moment, now: Moment) -> Option<u64> {
    now.mono_ms
        .checked_sub(before.mono_ms)
        .filter(|elapsed| *elapsed > 0)
}

/// What a counter grew by in a second; 0 if it began anew.
pub fn per_second(before: u64, after: u64, elapsed_ms: u64) -> u64 {
    let grown = u128::from(after.saturating_sub(before));
    let rate = grown * 1000 / u128::from(elapsed_ms.max(1));
    u64::try_from(rate).unwrap_or(u64::MAX)
}

/// The share that `part` has of `whole`, in thousandths; 0 of nothing.
pub fn thousandths(part: u64, whole: u64) -> u16 {
    let share = u128::from(part) * 1000 / u128::from(whole.max(1));
    u16::try_from(share.min(1000)).unwrap_or(1000)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rates_are_by_the_second_and_never_negative() {
        assert_eq!(per_second(100, 600, 500), 1000);
        assert_eq!(per_second(600, 100, 500), 0);
        assert_eq!(thousandths(1, 3), 333);
        assert_eq!(thousandths(5, 0), 1000);
    }

    proptest! {
        #[test]
        fn nothing_overflows(a: u64, b: u64, c: u64) {
            per_second(a, b, c);
            prop_assert!(thousandths(a, b) <= 1000);
        }
    }
}
