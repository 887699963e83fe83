//! Who is called, and who is asked for what.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use gantry_wire::Request;
use gantry_wire::act::{Act, Outcome, Refusal};
use gantry_wire::report::MasterState;
use gantry_wire::request::{Ask, Question, Watch};
use gantry_wire::ssconf::Ssconf;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::acts::{self, Acts};
use super::single::{Book, Hosts, Note, Single, Way, addresses};
use super::{Clock, Command};
use crate::link::dial::{ClusterKeys, Dialer};
use crate::link::inbox::Outbox;
use crate::link::session::Wants;
use crate::link::terminal::{Terminal, Wanted};
use crate::link::why::Why;
use crate::model::Reach;

/// The other nodes wait so long for the cluster's keys, which spare one question a node.
const KEYS: Duration = Duration::from_secs(5);

/// A master that is only just being called is waited for so long before a candidate is asked.
const MASTER: Duration = Duration::from_secs(10);

/// Changes that may wait for one link to take them.
const ACTS: usize = 1_000;

/// One link, as the lead holds it.
struct Link {
    kick: Arc<Notify>,
    watch: watch::Sender<Watch>,
    asks: mpsc::Sender<Ask>,
    acts: mpsc::Sender<Request>,
    book: watch::Sender<Book>,
    task: tokio::task::AbortHandle,
    reach: Reach,
    /// It was tried and failed since it was last up; a new attempt does not make it promising.
    failed: bool,
    ssconf: Option<Box<Ssconf>>,
    master: Option<MasterState>,
}

/// Decides over all links of a cluster.
pub struct Lead<D: Dialer> {
    dialer: Arc<D>,
    outbox: Outbox,
    sample_ms: u32,
    clock: Clock,
    notes: (mpsc::UnboundedSender<Note>, mpsc::UnboundedReceiver<Note>),
    hosts: Hosts<D::Host>,
    tasks: JoinSet<()>,
    /// The first link, until it knows its name.
    first: Option<Link>,
    links: BTreeMap<String, Link>,
    cluster: Option<Arc<ClusterKeys>>,
    /// When the cluster's keys were asked for.
    keys_asked: Option<Instant>,
    /// Whom they were asked of.
    keys_from: Option<String>,
    /// Who was asked about the whole cluster last.
    speaking: Option<String>,
    /// Since when there is no master that serves.
    masterless: Instant,
    /// Nodes that somebody wants called although they are marked offline.
    called: BTreeSet<String>,
    follow: Vec<u64>,
    asked: u64,
    acts: Acts,
}

impl<D: Dialer> Lead<D> {
    pub fn new(dialer: Arc<D>, outbox: Outbox, sample_ms: u32, clock: Clock) -> Lead<D> {
        Lead {
            dialer,
            outbox,
            sample_ms,
            clock,
            notes: mpsc::unbounded_channel(),
            hosts: Hosts::default(),
            tasks: JoinSet::new(),
            first: None,
            links: BTreeMap::new(),
            cluster: None,
            keys_asked: None,
            keys_from: None,
            speaking: None,
            masterless: Instant::now(),
            called: BTreeSet::new(),
            follow: Vec::new(),
            asked: 0,
            acts: Acts::default(),
        }
    }

    /// Runs until the console drops its handle.
    pub async fn run(mut self, mut orders: mpsc::UnboundedReceiver<Command>) {
        self.first = Some(self.link(None, Book::default(), true));
        loop {
            let deadline = self.deadline();
            tokio::select! {
                order = orders.recv() => match order {
                    Some(order) => self.ordered(order),
                    None => return,
                },
                Some(note) = self.notes.1.recv() => self.noted(note),
                () = async { match deadline {
                    Some(at) => sleep_until(at).await,
                    None => std::future::pending().await,
                }} => {}
            }
            for (node, request) in self.acts.due() {
                self.send(&node, request);
            }
            self.call_all();
            self.share_out();
        }
    }

    /// When something is to be decided although nothing came.
    fn deadline(&self) -> Option<Instant> {
        let keys = self
            .keys_asked
            .filter(|_| self.cluster.is_none())
            .map(|at| at + KEYS);
        let master = (!self.master_serves()).then_some(self.masterless + MASTER);
        let ahead = |at: &Instant| *at > Instant::now();
        let ours = [keys, master].into_iter().flatten().filter(ahead).min();
        ours.into_iter().chain(self.acts.deadline()).min()
    }

    fn link(&mut self, name: Option<String>, book: Book, typed: bool) -> Link {
        let (watch, watching) = watch::channel(Watch {
            sample_ms: self.sample_ms,
            ..Watch::default()
        });
        let (asks, asked) = mpsc::channel(16);
        let (acts, acting) = mpsc::channel(ACTS);
        let (book, reading) = watch::channel(book);
        let kick = Arc::new(Notify::new());
        let single = Single {
            dialer: self.dialer.clone(),
            outbox: self.outbox.clone(),
            clock: self.clock,
            notes: self.notes.0.clone(),
            hosts: self.hosts.clone(),
            kick: kick.clone(),
            wants: Wants {
                watch: watching,
                asks: asked,
                acts: acting,
            },
            name,
            book: reading,
            typed,
            wanted: false,
            way: Way::default(),
        };
        let task = self.tasks.spawn(single.run());
        Link {
            kick,
            watch,
            asks,
            acts,
            book,
            task,
            reach: Reach::Idle,
            failed: false,
            ssconf: None,
            master: None,
        }
    }

    fn ordered(&mut self, order: Command) {
        match order {
            Command::Reconnect(Some(node)) => {
                match self.links.get(&node) {
                    Some(link) => link.kick.notify_one(),
                    // One that is marked offline is called only if somebody wants it.
                    None => {
                        self.called.insert(node);
                        self.call_all();
                    }
                }
            }
            Command::Reconnect(None) => {
                let waiting = |link: &&Link| !link.reach.is_up();
                self.links
                    .values()
                    .chain(&self.first)
                    .filter(waiting)
                    .for_each(|link| link.kick.notify_one());
            }
            Command::Follow(jobs) => self.follow = jobs,
            Command::Act(act) => self.act(*act),
            Command::Terminal(wanted, reply) => self.terminal(*wanted, reply),
            Command::AskLog(job) => {
                let speaker = self.speaker();
                if let Some(link) = speaker.and_then(|name| self.links.get(&name)) {
                    self.asked += 1;
                    // A full channel means that the link is stuck: the next look asks again.
                    let _ = link.asks.try_send(Ask {
                        id: self.asked,
                        question: Question::JobLog { job, after: 0 },
                    });
                }
            }
        }
    }

    /// Asks the master for a change, or the node that does it itself, if it can be asked now. What waited for it to come back would come as a surprise.
    fn act(&mut self, act: Act) {
        let asked = match act.operation.own_node() {
            Some(node) => {
                let up = self.links.get(node).is_some_and(|link| link.reach.is_up());
                up.then(|| node.to_owned())
                    .ok_or_else(|| format!("{node} does not answer"))
            }
            None => {
                let master = self.elected().filter(|_| self.master_serves());
                master.ok_or_else(|| "no master answers".to_owned())
            }
        };
        let node = match asked {
            Ok(node) => node,
            Err(why) => return self.outbox.acted(acts::nobody(&act, &why)),
        };
        self.acts.sent(&act, &node);
        let id = act.id.clone();
        if !self.send(&node, Request::Act(Box::new(act))) {
            // It did not leave this console.
            let words = format!("too much is asked of {node} at once; nothing was sent");
            let outcome = Outcome::Refused {
                kind: Refusal::NotMaster,
                words,
            };
            let acted = self.acts.answered(&node, acts::told(&id, outcome));
            acted.into_iter().for_each(|acted| self.outbox.acted(acted));
        }
    }

    /// Opens a terminal beside a link that is up.
    fn terminal(&mut self, wanted: Wanted, reply: oneshot::Sender<Result<Terminal, Why>>) {
        let up = self.links.get(&wanted.node);
        if up.is_some_and(|link| link.reach.is_up()) {
            let host = self.host(&wanted.node);
            let dialer = self.dialer.clone();
            self.tasks.spawn(async move {
                // Whoever asked may have turned away.
                let _ = reply.send(dialer.terminal(host, wanted).await);
            });
        } else {
            let _ = reply.send(Err(Why::Ssh(format!("{} does not answer", wanted.node))));
        }
    }

    /// The connection to a node, if there is one.
    fn host(&self, node: &str) -> Option<Arc<D::Host>> {
        let hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let host = hosts.iter().find(|(name, _)| name == node);
        host.and_then(|(_, host)| host.upgrade())
    }

    fn send(&self, node: &str, request: Request) -> bool {
        let link = self.links.get(node);
        link.is_some_and(|link| link.acts.try_send(request).is_ok())
    }

    fn noted(&mut self, note: Note) {
        match note {
            Note::Acted(name, acted) => {
                let acted = self.acts.answered(&name, acted);
                acted.into_iter().for_each(|acted| self.outbox.acted(acted));
            }
            Note::Named(name) => {
                if let Some(link) = self.first.take() {
                    // Should the node have been called meanwhile, one link is enough.
                    if let Some(other) = self.links.insert(name, link) {
                        other.task.abort();
                    }
                }
            }
            Note::Reach(name, reach) => {
                self.reached(&name, &reach);
                if let Some(link) = self.links.get_mut(&name) {
                    if !reach.is_up() {
                        link.master = None;
                    }
                    link.failed = match reach {
                        Reach::Up { .. } => false,
                        Reach::Idle | Reach::Connecting(_) => link.failed,
                        Reach::NoAgent { .. } | Reach::Waiting { .. } | Reach::Refused { .. } => {
                            true
                        }
                    };
                    link.reach = reach;
                }
            }
            Note::Ssconf(name, ssconf) => self.told(&name, ssconf),
            Note::Master(name, state) => {
                if let Some(link) = self.links.get_mut(&name) {
                    link.master = Some(state);
                }
                if self.master_serves() {
                    self.masterless = Instant::now();
                }
            }
            // Only the node that was asked may say what keys the others have.
            Note::KnownHosts(name, _) if self.keys_from.as_ref() != Some(&name) => {}
            Note::KnownHosts(_, known_hosts) => {
                let alias = self
                    .newest()
                    .map(|ssconf| ssconf.cluster_name.clone())
                    .unwrap_or_default();
                self.cluster = Some(Arc::new(ClusterKeys { alias, known_hosts }));
            }
        }
    }

    /// What was asked for over a link that went down is not known; once it is up again, it can be.
    fn reached(&mut self, name: &str, reach: &Reach) {
        let was_up = self.links.get(name).is_some_and(|link| link.reach.is_up());
        if was_up {
            let cut = self.acts.cut(name);
            cut.into_iter().for_each(|acted| self.outbox.acted(acted));
        }
        if reach.is_up() {
            for request in self.acts.back(name) {
                self.send(name, request);
            }
        }
    }

    fn told(&mut self, name: &str, ssconf: Box<Ssconf>) {
        let Some(link) = self.links.get_mut(name) else {
            return;
        };
        link.ssconf = Some(ssconf);
        // The keys are read over the first link, which was verified by the operator.
        if self.cluster.is_none() && self.keys_asked.is_none() {
            self.keys_asked = Some(Instant::now());
            self.keys_from = Some(name.to_owned());
            self.asked += 1;
            let _ = link.asks.try_send(Ask {
                id: self.asked,
                question: Question::KnownHosts,
            });
        }
    }

    /// The newest ssconf of a node that answers, or else of any.
    fn newest(&self) -> Option<&Ssconf> {
        let told = |up: bool| {
            let links = self
                .links
                .values()
                .filter(move |link| link.reach.is_up() == up);
            links
                .filter_map(|link| link.ssconf.as_deref())
                .max_by_key(|ssconf| ssconf.written)
        };
        told(true).or_else(|| told(false))
    }

    /// Calls the nodes that the cluster named; lets go of those that it lost or marked offline, unless they are wanted or
    /// owe an answer.
    fn call_all(&mut self) {
        let keys_due =
            self.cluster.is_some() || self.keys_asked.is_some_and(|at| at.elapsed() >= KEYS);
        let Some(ssconf) = self.newest() else { return };
        let nodes = ssconf.nodes.clone();
        for node in &nodes {
            let book = Book {
                addresses: addresses(node),
                cluster: self.cluster.clone(),
                nodes: nodes.len(),
            };
            match self.links.get_mut(&node.name) {
                Some(link) => {
                    link.book.send_if_modified(|known| {
                        let changed = *known != book;
                        *known = book;
                        changed
                    });
                }
                None if node.offline
                    && !self.called.contains(&node.name)
                    && !self.acts.concern(&node.name) => {}
                None if !keys_due => {}
                None => {
                    let link = self.link(Some(node.name.clone()), book, false);
                    self.links.insert(node.name.clone(), link);
                }
            }
        }
        // A dead master is marked offline, and alone knows what became of what it was asked for.
        let unwanted = |name: &String| {
            let mut nodes = nodes.iter();
            let lost = nodes.find(|node| node.name == *name);
            let lost = lost.is_none_or(|node| node.offline && !self.called.contains(name));
            lost && !self.acts.concern(name)
        };
        let gone: Vec<String> = self
            .links
            .iter()
            .filter(|(name, link)| !link.reach.is_up() && unwanted(name))
            .map(|(name, _)| name.clone())
            .collect();
        for name in gone {
            if let Some(link) = self.links.remove(&name) {
                link.task.abort();
                self.outbox.linked(&name, Reach::Idle);
            }
        }
        // With every link let go there must be a way back.
        if self.links.is_empty() && self.first.is_none() {
            self.first = Some(self.link(None, Book::default(), true));
        }
    }

    /// Whom most of the nodes that answer call the master.
    fn elected(&self) -> Option<String> {
        let mut votes: BTreeMap<&str, (usize, u64)> = BTreeMap::new();
        for link in self.links.values().filter(|link| link.reach.is_up()) {
            if let Some(ssconf) = &link.ssconf {
                let vote = votes.entry(&ssconf.master_node).or_default();
                *vote = (vote.0 + 1, vote.1.max(ssconf.written));
            }
        }
        votes
            .into_iter()
            .max_by_key(|(_, weight)| *weight)
            .map(|(name, _)| name.to_owned())
    }

    fn master_serves(&self) -> bool {
        let serves = |link: &Link| link.reach.is_up() && link.master == Some(MasterState::Serving);
        self.elected()
            .and_then(|name| self.links.get(&name))
            .is_some_and(serves)
    }

    /// Who is asked about the whole cluster: the master, or a candidate once it is clear that the
    /// master does not answer.
    fn speaker(&self) -> Option<String> {
        let master = self.elected();
        if self.master_serves() {
            return master;
        }
        let link = master.as_ref().and_then(|name| self.links.get(name));
        let hopeless = link.is_none_or(|link| {
            link.failed || matches!(link.master, Some(MasterState::Silent { .. }))
        });
        if !hopeless && self.masterless.elapsed() < MASTER {
            return master;
        }
        let candidates = self
            .newest()
            .map(|ssconf| ssconf.master_candidates.as_slice())
            .unwrap_or_default();
        // One that calls another node the master, such as an old master that came back, would
        // tell of a cluster that is no more.
        let fit = |name: &&String| {
            self.links.get(*name).is_some_and(|link| {
                let believes = link.ssconf.as_ref().map(|ssconf| &ssconf.master_node);
                link.reach.is_up() && believes == master.as_ref() && Some(*name) != master.as_ref()
            })
        };
        // Whoever speaks goes on as long as that will do.
        let before = self
            .speaking
            .as_ref()
            .filter(|name| candidates.contains(name) && fit(name));
        before.or_else(|| candidates.iter().find(fit)).cloned()
    }

    /// Tells each agent what to send.
    fn share_out(&mut self) {
        let (master, speaker) = (self.elected(), self.speaker());
        self.speaking.clone_from(&speaker);
        let without_agent =
            |link: &Link| matches!(link.reach, Reach::NoAgent { .. } | Reach::Refused { .. });
        let blind: Vec<String> = self
            .links
            .iter()
            .filter(|(_, link)| without_agent(link))
            .map(|(name, _)| name.clone())
            .collect();
        for (name, link) in &self.links {
            // The master is always asked, so that it is noticed when it comes back.
            let asked = Some(name) == master.as_ref() || Some(name) == speaker.as_ref();
            let watch = Watch {
                sample_ms: self.sample_ms,
                master: asked,
                live_status: asked,
                live_nodes: if asked { blind.clone() } else { Vec::new() },
                follow: if asked {
                    self.follow.clone()
                } else {
                    Vec::new()
                },
            };
            link.watch.send_if_modified(|known| {
                let changed = *known != watch;
                *known = watch;
                changed
            });
        }
    }
}
