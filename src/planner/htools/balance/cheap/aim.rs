//! What is to be reached, and what is paid for it.

use super::cost::Plan;

/// A move costs so much of what it costs on average in hbal's plan, whatever it copies.
const MOVE: f64 = 0.2;

/// A set of moves costs as much as a move, and one too many so many times more.
const SET: f64 = 5.0;

/// Moves are so many times dearer in another try if there were too many sets of them.
const DEARER: f64 = 4.0;

/// Data above this part of hbal's costs so much more again.
const ENOUGH: f64 = 0.25;
const DEAR: f64 = 1.0;

/// What is missing to the goal costs so many times what hbal pays for it on average.
const ABOVE: f64 = 200.0;

/// More than the score of a placement may be wrong by.
const MARGIN: f64 = 1e-8;

/// What a placement should reach, and prices. All of hbal's plan costs one.
#[derive(Clone, Debug)]
pub struct Aim {
    /// The score to be reached.
    pub goal: f64,
    /// Most instances that stay on offline nodes.
    pub offline: i64,
    /// Most moves.
    pub most: i64,
    /// More sets of moves than these are to be avoided.
    pub sets: usize,
    /// By how much a search has to be below the goal.
    margin: f64,
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
#[derive(Clone, Copy, Debug, PartialEq)]
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

impl Outlook {
    /// Of a plan that leaves nothing on offline nodes that may not stay there.
    pub fn of(plan: &Plan) -> Outlook {
        Outlook {
            score: plan.after,
            mib: plan.mib,
            moves: plan.steps.len() as i64,
            offline: 0,
        }
    }
}

impl Aim {
    /// Prices by a plan that does reach the goal. `whole` says that more is better.
    pub fn beside(plan: &Plan, goal: f64, whole: bool) -> Aim {
        let gain = plan.before - plan.after;
        Aim {
            goal,
            offline: i64::MAX,
            most: i64::MAX,
            sets: plan.sets,
            margin: MARGIN,
            mib: 1.0 / plan.mib.max(1) as f64,
            per_move: MOVE / plan.steps.len().max(1) as f64,
            above: ABOVE / gain,
            below: if whole { 1.0 / gain } else { 0.0 },
        }
    }

    /// What it costs.
    pub fn cost(&self, it: &Outlook) -> f64 {
        let score = it.score - self.goal + self.margin;
        let price = if score > 0.0 { self.above } else { self.below };
        let over = (it.moves - self.most).max(0) + (it.offline - self.offline).max(0);
        let part = self.mib * it.mib as f64;
        part + DEAR * (part - ENOUGH).max(0.0)
            + self.per_move * it.moves as f64
            + price * score
            + self.above * over as f64
    }

    /// Makes moves dearer, so that there are fewer.
    pub fn fewer_moves(&mut self) {
        self.per_move *= DEARER;
    }

    /// What sets of moves cost.
    pub fn sets(&self, count: usize) -> f64 {
        let over = count.saturating_sub(self.sets);
        self.per_move * (count as f64 + SET * over as f64)
    }

    /// Lets a search take what is as good as the goal, or so nearly that only the full reckoning tells.
    pub fn equal_will_do(&mut self) {
        self.margin = -MARGIN;
    }

    /// Whether a search takes it for good enough.
    pub fn likely(&self, it: &Outlook) -> bool {
        let score = it.score + self.margin;
        self.reached(&Outlook { score, ..*it })
    }

    /// Whether it is good enough, by its exact score.
    pub fn reached(&self, it: &Outlook) -> bool {
        it.score <= self.goal && it.moves <= self.most && it.offline <= self.offline
    }
}
