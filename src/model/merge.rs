//! Folds what comes in into what is known.

pub mod bounds;
mod config;
mod sample;
mod settle;

use std::collections::HashSet;
use std::sync::Arc;

use gantry_wire::Report;
use gantry_wire::job::{Job, JobLog, JobsPart};
use gantry_wire::live::Live;
use gantry_wire::report::{Hello, MasterState};
use gantry_wire::ssconf::Ssconf;

use super::cluster::{JOBS_KEPT, LOG_KEPT};
use super::drbd::Courses;
use super::job::finished;
use super::time::Now;
use super::{Cluster, Name, Node, Reach};

impl Cluster {
    /// Tells the time.
    pub fn tick(&mut self, now: Now) {
        self.now = now;
    }

    /// The link to a node changed its state.
    pub fn linked(&mut self, name: &str, reach: Reach) {
        let node = self.node(name);
        if node.reach == reach {
            return;
        }
        let was_fresh = node.fresh();
        keep_trouble(&mut node.trouble, &reach);
        node.reach = reach;
        let fresh = node.fresh();
        self.revision += 1;
        self.drbd += 1;
        self.storage += 1;
        if was_fresh != fresh {
            self.settle_node(name);
        }
    }

    /// The first link changed its state, while it is not known where it leads.
    pub fn first_linked(&mut self, reach: Reach) {
        keep_trouble(&mut self.first_trouble, &reach);
        self.first_reach = reach;
        self.revision += 1;
    }

    /// A node's agent said something.
    pub fn report(&mut self, from: &str, report: Report) {
        let now = self.now.at;
        let first = self.node(from).heard.replace(now).is_none();
        self.revision += 1;
        self.drbd += u64::from(first);
        self.storage += u64::from(first);
        match report {
            Report::Hello(hello) => self.greeted(from, hello),
            Report::Sample(sample) => self.sampled(from, *sample),
            Report::Ssconf(ssconf) => self.told_ssconf(from, *ssconf),
            Report::Master(state) => self.told_master(from, state),
            Report::Problem(problem) => {
                let problems = &mut self.node(from).problems;
                if problem.text.is_empty() {
                    problems.remove(&problem.about);
                } else if problems.len() < 100 {
                    problems.insert(problem.about, problem.text);
                }
            }
            // The rest speaks for the cluster, and only one node may.
            Report::Config(part) if self.may_speak(from) => self.configured(from, *part),
            Report::Jobs(part) if self.may_speak(from) => self.told_jobs(part),
            Report::Logs(logs) if self.may_speak(from) => {
                logs.into_iter().for_each(|log| self.logged(log))
            }
            Report::Queue(queue) if self.may_speak(from) => self.queue = Some(queue),
            Report::Locks(locks) if self.may_speak(from) => {
                self.shape += u64::from(self.locks != locks);
                self.locks = locks;
            }
            Report::Live(live) if self.may_speak(from) => self.told_live(*live),
            Report::Answer(answer) => {
                if let gantry_wire::report::AnswerBody::JobLog(log) = answer.answer
                    && self.may_speak(from)
                {
                    self.logged(log);
                }
            }
            // What becomes of a change is for whoever asked for it.
            Report::Pong(_) | Report::Acted(_) => {}
            Report::Config(_)
            | Report::Jobs(_)
            | Report::Logs(_)
            | Report::Queue(_)
            | Report::Locks(_)
            | Report::Live(_) => {}
        }
    }

    fn node(&mut self, name: &str) -> &mut Node {
        let name = match self.nodes.get_key_value(name) {
            Some((known, _)) => known.clone(),
            None => {
                self.shape += 1;
                Arc::from(name)
            }
        };
        self.nodes
            .entry(name.clone())
            .or_insert_with(|| Node::new(name))
    }

    /// The master is who most of the nodes that answer call so.
    pub fn elected(&self) -> Option<&str> {
        let mut votes: Vec<(&str, usize)> = Vec::new();
        for node in self.nodes.values().filter(|node| node.fresh()) {
            let Some(master) = node.says_master.as_deref() else {
                continue;
            };
            match votes.iter_mut().find(|(name, _)| *name == master) {
                Some((_, count)) => *count += 1,
                None => votes.push((master, 1)),
            }
        }
        votes
            .into_iter()
            .max_by_key(|(_, count)| *count)
            .map(|(name, _)| name)
    }

    /// Whether what this node says of the whole cluster counts: it serves LUXI and is the master
    /// by most nodes' word, or nobody serves and it is a candidate with the configuration.
    fn may_speak(&self, from: &str) -> bool {
        match self.masters.get(from) {
            Some(MasterState::Serving) => self.elected().is_none_or(|master| master == from),
            Some(MasterState::Candidate { .. }) => !self.master_serves(),
            _ => false,
        }
    }

    fn greeted(&mut self, from: &str, hello: Hello) {
        let node = self.node(from);
        // Another agent, and time has passed: what it does not say anew is not known.
        node.problems.clear();
        node.beyond.clear();
        node.lately = None;
        let facts = std::mem::take(&mut node.facts);
        if node
            .agent
            .as_ref()
            .is_some_and(|before| before.boot_id != hello.boot_id)
        {
            node.courses = Courses::default();
        }
        node.courses.greeted();
        node.agent = Some(hello);
        self.forget_guests(from, facts.guests);
        self.drbd += 1;
        self.storage += 1;
        self.masters.remove(from);
        self.settle_node(from);
    }

    fn told_ssconf(&mut self, from: &str, ssconf: Ssconf) {
        self.node(from).says_master = Some(Arc::from(ssconf.master_node.as_str()));
        // One that gave the office up is not asked about it again, so its last word goes too.
        if ssconf.master_node != from && self.masters.get(from) == Some(&MasterState::Serving) {
            self.masters.remove(from);
        }
        let newest = self
            .ssconf
            .as_ref()
            .is_none_or(|known| ssconf.written >= known.written);
        if !newest {
            return;
        }
        for listed in &ssconf.nodes {
            self.node(&listed.name).ss = Some(listed.clone());
        }
        let listed: HashSet<&str> = ssconf.nodes.iter().map(|node| node.name.as_str()).collect();
        self.nodes
            .retain(|name, node| node.conf.is_some() || listed.contains(&**name) || node.fresh());
        self.ssconf = Some(ssconf);
        self.shape += 1;
    }

    fn told_master(&mut self, from: &str, state: MasterState) {
        self.masters.insert(Arc::from(from), state);
        self.shape += 1;
    }

    fn told_jobs(&mut self, part: JobsPart) {
        if part.whole {
            self.jobs.clear();
        }
        for id in &part.gone {
            self.jobs.remove(id);
        }
        self.jobs
            .extend(part.jobs.into_iter().map(|job| (job.id, job)));
        while self.jobs.len() > JOBS_KEPT {
            let over = |(id, job): (&u64, &Job)| finished(&job.status).then_some(*id);
            let Some(oldest) = self.jobs.iter().find_map(over) else {
                break;
            };
            self.jobs.remove(&oldest);
        }
        self.logs.retain(|id, _| self.jobs.contains_key(id));
        self.jobs_at = Some(self.now.at);
        self.shape += 1;
    }

    fn logged(&mut self, log: JobLog) {
        let kept = self.logs.entry(log.job).or_default();
        let newest = kept.last().map_or(0, |line| line.serial);
        kept.extend(log.lines.into_iter().filter(|line| line.serial > newest));
        let excess = kept.len().saturating_sub(LOG_KEPT);
        kept.drain(..excess);
    }

    fn told_live(&mut self, live: Live) {
        let now = self.now.at;
        for node in live.nodes {
            if let Some(known) = self.nodes.get_mut(node.name.as_str()) {
                known.live = Some((now, node));
            }
        }
        if live.instances.is_empty() {
            return;
        }
        self.live_at = Some(now);
        for said in live.instances {
            let name: Name = Arc::from(said.name.as_str());
            if let Some(known) = self.instances.get_mut(&name) {
                known.live = Some((now, said));
                self.settle(&name);
            }
        }
    }
}

/// A link that is being tried again is still in the trouble that it was in.
fn keep_trouble(trouble: &mut Option<String>, reach: &Reach) {
    match (reach, reach.why()) {
        (_, Some(why)) => *trouble = Some(why.to_owned()),
        (Reach::Up { .. } | Reach::Idle, None) => *trouble = None,
        (_, None) => {}
    }
}

#[cfg(test)]
mod tests;
