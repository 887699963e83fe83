//! A plan that reaches hbal's score with less data to copy. hbal is blind to the size of disks, and takes the best move of
//! the moment until there is none; here the whole placement is looked for at once, and then the way there.
//!
//! 1. hbal's own plan says which score is to be reached, and what points of the score, data and moves are worth (`aim`).
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
mod home;
mod legs;
mod placement;
mod propose;
mod random;
mod route;
mod tally;

use super::{Balancer, Options, Scope, Step};
use crate::planner::htools::board::Board;
use crate::planner::htools::cluster::Cluster;
use crate::planner::htools::moves::Move;
use crate::planner::htools::score::score;
use aim::{Aim, Outlook};
pub use cost::{Costed, Costs, Plan, Plans, Progress, copied, dress};
use legs::Legs;

/// How much is tried.
#[derive(Clone, Copy, Debug)]
struct Effort {
    /// Changes for each instance.
    each: usize,
    /// Changes at most.
    most: usize,
    /// Changes in all tries, if so many are few enough for several.
    all: usize,
    /// Routes to one placement, for each of so many moves that hbal's plan has.
    routes: usize,
}

/// Of a plan that somebody waits for.
const FULL: Effort = Effort {
    each: 4_000,
    most: 20_000_000,
    all: 4_000_000,
    routes: 10_000,
};

/// Of tests of what is made of plans, which run without optimisation.
#[cfg(test)]
const LITTLE: Effort = Effort {
    each: 100,
    most: 100_000,
    all: 100_000,
    routes: 100,
};

/// Most tries, each with other random numbers.
const TRIES: usize = 3;

impl Effort {
    /// Changes in one try.
    fn changes(self, instances: usize) -> usize {
        instances.saturating_mul(self.each).min(self.most)
    }

    /// How many tries.
    fn tries(self, instances: usize) -> u64 {
        let tries = self.all / self.changes(instances).max(1);
        tries.clamp(1, TRIES) as u64
    }
}

/// hbal's plan and a cheaper one. `go_on` is told of every move of hbal's that is found, of its whole plan, and then some
/// hundred times a second how many moves the plan at hand has; nothing is given if it says false.
pub fn plan(
    cluster: &Cluster,
    scope: &Scope,
    options: &Options,
    costs: &Costs,
    go_on: &mut dyn FnMut(Progress<'_>) -> bool,
) -> Option<Plans> {
    #[cfg(test)]
    let effort = LITTLE;
    #[cfg(not(test))]
    let effort = FULL;
    plan_with(effort, cluster, scope, options, costs, go_on)
}

fn plan_with(
    effort: Effort,
    cluster: &Cluster,
    scope: &Scope,
    options: &Options,
    costs: &Costs,
    go_on: &mut dyn FnMut(Progress<'_>) -> bool,
) -> Option<Plans> {
    let before = score(cluster, &scope.nodes).total();
    let mut balanced = cluster.clone();
    let mut steps = Vec::new();
    let mut balancer = Balancer::new(&mut balanced, scope, options);
    while let Some(step) = balancer.next() {
        if !go_on(Progress::Hbal(&step, &balancer)) {
            return None;
        }
        steps.push(step);
    }
    let hbal = dress(cluster, before, &steps, costs.resync);
    let part = (costs.percent / 100.0).clamp(0.0, 1.0);
    let whole = part >= 1.0;
    let mut goal = hbal.after;
    if !whole {
        goal = before - (before - hbal.after) * part;
        let enough = steps.iter().position(|it| it.score <= goal);
        steps.truncate(enough.map_or(steps.len(), |at| at + 1));
        balanced = after(cluster, options, &steps);
    }
    if !go_on(Progress::Hbals(&steps)) {
        return None;
    }
    let task = Task {
        cluster,
        scope,
        options,
        before,
        resync: costs.resync,
    };
    let plain = task.sorted(&steps, goal);
    if plain.steps.is_empty() {
        return Some(Plans { hbal, cheap: plain });
    }
    let mut aim = Aim::beside(&plain, goal, whole);
    aim.sets = hbal.sets;
    if options.max_length >= 0 {
        aim.most = options.max_length;
    }
    if whole {
        aim.offline = Board::new(&balanced, &scope.nodes).counts().offline;
    }
    let go_on = &mut |moves| go_on(Progress::Cheap(moves));
    let cheap = task.cheapest(effort, &aim, plain, &balanced, go_on)?;
    Some(Plans { hbal, cheap })
}

/// What is to be planned.
struct Task<'a> {
    cluster: &'a Cluster,
    scope: &'a Scope,
    options: &'a Options,
    before: f64,
    resync: f64,
}

impl Task<'_> {
    fn dress(&self, steps: &[Step]) -> Plan {
        dress(self.cluster, self.before, steps, self.resync)
    }

    /// Moves in an order that lets many of them run at the same time, if they are possible so.
    fn parallel(&self, moves: &[(usize, Move)]) -> Option<Plan> {
        let steps = route::parallel(self.cluster, self.scope, self.options, moves)?;
        Some(self.dress(&steps))
    }

    /// hbal's own moves, only in a better order.
    fn sorted(&self, steps: &[Step], goal: f64) -> Plan {
        let moves: Vec<_> = steps.iter().map(|it| (it.instance, it.to)).collect();
        let plain = self.dress(steps);
        let fits = |it: &Plan| it.after <= goal && it.sets <= plain.sets;
        self.parallel(&moves).filter(fits).unwrap_or(plain)
    }

    /// The cheapest plan of several tries, or the plain one if it is cheaper. `balanced` is the cluster after that.
    fn cheapest(
        &self,
        effort: Effort,
        aim: &Aim,
        plain: Plan,
        balanced: &Cluster,
        go_on: &mut dyn FnMut(usize) -> bool,
    ) -> Option<Plan> {
        let mut legs = Legs {
            cluster: self.cluster,
            scope: self.scope,
            options: self.options,
            effort,
            aim: aim.clone(),
            moves: plain.steps.len(),
            go_on,
        };
        let cost = |it: &Plan| aim.cost(&Outlook::of(it)) + aim.sets(it.sets);
        let most = plain.mib;
        let mut cheapest = plain;
        for number in 0..effort.tries(self.scope.instances.len()) {
            let mut found = legs.go(self.cluster, number)?;
            if found.is_none() && number == 0 {
                // From where the goal is reached already.
                legs.aim.equal_will_do();
                found = legs.go(balanced, number)?;
            }
            let Some(found) = found.and_then(|it| self.parallel(&it)) else {
                continue;
            };
            if found.sets > aim.sets {
                legs.aim.fewer_moves();
            }
            if found.after <= aim.goal && found.mib <= most && cost(&found) < cost(&cheapest) {
                cheapest = found;
            }
        }
        Some(cheapest)
    }
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
