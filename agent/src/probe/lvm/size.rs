//! Sizes as LVM prints them.

/// A size in bytes. Without a unit a whole number is bytes (`--units b --nosuffix`) and one with
/// decimals MiB (`--units m --nosuffix`, as Ganeti asks). Units in small letters are powers of
/// 1024, in capitals powers of 1000 (lvmreport(7)); `<` marks what was rounded up.
pub fn bytes(text: &str) -> Option<u64> {
    let text = text.trim().trim_start_matches('<');
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    // Other locales than C write a comma.
    let number: f64 = digits.trim().replace(',', ".").parse().ok()?;
    if !number.is_finite() || number < 0.0 {
        return None;
    }
    let unit = text.get(digits.len()..)?;
    let power = |base: f64, letter: char| {
        let exponent = "bkmgtpe".find(letter.to_ascii_lowercase())?;
        Some(base.powi(i32::try_from(exponent).ok()?))
    };
    let mut letters = unit.chars();
    let factor = match (letters.next(), letters.as_str()) {
        (None, _) if digits.contains(['.', ',']) => 1_048_576.0,
        (None, _) => return digits.trim().parse().ok(),
        // A sector.
        (Some('s' | 'S'), "") => 512.0,
        (Some(letter), "" | "iB") if letter.is_ascii_lowercase() || unit.len() > 1 => {
            power(1024.0, letter)?
        }
        (Some(letter), "" | "B") => power(1000.0, letter)?,
        _ => return None,
    };
    // A float beyond the range of the integer becomes its nearest.
    Some((number * factor).round() as u64)
}

/// Bytes as MiB, rounded as Ganeti rounds.
pub fn mib(bytes: u64) -> u64 {
    const MIB: u64 = 1024 * 1024;
    bytes / MIB + u64::from(bytes % MIB >= MIB / 2)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sizes_are_read_in_any_unit() {
        const M: u64 = 1 << 20;
        for (text, size) in [
            ("25765609472B", 25_765_609_472),
            ("25765609472", 25_765_609_472),
            ("512.00", 512 * M),
            ("512,00m", 512 * M),
            ("<10.00", 10 * M),
            ("<1.00g", 1024 * M),
            ("1.50t", 1536 * 1024 * M),
            ("4.00k", 4096),
            ("1.50GiB", 1536 * M),
            ("2G", 2_000_000_000),
            ("8S", 4096),
            ("0", 0),
            (" 7b ", 7),
        ] {
            assert_eq!(bytes(text), Some(size), "{text}");
        }
        for odd in [
            "", "nan", "inf", "-1", "-1B", "12q", "B", "1.2.3m", "1e400m",
        ] {
            assert_eq!(bytes(odd), None, "{odd}");
        }
        assert_eq!(bytes("99999999e"), Some(u64::MAX));
    }

    #[test]
    fn halves_of_a_mib_are_rounded_up() {
        assert_eq!(mib(21_371 << 20 | 0x9_9999), 21_372);
        assert_eq!((mib(0), mib(0x7_ffff), mib(0x8_0000)), (0, 0, 1));
    }

    proptest! {
        #[test]
        fn whole_bytes_are_kept_to_the_last(size: u64) {
            prop_assert_eq!(bytes(&size.to_string()), Some(size));
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,20}") {
            bytes(&text);
        }
    }
}
