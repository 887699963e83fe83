//! Trouble with storage, one story each: how it comes about, and how it is mended.

use super::drbd::mirror::{Hold, Mirror, Resync, Split};
use super::instance::{Instance, InstanceId};
use super::node::{NodeId, Outage, Role};
use super::opcode::Opcode;
use super::{Cluster, Event};

/// How long a story goes on before somebody looks who asked for it, ms.
pub const LEAD: u64 = 90_000;
/// How long its trouble then lasts in all, ms.
pub const LONG: u64 = 600_000;
/// A resync moves for so long before it is halted, ms.
const MOVES: u64 = 20_000;
/// Who could not mend something tries again after so long, ms.
const AGAIN: u64 = 30_000;
/// How fast a verify goes, MiB a second.
const VERIFY_RATE: f64 = 90.0;

/// A story of DRBD or LVM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Story {
    /// A mirror gets new volumes, and a job follows its resync.
    Resync,
    /// A resync stands still, and nobody knows why.
    Stall,
    /// Somebody pauses a resync.
    Pause,
    /// Of two resyncs on a node one waits for the other.
    Dependency,
    /// Both halves are compared.
    Verify,
    /// Both halves are written apart from each other.
    SplitBrain,
    /// One half is told to give up on the other.
    StandAlone,
    /// A half loses its disk, and is replaced.
    Diskless,
    /// A node dies, comes back and catches up.
    NodeDeath,
    /// `vgs` hangs on a node.
    VgsHang,
    /// A guest migrates: for a moment both halves are primary.
    Migration,
}

impl Story {
    /// All of them with the names by which they are asked for.
    pub const ALL: &[(&str, Story)] = &[
        ("resync", Story::Resync),
        ("stall", Story::Stall),
        ("pause", Story::Pause),
        ("dependency", Story::Dependency),
        ("verify", Story::Verify),
        ("split-brain", Story::SplitBrain),
        ("standalone", Story::StandAlone),
        ("diskless", Story::Diskless),
        ("node-death", Story::NodeDeath),
        ("vgs-hang", Story::VgsHang),
        ("migration", Story::Migration),
    ];
}

impl std::str::FromStr for Story {
    type Err = String;

    fn from_str(name: &str) -> Result<Story, String> {
        let found = Story::ALL.iter().find(|(known, _)| *known == name);
        found.map(|(_, story)| *story).ok_or_else(|| {
            let names: Vec<&str> = Story::ALL.iter().map(|(name, _)| *name).collect();
            format!("no story {name:?}; there are {}", names.join(", "))
        })
    }
}

/// What happens by itself now and then.
const BY_CHANCE: &[Story] = &[
    Story::Resync,
    Story::Stall,
    Story::Pause,
    Story::Dependency,
    Story::Verify,
    Story::SplitBrain,
    Story::StandAlone,
    Story::Diskless,
    Story::VgsHang,
];

impl Cluster {
    /// One of the stories that may happen any day.
    pub(super) fn some_trouble(&mut self) {
        if let Some(&story) = self.chance.pick(BY_CHANCE) {
            let lasts = self.chance.between(40_000, 150_000);
            self.tell(story, lasts);
        }
    }

    /// Begins a story whose trouble lasts so long, ms. A cluster that has nothing fit for it
    /// goes on without.
    pub fn tell(&mut self, story: Story, lasts: u64) {
        match story {
            Story::NodeDeath => return self.lose_one(lasts),
            Story::VgsHang => return self.hang_vgs(lasts),
            Story::Dependency => return self.line_up(),
            Story::Migration => {
                self.migrate_large();
                return;
            }
            _ => {}
        }
        let Some(id) = self.subject(story) else {
            return;
        };
        let now = self.now;
        let size = self
            .instances
            .get(&id)
            .map_or(0.0, |instance| instance.disk_size() as f64);
        match story {
            Story::Resync => self.renew(id),
            Story::Stall | Story::Pause => {
                self.begin_resync(id, size);
                let hold = (story == Story::Pause).then_some(Hold::User);
                self.after(MOVES, Event::Halt(id, hold));
                self.after(MOVES + lasts, Event::Mend(id));
            }
            Story::Verify => {
                let verify = Resync::begin(now, size, VERIFY_RATE);
                self.set_going(id, Mirror::Verify(verify));
            }
            Story::SplitBrain => {
                let astray = 1.0 + self.chance.between(8, 400) as f64 / 8.0;
                let split = Split {
                    found: now,
                    since: now,
                    behind: 1.0 + self.chance.between(8, 400) as f64 / 8.0,
                    astray,
                };
                self.set_mirror(id, Mirror::Split(split));
                self.after(lasts, Event::Mend(id));
            }
            Story::StandAlone => {
                let alone = Mirror::StandAlone {
                    since: now,
                    behind: 0.0,
                };
                self.set_mirror(id, alone);
                self.after(lasts, Event::Mend(id));
            }
            Story::Diskless => {
                self.set_mirror(id, Mirror::Diskless { since: now });
                self.after(lasts, Event::Mend(id));
            }
            Story::NodeDeath | Story::VgsHang | Story::Dependency | Story::Migration => {}
        }
    }

    /// The mirror that a story is about.
    fn subject(&self, story: Story) -> Option<InstanceId> {
        // Who asked for a story wants to look at it for a while.
        let gib = if self.options.story.is_some() {
            120
        } else {
            30
        };
        let failing = self.oddities.failing;
        let rank = |id| {
            let instance: Option<&Instance> = self.instances.get(&id);
            let size = instance.map_or(0, Instance::disk_size);
            let elsewhere = instance.is_none_or(|i| i.secondary != failing);
            let odd = story == Story::Diskless && elsewhere;
            (u64::from(odd) << 40) + size.abs_diff(gib * 1024)
        };
        let fit = |id: &InstanceId| {
            self.instances
                .get(id)
                .is_some_and(|i| i.nodes().all(|node| self.answers(node)))
        };
        self.candidates(rank).into_iter().find(fit)
    }

    /// New volumes on the same node, or on another one if there is no room.
    fn renew(&mut self, id: InstanceId) {
        let Some(instance) = self.instances.get(&id) else {
            return;
        };
        let needed = instance.volume_size();
        let here = instance
            .secondary
            .is_some_and(|node| self.answers(node) && self.disk_free(node) >= needed);
        let code = match here {
            true => Opcode::RenewDisks(id),
            false => match self.other_secondary(id) {
                Some(to) => Opcode::ReplaceDisks { instance: id, to },
                None => return,
            },
        };
        // A queue that refuses is asked again by whoever mends.
        let _ = self.submit(vec![code], "gnt:user: new disks for the mirror");
    }

    /// Two mirrors that share a secondary node.
    fn line_up(&mut self) {
        let ids = self.candidates(|id| {
            let size = self.instances.get(&id).map_or(0, Instance::disk_size);
            size.abs_diff(30 * 1024)
        });
        let of = |id: &InstanceId| self.instances.get(id);
        let pair = ids.iter().enumerate().find_map(|(n, first)| {
            let node = of(first)?.secondary?;
            let other = ids
                .iter()
                .skip(n + 1)
                .find(|id| of(id).is_some_and(|other| other.secondary == Some(node)))?;
            Some((*first, *other))
        });
        let Some((first, second)) = pair else {
            return;
        };
        for id in [first, second] {
            let size = self.instances.get(&id).map_or(0, Instance::disk_size);
            self.begin_resync(id, size as f64);
        }
        self.halt(second, Some(Hold::Dependency(first)));
    }

    /// A resync that moves stands still from now on.
    pub(super) fn halt(&mut self, id: InstanceId, hold: Option<Hold>) {
        let mirror = self.instances.get(&id).map(|instance| instance.mirror);
        if let Some(Mirror::Resync(resync)) = mirror {
            let still = resync.at_rate(self.now, 0.0, hold);
            self.set_mirror(id, Mirror::Resync(still));
        }
    }

    /// Somebody puts right what is wrong with a mirror.
    pub(super) fn mend(&mut self, id: InstanceId) {
        let Some(instance) = self.instances.get(&id) else {
            return;
        };
        let busy = self.queue.busy_instances().contains(&id);
        match instance.mirror {
            Mirror::Resync(_) => self.go_on(id),
            Mirror::StandAlone { .. } => self.connect(id),
            Mirror::Split(split) if instance.nodes().all(|node| self.is_reachable(node)) => {
                // The secondary's side is thrown away.
                let both = instance.behind(self.now) + split.astray;
                self.begin_resync(id, both.min(instance.disk_size() as f64));
            }
            Mirror::Diskless { .. } if !busy => match self.other_secondary(id) {
                Some(to) => {
                    let code = Opcode::ReplaceDisks { instance: id, to };
                    let _ = self.submit(vec![code], "gnt:user: disk errors on the old secondary");
                }
                None => self.renew(id),
            },
            _ => {}
        }
        let wrong = self.instances.get(&id).is_some_and(|instance| {
            matches!(
                instance.mirror,
                Mirror::StandAlone { .. } | Mirror::Split(_) | Mirror::Diskless { .. }
            )
        });
        if wrong {
            self.after(AGAIN, Event::Mend(id));
        }
    }

    fn hang_vgs(&mut self, lasts: u64) {
        let fit: Vec<NodeId> = (0..self.nodes.len())
            .filter(|&node| self.answers(node) && Some(node) != self.oddities.fills)
            .collect();
        let failing = self.oddities.failing.filter(|node| fit.contains(node));
        if let Some(node) = failing.or(fit.first().copied()) {
            self.set_vgs_hang(node, true);
            self.after(lasts, Event::VgsBack(node));
        }
    }

    /// LVM's programs hang on a node, or answer again.
    pub fn set_vgs_hang(&mut self, node: NodeId, hang: bool) {
        if let Some(found) = self.nodes.get_mut(node) {
            found.vgs_hang = hang;
            found.stir += 1;
        }
    }

    /// The node that is missed most goes off and comes back.
    fn lose_one(&mut self, lasts: u64) {
        let fit = |node: &NodeId| {
            let found = &self.nodes[*node];
            found.answers() && !matches!(found.role, Role::Master | Role::Drained)
        };
        let most = (0..self.nodes.len())
            .filter(fit)
            .max_by_key(|&node| (self.nodes[node].primaries.len(), usize::MAX - node));
        if let Some(node) = most {
            self.lose(node, Outage::Power);
            self.after(lasts, Event::Back(node));
        }
    }
}
