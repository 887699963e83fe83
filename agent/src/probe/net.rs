//! Network interfaces, from `/proc/net/dev`.

use std::collections::HashMap;

use gantry_wire::node::NetRate;

use crate::place::Place;
use crate::rate::{elapsed_ms, per_second};
use crate::session::Moment;

/// Bytes that one interface received and sent since it came up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Received.
    pub rx: u64,
    /// Sent.
    pub tx: u64,
}

/// Remembers the counters of the reading before.
#[derive(Debug, Default)]
pub struct Probe {
    before: Option<Moment>,
    counters: HashMap<String, Traffic>,
    /// Interfaces that were looked at, and whether they belong to a process (`tap0`).
    taps: HashMap<String, bool>,
}

impl Probe {
    /// The rates of the node's own interfaces, in the kernel's order: all but `lo` and those that
    /// belong to a process, which are the guests' and counted there. `None` on the first reading.
    ///
    /// # Errors
    /// In words, if there is nothing to read.
    pub fn read(&mut self, place: &Place, now: Moment) -> Result<Option<Vec<NetRate>>, String> {
        let lines = parse(&place.proc_text("net/dev")?);
        let elapsed = self.before.and_then(|before| elapsed_ms(before, now));
        let rates = elapsed.map(|elapsed| {
            let counters = &self.counters;
            let taps = &mut self.taps;
            let own = lines.iter().filter(|(name, _)| !is_tap(taps, place, name));
            own.filter_map(|(name, traffic)| {
                let before = counters.get(name)?;
                Some(NetRate {
                    name: name.clone(),
                    rx: per_second(before.rx, traffic.rx, elapsed),
                    tx: per_second(before.tx, traffic.tx, elapsed),
                })
            })
            .collect()
        });
        if elapsed.is_some() || self.before.is_none() {
            self.before = Some(now);
            self.counters = lines.into_iter().collect();
            self.taps.retain(|name, _| self.counters.contains_key(name));
        }
        Ok(rates)
    }

    /// The counters that were read last, of every interface.
    pub fn counters(&self) -> &HashMap<String, Traffic> {
        &self.counters
    }
}

fn is_tap(taps: &mut HashMap<String, bool>, place: &Place, name: &str) -> bool {
    if let Some(known) = taps.get(name) {
        return *known;
    }
    let flags = place.sys.join("class/net").join(name).join("tun_flags");
    let tap = name == "lo" || flags.exists();
    taps.insert(name.to_owned(), tap);
    tap
}

fn parse(dev: &str) -> Vec<(String, Traffic)> {
    dev.lines()
        .filter_map(|line| {
            let (name, numbers) = line.split_once(':')?;
            let mut numbers = numbers.split_ascii_whitespace();
            let rx = numbers.next()?.parse().ok()?;
            let tx = numbers.nth(7)?.parse().ok()?;
            Some((name.trim().to_owned(), Traffic { rx, tx }))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_and_bytes_are_found_with_and_without_a_blank() {
        let dev = "\
Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs
    lo:     100       1    0    0    0     0          0         0      100       1    0    0    0     0       0          0
  eth0:4294967296    9    0    0    0     0          0         0      200       1    0    0    0     0       0          0
";
        let lines = parse(dev);
        assert_eq!(lines.len(), 2);
        assert_eq!(
            lines[1],
            (
                "eth0".to_owned(),
                Traffic {
                    rx: 4_294_967_296,
                    tx: 200
                }
            )
        );
    }

    #[test]
    fn the_first_reading_has_no_rates_and_the_next_has() {
        let place = Place::new("/".into(), None);
        let mut probe = Probe::default();
        let at = |mono_ms| Moment {
            mono_ms,
            wall_ms: 0,
        };
        assert_eq!(probe.read(&place, at(1000)).unwrap(), None);
        assert_eq!(probe.read(&place, at(1000)).unwrap(), None);
        let rates = probe.read(&place, at(2000)).unwrap().unwrap();
        assert!(rates.iter().all(|rate| rate.name != "lo"));
    }
}
