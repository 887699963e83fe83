//! What is to be reached, and what is paid for it.

use super::cost::Plan;

/// A move costs so much of what it costs on average in hbal's plan, whatever it copies.
const MOVE: f64 = 0.1;

/// What is missing to the goal costs so many times what hbal pays for it on average.
const ABOVE: f64 = 200.0;

/// By how much the score has to be below the goal: more than it may be wrong by.
const MARGIN: f64 = 1e-9;

/// What a placement should reach, and prices. All of hbal's plan costs one.
#[derive(Clone, Debug)]
pub struct Aim {
    /// The score to be reached.
    pub goal: f64,
    /// Most instances that stay on offline nodes.
    pub offline: i64,
    /// Most moves.
    pub most: i64,
    /// Price of a MiB to copy.
    mib: f64,
    /// Of a move, and of a set of moves.
    per_move: f64,
    /// Of a point of the score above the goal; of an instance too many on an offline node, and of a move too many.
    above: f64,
    /// What a point below the goal is worth: what hbal pays for it on average, or nothing if the goal is enough.
    below: f64,
}

/// What a plan makes of a cluster.
#[derive(Clone, Copy, Debug)]
pub struct Outlook {
    /// The score.
    pub score: f64,
    /// Data to copy, MiB.
    pub mib: i64,
    /// Moves.
    pub moves: i64,
    /// Instances on offline nodes.
    pub offline: i64,
}

impl Aim {
    /// Prices by a plan that does reach the goal. `whole` says that more is better.
    pub fn beside(plan: &Plan, goal: f64, whole: bool) -> Aim {
        let gain = plan.before - plan.after;
        Aim {
            goal,
            offline: i64::MAX,
            most: i64::MAX,
            mib: 1.0 / plan.mib.max(1) as f64,
            per_move: MOVE / plan.steps.len().max(1) as f64,
            above: ABOVE / gain,
            below: if whole { 1.0 / gain } else { 0.0 },
        }
    }

    /// What it costs.
    pub fn cost(&self, it: &Outlook) -> f64 {
        let score = it.score - self.goal + MARGIN;
        let price = if score > 0.0 { self.above } else { self.below };
        let over = (it.moves - self.most).max(0) + (it.offline - self.offline).max(0);
        self.mib * it.mib as f64
            + self.per_move * it.moves as f64
            + price * score
            + self.above * over as f64
    }

    /// What sets of moves cost.
    pub fn sets(&self, count: usize) -> f64 {
        self.per_move * count as f64
    }

    /// Whether it is good enough.
    pub fn reached(&self, it: &Outlook) -> bool {
        it.score <= self.goal - MARGIN && it.moves <= self.most && it.offline <= self.offline
    }
}
