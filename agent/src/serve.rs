//! Answers one console on standard input and output, and ends with it.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant, SystemTime};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use rustix::io::Errno;

use crate::machine::Machine;
use crate::session::{Ended, Moment, Session};
use crate::waker::Waker;

/// While more than this waits to be sent, nothing more is read, bytes.
const HELD: usize = 1024 * 1024;
/// How long a session that is over tries to say its last words.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// The time by this machine's clocks.
pub fn now() -> Moment {
    let mono = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let mono_ms = mono.tv_sec * 1000 + mono.tv_nsec / 1_000_000;
    let wall = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    Moment {
        mono_ms: u64::try_from(mono_ms).unwrap_or(0),
        wall_ms: u64::try_from(wall.as_millis()).unwrap_or(u64::MAX),
    }
}

/// Runs until the console is gone. `Ok` has the reason if it was another than that.
///
/// # Errors
/// If standard input and output cannot be used.
pub fn serve(machine: Machine, waker: &Waker) -> std::io::Result<Option<Ended>> {
    let stdin = std::io::stdin();
    let output = Output::new()?;
    let mut session = Session::new(machine, now());
    let mut unsent = Unsent::default();
    let mut buffer = vec![0; 64 * 1024];
    let mut give_up = None;
    loop {
        if unsent.is_empty() {
            unsent = Unsent::of(session.take_output());
        }
        if !output.send(&mut unsent)? {
            return Ok(None);
        }
        if let Some(ended) = session.ended() {
            let until = *give_up.get_or_insert_with(|| Instant::now() + LAST_WORDS);
            let all_said = unsent.is_empty() && session.pending_bytes() == 0;
            if all_said || Instant::now() >= until {
                return Ok(Some(ended.clone()));
            }
        }
        let reads = session.ended().is_none() && session.pending_bytes() < HELD;
        let wait = match give_up {
            Some(_) => 100,
            None => session.next_wake(now()),
        };
        let ready = Ready::wait(&stdin, reads, waker, &output, !unsent.is_empty(), wait)?;
        if ready.gone {
            return Ok(None);
        }
        if ready.input {
            match rustix::io::read(&stdin, &mut buffer[..]) {
                Ok(0) => return Ok(None),
                Ok(n) => session.receive(&buffer[..n], now()),
                Err(Errno::AGAIN | Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        if ready.news {
            waker.clear();
        }
        if ready.news || session.next_wake(now()) == 0 {
            session.tick(now());
        }
    }
}

/// Bytes on their way.
#[derive(Debug, Default)]
struct Unsent {
    bytes: Vec<u8>,
    sent: usize,
}

impl Unsent {
    fn of(bytes: Vec<u8>) -> Unsent {
        Unsent { bytes, sent: 0 }
    }

    fn is_empty(&self) -> bool {
        self.sent == self.bytes.len()
    }
}

/// Standard output, made not to block and put back as it was.
struct Output {
    stdout: std::io::Stdout,
    before: Option<OFlags>,
}

impl Output {
    fn new() -> std::io::Result<Output> {
        let stdout = std::io::stdout();
        // A terminal is shared with whoever started this: it is left alone.
        let before = if std::io::IsTerminal::is_terminal(&stdout) {
            None
        } else {
            let flags = rustix::fs::fcntl_getfl(&stdout)?;
            rustix::fs::fcntl_setfl(&stdout, flags | OFlags::NONBLOCK)?;
            Some(flags)
        };
        Ok(Output { stdout, before })
    }

    /// Sends what can be sent at once; `false` if nobody listens any more.
    fn send(&self, unsent: &mut Unsent) -> std::io::Result<bool> {
        while !unsent.is_empty() {
            match rustix::io::write(&self.stdout, &unsent.bytes[unsent.sent..]) {
                Ok(n) => unsent.sent += n,
                Err(Errno::AGAIN) => return Ok(true),
                Err(Errno::INTR) => {}
                Err(Errno::PIPE | Errno::CONNRESET) => return Ok(false),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(true)
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if let Some(flags) = self.before {
            // Nothing can be done about a failure while ending.
            let _ = rustix::fs::fcntl_setfl(&self.stdout, flags);
        }
    }
}

impl AsFd for Output {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stdout.as_fd()
    }
}

/// What a wait ended with.
struct Ready {
    input: bool,
    news: bool,
    gone: bool,
}

impl Ready {
    fn wait(
        stdin: &impl AsFd,
        reads: bool,
        waker: &Waker,
        output: &Output,
        writes: bool,
        wait_ms: u64,
    ) -> std::io::Result<Ready> {
        let when = |wanted, flags| if wanted { flags } else { PollFlags::empty() };
        let mut fds = [
            PollFd::new(stdin, when(reads, PollFlags::IN)),
            PollFd::new(waker, PollFlags::IN),
            PollFd::new(output, when(writes, PollFlags::OUT)),
        ];
        let timeout = Timespec::try_from(Duration::from_millis(wait_ms)).unwrap_or_default();
        match poll(&mut fds, Some(&timeout)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let over = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
        let input = fds[0].revents();
        Ok(Ready {
            input: reads && input.intersects(PollFlags::IN | over),
            news: fds[1].revents().contains(PollFlags::IN),
            // A console that hung up does not wait for what it did not read.
            gone: fds[2].revents().intersects(over) || !reads && input.intersects(over),
        })
    }
}
