//! The screen is lent to a session that writes to the terminal itself, and taken back whatever that
//! session has made of it.

use std::collections::VecDeque;
use std::io;

use super::guard::MOUSE_OFF;
use super::screen::Screen;

/// So much of what a session wrote is kept, bytes.
const KEPT: usize = 128 * 1024;

/// Our modes off, an empty screen, and the window's title put aside. The other screen stays: what the
/// session writes is none of the shell's.
const LEND: &str =
    "\x1b[?2026l\x1b[r\x1b[m\x1b[?2004l\x1b[?1004l\x1b[?7h\x1b[?25h\x1b[22;2t\x1b[H\x1b[2J";

/// Whatever a session may have begun or switched on is ended: sequences that were cut off, modes by the
/// soft reset, and one by one those that it leaves as they are (the mouse, pasting, focus, the keyboard's
/// reports, colours, character sets, the margins, the cursor's shape, the title).
const RECLAIM: &str = "\x18\x1b\\\x1b[!p\x1b[?1000;1002;1003;1004;1005;1006;1015;1016l\x1b[?2004l\x1b[?2026l\
    \x1b[?1;5;6;66l\x1b[4l\x1b[20l\x1b>\x1b[=0u\x1b[>4;0m\x1b[r\x1b(B\x1b)0\x0f\x1b[m\x1b[0 q\x1b[?7h\
    \x1b[23;2t";

impl Screen {
    /// Leaves the screen to a session: bytes go to it by [`Screen::pass`], and nothing is drawn.
    pub fn lend(&mut self) {
        self.write(&format!("{MOUSE_OFF}{LEND}"));
    }

    /// Passes a session's bytes on as they are. Only once [`Screen::ready`] says so.
    pub fn pass(&mut self, bytes: &[u8]) {
        self.send(bytes);
    }

    /// Takes the screen back; the next picture is painted whole.
    ///
    /// # Errors
    /// The terminal takes nothing any more.
    pub fn reclaim(&mut self) -> io::Result<()> {
        self.write(RECLAIM);
        self.finish();
        self.take_back()
    }

    /// Writes after what is being written.
    fn write(&mut self, text: &str) {
        self.finish();
        self.send(text.as_bytes());
    }
}

/// The end of what a session wrote, to be shown again when it is returned to.
#[derive(Clone, Debug, Default)]
pub struct Tail(VecDeque<u8>);

impl Tail {
    /// Keeps more of it.
    pub fn push(&mut self, bytes: &[u8]) {
        self.0.extend(bytes);
        let surplus = self.0.len().saturating_sub(KEPT);
        self.0.drain(..surplus);
    }

    /// It in words and colours alone: a question that a guest once asked of the terminal would be
    /// answered again, into whatever waits there now.
    pub fn replay(&self) -> Vec<u8> {
        let bytes: Vec<u8> = self.0.iter().copied().collect();
        // What was cut off at the front may be the rest of anything.
        let whole = bytes.len() < KEPT;
        let first = bytes.iter().position(|byte| *byte == b'\n');
        let from = if whole {
            0
        } else {
            first.map_or(0, |at| at + 1)
        };
        plain(bytes.get(from..).unwrap_or_default())
    }
}

/// Text, line ends and colours.
fn plain(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match (byte, after.first()) {
            (0x1b, Some(b'[')) => {
                let after = after.get(1..).unwrap_or_default();
                let end = after.iter().position(|byte| (0x40..=0x7e).contains(byte));
                let Some(end) = end else { break };
                let parameters = after.get(..end).unwrap_or_default();
                let colours = |byte: &u8| byte.is_ascii_digit() || b";:".contains(byte);
                if after.get(end) == Some(&b'm') && parameters.iter().all(colours) {
                    out.extend(b"\x1b[");
                    out.extend(parameters);
                    out.push(b'm');
                }
                rest = after.get(end + 1..).unwrap_or_default();
            }
            // Titles and the like last until BEL or ST.
            (0x1b, Some(b']' | b'P' | b'X' | b'^' | b'_')) => {
                let end = after.iter().position(|byte| matches!(byte, 0x07 | 0x1b));
                let end = end.unwrap_or(after.len());
                let st = usize::from(after.get(end) == Some(&0x1b));
                rest = after.get(end + 1 + st..).unwrap_or_default();
            }
            // Intermediates and one more.
            (0x1b, _) => {
                let end = after.iter().position(|byte| !(0x20..=0x2f).contains(byte));
                rest = end.map_or(&[][..], |end| after.get(end + 1..).unwrap_or_default());
            }
            (b'\n' | b'\r' | b'\t' | 0x08, _) | (0x20..=0x7e | 0x80.., _) => out.push(byte),
            _ => {}
        }
    }
    out.extend(b"\x1b[m");
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn replayed(pieces: &[&[u8]]) -> String {
        let mut tail = Tail::default();
        pieces.iter().for_each(|piece| tail.push(piece));
        String::from_utf8_lossy(&tail.replay()).into_owned()
    }

    #[test]
    fn words_and_colours_are_shown_again_and_nothing_is_asked_again() {
        let session: &[&[u8]] = &[
            b"\x1b]0;root@web1\x07\x1b[?1049h\x1b[31mred\x1b[m\r\n\x1b[6n\x1b[c\x1bP$q\"p\x1b\\",
            b"\x1b(B\x1b7\x05\x07caf\xc3\xa9\x1b[>4;1m\x1b[",
            b"?2004hweb1 login: \x1b[1",
        ];
        assert_eq!(
            replayed(session),
            "\x1b[31mred\x1b[m\r\ncaf\u{e9}web1 login: \x1b[m"
        );
    }

    #[test]
    fn the_end_is_kept_from_a_line_on() {
        let mut tail = Tail::default();
        for n in 0..20_000 {
            tail.push(format!("line {n}\r\n").as_bytes());
        }
        let text = String::from_utf8_lossy(&tail.replay()).into_owned();
        assert!(
            text.len() <= KEPT + 3 && text.starts_with("line "),
            "{text:.40}"
        );
        assert!(text.ends_with("line 19999\r\n\x1b[m"));
    }

    proptest! {
        #[test]
        fn nothing_but_colours_is_left_of_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let left = plain(&bytes);
            let mut rest = &left[..];
            while let Some(at) = rest.iter().position(|byte| *byte == 0x1b) {
                let after = &rest[at + 1..];
                prop_assert_eq!(after.first(), Some(&b'['));
                let end = after[1..].iter().position(|byte| byte.is_ascii_alphabetic()).unwrap_or(0);
                prop_assert_eq!(after[1 + end], b'm');
                rest = &after[1 + end..];
            }
        }
    }
}
