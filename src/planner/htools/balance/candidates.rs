//! Which moves of an instance are looked at, and in which order.

use super::Options;
use crate::planner::htools::cluster::Cluster;
use crate::planner::htools::instance::Instance;
use crate::planner::htools::moves::Move;
use crate::planner::htools::policy::Mirror;

/// The kinds of moves of one instance: first perhaps a failover, then for each target these in this order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kinds {
    /// Failover to the secondary, before all others.
    pub failover: bool,
    /// Failover to any target.
    pub to_any: bool,
    /// A new secondary.
    pub secondary: bool,
    /// A new secondary, and failover to it.
    pub and_failover: bool,
    /// A new primary.
    pub primary: bool,
    /// Failover, and a new secondary.
    pub and_replace: bool,
}

impl Kinds {
    /// What is looked at for this instance. `inside` says whether a node is an online one of the group.
    pub fn of(
        cluster: &Cluster,
        instance: &Instance,
        options: &Options,
        inside: impl Fn(usize) -> bool,
    ) -> Kinds {
        let offline = |at: usize| cluster.nodes.get(at).is_none_or(|it| it.offline);
        let mut kinds = Kinds::default();
        if !instance.movable || !instance.auto_balance {
            return kinds;
        }
        if options.evacuate && !instance.nodes().any(offline) {
            return kinds;
        }
        match instance.mirror {
            Mirror::None => {}
            Mirror::External => kinds.to_any = options.instance_moves,
            Mirror::Internal => {
                let secondary = instance.secondary.is_some_and(inside) && options.instance_moves;
                kinds.failover = secondary;
                kinds.secondary = options.disk_moves;
                let live = options.restricted_migration && !offline(instance.primary);
                let more = options.disk_moves && options.instance_moves && !live;
                kinds.and_failover = more;
                kinds.primary = more && secondary && !options.restricted_migration;
                kinds.and_replace = more && secondary;
            }
        }
        kinds
    }

    /// No move at all.
    pub fn none(self) -> bool {
        self == Kinds::default()
    }

    /// Moves to a target, in order.
    pub fn to(self, target: usize) -> impl Iterator<Item = Move> {
        [
            (self.to_any, Move::FailoverToAny(target)),
            (self.secondary, Move::ReplaceSecondary(target)),
            (self.and_failover, Move::ReplaceAndFailover(target)),
            (self.primary, Move::ReplacePrimary(target)),
            (self.and_replace, Move::FailoverAndReplace(target)),
        ]
        .into_iter()
        .filter_map(|(wanted, to)| wanted.then_some(to))
    }
}
