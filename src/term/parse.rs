//! Bytes from the terminal to events: what xterm, the Linux console, tmux, GNU screen and rxvt send
//! for keys, the mouse, pasted text and answers.
//!
//! Anything may come in, also from a broken link: what is not known is skipped, no state grows
//! without limit, and nothing panics.

use ratatui::layout::Position;

use super::event::{Button, Event, Mouse, MouseKind};
use crate::input::{Key, KeyCode};

const ESC: u8 = 0x1b;
const DELETE: u8 = 0x7f;

/// A sequence longer than this is no sequence but noise.
const LONGEST_SEQUENCE: usize = 4096;

/// The end of pasted text.
const PASTE_END: &[u8] = b"\x1b[201~";

/// More pasted text than this is cut off: nobody pastes a megabyte into a filter on purpose.
const LONGEST_PASTE: usize = 1 << 20;

/// Synchronised updates, in the terminal's answers.
const MODE_SYNC: u16 = 2026;

/// Turns bytes into events as they come in, in whatever pieces.
#[derive(Debug, Default)]
pub(super) struct Parser {
    /// Bytes that do not make a whole event yet.
    waiting: Vec<u8>,
    /// Pasted text whose end has not come.
    paste: Option<Vec<u8>>,
}

/// What the beginning of the bytes is.
enum Parsed {
    /// This many bytes are an event, or are to be skipped.
    Done(usize, Option<Event>),
    /// These bytes begin the text of a paste.
    PasteBegins(usize),
    /// More bytes are needed to know.
    More,
}

impl Parser {
    /// Takes bytes as they were read.
    pub(super) fn feed(&mut self, bytes: &[u8], events: &mut Vec<Event>) {
        self.waiting.extend_from_slice(bytes);
        let mut at = 0;
        while at < self.waiting.len() {
            if self.paste.is_some() {
                at += self.take_paste(at, events);
                if self.paste.is_some() {
                    break;
                }
                continue;
            }
            match parse(&self.waiting[at..]) {
                Parsed::Done(length, event) => {
                    at += length;
                    events.extend(event);
                }
                Parsed::PasteBegins(length) => {
                    at += length;
                    self.paste = Some(Vec::new());
                }
                Parsed::More if self.waiting.len() - at > LONGEST_SEQUENCE => {
                    at = self.waiting.len();
                }
                Parsed::More => break,
            }
        }
        self.waiting.drain(..at);
    }

    /// Whether bytes wait that may be a key as they are, or the beginning of something longer.
    pub(super) fn is_waiting(&self) -> bool {
        self.paste.is_none() && !self.waiting.is_empty()
    }

    /// Nothing more came for a while: what waits is all there is. A lone escape is the Esc key, and
    /// one before a character is Alt with that character.
    pub(super) fn settle(&mut self, events: &mut Vec<Event>) {
        if self.paste.is_some() {
            return;
        }
        match self.waiting[..] {
            [ESC] => events.push(Event::Key(Key::plain(KeyCode::Esc))),
            [ESC, byte] if byte.is_ascii_graphic() => {
                let key = Key::new(KeyCode::Char(byte.into()), false, true, false);
                events.push(Event::Key(key));
            }
            _ => {}
        }
        self.waiting.clear();
    }

    /// Moves text of a paste from the waiting bytes, and says how many bytes are done with.
    fn take_paste(&mut self, at: usize, events: &mut Vec<Event>) -> usize {
        let bytes = &self.waiting[at..];
        let end = bytes
            .windows(PASTE_END.len())
            .position(|part| part == PASTE_END);
        // Without an end, its beginning may still be among the last bytes.
        let sure = end.unwrap_or(bytes.len().saturating_sub(PASTE_END.len() - 1));
        let Some(mut text) = self.paste.take() else {
            return 0;
        };
        let room = LONGEST_PASTE - text.len();
        text.extend_from_slice(&bytes[..sure.min(room)]);
        if end.is_none() {
            self.paste = Some(text);
            return sure;
        }
        let text = String::from_utf8_lossy(&text);
        events.push(Event::Paste(text.replace("\r\n", "\n").replace('\r', "\n")));
        sure + PASTE_END.len()
    }
}

/// Reads one event from the beginning of the bytes, of which there is at least one.
fn parse(bytes: &[u8]) -> Parsed {
    match bytes {
        [ESC] => Parsed::More,
        [ESC, b'[', rest @ ..] => parse_control(rest),
        [ESC, b'O'] => Parsed::More,
        [ESC, b'O', end, ..] => Parsed::Done(3, key_of_letter(*end).map(plain)),
        [ESC, b']' | b'P' | b'_' | b'^', rest @ ..] => parse_string(rest),
        // The first of two is the Esc key.
        [ESC, ESC, ..] => Parsed::Done(1, Some(plain(KeyCode::Esc))),
        [ESC, rest @ ..] => match parse_character(rest) {
            Parsed::Done(length, Some(Event::Key(key))) => {
                let event = Event::Key(Key { alt: true, ..key });
                Parsed::Done(length + 1, Some(event))
            }
            Parsed::Done(length, event) => Parsed::Done(length + 1, event),
            more => more,
        },
        _ => parse_character(bytes),
    }
}

/// Reads a control key or a character of UTF-8.
fn parse_character(bytes: &[u8]) -> Parsed {
    let Some(&first) = bytes.first() else {
        return Parsed::More;
    };
    let ctrl = |c: u8| Some(Event::Key(Key::ctrl(c.into())));
    let event = match first {
        0 => ctrl(b' '),
        0x08 | DELETE => Some(plain(KeyCode::Backspace)),
        b'\t' => Some(plain(KeyCode::Tab)),
        b'\r' => Some(plain(KeyCode::Enter)),
        0x01..=0x1a => ctrl(first - 1 + b'a'),
        0x1c..=0x1f => ctrl(first - 0x1c + b'\\'),
        _ => {
            let length = match first {
                0x00..=0x7f => 1,
                0xc2..=0xdf => 2,
                0xe0..=0xef => 3,
                0xf0..=0xf4 => 4,
                _ => return Parsed::Done(1, None),
            };
            let Some(bytes) = bytes.get(..length) else {
                return Parsed::More;
            };
            let text = std::str::from_utf8(bytes).ok();
            return match text.and_then(|text| text.chars().next()) {
                Some(c) => Parsed::Done(length, Some(Event::Key(Key::char(c)))),
                None => Parsed::Done(1, None),
            };
        }
    };
    Parsed::Done(1, event)
}

/// Skips the text of an answer, up to BEL or ST.
fn parse_string(rest: &[u8]) -> Parsed {
    for (index, byte) in rest.iter().enumerate() {
        match byte {
            0x07 => return Parsed::Done(index + 3, None),
            &ESC if rest.get(index + 1) == Some(&b'\\') => return Parsed::Done(index + 4, None),
            _ => {}
        }
    }
    Parsed::More
}

/// Reads a control sequence, of which `ESC [` has been read.
fn parse_control(rest: &[u8]) -> Parsed {
    match rest {
        // The Linux console's first five function keys.
        [b'[', letter @ b'A'..=b'E', ..] => {
            return Parsed::Done(4, Some(plain(KeyCode::F(letter - b'A' + 1))));
        }
        [b'['] => return Parsed::More,
        // The mouse as terminals report it that do not know mode 1006.
        [b'M', button, x, y, ..] => {
            let number = |byte: &u8| u16::from(byte.saturating_sub(32));
            let event = mouse(number(button), number(x), number(y), false);
            return Parsed::Done(6, event);
        }
        [b'M', ..] => return Parsed::More,
        _ => {}
    }
    let Some(end) = rest.iter().position(|byte| !matches!(byte, 0x20..=0x3f)) else {
        return Parsed::More;
    };
    if !matches!(rest[end], 0x40..=0x7e) {
        // Not a sequence: what broke it off is looked at by itself.
        return Parsed::Done(end + 2, None);
    }
    let length = end + 3;
    let (body, last) = (&rest[..end], rest[end]);
    if last == b'~' && body == b"200" {
        return Parsed::PasteBegins(length);
    }
    Parsed::Done(length, event_of_control(body, last))
}

/// The event of a whole control sequence.
fn event_of_control(body: &[u8], last: u8) -> Option<Event> {
    match (body.first(), last) {
        (Some(b'<'), b'M' | b'm') => {
            let [button, x, y] = numbers(&body[1..]);
            return mouse(button, x, y, last == b'm');
        }
        (Some(b'?'), b'y') if body.ends_with(b"$") => {
            let [mode, state, _] = numbers(&body[1..body.len() - 1]);
            // 1 is set, 2 is reset; 3 is always set, and 0 and 4 mean that it cannot be had.
            return (mode == MODE_SYNC).then_some(Event::Sync(matches!(state, 1..=3)));
        }
        (None | Some(b'0'..=b'9' | b';'), _) => {}
        _ => return None,
    }
    let [first, second, third] = numbers(body);
    match last {
        b'I' => Some(Event::FocusGained),
        b'O' => Some(Event::FocusLost),
        b'Z' => Some(Event::Key(Key::new(KeyCode::Tab, false, false, true))),
        b'~' if first == 27 => with_modifiers(key_of_code(third)?, second),
        b'~' => with_modifiers(key_of_number(first)?, second),
        b'u' => with_modifiers(key_of_code(first)?, second),
        // With another number first it is an answer, such as where the cursor is.
        _ if first <= 1 => with_modifiers(key_of_letter(last)?, second),
        _ => None,
    }
}

/// The first three numbers, 0 for those that are missing; what follows a colon is left out.
fn numbers(body: &[u8]) -> [u16; 3] {
    let mut numbers = [0; 3];
    for (number, text) in numbers.iter_mut().zip(body.split(|byte| *byte == b';')) {
        let digits = text.iter().take_while(|byte| byte.is_ascii_digit());
        *number = digits.fold(0_u16, |sum, digit| {
            sum.saturating_mul(10)
                .saturating_add(u16::from(digit - b'0'))
        });
    }
    numbers
}

/// A key without modifiers.
fn plain(code: KeyCode) -> Event {
    Event::Key(Key::plain(code))
}

/// A key with modifiers as xterm counts them: 1 and then 1 for Shift, 2 for Alt, 4 for Ctrl.
fn with_modifiers(code: KeyCode, modifiers: u16) -> Option<Event> {
    let held = modifiers.saturating_sub(1);
    let key = Key::new(code, held & 4 != 0, held & 2 != 0, held & 1 != 0);
    Some(Event::Key(key))
}

/// The key that a sequence with this letter at its end stands for.
fn key_of_letter(letter: u8) -> Option<KeyCode> {
    Some(match letter {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'F' => KeyCode::End,
        b'H' => KeyCode::Home,
        b'M' => KeyCode::Enter,
        b'P'..=b'S' => KeyCode::F(letter - b'P' + 1),
        _ => return None,
    })
}

/// The key that a sequence with this number and a tilde stands for.
fn key_of_number(number: u16) -> Option<KeyCode> {
    Some(match number {
        1 | 7 => KeyCode::Home,
        2 => KeyCode::Insert,
        3 => KeyCode::Delete,
        4 | 8 => KeyCode::End,
        5 => KeyCode::PageUp,
        6 => KeyCode::PageDown,
        // The numbers have gaps where the VT220's keyboard had them.
        11..=15 => KeyCode::F((number - 10) as u8),
        17..=21 => KeyCode::F((number - 11) as u8),
        23..=26 => KeyCode::F((number - 12) as u8),
        28 | 29 => KeyCode::F((number - 13) as u8),
        31..=34 => KeyCode::F((number - 14) as u8),
        _ => return None,
    })
}

/// The key of a Unicode code point, in the forms that name keys by it.
fn key_of_code(code: u16) -> Option<KeyCode> {
    Some(match code {
        8 | 127 => KeyCode::Backspace,
        9 => KeyCode::Tab,
        13 => KeyCode::Enter,
        27 => KeyCode::Esc,
        _ => KeyCode::Char(char::from_u32(code.into()).filter(|c| !c.is_control())?),
    })
}

/// A report of the mouse; columns and rows are counted from 1.
fn mouse(button: u16, x: u16, y: u16, released: bool) -> Option<Event> {
    const WHEEL: u16 = 64;
    const MOTION: u16 = 32;
    // Four is Shift, eight is Alt, sixteen is Ctrl.
    let kind = match button & !(4 | 8 | 16) {
        WHEEL => MouseKind::WheelUp,
        number if number == WHEEL + 1 => MouseKind::WheelDown,
        number if number & MOTION != 0 => return None,
        0..=3 if released => MouseKind::Release,
        0 => MouseKind::Press(Button::Left),
        1 => MouseKind::Press(Button::Middle),
        2 => MouseKind::Press(Button::Right),
        3 => MouseKind::Release,
        _ => return None,
    };
    let at = Position::new(x.saturating_sub(1), y.saturating_sub(1));
    Some(Event::Mouse(Mouse { kind, at }))
}

#[cfg(test)]
mod tests;
