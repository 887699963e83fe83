//! Leg after leg: a placement, and a route there; then again from where the route got stuck.

use super::aim::{Aim, Outlook};
use super::anneal::{Course, anneal};
use super::cost::copied;
use super::placement::{Ends, Placement};
use super::random::Random;
use super::route::{self, Route};
use super::{Effort, Options, Scope};
use crate::planner::htools::board::Board;
use crate::planner::htools::cluster::Cluster;
use crate::planner::htools::moves::Move;

/// Most legs. All but the first have little to do: they get a part of the effort, and start at a lower temperature.
const LEGS: u64 = 5;
const PART: usize = 4;

/// Temperatures, in moves of hbal's plan.
const HOT: f64 = 2.0;
const WARM: f64 = 0.5;
const COLD: f64 = 2e-3;

/// Routes tried at least and at most.
const FEWEST_ROUTES: usize = 2;
const MOST_ROUTES: usize = 16;

/// A move of an instance.
type Made = (usize, Move);

/// What is looked for.
pub struct Legs<'a> {
    /// The start.
    pub cluster: &'a Cluster,
    /// What is balanced.
    pub scope: &'a Scope,
    /// What is allowed.
    pub options: &'a Options,
    /// How much is tried.
    pub effort: Effort,
    /// What is to be reached.
    pub aim: Aim,
    /// How many moves hbal takes.
    pub moves: usize,
    /// Told how many moves there are; ends everything by saying no.
    pub go_on: &'a mut dyn FnMut(usize) -> bool,
}

impl Legs<'_> {
    /// The cheapest moves found that reach the aim, if any. The first search starts from the placement that a cluster has.
    /// No answer at all if `go_on` said no.
    pub fn go(&mut self, from: &Cluster) -> Option<Option<Vec<Made>>> {
        let mut here = self.cluster.clone();
        let mut made: Vec<Made> = Vec::new();
        let mut best: Option<(f64, Vec<Made>)> = None;
        for leg in 0..LEGS {
            let mut place = match leg {
                0 => Placement::new(from, self.cluster, self.scope, self.options),
                _ => Placement::new(&here, &here, self.scope, self.options),
            };
            let Some(to) = self.search(&mut place, leg, made.len())? else {
                break;
            };
            let (route, outlook) = self.route(&here, &to, &made)?;
            made.extend(&route.moves);
            here = route.cluster;
            let cost = self.aim.cost(&outlook);
            if self.aim.reached(&outlook) && best.as_ref().is_none_or(|it| cost < it.0) {
                best = Some((cost, made.clone()));
            }
            if route.stuck.is_empty() {
                break;
            }
        }
        Some(best.map(|it| it.1))
    }

    fn search(
        &mut self,
        place: &mut Placement,
        leg: u64,
        made: usize,
    ) -> Option<Option<Vec<Ends>>> {
        let effort = self.effort;
        let instances = place.movable().len();
        let proposals = instances.saturating_mul(effort.each).min(effort.most);
        let (hot, part) = if leg == 0 { (HOT, 1) } else { (WARM, PART) };
        let unit = 1.0 / self.moves.max(1) as f64;
        let course = Course {
            proposals: proposals / part,
            hot: hot * unit,
            cold: COLD * unit,
            seed: leg,
        };
        let mut aim = self.aim.clone();
        aim.most = aim.most.saturating_sub_unsigned(made as u64);
        let targets = self.scope.online(self.cluster);
        anneal(place, &targets, &aim, &course, self.go_on)
    }

    /// The cheapest of several routes, after the moves made so far, and what the cluster is like then.
    fn route(&mut self, here: &Cluster, to: &[Ends], made: &[Made]) -> Option<(Route, Outlook)> {
        let routes = self.effort.routes / self.moves.max(1);
        let mut random = Random::new(made.len() as u64);
        let mut best: Option<(f64, Route, Outlook)> = None;
        for _ in 0..routes.clamp(FEWEST_ROUTES, MOST_ROUTES) {
            let go_on = &mut *self.go_on;
            let route = route::find(here, self.scope, self.options, to, &mut random, go_on)?;
            let outlook = self.outlook(&route, made);
            let cost = self.aim.cost(&outlook) + self.aim.sets(route.sets);
            if best.as_ref().is_none_or(|it| cost < it.0) {
                best = Some((cost, route, outlook));
            }
        }
        best.map(|it| (it.1, it.2))
    }

    /// What a route brings and costs, with the moves made before it.
    fn outlook(&self, route: &Route, made: &[Made]) -> Outlook {
        let board = Board::new(&route.cluster, &self.scope.nodes);
        let all = made.iter().chain(&route.moves);
        let copied = all.filter_map(|(at, to)| Some(copied(self.cluster.instances.get(*at)?, *to)));
        Outlook {
            score: board.score().total(),
            mib: copied.fold(0, i64::saturating_add),
            moves: (made.len() + route.moves.len()) as i64,
            offline: board.counts().offline,
        }
    }
}
