//! `drbdsetup get-gi` and `show-gi`: a device's data generations.
//!
//! One line has four generations and then flags, all with colons between; `show-gi` draws its
//! explanations around it.

use gantry_wire::drbd::Generation;

/// The flags as 8.x prints them, in that order.
const FLAGS_8: &[&str] = &[
    "consistent",
    "was-up-to-date",
    "primary",
    "connected",
    "full-sync",
    "peer-outdated",
    "crashed-primary",
];
/// The twelve flags of version 9, those without a word left out.
const FLAGS_9: &[&str] = &[
    "consistent",
    "was-up-to-date",
    "primary",
    "crashed-primary",
    "",
    "",
    "",
    "connected",
    "peer-outdated",
    "",
    "full-sync",
    "",
];

/// Reads the line of generations; `None` if there is none.
pub fn parse(text: &str) -> Option<Generation> {
    text.lines().find_map(line)
}

/// Generations alone, as the kernel's log has them: `A:B:C:D`.
pub fn uuids(text: &str) -> Option<Generation> {
    let mut uuids = text.split(':').map(|uuid| {
        let fits = (1..=16).contains(&uuid.len()) && uuid.chars().all(|c| c.is_ascii_hexdigit());
        fits.then(|| uuid.to_owned())
    });
    let generation = Generation {
        current: uuids.next()??,
        bitmap: uuids.next()??,
        history: vec![uuids.next()??, uuids.next()??],
        flags: Vec::new(),
    };
    uuids.next().is_none().then_some(generation)
}

fn line(line: &str) -> Option<Generation> {
    let parts: Vec<&str> = line.trim().split(':').collect();
    let (generations, flags) = parts.split_at_checked(4)?;
    if flags.is_empty() || flags.iter().any(|flag| !matches!(*flag, "0" | "1")) {
        return None;
    }
    // What later 8.4 adds behind the seven has no word.
    let words = if flags.len() >= FLAGS_9.len() {
        FLAGS_9
    } else {
        FLAGS_8
    };
    let set = words
        .iter()
        .zip(flags)
        .filter(|(word, flag)| **flag == "1" && !word.is_empty());
    Some(Generation {
        flags: set.map(|(word, _)| (*word).to_owned()).collect(),
        ..uuids(&generations.join(":"))?
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    const LINE: &str = "337326D5B2384A9F:5C8893D971508EE7:E8AEB504E0795C44:A04F730652E0C363";

    #[test]
    fn flags_stand_in_the_order_of_their_version() {
        let flags = |text: &str| parse(text).unwrap().flags.join(" ");
        assert_eq!(
            flags(&format!("{LINE}:1:1:1:0:0:0:0\n")),
            "consistent was-up-to-date primary"
        );
        assert_eq!(
            flags(&format!("{LINE}:1:1:0:1:0:0:0:0\n")),
            "consistent was-up-to-date connected"
        );
        assert_eq!(
            flags(&format!("{LINE}:0:0:0:0:1:1:1")),
            "full-sync peer-outdated crashed-primary"
        );
        assert_eq!(
            flags(&format!("{LINE}:1:0:1:1:1:0:0:1:0:0:0:1")),
            "consistent primary crashed-primary connected"
        );
    }

    #[test]
    fn the_line_is_found_among_explanations() {
        let text =
            format!("\n       +--<  Current  >-\n       V\n{LINE}:1:1:1:0:0:0:0\n      ^ ^\n");
        let generation = parse(&text).unwrap();
        assert_eq!(generation.current, "337326D5B2384A9F");
        assert_eq!(generation.bitmap, "5C8893D971508EE7");
        assert_eq!(generation.history, ["E8AEB504E0795C44", "A04F730652E0C363"]);
        assert_eq!(parse("No metadata: xyz\n"), None);
        assert_eq!(parse(&format!("{LINE}:1:2")), None);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "([0-9A-F]{0,17}[:\n]){0,14}") {
            parse(&text);
            uuids(&text);
        }
    }
}
