//! Thinks on a thread of its own, about the newest task only. What comes of it waits in one place until the console
//! takes it, so that nothing queues up; the plan itself is the bound.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use tokio::sync::Notify;

use crate::planner::think::{Part, Task, Thought, think};

/// The console's end.
pub struct Thinker {
    shared: Arc<Shared>,
    thread: Option<thread::JoinHandle<()>>,
}

struct Shared {
    desk: Mutex<Desk>,
    /// There is a task, or the console has gone.
    wake: Condvar,
    /// There is something to take.
    told: Notify,
    /// The number of the task that is wanted; any other stops.
    wanted: AtomicU64,
}

#[derive(Default)]
struct Desk {
    task: Option<Arc<Task>>,
    parts: Vec<Part>,
    gone: bool,
}

/// Stands for no task. Tasks are counted from 1.
const NONE: u64 = 0;

impl Thinker {
    /// Nothing runs before the first task.
    pub fn new() -> Thinker {
        Thinker {
            shared: Arc::new(Shared {
                desk: Mutex::default(),
                wake: Condvar::new(),
                told: Notify::new(),
                wanted: AtomicU64::new(NONE),
            }),
            thread: None,
        }
    }

    /// Thinks about this task, and no more about the one before.
    pub fn think(&mut self, task: Arc<Task>) {
        self.shared.want(Some(task));
        // One that died of a task is replaced for the next.
        if self.thread.as_ref().is_none_or(|it| it.is_finished()) {
            let shared = self.shared.clone();
            let thread = thread::Builder::new().name("think".to_owned());
            match thread.spawn(move || shared.work()) {
                Ok(thread) => self.thread = Some(thread),
                // It is tried again with the next task.
                Err(error) => tracing::error!(%error, "no thread to think on"),
            }
        }
    }

    /// Thinks no more.
    pub fn stop(&self) {
        self.shared.want(None);
    }

    /// What came of the present task since the last time; waits for it.
    pub async fn next(&self) -> Thought {
        loop {
            self.shared.told.notified().await;
            let mut desk = self.shared.desk();
            if !desk.parts.is_empty() {
                return Thought {
                    number: self.shared.wanted.load(Ordering::Acquire),
                    parts: std::mem::take(&mut desk.parts),
                };
            }
        }
    }
}

impl Drop for Thinker {
    fn drop(&mut self) {
        self.shared.want(None);
        self.shared.desk().gone = true;
        self.shared.wake.notify_all();
    }
}

impl Shared {
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn want(&self, task: Option<Arc<Task>>) {
        let mut desk = self.desk();
        let number = task.as_ref().map_or(NONE, |task| task.number);
        // Under the lock, so that what is on the desk is always of the task that is wanted.
        self.wanted.store(number, Ordering::Release);
        desk.parts.clear();
        desk.task = task;
        self.wake.notify_all();
    }

    /// Until the console has gone.
    fn work(&self) {
        while let Some(task) = self.take() {
            think(&task, &mut |part| self.tell(task.number, part));
        }
    }

    fn take(&self) -> Option<Arc<Task>> {
        let mut desk = self.desk();
        loop {
            if desk.gone {
                return None;
            }
            if let Some(task) = desk.task.take() {
                return Some(task);
            }
            desk = self.wake.wait(desk).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Puts a part where the console takes it; false if the task is not wanted any more.
    fn tell(&self, number: u64, part: Part) -> bool {
        let mut desk = self.desk();
        if self.wanted.load(Ordering::Acquire) != number {
            return false;
        }
        match (&part, desk.parts.last_mut()) {
            // Only how far it is by now.
            (Part::Seeking(_), Some(last @ Part::Seeking(_))) => *last = part,
            _ => desk.parts.push(part),
        }
        self.told.notify_one();
        true
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::model::Time;
    use crate::planner::htools::N1Rule;
    use crate::planner::htools::text::simulate;
    use crate::planner::n1::Ground;
    use crate::planner::think::{Ask, Snapshot};

    fn task(number: u64) -> Arc<Task> {
        let data = simulate(&["p,4,100000,16384,4,1".to_owned()]).unwrap();
        Arc::new(Task {
            number,
            ask: Ask::Rolling(Default::default()),
            snapshot: Arc::new(Snapshot {
                ground: Ground::of(&data, N1Rule::Reported),
                data,
                rule: N1Rule::Reported,
                unknown: Vec::new(),
                at: Time(0),
            }),
        })
    }

    #[tokio::test]
    async fn the_newest_task_is_answered_and_the_one_before_is_not() {
        let mut thinker = Thinker::new();
        thinker.think(task(1));
        thinker.think(task(2));
        let thought = thinker.next().await;
        assert_eq!(thought.number, 2);
        assert_eq!(thought.parts.len(), 1);
    }

    #[test]
    fn what_is_not_wanted_any_more_is_told_to_stop_and_leaves_nothing() {
        let thinker = Thinker::new();
        let failed = || Part::Failed("x".to_owned());
        thinker.shared.want(Some(task(7)));
        assert!(thinker.shared.tell(7, failed()));
        assert!(!thinker.shared.tell(6, failed()));
        thinker.stop();
        assert!(!thinker.shared.tell(7, failed()));
        assert!(thinker.shared.desk().parts.is_empty());
    }

    #[test]
    fn of_how_far_it_is_the_newest_alone_is_kept() {
        let thinker = Thinker::new();
        thinker.shared.want(Some(task(7)));
        for n in 1..4 {
            assert!(thinker.shared.tell(7, Part::Seeking(n)));
        }
        assert_eq!(thinker.shared.desk().parts, [Part::Seeking(3)]);
    }
}
