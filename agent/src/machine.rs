//! The machine that this agent runs on, as a session's node.

use gantry_wire::act::Outcome;
use gantry_wire::drbd::Drbd;
use gantry_wire::node::Sample;
use gantry_wire::report::{AnswerBody, Hello, Problem};
use gantry_wire::request::{Question, Watch};
use gantry_wire::ssconf::Ssconf;
use gantry_wire::{PROTOCOL, Report};

use crate::act::Actor;
use crate::act::audit::Audit;
use crate::act::who::Who;
use crate::args::Serve;
use crate::master::{Master, Order, Seat};
use crate::place::{Place, text};
use crate::probe::all::{Cluster, Probes};
use crate::probe::system;
use crate::session::{Moment, Node, Wish};
use crate::ssconf;
use crate::waker::Waker;

/// This machine.
#[derive(Debug)]
pub struct Machine {
    place: Place,
    serve: Serve,
    ssconf: ssconf::Reader,
    /// ssconf changed and the session has not been told.
    ssconf_changed: bool,
    probes: Probes,
    master: Master,
    actor: Actor,
    /// What is wrong with what is said about permissions, to be told once.
    permits_trouble: String,
    /// The console watched the master's side when it was asked last.
    watched: bool,
    watched_since: u64,
    /// Why the master's side could not be started, to be told once.
    trouble: Option<String>,
}

impl Machine {
    /// The machine with Ganeti's files at `place`; `waker` is woken when it has news.
    pub fn new(place: Place, serve: Serve, waker: Waker) -> Machine {
        let mut ssconf = ssconf::Reader::default();
        let ssconf_changed = ssconf.refresh(&place);
        let who = Who::of_session(&place, &serve.name);
        let audit = Audit::new(place.log.clone(), who);
        let actor = Actor::new(place.clone(), serve.clone(), audit, waker.clone());
        Machine {
            probes: Probes::new(waker.clone()),
            master: Master::new(place.clone(), waker),
            permits_trouble: actor.permits().trouble(),
            actor,
            place,
            serve,
            ssconf,
            ssconf_changed,
            watched: false,
            watched_since: 0,
            trouble: None,
        }
    }

    /// This node's name as Ganeti has it.
    pub fn name(&self) -> String {
        name(&self.place, self.ssconf.latest())
    }

    /// Something about DRBD's devices is being found out.
    pub fn drbd_is_asked(&self) -> bool {
        self.probes.drbd_is_asked()
    }

    fn order(&self, watch: &Watch) -> Order {
        let ssconf = self.ssconf.latest();
        let ask = ssconf.map(|ssconf| ssconf.master_node.clone());
        Order {
            watch: watch.clone(),
            seat: if self.is_master() {
                Seat::Master
            } else {
                Seat::Elsewhere {
                    ask: ask.unwrap_or_default(),
                }
            },
            hypervisors: ssconf
                .map(|ssconf| ssconf.hypervisors.clone())
                .unwrap_or_default(),
            since: self.watched_since,
        }
    }

    fn is_master(&self) -> bool {
        self.ssconf
            .latest()
            .is_some_and(|ssconf| ssconf.master_node == self.name())
    }
}

/// This node's name as Ganeti has it.
pub fn own_name(place: &Place) -> String {
    let mut ssconf = ssconf::Reader::default();
    ssconf.refresh(place);
    name(place, ssconf.latest())
}

/// A node's name as Ganeti has it.
fn name(place: &Place, ssconf: Option<&Ssconf>) -> String {
    if let Some(name) = place.hostname() {
        return name.to_owned();
    }
    let host = rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned();
    match ssconf {
        Some(ssconf) => name_in(ssconf, host),
        None => host,
    }
}

/// The host's name as the cluster spells it: a host may know only the first part of it.
pub fn name_in(ssconf: &Ssconf, host: String) -> String {
    if ssconf.nodes.iter().any(|node| node.name == host) {
        return host;
    }
    let label = host.split('.').next().unwrap_or_default();
    let mut alike = ssconf
        .nodes
        .iter()
        .filter(|node| node.name.split('.').next() == Some(label));
    match (alike.next(), alike.next()) {
        (Some(node), None) => node.name.clone(),
        _ => host,
    }
}

impl Node for Machine {
    fn hello(&mut self) -> Hello {
        let machine = rustix::system::uname()
            .machine()
            .to_string_lossy()
            .into_owned();
        Hello {
            protocol: PROTOCOL,
            version: env!("CARGO_PKG_VERSION").into(),
            node: self.name(),
            ganeti: self.ssconf.latest().is_some(),
            root: rustix::process::geteuid().is_root(),
            arch: machine,
            boot_id: system::boot_id(&self.place),
            name: self.serve.name.clone(),
            read_only: self.actor.permits().is_empty(),
            permits: self.actor.permits().words(),
            pid: std::process::id(),
        }
    }

    fn ssconf(&mut self, _: Moment) -> Option<Ssconf> {
        let changed = self.ssconf.refresh(&self.place) || self.ssconf_changed;
        self.ssconf_changed = false;
        changed.then(|| self.ssconf.latest().cloned().unwrap_or_default())
    }

    fn sample(&mut self, now: Moment) -> Sample {
        let cluster = Cluster {
            master: self.is_master(),
            ssconf: self.ssconf.latest(),
            directories: self.ssconf.directories(),
        };
        self.probes.sample(&self.place, &cluster, now)
    }

    fn drbd(&mut self, now: Moment) -> Option<Drbd> {
        let ssconf = self.ssconf.latest();
        let name = || name(&self.place, ssconf);
        self.probes.drbd(&self.place, ssconf, name, now)
    }

    fn poll(&mut self, watch: &Watch, _: Moment) -> Vec<Report> {
        if watch.master && !self.watched {
            self.watched_since += 1;
        }
        self.watched = watch.master;
        let order = self.order(watch);
        let trouble = self.master.order(&order).err();
        let mut reports = self.master.reports();
        reports.extend(self.actor.reports());
        if !self.permits_trouble.is_empty() {
            reports.push(Report::Problem(Problem {
                about: "permissions".into(),
                text: std::mem::take(&mut self.permits_trouble),
            }));
        }
        if trouble != self.trouble {
            self.trouble.clone_from(&trouble);
            reports.push(Report::Problem(Problem {
                about: "luxi".into(),
                text: trouble.unwrap_or_default(),
            }));
        }
        reports
    }

    fn ask(&mut self, id: u64, question: &Question, _: Moment) -> Option<AnswerBody> {
        match question {
            Question::KnownHosts => Some(match text(&self.place.data("known_hosts")) {
                Ok(text) => AnswerBody::KnownHosts(text),
                Err(why) => AnswerBody::Failed(format!("known_hosts: {why}")),
            }),
            Question::JobLog { job, after } => {
                let asked = self.master.ask_log((id, *job, *after));
                (!asked).then(|| AnswerBody::Failed("jobs are not watched on this node".into()))
            }
        }
    }

    fn act(&mut self, wish: Wish, _: Moment) -> Option<Outcome> {
        let name = self.name();
        self.actor.take(wish, &name)
    }

    fn misread(&mut self, id: &str, outcome: &Outcome, _: Moment) {
        self.actor.misread(id, outcome);
    }

    fn heard(&mut self, now: Moment) {
        self.actor.heard(now);
    }
}

#[cfg(test)]
mod tests {
    use gantry_wire::ssconf::SsNode;

    use super::*;

    #[test]
    fn a_host_is_named_as_the_cluster_spells_it() {
        let node = |name: &str| SsNode {
            name: name.into(),
            ..SsNode::default()
        };
        let ssconf = Ssconf {
            nodes: vec![
                node("node1.example.com"),
                node("node2.example.com"),
                node("web.a.example.com"),
                node("web.b.example.com"),
            ],
            ..Ssconf::default()
        };
        let named = |host: &str| name_in(&ssconf, host.to_owned());
        assert_eq!(named("node2"), "node2.example.com");
        assert_eq!(named("node1.example.com"), "node1.example.com");
        assert_eq!(named("node1.local"), "node1.example.com");
        assert_eq!(named("web"), "web", "two could be meant");
        assert_eq!(named("other"), "other");
    }
}
