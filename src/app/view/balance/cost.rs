//! How long it takes to copy disks.

use crate::app::facts::Facts;
use crate::model::words::duration;
use crate::planner::htools::balance::cheap::Costs;
use crate::planner::n1::words::size;

/// Speed of one resync, and how that is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Resync {
    /// MiB a second.
    pub speed: f64,
    /// How that is known.
    pub known: Known,
}

/// How a speed is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// The operator said so.
    Given,
    /// The cluster's own resyncs went so fast.
    Measured,
    /// None was seen.
    Assumed,
}

impl Resync {
    /// What is known of this cluster.
    pub fn of(facts: &Facts) -> Resync {
        let given = facts.plans.balance.ask.resync_speed;
        let (speed, known) = match (given, facts.resync_speed) {
            (Some(given), _) => (f64::from(given), Known::Given),
            (None, Some(measured)) => (measured, Known::Measured),
            (None, None) => (Costs::default().resync, Known::Assumed),
        };
        Resync { speed, known }
    }

    /// How long so many MiB take.
    pub fn time(self, mib: i64) -> String {
        if self.speed > 0.0 {
            duration(mib.max(0) as f64 / self.speed)
        } else {
            "?".to_owned()
        }
    }

    /// `92M/s, measured`
    pub fn words(self) -> String {
        let speed = size(self.speed.round() as i64);
        let how = match self.known {
            Known::Given => "as given",
            Known::Measured => "as measured",
            Known::Assumed => "assumed: none was seen yet",
        };
        format!("{speed}/s {how}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_counts_before_what_is_measured_and_that_before_what_is_assumed() {
        let mut facts = Facts::default();
        assert_eq!(Resync::of(&facts).known, Known::Assumed);
        facts.resync_speed = Some(92.4);
        assert_eq!(Resync::of(&facts).words(), "92M/s as measured");
        facts.plans.balance.ask.resync_speed = Some(50);
        let given = Resync::of(&facts);
        assert_eq!(given.words(), "50M/s as given");
        assert_eq!(given.time(6_000), "2m 00s");
    }
}
