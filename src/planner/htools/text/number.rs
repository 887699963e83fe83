//! Numbers as the htools read them: signs, parentheses, hexadecimal; and nothing behind them.

/// Largest size that is taken: an exbibyte counted in MiB. Sums of very many of them still fit.
pub(super) const LARGEST: i64 = 1 << 40;

/// Reads a whole number.
///
/// # Errors
/// The htools' own words, without the name of what was read.
pub fn integer(text: &str) -> Result<i64, String> {
    let (token, negative) = whole(text)?;
    let value = match token {
        Token::Decimal {
            digits,
            whole: true,
        } => digits.parse::<i64>().ok(),
        Token::Decimal { whole: false, .. } | Token::Word(_) => return Err(cannot(text)),
        Token::Radix { digits, radix } => i64::from_str_radix(digits, radix).ok(),
    };
    match value {
        Some(value) if value <= LARGEST => Ok(if negative { -value } else { value }),
        _ => Err(range(text)),
    }
}

/// Reads a real number.
///
/// # Errors
/// The htools' own words, without the name of what was read.
pub fn real(text: &str) -> Result<f64, String> {
    let (token, negative) = whole(text)?;
    let value = match token {
        Token::Decimal { digits, .. } => digits.parse::<f64>().ok(),
        Token::Radix { digits, radix } => {
            let value = i64::from_str_radix(digits, radix).ok();
            value.map(|value| value as f64)
        }
        Token::Word("NaN" | "Infinity") => None,
        Token::Word(_) => return Err(cannot(text)),
    };
    match value {
        Some(value) if value <= LARGEST as f64 => Ok(if negative { -value } else { value }),
        _ => Err(range(text)),
    }
}

/// What stands where a number should.
enum Token<'a> {
    Decimal { digits: &'a str, whole: bool },
    Radix { digits: &'a str, radix: u32 },
    Word(&'a str),
}

fn cannot(text: &str) -> String {
    format!("cannot parse string '{text}'")
}

fn range(text: &str) -> String {
    format!("'{text}' is out of range")
}

/// One number, in any number of parentheses, up to the end of the text.
fn whole(text: &str) -> Result<(Token<'_>, bool), String> {
    let mut rest = text.trim_start();
    let mut open = 0_usize;
    while let Some(inner) = rest.strip_prefix('(') {
        open += 1;
        rest = inner.trim_start();
    }
    let negative = rest.starts_with('-');
    if negative {
        rest = rest[1..].trim_start();
    }
    let (token, mut rest) = token(rest).ok_or_else(|| cannot(text))?;
    if matches!(token, Token::Word(word) if !["NaN", "Infinity"].contains(&word)) {
        return Err(cannot(text));
    }
    for _ in 0..open {
        rest = rest
            .trim_start()
            .strip_prefix(')')
            .ok_or_else(|| cannot(text))?;
    }
    if rest.is_empty() {
        Ok((token, negative))
    } else {
        Err(format!(
            "leftover characters when parsing '{text}': '{rest}'"
        ))
    }
}

fn token(text: &str) -> Option<(Token<'_>, &str)> {
    let run = |from: &str, radix| {
        from.chars()
            .take_while(|c: &char| c.is_digit(radix))
            .count()
    };
    for (marks, radix) in [(["0x", "0X"], 16), (["0o", "0O"], 8)] {
        if let Some(rest) = marks.iter().find_map(|mark| text.strip_prefix(mark)) {
            let length = run(rest, radix);
            if length > 0 {
                let (digits, rest) = rest.split_at(length);
                return Some((Token::Radix { digits, radix }, rest));
            }
        }
    }
    let mut length = run(text, 10);
    if length == 0 {
        let letters = text.chars().take_while(char::is_ascii_alphanumeric).count();
        return (letters > 0).then(|| {
            let (word, rest) = text.split_at(letters);
            (Token::Word(word), rest)
        });
    }
    let mut whole = true;
    if let Some(rest) = text[length..].strip_prefix('.') {
        let fraction = run(rest, 10);
        if fraction > 0 {
            (whole, length) = (false, length + 1 + fraction);
        }
    }
    if let Some(rest) = text[length..].strip_prefix(['e', 'E']) {
        let sign = usize::from(rest.starts_with(['-', '+']));
        let exponent = run(&rest[sign..], 10);
        if exponent > 0 {
            (whole, length) = (false, length + 1 + sign + exponent);
        }
    }
    let (digits, rest) = text.split_at(length);
    Some((Token::Decimal { digits, whole }, rest))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn numbers_may_be_signed_enclosed_and_hexadecimal() {
        for (text, value) in [
            ("5", 5),
            (" -7", -7),
            ("- 7", -7),
            ("((12))", 12),
            ("( -3 )", -3),
            ("0x1F", 31),
            ("0o17", 15),
        ] {
            assert_eq!(integer(text), Ok(value), "{text}");
            assert_eq!(real(text), Ok(value as f64), "{text}");
        }
        assert_eq!(real("1e3"), Ok(1000.0));
        assert_eq!(real("1.25"), Ok(1.25));
    }

    #[test]
    fn what_is_no_number_is_refused_in_the_htools_words() {
        for text in ["", "x1", "1.5", "1e3", ".5", "-", "(1"] {
            assert_eq!(integer(text), Err(cannot(text)));
        }
        for (text, rest) in [("12x", "x"), ("5.", "."), ("7 ", " "), ("1,2", ",2")] {
            let said = format!("leftover characters when parsing '{text}': '{rest}'");
            assert_eq!(integer(text).unwrap_err(), said);
        }
    }

    #[test]
    fn what_no_machine_has_is_out_of_range() {
        for text in [
            "NaN",
            "Infinity",
            "-Infinity",
            "1e400",
            "99999999999999999999",
        ] {
            assert_eq!(real(text), Err(range(text)));
        }
        assert_eq!(integer("1099511627776"), Ok(LARGEST));
        assert_eq!(integer("1099511627777"), Err(range("1099511627777")));
    }
}
