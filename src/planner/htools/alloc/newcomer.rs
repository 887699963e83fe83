//! An instance that is not in the cluster yet, and its way in and out.

use crate::planner::htools::cluster::Cluster;
use crate::planner::htools::data;
use crate::planner::htools::instance::Instance;
use crate::planner::htools::moves::Outcome;
use crate::planner::htools::node::{Figures, Refusal};
use crate::planner::htools::operations::{add_primary, add_secondary};
use crate::planner::htools::peers::Entry;

/// An instance without nodes.
#[derive(Clone, Debug)]
pub struct Newcomer {
    /// What it is described by. Its nodes mean nothing.
    pub loaded: data::Instance,
    /// The planner's view of it.
    pub instance: Instance,
}

/// What an admitted instance has changed.
#[derive(Clone, Debug)]
pub struct Admission {
    before: [Option<(usize, Figures)>; 3],
    peer: Option<Entry>,
}

impl Newcomer {
    /// An instance as described, with these loads.
    pub fn new(cluster: &mut Cluster, loaded: data::Instance, load: [f64; 4]) -> Newcomer {
        let mut instance = Instance::new(&loaded, loaded.name.clone(), load);
        (instance.primary, instance.secondary) = (usize::MAX, None);
        cluster.tags.number(&mut instance, &loaded.tags);
        Newcomer { loaded, instance }
    }

    /// What it makes of its nodes. Soft checks of the primary node are left out by `ignore_soft`; those of the
    /// secondary never are.
    ///
    /// # Errors
    /// The first check that fails, that of the primary node first.
    pub fn outcome(
        &self,
        cluster: &Cluster,
        primary: usize,
        secondary: Option<usize>,
        ignore_soft: bool,
    ) -> Result<Outcome, Refusal> {
        let node = cluster.nodes.get(primary).ok_or(Refusal::Disk)?;
        let before = cluster.figures.get(primary).ok_or(Refusal::Disk)?;
        let group = cluster.data.groups.get(node.group);
        if let Some(objection) =
            group.and_then(|group| group.policy.objects(&self.loaded, node.exclusive))
        {
            return Err(objection.refusal());
        }
        let instance = &self.instance;
        let arrival = cluster.arrival(instance, primary, secondary);
        let first = add_primary(node, before, instance, ignore_soft, arrival)?;
        let mut changed = [Some((primary, first)), None, None];
        if let Some(at) = secondary {
            let node = cluster.nodes.get(at).ok_or(Refusal::Disk)?;
            let before = cluster.figures.get(at).ok_or(Refusal::Disk)?;
            let peer = cluster.peers.get(at, primary);
            let second = add_secondary(node, before, instance, false, false, peer)?;
            changed[1] = Some((at, second));
        }
        Ok(Outcome {
            changed,
            primary,
            secondary,
            location: arrival.location,
        })
    }
}

impl Cluster {
    /// Takes an instance in, as the last one.
    pub fn admit(&mut self, newcomer: &Newcomer, outcome: &Outcome) -> Admission {
        let at = self.instances.len();
        let mut instance = newcomer.instance.clone();
        instance.primary = outcome.primary;
        instance.secondary = outcome.secondary;
        instance.location = outcome.location;
        let mut loaded = newcomer.loaded.clone();
        loaded.primary = outcome.primary;
        loaded.secondary = outcome.secondary;
        let mut before = [None; 3];
        for (kept, (node, figures)) in before.iter_mut().zip(outcome.changed.iter().flatten()) {
            if let Some(now) = self.figures.get_mut(*node) {
                *kept = Some((*node, *now));
                *now = *figures;
            }
        }
        let mut peer = None;
        self.tags.came(outcome.primary, &instance);
        if !instance.forthcoming {
            if let Some(list) = self.primaries.get_mut(outcome.primary) {
                list.insert(0, at);
            }
            if let Some(secondary) = outcome.secondary {
                if let Some(list) = self.secondaries.get_mut(secondary) {
                    list.insert(0, at);
                }
                peer = Some(self.peers.entry(secondary, outcome.primary));
                let needed = instance.needed_on_secondary();
                self.peers.add(secondary, outcome.primary, needed);
            }
        }
        self.instances.push(instance);
        self.data.instances.push(loaded);
        Admission { before, peer }
    }

    /// Takes the last instance out again, as if it had never been there.
    pub fn dismiss(&mut self, admission: Admission) {
        self.data.instances.pop();
        let Some(instance) = self.instances.pop() else {
            return;
        };
        let at = self.instances.len();
        self.tags.left(instance.primary, &instance);
        if let Some(list) = self.primaries.get_mut(instance.primary) {
            list.retain(|it| *it != at);
        }
        let secondary = instance.secondary;
        if let Some(list) = secondary.and_then(|node| self.secondaries.get_mut(node)) {
            list.retain(|it| *it != at);
        }
        if let Some(peer) = admission.peer {
            self.peers.put_back(peer);
        }
        for (node, figures) in admission.before.iter().flatten() {
            if let Some(now) = self.figures.get_mut(*node) {
                *now = *figures;
            }
        }
    }
}
