//! Real numbers as the htools print them: the shortest decimal digits that mean the same double, rounded half to even.
//! Rust's own formatting rounds the exact binary value, which differs where those digits end in a 5.

/// `%.Nf`
pub fn fixed(value: f64, places: usize) -> String {
    if let Some(word) = odd(value) {
        return word;
    }
    let (digits, exponent) = digits(value.abs());
    // Everything up to this many places behind the point, and the rest to be rounded.
    let kept = exponent + places as i64;
    let mut whole = round(&digits, kept);
    while (whole.len() as i64) < places as i64 + 1 {
        whole.insert(0, 0);
    }
    let text: String = whole.iter().map(|digit| char::from(b'0' + digit)).collect();
    let (before, behind) = text.split_at(text.len() - places);
    let sign = if value.is_sign_negative() { "-" } else { "" };
    if places == 0 {
        format!("{sign}{before}")
    } else {
        format!("{sign}{before}.{behind}")
    }
}

/// The shortest form with at least one place: `1.0`, `1.25`, `1.0e-2`.
pub fn shortest(value: f64) -> String {
    if let Some(word) = odd(value) {
        return word;
    }
    let sign = if value.is_sign_negative() { "-" } else { "" };
    let size = value.abs();
    if size == 0.0 {
        return format!("{sign}0.0");
    }
    if (0.1..1e7).contains(&size) {
        return format!("{sign}{size:?}");
    }
    let (digits, exponent) = digits(size);
    let text: String = digits
        .iter()
        .map(|digit| char::from(b'0' + digit))
        .collect();
    let (first, rest) = text.split_at(1);
    let rest = if rest.is_empty() { "0" } else { rest };
    format!("{sign}{first}.{rest}e{}", exponent - 1)
}

/// `%.6g` as the htools' library understands it: six places in the usual range, else a mantissa with six.
pub fn general(value: f64) -> String {
    if let Some(word) = odd(value) {
        return word;
    }
    let size = value.abs();
    if size == 0.0 || (0.1..1e7).contains(&size) {
        return fixed(value, 6);
    }
    let (digits, mut exponent) = digits(size);
    let mut mantissa = round(&digits, 7);
    if mantissa.len() > 7 {
        mantissa.pop();
        exponent += 1;
    }
    let text: String = mantissa
        .iter()
        .map(|digit| char::from(b'0' + digit))
        .collect();
    let (first, rest) = text.split_at(1);
    let sign = if value.is_sign_negative() { "-" } else { "" };
    format!("{sign}{first}.{rest}e{}", exponent - 1)
}

/// What is no number.
fn odd(value: f64) -> Option<String> {
    match value {
        value if value.is_nan() => Some("NaN".to_owned()),
        f64::INFINITY => Some("Infinity".to_owned()),
        f64::NEG_INFINITY => Some("-Infinity".to_owned()),
        _ => None,
    }
}

/// Shortest digits d1 d2 ... and the exponent e of 0.d1d2... times ten to the e. Zero is one digit 0 with exponent 0.
fn digits(value: f64) -> (Vec<u8>, i64) {
    if value == 0.0 {
        return (vec![0], 0);
    }
    let text = format!("{value:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let digits = mantissa
        .bytes()
        .filter(u8::is_ascii_digit)
        .map(|digit| digit - b'0')
        .collect();
    (digits, exponent.parse::<i64>().unwrap_or(0) + 1)
}

/// The first `kept` digits, rounded half to even; one more if that carries over. Missing ones are zero.
fn round(digits: &[u8], kept: i64) -> Vec<u8> {
    let Ok(kept) = usize::try_from(kept) else {
        return Vec::new();
    };
    let mut out: Vec<u8> = digits.iter().copied().take(kept).collect();
    out.resize(kept, 0);
    let rest = digits.get(kept..).unwrap_or_default();
    let even = out.last().is_none_or(|digit| digit % 2 == 0);
    let up = match rest {
        [] => false,
        [5, rest @ ..] => !even || rest.iter().any(|digit| *digit > 0),
        [first, ..] => *first > 5,
    };
    if up {
        for digit in out.iter_mut().rev() {
            if *digit == 9 {
                *digit = 0;
            } else {
                *digit += 1;
                return out;
            }
        }
        out.insert(0, 1);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn half_is_rounded_to_even_on_the_shortest_digits() {
        for (value, places, text) in [
            (0.93125, 4, "0.9312"),
            (0.96875, 4, "0.9688"),
            (0.125, 2, "0.12"),
            (0.375, 2, "0.38"),
            (2.675, 2, "2.68"),
            (9.995, 2, "10.00"),
            (0.5, 0, "0"),
            (1.5, 0, "2"),
            (0.05, 1, "0.0"),
            (0.06, 1, "0.1"),
            (0.0, 8, "0.00000000"),
            (1e-12, 8, "0.00000000"),
            (-0.25, 1, "-0.2"),
            (1_234_567.0, 1, "1234567.0"),
            (f64::NAN, 3, "NaN"),
            (f64::NEG_INFINITY, 3, "-Infinity"),
        ] {
            assert_eq!(fixed(value, places), text, "{value}");
        }
    }

    #[test]
    fn the_shortest_form_has_a_point() {
        for (value, text) in [
            (1.0, "1.0"),
            (1.25, "1.25"),
            (0.01, "1.0e-2"),
            (1e8, "1.0e8"),
            (-4.0, "-4.0"),
            (0.0, "0.0"),
        ] {
            assert_eq!(shortest(value), text);
        }
    }

    #[test]
    fn the_general_form_changes_at_a_tenth_and_at_ten_millions() {
        for (value, text) in [
            (3.671_875, "3.671875"),
            (0.0, "0.000000"),
            (1_234_567.25, "1234567.250000"),
            (0.039_062_5, "3.906250e-2"),
            (1e-9, "1.000000e-9"),
            (12_345_678.0, "1.234568e7"),
            (0.099_999_999_9, "1.000000e-1"),
        ] {
            assert_eq!(general(value), text);
        }
    }

    proptest! {
        #[test]
        fn it_is_within_half_a_unit_of_the_value(value in -1e6_f64..1e6, places in 0_usize..9) {
            let read: f64 = fixed(value, places).parse().unwrap_or(f64::NAN);
            prop_assert!((read - value).abs() <= 0.5001 * 10_f64.powi(-(places as i32)) + value.abs() * f64::EPSILON);
        }
    }
}
