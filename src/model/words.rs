//! Numbers and times in the words of operators.

use humansize::{BINARY, FormatSizeOptions, Kilo, format_size};

fn short() -> FormatSizeOptions {
    BINARY
        .units(Kilo::Decimal)
        .decimal_places(1)
        .decimal_zeroes(1)
        .space_after_value(false)
}

/// MiB as Ganeti's tools print them with `--units=h`: `512M`, `1.5G`, `2.0T`.
pub fn mib(size: u64) -> String {
    if size < 1024 {
        return format!("{size}M");
    }
    unit(format_size(size.saturating_mul(1 << 20), short()))
}

/// KiB in the same way, as DRBD counts: `812K`, `1.5M`, `2.0G`.
pub fn kib(size: u64) -> String {
    if size < 1024 {
        return format!("{size}K");
    }
    unit(format_size(size.saturating_mul(1 << 10), short()))
}

/// A rate in bytes a second, short: `0`, `812K`, `1.4M`.
pub fn rate(bytes: u64) -> String {
    if bytes < 1024 {
        // Below a KiB a second the digits are noise.
        return if bytes < 512 {
            "0".to_owned()
        } else {
            "1K".to_owned()
        };
    }
    let options = if bytes < 1 << 20 {
        short().decimal_places(0).decimal_zeroes(0)
    } else {
        short()
    };
    unit(format_size(bytes, options))
}

/// `1.5GB` to `1.5G`, and `kB` to `K`.
fn unit(text: String) -> String {
    text.trim_end_matches('B').replace('k', "K")
}

/// An age in steps, so that a clock does not repaint a screen every second: `now`, `5s`, `1m`,
/// `3h`, `2d`.
pub fn age(seconds: f64) -> String {
    let s = seconds.max(0.0) as u64;
    match s {
        0..5 => "now".to_owned(),
        5..60 => format!("{}s", s / 5 * 5),
        60..3_600 => format!("{}m", s / 60),
        3_600..172_800 => format!("{}h", s / 3_600),
        _ => format!("{}d", s / 86_400),
    }
}

/// A moment in the past, in the steps of [`age`]: `just now`, `5s ago`, `3h ago`.
pub fn ago(seconds: f64) -> String {
    match age(seconds).as_str() {
        "now" => "just now".to_owned(),
        age => format!("{age} ago"),
    }
}

/// A length of time, exact where it is short: `4s`, `2m 05s`, `3h 10m`, `12d 4h`.
pub fn duration(seconds: f64) -> String {
    let s = seconds.max(0.0) as u64;
    match s {
        0..60 => format!("{s}s"),
        60..3_600 => format!("{}m {:02}s", s / 60, s % 60),
        3_600..86_400 => format!("{}h {:02}m", s / 3_600, s % 3_600 / 60),
        _ => format!("{}d {}h", s / 86_400, s % 86_400 / 3_600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_as_ganeti_prints_them() {
        for (size, text) in [
            (0, "0M"),
            (128, "128M"),
            (1023, "1023M"),
            (1024, "1.0G"),
            (1536, "1.5G"),
        ] {
            assert_eq!(mib(size), text);
        }
        assert_eq!(mib(2 << 20), "2.0T");
        assert_eq!(mib(262_144), "256.0G");
        assert!(!mib(u64::MAX).is_empty());
        assert_eq!(
            [kib(812), kib(1_536), kib(3 << 20)],
            ["812K", "1.5M", "3.0G"]
        );
    }

    #[test]
    fn rates_are_short() {
        for (bytes, text) in [(0, "0"), (600, "1K"), (2_048, "2K"), (1_500_000, "1.4M")] {
            assert_eq!(rate(bytes), text);
        }
    }

    #[test]
    fn times_move_in_steps() {
        for (s, text) in [
            (-3.0, "now"),
            (4.9, "now"),
            (7.0, "5s"),
            (61.0, "1m"),
            (90_000.0, "25h"),
            (1e6, "11d"),
        ] {
            assert_eq!(age(s), text);
        }
        for (s, text) in [
            (4.2, "4s"),
            (125.0, "2m 05s"),
            (11_400.0, "3h 10m"),
            (1e6, "11d 13h"),
        ] {
            assert_eq!(duration(s), text);
        }
        assert_eq!(age(f64::NAN), "now");
        assert_eq!([ago(2.0), ago(62.0)], ["just now", "1m ago"]);
    }
}
