//! What happens in a cluster day after day: people and programs submit jobs, guests crash, nodes
//! drop out. Each kind happens at random times of its own; none drives the cluster anywhere: what
//! is broken is mended, what is moved may move back, what is made is removed again.

use std::collections::BTreeMap;

use super::drbd::mirror::Mirror;
use super::instance::{Admin, InstanceId, Template};
use super::node::{NodeId, Outage, Role};
use super::opcode::Opcode;
use super::{Cluster, Event, build};

const SECOND: u64 = 1000;
const MINUTE: u64 = 60 * SECOND;

/// What happens now and then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An instance migrates.
    Migrate,
    /// Somebody stops an instance.
    Stop,
    /// Somebody starts a stopped one.
    Start,
    /// Somebody reboots one.
    Reboot,
    /// A backup.
    Backup,
    /// Somebody tries something new.
    Create,
    /// And removes it.
    Remove,
    /// A job that fails.
    Refused,
    /// `gnt-cluster verify`.
    Verify,
    /// A mirror gets a new secondary.
    Replace,
    /// A guest crashes.
    Crash,
    /// A guest is shut down from inside.
    UserDown,
    /// A node drops out.
    Outage,
    /// A resync stalls for a while.
    Stall,
    /// Some other trouble with storage.
    Trouble,
    /// A node is drained, worked on and taken back.
    Maintenance,
    /// The watcher is paused.
    Pause,
}

/// A kind, how often it happens in a cluster of 60 instances (mean ms), whether larger clusters
/// see it more often, and whether it leaves everything well.
#[rustfmt::skip]
const KINDS: &[(Kind, u64, bool, bool)] = &[
    (Kind::Migrate,      90 * SECOND, true,  true),
    (Kind::Stop,          9 * MINUTE, true,  true),
    (Kind::Start,         6 * MINUTE, true,  true),
    (Kind::Reboot,        7 * MINUTE, true,  true),
    (Kind::Backup,        4 * MINUTE, true,  true),
    (Kind::Create,        8 * MINUTE, true,  true),
    (Kind::Remove,        9 * MINUTE, true,  true),
    (Kind::Refused,      20 * MINUTE, false, true),
    (Kind::Verify,       50 * MINUTE, false, true),
    (Kind::Replace,      12 * MINUTE, true,  false),
    (Kind::Crash,         3 * MINUTE, true,  false),
    (Kind::UserDown,     14 * MINUTE, true,  false),
    (Kind::Outage,       12 * MINUTE, false, false),
    (Kind::Stall,        10 * MINUTE, false, false),
    (Kind::Trouble,      11 * MINUTE, false, false),
    (Kind::Maintenance,  45 * MINUTE, false, false),
    (Kind::Pause,        70 * MINUTE, false, false),
];
/// The story has the stage from so long before somebody first looks.
const BEFORE_STORY: u64 = 4 * MINUTE;
/// And until so long afterwards; all trouble waits until then.
const AFTER_STORY: u64 = 75 * SECOND;
/// Trouble with storage comes in turn until then; its like waits.
const AFTER_TROUBLE: u64 = 14 * MINUTE;
/// What would come in between.
const LIKE_TROUBLE: &[Kind] = &[Kind::Outage, Kind::Stall, Kind::Trouble, Kind::Maintenance];
/// No more passing instances than one in so many.
const PASSING_SHARE: usize = 12;
/// No node is filled beyond this share of its memory on purpose.
const FULL: f64 = 0.94;

impl Cluster {
    /// Arms everything that happens now and then.
    pub(super) fn begin_life(&mut self) {
        let first_look = self.options.epoch_ms - self.now;
        for &(kind, _, _, peaceful) in KINDS {
            let quiet = match peaceful {
                true => 0,
                false if LIKE_TROUBLE.contains(&kind) => first_look + AFTER_TROUBLE,
                false => first_look + AFTER_STORY,
            };
            let wait = self.next(kind);
            self.after(quiet + wait, Event::Life(kind));
        }
    }

    /// How long until this happens again, ms.
    fn next(&mut self, kind: Kind) -> u64 {
        let size = (self.options.instances as f64 / 60.0)
            .sqrt()
            .clamp(0.3, 8.0);
        let Some(&(_, mean, grows, _)) = KINDS.iter().find(|row| row.0 == kind) else {
            return MINUTE;
        };
        let mean = if grows {
            (mean as f64 / size) as u64
        } else {
            mean
        };
        self.chance.wait(mean)
    }

    pub(super) fn live(&mut self, kind: Kind) {
        let wait = self.next(kind);
        self.after(wait, Event::Life(kind));
        // The story is not disturbed.
        let story =
            self.options.epoch_ms.saturating_sub(BEFORE_STORY)..self.options.epoch_ms + AFTER_STORY;
        if !story.contains(&self.now) {
            self.live_once(kind);
        }
    }

    pub(super) fn live_once(&mut self, kind: Kind) {
        match kind {
            Kind::Migrate => self.migrate_some(),
            Kind::Stop => self.stop_some(),
            Kind::Start => self.start_some(),
            Kind::Reboot => {
                if let Some(id) = self.some(|_, i| i.runs() && i.mirror.is_whole()) {
                    self.wish(Opcode::Reboot(id), "gnt:user: kernel update");
                }
            }
            Kind::Backup => self.back_up_some(),
            Kind::Create => self.create_one(),
            Kind::Remove => {
                if let Some(id) = self.some(|_, i| i.passing) {
                    self.wish(Opcode::Remove(id), "gnt:user: no longer needed");
                }
            }
            Kind::Refused => self.ask_too_much(),
            Kind::Verify => self.wish(Opcode::ClusterVerify, "cron: gnt-cluster verify"),
            Kind::Replace => self.replace_some(),
            Kind::Crash => {
                if let Some(id) = self.some(|_, i| i.runs() && i.mirror.is_whole()) {
                    self.crash(id);
                }
            }
            Kind::UserDown => {
                if let Some(id) = self.some(|_, i| i.runs()) {
                    self.shut_down_inside(id);
                }
            }
            Kind::Outage => self.lose_some(),
            Kind::Stall => self.stall_some(),
            Kind::Trouble => self.some_trouble(),
            Kind::Maintenance => self.maintain_some(),
            Kind::Pause => {
                let until = self.now + self.chance.between(4, 12) * MINUTE;
                self.watcher_paused_until = Some(until);
            }
        }
    }

    /// Submits one job. A queue that refuses is no concern of those who live here: they try
    /// again another time.
    fn wish(&mut self, code: Opcode, reason: &str) {
        let _ = self.submit(vec![code], reason);
    }

    /// One of the idle instances on answering nodes that are wanted.
    fn some(
        &mut self,
        wanted: impl Fn(&Cluster, &super::instance::Instance) -> bool,
    ) -> Option<InstanceId> {
        let busy = self.queue.busy_instances();
        let fit: Vec<InstanceId> = self
            .instances
            .iter()
            .filter(|(id, i)| wanted(self, i) && !busy.contains(id))
            .filter(|(_, i)| i.nodes().all(|node| self.answers(node)))
            .map(|(id, _)| *id)
            .collect();
        self.chance.pick(&fit).copied()
    }

    /// Share of a node's memory that would be used if all its instances ran.
    fn fill(&self, node: NodeId) -> f64 {
        let memory = self.nodes.get(node).map_or(1, |node| node.memory).max(1);
        1.0 - self.room(node) as f64 / memory as f64
    }

    /// Whether an instance may change places with its secondary without making things worse.
    pub(super) fn can_move(&self, id: InstanceId) -> bool {
        let Some(instance) = self.instances.get(&id) else {
            return false;
        };
        let Some(target) = instance.secondary else {
            return false;
        };
        let Some(node) = self.nodes.get(target) else {
            return false;
        };
        let after = self.fill(target) + instance.memory as f64 / node.memory.max(1) as f64;
        node.takes_instances()
            && !self.queue.busy_nodes(self).contains(&target)
            && instance.memory <= self.room(target)
            && after < FULL
            && after < self.fill(instance.primary) + 0.15
    }

    /// Another node of the same group that could be the secondary.
    pub(super) fn other_secondary(&mut self, id: InstanceId) -> Option<NodeId> {
        let busy = self.queue.busy_nodes(self);
        let instance = self.instances.get(&id)?;
        let group = self.nodes.get(instance.primary)?.group;
        let needed = instance.volume_size() * 2;
        let fit: Vec<NodeId> = (0..self.nodes.len())
            .filter(|&node| {
                let found = &self.nodes[node];
                found.group == group
                    && found.takes_instances()
                    && node != instance.primary
                    && Some(node) != instance.secondary
                    && !busy.contains(&node)
                    && self.disk_free(node) > needed
            })
            .collect();
        self.chance.pick(&fit).copied()
    }

    fn migrate_some(&mut self) {
        for _ in 0..6 {
            let Some(id) = self.some(|_, i| i.runs() && i.in_step()) else {
                return;
            };
            if self.can_move(id) {
                let reason = match self.chance.below(3) {
                    0 => "hbal: rebalancing",
                    1 => "gnt:user: move away from a busy node",
                    _ => "gnt:client:gnt-instance: migrate",
                };
                return self.wish(Opcode::Migrate(id), reason);
            }
        }
    }

    fn stop_some(&mut self) {
        let down = self.instances.values().filter(|i| !i.runs()).count();
        if down * 8 > self.instances.len() {
            return;
        }
        if let Some(instance) = self.some(|_, i| i.runs() && i.mirror.is_whole()) {
            let code = Opcode::Shutdown {
                instance,
                by_user: false,
            };
            self.wish(code, "gnt:client:gnt-instance: shutdown");
        }
    }

    fn start_some(&mut self) {
        if let Some(id) = self.some(|_, i| i.admin == Admin::Down) {
            self.wish(Opcode::Startup(id), "gnt:client:gnt-instance: startup");
        }
    }

    fn back_up_some(&mut self) {
        let Some(instance) = self.some(|_, i| i.runs() && i.volume_size() > 0) else {
            return;
        };
        let here = self.instances.get(&instance).map(|i| i.primary);
        let nodes: Vec<NodeId> = (0..self.nodes.len())
            .filter(|&node| Some(node) != here && self.nodes[node].takes_instances())
            .collect();
        if let Some(&to) = self.chance.pick(&nodes) {
            self.wish(Opcode::Export { instance, to }, "backup: nightly");
        }
    }

    fn create_one(&mut self) {
        let passing = self.instances.values().filter(|i| i.passing).count();
        if (passing + 1) * PASSING_SHARE > self.options.instances {
            return;
        }
        let number = self.next_instance + 1;
        let mut made = build::passing(number, self.now, &mut self.chance);
        let busy = self.queue.busy_nodes(self);
        let (memory, disk) = (made.memory, made.volume_size());
        let fit: Vec<NodeId> = (0..self.nodes.len())
            .filter(|&node| {
                self.nodes[node].takes_instances()
                    && !busy.contains(&node)
                    && self.room(node) > 2 * memory
                    && self.disk_free(node) > 2 * disk
            })
            .collect();
        let Some(&primary) = self.chance.pick(&fit) else {
            return;
        };
        made.primary = primary;
        if made.template == Template::Drbd {
            let group = self.nodes[primary].group;
            let others: Vec<NodeId> = fit
                .into_iter()
                .filter(|&node| node != primary && self.nodes[node].group == group)
                .collect();
            made.secondary = self.chance.pick(&others).copied();
            if made.secondary.is_none() {
                made.template = Template::Plain;
            }
        }
        self.wish(
            Opcode::Create(Box::new(made)),
            "gnt:client:gnt-instance: add",
        );
    }

    /// Jobs that Ganeti refuses when it has looked.
    fn ask_too_much(&mut self) {
        let code = match self.chance.below(3) {
            0 => return self.reinstall_running(),
            1 => self
                .some(|_, i| i.runs() && i.template == Template::Plain)
                .map(Opcode::Migrate),
            _ => self
                .some(|_, i| i.runs())
                .and_then(|id| self.instances.get(&id).cloned())
                .map(|made| Opcode::Create(Box::new(made))),
        };
        if let Some(code) = code {
            self.wish(code, "gnt:user: try again");
        }
    }

    /// A running instance cannot be installed anew.
    pub(super) fn reinstall_running(&mut self) {
        if let Some(id) = self.some(|_, i| i.runs()) {
            self.wish(Opcode::Reinstall(id), "gnt:user: try again");
        }
    }

    fn replace_some(&mut self) {
        let Some(id) = self.some(|_, i| i.in_step() && i.disk_size() < 60 * 1024) else {
            return;
        };
        if let Some(to) = self.other_secondary(id) {
            let code = Opcode::ReplaceDisks { instance: id, to };
            self.wish(code, "gnt:client:gnt-instance: replace-disks");
        }
    }

    fn lose_some(&mut self) {
        if self.nodes.iter().any(|node| node.outage.is_some()) {
            return;
        }
        let nodes: Vec<NodeId> = (0..self.nodes.len())
            .filter(|&node| self.nodes[node].answers() && self.nodes[node].role != Role::Master)
            .collect();
        let Some(&node) = self.chance.pick(&nodes) else {
            return;
        };
        if self.chance.one_in(3) {
            self.lose(node, Outage::Power);
            let away = self.chance.between(150, 420) * SECOND;
            self.after(away, Event::Back(node));
            if away > 240 * SECOND {
                self.after(90 * SECOND, Event::GiveUp(node));
            }
        } else {
            self.lose(node, Outage::Network);
            let away = self.chance.between(15, 90) * SECOND;
            self.after(away, Event::Back(node));
        }
    }

    /// The node stays away: what can run elsewhere is failed over.
    pub(super) fn give_up(&mut self, node: NodeId) {
        let Some(found) = self.nodes.get(node).filter(|node| !node.answers()) else {
            return;
        };
        let fresh = |id: &InstanceId| {
            let mirror = self.instances.get(id).map(|instance| instance.mirror);
            matches!(mirror, Some(Mirror::Cut { torn: false, .. }))
        };
        let ids: Vec<InstanceId> = found.primaries.iter().copied().filter(fresh).collect();
        for instance in self.with_room(ids) {
            let code = Opcode::Failover {
                instance,
                ignore_consistency: true,
            };
            self.wish(code, "gnt:user: node is dead");
        }
    }

    /// Those of some idle instances that their secondaries can take, all together.
    pub(super) fn with_room(&self, ids: Vec<InstanceId>) -> Vec<InstanceId> {
        let mut room: BTreeMap<NodeId, u64> = BTreeMap::new();
        let busy = self.queue.busy_instances();
        let busy_nodes = self.queue.busy_nodes(self);
        let mut fits = |id: &InstanceId| {
            let Some(instance) = self.instances.get(id) else {
                return false;
            };
            let Some(target) = instance.secondary else {
                return false;
            };
            let takes = self.nodes.get(target).is_some_and(|n| n.takes_instances());
            if !takes || busy.contains(id) {
                return false;
            }
            let left = room.entry(target).or_insert_with(|| {
                // What other jobs bring there is not known yet: such a node is left alone.
                match busy_nodes.contains(&target) {
                    true => 0,
                    false => self.room(target),
                }
            });
            match left.checked_sub(instance.memory) {
                Some(rest) => {
                    *left = rest;
                    true
                }
                None => false,
            }
        };
        ids.into_iter().filter(|id| fits(id)).collect()
    }

    fn stall_some(&mut self) {
        let now = self.now;
        let moving: Vec<InstanceId> = self
            .instances
            .iter()
            .filter(|(_, instance)| match instance.mirror {
                Mirror::Resync(resync) => resync.rate > 0.0 && resync.left(now) > 200.0,
                _ => false,
            })
            .map(|(id, _)| *id)
            .collect();
        if let Some(&id) = self.chance.pick(&moving) {
            self.halt(id, None);
            let wait = self.chance.between(30, 150) * SECOND;
            self.after(wait, Event::Mend(id));
        }
    }

    /// A node is drained and emptied, and taken back later.
    fn maintain_some(&mut self) {
        let nodes: Vec<NodeId> = (0..self.nodes.len())
            .filter(|&node| {
                let found = &self.nodes[node];
                found.takes_instances() && found.role != Role::Master
            })
            .collect();
        let drained = self.nodes.iter().filter(|n| n.role == Role::Drained);
        if nodes.len() < 4 || drained.count() > 1 {
            return;
        }
        if let Some(&node) = self.chance.pick(&nodes) {
            let jobs = vec![
                Opcode::Drain {
                    node,
                    drained: true,
                },
                Opcode::NodeMigrate(node),
            ];
            let _ = self.submit(jobs, "gnt:user: firmware update");
            let work = self.chance.between(8, 20) * MINUTE;
            self.after(work, Event::Undrain(node));
        }
    }

    pub(super) fn undrain(&mut self, node: NodeId) {
        let code = Opcode::Drain {
            node,
            drained: false,
        };
        self.wish(code, "gnt:user: firmware update done");
    }
}
