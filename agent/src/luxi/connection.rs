//! One connection to luxid.

use std::io::{ErrorKind, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::Error;

/// Ends each message.
const END: u8 = 0x03;
/// How long a full queue of connections is waited for.
const CONNECT: Duration = Duration::from_secs(5);
/// The longest answer that is taken, bytes.
const ANSWER_LIMIT: usize = 256 * 1024 * 1024;

/// An open connection. After an error that [is an end](Error::is_end) it must not be used again.
#[derive(Debug)]
pub struct Connection {
    stream: UnixStream,
    /// What came behind the last answer.
    held: Vec<u8>,
}

#[derive(Deserialize)]
struct Answer<'a> {
    success: bool,
    #[serde(borrow)]
    result: &'a RawValue,
}

impl Connection {
    /// Connects to luxid's socket.
    ///
    /// # Errors
    /// [`Error::Absent`], [`Error::Denied`], or [`Error::Silent`] if luxid takes no connection.
    pub fn open(path: &Path) -> Result<Connection, Error> {
        let end = Instant::now() + CONNECT;
        loop {
            match connect(path) {
                Ok(socket) => {
                    return Ok(Connection {
                        stream: UnixStream::from(socket),
                        held: Vec::new(),
                    });
                }
                Err(Errno::ACCESS | Errno::PERM) => return Err(Error::Denied),
                // The queue of connections is short, and luxid takes them one by one.
                Err(Errno::AGAIN) if Instant::now() < end => {
                    std::thread::sleep(Duration::from_millis(5));
                }
                Err(Errno::AGAIN) => return Err(Error::Silent),
                Err(error) => return Err(Error::Absent(error.to_string())),
            }
        }
    }

    /// Calls a method; `decode` reads the result's JSON.
    ///
    /// # Errors
    /// Any; see [`Error::is_end`].
    pub fn call<T>(
        &mut self,
        method: &str,
        arguments: &Value,
        patience: Duration,
        decode: impl FnOnce(&str) -> serde_json::Result<T>,
    ) -> Result<T, Error> {
        let end = Instant::now() + patience;
        self.send(method, arguments, end)?;
        let text = latin1(self.receive(end)?);
        let garbled = |error: serde_json::Error| Error::Garbled(error.to_string());
        let answer: Answer<'_> = serde_json::from_str(&text).map_err(garbled)?;
        if answer.success {
            decode(answer.result.get()).map_err(garbled)
        } else {
            let result = serde_json::from_str(answer.result.get()).map_err(garbled)?;
            Err(Error::from_result(result))
        }
    }

    fn send(&mut self, method: &str, arguments: &Value, end: Instant) -> Result<(), Error> {
        let request = serde_json::json!({ "method": method, "args": arguments }).to_string();
        // luxid reads text, and what is not ASCII makes it stumble in some locales.
        let mut message: Vec<u8> = Vec::with_capacity(request.len() + 1);
        for c in request.chars() {
            if c.is_ascii() {
                message.push(c as u8);
            } else {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    message.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
                }
            }
        }
        message.push(END);
        self.stream
            .set_write_timeout(Some(left(end)?))
            .and_then(|()| self.stream.write_all(&message))
            .map_err(broken)
    }

    fn receive(&mut self, end: Instant) -> Result<Vec<u8>, Error> {
        let mut answer = std::mem::take(&mut self.held);
        let mut searched = 0;
        let mut chunk = [0; 16 * 1024];
        loop {
            if let Some(at) = answer[searched..].iter().position(|&b| b == END) {
                self.held = answer.split_off(searched + at + 1);
                answer.pop();
                return Ok(answer);
            }
            searched = answer.len();
            if answer.len() > ANSWER_LIMIT {
                return Err(Error::Garbled("it does not end".into()));
            }
            let read = self
                .stream
                .set_read_timeout(Some(left(end)?))
                .and_then(|()| self.stream.read(&mut chunk));
            match read {
                Ok(0) => return Err(Error::Closed),
                Ok(n) => answer.extend_from_slice(&chunk[..n]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(broken(error)),
            }
        }
    }
}

fn connect(path: &Path) -> Result<OwnedFd, Errno> {
    // Not blocking: a full queue of connections would otherwise hold us for as long as it likes.
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    rustix::net::connect(&socket, &SocketAddrUnix::new(path)?)?;
    let stream = UnixStream::from(socket);
    // Reads and writes have their time limits instead.
    stream.set_nonblocking(false).map_err(|_| Errno::IO)?;
    Ok(stream.into())
}

fn left(end: Instant) -> Result<Duration, Error> {
    let left = end.saturating_duration_since(Instant::now());
    if left.is_zero() {
        Err(Error::Silent)
    } else {
        Ok(left)
    }
}

fn broken(error: std::io::Error) -> Error {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => Error::Silent,
        _ => Error::Closed,
    }
}

/// luxid writes each character as one byte, its code point modulo 256.
fn latin1(bytes: Vec<u8>) -> String {
    if bytes.is_ascii() {
        String::from_utf8(bytes).unwrap_or_default()
    } else {
        bytes.into_iter().map(char::from).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_characters() {
        assert_eq!(latin1(b"caf\xe9".to_vec()), "café");
        assert_eq!(latin1(b"cafe".to_vec()), "cafe");
    }

    #[test]
    fn nobody_behind_the_socket_is_told_from_a_closed_door() {
        let error = Connection::open(Path::new("/nonexistent/ganeti-query")).map(|_| ());
        assert!(matches!(error, Err(Error::Absent(_))), "{error:?}");
    }
}
