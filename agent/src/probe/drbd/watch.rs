//! `drbdsetup events2` runs beside the agent and wakes it at each change.
//!
//! What it prints is kept too: version 9 has its devices nowhere else. It ends with the agent.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Seen;
use super::events::Events;
use crate::probe::command::{Keeper, Runner};
use crate::waker::Waker;

/// Changes that come within this time wake the agent once.
const PAUSE: Duration = Duration::from_millis(100);
/// A longer line is none of `drbdsetup`'s, bytes.
const LINE: usize = 64 * 1024;

const DRBDSETUP: &str = "drbdsetup";

/// The program that runs, and what it said.
#[derive(Debug)]
pub struct Watch {
    shared: Arc<Shared>,
    /// Ends the program with the watch.
    _keeper: Keeper,
}

#[derive(Debug)]
struct Shared {
    /// Something was said since it was asked last.
    news: AtomicBool,
    ended: AtomicBool,
    events: Mutex<Events>,
}

impl Shared {
    fn events(&self) -> MutexGuard<'_, Events> {
        // Half a change is as good as none.
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch {
    /// Starts it, if it is in `path`.
    ///
    /// # Errors
    /// In words, if it cannot be started.
    pub fn start(path: &str, waker: &Waker) -> Result<Watch, String> {
        let (mut runner, keeper) = Runner::new(path);
        if !runner.finds(DRBDSETUP) {
            return Err("drbdsetup events2: is not installed".into());
        }
        let shared = Arc::new(Shared {
            news: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            events: Mutex::new(Events::new("drbdsetup events2")),
        });
        let watch = Watch {
            shared: Arc::clone(&shared),
            _keeper: keeper,
        };
        let waker = waker.clone();
        std::thread::Builder::new()
            .name("events2".into())
            .stack_size(256 * 1024)
            .spawn(move || follow(&mut runner, &shared, &waker))
            .map_err(|error| format!("drbdsetup events2: {error}"))?;
        Ok(watch)
    }

    /// Whether anything was said since the last time.
    pub fn news(&self) -> bool {
        self.shared.news.swap(false, Ordering::SeqCst)
    }

    /// It runs, and has told all that there was when it was started and that changed since.
    pub fn runs(&self) -> bool {
        let events = self.shared.events();
        !self.ended() && events.complete() && !events.skipped()
    }

    /// It left something out, so that another one has to tell all anew.
    pub fn skipped(&self) -> bool {
        self.shared.events().skipped()
    }

    /// It has ended by itself.
    pub fn ended(&self) -> bool {
        self.shared.ended.load(Ordering::SeqCst)
    }

    /// Counts up when something was set up otherwise.
    pub fn set_up(&self) -> u64 {
        self.shared.events().set_up()
    }

    /// Minors of devices that were made or destroyed since the call before.
    pub fn take_made(&self) -> BTreeSet<u32> {
        self.shared.events().take_made()
    }

    /// The devices by what it said.
    pub fn seen(&self) -> Seen {
        self.shared.events().seen()
    }
}

/// Listens until the end.
fn follow(runner: &mut Runner, shared: &Shared, waker: &Waker) {
    let _end = End { shared, waker };
    let mut line = Vec::new();
    runner.follow(DRBDSETUP, &["events2", "--statistics"], |bytes| {
        let mut events = shared.events();
        let whole = take(&mut line, bytes, &mut events);
        // Who sees what it said sees that it is news, too.
        shared.news.fetch_or(whole, Ordering::SeqCst);
        drop(events);
        if whole {
            waker.wake();
            // What comes meanwhile waits in the pipe and is taken at once.
            std::thread::sleep(PAUSE);
        }
    });
}

/// Tells that nothing more comes, however the thread ends.
struct End<'a> {
    shared: &'a Shared,
    waker: &'a Waker,
}

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        self.waker.wake();
    }
}

/// Takes bytes as they come; whether a line was whole.
fn take(line: &mut Vec<u8>, bytes: &[u8], events: &mut Events) -> bool {
    let mut whole = false;
    for piece in bytes.split_inclusive(|&byte| byte == b'\n') {
        if line.len() < LINE {
            line.extend_from_slice(piece);
        }
        if piece.ends_with(b"\n") {
            events.line(&String::from_utf8_lossy(line));
            line.clear();
            whole = true;
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::samples::{self, Script, until};
    use super::*;

    #[test]
    fn each_change_wakes_the_agent() {
        let script = Script::new(
            "events",
            "cat $0.now; read go < $0.go; echo 'change device name:resource0 volume:0 minor:0 disk:Failed'; exec sleep 600",
        );
        let text = samples::captured("drbdsetup-events2-now.txt");
        std::fs::write(script.beside("drbdsetup.now"), text).unwrap();
        let go = script.beside("drbdsetup.go");
        let made = std::process::Command::new("mkfifo").arg(&go).status();
        assert!(made.unwrap().success());
        let waker = Waker::new().unwrap();
        let watch = Watch::start(&script.path(), &waker).unwrap();
        until(&waker, || watch.runs());
        assert!(watch.news());
        assert_eq!(watch.seen().devices[0].disk, "UpToDate");
        std::fs::write(go, "go\n").unwrap();
        until(&waker, || watch.seen().devices[0].disk == "Failed");
        assert!(watch.news() && !watch.news());
        assert!(!watch.ended());
    }

    #[test]
    fn its_end_is_noticed_and_it_ends_with_its_watch() {
        let waker = Waker::new().unwrap();
        let short = Script::new("short", "exit 20");
        let watch = Watch::start(&short.path(), &waker).unwrap();
        until(&waker, || watch.ended());
        assert!(!watch.runs());
        let long = Script::new("long", "exec sleep 600");
        let watch = Watch::start(&long.path(), &waker).unwrap();
        let shared = Arc::clone(&watch.shared);
        drop(watch);
        until(&waker, || shared.ended.load(Ordering::SeqCst));
        let none = Watch::start("/nonexistent", &waker);
        assert!(none.unwrap_err().contains("events2"));
    }

    #[test]
    fn lines_are_put_together_and_endless_ones_are_cut() {
        let mut events = Events::new("x");
        let mut line = Vec::new();
        assert!(!take(&mut line, b"exists", &mut events));
        assert!(take(&mut line, b" -\nexi", &mut events));
        assert!(events.complete());
        for _ in 0..100 {
            take(&mut line, &[b'x'; 9999], &mut events);
        }
        assert!(line.len() < 2 * LINE);
    }
}
