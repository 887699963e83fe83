//! Simulated annealing over placements. A change that costs less is kept; one that costs more is kept too with a chance that
//! falls with what it costs more, and falls from round to round, so that the search first looks around and then settles.
//! (Kirkpatrick, Gelatt, Vecchi: Optimization by Simulated Annealing, Science 220, 1983.)

use super::aim::Aim;
use super::placement::{Ends, Placement};
use super::propose::propose;
use super::random::Random;

/// Proposals between two looks at temperature and time.
const ROUND: usize = 4_096;

/// Proposals between two additions of everything.
const REFRESH: usize = 16;

/// How a search goes.
#[derive(Clone, Copy, Debug)]
pub struct Course {
    /// How many proposals.
    pub proposals: usize,
    /// Temperature at first: a change that costs so much more is kept once in e times.
    pub hot: f64,
    /// At last.
    pub cold: f64,
    /// Of the random numbers.
    pub seed: u64,
}

/// The cheapest placement found that reaches the aim, if any; no answer if `go_on` says no to a number of moves.
pub fn anneal(
    place: &mut Placement,
    targets: &[usize],
    aim: &Aim,
    course: &Course,
    go_on: &mut dyn FnMut(usize) -> bool,
) -> Option<Option<Vec<Ends>>> {
    let mut random = Random::new(course.seed);
    let rounds = course.proposals.div_ceil(ROUND).max(1);
    let cooling = (course.cold / course.hot).powf(1.0 / rounds as f64);
    let mut heat = course.hot;
    let mut best: Option<(f64, Vec<Ends>)> = None;
    let mut changes = Vec::with_capacity(2);
    let mut now = f64::INFINITY;
    for round in 0..rounds {
        if !go_on(usize::try_from(place.outlook().moves).unwrap_or(0)) {
            return None;
        }
        if round % REFRESH == 0 {
            place.refresh();
            now = aim.cost(&place.outlook());
        }
        for _ in 0..ROUND {
            propose(place, targets, &mut random, &mut changes);
            if changes.is_empty() || !place.change(&changes) {
                continue;
            }
            let outlook = place.outlook();
            let next = aim.cost(&outlook);
            if next > now && random.part() >= ((now - next) / heat).exp() {
                place.undo();
                continue;
            }
            place.keep();
            now = next;
            if aim.reached(&outlook) && best.as_ref().is_none_or(|it| now < it.0) {
                best = Some((now, place.all()));
            }
        }
        heat *= cooling;
    }
    Some(best.map(|it| it.1))
}
