//! How mirrors change. All changes go through [`Cluster::set_mirror`], so that counts, times and
//! waiting resyncs follow.

use std::collections::BTreeSet;

use super::mirror::{Hold, Mirror, Resync};
use super::tally::Half;
use crate::sim::instance::{Instance, InstanceId, Template};
use crate::sim::node::NodeId;
use crate::sim::{Cluster, Event};

/// Whoever was away differs at least by this when it comes back, MiB.
const AT_LEAST: f64 = 8.0;

impl Cluster {
    /// Gives an instance's mirror another state.
    pub(in crate::sim) fn set_mirror(&mut self, id: InstanceId, mirror: Mirror) {
        self.settle(id);
        let now = self.now;
        let Some(instance) = self.instances.get_mut(&id) else {
            return;
        };
        let before = std::mem::replace(&mut instance.mirror, mirror);
        if mirror.differs(&before) {
            instance.mirror_changed = Some(now);
        }
        self.stir(id);
        let copies = |mirror: &Mirror| matches!(mirror, Mirror::Resync(_));
        if copies(&before) && !copies(&mirror) {
            self.let_go(id);
        }
    }

    /// A resync or a verify goes on like this from now on.
    pub(in crate::sim) fn set_going(&mut self, id: InstanceId, mirror: Mirror) {
        self.set_mirror(id, mirror);
        if let Some(end) = mirror.going().and_then(Resync::end) {
            self.after(end.saturating_sub(self.now), Event::Synced(id));
        }
    }

    /// Everything that a mirror has counted until now is settled: whatever it depends on may
    /// change.
    pub(in crate::sim) fn settle(&mut self, id: InstanceId) {
        let now = self.now;
        let Some(instance) = self.instances.get_mut(&id) else {
            return;
        };
        instance.tally = instance.tally.at(instance, now);
        let grown = instance.behind(now);
        match &mut instance.mirror {
            Mirror::Cut { since, behind, .. } | Mirror::StandAlone { since, behind } => {
                (*since, *behind) = (now, grown);
            }
            Mirror::Split(split) => (split.since, split.behind) = (now, grown),
            _ => {}
        }
    }

    /// The instance's disks are set up on its nodes.
    pub(in crate::sim) fn set_up(&mut self, id: InstanceId) {
        self.settle(id);
        let now = self.now;
        let was = |instance: &Instance, node: Option<NodeId>| {
            node.is_some_and(|node| self.is_set_up(instance, node))
        };
        let Some(instance) = self.instances.get(&id) else {
            return;
        };
        let primary = was(instance, Some(instance.primary));
        let secondary = was(instance, instance.secondary);
        if let Some(instance) = self.instances.get_mut(&id) {
            instance.active = true;
            instance.configured = now;
            // A new device counts from nothing.
            if !primary {
                instance.tally.primary = Half::default();
            }
            if !secondary {
                instance.tally.secondary = Half::default();
            }
        }
        self.stir(id);
    }

    /// The devices of an instance's disks are taken down on both nodes.
    pub(in crate::sim) fn take_down(&mut self, id: InstanceId) {
        let stopped = self.instances.get(&id).filter(|i| !i.runs());
        let Some(mirror) = stopped.map(|instance| instance.mirror) else {
            return;
        };
        match mirror {
            Mirror::Verify(_) => self.set_mirror(id, Mirror::InStep),
            Mirror::Resync(_) => self.part(id),
            _ => {}
        }
        if let Some(instance) = self.instances.get_mut(&id) {
            instance.active = false;
        }
        self.stir(id);
    }

    /// Something on the storage of an instance's nodes changes.
    pub(in crate::sim) fn stir(&mut self, id: InstanceId) {
        for node in self.instance_nodes(id) {
            if let Some(node) = self.nodes.get_mut(node) {
                node.stir += 1;
            }
        }
    }

    /// The connection between the halves breaks.
    pub(in crate::sim) fn part(&mut self, id: InstanceId) {
        let now = self.now;
        let Some(instance) = self.instances.get(&id) else {
            return;
        };
        let apart = !instance.mirror.is_connected();
        if instance.template != Template::Drbd || !instance.active || apart {
            return;
        }
        let behind = instance.behind(now);
        let cut = Mirror::Cut {
            since: now,
            behind,
            torn: behind > 0.0,
        };
        self.set_mirror(id, cut);
    }

    /// Connects the halves of a mirror if both nodes are there. Those that were written apart do
    /// not take each other back.
    pub(in crate::sim) fn connect(&mut self, id: InstanceId) {
        let Some(instance) = self.instances.get(&id) else {
            return;
        };
        let apart = matches!(
            instance.mirror,
            Mirror::Cut { .. } | Mirror::StandAlone { .. }
        );
        let there = instance.nodes().all(|node| self.is_reachable(node));
        if !apart || !instance.active || !there {
            return;
        }
        let behind = instance.behind(self.now) + AT_LEAST;
        let size = instance.disk_size() as f64;
        self.begin_resync(id, behind.min(size));
    }

    /// So much must be copied from the primary's half.
    pub fn begin_resync(&mut self, id: InstanceId, mib: f64) {
        let rate = self.resync_rate(id);
        let resync = Resync::begin(self.now, mib, rate);
        self.set_going(id, Mirror::Resync(resync));
    }

    /// How fast a resync goes that begins now, MiB a second: those of one node share its wire.
    pub(in crate::sim) fn resync_rate(&mut self, id: InstanceId) -> f64 {
        let mut others: BTreeSet<InstanceId> = self
            .instance_nodes(id)
            .into_iter()
            .filter_map(|node| self.nodes.get(node))
            .flat_map(|node| node.primaries.union(&node.secondaries))
            .copied()
            .collect();
        others.remove(&id);
        let moves = |other: &InstanceId| {
            let mirror = self.instances.get(other).map(|other| other.mirror);
            matches!(mirror, Some(Mirror::Resync(resync)) if resync.rate > 0.0)
        };
        others.retain(moves);
        let alone = self.chance.between(60, 160) as f64;
        alone / (others.len() + 1).min(8) as f64
    }

    /// A resync or a verify may be over.
    pub(in crate::sim) fn synced(&mut self, id: InstanceId) {
        let mirror = self.instances.get(&id).map(|instance| instance.mirror);
        let going = mirror.as_ref().and_then(Mirror::going);
        if going.is_some_and(|going| going.left(self.now) <= 0.0) {
            self.set_mirror(id, Mirror::InStep);
        }
    }

    /// A resync that stands still moves again.
    pub(in crate::sim) fn go_on(&mut self, id: InstanceId) {
        let mirror = self.instances.get(&id).map(|instance| instance.mirror);
        let Some(Mirror::Resync(resync)) = mirror.filter(|_| self.stands_still(id)) else {
            return;
        };
        let rate = self.resync_rate(id);
        let moving = resync.at_rate(self.now, rate, None);
        self.set_going(id, Mirror::Resync(moving));
    }

    fn stands_still(&self, id: InstanceId) -> bool {
        let mirror = self.instances.get(&id).map(|instance| instance.mirror);
        matches!(mirror, Some(Mirror::Resync(resync)) if resync.rate == 0.0)
    }

    /// Those that waited for this resync move.
    fn let_go(&mut self, id: InstanceId) {
        let waits = |instance: &Instance| {
            let hold = instance.mirror.going().and_then(|going| going.hold);
            hold == Some(Hold::Dependency(id))
        };
        let ids: Vec<InstanceId> = self
            .instances
            .iter()
            .filter(|(_, instance)| waits(instance))
            .map(|(id, _)| *id)
            .collect();
        for id in ids {
            self.go_on(id);
        }
    }
}
