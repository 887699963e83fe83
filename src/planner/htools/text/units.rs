//! Sizes with units, as command lines have them.

use super::number;

/// Reads a size; MiB if it has no unit. Parts of a MiB are dropped.
///
/// # Errors
/// In the htools' words.
pub fn size(what: &str, text: &str) -> Result<i64, String> {
    let (digits, unit) = text.split_at(number_end(text));
    let wrong = || format!("{what}: cannot parse string '{text}'");
    let number = number::integer(digits).map_err(|_| wrong())?;
    let mib = match unit {
        "" | "m" | "MiB" => Some(number),
        "g" | "GiB" => number.checked_mul(1_024),
        "t" | "TiB" => number.checked_mul(1_048_576),
        "M" | "MB" => decimal(number, 1),
        "G" | "GB" => decimal(number, 1_000),
        "T" | "TB" => decimal(number, 1_000_000),
        _ => return Err(format!("{what}: Unknown unit '{unit}'")),
    };
    let mib = mib.filter(|mib| *mib <= number::LARGEST);
    mib.ok_or_else(|| format!("{what}: '{text}' is out of range"))
}

/// Where a number at the beginning of a text ends: decimal or hexadecimal digits, perhaps with a sign.
fn number_end(text: &str) -> usize {
    let sign = |rest: &str| rest.len() - rest.trim_start_matches([' ', '-']).len();
    let start = sign(text);
    let rest = text.get(start..).unwrap_or_default();
    let (prefix, hexadecimal) = match rest.get(..2) {
        Some("0x" | "0X") => (2, true),
        _ => (0, false),
    };
    let is_digit = |byte: &u8| match hexadecimal {
        true => byte.is_ascii_hexdigit(),
        false => byte.is_ascii_digit(),
    };
    let digits = rest.bytes().skip(prefix).take_while(|byte| is_digit(byte));
    start + prefix + digits.count()
}

/// So many times so many million bytes, in MiB.
fn decimal(number: i64, times: i64) -> Option<i64> {
    let bytes = number.checked_mul(times)?.checked_mul(1_000_000)?;
    bytes.checked_div(1_048_576)
}

/// Reads `disk,ram,cpus` and perhaps spindles: disk, memory, processors, spindles.
///
/// # Errors
/// In the htools' words.
pub fn sizes(kind: &str, text: &str) -> Result<[i64; 4], String> {
    let fields: Vec<&str> = text.split(',').collect();
    let (disk, memory, cpus, spindles) = match fields.as_slice() {
        [disk, memory, cpus] => (disk, memory, cpus, "1"),
        [disk, memory, cpus, spindles] => (disk, memory, cpus, *spindles),
        _ => {
            return Err(format!(
                "Invalid {kind} specification: '{text}', expected disk,ram,cpu"
            ));
        }
    };
    let count = |what: &str, text: &str| {
        number::integer(text).map_err(|why| format!("{kind} specs {what}: {why}"))
    };
    Ok([
        size(&format!("{kind} specs disk"), disk)?,
        size(&format!("{kind} specs memory"), memory)?,
        count("cpus", cpus)?,
        count("spindles", spindles)?,
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_binary_or_decimal() {
        for (text, mib) in [
            ("12", 12),
            ("12m", 12),
            ("2g", 2_048),
            ("3TiB", 3_145_728),
            ("100M", 95),
            ("1G", 953),
            ("1TB", 953_674),
            ("-1g", -1_024),
            ("0x10g", 16_384),
        ] {
            assert_eq!(size("disk", text), Ok(mib), "{text}");
        }
    }

    #[test]
    fn what_is_no_size_is_refused_in_the_htools_words() {
        for (text, why) in [
            ("10q", "disk: Unknown unit 'q'"),
            ("x", "disk: cannot parse string 'x'"),
            ("9999999999t", "disk: '9999999999t' is out of range"),
        ] {
            assert_eq!(size("disk", text), Err(why.to_owned()));
        }
        let why = "Invalid tiered specification: '1g', expected disk,ram,cpu";
        assert_eq!(sizes("tiered", "1g"), Err(why.to_owned()));
    }
}
