//! A line that is typed.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::input::{Key, KeyCode};

/// Longest text taken, characters.
const LIMIT: usize = 1_000;

/// A text with a cursor in it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct LineEdit {
    text: Vec<char>,
    cursor: usize,
}

impl std::fmt::Debug for LineEdit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // It may be a passphrase, and must not come into a log.
        write!(f, "LineEdit({} characters)", self.text.len())
    }
}

impl LineEdit {
    /// What was typed.
    pub fn text(&self) -> String {
        self.text.iter().collect()
    }

    /// Nothing was typed.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// How many characters were typed.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// Characters before the cursor.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// Columns before the cursor.
    pub fn cursor_column(&self) -> usize {
        let before: String = self.text[..self.cursor].iter().collect();
        before.width()
    }

    /// Replaces the text; the cursor goes to its end.
    pub fn set(&mut self, text: &str) {
        self.text = text.chars().filter(printable).take(LIMIT).collect();
        self.cursor = self.text.len();
    }

    /// Puts text in at the cursor; what cannot be shown is left out.
    pub fn insert(&mut self, text: &str) {
        for c in text.chars().filter(printable) {
            if self.text.len() < LIMIT {
                self.text.insert(self.cursor, c);
                self.cursor += 1;
            }
        }
    }

    /// Takes a key as shells do; false if it means nothing to a line.
    pub fn press(&mut self, key: Key) -> bool {
        match (key.code, key.ctrl) {
            (KeyCode::Char(c), false) if !key.alt => self.insert(c.encode_utf8(&mut [0; 4])),
            (KeyCode::Backspace, _) | (KeyCode::Char('h'), true) => {
                if self.cursor > 0 {
                    self.cursor -= 1;
                    self.text.remove(self.cursor);
                }
            }
            (KeyCode::Delete, _) | (KeyCode::Char('d'), true) => {
                if self.cursor < self.text.len() {
                    self.text.remove(self.cursor);
                }
            }
            (KeyCode::Left, _) | (KeyCode::Char('b'), true) => {
                self.cursor = self.cursor.saturating_sub(1);
            }
            (KeyCode::Right, _) | (KeyCode::Char('f'), true) => {
                self.cursor = (self.cursor + 1).min(self.text.len());
            }
            (KeyCode::Home, _) | (KeyCode::Char('a'), true) => self.cursor = 0,
            (KeyCode::End, _) | (KeyCode::Char('e'), true) => self.cursor = self.text.len(),
            (KeyCode::Char('u'), true) => {
                self.text.drain(..self.cursor);
                self.cursor = 0;
            }
            (KeyCode::Char('k'), true) => self.text.truncate(self.cursor),
            (KeyCode::Char('w'), true) => self.erase_word(),
            _ => return false,
        }
        true
    }

    fn erase_word(&mut self) {
        let before = &self.text[..self.cursor];
        let word_end = before
            .iter()
            .rposition(|c| *c != ' ')
            .map_or(0, |at| at + 1);
        let start = before[..word_end].iter().rposition(|c| *c == ' ');
        let start = start.map_or(0, |at| at + 1);
        self.text.drain(start..self.cursor);
        self.cursor = start;
    }
}

/// A character that takes room: no control characters, nothing that combines.
fn printable(c: &char) -> bool {
    c.width().is_some_and(|width| width > 0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn typed(keys: &str) -> LineEdit {
        let mut line = LineEdit::default();
        for key in keys.split(' ') {
            assert!(line.press(key.parse().unwrap()), "{key}");
        }
        line
    }

    #[test]
    fn it_edits_as_shells_do() {
        assert_eq!(typed("w e b 1").text(), "web1");
        assert_eq!(typed("a b Left X Home Y End Z").text(), "YaXbZ");
        assert_eq!(typed("a Space b c Ctrl-W").text(), "a ");
        assert_eq!(typed("a Space b c Left Ctrl-U").text(), "c");
        assert_eq!(typed("a b Home Del").text(), "b");
        assert_eq!(typed("a b Ctrl-A Ctrl-K").text(), "");
        assert_eq!(typed("a 世 b").cursor_column(), 4);
    }

    #[test]
    fn what_cannot_be_shown_is_not_taken() {
        let mut line = LineEdit::default();
        line.insert("a\x1b[2J\u{301}\nb");
        assert_eq!(line.text(), "a[2Jb");
        assert!(!line.press(Key::plain(KeyCode::Up)));
    }

    proptest! {
        #[test]
        fn no_keys_break_it(keys in proptest::collection::vec((0_usize..9, any::<char>()), 0..60)) {
            let mut line = LineEdit::default();
            for (which, c) in keys {
                let codes = [
                    KeyCode::Char(c), KeyCode::Backspace, KeyCode::Delete, KeyCode::Left,
                    KeyCode::Right, KeyCode::Home, KeyCode::End, KeyCode::Char('w'), KeyCode::Char('u'),
                ];
                line.press(Key::new(codes[which], which > 6, false, false));
                prop_assert!(line.cursor() <= line.len());
            }
        }
    }
}
