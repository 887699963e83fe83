//! Reads the terminal on a thread of its own, and hands on what came as events.
//!
//! The reader owns the terminal's input alone, so that answers of the terminal are events like any
//! other, whenever they come, and nothing ever waits for one. A terminal that goes away is noticed
//! at once, and the thread ends.

use std::io::{self, PipeReader, PipeWriter, pipe};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use ratatui::layout::Size;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::Signal as Number;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::event::Event;
use super::parse::Parser;

/// How long the bytes of one key may be apart. After that an escape is the Esc key.
const APART: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 25_000_000,
};

/// Events that wait for a busy program; when they are so many, the terminal has to wait too.
const WAITING: usize = 256;

/// What comes from the terminal, one event after another.
#[derive(Debug)]
pub struct Events {
    read: Receiver<Event>,
    resized: Signal,
    resumed: Signal,
    size: fn() -> Size,
    /// Bytes are not made keys of.
    raw: Arc<AtomicBool>,
    /// Ends the thread when it is dropped.
    _stop: PipeWriter,
}

impl Events {
    /// Starts reading `input`, whose terminal has the size that `size` tells. Needs the runtime
    /// of tokio.
    pub(super) fn new(input: OwnedFd, size: fn() -> Size) -> io::Result<Self> {
        let (sender, read) = channel(WAITING);
        let (stopped, stop) = pipe()?;
        let raw = Arc::new(AtomicBool::new(false));
        let wanted = raw.clone();
        thread::Builder::new()
            .name("input".to_owned())
            .spawn(move || run(&input, &stopped, &sender, &wanted))?;
        Ok(Self {
            read,
            resized: signal(SignalKind::window_change())?,
            resumed: signal(SignalKind::from_raw(Number::CONT.as_raw()))?,
            size,
            raw,
            _stop: stop,
        })
    }

    /// From now on bytes come as they are, or as keys again. What was read before comes as it was to.
    pub fn as_they_are(&self, raw: bool) {
        self.raw.store(raw, Ordering::Release);
    }

    /// The next event. Nothing is lost if this is dropped before it is done. After
    /// [`Event::Gone`] there is only that.
    pub async fn next(&mut self) -> Event {
        tokio::select! {
            event = self.read.recv() => event.unwrap_or(Event::Gone),
            _ = self.resized.recv() => Event::Resize((self.size)()),
            _ = self.resumed.recv() => Event::Resumed,
        }
    }
}

/// Reads until the terminal is gone or nobody listens.
fn run(input: &OwnedFd, stopped: &PipeReader, sender: &Sender<Event>, raw: &AtomicBool) {
    let mut parser = Parser::default();
    let mut events = Vec::new();
    let mut bytes = [0; 4096];
    loop {
        let limit = parser.is_waiting().then_some(&APART);
        match wait(input, stopped, limit) {
            Ok(Ready::Input) => match rustix::io::read(input, &mut bytes) {
                Ok(count) if count > 0 && raw.load(Ordering::Acquire) => {
                    events.push(Event::Raw(bytes[..count].to_vec()));
                }
                Ok(count) if count > 0 => parser.feed(&bytes[..count], &mut events),
                Err(Errno::INTR | Errno::AGAIN) => {}
                // Nothing to read or an error: that is how a terminal goes away.
                _ => events.push(Event::Gone),
            },
            Ok(Ready::Nothing) => parser.settle(&mut events),
            Ok(Ready::Stopped) => return,
            Err(_) => events.push(Event::Gone),
        }
        for event in events.drain(..) {
            let last = event == Event::Gone;
            if sender.blocking_send(event).is_err() || last {
                return;
            }
        }
    }
}

/// What happened first.
enum Ready {
    Input,
    Nothing,
    Stopped,
}

/// Waits for input or the end, and no longer than `limit` if there is one.
fn wait(input: &impl AsFd, stopped: &PipeReader, limit: Option<&Timespec>) -> Result<Ready, Errno> {
    // A hang-up is reported without being asked for, and ends the wait as input does.
    let mut both = [
        PollFd::new(input, PollFlags::IN),
        PollFd::new(stopped, PollFlags::IN),
    ];
    match poll(&mut both, limit) {
        Ok(0) => Ok(Ready::Nothing),
        Ok(_) if !both[1].revents().is_empty() => Ok(Ready::Stopped),
        Ok(_) => Ok(Ready::Input),
        Err(Errno::INTR) => Ok(Ready::Input),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::input::{Key, KeyCode};

    fn events() -> (Events, PipeWriter) {
        let (input, keyboard) = pipe().unwrap();
        let size = || Size::new(80, 24);
        (Events::new(input.into(), size).unwrap(), keyboard)
    }

    #[tokio::test]
    async fn keys_come_as_they_are_pressed() {
        let (mut events, mut keyboard) = events();
        keyboard.write_all(b"j\x1b[B").unwrap();
        assert_eq!(events.next().await, Event::Key(Key::char('j')));
        assert_eq!(events.next().await, Event::Key(Key::plain(KeyCode::Down)));
        keyboard.write_all(b"\x1b").unwrap();
        assert_eq!(events.next().await, Event::Key(Key::plain(KeyCode::Esc)));
    }

    #[tokio::test]
    async fn bytes_come_as_they_are_as_long_as_that_is_wanted() {
        let (mut events, mut keyboard) = events();
        events.as_they_are(true);
        keyboard.write_all(b"\x1b[B").unwrap();
        assert_eq!(events.next().await, Event::Raw(b"\x1b[B".to_vec()));
        events.as_they_are(false);
        keyboard.write_all(b"\x1b[B").unwrap();
        assert_eq!(events.next().await, Event::Key(Key::plain(KeyCode::Down)));
    }

    #[tokio::test]
    async fn a_terminal_that_went_away_is_noticed() {
        let (mut events, keyboard) = events();
        drop(keyboard);
        assert_eq!(events.next().await, Event::Gone);
        assert_eq!(events.next().await, Event::Gone);
    }

    #[tokio::test]
    async fn the_thread_ends_with_its_owner() {
        let (events, mut keyboard) = events();
        drop(events);
        // The reading end is closed when the thread has ended; until then the pipe takes bytes.
        while keyboard.write_all(b"j").is_ok() {
            thread::yield_now();
        }
    }
}
