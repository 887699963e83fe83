//! A plan that reaches hbal's score with less data to copy. hbal is blind to the size of disks, and takes the best move of
//! the moment until there is none; here the whole placement is looked for at once, and then the way there.
//!
//! 1. hbal's own plan says which score is to be reached, and what points of the score, data and moves are worth.
//! 2. Annealing (`anneal`) looks for the placement of all instances that costs least and has that score (`placement`): it
//!    tries changes of one or two instances (`propose`). Where score below hbal's is to be had for no more data than hbal
//!    pays for it on average, it is taken too.
//! 3. A route (`route`) leads there by moves that pass hbal's checks one by one, in sets that run at the same time. If it
//!    gets stuck, what is missing is looked for again from where it is.
//!
//! How long that takes goes by the number of instances, and never by a clock: the same cluster gives the same plan.

mod aim;
mod anneal;
mod cost;
mod legs;
mod placement;
mod propose;
mod random;
mod route;

use super::{Balancer, Options, Scope, Step};
use crate::planner::htools::board::Board;
use crate::planner::htools::cluster::Cluster;
use crate::planner::htools::score::score;
use aim::Aim;
pub use cost::{Costed, Costs, Plan, Plans, Progress, copied, dress};
use legs::Legs;

/// How much is tried.
#[derive(Clone, Copy, Debug)]
struct Effort {
    /// Changes for each instance.
    each: usize,
    /// Changes at most.
    most: usize,
    /// Routes to one placement, for each of so many moves that hbal's plan has.
    routes: usize,
}

/// Of a plan that somebody waits for.
const EFFORT: Effort = Effort {
    each: 5_000,
    most: 20_000_000,
    routes: 10_000,
};

/// hbal's plan and a cheaper one. `go_on` is told of every move found; nothing is given if it says false.
pub fn plan(
    cluster: &Cluster,
    scope: &Scope,
    options: &Options,
    costs: &Costs,
    go_on: &mut dyn FnMut(Progress) -> bool,
) -> Option<Plans> {
    plan_with(EFFORT, cluster, scope, options, costs, go_on)
}

fn plan_with(
    effort: Effort,
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
    let whole = part >= 1.0;
    let goal = if whole {
        hbal.after
    } else {
        before - (before - hbal.after) * part
    };
    if !whole {
        let enough = steps.iter().position(|it| it.score <= goal);
        steps.truncate(enough.map_or(steps.len(), |at| at + 1));
        balanced = after(cluster, options, &steps);
    }
    // hbal's moves, only in an order that lets more of them run at the same time.
    let moves: Vec<_> = steps.iter().map(|it| (it.instance, it.to)).collect();
    let sorted = route::parallel(cluster, scope, options, &moves);
    let sorted = sorted.map(|it| dress(cluster, before, &it, costs.resync));
    let plain = dress(cluster, before, &steps, costs.resync);
    let fits = |it: &Plan| it.after <= goal && it.sets <= plain.sets;
    let fallback = sorted.filter(fits).unwrap_or(plain);
    if fallback.steps.is_empty() {
        let cheap = fallback;
        return Some(Plans { hbal, cheap });
    }
    let mut aim = Aim::beside(&fallback, goal, whole);
    if options.max_length >= 0 {
        aim.most = options.max_length;
    }
    if whole {
        aim.offline = Board::new(&balanced, &scope.nodes).counts().offline;
    }
    let mut legs = Legs {
        cluster,
        scope,
        options,
        effort,
        aim,
        moves: fallback.steps.len(),
        go_on: &mut |moves| go_on(Progress::Cheap(moves)),
    };
    let mut found = legs.go(cluster)?;
    if found.is_none() {
        // From where the goal is reached already.
        found = legs.go(&balanced)?;
    }
    let found = found.and_then(|moves| {
        let steps = route::parallel(cluster, scope, options, &moves)?;
        Some(dress(cluster, before, &steps, costs.resync))
    });
    let cost = |it: &Plan| (it.mib, it.steps.len());
    let better = |it: &Plan| it.after <= goal && cost(it) < cost(&fallback);
    let cheap = found.filter(better).unwrap_or(fallback);
    Some(Plans { hbal, cheap })
}

/// The cluster after these moves.
fn after(cluster: &Cluster, options: &Options, steps: &[Step]) -> Cluster {
    let mut cluster = cluster.clone();
    for step in steps {
        let force = options.ignore_soft_errors;
        if let Ok(outcome) = cluster.outcome(step.instance, step.to, force) {
            cluster.make(step.instance, &outcome);
        }
    }
    cluster
}

#[cfg(test)]
mod tests;
