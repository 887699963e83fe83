//! Speaks for the cluster: one round a second looks at a few files, and asks luxid only if one of
//! them changed.

use std::collections::VecDeque;
use std::time::Duration;

use gantry_wire::Report;
use gantry_wire::job::{JobLog, Lock};
use gantry_wire::report::{Answer, AnswerBody, MasterState};

use super::problems::Problems;
use super::{Order, Seat, config, file, jobs, locks, queue};
use crate::luxi::{Client, Error};
use crate::place::{Place, Stamp};
use crate::session::Moment;

/// How long luxid may take for an answer that needs no node.
const PATIENCE: Duration = Duration::from_secs(10);
/// It is asked for a sign of life at least this often, milliseconds.
const PING_MS: u64 = 10_000;
/// While a job waits, locks are asked for at most this often, milliseconds.
const LOCKS_MS: u64 = 4_000;
/// From one failure to the next try, milliseconds; the last one from then on.
const BACK_OFF_MS: [u64; 5] = [1_000, 2_000, 4_000, 8_000, 15_000];

/// A question about a job's log: its number, the job, and the last serial that is known.
pub type LogQuestion = (u64, u64, u64);

/// Everything that is followed on the master, or on a candidate for one.
#[derive(Debug)]
pub struct Chief {
    place: Place,
    client: Client,
    /// What was ordered in the round before.
    since: u64,
    seat: Option<Seat>,
    told: Option<MasterState>,
    problems: Problems,
    failures: usize,
    retry_ms: u64,
    ping_ms: u64,
    flags: Option<[Stamp; 2]>,
    config: config::Reader,
    jobs: jobs::Follower,
    queue: queue::Reader,
    locks: Vec<Lock>,
    locks_ms: u64,
    file: file::Reader,
}

impl Chief {
    /// One that knows nothing yet.
    pub fn new(place: Place) -> Chief {
        Chief {
            client: Client::new(place.run("socket/ganeti-query"), PATIENCE),
            since: 0,
            seat: None,
            told: None,
            problems: Problems::default(),
            failures: 0,
            retry_ms: 0,
            ping_ms: 0,
            flags: None,
            config: config::Reader::default(),
            jobs: jobs::Follower::new(&place),
            queue: queue::Reader::default(),
            locks: Vec::new(),
            locks_ms: 0,
            file: file::Reader::default(),
            place,
        }
    }

    /// Does what is due and gives all news to `tell`.
    pub fn round(
        &mut self,
        order: &Order,
        questions: &mut VecDeque<LogQuestion>,
        now: Moment,
        tell: &mut dyn FnMut(Report),
    ) {
        if order.since != self.since || self.seat.as_ref() != Some(&order.seat) {
            self.since = order.since;
            self.seat = Some(order.seat.clone());
            self.told = None;
            self.retry_ms = 0;
            self.problems = Problems::default();
            self.file.forget();
        }
        match &order.seat {
            Seat::Master => self.lead(order, questions, now, tell),
            Seat::Elsewhere { ask } => {
                self.client.close();
                self.follow(ask, now, tell);
            }
        }
        for (id, ..) in questions.drain(..) {
            let failed = AnswerBody::Failed("luxid does not answer here".into());
            tell(Report::Answer(Answer { id, answer: failed }));
        }
    }

    /// Another node is the master: says so, and what the configuration's own file has.
    fn follow(&mut self, ask: &str, now: Moment, tell: &mut dyn FnMut(Report)) {
        if self.told.is_none() {
            let ask = ask.to_owned();
            self.say(MasterState::NotMaster { ask }, tell);
        }
        let news = self.file.refresh(&self.place, now);
        self.trouble("config", news.as_ref().err().cloned(), tell);
        if let Ok(Some(part)) = news {
            self.say(MasterState::Candidate { written: part.at }, tell);
            tell(Report::Config(Box::new(part)));
        }
    }

    fn lead(
        &mut self,
        order: &Order,
        questions: &mut VecDeque<LogQuestion>,
        now: Moment,
        tell: &mut dyn FnMut(Report),
    ) {
        if now.mono_ms < self.retry_ms {
            return;
        }
        match self.ask(order, questions, now, tell) {
            Ok(()) => self.failures = 0,
            Err(error) => {
                self.client.close();
                let wait = BACK_OFF_MS[self.failures.min(BACK_OFF_MS.len() - 1)];
                self.retry_ms = now.mono_ms + wait;
                self.failures += 1;
                self.ping_ms = 0;
                let why = error.to_string();
                self.say(MasterState::Silent { why }, tell);
            }
        }
    }

    /// Asks luxid whatever is due. Exceptions of Ganeti's are told as trouble with that part.
    fn ask(
        &mut self,
        order: &Order,
        questions: &mut VecDeque<LogQuestion>,
        now: Moment,
        tell: &mut dyn FnMut(Report),
    ) -> Result<(), Error> {
        self.ask_queue(now, tell)?;
        let mut told = false;
        let place = &self.place;
        let result = self
            .config
            .refresh(&mut self.client, place, now, &mut |part| {
                told = true;
                tell(Report::Config(Box::new(part)));
            });
        self.part("config", result, tell)?;
        let trouble = self.config.layout_trouble().map(str::to_owned);
        self.trouble("disk layout", trouble, tell);
        if told {
            // Filters are part of the configuration.
            self.flags = None;
        }

        let news = self
            .jobs
            .refresh(&mut self.client, &order.watch.follow, now);
        let news = self.part("jobs", news, tell)?.unwrap_or_default();
        let jobs_changed = news.jobs.is_some();
        if let Some(part) = news.jobs {
            tell(Report::Jobs(part));
        }
        if !news.logs.is_empty() {
            tell(Report::Logs(news.logs));
        }
        self.ask_locks(jobs_changed, now, tell)?;

        while let Some((id, job, after)) = questions.pop_front() {
            let answer = match jobs::log(&mut self.client, job) {
                Ok(Some(mut lines)) => {
                    lines.retain(|line| line.serial > after);
                    AnswerBody::JobLog(JobLog { job, lines })
                }
                Ok(None) => AnswerBody::Failed(format!("job {job} is not in the queue")),
                Err(error) => AnswerBody::Failed(error.to_string()),
            };
            tell(Report::Answer(Answer { id, answer }));
        }
        Ok(())
    }

    /// The queue's flags, on a change of their files and as a sign of life. With the first of
    /// them this node serves, and everything is told anew: another may have spoken meanwhile.
    fn ask_queue(&mut self, now: Moment, tell: &mut dyn FnMut(Report)) -> Result<(), Error> {
        let serves = self.told == Some(MasterState::Serving);
        if !serves {
            self.config.forget();
            self.jobs = jobs::Follower::new(&self.place);
            self.queue = queue::Reader::default();
            self.locks.clear();
            self.flags = None;
        }
        let files = ["queue/drain", "watcher.pause"];
        let flags = Some(files.map(|name| Stamp::of(&self.place.data(name))));
        let changed = flags != self.flags;
        if changed || now.mono_ms >= self.ping_ms {
            let state = self.queue.refresh(&mut self.client, changed)?;
            self.ping_ms = now.mono_ms + PING_MS;
            self.flags = flags;
            self.say(MasterState::Serving, tell);
            if let Some(state) = state {
                tell(Report::Queue(state));
            }
        }
        Ok(())
    }

    /// Locks while a job waits, and an empty list once afterwards.
    fn ask_locks(
        &mut self,
        jobs_changed: bool,
        now: Moment,
        tell: &mut dyn FnMut(Report),
    ) -> Result<(), Error> {
        let locks = if !self.jobs.any_waits() {
            Vec::new()
        } else if jobs_changed || now.mono_ms >= self.locks_ms {
            self.locks_ms = now.mono_ms + LOCKS_MS;
            let config = &self.config;
            let locks = locks::ask(&mut self.client, |uuid| config.name(uuid));
            match self.part("locks", locks, tell)? {
                Some(locks) => locks,
                None => return Ok(()),
            }
        } else {
            return Ok(());
        };
        if locks != self.locks {
            self.locks.clone_from(&locks);
            tell(Report::Locks(locks));
        }
        Ok(())
    }

    /// Tells an exception as trouble with a part and passes on what ends the connection.
    fn part<T>(
        &mut self,
        about: &str,
        result: Result<T, Error>,
        tell: &mut dyn FnMut(Report),
    ) -> Result<Option<T>, Error> {
        match result {
            Ok(part) => {
                self.trouble(about, None, tell);
                Ok(Some(part))
            }
            Err(error) if error.is_end() => Err(error),
            Err(error) => {
                self.trouble(about, Some(error.to_string()), tell);
                Ok(None)
            }
        }
    }

    fn trouble(&mut self, about: &str, text: Option<String>, tell: &mut dyn FnMut(Report)) {
        if let Some(problem) = self.problems.news(about, text) {
            tell(problem);
        }
    }

    fn say(&mut self, state: MasterState, tell: &mut dyn FnMut(Report)) {
        if self.told.as_ref() != Some(&state) {
            self.told = Some(state.clone());
            tell(Report::Master(state));
        }
    }
}

#[cfg(test)]
#[path = "chief_tests.rs"]
mod tests;
