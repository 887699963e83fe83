//! Whole block devices, from `/proc/diskstats`.

use std::collections::HashMap;

use gantry_wire::node::DiskRate;

use crate::place::Place;
use crate::rate::{elapsed_ms, per_second, thousandths};
use crate::session::Moment;

/// Sectors of these files are this long whatever the device, bytes.
const SECTOR: u64 = 512;

/// Remembers the counters of the reading before.
#[derive(Debug, Default)]
pub struct Probe {
    before: Option<Moment>,
    counters: HashMap<String, Counters>,
    /// Devices that were looked at, and whether they are whole ones.
    whole: HashMap<String, bool>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counters {
    /// Bytes.
    read: u64,
    /// Bytes.
    written: u64,
    busy_ms: u64,
}

impl Probe {
    /// The rates of whole devices, in the kernel's order; `None` on the first reading.
    ///
    /// # Errors
    /// In words, if there is nothing to read.
    pub fn read(&mut self, place: &Place, now: Moment) -> Result<Option<Vec<DiskRate>>, String> {
        let lines: Vec<_> = parse(&place.proc_text("diskstats")?)
            .into_iter()
            .filter(|(name, _)| self.is_whole(place, name))
            .collect();
        let elapsed = self.before.and_then(|before| elapsed_ms(before, now));
        let rates = elapsed.map(|elapsed| {
            lines
                .iter()
                .filter_map(|(name, now)| {
                    let before = self.counters.get(name)?;
                    Some(DiskRate {
                        name: name.clone(),
                        read: per_second(before.read, now.read, elapsed),
                        write: per_second(before.written, now.written, elapsed),
                        busy: thousandths(now.busy_ms.saturating_sub(before.busy_ms), elapsed),
                    })
                })
                .collect()
        });
        if elapsed.is_some() || self.before.is_none() {
            self.before = Some(now);
            self.counters = lines.into_iter().collect();
        }
        Ok(rates)
    }

    /// The disks that may know of their own health, by name: not those that a hypervisor makes up.
    pub fn physical(&self) -> Vec<String> {
        let made_up = ["vd", "xvd", "nbd", "rbd", "pmem"];
        let names = self.counters.keys();
        let names = names.filter(|name| !made_up.iter().any(|prefix| name.starts_with(prefix)));
        let mut names: Vec<String> = names.cloned().collect();
        names.sort();
        names
    }

    /// Neither a partition nor what is stacked on other devices or on memory.
    fn is_whole(&mut self, place: &Place, name: &str) -> bool {
        if let Some(known) = self.whole.get(name) {
            return *known;
        }
        let block = place.sys.join("block");
        let whole = if block.is_dir() {
            let optical = name.starts_with("sr") || name.starts_with("fd");
            block.join(name).join("device").exists() && !optical
        } else {
            named_as_whole(name)
        };
        self.whole.insert(name.to_owned(), whole);
        whole
    }
}

/// Where there is no `/sys`: by the kernel's way of naming.
fn named_as_whole(name: &str) -> bool {
    let letters = |prefix: &str| {
        name.strip_prefix(prefix)
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_lowercase()))
    };
    let namespace = name
        .strip_prefix("nvme")
        .and_then(|rest| rest.split_once('n'))
        .is_some_and(|(controller, namespace)| {
            [controller, namespace]
                .iter()
                .all(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
        });
    letters("sd") || letters("vd") || letters("xvd") || letters("hd") || namespace
}

fn parse(diskstats: &str) -> Vec<(String, Counters)> {
    diskstats
        .lines()
        .filter_map(|line| {
            let mut fields = line.split_ascii_whitespace().skip(2);
            let name = fields.next()?.to_owned();
            let mut number = |skip| fields.nth(skip)?.parse::<u64>().ok();
            Some((
                name,
                Counters {
                    read: number(2)?.saturating_mul(SECTOR),
                    written: number(3)?.saturating_mul(SECTOR),
                    busy_ms: number(2)?,
                },
            ))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_found_in_lines_of_any_age() {
        let old = "   8       0 sda 89502 4833 4433387 89244 519115 62738 16059726 465120 0 149148 554564\n";
        let new = " 259 0 nvme0n1 1 2 300 4 5 6 700 8 9 1000 11 12 13 14 15 16 17\n bad\n";
        let lines = parse(&(old.to_owned() + new));
        let of = |sectors_read: u64, sectors_written: u64, busy_ms| Counters {
            read: sectors_read * 512,
            written: sectors_written * 512,
            busy_ms,
        };
        assert_eq!(
            lines[0],
            ("sda".to_owned(), of(4_433_387, 16_059_726, 149_148))
        );
        assert_eq!(lines[1], ("nvme0n1".to_owned(), of(300, 700, 1000)));
        assert_eq!(lines.len(), 2);
    }

    #[test]
    fn whole_devices_are_known_by_name() {
        for whole in ["sda", "sdaa", "vdb", "xvda", "nvme0n1", "nvme12n3"] {
            assert!(named_as_whole(whole), "{whole}");
        }
        for other in [
            "sda1",
            "dm-0",
            "drbd3",
            "nvme0n1p2",
            "loop0",
            "sd",
            "nvme",
            "md0",
            "sr0",
        ] {
            assert!(!named_as_whole(other), "{other}");
        }
    }
}
