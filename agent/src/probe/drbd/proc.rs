//! `/proc/drbd` as the modules 8.0 to 8.4 print it, and what can be kept of 0.7's.
//!
//! A device is a line `N: cs:... ro:.../... ds:.../... C r-----` and the lines after it: counters, how
//! far a resync is, and at higher detail the caches' use. Where lines are broken differs between
//! versions and mailers, so what counts is the order of the words and not the lines.

use gantry_wire::drbd::{Counters, Device, Progress};

use super::{Seen, Unread};

/// Lines that say nothing about a device.
const HEADERS: &[&str] = &[
    "srcversion:",
    "GIT-hash:",
    "SVN Revision:",
    "built-in",
    "Transports",
];
/// Lines of a device that are printed at a higher detail only, and are no use here.
const DETAILS: &[&str] = &["blocked on activity log:", "sector pos:"];
/// Keys within such lines.
const CACHES: &[&str] = &[
    "used", "hits", "misses", "starving", "dirty", "locked", "changed",
];
/// States that a text may end with: all that DRBD 8 has.
const WORDS: &[&str] = &[
    // Connections.
    "StandAlone",
    "Disconnecting",
    "Unconnected",
    "Timeout",
    "BrokenPipe",
    "NetworkFailure",
    "ProtocolError",
    "TearDown",
    "WFConnection",
    "WFReportParams",
    "Connected",
    "StartingSyncS",
    "StartingSyncT",
    "WFBitMapS",
    "WFBitMapT",
    "WFSyncUUID",
    "SyncSource",
    "SyncTarget",
    "VerifyS",
    "VerifyT",
    "PausedSyncS",
    "PausedSyncT",
    "Ahead",
    "Behind",
    "Unconfigured",
    // Roles.
    "Primary",
    "Secondary",
    "Unknown",
    // Disks.
    "Diskless",
    "Attaching",
    "Failed",
    "Negotiating",
    "Inconsistent",
    "Outdated",
    "DUnknown",
    "Consistent",
    "UpToDate",
];

/// Reads all of it. `file` is what it is called where a line could not be read.
pub fn parse(bytes: &[u8], file: &str) -> Seen {
    let mut seen = Seen::default();
    let mut unread = Unread::new(file);
    let mut device: Option<Reading> = None;
    for (at, line) in bytes.split(|&byte| byte == b'\n').enumerate() {
        let line = printable(line);
        let line = line.trim();
        if line.is_empty()
            || line.starts_with('#')
            || HEADERS.iter().any(|header| line.starts_with(header))
        {
            continue;
        }
        if let Some(rest) = line.strip_prefix("version:") {
            let version = rest.split_whitespace().next().unwrap_or_default();
            version.clone_into(&mut seen.version);
        } else if let Some((minor, rest)) = beginning(line) {
            seen.devices.extend(device.take().map(Reading::done));
            let mut reading = Reading::of(minor);
            reading.line(rest, at + 1, &mut unread);
            device = Some(reading);
        } else if DETAILS.iter().any(|detail| line.contains(detail)) {
            // Known, and of no use here.
        } else if let Some(reading) = &mut device {
            reading.line(line, at + 1, &mut unread);
        } else {
            unread.line(at + 1, &format!("belongs to no device: {line}"));
        }
    }
    if let Some(reading) = &mut device
        && let Some(word) = reading.cut_off(bytes)
    {
        unread.say(&format!("ends within a word: {word}"));
    }
    seen.devices.extend(device.map(Reading::done));
    seen.devices.sort_by_key(|device| device.minor);
    let mut before = None;
    seen.devices.retain(|device| {
        let again = before == Some(device.minor);
        if again {
            unread.say(&format!(
                "minor {} is there twice, the first is taken",
                device.minor
            ));
        }
        before = Some(device.minor);
        !again
    });
    seen.unread = unread.lines();
    seen
}

/// Old modules print zero bytes where a flag is not set.
fn printable(line: &[u8]) -> String {
    line.iter()
        .map(|&byte| match byte {
            0 | b'\t' | b'\r' => ' ',
            b' '..=b'~' => char::from(byte),
            _ => '?',
        })
        .collect()
}

/// A device's first line: its minor, and what follows.
fn beginning(line: &str) -> Option<(u32, &str)> {
    let (minor, rest) = line.split_once(':')?;
    let minor = minor.parse().ok()?;
    rest.trim_start()
        .starts_with("cs:")
        .then_some((minor, rest))
}

/// A device whose lines are being read.
struct Reading {
    device: Device,
    /// A key whose value comes next.
    key: Option<String>,
    /// The unit that was printed with what is left, if any.
    unit: Option<char>,
    left: u64,
    total: u64,
}

impl Reading {
    fn of(minor: u32) -> Reading {
        Reading {
            device: Device {
                minor,
                ..Device::default()
            },
            key: None,
            unit: None,
            left: 0,
            total: 0,
        }
    }

    fn line(&mut self, line: &str, number: usize, unread: &mut Unread) {
        let mut rest = line.trim_start();
        while !rest.is_empty() {
            let before = rest.len();
            match self.word(&mut rest) {
                Ok(()) => {}
                Err(word) => unread.line(number, &format!("not understood: {word}")),
            }
            rest = rest.trim_start();
            if rest.len() >= before {
                return;
            }
        }
    }

    /// Takes one word off the rest of a line.
    ///
    /// # Errors
    /// The word, if it is not understood.
    fn word(&mut self, rest: &mut &str) -> Result<(), String> {
        if rest.starts_with('[') {
            // The bar, which says less than the percent behind it.
            let end = rest.find(']').map_or(rest.len(), |end| end + 1);
            return take(rest, end, |_| Ok(()));
        }
        if rest.starts_with('(') {
            let end = rest.find(')').map_or(rest.len(), |end| end + 1);
            let word = take(rest, end, |word| Ok(word.to_owned()))?;
            return self.bracket(&word, rest);
        }
        let end = rest
            .find(|c: char| c.is_whitespace() || c == '(' || c == '[')
            .unwrap_or(rest.len());
        let word = rest.get(..end).unwrap_or_default();
        let colon = word.find(':').filter(|at| is_key(word.get(..*at)));
        if let Some(at) = colon {
            let key = word.get(..at).unwrap_or_default().to_owned();
            *rest = rest.get(at + 1..).unwrap_or_default();
            // The value of the one before never came.
            let lost = self.key.replace(key.clone());
            match key.as_str() {
                "resync" | "act_log" => self.key = None,
                "sync'ed" | "verified" => {
                    self.device.progress = Some(Progress {
                        verify: key == "verified",
                        ..Progress::default()
                    });
                }
                _ => {}
            }
            return lost.map_or(Ok(()), |lost| Err(format!("{lost}: without a value")));
        }
        let word = word.to_owned();
        *rest = rest.get(end..).unwrap_or_default();
        match self.key.take() {
            Some(key) => self.value(&key, &word),
            None => self.bare(&word),
        }
    }

    /// A word with no key before it.
    fn bare(&mut self, word: &str) -> Result<(), String> {
        let device = &mut self.device;
        match word {
            "A" | "B" | "C" if device.flags.is_empty() => word.clone_into(&mut device.protocol),
            "K/sec" | "K/s" => {}
            "stalled" => match &mut device.progress {
                Some(progress) => progress.stalled = true,
                None => return Err(word.to_owned()),
            },
            _ if device.flags.is_empty() && is_flags(word) => {
                word.clone_into(&mut device.flags);
                (device.paused_by, device.io_suspended) = decode(word);
            }
            _ => return Err(word.to_owned()),
        }
        Ok(())
    }

    /// What stands in brackets: what is left of how much, the mean speed, or that it stalls.
    fn bracket(&mut self, word: &str, rest: &mut &str) -> Result<(), String> {
        self.key = None;
        let not_understood = || word.to_owned();
        let inner = word
            .strip_prefix('(')
            .and_then(|word| word.strip_suffix(')'));
        let inner = inner.ok_or_else(not_understood)?;
        let progress = self.device.progress.as_mut().ok_or_else(not_understood)?;
        if inner == "stalled" {
            progress.stalled = true;
        } else if let Some((left, total)) = inner.split_once('/') {
            self.left = number(left).ok_or_else(not_understood)?;
            self.total = number(total).ok_or_else(not_understood)?;
            if let Some(unit) = rest.chars().next().filter(|c| "KMG".contains(*c)) {
                self.unit = Some(unit);
                *rest = rest.get(1..).unwrap_or_default();
            }
        } else {
            progress.mean_kib = Some(number(inner).ok_or_else(not_understood)?);
        }
        Ok(())
    }

    fn value(&mut self, key: &str, value: &str) -> Result<(), String> {
        let not_understood = || format!("{key}:{value}");
        let device = &mut self.device;
        match key {
            "cs" => value.clone_into(&mut device.connection),
            "ld" => value.clone_into(&mut device.disk),
            "ro" | "st" => (device.role, device.peer_role) = both(value),
            "ds" => (device.disk, device.peer_disk) = both(value),
            "sync'ed" | "verified" => {
                let percent: f64 = value
                    .strip_suffix('%')
                    .filter(|digits| digits.starts_with(|c: char| c.is_ascii_digit()))
                    .and_then(|digits| digits.parse().ok())
                    .filter(|percent: &f64| percent.is_finite())
                    .ok_or_else(|| {
                        // Without a percent it is not known how far it is.
                        device.progress = None;
                        not_understood()
                    })?;
                if let Some(progress) = &mut device.progress {
                    progress.percent = percent.min(100.0);
                }
            }
            "finish" | "speed" | "want" => {
                let progress = device.progress.as_mut().ok_or_else(not_understood)?;
                let number = match key {
                    "finish" => hours(value),
                    _ => number(value),
                };
                let number = Some(number.ok_or_else(not_understood)?);
                match key {
                    "finish" => progress.eta_s = number,
                    "speed" => progress.speed_kib = number,
                    _ => progress.want_kib = number,
                }
            }
            "oos" => device.oos_kib = Some(number(value).ok_or_else(not_understood)?),
            "wo" => value.clone_into(&mut device.counters.wo),
            "ep" => device.counters.ep = Some(number(value).ok_or_else(not_understood)?),
            _ if CACHES.contains(&key) => {}
            _ => {
                let counter = counter(&mut device.counters, key).ok_or_else(not_understood)?;
                *counter = number(value).ok_or_else(not_understood)?;
            }
        }
        Ok(())
    }

    /// The state at the very end of the text, if that is none and so was not written to its end.
    /// It is forgotten.
    fn cut_off(&mut self, bytes: &[u8]) -> Option<String> {
        if bytes.ends_with(b"\n") {
            return None;
        }
        let start = bytes.iter().rposition(u8::is_ascii_whitespace);
        let word = printable(bytes.get(start.map_or(0, |at| at + 1)..)?);
        let (key, states) = word.split_once(':')?;
        let device = &mut self.device;
        let last = match key {
            "cs" => &mut device.connection,
            "ld" => &mut device.disk,
            "ro" | "st" if states.contains('/') => &mut device.peer_role,
            "ro" | "st" => &mut device.role,
            "ds" if states.contains('/') => &mut device.peer_disk,
            "ds" => &mut device.disk,
            _ => return None,
        };
        if WORDS.contains(&last.as_str()) {
            return None;
        }
        last.clear();
        Some(word)
    }

    fn done(mut self) -> Device {
        if let Some(progress) = &mut self.device.progress {
            let factor = match (self.unit, self.device.oos_kib) {
                (Some('G'), _) => 1024 * 1024,
                (Some('M'), _) => 1024,
                (Some(_), _) => 1,
                // Of a resync what is left is what differs, which tells the unit.
                (None, Some(oos)) if !progress.verify => {
                    let off = |factor: u64| self.left.saturating_mul(factor).abs_diff(oos);
                    if off(1024) < off(1) { 1024 } else { 1 }
                }
                (None, _) => 1,
            };
            progress.left_kib = self.left.saturating_mul(factor);
            progress.total_kib = self.total.saturating_mul(factor);
        }
        self.device
    }
}

/// Cuts a word off.
fn take<T>(
    rest: &mut &str,
    end: usize,
    read: impl FnOnce(&str) -> Result<T, String>,
) -> Result<T, String> {
    let word = rest.get(..end).unwrap_or_default();
    *rest = rest.get(end..).unwrap_or_default();
    read(word)
}

fn is_key(word: Option<&str>) -> bool {
    word.is_some_and(|word| {
        !word.is_empty()
            && word
                .chars()
                .all(|c| c.is_ascii_lowercase() || "_'".contains(c))
    })
}

/// Flags begin with `r` (running) or `s` (suspended) and have a dash for each that is not set.
fn is_flags(word: &str) -> bool {
    word.starts_with(['r', 's'])
        && (4..=8).contains(&word.len())
        && word.chars().all(|c| c.is_ascii_lowercase() || c == '-')
}

/// What the flags say by their places: first whether I/O runs, then what holds a resync back. The
/// fifth is why the device is congested and the sixth is about the activity log, so that an `a`
/// or `s` there is something else.
fn decode(flags: &str) -> (Vec<String>, bool) {
    let at = |place: usize| flags.as_bytes().get(place).copied();
    let causes = [
        (1, b'a', "dependency"),
        (2, b'p', "peer"),
        (3, b'u', "user"),
    ];
    let paused_by = causes
        .iter()
        .filter(|(place, letter, _)| at(*place) == Some(*letter))
        .map(|(_, _, cause)| (*cause).to_owned())
        .collect();
    (paused_by, at(0) == Some(b's'))
}

fn both(value: &str) -> (String, String) {
    let (own, peers) = value.split_once('/').unwrap_or((value, ""));
    (own.to_owned(), peers.to_owned())
}

fn counter<'a>(counters: &'a mut Counters, key: &str) -> Option<&'a mut u64> {
    Some(match key {
        "ns" => &mut counters.sent,
        "nr" => &mut counters.received,
        "dw" => &mut counters.written,
        "dr" => &mut counters.read,
        "al" => &mut counters.al,
        "bm" => &mut counters.bm,
        "lo" => &mut counters.lo,
        "pe" => &mut counters.pe,
        "ua" => &mut counters.ua,
        "ap" => &mut counters.ap,
        _ => return None,
    })
}

/// A number, which may have commas between its thousands.
fn number(text: &str) -> Option<u64> {
    if !text.contains(',') {
        return text.parse().ok();
    }
    text.replace(',', "").parse().ok()
}

/// Seconds of `h:mm:ss`.
fn hours(text: &str) -> Option<u64> {
    text.split(':').try_fold(0_u64, |seconds, part| {
        let part: u64 = part.parse().ok()?;
        Some(seconds.saturating_mul(60).saturating_add(part))
    })
}

#[cfg(test)]
#[path = "proc_tests.rs"]
mod tests;
