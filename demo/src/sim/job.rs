//! The job queue: jobs wait for their turn and their locks, run their scripts step by step, and
//! are archived some time after they are over.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use gantry_wire::act::SOURCE;
use gantry_wire::job::{Job as Facts, LogLine, Made, Op};

use super::instance::InstanceId;
use super::node::{Node, NodeId};
use super::opcode::{Asked, Claim, Opcode};
use super::script::{self, Act, Step};
use super::{Cluster, Event, seconds};

/// Jobs about an instance or a node with this tag fail.
pub const FAILS: &str = "demo:fails";
/// `max_running_jobs`.
pub const MAX_RUNNING: usize = 20;
/// Finished jobs are archived after this time, as the watcher does it.
const ARCHIVE_AFTER_S: f64 = 6.0 * 3600.0;
/// And beyond this number whatever their age.
const KEEP: usize = 400;

/// One job.
#[derive(Clone, Debug)]
pub struct Job {
    /// What LUXI says of it.
    pub facts: Facts,
    /// Its log.
    pub log: Vec<LogLine>,
    /// Revision of the queue in which it last changed.
    pub changed: u64,
    codes: Vec<Opcode>,
    /// The opcode that runs or waits.
    at: usize,
    /// The locks that it holds or waits for.
    claims: Vec<Claim>,
    holds: bool,
    /// What the running opcode still has to do.
    steps: VecDeque<Step>,
}

impl Job {
    /// The opcode that runs or waits.
    fn code(&self) -> Option<&Opcode> {
        self.codes.get(self.at)
    }

    fn waits(&self) -> bool {
        self.facts.status == "waiting"
    }

    /// What a verify found by what it wrote.
    fn verdict(&self) -> Option<bool> {
        let judges = matches!(
            self.code()?,
            Opcode::ClusterVerifyConfig
                | Opcode::GroupVerify(_)
                | Opcode::Asked(Asked::VerifyGroup(_))
        );
        let own = self.log.iter().filter(|line| line.op as usize == self.at);
        let errors = own.filter(|line| line.text.starts_with("  - ERROR"));
        judges.then(|| errors.count() == 0)
    }
}

/// All jobs.
#[derive(Clone, Debug, Default)]
pub struct Queue {
    /// By id.
    pub jobs: BTreeMap<u64, Job>,
    /// Counts up with each change of any job.
    pub revision: u64,
    /// New jobs are refused.
    pub drained: bool,
    /// Ids of those that are not over.
    unfinished: BTreeSet<u64>,
    /// Ids of those that somebody put away.
    archived: BTreeSet<u64>,
    last_id: u64,
}

impl Queue {
    /// The highest id that was given out.
    pub fn last_id(&self) -> u64 {
        self.last_id
    }

    /// Whether somebody put a job away.
    pub fn is_archived(&self, id: u64) -> bool {
        self.archived.contains(&id)
    }

    /// Ids of the jobs that are not over.
    pub fn unfinished(&self) -> impl Iterator<Item = u64> {
        self.unfinished.iter().copied()
    }

    /// Jobs that hold or want locks, with whether they hold them.
    pub fn claims(&self) -> impl Iterator<Item = (u64, bool, &Claim)> {
        self.unfinished
            .iter()
            .filter_map(|id| self.jobs.get(id).map(|job| (*id, job)))
            .flat_map(|(id, job)| job.claims.iter().map(move |claim| (id, job.holds, claim)))
    }

    /// The instances that unfinished jobs are about.
    pub fn busy_instances(&self) -> BTreeSet<InstanceId> {
        let codes = self.unfinished_codes();
        codes.filter_map(Opcode::instance).collect()
    }

    /// The nodes on which unfinished jobs change something.
    pub fn busy_nodes(&self, cluster: &Cluster) -> BTreeSet<NodeId> {
        let codes = self.unfinished_codes();
        codes.flat_map(|code| code.touches(cluster)).collect()
    }

    fn unfinished_codes(&self) -> impl Iterator<Item = &Opcode> {
        self.unfinished
            .iter()
            .filter_map(|id| self.jobs.get(id))
            .flat_map(|job| &job.codes)
    }

    fn running(&self) -> usize {
        self.unfinished
            .iter()
            .filter_map(|id| self.jobs.get(id))
            .filter(|job| job.facts.status != "queued")
            .count()
    }

    fn change(&mut self, id: u64, edit: impl FnOnce(&mut Job)) {
        if let Some(job) = self.jobs.get_mut(&id) {
            edit(job);
            self.revision += 1;
            job.changed = self.revision;
        }
    }
}

impl Cluster {
    /// Submits a job; `reason` is who or what wants it.
    ///
    /// # Errors
    /// What luxid says when it refuses.
    pub fn submit(&mut self, codes: Vec<Opcode>, reason: &str) -> Result<u64, String> {
        if !self.master_answers() {
            return Err("The master does not answer".to_owned());
        }
        if self.queue.drained {
            return Err("Job queue is drained, refusing job".to_owned());
        }
        self.queue.last_id += 1;
        self.queue.revision += 1;
        let id = self.queue.last_id;
        let ops = codes
            .iter()
            .map(|code| Op {
                summary: code.summary(self),
                status: "queued".to_owned(),
                ..Op::default()
            })
            .collect();
        let job = Job {
            facts: Facts {
                id,
                status: "queued".to_owned(),
                ops,
                received: Some(seconds(self.now)),
                reason: reason.to_owned(),
                ..Facts::default()
            },
            log: Vec::new(),
            changed: self.queue.revision,
            codes,
            at: 0,
            claims: Vec::new(),
            holds: false,
            steps: VecDeque::new(),
        };
        self.queue.jobs.insert(id, job);
        self.queue.unfinished.insert(id);
        let pick = self.chance.between(400, 1800);
        self.after(pick, Event::Pick);
        Ok(id)
    }

    /// Lets jobs have their turn and their locks, oldest first.
    pub(super) fn pick_jobs(&mut self) {
        let now = seconds(self.now);
        let mut ids: Vec<u64> = self.queue.unfinished().collect();
        // Those of one priority keep their order.
        ids.sort_by_key(|id| self.queue.jobs.get(id).map(|job| job.facts.priority));
        for &id in &ids {
            let young = |job: &Job| job.facts.received.is_some_and(|at| now - at < 0.4);
            let queued = |job: &&Job| job.facts.status == "queued" && !young(job);
            if self.queue.jobs.get(&id).filter(queued).is_some()
                && self.queue.running() < MAX_RUNNING
            {
                self.claim(id);
            }
        }
        for id in ids {
            if self.may_have_locks(id) {
                self.begin(id);
            }
        }
    }

    /// The job's turn has come: it waits for the locks of its opcode.
    fn claim(&mut self, id: u64) {
        let Some(code) = self.queue.jobs.get(&id).and_then(Job::code).cloned() else {
            return;
        };
        let claims = code.claims(self);
        let now = seconds(self.now);
        self.queue.change(id, |job| {
            job.claims = claims;
            job.facts.status = "waiting".to_owned();
            job.facts.started.get_or_insert(now);
            if let Some(op) = job.facts.ops.get_mut(job.at) {
                op.status = "waiting".to_owned();
                op.started = Some(now);
            }
        });
    }

    /// Whether a waiting job can have all its locks: nobody holds them, and no older job that
    /// waits wants them too.
    fn may_have_locks(&self, id: u64) -> bool {
        let Some(job) = self.queue.jobs.get(&id).filter(|job| job.waits()) else {
            return false;
        };
        self.queue
            .claims()
            .filter(|(other, holds, _)| *other != id && (*holds || *other < id))
            .all(|(_, _, taken)| job.claims.iter().all(|wanted| wanted.agrees_with(taken)))
    }

    /// The job has its locks: its opcode is checked and either refused or begun.
    fn begin(&mut self, id: u64) {
        let Some(code) = self.queue.jobs.get(&id).and_then(Job::code).cloned() else {
            return;
        };
        let now = seconds(self.now);
        self.queue.change(id, |job| {
            job.holds = true;
            job.facts.status = "running".to_owned();
            if let Some(op) = job.facts.ops.get_mut(job.at) {
                op.status = "running".to_owned();
                op.executed = Some(now);
            }
        });
        match script::write(self, &code) {
            Ok(mut steps) => {
                if self.is_to_fail(&code) {
                    // Somewhere in the middle.
                    let why = "Error 28: Operation timed out, as its tag wants it".to_owned();
                    steps.insert(steps.len() / 2, script::act(800, Act::Fail(why)));
                }
                if let Some(job) = self.queue.jobs.get_mut(&id) {
                    job.steps = steps.into();
                }
                self.schedule_step(id);
            }
            Err(refusal) => self.fail(id, refusal),
        }
    }

    fn schedule_step(&mut self, id: u64) {
        let next = self.queue.jobs.get(&id).and_then(|job| job.steps.front());
        // Between the last step and the end the job writes its result.
        let wait = next.map_or(300, |step| step.after);
        self.after(wait, Event::Step(id));
    }

    /// One step of a running job.
    pub(super) fn step_job(&mut self, id: u64) {
        let Some(job) = self.queue.jobs.get(&id) else {
            return;
        };
        if job.facts.status != "running" {
            return;
        }
        let Some(code) = job.code() else { return };
        let lost = code
            .needs(self)
            .into_iter()
            .find(|&node| !self.nodes.get(node).is_some_and(Node::answers));
        if let Some(node) = lost {
            let why = code.lost(self.node_name(node));
            return self.fail(id, why);
        }
        let step = self
            .queue
            .jobs
            .get_mut(&id)
            .and_then(|job| job.steps.pop_front());
        let Some(step) = step else {
            return self.succeed(id);
        };
        if let Some(line) = step.line {
            self.say(id, line);
        }
        let reason = self.queue.jobs.get(&id).map(|job| job.facts.reason.clone());
        // What comes of a console's job says whose it is, as Ganeti's own does.
        let inherited = reason.filter(|reason| reason.starts_with(SOURCE));
        let more = match self.act(id, step.act, inherited.as_deref()) {
            Ok(more) => more,
            Err(error) => return self.fail(id, error),
        };
        if let Some(job) = self.queue.jobs.get_mut(&id) {
            for step in more.into_iter().rev() {
                job.steps.push_front(step);
            }
        }
        self.schedule_step(id);
    }

    /// Writes a line into a job's log.
    fn say(&mut self, id: u64, text: String) {
        let at = seconds(self.now);
        self.queue.change(id, |job| {
            let line = LogLine {
                serial: job.log.len() as u64 + 1,
                at,
                op: job.at as u32,
                kind: "message".to_owned(),
                text,
            };
            job.facts.last_line = Some(line.clone());
            job.log.push(line);
        });
    }

    fn succeed(&mut self, id: u64) {
        let now = seconds(self.now);
        let verdict = self.queue.jobs.get(&id).and_then(Job::verdict);
        let mut over = false;
        self.queue.change(id, |job| {
            if let Some(op) = job.facts.ops.get_mut(job.at) {
                op.status = "success".to_owned();
                op.ended = Some(now);
                op.verdict = verdict;
            }
            job.holds = false;
            job.claims.clear();
            job.at += 1;
            over = job.at >= job.codes.len();
        });
        if over {
            self.end(id, "success");
        } else {
            self.claim(id);
            self.pick_jobs();
        }
    }

    /// The running opcode of a job has made these.
    pub(super) fn note_made(&mut self, id: u64, made: Vec<Made>) {
        self.queue.change(id, |job| {
            if let Some(op) = job.facts.ops.get_mut(job.at) {
                op.made = made;
            }
        });
    }

    fn fail(&mut self, id: u64, error: String) {
        let now = seconds(self.now);
        let about = self.queue.jobs.get(&id).and_then(Job::code);
        if let Some(instance) = about.and_then(Opcode::instance) {
            self.call_off(instance);
        }
        self.queue.change(id, |job| {
            for op in job.facts.ops.iter_mut().skip(job.at) {
                op.status = "error".to_owned();
                op.ended = Some(now);
            }
            if let Some(op) = job.facts.ops.get_mut(job.at) {
                op.error = error;
            }
        });
        self.end(id, "error");
    }

    fn end(&mut self, id: u64, status: &str) {
        let now = seconds(self.now);
        self.queue.change(id, |job| {
            job.facts.status = status.to_owned();
            job.facts.ended = Some(now);
            job.facts.last_line = None;
            job.holds = false;
            job.claims.clear();
            job.steps.clear();
        });
        self.queue.unfinished.remove(&id);
        if self.queue.jobs.len() - self.queue.unfinished.len() > KEEP * 5 / 4 {
            self.archive_jobs();
        }
        self.pick_jobs();
    }

    /// Takes a job back that does not run yet, as `CancelJob` does; what luxid says to it.
    pub fn cancel_job(&mut self, id: u64) -> (bool, String) {
        let status = self.queue.jobs.get(&id).map(|job| job.facts.status.clone());
        let words = match status.as_deref() {
            Some("queued") => format!("Dequeued job {id}"),
            Some("waiting") => "Job successfully cancelled".to_owned(),
            Some("running") => {
                let words = "Job no longer waiting, can't cancel (informed it anyway)";
                return (false, words.to_owned());
            }
            _ => return (false, format!("Job {id} not found in queue")),
        };
        let now = seconds(self.now);
        self.queue.change(id, |job| {
            for op in job.facts.ops.iter_mut().skip(job.at) {
                op.status = "canceled".to_owned();
                op.ended = Some(now);
            }
        });
        self.end(id, "canceled");
        (true, words)
    }

    /// Lets a job come earlier or later, as `ChangeJobPriority` does.
    pub fn set_job_priority(&mut self, id: u64, priority: i32) -> (bool, String) {
        if !self.queue.unfinished.contains(&id) {
            return (false, format!("Job {id} not found in queue"));
        }
        self.queue.change(id, |job| job.facts.priority = priority);
        let words = "Priorities of pending opcodes for job have been changed";
        (true, words.to_owned())
    }

    /// Puts a job away that is over, as `ArchiveJob` does; whether it was.
    pub fn archive_job(&mut self, id: u64) -> bool {
        let over = !self.queue.unfinished.contains(&id) && self.queue.jobs.remove(&id).is_some();
        if over {
            self.queue.archived.insert(id);
            self.queue.revision += 1;
        }
        over
    }

    /// Whether an opcode is about something whose tag wants that all jobs about it fail.
    fn is_to_fail(&self, code: &Opcode) -> bool {
        let instance = code.instance().and_then(|id| self.instances.get(&id));
        let node = match code {
            Opcode::Asked(asked) => asked.node().and_then(|id| self.nodes.get(id)),
            Opcode::Drain { node, .. } => self.nodes.get(*node),
            _ => None,
        };
        let fails = |tags: &Vec<String>| tags.iter().any(|tag| tag == FAILS);
        // Or it could not be taken away again.
        let tags = matches!(code, Opcode::Asked(Asked::Tags { .. }));
        !tags && (instance.is_some_and(|i| fails(&i.tags)) || node.is_some_and(|n| fails(&n.tags)))
    }

    /// The master is gone and the processes of its jobs with it.
    pub(super) fn jobs_die(&mut self) {
        let ids: Vec<u64> = self.queue.unfinished().collect();
        for id in ids {
            let begun = |job: &&Job| job.facts.status != "queued";
            if self.queue.jobs.get(&id).filter(begun).is_some() {
                self.fail(id, format!("detected death of job {id}"));
            }
        }
    }

    /// Archives what is over and old, as the watcher does.
    pub(super) fn archive_jobs(&mut self) {
        let limit = seconds(self.now) - ARCHIVE_AFTER_S;
        let over = self.queue.jobs.len() - self.queue.unfinished.len();
        let mut surplus = over.saturating_sub(KEEP);
        let mut archived = false;
        self.queue.jobs.retain(|_, job| {
            let Some(ended) = job.facts.ended else {
                return true;
            };
            let keep = ended >= limit && surplus == 0;
            surplus = surplus.saturating_sub(1);
            archived |= !keep;
            keep
        });
        if archived {
            self.queue.revision += 1;
        }
    }
}
