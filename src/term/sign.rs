//! What a cell may put on the terminal: one printable character, and at most two marks over it.
//!
//! Text in cells comes from peers. A control character, a change of writing direction or a sign
//! without width would let a name move the cursor, hide its end or pass for another name, so that
//! none of these is ever written, whatever a view put into the buffer.

use unicode_width::UnicodeWidthChar;

/// Stands for a character that must not be written.
const REPLACEMENT: char = '?';

/// How many marks over a character are kept. More than two are no writing but a stunt.
const MARKS: usize = 2;

/// No mark.
const NONE: char = '\0';

/// Marks that terminals draw over the character before: accents and points, by code point. All of
/// them are nonspacing marks; joiners, selectors and fillers are not among them.
const MARK_RANGES: &[(char, char)] = &[
    ('\u{300}', '\u{34e}'),
    ('\u{350}', '\u{36f}'),
    ('\u{483}', '\u{489}'),
    ('\u{591}', '\u{5bd}'),
    ('\u{64b}', '\u{65f}'),
    ('\u{e34}', '\u{e3a}'),
    ('\u{e47}', '\u{e4e}'),
    ('\u{1ab0}', '\u{1abd}'),
    ('\u{1dc0}', '\u{1dff}'),
    ('\u{20d0}', '\u{20f0}'),
    ('\u{3099}', '\u{309a}'),
    ('\u{fe20}', '\u{fe2f}'),
];

/// The text of one cell, safe to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sign {
    base: char,
    marks: [char; MARKS],
}

impl Sign {
    /// An empty cell.
    pub(super) const SPACE: Self = Self {
        base: ' ',
        marks: [NONE; MARKS],
    };

    /// What may be written of a cell's symbol, and how many columns it takes: 1 or 2. Characters
    /// after the first that are no marks are left out, as they have no column of their own.
    pub(super) fn of(symbol: &str) -> (Self, u16) {
        let mut characters = symbol.chars();
        let first = characters.next().unwrap_or(' ');
        if first.is_ascii_graphic() && symbol.len() == 1 {
            let sign = Self {
                base: first,
                ..Self::SPACE
            };
            return (sign, 1);
        }
        let (base, width) = match first.width() {
            Some(1) if is_printable(first) => (first, 1),
            Some(2) if is_printable(first) => (first, 2),
            _ => (REPLACEMENT, 1),
        };
        let mut sign = Self {
            base,
            ..Self::SPACE
        };
        let marks = characters.filter(|c| is_mark(*c));
        for (place, mark) in sign.marks.iter_mut().zip(marks) {
            *place = mark;
        }
        (sign, width)
    }

    /// A number that no other sign has.
    pub(super) fn code(&self) -> u64 {
        // A character has 21 bits.
        let [first, second] = self.marks.map(u64::from);
        u64::from(self.base) | first << 21 | second << 42
    }

    /// Whether it shows nothing but the ground.
    pub(super) fn is_blank(&self) -> bool {
        *self == Self::SPACE
    }

    /// How many bytes [`Self::write`] appends.
    pub(super) fn len(&self) -> usize {
        let marks = self.marks.iter().filter(|mark| **mark != NONE);
        self.base.len_utf8() + marks.map(|mark| mark.len_utf8()).sum::<usize>()
    }

    /// Appends the text as UTF-8.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let marks = self.marks.into_iter().filter(|mark| *mark != NONE);
        for c in std::iter::once(self.base).chain(marks) {
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
}

/// Whether a character that has a width is one that terminals draw in that width. The separators
/// of lines and paragraphs break the line on some of them; the soft hyphen shows on some only; the
/// replacement character stands for what could not be read and has a disputed width.
fn is_printable(c: char) -> bool {
    !matches!(c, '\u{ad}' | '\u{2028}' | '\u{2029}' | '\u{fffd}')
}

fn is_mark(c: char) -> bool {
    let in_range = |(first, last): &(char, char)| (*first..=*last).contains(&c);
    MARK_RANGES.iter().any(in_range)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(symbol: &str) -> (String, u16) {
        let (sign, width) = Sign::of(symbol);
        let mut out = Vec::new();
        sign.write(&mut out);
        assert_eq!(out.len(), sign.len());
        (String::from_utf8_lossy(&out).into_owned(), width)
    }

    #[test]
    fn ordinary_text_is_kept() {
        for (symbol, width) in [
            ("a", 1),
            (" ", 1),
            ("ü", 1),
            ("│", 1),
            ("漢", 2),
            ("e\u{301}", 1),
        ] {
            assert_eq!(written(symbol), (symbol.to_owned(), width));
        }
        assert!(Sign::of(" ").0.is_blank() && Sign::of("").0.is_blank());
    }

    #[test]
    fn hostile_text_is_replaced() {
        let hostile = [
            "\u{1b}",
            "\u{1b}[2J",
            "\n",
            "\r",
            "\t",
            "\u{7}",
            "\u{8}",
            "\0",
            "\u{7f}",
            "\u{85}",
            "\u{9b}31m",
            "\u{ad}",
            "\u{200b}",
            "\u{200d}",
            "\u{200e}",
            "\u{202e}",
            "\u{2066}",
            "\u{2028}",
            "\u{2029}",
            "\u{feff}",
            "\u{e0041}",
            "\u{301}",
            "\u{fe0f}",
            "\u{1160}",
        ];
        for symbol in hostile {
            let (text, width) = written(symbol);
            assert_eq!(width, 1, "{symbol:?}");
            assert!(text.starts_with('?'), "{symbol:?} gave {text:?}");
            assert!(!text.contains(char::is_control), "{symbol:?} gave {text:?}");
        }
    }

    #[test]
    fn only_marks_may_follow_a_character() {
        assert_eq!(written("a\u{1b}[2J").0, "a");
        assert_eq!(written("a\u{202e}b").0, "a");
        assert_eq!(written("a\u{200b}\u{301}").0, "a\u{301}");
        assert_eq!(written("❤\u{fe0f}").0, "❤");
        let stunt = format!("a{}", "\u{301}".repeat(40));
        assert_eq!(written(&stunt).0, "a\u{301}\u{301}");
    }
}
