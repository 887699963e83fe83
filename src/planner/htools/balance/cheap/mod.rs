//! A plan that reaches hbal's score with less data to copy. hbal is blind to the size of disks; here a move is worth
//! its gain divided by what it copies. What is found passes hbal's own checks move by move.

mod route;

use super::search::{Group, Thrift, Want};
use super::{Balancer, Options, Scope, Step, jobs};
use crate::planner::htools::board::Board;
use crate::planner::htools::cluster::Cluster;
use crate::planner::htools::instance::Instance;
use crate::planner::htools::moves::Move;
use crate::planner::htools::score::score;

/// MiB that each move counts for beside its data: several are tried, the cheapest plan is taken.
const BASES: [f64; 4] = [1_024.0, 20_480.0, 204_800.0, 1e9];

/// Rounds in which the moves that copy most are taken out of a plan and others are looked for instead: so many by the
/// number of instances, but not more nor fewer than these.
const ROUNDS: usize = 40_000;
const MOST_ROUNDS: usize = 100;
const FEWEST_ROUNDS: usize = 8;

/// Moves replayed at most when some are left out.
const TRIALS: usize = 200_000;

/// A move gains so much, or if the goal is not reached by such moves, so little.
const WORTH: f64 = 1e-3;
const LITTLE: f64 = 1e-6;

/// Below hbal's score no move may bring the data above one part in so many of hbal's.
const PART: i64 = 4;

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

/// How many moves of which plan are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Of hbal's.
    Hbal(usize),
    /// Of one of the cost-aware ones.
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

/// hbal's plan and a cheaper one. `go_on` is told of every move found; nothing is given if it says false.
pub fn plan(
    cluster: &Cluster,
    scope: &Scope,
    options: &Options,
    costs: &Costs,
    go_on: &mut dyn FnMut(Progress) -> bool,
) -> Option<Plans> {
    let before = score(cluster, &scope.nodes).total();
    let mut balanced = cluster.clone();
    let mut steps = Vec::new();
    for step in Balancer::new(&mut balanced, scope, options) {
        steps.push(step);
        if !go_on(Progress::Hbal(steps.len())) {
            return None;
        }
    }
    let hbal = dress(cluster, before, &steps, costs.resync);
    let part = (costs.percent / 100.0).clamp(0.0, 1.0);
    let goal = if part < 1.0 {
        before - (before - hbal.after) * part
    } else {
        hbal.after
    };
    let aim = Aim {
        cluster,
        scope,
        options,
        goal,
        on_offline: on_offline(&balanced, scope),
        whole: part >= 1.0,
        hbal: &hbal,
    };
    let mut cheap = hbal.clone();
    if part < 1.0 {
        let enough = hbal.steps.iter().position(|it| it.step.score <= goal);
        let kept = enough.map_or(hbal.steps.len(), |at| at + 1);
        steps.truncate(kept);
        cheap = dress(cluster, before, &steps, costs.resync);
    }
    let all = vec![true; cluster.instances.len()];
    let offer = |moves: Vec<(usize, Move)>| {
        let found = route::parallel(cluster, scope, options, &aim.prune(moves)?)?;
        let found = dress(cluster, before, &found, costs.resync);
        (found.after <= goal).then_some(found)
    };
    for base in BASES {
        let found = aim.greedy(base, &[], &all, go_on)?;
        if let Some(found) = offer(found).filter(|it| it.mib < cheap.mib) {
            cheap = found;
        }
    }
    let (mut few, mut base) = (1, BASES.iter().cycle());
    let rounds = ROUNDS / scope.instances.len().max(1);
    for round in 0..rounds.clamp(FEWEST_ROUNDS, MOST_ROUNDS) {
        let dearest = aim.dearest(&cheap);
        let out: Vec<usize> = dearest.into_iter().skip(round % 3).take(few).collect();
        if out.is_empty() {
            break;
        }
        let mut others = all.clone();
        for at in &out {
            if let Some(other) = others.get_mut(*at) {
                *other = false;
            }
        }
        let kept = cheap.steps.iter().map(|it| (it.step.instance, it.step.to));
        let kept: Vec<(usize, Move)> = kept.filter(|it| !out.contains(&it.0)).collect();
        let base = base.next().copied().unwrap_or_default();
        let found = aim.greedy(base, &kept, &others, go_on)?;
        match offer(found).filter(|it| it.mib < cheap.mib) {
            Some(found) => cheap = found,
            None => few = if few >= 16 { 1 } else { few + 1 },
        }
    }
    Some(Plans { hbal, cheap })
}

/// How many instances have an offline node: evacuating must leave no more than hbal does.
fn on_offline(cluster: &Cluster, scope: &Scope) -> usize {
    let offline = |at: usize| cluster.nodes.get(at).is_none_or(|it| it.offline);
    let all = scope.instances.iter();
    let all = all.filter_map(|at| cluster.instances.get(*at));
    all.filter(|it| it.nodes().any(offline)).count()
}

/// What is to be reached.
struct Aim<'a> {
    cluster: &'a Cluster,
    scope: &'a Scope,
    options: &'a Options,
    /// The score.
    goal: f64,
    on_offline: usize,
    /// The whole of hbal's gain.
    whole: bool,
    hbal: &'a Plan,
}

impl Aim<'_> {
    /// Instances that a plan copies, those with most to copy first.
    fn dearest(&self, plan: &Plan) -> Vec<usize> {
        let mut all: Vec<(i64, usize)> = plan
            .steps
            .iter()
            .filter(|it| it.mib > 0)
            .map(|it| (it.mib, it.step.instance))
            .collect();
        all.sort_unstable_by(|a, b| b.cmp(a));
        all.dedup_by_key(|it| it.1);
        all.into_iter().map(|it| it.1).collect()
    }

    /// MiB that so many tenths of the instances do not pass.
    fn size(&self, tenths: usize) -> i64 {
        let all = self.scope.instances.iter();
        let all = all.filter_map(|at| self.cluster.instances.get(*at));
        let mut sizes: Vec<i64> = all.map(|it| it.disk.max(0)).collect();
        sizes.sort_unstable();
        let at = sizes.len().saturating_sub(1) * tenths / 10;
        sizes.get(at).copied().unwrap_or_default()
    }

    /// Moves by their gain for what they cost, down to the goal; below it only those that are cheap. `first` are made
    /// before, as far as they are possible, and only instances that are `wanted` are moved. While the goal is far the
    /// small instances are moved, and larger ones when there is nothing left to gain.
    fn greedy(
        &self,
        base: f64,
        first: &[(usize, Move)],
        wanted: &[bool],
        go_on: &mut dyn FnMut(Progress) -> bool,
    ) -> Option<Vec<(usize, Move)>> {
        let mut cluster = self.cluster.clone();
        let mut board = Board::new(&cluster, &self.scope.nodes);
        let mut out = Vec::new();
        let mut now = self.hbal.before;
        let mut mib = 0_i64;
        for (at, to) in first {
            let made = cluster.outcome(*at, *to, self.options.ignore_soft_errors);
            let (Ok(outcome), Some(instance)) = (made, cluster.instances.get(*at)) else {
                continue;
            };
            mib = mib.saturating_add(copied(instance, *to));
            board.take(&cluster, instance, &outcome);
            cluster.make(*at, &outcome);
            out.push((*at, *to));
        }
        now = if out.is_empty() {
            now
        } else {
            board.score().total()
        };
        let mut thrift = Thrift::new(self.group(&cluster), &board, wanted);
        let mut below = false;
        let mut tiers = [5, 8].map(|tenths| self.size(tenths)).into_iter();
        let mut tier = tiers.next();
        let mut worth = WORTH;
        let most = usize::try_from(self.options.max_length).unwrap_or(usize::MAX);
        while out.len() < most {
            if now <= self.goal && !below {
                if !self.whole {
                    break;
                }
                below = true;
                thrift.forget();
            }
            let want = Want {
                base,
                most: if below {
                    (self.hbal.mib / PART).saturating_sub(mib)
                } else {
                    tier.unwrap_or(i64::MAX)
                },
                least: if below { self.rate() } else { 0.0 },
                worth: if below { WORTH } else { worth },
            };
            let Some(best) = thrift.best(self.group(&cluster), &mut board, want) else {
                match tier {
                    _ if below => break,
                    Some(_) => tier = tiers.next(),
                    None if worth > LITTLE => worth = LITTLE,
                    None => break,
                }
                thrift.forget();
                continue;
            };
            let Some(instance) = cluster.instances.get(best.instance) else {
                break;
            };
            mib = mib.saturating_add(copied(instance, best.to));
            board.take(&cluster, instance, &best.outcome);
            cluster.make(best.instance, &best.outcome);
            thrift.moved(self.group(&cluster), &board, &best);
            now = best.score;
            out.push((best.instance, best.to));
            if !go_on(Progress::Cheap(out.len())) {
                return None;
            }
        }
        if now > self.goal {
            // Stuck above hbal's score: hbal's own way may lead on from here.
            let left = most.saturating_sub(out.len());
            let options = Options {
                max_length: i64::try_from(left).unwrap_or(-1),
                ..self.options.clone()
            };
            for step in Balancer::new(&mut cluster, self.scope, &options) {
                out.push((step.instance, step.to));
                if !go_on(Progress::Cheap(out.len())) {
                    return None;
                }
                if step.score <= self.goal {
                    break;
                }
            }
        }
        Some(out)
    }

    /// What hbal's plan gains for each MiB.
    fn rate(&self) -> f64 {
        let gain = self.hbal.before - self.hbal.after;
        gain / (self.hbal.mib.max(1) as f64)
    }

    fn group<'b>(&'b self, cluster: &'b Cluster) -> Group<'b> {
        Group {
            cluster,
            scope: self.scope,
            options: self.options,
        }
    }

    /// Leaves out moves that the goal does not need, those that copy most first. Nothing if it is not reached at all.
    fn prune(&self, mut moves: Vec<(usize, Move)>) -> Option<Vec<(usize, Move)>> {
        if !self.reached(&moves) {
            return None;
        }
        let cost = |it: &(usize, Move)| {
            let instance = self.cluster.instances.get(it.0);
            instance.map_or(0, |instance| copied(instance, it.1))
        };
        let mut order: Vec<(i64, usize)> = moves.iter().map(cost).zip(0..).collect();
        order.retain(|it| it.0 > 0);
        order.sort_unstable_by(|a, b| b.cmp(a));
        // Each trial replays the plan: for the few that copy most.
        order.truncate(TRIALS / moves.len().max(1));
        let mut gone: Vec<usize> = Vec::new();
        for (_, at) in order {
            gone.push(at);
            let rest = moves.iter().enumerate();
            let rest: Vec<(usize, Move)> = rest
                .filter(|it| !gone.contains(&it.0))
                .map(|it| *it.1)
                .collect();
            if !self.reached(&rest) {
                gone.pop();
            }
        }
        let mut at = 0;
        moves.retain(|_| {
            at += 1;
            !gone.contains(&(at - 1))
        });
        Some(moves)
    }

    /// Whether these moves are possible one after the other and reach the goal.
    fn reached(&self, moves: &[(usize, Move)]) -> bool {
        let mut cluster = self.cluster.clone();
        for (at, to) in moves {
            match cluster.outcome(*at, *to, self.options.ignore_soft_errors) {
                Ok(outcome) => cluster.make(*at, &outcome),
                Err(_) => return false,
            }
        }
        let after = score(&cluster, &self.scope.nodes).total();
        after <= self.goal && (!self.whole || on_offline(&cluster, self.scope) <= self.on_offline)
    }
}

#[cfg(test)]
mod tests;
