//! Where a DRBD instance can go: all secondaries of one primary node at once.

use super::newcomer::Newcomer;
use super::solution::Failures;
use super::statistics::Statistics;
use crate::planner::htools::board::Board;
use crate::planner::htools::cluster::Cluster;
use crate::planner::htools::node::{Figures, Node, Refusal};
use crate::planner::htools::operations::{
    add_primary, add_secondary, later_secondary, n1_refusal, secondary_refusal,
};
use crate::planner::htools::score::{Counts, RESERVED, SPREADS, spread_values};

/// The first spread value that a new secondary changes.
const SECONDARY: usize = 7;

/// A node as a secondary, as far as that does not depend on the primary.
struct Second {
    /// What refuses it before N+1 is looked at.
    early: Option<Refusal>,
    /// What refuses it afterwards.
    late: Option<Refusal>,
    before: [f64; SPREADS],
    after: [f64; SPREADS],
    figures: Figures,
    online: bool,
}

/// All pairs of one state and one newcomer.
pub struct Pairs<'a> {
    cluster: &'a Cluster,
    newcomer: &'a Newcomer,
    ignore_soft: bool,
    statistics: Statistics,
    board: Board,
    seconds: Vec<Option<Second>>,
}

impl<'a> Pairs<'a> {
    /// Scored over these nodes.
    pub fn new(
        cluster: &'a Cluster,
        newcomer: &'a Newcomer,
        scored: &[usize],
        ignore_soft: bool,
    ) -> Pairs<'a> {
        let board = Board::new(cluster, scored);
        let second = |at: usize| {
            let (node, now) = (cluster.nodes.get(at)?, cluster.figures.get(at)?);
            Some(second(node, now, newcomer, board.place(at).is_some()))
        };
        Pairs {
            cluster,
            newcomer,
            ignore_soft,
            statistics: Statistics::new(&board),
            seconds: (0..cluster.nodes.len()).map(second).collect(),
            board,
        }
    }

    /// Scores of the secondaries that are possible with this primary, in their order; the others are counted.
    pub fn with(
        &mut self,
        primary: usize,
        secondaries: &[usize],
        failures: &mut Failures,
    ) -> Vec<(f64, usize)> {
        let (cluster, instance) = (self.cluster, &self.newcomer.instance);
        let (first, statistics) = match self.first(primary) {
            Ok(first) => first,
            Err(refusal) => {
                failures.add(refusal, secondaries.len());
                return Vec::new();
            }
        };
        let mut deviations = [0.0; SPREADS];
        statistics.deviations(0, &mut deviations);
        let needed = instance.needed_on_secondary();
        let mut out = Vec::with_capacity(secondaries.len());
        for at in secondaries {
            let (Some(node), Some(before)) = (cluster.nodes.get(*at), cluster.figures.get(*at))
            else {
                continue;
            };
            let Some(second) = self.seconds.get(*at).and_then(Option::as_ref) else {
                continue;
            };
            let peer = cluster.peers.get(*at, primary);
            let refusal = second
                .early
                .or_else(|| n1_refusal(before, instance, false, peer))
                .or(second.late);
            if let Some(refusal) = refusal {
                failures.add(refusal, 1);
                continue;
            }
            let mut figures = second.figures;
            if !instance.forthcoming {
                figures.reserved = before.reserved.max(peer + needed);
                figures.fails_n1 = figures.unallocated <= figures.reserved;
            }
            let mut pair = statistics;
            let common = cluster.tags.common(primary, *at);
            let located = if first.offline || instance.forthcoming {
                0
            } else {
                common
            };
            let change = Counts::of(node, &figures).plus(Counts::of(node, before), -1);
            pair.counts = pair.counts.plus(change, 1);
            pair.counts.location += located;
            if second.online {
                let mut after = second.after;
                after[RESERVED] = figures.reserved_part(node);
                pair.replace(SECONDARY, &second.before, &after);
                pair.deviations(SECONDARY, &mut deviations);
            }
            out.push((pair.total(&deviations), *at));
        }
        out
    }

    /// The primary node, and the statistics with the instance on it.
    fn first(&mut self, at: usize) -> Result<(&'a Node, Statistics), Refusal> {
        let (cluster, newcomer) = (self.cluster, self.newcomer);
        let node = cluster.nodes.get(at).ok_or(Refusal::Disk)?;
        let before = cluster.figures.get(at).ok_or(Refusal::Disk)?;
        let policy = cluster.data.groups.get(node.group).map(|it| &it.policy);
        let objection = policy.and_then(|it| it.objects(&newcomer.loaded, node.exclusive));
        if let Some(objection) = objection {
            return Err(objection.refusal());
        }
        let arrival = cluster.arrival(&newcomer.instance, at, None);
        let force = self.ignore_soft;
        let after = add_primary(node, before, &newcomer.instance, force, arrival)?;
        let mut statistics = self.statistics;
        let change = Counts::of(node, &after).plus(Counts::of(node, before), -1);
        statistics.counts = statistics.counts.plus(change, 1);
        if self.board.place(at).is_some() {
            let values = (spread_values(node, before), spread_values(node, &after));
            statistics.replace(0, &values.0, &values.1);
            let instance = &newcomer.instance;
            statistics.sharing += self.board.sharing_change(cluster, instance, at);
        }
        Ok((node, statistics))
    }
}

fn second(node: &Node, now: &Figures, newcomer: &Newcomer, online: bool) -> Second {
    let instance = &newcomer.instance;
    let early = secondary_refusal(node, now, instance, false, false);
    let late = later_secondary(node, now, instance);
    let figures = add_secondary(node, now, instance, true, true, 0).unwrap_or(*now);
    Second {
        early,
        late,
        before: spread_values(node, now),
        after: spread_values(node, &figures),
        figures,
        online,
    }
}
