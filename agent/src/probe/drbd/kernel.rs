//! What the kernel's log says of DRBD: when something changed, when a split brain was found, and
//! the generations that both ends had when they met. Only root may read it.
//!
//! Lines come from `dmesg` (`[seconds] text`) or from `/dev/kmsg` (`prio,seq,usec,flags;text`).

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

use gantry_wire::drbd::Generation;
use rustix::fs::{Mode, OFlags};

use super::gi;

/// More records than a kernel's ring buffer has.
const RECORDS: usize = 200_000;
/// The length of the longest record, and one byte more.
const RECORD: usize = 8193;

/// What was said of one device. Times are seconds since the boot.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Said {
    /// When its connection or disk last changed.
    pub changed: Option<f64>,
    /// When a split brain was last found.
    pub split_brain: Option<f64>,
    /// The generations that this end had when the two met last.
    pub own: Option<Generation>,
    /// Those of the peer.
    pub peers: Option<Generation>,
}

/// All that was said so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Log {
    minors: BTreeMap<u32, Said>,
    /// When a connection last changed, by resource.
    resources: BTreeMap<String, f64>,
}

/// Whom a line is about.
enum Subject<'a> {
    Minor(u32),
    Resource(&'a str),
}

impl Log {
    /// What was said of a device of that resource.
    pub fn of(&self, minor: u32, resource: &str) -> Said {
        let mut said = self.minors.get(&minor).cloned().unwrap_or_default();
        if let Some(changed) = self.resources.get(resource) {
            said.changed = Some(said.changed.map_or(*changed, |own| own.max(*changed)));
        }
        said
    }

    /// Takes a line of either form.
    pub fn line(&mut self, line: &str) {
        let (seconds, text) = match line.strip_prefix('[') {
            Some(rest) => {
                let Some((seconds, text)) = rest.split_once(']') else {
                    return;
                };
                (seconds.trim().parse().ok(), text)
            }
            None => {
                let Some((head, text)) = line.split_once(';') else {
                    return;
                };
                let micros = head.split(',').nth(2);
                let micros = micros.and_then(|micros| micros.parse::<u64>().ok());
                (micros.map(|micros| micros as f64 / 1e6), text)
            }
        };
        let seconds = seconds.filter(|seconds: &f64| seconds.is_finite());
        if let (Some(seconds), Some((subject, text))) = (seconds, subject(text.trim())) {
            self.said(seconds, &subject, text);
        }
    }

    fn said(&mut self, seconds: f64, subject: &Subject<'_>, text: &str) {
        let changes = ["conn( ", "disk( "].iter().any(|change| {
            // Not `pdsk( `, and not a word that only ends so.
            text.starts_with(change) || text.contains(&format!(" {change}"))
        });
        let minor = match subject {
            Subject::Resource(name) => {
                if changes {
                    self.resources.insert((*name).to_owned(), seconds);
                }
                return;
            }
            Subject::Minor(minor) => *minor,
        };
        let met = ["self ", "peer "].iter().find_map(|end| {
            let uuids = text.strip_prefix(end)?.split_whitespace().next()?;
            Some((*end, gi::uuids(uuids)?))
        });
        let found = text.starts_with("Split-Brain detected");
        if !changes && !found && met.is_none() {
            return;
        }
        let said = self.minors.entry(minor).or_default();
        if changes {
            said.changed = Some(seconds);
        }
        if found {
            said.split_brain = Some(seconds);
        }
        match met {
            Some(("self ", uuids)) => said.own = Some(uuids),
            Some((_, uuids)) => said.peers = Some(uuids),
            None => {}
        }
    }
}

/// Whom a line is about and what it says, if it is DRBD's: `block drbd1: ...` (8.x),
/// `drbd NAME: ...`, `drbd NAME/0 drbd1 PEER: ...` (9).
fn subject(text: &str) -> Option<(Subject<'_>, &str)> {
    let minor = |word: &str| word.strip_prefix("drbd")?.parse().ok().map(Subject::Minor);
    if let Some(rest) = text.strip_prefix("block ") {
        let (name, said) = rest.split_once(": ")?;
        return Some((minor(name)?, said));
    }
    let (names, said) = text.strip_prefix("drbd ")?.split_once(": ")?;
    let mut names = names.split_whitespace();
    let resource = names.next()?;
    let device = resource.contains('/').then(|| names.next().and_then(minor));
    let resource = resource.split('/').next().unwrap_or(resource);
    Some((
        device.flatten().unwrap_or(Subject::Resource(resource)),
        said,
    ))
}

/// The log of the kernel that runs, read on where it was left.
#[derive(Debug)]
pub struct Kmsg {
    file: File,
    log: Log,
}

impl Kmsg {
    /// Opens it at its oldest record; `None` where this user may not.
    pub fn open(path: &Path) -> Option<Kmsg> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let mut file = File::from(rustix::fs::open(path, flags, Mode::empty()).ok()?);
        file.seek(SeekFrom::Start(0)).ok()?;
        Some(Kmsg {
            file,
            log: Log::default(),
        })
    }

    /// What was said until now.
    pub fn read(&mut self) -> &Log {
        let mut record = vec![0; RECORD];
        for _ in 0..RECORDS {
            match self.file.read(&mut record) {
                // One record each time; lines of properties may follow its text.
                Ok(n) if n > 0 => {
                    let text = String::from_utf8_lossy(record.get(..n).unwrap_or_default());
                    if let Some(line) = text.lines().next() {
                        self.log.line(line);
                    }
                }
                // Records were overwritten before they were read.
                Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                _ => break,
            }
        }
        &self.log
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::super::samples;
    use super::*;

    fn split_brain(line: impl Fn(&str) -> String) -> Log {
        let mut log = Log::default();
        for text in samples::captured("dmesg-split-brain.txt").lines() {
            log.line(&line(text));
        }
        log
    }

    #[test]
    fn a_real_split_brain_is_found_with_what_both_ends_had() {
        let said = split_brain(str::to_owned).of(1, "resource1");
        assert_eq!(said.split_brain, Some(1_814.726_182));
        assert_eq!(said.changed, Some(1_814.958_870));
        assert_eq!(said.own.unwrap().current, "337326D5B2384A9F");
        let peers = said.peers.unwrap();
        assert_eq!(
            (peers.current.as_str(), peers.bitmap.as_str()),
            ("DAF5C8D0FA2C6251", "5C8893D971508EE6")
        );
        assert_eq!(
            split_brain(str::to_owned).of(2, "resource2"),
            Said::default()
        );
    }

    #[test]
    fn the_kernels_own_records_say_the_same() {
        let record = |line: &str| {
            let (time, text) = line.strip_prefix('[').unwrap().split_once("] ").unwrap();
            format!("6,77,{},-;{text}", time.trim().replace('.', ""))
        };
        assert_eq!(split_brain(record), split_brain(str::to_owned));
    }

    #[test]
    fn only_connection_and_disk_are_changes() {
        let mut log = Log::default();
        log.line("[   10.5] block drbd3: disk( UpToDate -> Failed )");
        log.line("[   11.5] block drbd3: role( Secondary -> Primary ) pdsk( A -> B )");
        log.line("[   12.5] drbd r1: peer( Primary -> Unknown ) conn( Connected -> Timeout ) pdsk( UpToDate -> DUnknown )");
        log.line("[   13.5] drbd r1/0 drbd4 beta: conn( A -> B )");
        log.line("[   14.5] sd 0:0:0:0: disk( A -> B )");
        let changed = |minor, resource| log.of(minor, resource).changed;
        assert_eq!(changed(3, "r0"), Some(10.5));
        assert_eq!(changed(5, "r1"), Some(12.5));
        assert_eq!(changed(4, ""), Some(13.5));
    }

    #[test]
    fn a_log_that_may_not_be_read_says_nothing() {
        assert!(Kmsg::open(Path::new("/nonexistent/kmsg")).is_none());
    }

    proptest! {
        #[test]
        fn no_line_makes_it_panic(line in "[\\[\\],;:. a-z0-9()>/-]{0,80}|\\PC{0,60}") {
            Log::default().line(&line);
            Log::default().line(&format!("6,1,2,-;block drbd1: {line}"));
        }
    }
}
