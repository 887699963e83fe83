//! Load averages, from `/proc/loadavg`.

use gantry_wire::node::Load;

use crate::place::Place;

/// Reads the load averages.
///
/// # Errors
/// In words, if there is nothing to read.
pub fn read(place: &Place) -> Result<Load, String> {
    let text = place.proc_text("loadavg")?;
    parse(&text).ok_or_else(|| format!("/proc/loadavg is not understood: {}", text.trim()))
}

fn parse(loadavg: &str) -> Option<Load> {
    let mut averages = loadavg.split_ascii_whitespace().map(hundredths);
    Some(Load {
        one: averages.next()??,
        five: averages.next()??,
        fifteen: averages.next()??,
    })
}

/// `1.25` as 125.
fn hundredths(number: &str) -> Option<u32> {
    let (whole, part) = number.split_once('.')?;
    let part: u32 = part.get(..2)?.parse().ok()?;
    whole
        .parse::<u32>()
        .ok()?
        .checked_mul(100)?
        .checked_add(part)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn averages_are_hundredths() {
        let load = parse("0.05 1.25 112.00 2/345 6789\n").unwrap();
        assert_eq!((load.one, load.five, load.fifteen), (5, 125, 11_200));
        assert_eq!(parse("0.05 x"), None);
        assert_eq!(parse(""), None);
        assert_eq!(parse("99999999999.00 0.00 0.00"), None);
    }
}
