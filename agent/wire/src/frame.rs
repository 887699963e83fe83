//! Framing: one JSON object a line.

use serde::Serialize;
use serde_json::Value;

use crate::{Report, Request};

/// The longest frame that either side takes, bytes, newline included.
pub const LIMIT: usize = 8 * 1024 * 1024;

/// The longest frame that a sender makes on purpose; larger facts are cut in pieces.
pub const PIECE: usize = 256 * 1024;

/// Why a frame could not be read. After [`Error::TooLong`] the stream is of no further use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// A line longer than [`LIMIT`].
    TooLong,
    /// Not a frame; says where and why.
    Malformed(String),
    /// The stream ended in the middle of a line of this many bytes.
    Cut(usize),
    /// A frame that asks for a change and has a field that is not known, or lacks one. The stream
    /// is well.
    NotActed {
        /// The change's id; empty if there is none.
        id: String,
        /// It was asked what became of it, not that it is made.
        recovers: bool,
        /// Which field.
        why: String,
    },
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Error::TooLong => write!(f, "a frame longer than {LIMIT} bytes"),
            Error::Malformed(why) => write!(f, "not a frame: {why}"),
            Error::Cut(n) => write!(f, "the stream ended within a frame, after {n} bytes"),
            Error::NotActed { why, .. } => write!(f, "not understood: {why}"),
        }
    }
}

impl std::error::Error for Error {}

/// Cuts a stream of bytes into lines. Holds at most [`LIMIT`] bytes.
#[derive(Debug, Default)]
pub struct Lines {
    held: Vec<u8>,
    /// How much of `held` was searched for a newline already.
    searched: usize,
    /// How much of `held` was handed out already.
    taken: usize,
}

impl Lines {
    /// Takes bytes as they came.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.taken > 0 {
            self.held.drain(..self.taken);
            self.searched -= self.taken;
            self.taken = 0;
        }
        self.held.extend_from_slice(bytes);
    }

    /// The next whole line, without its newline; empty lines are passed over.
    ///
    /// # Errors
    /// [`Error::TooLong`] once a line exceeds [`LIMIT`].
    pub fn next_line(&mut self) -> Result<Option<&[u8]>, Error> {
        loop {
            let Some(end) = self.held[self.searched..].iter().position(|&b| b == b'\n') else {
                self.searched = self.held.len();
                if self.held.len() - self.taken > LIMIT {
                    return Err(Error::TooLong);
                }
                return Ok(None);
            };
            let (start, end) = (self.taken, self.searched + end);
            if end - start >= LIMIT {
                return Err(Error::TooLong);
            }
            self.taken = end + 1;
            self.searched = self.taken;
            if self.held[start..end]
                .iter()
                .any(|b| !b.is_ascii_whitespace())
            {
                return Ok(Some(&self.held[start..end]));
            }
        }
    }

    /// To be called when the stream has ended.
    ///
    /// # Errors
    /// [`Error::Cut`] if that was in the middle of a line.
    pub fn finish(&self) -> Result<(), Error> {
        match self.held.len() - self.taken {
            0 => Ok(()),
            n => Err(Error::Cut(n)),
        }
    }
}

/// One frame as bytes, newline included.
pub fn encode<T: Serialize>(frame: &T) -> Vec<u8> {
    // Our own types have string keys and finite numbers only: this cannot fail, and a frame that
    // did would be an empty line, which readers pass over.
    let mut line = serde_json::to_vec(frame).unwrap_or_default();
    line.push(b'\n');
    line
}

/// Reads an agent's frame; `None` for a kind that this side does not know.
///
/// # Errors
/// [`Error::Malformed`] for anything that is no frame.
pub fn report(line: &[u8]) -> Result<Option<Report>, Error> {
    const KINDS: &[&str] = &[
        "hello", "pong", "sample", "ssconf", "master", "config", "jobs", "logs", "queue", "locks",
        "live", "answer", "acted", "problem",
    ];
    decode(line, KINDS)
}

/// Reads a console's frame; `None` for a kind that this side does not know.
///
/// # Errors
/// [`Error::NotActed`] for a change that is not understood whole, [`Error::Malformed`] for anything
/// that is no frame.
pub fn request(line: &[u8]) -> Result<Option<Request>, Error> {
    const KINDS: &[&str] = &["hello", "watch", "ping", "ask", "act", "recover"];
    decode(line, KINDS).map_err(|error| not_acted(line, &error).unwrap_or(error))
}

/// What to say of a line if it asks for a change.
fn not_acted(line: &[u8], error: &Error) -> Option<Error> {
    let Error::Malformed(why) = error else {
        return None;
    };
    let Ok(Value::Object(frame)) = serde_json::from_slice(line) else {
        return None;
    };
    let recover = frame.get("recover");
    let asked = frame.get("act").or(recover)?;
    Some(Error::NotActed {
        recovers: recover.is_some(),
        // One that is longer is none, and is not worth an echo.
        id: asked["id"]
            .as_str()
            .filter(|id| id.len() <= 64)
            .unwrap_or_default()
            .to_owned(),
        why: why.clone(),
    })
}

fn decode<T: serde::de::DeserializeOwned>(line: &[u8], kinds: &[&str]) -> Result<Option<T>, Error> {
    let error = match serde_json::from_slice(line) {
        Ok(frame) => return Ok(Some(frame)),
        Err(error) => error,
    };
    // Only now, off the common path: is it a well-formed frame of a kind from another age?
    if let Ok(Value::Object(object)) = serde_json::from_slice(line)
        && object.len() == 1
        && object.keys().all(|kind| !kinds.contains(&kind.as_str()))
    {
        return Ok(None);
    }
    Err(Error::Malformed(error.to_string()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;
    use crate::request::{Ping, Watch};

    #[test]
    fn lines_come_out_as_they_went_in_however_they_are_cut() {
        let text = b"one\n\n  \ntwo\nthree";
        for cut in 1..text.len() {
            let mut lines = Lines::default();
            let mut seen = Vec::new();
            for piece in text.chunks(cut) {
                lines.push(piece);
                while let Some(line) = lines.next_line().unwrap() {
                    seen.push(line.to_vec());
                }
            }
            assert_eq!(seen, [b"one".to_vec(), b"two".to_vec()]);
            assert_eq!(lines.finish(), Err(Error::Cut(5)));
        }
    }

    #[test]
    fn an_endless_line_is_refused_before_it_fills_the_memory() {
        let mut lines = Lines::default();
        let block = vec![b'x'; 1 << 20];
        let refused = (0..=LIMIT >> 20).any(|_| {
            lines.push(&block);
            lines.next_line() == Err(Error::TooLong)
        });
        assert!(refused);
        assert!(lines.held.len() <= LIMIT + block.len());
    }

    #[test]
    fn kinds_of_another_age_are_skipped_and_garbage_is_not() {
        assert_eq!(report(br#"{"weather":{"sunny":true}}"#), Ok(None));
        assert_eq!(
            request(br#"{"ping":{"n":7,"new":1}}"#),
            Ok(Some(Request::Ping(Ping { n: 7 })))
        );
        assert!(report(br#"{"pong":{"n":"x"}}"#).is_err());
        assert!(report(b"Welcome to node1!").is_err());
        assert!(report(b"[]").is_err());
        assert!(report(b"\xff\xfe").is_err());
        let deep = "[".repeat(100_000);
        assert!(report(deep.as_bytes()).is_err());
    }

    #[test]
    fn a_change_with_a_field_that_is_not_known_is_named_and_not_done() {
        let refused = |line: &str| match request(line.as_bytes()) {
            Err(Error::NotActed { id, why, recovers }) => {
                assert_eq!(recovers, line.starts_with("{\"recover"));
                (id, why)
            }
            other => unreachable!("{other:?}"),
        };
        let act = |operation: &str, more: &str| {
            format!(
                r#"{{"act":{{"id":"{}","operation":{operation},"expect":{{"nothing":{{}}}},"operator":"alice"{more}}}}}"#,
                "0f".repeat(16)
            )
        };
        assert!(request(act(r#"{"queue-drain":{}}"#, "").as_bytes()).is_ok());
        for (operation, more, word) in [
            (r#"{"queue-drain":{"hard":true}}"#, "", "hard"),
            (r#"{"queue-drain":{}}"#, r#","twice":true"#, "twice"),
            (
                r#"{"start":{"instance":"web1","quickly":1}}"#,
                "",
                "quickly",
            ),
            (r#"{"start":{}}"#, "", "instance"),
            (
                r#"{"start":{"instance":"a","instance":"b"}}"#,
                "",
                "duplicate",
            ),
            (r#"{"dance":{}}"#, "", "dance"),
            (r#"{"queue-drain":{},"kill":{"instance":"web1"}}"#, "", ""),
            (r#"["queue-drain"]"#, "", ""),
        ] {
            let (id, why) = refused(&act(operation, more));
            assert_eq!(id, "0f".repeat(16));
            assert!(why.contains(word), "{operation}: {why}");
        }
        let (id, _) = refused(r#"{"recover":{"id":"../../etc/passwd"}}"#);
        assert_eq!(id, "../../etc/passwd");
        assert_eq!(refused(r#"{"act":7}"#).0, "");
    }

    #[test]
    fn absent_fields_take_their_defaults() {
        let watch = request(br#"{"watch":{}}"#).unwrap();
        assert_eq!(watch, Some(Request::Watch(Watch::default())));
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let mut lines = Lines::default();
            lines.push(&bytes);
            while let Ok(Some(line)) = lines.next_line() {
                let _ = report(line);
                let _ = request(line);
            }
        }
    }
}
