//! A forecast in the making.

use std::collections::{BTreeMap, BTreeSet};

use gantry_wire::operation::Operation;

use crate::action::words::name_of;
use crate::model::{Cluster, Instance, Node};

use super::effect::Effect;
use super::{Forecast, Line, Tone, World};

/// What has been found so far.
pub struct Draft<'a> {
    /// What it is made of.
    pub world: World<'a>,
    /// The facts.
    pub cluster: &'a Cluster,
    /// What the operations make of the cluster, in their order.
    pub effects: Vec<Effect>,
    /// Change of free memory by node, MiB, of what is certain to come.
    pub memory: BTreeMap<String, i64>,
    /// Change of free disk by node and volume group (or directory), MiB.
    pub disk: BTreeMap<(String, String), i64>,
    /// Nodes on whose facts it rests.
    pub rests_on: BTreeSet<String>,
    out: Forecast,
    many: bool,
    at: usize,
    subject: String,
    /// Where the lines, effects and room of the operation at hand begin.
    mark: Mark,
}

/// What is taken back where an operation turns out not to be done at all.
#[derive(Default)]
struct Mark {
    lines: usize,
    effects: usize,
    memory: BTreeMap<String, i64>,
    disk: BTreeMap<(String, String), i64>,
    unproven: usize,
    loses_data: bool,
}

impl<'a> Draft<'a> {
    /// Of so many operations.
    pub fn new(world: World<'a>, count: usize) -> Draft<'a> {
        Draft {
            world,
            cluster: world.cluster,
            effects: Vec::new(),
            memory: BTreeMap::new(),
            disk: BTreeMap::new(),
            rests_on: BTreeSet::new(),
            out: Forecast::default(),
            many: count > 1,
            at: 0,
            subject: String::new(),
            mark: Mark::default(),
        }
    }

    /// What follows is about this one.
    pub fn begin(&mut self, at: usize, operation: &Operation) {
        self.at = at;
        self.subject = name_of(operation);
        self.mark = Mark {
            lines: self.out.lines.len(),
            effects: self.effects.len(),
            memory: self.memory.clone(),
            disk: self.disk.clone(),
            unproven: self.out.unproven.len(),
            loses_data: self.out.loses_data,
        };
    }

    /// One that is refused or would do nothing changes nothing for those that follow.
    pub fn end(&mut self) {
        let idle = self.out.idle.last().is_some_and(|it| it.0 == self.at);
        if !idle && !self.is_refused() {
            self.subject.clear();
            return;
        }
        self.effects.truncate(self.mark.effects);
        self.memory = std::mem::take(&mut self.mark.memory);
        self.disk = std::mem::take(&mut self.mark.disk);
        self.out.unproven.truncate(self.mark.unproven);
        self.out.loses_data = self.mark.loses_data;
        if self.many {
            self.out.lines.truncate(self.mark.lines);
        }
        self.subject.clear();
    }

    /// The operation at hand is refused.
    pub fn is_refused(&self) -> bool {
        self.out.refusals.last().is_some_and(|it| it.0 == self.at)
    }

    /// The line on what becomes of the operation's subject: told of each operation.
    pub fn head(&mut self, label: impl Into<String>, text: impl Into<String>, tone: Tone) {
        self.line(label.into(), text.into(), tone);
    }

    /// A line of detail. Of many operations only what is to be minded is told.
    pub fn say(&mut self, label: impl Into<String>, text: impl Into<String>, tone: Tone) {
        if self.many && !self.subject.is_empty() && tone < Tone::Warn {
            return;
        }
        self.line(label.into(), text.into(), tone);
    }

    fn line(&mut self, label: String, text: String, tone: Tone) {
        let (label, text) = match self.many && !self.subject.is_empty() {
            true if label.is_empty() || label == self.subject => (self.subject.clone(), text),
            true => (self.subject.clone(), format!("{label}: {text}")),
            false => (label, text),
        };
        let line = Line { label, text, tone };
        if !self.out.lines.contains(&line) {
            self.out.lines.push(line);
        }
    }

    /// Says that the operation at hand cannot or must not be done. The first reason counts.
    pub fn refuse(&mut self, why: impl Into<String>) {
        if !self.is_refused() {
            self.out.refusals.push((self.at, why.into()));
        }
    }

    /// Says that none of them can be done.
    pub fn refuse_all(&mut self, why: impl Into<String>) {
        if self.out.refused.is_none() {
            self.out.refused = Some(why.into());
        }
    }

    /// Says that the operation at hand would do nothing.
    pub fn nothing(&mut self, why: impl Into<String>) {
        if self.out.idle.last().is_none_or(|it| it.0 != self.at) {
            self.out.idle.push((self.at, why.into()));
        }
    }

    /// Says that data is lost.
    pub fn loses_data(&mut self) {
        self.out.loses_data = true;
    }

    /// A node is taken for dead without proof.
    pub fn unproven(&mut self, node: &str) {
        if !self.out.unproven.iter().any(|it| it == node) {
            self.out.unproven.push(node.to_owned());
        }
    }

    /// A job that is to be waited for; says whether it is new.
    pub fn waits_for(&mut self, job: u64) -> bool {
        let new = !self.out.behind.contains(&job);
        if new {
            self.out.behind.push(job);
        }
        new
    }

    /// An instance by name; refused if there is none.
    pub fn instance(&mut self, name: &str) -> Option<&'a Instance> {
        let found = self.cluster.instances.get(name);
        if found.is_none() {
            self.refuse(format!("there is no instance {name}"));
        }
        found
    }

    /// A node by name; refused if there is none.
    pub fn node(&mut self, name: &str) -> Option<&'a Node> {
        self.rests_on.insert(name.to_owned());
        let found = self.cluster.nodes.get(name);
        if found.is_none() {
            self.refuse(format!("there is no node {name}"));
        }
        found
    }

    /// Whether an instance may be started at all; refused if it is marked offline.
    pub fn may_run(&mut self, instance: &Instance) -> bool {
        let offline = instance.conf.admin_state == "offline";
        if offline {
            let name = &instance.name;
            self.refuse(format!(
                "{name} is marked offline (gnt-instance modify --online)"
            ));
        }
        !offline
    }

    /// Whether an instance has all of these disks; refused if it has not.
    pub fn has_disks(&mut self, instance: &Instance, disks: &[u8]) -> bool {
        let count = instance.conf.disks.len();
        let wrong = disks.iter().find(|at| usize::from(**at) >= count);
        if let Some(wrong) = wrong {
            self.refuse(format!("{} has no disk {wrong}", instance.name));
        }
        wrong.is_none()
    }

    /// Who allocates, if nobody is named or `.`; refused with what there is `instead` if the cluster has no default.
    pub fn allocator(&mut self, named: Option<&str>, instead: &str) -> Option<String> {
        if let Some(name) = named.filter(|name| *name != ".") {
            return Some(name.to_owned());
        }
        let conf = self.cluster.conf.as_ref();
        match conf.map(|conf| conf.default_iallocator.clone()) {
            Some(name) if name.is_empty() => {
                self.refuse(format!("the cluster has no default iallocator: {instead}"));
                None
            }
            own => Some(own.unwrap_or_else(|| "the default iallocator".to_owned())),
        }
    }

    /// Refuses what cannot be as it is configured.
    pub fn needs(&mut self, met: Result<(), String>) -> bool {
        match met {
            Ok(()) => true,
            Err(why) => {
                self.refuse(why);
                false
            }
        }
    }

    /// The forecast.
    pub fn done(mut self, operations: &[Operation]) -> Forecast {
        let name = |at: usize| operations.get(at).map(name_of).unwrap_or_default();
        let all = operations.len();
        let each = |whys: &[(usize, String)]| {
            let whys = whys.iter().map(|(at, why)| format!("{}: {why}", name(*at)));
            whys.collect::<Vec<_>>().join("; ")
        };
        if self.out.refused.is_none() {
            self.out.refused = match self.out.refusals.as_slice() {
                [] => None,
                [(_, why)] if all == 1 => Some(why.clone()),
                some => Some(format!(
                    "{} of {all} cannot be done: {}",
                    some.len(),
                    each(some)
                )),
            };
        }
        self.out.nothing = match self.out.idle.as_slice() {
            [] if all == 0 => Some("nothing was asked for".to_owned()),
            [] => None,
            [(_, why)] if all == 1 => Some(why.clone()),
            some if some.len() == all => {
                Some(format!("none of {all} would do anything: {}", each(some)))
            }
            some => {
                let text = format!("{} of {all} would do nothing: {}", some.len(), each(some));
                let (label, tone) = (String::new(), Tone::Plain);
                self.out.lines.push(Line { label, text, tone });
                None
            }
        };
        self.out.behind.sort_unstable();
        self.out
    }
}
