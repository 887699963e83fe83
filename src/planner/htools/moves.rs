//! The moves of an instance, and what each makes of its nodes.

use super::cluster::Cluster;
use super::instance::Instance;
use super::node::{Figures, Refusal};
use super::operations::{Arrival, add_primary, add_secondary, remove_primary, remove_secondary};

/// A move. The number is the new node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// To the secondary node, which changes places with the primary one.
    Failover,
    /// To any node of shared storage.
    FailoverToAny(usize),
    /// A new primary node: failover, new secondary, failover.
    ReplacePrimary(usize),
    /// A new secondary node.
    ReplaceSecondary(usize),
    /// A new secondary node, and failover to it.
    ReplaceAndFailover(usize),
    /// Failover, and a new secondary node.
    FailoverAndReplace(usize),
}

/// What a move makes of its nodes.
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    /// The old primary, the old secondary if any, the new node if any: those that change, each once.
    pub changed: [Option<(usize, Figures)>; 3],
    /// The primary afterwards.
    pub primary: usize,
    /// The secondary afterwards.
    pub secondary: Option<usize>,
    /// Location tags that both share.
    pub location: i64,
}

/// The things every move of one instance begins with.
struct Start<'a> {
    cluster: &'a Cluster,
    instance: &'a Instance,
    force: bool,
}

impl Cluster {
    /// What a move would make of its nodes. `force` leaves out soft checks.
    ///
    /// # Errors
    /// What refuses it.
    pub fn outcome(&self, instance: usize, to: Move, force: bool) -> Result<Outcome, Refusal> {
        let instance = self.instances.get(instance).ok_or(Refusal::Disk)?;
        let start = Start {
            cluster: self,
            instance,
            force,
        };
        match to {
            Move::Failover => start.failover(),
            Move::FailoverToAny(node) => start.failover_to_any(node),
            Move::ReplacePrimary(node) => start.replace_primary(node),
            Move::ReplaceSecondary(node) => start.replace_secondary(node),
            Move::ReplaceAndFailover(node) => start.replace_and_failover(node),
            Move::FailoverAndReplace(node) => start.failover_and_replace(node),
        }
    }

    /// Makes a move whose outcome is known.
    pub fn make(&mut self, at: usize, outcome: &Outcome) {
        for (node, figures) in outcome.changed.iter().flatten() {
            if let Some(now) = self.figures.get_mut(*node) {
                *now = *figures;
            }
        }
        let Some(instance) = self.instances.get_mut(at) else {
            return;
        };
        let before = (instance.primary, instance.secondary);
        instance.primary = outcome.primary;
        instance.secondary = outcome.secondary;
        instance.location = outcome.location;
        if before.0 != outcome.primary {
            self.tags.left(before.0, instance);
            self.tags.came(outcome.primary, instance);
        }
        if instance.forthcoming {
            return;
        }
        if instance.has_secondary {
            let needed = instance.needed_on_secondary();
            if let Some(secondary) = before.1 {
                self.peers.remove(secondary, before.0, needed);
            }
            if let Some(secondary) = outcome.secondary {
                self.peers.add(secondary, outcome.primary, needed);
            }
        }
        // An instance that left a node and came back is the newest there.
        if before.0 != outcome.primary || instance.has_secondary {
            relist(
                &mut self.primaries,
                at,
                Some(before.0),
                Some(outcome.primary),
            );
        }
        if instance.has_secondary {
            relist(&mut self.secondaries, at, before.1, outcome.secondary);
        }
    }
}

fn relist(lists: &mut [Vec<usize>], at: usize, from: Option<usize>, to: Option<usize>) {
    if let Some(list) = from.and_then(|node| lists.get_mut(node)) {
        list.retain(|it| *it != at);
    }
    if let Some(list) = to.and_then(|node| lists.get_mut(node)) {
        list.insert(0, at);
    }
}

impl Start<'_> {
    fn offline(&self, node: usize) -> bool {
        self.cluster.nodes.get(node).is_none_or(|it| it.offline)
    }

    fn secondary(&self) -> Result<usize, Refusal> {
        self.instance.secondary.ok_or(Refusal::Disk)
    }

    fn migrate(&self, from: usize, to: usize) -> Result<(), Refusal> {
        if self.cluster.tags.may_migrate(from, to) {
            Ok(())
        } else {
            Err(Refusal::Migration)
        }
    }

    fn now(&self, node: usize) -> Result<Figures, Refusal> {
        self.cluster.figures.get(node).copied().ok_or(Refusal::Disk)
    }

    fn without_primary(&self) -> Result<Figures, Refusal> {
        let at = self.instance.primary;
        let node = self.cluster.nodes.get(at).ok_or(Refusal::Disk)?;
        let tags = &self.cluster.tags;
        let conflicts = tags.leaving(at, self.instance);
        let wishes = tags.wishes(at, self.instance);
        let before = self.now(at)?;
        Ok(remove_primary(
            node,
            &before,
            self.instance,
            conflicts,
            wishes,
        ))
    }

    fn without_secondary(&self, at: usize) -> Result<Figures, Refusal> {
        let node = self.cluster.nodes.get(at).ok_or(Refusal::Disk)?;
        let before = self.now(at)?;
        let (primary, needed) = (self.instance.primary, self.instance.needed_on_secondary());
        let peers = &self.cluster.peers;
        let reserved = peers.most_without(at, primary, needed, before.reserved);
        Ok(remove_secondary(node, &before, self.instance, reserved))
    }

    fn as_primary(
        &self,
        at: usize,
        before: &Figures,
        force: bool,
        other: Option<usize>,
    ) -> Result<Figures, Refusal> {
        let node = self.cluster.nodes.get(at).ok_or(Refusal::Disk)?;
        let arrival = self.cluster.arrival(self.instance, at, other);
        add_primary(node, before, self.instance, force, arrival)
    }

    fn as_secondary(
        &self,
        at: usize,
        before: &Figures,
        force: bool,
        ignore_disks: bool,
        primary: usize,
    ) -> Result<Figures, Refusal> {
        let node = self.cluster.nodes.get(at).ok_or(Refusal::Disk)?;
        let peer = self.cluster.peers.get(at, primary);
        add_secondary(node, before, self.instance, force, ignore_disks, peer)
    }

    fn common(&self, a: usize, b: usize) -> i64 {
        self.cluster.tags.common(a, b)
    }

    fn failover(self) -> Result<Outcome, Refusal> {
        let (p, s) = (self.instance.primary, self.secondary()?);
        let dead = self.offline(p);
        let force = dead || self.force;
        self.migrate(p, s)?;
        let new_s = self.as_primary(s, &self.without_secondary(s)?, force, Some(p))?;
        let new_p = self.as_secondary(p, &self.without_primary()?, force, dead, s)?;
        Ok(Outcome {
            changed: [Some((p, new_p)), Some((s, new_s)), None],
            primary: s,
            secondary: Some(p),
            location: self.instance.location,
        })
    }

    fn failover_to_any(self, t: usize) -> Result<Outcome, Refusal> {
        let p = self.instance.primary;
        let force = self.offline(p) || self.force;
        self.migrate(p, t)?;
        let node = self.cluster.nodes.get(t).ok_or(Refusal::Disk)?;
        let arrival = Arrival {
            location: self.instance.location,
            ..self.cluster.arrival(self.instance, t, None)
        };
        let new_t = add_primary(node, &self.now(t)?, self.instance, force, arrival)?;
        Ok(Outcome {
            changed: [Some((p, self.without_primary()?)), Some((t, new_t)), None],
            primary: t,
            secondary: self.instance.secondary,
            location: self.instance.location,
        })
    }

    fn replace_primary(self, t: usize) -> Result<Outcome, Refusal> {
        let (p, s) = (self.instance.primary, self.secondary()?);
        let force = self.offline(p) || self.force;
        self.migrate(p, s)?;
        self.migrate(s, t)?;
        let node = self.cluster.nodes.get(s).ok_or(Refusal::Disk)?;
        let meanwhile = Arrival {
            location: self.instance.location,
            ..self.cluster.arrival(self.instance, s, None)
        };
        let on_s = add_primary(
            node,
            &self.without_secondary(s)?,
            self.instance,
            force,
            meanwhile,
        )?;
        let (conflicts, wishes) = (-meanwhile.conflicts, meanwhile.wishes);
        let off_s = remove_primary(node, &on_s, self.instance, conflicts, wishes);
        let new_t = self.as_primary(t, &self.now(t)?, force, Some(s))?;
        let new_s = self.as_secondary(s, &off_s, force, false, t)?;
        let new_p = self.without_primary()?;
        Ok(Outcome {
            changed: [Some((p, new_p)), Some((s, new_s)), Some((t, new_t))],
            primary: t,
            secondary: Some(s),
            location: self.common(t, s),
        })
    }

    fn replace_secondary(self, t: usize) -> Result<Outcome, Refusal> {
        let (p, s) = (self.instance.primary, self.secondary()?);
        let force = self.offline(s) || self.force;
        let new_t = self.as_secondary(t, &self.now(t)?, force, false, p)?;
        let node = self.cluster.nodes.get(p).ok_or(Refusal::Disk)?;
        let location = self.common(p, t);
        let back = Arrival {
            conflicts: -self.cluster.tags.leaving(p, self.instance),
            clash: false,
            wishes: self.cluster.tags.wishes(p, self.instance),
            location,
        };
        let new_p = add_primary(node, &self.without_primary()?, self.instance, true, back)?;
        let new_s = self.without_secondary(s)?;
        Ok(Outcome {
            changed: [Some((p, new_p)), Some((s, new_s)), Some((t, new_t))],
            primary: p,
            secondary: Some(t),
            location,
        })
    }

    fn replace_and_failover(self, t: usize) -> Result<Outcome, Refusal> {
        let (p, s) = (self.instance.primary, self.secondary()?);
        let force = self.offline(s) || self.force;
        self.migrate(p, t)?;
        let new_t = self.as_primary(t, &self.now(t)?, self.force, Some(p))?;
        let new_p = self.as_secondary(p, &self.without_primary()?, force, false, t)?;
        let new_s = self.without_secondary(s)?;
        Ok(Outcome {
            changed: [Some((p, new_p)), Some((s, new_s)), Some((t, new_t))],
            primary: t,
            secondary: Some(p),
            location: self.common(t, p),
        })
    }

    fn failover_and_replace(self, t: usize) -> Result<Outcome, Refusal> {
        let (p, s) = (self.instance.primary, self.secondary()?);
        let force = self.offline(p) || self.force;
        self.migrate(p, s)?;
        let new_s = self.as_primary(s, &self.without_secondary(s)?, force, Some(t))?;
        let new_t = self.as_secondary(t, &self.now(t)?, force, false, s)?;
        let new_p = self.without_primary()?;
        Ok(Outcome {
            changed: [Some((p, new_p)), Some((s, new_s)), Some((t, new_t))],
            primary: s,
            secondary: Some(t),
            location: self.common(s, t),
        })
    }
}
