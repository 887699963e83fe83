//! One process as `/proc` shows it.

use crate::place::Place;

/// A process's life and use, from `/proc/PID/stat`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stat {
    /// Its state's letter: `R`, `S`, `T` stopped, `Z` dead but not buried.
    pub state: char,
    /// Clock ticks that it ran, guests included.
    pub ticks: u64,
    /// Clock ticks from the boot to its start: tells it from a later one with its number.
    pub start: u64,
    /// Resident memory, pages.
    pub pages: u64,
}

/// Reads a process's state; `None` if there is none of that number.
pub fn stat(place: &Place, pid: u32) -> Option<Stat> {
    parse_stat(&place.proc_text(&format!("{pid}/stat")).ok()?)
}

fn parse_stat(text: &str) -> Option<Stat> {
    // The name in brackets may hold anything, brackets as well.
    let (_, rest) = text.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace();
    let state = fields.next()?.chars().next()?;
    let mut number = |skip| fields.nth(skip)?.parse::<u64>().ok();
    let (user, system) = (number(10)?, number(0)?);
    Some(Stat {
        state,
        ticks: user.saturating_add(system),
        start: number(6)?,
        pages: number(1)?,
    })
}

/// A process's arguments; empty if it is gone, dead or the kernel's own.
pub fn arguments(place: &Place, pid: u32) -> Vec<String> {
    let text = place
        .proc_text(&format!("{pid}/cmdline"))
        .unwrap_or_default();
    text.split_terminator('\0').map(str::to_owned).collect()
}

/// Bytes that a process caused to be read from and written to disk; `None` where that needs root.
pub fn disk_bytes(place: &Place, pid: u32) -> Option<(u64, u64)> {
    parse_io(&place.proc_text(&format!("{pid}/io")).ok()?)
}

fn parse_io(text: &str) -> Option<(u64, u64)> {
    let number = |name: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
    };
    Some((number("read_bytes:")?, number("write_bytes:")?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_with_brackets_and_blanks_confuses_nobody() {
        let text = "937 (qemu) S 9) S 1 937 937 0 -1 4194624 5 0 0 0 250 50 0 0 20 0 4 0 7777 900 33 1 2 3\n";
        let expected = Stat {
            state: 'S',
            ticks: 300,
            start: 7777,
            pages: 33,
        };
        assert_eq!(parse_stat(text), Some(expected));
    }

    #[test]
    fn disk_bytes_are_not_those_that_were_cached() {
        let text =
            "rchar: 9\nwchar: 8\nread_bytes: 4096\nwrite_bytes: 512\ncancelled_write_bytes: 3\n";
        assert_eq!(parse_io(text), Some((4096, 512)));
    }

    #[test]
    fn this_test_is_a_process() {
        let place = Place::new("/".into(), None);
        let me = std::process::id();
        assert!(stat(&place, me).is_some_and(|stat| stat.pages > 0 && stat.start > 0));
        assert!(!arguments(&place, me).is_empty());
        assert_eq!(stat(&place, u32::MAX), None);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[0-9() a-zS\n:]{0,80}") {
            parse_stat(&text);
            parse_io(&text);
        }
    }
}
