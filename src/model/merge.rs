//! Folds what comes in into what is known.

use std::collections::HashSet;
use std::sync::Arc;

use gantry_wire::Report;
use gantry_wire::config::{ConfigPart, Source};
use gantry_wire::guest::Guests;
use gantry_wire::job::{Job, JobLog, JobsPart};
use gantry_wire::live::Live;
use gantry_wire::node::Sample;
use gantry_wire::report::{Hello, MasterState};
use gantry_wire::ssconf::Ssconf;

use super::cluster::{ConfSeen, JOBS_KEPT, LOG_KEPT};
use super::job::finished;
use super::status::{self, Evidence, Status, Word};
use super::time::Now;
use super::{Cluster, Instance, Name, Node, Reach, natural};

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
        self.node(from).heard = Some(now);
        self.revision += 1;
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
            Report::Locks(locks) if self.may_speak(from) => self.locks = locks,
            Report::Live(live) if self.may_speak(from) => self.told_live(*live),
            Report::Answer(answer) => {
                if let gantry_wire::report::AnswerBody::JobLog(log) = answer.answer
                    && self.may_speak(from)
                {
                    self.logged(log);
                }
            }
            Report::Pong(_) => {}
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
        // Another boot or another agent: what it does not say anew is not known.
        node.problems.clear();
        if node
            .agent
            .as_ref()
            .is_some_and(|before| before.boot_id != hello.boot_id)
        {
            node.facts = Sample::default();
        }
        node.agent = Some(hello);
        self.masters.remove(from);
        self.settle_node(from);
    }

    fn sampled(&mut self, from: &str, mut sample: Sample) {
        let now = self.now;
        if let Some(guests) = &mut sample.guests {
            guests
                .list
                .sort_by(|a, b| natural::compare(&a.name, &b.name));
        }
        let node = self.node(from);
        node.clock_ahead = Some(sample.wall_ms as f64 / 1_000.0 - now.wall);
        let before = sample.guests.is_some().then(|| node.facts.guests.take());
        node.facts.absorb(sample);
        remember(node, now);
        if let Some(before) = before {
            self.found_on(from, before.unwrap_or_default());
        }
        self.remember_guests(from);
    }

    /// A node told its guests anew: notes who runs where and settles what that changes.
    fn found_on(&mut self, from: &str, before: Guests) {
        let Some(node) = self.nodes.get(from) else {
            return;
        };
        let Some(guests) = &node.facts.guests else {
            return;
        };
        let same = guests.hypervisors == before.hypervisors
            && guests.list.len() == before.list.len()
            && guests
                .list
                .iter()
                .zip(&before.list)
                .all(|(a, b)| (&a.name, a.shut_down) == (&b.name, b.shut_down));
        if same {
            return;
        }
        let name = node.name.clone();
        let listed: Vec<Name> = guests
            .list
            .iter()
            .map(|guest| Arc::from(guest.name.as_str()))
            .collect();
        for guest in &before.list {
            if let Some(nodes) = self.found.get_mut(guest.name.as_str()) {
                nodes.retain(|node| *node != name);
                if nodes.is_empty() {
                    self.found.remove(guest.name.as_str());
                }
            }
        }
        for guest in &listed {
            self.found
                .entry(guest.clone())
                .or_default()
                .push(name.clone());
        }
        before
            .list
            .iter()
            .for_each(|guest| self.settle(&guest.name));
        self.settle_node(from);
    }

    fn remember_guests(&mut self, from: &str) {
        let now = self.now.at;
        let Some(node) = self.nodes.get(from) else {
            return;
        };
        let Some(guests) = &node.facts.guests else {
            return;
        };
        for guest in &guests.list {
            if let Some(instance) = self.instances.get_mut(guest.name.as_str())
                && instance.conf.primary == from
            {
                let past = &mut instance.past;
                past.cpu.push(now, guest.cpu as f32 / 10.0);
                if let (Some(read), Some(write)) = (guest.read, guest.write) {
                    past.io.push(now, read.saturating_add(write) as f32);
                }
                if let (Some(rx), Some(tx)) = (guest.rx, guest.tx) {
                    past.net.push(now, rx.saturating_add(tx) as f32);
                }
            }
        }
    }

    fn told_ssconf(&mut self, from: &str, ssconf: Ssconf) {
        self.node(from).says_master = Some(Arc::from(ssconf.master_node.as_str()));
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

    fn configured(&mut self, from: &str, part: ConfigPart) {
        let mut whole = match self.coming.take() {
            Some((by, coming))
                if *by == *from && !part.whole && coming.revision == part.revision =>
            {
                coming
            }
            _ => ConfigPart {
                revision: part.revision,
                whole: part.whole,
                source: part.source,
                ..ConfigPart::default()
            },
        };
        whole.at = part.at;
        whole.cluster = part.cluster.or(whole.cluster);
        whole.groups.extend(part.groups);
        whole.nodes.extend(part.nodes);
        whole.instances.extend(part.instances);
        whole.networks.extend(part.networks);
        whole.gone.groups.extend(part.gone.groups);
        whole.gone.nodes.extend(part.gone.nodes);
        whole.gone.instances.extend(part.gone.instances);
        whole.gone.networks.extend(part.gone.networks);
        if part.last {
            self.commit(from, whole);
        } else {
            self.coming = Some((Arc::from(from), whole));
        }
    }

    fn commit(&mut self, from: &str, part: ConfigPart) {
        self.conf_seen = Some(ConfSeen {
            by: Arc::from(from),
            source: part.source,
            written: part.at,
            at: self.now.at,
        });
        if part.source == Source::File {
            // Without a master nothing is said of jobs: what was known is no longer true.
            self.queue = None;
            self.locks.clear();
        }
        if let Some(cluster) = part.cluster {
            self.conf = Some(*cluster);
        }
        if part.whole {
            let nodes: HashSet<&str> = part.nodes.iter().map(|n| n.name.as_str()).collect();
            let instances: HashSet<&str> = part.instances.iter().map(|i| i.name.as_str()).collect();
            self.nodes
                .retain(|name, node| nodes.contains(&**name) || node.fresh());
            for (name, node) in &mut self.nodes {
                if !nodes.contains(&**name) {
                    node.conf = None;
                }
            }
            self.instances.retain(|name, _| instances.contains(&**name));
            self.groups.clear();
            self.networks.clear();
        }
        for name in &part.gone.nodes {
            self.nodes.remove(name.as_str());
        }
        for name in &part.gone.instances {
            self.instances.remove(name.as_str());
        }
        for name in &part.gone.groups {
            self.groups.remove(name.as_str());
        }
        for name in &part.gone.networks {
            self.networks.remove(name.as_str());
        }
        for group in part.groups {
            self.groups.insert(Arc::from(group.name.as_str()), group);
        }
        for network in part.networks {
            self.networks
                .insert(Arc::from(network.name.as_str()), network);
        }
        for node in part.nodes {
            let name = node.name.clone();
            self.node(&name).conf = Some(node);
        }
        for conf in part.instances {
            let name: Name = Arc::from(conf.name.as_str());
            let new = || Instance {
                name: name.clone(),
                ..Instance::default()
            };
            self.instances.entry(name.clone()).or_insert_with(new).conf = conf;
        }
        self.list_instances();
        // A node's role counts for all of its instances.
        let all: Vec<Name> = self.instances.keys().cloned().collect();
        all.iter().for_each(|name| self.settle(name));
        self.shape += 1;
    }

    /// Lists each node's instances anew.
    fn list_instances(&mut self) {
        for node in self.nodes.values_mut() {
            node.primaries.clear();
            node.secondaries.clear();
        }
        let mut names: Vec<&Name> = self.instances.keys().collect();
        names.sort_by(|a, b| natural::compare(a, b));
        for name in names {
            let Some(instance) = self.instances.get(name) else {
                continue;
            };
            if let Some(node) = self.nodes.get_mut(instance.conf.primary.as_str()) {
                node.primaries.push(name.clone());
            }
            for secondary in &instance.conf.secondaries {
                if let Some(node) = self.nodes.get_mut(secondary.as_str()) {
                    node.secondaries.push(name.clone());
                }
            }
        }
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

    /// Works out anew the status of every instance that a node has to do with.
    fn settle_node(&mut self, node: &str) {
        let Some(node) = self.nodes.get(node) else {
            return;
        };
        let mut names = node.primaries.clone();
        let guests = node.facts.guests.iter().flat_map(|guests| &guests.list);
        names.extend(guests.map(|guest| Name::from(guest.name.as_str())));
        names.iter().for_each(|name| self.settle(name));
    }

    /// Works out an instance's status anew.
    fn settle(&mut self, name: &str) {
        let now = self.now.at;
        let Some(instance) = self.instances.get(name) else {
            return;
        };
        let status = self.status_of(instance);
        let Some(instance) = self.instances.get_mut(name) else {
            return;
        };
        if instance.status == status {
            return;
        }
        if instance.status.last_word() != status.last_word() {
            instance.since = instance.status.last_word().map(|_| now);
        }
        if instance.status.word() != status.word() {
            self.shape += 1;
        }
        instance.status = status;
    }

    fn status_of(&self, instance: &Instance) -> Status {
        let conf = &instance.conf;
        let primary = self.nodes.get(conf.primary.as_str());
        let guests = primary
            .filter(|node| node.fresh())
            .and_then(|node| node.facts.guests.as_ref());
        let guest = guests.and_then(|g| g.list.iter().find(|guest| guest.name == conf.name));
        let elsewhere = self.found.get(conf.name.as_str()).is_some_and(|nodes| {
            let other = |name: &&Name| ***name != *conf.primary;
            nodes
                .iter()
                .filter(other)
                .any(|name| self.runs_on(&conf.name, name))
        });
        let seen = Evidence {
            primary_offline: primary.is_some_and(Node::offline),
            primary_sees: guests.is_some_and(|g| g.hypervisors.contains(&conf.hypervisor)),
            on_primary: guest.is_some(),
            shut_down: guest.is_some_and(|guest| guest.shut_down),
            elsewhere,
        };
        if let Some(word) = status::word(conf, seen) {
            return Status::Now(word);
        }
        if let Some((at, live)) = &instance.live
            && let Some(word) = Word::parse(&live.status)
        {
            return Status::Asked(word, *at);
        }
        match (instance.status, primary.and_then(|node| node.heard)) {
            (Status::Now(word), Some(heard)) => Status::Was(word, heard),
            (was @ Status::Was(..), _) => was,
            _ => Status::Unknown,
        }
    }

    /// A node whose agent speaks now finds this guest running.
    fn runs_on(&self, guest: &str, node: &str) -> bool {
        let node = self.nodes.get(node).filter(|node| node.fresh());
        let guests = node.and_then(|node| node.facts.guests.as_ref());
        guests.is_some_and(|g| {
            g.list
                .iter()
                .any(|found| found.name == guest && !found.shut_down)
        })
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

/// Puts a node's present numbers into its past.
fn remember(node: &mut Node, now: Now) {
    let facts = &node.facts;
    let past = &mut node.past;
    if let Some(cpu) = &facts.cpu {
        past.cpu.push(now.at, f32::from(cpu.busy) / 10.0);
    }
    if let Some(memory) = &facts.memory
        && memory.total > 0
    {
        let used = memory.total.saturating_sub(memory.available);
        past.memory
            .push(now.at, used as f32 * 100.0 / memory.total as f32);
    }
    if let Some(load) = &facts.load {
        past.load.push(now.at, load.one as f32 / 100.0);
    }
    if let Some(net) = &facts.net {
        let sum = net.iter().fold(0_u64, |sum, i| {
            sum.saturating_add(i.rx).saturating_add(i.tx)
        });
        past.net.push(now.at, sum as f32);
    }
    if let Some(disks) = &facts.disks {
        let sum = disks.iter().fold(0_u64, |sum, d| {
            sum.saturating_add(d.read).saturating_add(d.write)
        });
        past.disk.push(now.at, sum as f32);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use gantry_wire::guest::Guest;
    use gantry_wire::{config, live};

    use super::*;
    use crate::model::Time;

    fn at(cluster: &mut Cluster, ms: u64) {
        cluster.tick(Now {
            at: Time(ms),
            wall: 1.7e9 + ms as f64 / 1e3,
        });
    }

    fn part(source: Source) -> Report {
        let node = |name: &str, role: &str| config::Node {
            name: name.into(),
            role: role.into(),
            ..Default::default()
        };
        let instance = |name: &str, primary: &str, secondary: &str| config::Instance {
            name: name.into(),
            primary: primary.into(),
            secondaries: vec![secondary.into()],
            admin_state: "up".into(),
            hypervisor: "kvm".into(),
            ..Default::default()
        };
        Report::Config(Box::new(ConfigPart {
            whole: true,
            last: true,
            source,
            nodes: vec![node("node1", "M"), node("node2", "C"), node("node3", "O")],
            instances: vec![
                instance("web10", "node2", "node1"),
                instance("web9", "node2", "node3"),
                instance("old", "node3", "node1"),
            ],
            ..Default::default()
        }))
    }

    fn guests(names: &[&str]) -> Report {
        let guest = |name: &&str| Guest {
            name: (*name).into(),
            hypervisor: "kvm".into(),
            ..Default::default()
        };
        Report::Sample(Box::new(Sample {
            seq: 1,
            guests: Some(Guests {
                hypervisors: vec!["kvm".into()],
                list: names.iter().map(guest).collect(),
            }),
            ..Default::default()
        }))
    }

    fn cluster() -> Cluster {
        let mut cluster = Cluster::new("there");
        at(&mut cluster, 1_000);
        for name in ["node1", "node2"] {
            cluster.linked(name, Reach::Up { since: Time(1_000) });
            let ssconf = Ssconf {
                master_node: "node1".into(),
                ..Default::default()
            };
            cluster.report(name, Report::Ssconf(Box::new(ssconf)));
        }
        cluster.report("node1", Report::Master(MasterState::Serving));
        cluster.report("node1", part(Source::Luxi));
        cluster
    }

    fn status(cluster: &Cluster, name: &str) -> Status {
        cluster.instances.get(name).unwrap().status
    }

    #[test]
    fn what_runs_is_joined_with_what_is_configured() {
        let mut cluster = cluster();
        assert_eq!(status(&cluster, "web9"), Status::Unknown);
        assert_eq!(status(&cluster, "old"), Status::Now(Word::ErrorNodeOffline));
        cluster.report("node2", guests(&["web9"]));
        assert_eq!(status(&cluster, "web9"), Status::Now(Word::Running));
        assert_eq!(status(&cluster, "web10"), Status::Now(Word::ErrorDown));
        cluster.report("node1", guests(&["web10"]));
        assert_eq!(status(&cluster, "web10"), Status::Now(Word::ErrorWrongNode));
        cluster.report("node1", guests(&[]));
        assert_eq!(status(&cluster, "web10"), Status::Now(Word::ErrorDown));
        let names: Vec<&str> = cluster.nodes["node2"]
            .primaries
            .iter()
            .map(|n| &**n)
            .collect();
        assert_eq!(names, ["web9", "web10"]);
    }

    #[test]
    fn a_lost_node_says_nothing_of_now_and_no_error_comes_of_it() {
        let mut cluster = cluster();
        cluster.report("node2", guests(&["web9"]));
        at(&mut cluster, 20_000);
        cluster.linked("node2", Reach::Refused { why: "gone".into() });
        assert_eq!(
            status(&cluster, "web9"),
            Status::Was(Word::Running, Time(1_000))
        );
        assert_eq!(
            status(&cluster, "web10"),
            Status::Was(Word::ErrorDown, Time(1_000))
        );
        let said = live::LiveInstance {
            name: "web9".into(),
            status: "ERROR_nodedown".into(),
            ..Default::default()
        };
        cluster.report(
            "node1",
            Report::Live(Box::new(Live {
                instances: vec![said],
                ..Default::default()
            })),
        );
        assert_eq!(
            status(&cluster, "web9"),
            Status::Asked(Word::ErrorNodeDown, Time(20_000))
        );
    }

    #[test]
    fn only_the_master_speaks_for_the_cluster() {
        let mut cluster = cluster();
        cluster.report("node2", Report::Master(MasterState::Serving));
        let lie = ConfigPart {
            whole: true,
            last: true,
            ..Default::default()
        };
        cluster.report("node2", Report::Config(Box::new(lie)));
        assert_eq!(cluster.instances.len(), 3);
    }

    #[test]
    fn a_candidate_speaks_once_the_master_is_lost() {
        let mut cluster = cluster();
        cluster.report(
            "node2",
            Report::Master(MasterState::Candidate { written: 5.0 }),
        );
        cluster.report("node2", part(Source::File));
        assert_eq!(cluster.conf_seen.as_ref().unwrap().source, Source::Luxi);
        cluster.linked("node1", Reach::Refused { why: "gone".into() });
        cluster.report("node2", part(Source::File));
        assert_eq!(cluster.conf_seen.as_ref().unwrap().source, Source::File);
    }

    #[test]
    fn a_configuration_in_pieces_counts_once_it_is_whole() {
        let mut cluster = cluster();
        let piece = |name: &str, whole, last| {
            let instances = vec![config::Instance {
                name: name.into(),
                ..Default::default()
            }];
            Report::Config(Box::new(ConfigPart {
                revision: 9,
                whole,
                last,
                instances,
                ..Default::default()
            }))
        };
        cluster.report("node1", piece("a", true, false));
        assert_eq!(cluster.instances.len(), 3);
        cluster.report("node1", piece("b", false, true));
        assert_eq!(cluster.instances.len(), 2);
    }

    #[test]
    fn jobs_and_logs_stay_bounded() {
        let mut cluster = cluster();
        let jobs = (0..5_000).map(|id| Job {
            id,
            status: if id == 3 { "running" } else { "success" }.into(),
            ..Default::default()
        });
        cluster.report(
            "node1",
            Report::Jobs(JobsPart {
                jobs: jobs.collect(),
                ..Default::default()
            }),
        );
        assert_eq!(cluster.jobs.len(), JOBS_KEPT);
        assert!(cluster.jobs.contains_key(&3));
        let lines = (1..9_000)
            .map(|serial| gantry_wire::job::LogLine {
                serial,
                ..Default::default()
            })
            .collect();
        cluster.report("node1", Report::Logs(vec![JobLog { job: 3, lines }]));
        assert_eq!(cluster.logs[&3].len(), LOG_KEPT);
    }
}
