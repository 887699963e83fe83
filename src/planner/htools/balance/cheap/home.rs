//! Where an instance comes from, where it may go, and what that costs.

use super::super::Options;
use super::super::candidates::Kinds;
use crate::planner::htools::cluster::Cluster;

/// Primary and secondary.
pub type Ends = (usize, Option<usize>);

/// An instance at the start.
#[derive(Clone, Copy, Debug)]
pub struct Home {
    /// Its nodes.
    pub ends: Ends,
    /// It has its disks on both.
    pub drbd: bool,
    /// MiB to copy to a new node.
    mib: i64,
    /// It may have another primary.
    primary: bool,
    /// Its disks may be moved.
    disks: bool,
    /// It may leave its primary, its secondary.
    leave: (bool, bool),
}

impl Home {
    /// An instance of the cluster at the start. Nothing if there are no moves of it. `inside` says whether a node is an
    /// online one of the group.
    pub fn of(
        cluster: &Cluster,
        at: usize,
        options: &Options,
        inside: impl Fn(usize) -> bool,
    ) -> Option<Home> {
        let instance = cluster.instances.get(at)?;
        let kinds = Kinds::of(cluster, instance, options, inside);
        let offline = |node: usize| cluster.nodes.get(node).is_none_or(|it| it.offline);
        // An evacuation moves instances from offline nodes, and then no further.
        let leave = |node: usize| !options.evacuate || offline(node);
        (!kinds.none()).then(|| Home {
            ends: (instance.primary, instance.secondary),
            drbd: instance.has_secondary,
            mib: if instance.has_secondary {
                instance.disk.max(0)
            } else {
                0
            },
            primary: kinds.failover || kinds.to_any || kinds.and_failover,
            disks: kinds.secondary,
            leave: (
                leave(instance.primary),
                instance.secondary.is_none_or(leave),
            ),
        })
    }

    /// Whether moves may bring it there.
    pub fn allows(&self, cluster: &Cluster, to: Ends) -> bool {
        let (p, s) = self.ends;
        if to.0 != p && !(self.primary && self.may_migrate(cluster, to)) {
            return false;
        }
        let stays = |node: usize| node == to.0 || Some(node) == to.1;
        if !self.drbd {
            return stays(p) || self.leave.0;
        }
        (stays(p) || (self.disks && self.leave.0))
            && s.is_none_or(|s| stays(s) || (self.disks && self.leave.1))
    }

    /// Whether migration tags let it go there: if it keeps its secondary it goes by way of that.
    fn may_migrate(&self, cluster: &Cluster, to: Ends) -> bool {
        let ((p, s), tags) = (self.ends, &cluster.tags);
        match s.filter(|s| self.drbd && to.1 == Some(*s)) {
            Some(s) => tags.may_migrate(p, s) && tags.may_migrate(s, to.0),
            None => tags.may_migrate(p, to.0),
        }
    }

    /// MiB to copy and moves to make from here to there.
    pub fn cost(&self, to: Ends) -> (i64, i64) {
        let (p, s) = self.ends;
        if !self.drbd {
            return (0, i64::from(p != to.0));
        }
        let new = |node: usize| i64::from(node != p && Some(node) != s);
        let copies = new(to.0) + to.1.map_or(0, new);
        let moves = copies.max(i64::from(self.ends != to));
        (self.mib.saturating_mul(copies), moves)
    }

    /// On the way there it runs on its secondary, which it keeps.
    pub fn passes_secondary(&self, to: Ends) -> bool {
        self.drbd && self.ends.1 == to.1 && self.ends.0 != to.0
    }
}
