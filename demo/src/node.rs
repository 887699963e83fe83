//! One simulated node as one console sees it through its agent.

use std::collections::BTreeSet;
use std::mem::discriminant;
use std::sync::Arc;

use gantry_agent::act::permits::Permits;
use gantry_agent::args::Serve;
use gantry_agent::session::{Moment, Node, Wish};
use gantry_wire::Report;
use gantry_wire::act::Outcome;
use gantry_wire::config::{ConfigPart, Gone, Source};
use gantry_wire::drbd::Drbd;
use gantry_wire::job::{JobsPart, QueueState};
use gantry_wire::live::{Live, LiveNode};
use gantry_wire::node::{Missing, Sample};
use gantry_wire::report::{AnswerBody, Hello, MasterState};
use gantry_wire::request::{Question, Watch};
use gantry_wire::ssconf::Ssconf;

use crate::act;
use crate::sim::node::{NodeId, Role};
use crate::sim::{Cluster, seconds};
use crate::world::World;

/// How often the queue and the configuration are looked at, real ms, as the agent does it.
const LOOK_MS: u64 = 2_000;
/// How often live figures of nodes without an agent are asked for, real ms.
const LIVE_NODES_MS: u64 = 60_000;

/// How often DRBD's state is read while figures in it move, real ms.
const LOOK_DRBD_MS: u64 = 1_000;
/// And else, for the sake of the counters.
const COUNT_DRBD_MS: u64 = 10_000;

/// One node for one session.
pub struct SimulatedNode {
    world: Arc<World>,
    id: NodeId,
    options: Serve,
    permits: Permits,
    /// When ssconf was written that was last told, cluster's clock, ms.
    ssconf_ms: Option<u64>,
    master: Option<MasterState>,
    looked_ms: Option<u64>,
    asked_nodes_ms: Option<u64>,
    config: Told,
    jobs: Told,
    queue: Option<QueueState>,
    locks_shown: bool,
    /// Followed jobs and the last line that was sent of each.
    logs: Vec<(u64, u64)>,
    /// What the node's storage was like when its volumes were last told.
    storage: Option<(u64, u64)>,
    /// What DRBD was like when it was last told, and when that was, real ms.
    drbd: Option<(u64, u64)>,
}

/// How far a console was told about things that have revisions.
#[derive(Default)]
struct Told {
    /// Nothing yet.
    revision: Option<u64>,
    /// What it knows: ids that may be gone when looked at again.
    known: BTreeSet<u64>,
}

impl Told {
    fn forget(&mut self) {
        *self = Told::default();
    }

    /// Whether something of this revision is news.
    fn is_news(&self, changed: u64) -> bool {
        self.revision.is_none_or(|told| changed > told)
    }

    /// Notes what there is now and says what is gone.
    fn note(&mut self, revision: u64, ids: BTreeSet<u64>) -> Vec<u64> {
        self.revision = Some(revision);
        let gone = self.known.difference(&ids).copied().collect();
        self.known = ids;
        gone
    }
}

impl SimulatedNode {
    /// A node for a session of an agent that was started with these options.
    pub fn new(world: Arc<World>, id: NodeId, options: Serve) -> Self {
        SimulatedNode {
            world,
            id,
            permits: Permits::of(&options, None),
            options,
            ssconf_ms: None,
            master: None,
            looked_ms: None,
            asked_nodes_ms: None,
            config: Told::default(),
            jobs: Told::default(),
            queue: None,
            locks_shown: false,
            logs: Vec::new(),
            storage: None,
            drbd: None,
        }
    }

    fn is_unprivileged(&self) -> bool {
        self.world.health(self.id).borrow().no_root
    }

    /// Whether this node can speak for the cluster. A candidate first says whom to ask, then that
    /// it has the configuration itself.
    fn master_state(&self, cluster: &Cluster, news: &mut Vec<Report>) -> MasterState {
        let master = cluster.master();
        if master == self.id && cluster.master_answers() {
            return MasterState::Serving;
        }
        if master == self.id {
            let why = "luxid does not run (connection refused)".to_owned();
            return MasterState::Silent { why };
        }
        let elsewhere = MasterState::NotMaster {
            ask: cluster.node_name(master).to_owned(),
        };
        if cluster.nodes.get(self.id).map(|node| node.role) != Some(Role::Candidate) {
            return elsewhere;
        }
        if self.master.is_none() {
            news.push(Report::Master(elsewhere));
        }
        MasterState::Candidate {
            written: seconds(cluster.config_written),
        }
    }

    fn config(&mut self, cluster: &Cluster, source: Source, news: &mut Vec<Report>) {
        if !self.config.is_news(cluster.revision) {
            return;
        }
        let whole = self.config.revision.is_none();
        let told = &self.config;
        let mut part = ConfigPart {
            revision: cluster.revision,
            source,
            at: match source {
                Source::Luxi => seconds(cluster.now),
                Source::File => seconds(cluster.config_written),
            },
            whole,
            last: true,
            ..ConfigPart::default()
        };
        let groups = cluster.groups.iter();
        part.groups = groups
            .filter(|group| told.is_news(group.changed))
            .map(|group| cluster.group_facts(group))
            .collect();
        let nodes = cluster.nodes.iter().enumerate();
        part.nodes = nodes
            .filter(|(_, node)| told.is_news(node.changed))
            .map(|(id, node)| cluster.node_facts(id, node))
            .collect();
        // The master's name is among the cluster's own settings.
        if !part.nodes.is_empty() || told.is_news(cluster.tags_changed) {
            part.cluster = Some(Box::new(cluster.cluster_facts()));
        }
        let changed = |instance: &&crate::sim::instance::Instance| told.is_news(instance.changed);
        part.instances = cluster
            .instances
            .values()
            .filter(changed)
            .map(|instance| cluster.instance_facts(instance))
            .collect();
        let ids = cluster.instances.keys().map(|id| u64::from(*id)).collect();
        let gone = self.config.note(cluster.revision, ids);
        part.gone = Gone {
            instances: gone
                .into_iter()
                .filter_map(|id| cluster.removed_name(id as u32))
                .map(str::to_owned)
                .collect(),
            ..Gone::default()
        };
        news.push(Report::Config(Box::new(part)));
    }

    fn jobs(&mut self, cluster: &Cluster, news: &mut Vec<Report>) {
        if !self.jobs.is_news(cluster.queue.revision) {
            return;
        }
        let whole = self.jobs.revision.is_none();
        let told = &self.jobs;
        let jobs = cluster
            .queue
            .jobs
            .values()
            .filter(|job| told.is_news(job.changed))
            .map(|job| job.facts.clone())
            .collect();
        let ids = cluster.queue.jobs.keys().copied().collect();
        let gone = self.jobs.note(cluster.queue.revision, ids);
        news.push(Report::Jobs(JobsPart {
            whole,
            at: seconds(cluster.now),
            jobs,
            gone,
        }));
    }

    fn logs(&mut self, cluster: &Cluster, watch: &Watch, news: &mut Vec<Report>) {
        self.logs.retain(|(job, _)| watch.follow.contains(job));
        for &job in &watch.follow {
            if !self.logs.iter().any(|(known, _)| *known == job) {
                self.logs.push((job, 0));
            }
        }
        let mut logs = Vec::new();
        for (job, told) in &mut self.logs {
            if let Some(log) = cluster.job_log(*job, *told)
                && let Some(last) = log.lines.last()
            {
                *told = last.serial;
                logs.push(log);
            }
        }
        if !logs.is_empty() {
            news.push(Report::Logs(logs));
        }
    }

    fn queue_and_locks(&mut self, cluster: &Cluster, news: &mut Vec<Report>) {
        let queue = cluster.queue_facts();
        if self.queue.as_ref() != Some(&queue) {
            self.queue = Some(queue.clone());
            news.push(Report::Queue(queue));
        }
        let locks = cluster.lock_facts();
        if !locks.is_empty() || self.locks_shown {
            self.locks_shown = !locks.is_empty();
            news.push(Report::Locks(locks));
        }
    }

    fn live_nodes(&self, cluster: &Cluster, names: &[String]) -> Report {
        let figures = |name: &String| {
            let id = cluster.nodes.iter().position(|node| node.name == *name)?;
            let sample = cluster.sample(id);
            let failed = !cluster.answers(id);
            let memory = sample.memory.filter(|_| !failed);
            let disk = sample.storage.filter(|_| !failed);
            let disk = disk.and_then(|storage| storage.vgs.into_iter().next());
            let cpus = sample.system.filter(|_| !failed).map(|system| system.cpus);
            Some(LiveNode {
                name: name.clone(),
                failed,
                memory_total: memory.as_ref().map(|memory| memory.total),
                memory_free: memory.as_ref().map(|memory| memory.free),
                memory_node: memory.as_ref().map(|memory| memory.node),
                disk_total: disk.as_ref().map(|space| space.total),
                disk_free: disk.as_ref().map(|space| space.free),
                cpus,
                cpus_node: cpus,
                ..LiveNode::default()
            })
        };
        Report::Live(Box::new(Live {
            at: seconds(cluster.now),
            instances: Vec::new(),
            nodes: names.iter().filter_map(figures).collect(),
        }))
    }
}

/// Whether something that is done every `every` ms is due.
fn due(last: &mut Option<u64>, every: u64, now: Moment) -> bool {
    let due = last.is_none_or(|last| now.mono_ms.saturating_sub(last) >= every);
    if due {
        *last = Some(now.mono_ms);
    }
    due
}

/// Takes out of a sample what only root can find out.
fn withhold(sample: &mut Sample) {
    if let Some(storage) = &mut sample.storage {
        storage.vgs.clear();
    }
    (sample.lvm, sample.health) = (None, None);
    let part = |part: &str, why: &str| Missing {
        part: part.to_owned(),
        why: why.to_owned(),
        hangs: false,
    };
    sample.missing = Some(vec![
        part("storage", "vgs: needs root"),
        part("lvm", "lvs: needs root"),
        part("health", "smartctl: needs root"),
    ]);
    for guest in sample.guests.iter_mut().flat_map(|guests| &mut guests.list) {
        (guest.read, guest.write) = (None, None);
    }
    for daemon in sample.daemons.iter_mut().flatten() {
        daemon.answers = None;
    }
}

impl Node for SimulatedNode {
    fn hello(&mut self) -> Hello {
        let cluster = self.world.cluster();
        let node = cluster.nodes.get(self.id);
        Hello {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            node: cluster.node_name(self.id).to_owned(),
            ganeti: true,
            root: !self.is_unprivileged(),
            arch: "x86_64".to_owned(),
            boot_id: node.map(|node| node.boot_id.clone()).unwrap_or_default(),
            name: self.options.name.clone(),
            read_only: self.permits.is_empty(),
            permits: self.permits.words(),
            pid: 4000 + self.id as u32,
            ..Hello::default()
        }
    }

    fn ssconf(&mut self, _: Moment) -> Option<Ssconf> {
        let cluster = self.world.cluster();
        // The files are written only when something in them changed.
        let written = Some(cluster.ssconf_written);
        let news = self.ssconf_ms != written;
        self.ssconf_ms = written;
        news.then(|| cluster.ssconf())
    }

    fn sample(&mut self, _: Moment) -> Sample {
        let mut sample = {
            let cluster = self.world.cluster();
            let mut sample = cluster.sample(self.id);
            // Volume by volume only when one may have changed, as the agent does it.
            let stamp = Some(cluster.storage_stamp(self.id));
            let hangs = cluster.nodes.get(self.id).is_some_and(|n| n.vgs_hang);
            if self.storage != stamp && !hangs {
                self.storage = stamp;
                sample.lvm = Some(cluster.lvm(self.id));
            }
            sample
        };
        if self.is_unprivileged() {
            withhold(&mut sample);
        }
        sample
    }

    fn drbd(&mut self, now: Moment) -> Option<Drbd> {
        let cluster = self.world.cluster();
        let stamp = cluster.drbd_stamp(self.id);
        if let Some((told, at)) = self.drbd
            && told == stamp
        {
            let since = now.mono_ms.saturating_sub(at);
            let quiet = || !cluster.drbd_moves(self.id);
            if since < LOOK_DRBD_MS || (since < COUNT_DRBD_MS && quiet()) {
                return None;
            }
        }
        self.drbd = Some((stamp, now.mono_ms));
        Some(cluster.drbd(self.id))
    }

    fn poll(&mut self, watch: &Watch, now: Moment) -> Vec<Report> {
        let mut news = Vec::new();
        let world = Arc::clone(&self.world);
        if !watch.master || !due(&mut self.looked_ms, LOOK_MS, now) {
            return news;
        }
        let cluster = world.cluster();
        let state = self.master_state(&cluster, &mut news);
        if self.master.as_ref() != Some(&state) {
            let before = self.master.replace(state.clone());
            // A file that was written anew does not make a candidate a new one.
            if before.as_ref().map(discriminant) != Some(discriminant(&state)) {
                self.config.forget();
                self.jobs.forget();
                self.queue = None;
            }
            news.push(Report::Master(state.clone()));
        }
        match state {
            MasterState::Serving => {
                self.config(&cluster, Source::Luxi, &mut news);
                self.jobs(&cluster, &mut news);
                self.logs(&cluster, watch, &mut news);
                self.queue_and_locks(&cluster, &mut news);
                let wanted = !watch.live_nodes.is_empty();
                if wanted && due(&mut self.asked_nodes_ms, LIVE_NODES_MS, now) {
                    news.push(self.live_nodes(&cluster, &watch.live_nodes));
                }
            }
            MasterState::Candidate { .. } => self.config(&cluster, Source::File, &mut news),
            MasterState::NotMaster { .. } | MasterState::Silent { .. } => {}
        }
        news
    }

    fn act(&mut self, wish: Wish, now: Moment) -> Option<Outcome> {
        Some(act::grant(&self.world, self.id, &self.permits, wish, now))
    }

    fn ask(&mut self, _: u64, question: &Question, _: Moment) -> Option<AnswerBody> {
        let cluster = self.world.cluster();
        Some(match question {
            Question::KnownHosts => AnswerBody::KnownHosts(self.world.known_hosts.clone()),
            Question::JobLog { .. } if cluster.master() != self.id => {
                AnswerBody::Failed("jobs are not watched on this node".to_owned())
            }
            Question::JobLog { job, after } => match cluster.job_log(*job, *after) {
                Some(log) => AnswerBody::JobLog(log),
                None => AnswerBody::Failed(format!("job {job} is not in the queue")),
            },
        })
    }
}

#[cfg(test)]
#[path = "node_tests.rs"]
mod tests;
