//! Keys and chords: how they are written, read and compared.
//!
//! A key is written as its character or name, with `Ctrl-`, `Alt-` or `Shift-` before it: `j`, `G`,
//! `?`, `Ctrl-C`, `Shift-Tab`, `F5`, `PgDn`. A chord is one key, or several with spaces between
//! (`g g`). Names are read in any case; a single letter's case counts, since `g` and `G` are
//! different keys.

use std::fmt;
use std::str::FromStr;

/// The key itself, without modifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyCode {
    /// A character as typed: an upper-case letter is its own character, not a shifted one.
    Char(char),
    /// Enter or Return.
    Enter,
    /// Escape.
    Esc,
    /// The tabulator.
    Tab,
    /// The key that deletes to the left.
    Backspace,
    /// The key that deletes to the right.
    Delete,
    /// Insert.
    Insert,
    /// Cursor up.
    Up,
    /// Cursor down.
    Down,
    /// Cursor left.
    Left,
    /// Cursor right.
    Right,
    /// Home.
    Home,
    /// End.
    End,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// A function key, counted from 1.
    F(u8),
}

/// One key press with its modifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// Which key.
    pub code: KeyCode,
    /// Whether Ctrl was held.
    pub ctrl: bool,
    /// Whether Alt (or Meta) was held.
    pub alt: bool,
    /// Whether Shift was held; never set for characters, which carry their case.
    pub shift: bool,
}

impl Key {
    /// A key in the one form in which keys are compared: a shifted letter is its upper case, and
    /// Ctrl with a letter knows no case, because terminals send the same byte for both.
    pub fn new(code: KeyCode, ctrl: bool, alt: bool, shift: bool) -> Self {
        let mut key = Self {
            code,
            ctrl,
            alt,
            shift,
        };
        if let KeyCode::Char(c) = code {
            key.shift = false;
            if ctrl {
                key.code = KeyCode::Char(c.to_ascii_lowercase());
            } else if shift {
                key.code = KeyCode::Char(c.to_ascii_uppercase());
            }
        }
        key
    }

    /// A key without modifiers.
    pub fn plain(code: KeyCode) -> Self {
        Self::new(code, false, false, false)
    }

    /// A character without modifiers.
    pub fn char(c: char) -> Self {
        Self::plain(KeyCode::Char(c))
    }

    /// A character with Ctrl.
    pub fn ctrl(c: char) -> Self {
        Self::new(KeyCode::Char(c), true, false, false)
    }
}

/// One or more keys pressed one after another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Chord(Vec<Key>);

impl Chord {
    /// The keys in the order they are pressed; at least one.
    pub fn keys(&self) -> &[Key] {
        &self.0
    }
}

impl From<Key> for Chord {
    fn from(key: Key) -> Self {
        Self(vec![key])
    }
}

/// A key or chord that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChordError {
    /// There is no key in the text.
    Empty,
    /// This word is not a key.
    UnknownKey(String),
}

impl fmt::Display for ChordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "no key given"),
            Self::UnknownKey(word) => write!(
                f,
                "unknown key \"{word}\" (a character, a name such as Enter or PgDn, F1 to F24, with \
                 Ctrl-, Alt- or Shift- before it)"
            ),
        }
    }
}

impl std::error::Error for ChordError {}

/// Names of keys, the first for a code being the one that is written.
const NAMES: &[(&str, KeyCode)] = &[
    ("Enter", KeyCode::Enter),
    ("Return", KeyCode::Enter),
    ("Esc", KeyCode::Esc),
    ("Escape", KeyCode::Esc),
    ("Tab", KeyCode::Tab),
    ("Backspace", KeyCode::Backspace),
    ("Del", KeyCode::Delete),
    ("Delete", KeyCode::Delete),
    ("Ins", KeyCode::Insert),
    ("Insert", KeyCode::Insert),
    ("Up", KeyCode::Up),
    ("Down", KeyCode::Down),
    ("Left", KeyCode::Left),
    ("Right", KeyCode::Right),
    ("Home", KeyCode::Home),
    ("End", KeyCode::End),
    ("PgUp", KeyCode::PageUp),
    ("PageUp", KeyCode::PageUp),
    ("PgDn", KeyCode::PageDown),
    ("PageDown", KeyCode::PageDown),
    ("Space", KeyCode::Char(' ')),
];

/// Function keys that terminals can send.
const FUNCTION_KEYS: std::ops::RangeInclusive<u8> = 1..=24;

impl FromStr for KeyCode {
    type Err = ChordError;

    fn from_str(text: &str) -> Result<Self, ChordError> {
        let unknown = || ChordError::UnknownKey(text.to_owned());
        let mut characters = text.chars();
        if let (Some(c), None) = (characters.next(), characters.next()) {
            return if c.is_control() || c.is_whitespace() {
                Err(unknown())
            } else {
                Ok(Self::Char(c))
            };
        }
        let named = NAMES
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(text));
        if let Some((_, code)) = named {
            return Ok(*code);
        }
        let number = text.strip_prefix(['F', 'f']).ok_or_else(unknown)?;
        match number.parse() {
            Ok(n) if FUNCTION_KEYS.contains(&n) => Ok(Self::F(n)),
            _ => Err(unknown()),
        }
    }
}

impl fmt::Display for KeyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match NAMES.iter().find(|(_, code)| code == self) {
            Some((name, _)) => f.write_str(name),
            None => match self {
                Self::Char(c) => write!(f, "{c}"),
                Self::F(n) => write!(f, "F{n}"),
                // Every other key has a name.
                other => write!(f, "{other:?}"),
            },
        }
    }
}

impl FromStr for Key {
    type Err = ChordError;

    fn from_str(text: &str) -> Result<Self, ChordError> {
        let (mut ctrl, mut alt, mut shift) = (false, false, false);
        let mut rest = text;
        // A dash that is the last character is the key itself, as in `Ctrl--`.
        while let Some((word, after)) = rest.split_once('-').filter(|(_, after)| !after.is_empty())
        {
            let flag = match word.to_ascii_lowercase().as_str() {
                "ctrl" => &mut ctrl,
                "alt" => &mut alt,
                "shift" => &mut shift,
                _ => return Err(ChordError::UnknownKey(text.to_owned())),
            };
            *flag = true;
            rest = after;
        }
        let code = rest
            .parse()
            .map_err(|_| ChordError::UnknownKey(text.to_owned()))?;
        Ok(Self::new(code, ctrl, alt, shift))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (held, word) in [
            (self.ctrl, "Ctrl-"),
            (self.alt, "Alt-"),
            (self.shift, "Shift-"),
        ] {
            if held {
                f.write_str(word)?;
            }
        }
        match self.code {
            KeyCode::Char(c) if self.ctrl && c != ' ' => write!(f, "{}", c.to_ascii_uppercase()),
            code => write!(f, "{code}"),
        }
    }
}

impl FromStr for Chord {
    type Err = ChordError;

    fn from_str(text: &str) -> Result<Self, ChordError> {
        let keys: Vec<Key> = text
            .split_whitespace()
            .map(str::parse)
            .collect::<Result<_, _>>()?;
        if keys.is_empty() {
            return Err(ChordError::Empty);
        }
        Ok(Self(keys))
    }
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, key) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            write!(f, "{key}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(text: &str) -> Key {
        text.parse().unwrap()
    }

    #[test]
    fn keys_are_read_as_written() {
        assert_eq!(key("ctrl-c"), Key::ctrl('c'));
        assert_eq!(key("Ctrl-C"), Key::ctrl('c'));
        assert_eq!(key("shift-g"), Key::char('G'));
        assert_eq!(key("?"), Key::char('?'));
        assert_eq!(key("-"), Key::char('-'));
        assert_eq!(key("ctrl--"), Key::ctrl('-'));
        assert_eq!(key("f5"), Key::plain(KeyCode::F(5)));
        assert_eq!(key("shift-tab"), Key::new(KeyCode::Tab, false, false, true));
        assert_eq!(key("space"), Key::char(' '));
        assert_eq!("g g".parse::<Chord>().unwrap().keys().len(), 2);
    }

    #[test]
    fn keys_are_written_for_people() {
        assert_eq!(key("ctrl-c").to_string(), "Ctrl-C");
        assert_eq!(key("pagedown").to_string(), "PgDn");
        assert_eq!(key("alt-shift-up").to_string(), "Alt-Shift-Up");
        assert_eq!("g  g".parse::<Chord>().unwrap().to_string(), "g g");
    }

    #[test]
    fn what_is_no_key_is_refused_by_name() {
        for text in ["hyper-x", "F0", "F25", "ctrl-", "gg", "\u{7}", "ctrl-\u{7}"] {
            let error = text.parse::<Chord>().unwrap_err();
            assert_eq!(error, ChordError::UnknownKey(text.to_owned()));
        }
        assert_eq!("  ".parse::<Chord>().unwrap_err(), ChordError::Empty);
    }

    fn any_key() -> impl Strategy<Value = Key> {
        let code = prop_oneof![
            proptest::char::range(' ', '~').prop_map(KeyCode::Char),
            (1u8..=24).prop_map(KeyCode::F),
            proptest::sample::select(NAMES).prop_map(|(_, code)| code),
        ];
        (code, any::<(bool, bool, bool)>())
            .prop_map(|(code, (ctrl, alt, shift))| Key::new(code, ctrl, alt, shift))
    }

    proptest! {
        #[test]
        fn a_written_chord_reads_back(keys in prop::collection::vec(any_key(), 1..4)) {
            let chord = Chord(keys);
            prop_assert_eq!(chord.to_string().parse::<Chord>(), Ok(chord));
        }

        #[test]
        fn no_text_panics(text in ".*") {
            let _ = text.parse::<Chord>();
        }
    }
}
