//! How long to wait before the next attempt.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// The first wait.
const FIRST: Duration = Duration::from_secs(1);

/// The longest wait for what may come back by itself.
const LONGEST: Duration = Duration::from_secs(60);

/// The wait for what somebody has to mend first.
const MENDING: Duration = Duration::from_secs(300);

/// The wait before attempt number `attempts + 1`: doubled each time up to a minute, a quarter
/// more or less by chance, so that many consoles do not come all at once.
pub fn wait(attempts: u32, needs_mending: bool) -> Duration {
    if needs_mending {
        return MENDING;
    }
    let doubled = FIRST
        .saturating_mul(1 << attempts.saturating_sub(1).min(6))
        .min(LONGEST);
    // Each RandomState has keys of its own: chance enough for this.
    let chance = RandomState::new().hash_one(attempts) % 500;
    doubled.mul_f64(0.75 + chance as f64 / 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_stay_bounded() {
        assert!(wait(1, false) <= Duration::from_millis(1_250));
        assert!(wait(4, false) >= Duration::from_secs(6));
        for attempts in 0..100 {
            assert!(wait(attempts, false) <= Duration::from_secs(75));
        }
        assert_eq!(wait(1, true), MENDING);
    }
}
