//! What of DRBD's state a console does not know yet. A node with hundreds of devices of which none
//! changes sends nothing.

use gantry_wire::drbd::{Device, Drbd};

use crate::session::Moment;

/// Devices of which nothing but counters changed are told this often, milliseconds.
const COUNTERS_MS: u64 = 10_000;

/// Remembers what was told.
#[derive(Debug, Default)]
pub struct DrbdNews {
    /// All devices as they were told; `None` before the first time.
    known: Option<Drbd>,
    counters_ms: u64,
}

impl DrbdNews {
    /// What is to be told, `latest` being all there is; `None` if it is known. What is returned
    /// counts as told.
    pub fn told(&mut self, mut latest: Drbd, now: Moment) -> Option<Drbd> {
        latest.gone.clear();
        // As it should be, but it comes from elsewhere.
        latest.devices.sort_by_key(|device| device.minor);
        latest.devices.dedup_by_key(|device| device.minor);
        let known = match &mut self.known {
            Some(known) if known.version.is_empty() == latest.version.is_empty() => known,
            // The first time, and when the module was loaded or went.
            _ => {
                latest.whole = true;
                self.counters_ms = now.mono_ms;
                self.known = Some(latest.clone());
                return Some(latest);
            }
        };
        let counters = now.mono_ms.saturating_sub(self.counters_ms) >= COUNTERS_MS;
        let news = Drbd {
            whole: false,
            more: false,
            version: latest.version,
            pushed: latest.pushed,
            gone: known
                .devices
                .iter()
                .map(|device| device.minor)
                .filter(|minor| {
                    let devices = &latest.devices;
                    devices.binary_search_by_key(minor, |it| it.minor).is_err()
                })
                .collect(),
            devices: latest
                .devices
                .into_iter()
                .filter(|device| {
                    known
                        .device(device.minor)
                        .is_none_or(|before| is_news(before, device, counters))
                })
                .collect(),
            unread: latest.unread,
        };
        let same = news.version == known.version
            && news.pushed == known.pushed
            && news.unread == known.unread;
        if same && news.gone.is_empty() && news.devices.is_empty() {
            return None;
        }
        if counters {
            self.counters_ms = now.mono_ms;
        }
        known.absorb(news.clone());
        Some(news)
    }
}

/// Whether a device differs from what was told of it, its counters counting only when they are due.
fn is_news(before: &Device, now: &Device, counters: bool) -> bool {
    if before == now {
        return false;
    }
    counters
        || *before
            != Device {
                counters: before.counters.clone(),
                ..now.clone()
            }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use gantry_wire::drbd::Counters;
    use proptest::prelude::*;

    use super::*;

    fn at(mono_ms: u64) -> Moment {
        Moment {
            mono_ms,
            wall_ms: 0,
        }
    }

    fn device(minor: u32, oos: u64, sent: u64) -> Device {
        Device {
            minor,
            oos_kib: Some(oos),
            counters: Counters {
                sent,
                ..Counters::default()
            },
            ..Device::default()
        }
    }

    fn drbd(devices: &[Device]) -> Drbd {
        Drbd {
            whole: true,
            version: "8.4.11".into(),
            devices: devices.to_vec(),
            ..Drbd::default()
        }
    }

    #[test]
    fn all_is_told_first_and_then_what_changed() {
        let mut news = DrbdNews::default();
        let first = drbd(&[device(0, 0, 0), device(1, 0, 0), device(2, 0, 0)]);
        assert_eq!(news.told(first.clone(), at(0)), Some(first.clone()));
        assert_eq!(news.told(first, at(1000)), None);
        let told = news
            .told(drbd(&[device(0, 0, 0), device(2, 7, 0)]), at(2000))
            .unwrap();
        assert!(!told.whole);
        assert_eq!((told.devices, told.gone), (vec![device(2, 7, 0)], vec![1]));
    }

    #[test]
    fn counters_alone_are_told_every_10_s_and_with_other_changes() {
        let mut news = DrbdNews::default();
        news.told(drbd(&[device(0, 0, 1), device(1, 0, 1)]), at(0));
        assert_eq!(
            news.told(drbd(&[device(0, 0, 2), device(1, 0, 1)]), at(9_999)),
            None
        );
        let told = news
            .told(drbd(&[device(0, 3, 3), device(1, 0, 3)]), at(9_999))
            .unwrap();
        assert_eq!(told.devices, [device(0, 3, 3)]);
        let told = news
            .told(drbd(&[device(0, 3, 3), device(1, 0, 4)]), at(10_000))
            .unwrap();
        assert_eq!(told.devices, [device(1, 0, 4)]);
        assert_eq!(
            news.told(drbd(&[device(0, 3, 9), device(1, 0, 9)]), at(19_999)),
            None
        );
    }

    #[test]
    fn a_module_that_goes_takes_all_with_it() {
        let mut news = DrbdNews::default();
        news.told(drbd(&[device(0, 0, 0)]), at(0));
        let none = Drbd {
            whole: true,
            ..Drbd::default()
        };
        assert_eq!(news.told(none.clone(), at(1)), Some(none.clone()));
        assert_eq!(news.told(none, at(2)), None);
    }

    proptest! {
        /// Whatever happens, the console knows all but counters that are not due.
        #[test]
        fn what_was_told_adds_up(states in proptest::collection::vec(
            proptest::collection::btree_map(0_u32..6, (0_u64..3, 0_u64..3), 0..6), 1..8)) {
            let mut news = DrbdNews::default();
            let mut console = Drbd::default();
            for (step, state) in states.iter().enumerate() {
                let devices: Vec<Device> =
                    state.iter().map(|(minor, (oos, sent))| device(*minor, *oos, *sent)).collect();
                if let Some(told) = news.told(drbd(&devices), at(step as u64 * 20_000)) {
                    console.absorb(told);
                }
                prop_assert_eq!(&console.devices, &devices);
            }
        }
    }
}
