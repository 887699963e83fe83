//! Work that may hang (a disk that does not answer, a program that waits for a lock), kept off the
//! loop that answers the console: one thread each, and never a second beside a hanging one.

use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};

use crate::session::Moment;

/// Repeats one piece of work, at most once in an interval.
#[derive(Debug)]
pub struct Background<T> {
    ask: SyncSender<()>,
    answers: Receiver<T>,
    interval_ms: u64,
    asked: Option<Moment>,
    waits: bool,
    ended: bool,
    latest: Option<T>,
}

impl<T: Send + 'static> Background<T> {
    /// Starts the thread; `tell` is called after each answer.
    ///
    /// # Errors
    /// If there can be no more threads.
    pub fn start(
        name: &str,
        interval_ms: u64,
        mut work: impl FnMut() -> T + Send + 'static,
        tell: impl Fn() + Send + 'static,
    ) -> std::io::Result<Background<T>> {
        let (ask, asked) = sync_channel::<()>(1);
        let (answer, answers) = sync_channel(1);
        std::thread::Builder::new()
            .name(name.to_owned())
            .stack_size(256 * 1024)
            .spawn(move || {
                while asked.recv().is_ok() {
                    if answer.send(work()).is_err() {
                        return;
                    }
                    tell();
                }
            })?;
        Ok(Background {
            ask,
            answers,
            interval_ms,
            asked: None,
            waits: false,
            ended: false,
            latest: None,
        })
    }

    /// Whether it is at work now, as far as is known.
    pub fn waits(&self) -> bool {
        self.waits
    }

    /// Its thread is gone: it panicked, and there will be no more answers.
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// When it was asked last.
    pub fn asked(&self) -> Option<Moment> {
        self.asked
    }

    /// The latest answer, asking anew when it is time. `Err` has the milliseconds for which the
    /// work has been under way since, if that is longer than `patience_ms`.
    pub fn read(&mut self, now: Moment, patience_ms: u64) -> Result<Option<&T>, u64> {
        match self.answers.try_recv() {
            Ok(answer) => {
                self.latest = Some(answer);
                self.waits = false;
            }
            // Its thread is gone, so it will not answer.
            Err(TryRecvError::Disconnected) => {
                self.latest = None;
                self.ended = true;
            }
            Err(TryRecvError::Empty) => {}
        }
        let under_way =
            |asked: Option<Moment>| asked.map(|asked| now.mono_ms.saturating_sub(asked.mono_ms));
        if !self.waits && under_way(self.asked).is_none_or(|since| since >= self.interval_ms) {
            self.waits = self.ask.try_send(()).is_ok();
            self.asked = Some(now);
        }
        match under_way(self.asked) {
            Some(since) if self.waits && since > patience_ms => Err(since),
            _ => Ok(self.latest.as_ref()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::mpsc::channel;

    use super::*;

    fn at(mono_ms: u64) -> Moment {
        Moment {
            mono_ms,
            wall_ms: 0,
        }
    }

    #[test]
    fn an_answer_is_kept_until_the_next_and_hanging_work_is_told() {
        let (go, gate) = channel();
        let (done, finished) = channel();
        let mut count = 0;
        let work = move || {
            gate.recv().unwrap();
            count += 1;
            count
        };
        let tell = move || done.send(()).unwrap();
        let mut background = Background::start("test", 1000, work, tell).unwrap();
        assert_eq!(background.read(at(0), 500), Ok(None));
        go.send(()).unwrap();
        finished.recv().unwrap();
        assert_eq!(background.read(at(100), 500), Ok(Some(&1)));
        assert_eq!(background.read(at(1000), 500), Ok(Some(&1)), "asked again");
        assert_eq!(background.read(at(1501), 500), Err(501));
        assert_eq!(
            background.read(at(9000), 500),
            Err(8000),
            "and not a third time"
        );
        go.send(()).unwrap();
        finished.recv().unwrap();
        assert_eq!(background.read(at(9001), 500), Ok(Some(&2)));
    }

    #[test]
    fn work_that_panics_leaves_nothing_to_read() {
        let mut background =
            Background::start("test", 10, || -> i32 { unreachable!() }, || {}).unwrap();
        background.read(at(0), 5).unwrap();
        let mut told = None;
        while told.is_none() {
            told = background.read(at(6), 5).err();
        }
        assert_eq!(told, Some(6));
        while !background.ended() {
            background.read(at(6), 5).unwrap_err();
        }
    }
}
