//! Writes frames without ever making the screen's task wait.
//!
//! A thread does the writing. It holds one frame at most: while a slow terminal has not taken that,
//! no other is accepted, and the caller draws again when it has, from the state of then. So nothing
//! is written that nobody would see, and nothing piles up.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::Notify;

use super::guard;

/// The writing thread and the one frame it may hold.
#[derive(Debug)]
pub(super) struct Output {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// The state changed; for threads.
    changed: Condvar,
    /// A frame was written or cannot be; for tasks.
    done: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// The bytes of the frame; empty while it is being written and when there is none.
    frame: Vec<u8>,
    /// There is a frame that has not been written to its end.
    busy: bool,
    /// No more frames will come.
    closed: bool,
    /// Why nothing can be written any more.
    failed: Option<io::ErrorKind>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that holds the lock can leave the state half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes frames until there will be no more.
    fn run(&self, mut writer: impl Write) {
        let mut frame = Vec::new();
        loop {
            let mut state = self.lock();
            while state.frame.is_empty() && !state.closed {
                state = self
                    .changed
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
            }
            if state.closed {
                return;
            }
            std::mem::swap(&mut frame, &mut state.frame);
            drop(state);
            // After a panic the terminal belongs to the message about it.
            let result = if guard::panicked() {
                Ok(())
            } else {
                writer.write_all(&frame).and_then(|()| writer.flush())
            };
            frame.clear();
            let mut state = self.lock();
            state.busy = false;
            state.failed = result.err().map(|error| error.kind());
            drop(state);
            self.changed.notify_all();
            self.done.notify_waiters();
        }
    }
}

impl Output {
    /// Starts the thread.
    pub(super) fn new(writer: impl Write + Send + 'static) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let of_thread = Arc::clone(&shared);
        thread::Builder::new()
            .name("output".to_owned())
            .spawn(move || of_thread.run(writer))?;
        Ok(Self { shared })
    }

    /// Whether a frame can be taken now; an error if none ever can.
    pub(super) fn is_ready(&self) -> io::Result<bool> {
        let state = self.shared.lock();
        match state.failed {
            Some(kind) => Err(kind.into()),
            None => Ok(!state.busy),
        }
    }

    /// Takes a frame in pieces, if the one before has been written; otherwise it is dropped.
    pub(super) fn send(&self, pieces: &[&[u8]]) {
        let mut state = self.shared.lock();
        if !state.busy {
            for piece in pieces {
                state.frame.extend_from_slice(piece);
            }
            state.busy = !state.frame.is_empty();
            self.shared.changed.notify_all();
        }
    }

    /// Waits until a frame can be taken, or none ever can.
    pub(super) async fn ready(&self) {
        loop {
            // Listening begins before looking, so that no change is missed between the two.
            let done = self.shared.done.notified();
            tokio::pin!(done);
            done.as_mut().enable();
            if !matches!(self.is_ready(), Ok(false)) {
                return;
            }
            done.await;
        }
    }

    /// Waits for the last frame to be written, but no longer than `limit`; for the moment before
    /// the terminal is left.
    pub(super) fn finish(&self, limit: Duration) {
        let state = self.shared.lock();
        let is_busy = |state: &mut State| state.busy && state.failed.is_none();
        // Whether it was written or the time is over: nothing more can be done about it.
        drop(
            self.shared
                .changed
                .wait_timeout_while(state, limit, is_busy),
        );
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        // The thread is not waited for: it may hang in a write that never ends.
        self.shared.lock().closed = true;
        self.shared.changed.notify_all();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

    use super::*;

    /// A terminal that takes each write only when it is told to.
    struct Slow {
        allowed: Receiver<io::Result<()>>,
        written: SyncSender<Vec<u8>>,
    }

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.written.send(bytes.to_vec()).unwrap();
            self.allowed.recv().unwrap()?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn slow() -> (Output, SyncSender<io::Result<()>>, Receiver<Vec<u8>>) {
        let (allow, allowed) = sync_channel(9);
        let (written, writes) = sync_channel(9);
        (
            Output::new(Slow { allowed, written }).unwrap(),
            allow,
            writes,
        )
    }

    #[tokio::test]
    async fn a_slow_terminal_holds_one_frame_and_delays_nobody() {
        let (output, allow, writes) = slow();
        output.ready().await;
        output.send(&[b"one"]);
        assert_eq!(writes.recv().unwrap(), b"one", "a frame is one write");
        output.send(&[b"two"]);
        assert!(!output.is_ready().unwrap());
        allow.send(Ok(())).unwrap();
        output.ready().await;
        output.send(&[b"three"]);
        assert_eq!(writes.recv().unwrap(), b"three");
    }

    #[tokio::test]
    async fn a_terminal_that_fails_is_noticed() {
        let (output, allow, writes) = slow();
        output.send(&[b"one"]);
        writes.recv().unwrap();
        allow.send(Err(io::ErrorKind::BrokenPipe.into())).unwrap();
        output.ready().await;
        assert_eq!(
            output.is_ready().unwrap_err().kind(),
            io::ErrorKind::BrokenPipe
        );
    }

    #[test]
    fn the_end_waits_for_the_last_frame_but_not_for_ever() {
        let (output, allow, writes) = slow();
        output.send(&[b"one"]);
        writes.recv().unwrap();
        output.finish(Duration::from_millis(1));
        assert!(!output.is_ready().unwrap());
        allow.send(Ok(())).unwrap();
        output.finish(Duration::from_secs(600));
        assert!(output.is_ready().unwrap());
    }
}
