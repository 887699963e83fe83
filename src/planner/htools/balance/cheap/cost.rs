//! Plans with what they bring and cost.

use super::super::{Balancer, Step, jobs};
use crate::planner::htools::cluster::Cluster;
use crate::planner::htools::instance::Instance;
use crate::planner::htools::moves::Move;

/// What the plan may cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Costs {
    /// Speed of a resync, MiB a second.
    pub resync: f64,
    /// How much of hbal's gain is enough, percent.
    pub percent: f64,
}

impl Default for Costs {
    fn default() -> Costs {
        Costs {
            resync: 100.0,
            percent: 100.0,
        }
    }
}

/// A move with what it brings and costs.
#[derive(Clone, Debug, PartialEq)]
pub struct Costed {
    /// The move.
    pub step: Step,
    /// By how much it lowers the score; negative if the score rises, as it may between moves that were reordered.
    pub gain: f64,
    /// Data to copy, MiB.
    pub mib: i64,
    /// Nodes that it keeps busy, each once.
    pub nodes: Vec<usize>,
    /// Number of its job set, from 1.
    pub set: usize,
}

/// A plan with what it brings and costs.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The moves, in order.
    pub steps: Vec<Costed>,
    /// The score before.
    pub before: f64,
    /// The score afterwards.
    pub after: f64,
    /// Data to copy, MiB.
    pub mib: i64,
    /// How many job sets.
    pub sets: usize,
    /// Minutes of copying: one set after the other, the moves of a set at the same time.
    pub minutes: f64,
}

impl Plan {
    /// Its moves alone.
    pub fn moves(&self) -> Vec<Step> {
        self.steps.iter().map(|it| it.step.clone()).collect()
    }
}

/// Both plans.
#[derive(Clone, Debug, PartialEq)]
pub struct Plans {
    /// hbal's own.
    pub hbal: Plan,
    /// The cost-aware one.
    pub cheap: Plan,
}

/// How far it is.
pub enum Progress<'a> {
    /// The next move of hbal's is found; the balancer has the cluster and its score after it.
    Hbal(&'a Step, &'a Balancer<'a>),
    /// hbal's plan is whole: as much of it as reaches the part of its gain that is enough.
    Hbals(&'a [Step]),
    /// How many moves the cost-aware plan has that is looked at; there may be fewer at the next look.
    Cheap(usize),
}

/// Data that a move copies, MiB. Only a new secondary is filled, and that once; shared storage stays where it is.
pub fn copied(instance: &Instance, to: Move) -> i64 {
    match to {
        Move::Failover | Move::FailoverToAny(_) => 0,
        Move::ReplacePrimary(_)
        | Move::ReplaceSecondary(_)
        | Move::ReplaceAndFailover(_)
        | Move::FailoverAndReplace(_) => instance.disk.max(0),
    }
}

/// Says of any moves what they bring and cost. `before` is the score before them, `resync` MiB a second.
pub fn dress(cluster: &Cluster, before: f64, steps: &[Step], resync: f64) -> Plan {
    let (mut out, mut last, mut seconds) = (Vec::with_capacity(steps.len()), before, 0.0);
    let sets = jobs::job_sets(cluster, steps);
    for (number, set) in sets.iter().enumerate() {
        let mut longest = 0;
        for step in set {
            let instance = cluster.instances.get(step.instance);
            let mib = instance.map_or(0, |it| copied(it, step.to));
            longest = longest.max(mib);
            let mut nodes = jobs::nodes(cluster, step);
            nodes.sort_unstable();
            nodes.dedup();
            out.push(Costed {
                gain: last - step.score,
                mib,
                nodes,
                set: number + 1,
                step: (*step).clone(),
            });
            last = step.score;
        }
        if longest > 0 && resync > 0.0 {
            seconds += longest as f64 / resync;
        }
    }
    Plan {
        mib: out.iter().fold(0, |sum, it| it.mib.saturating_add(sum)),
        steps: out,
        before,
        after: last,
        sets: sets.len(),
        minutes: seconds / 60.0,
    }
}
