//! Changes of a placement that a search tries.

use super::placement::{Ends, Placement};
use super::random::Random;

/// Of a hundred proposals so many are of each kind, in the order of [`Kind`].
const SHARES: [(Kind, usize); 6] = [
    (Kind::Turn, 15),
    (Kind::Move, 25),
    (Kind::Home, 10),
    (Kind::TurnTwo, 20),
    (Kind::Instead, 15),
    (Kind::Exchange, 15),
];

/// Kinds of changes. On hosts that are alike the number of instances of each counts much: so some leave it as it is.
#[derive(Clone, Copy)]
enum Kind {
    /// Primary and secondary change places.
    Turn,
    /// One end goes elsewhere.
    Move,
    /// Both ends go back to where they were at the start.
    Home,
    /// Two instances with a common node turn.
    TurnTwo,
    /// An instance goes home, and another takes the way it had gone.
    Instead,
    /// Two instances exchange an end.
    Exchange,
}

/// Fills in the change of one or two instances; of none if the dice give nothing sensible.
pub fn propose(
    place: &Placement,
    targets: &[usize],
    random: &mut Random,
    changes: &mut Vec<(usize, Ends)>,
) {
    changes.clear();
    let mut dice = random.below(100);
    let Some(at) = random.pick(place.movable()) else {
        return;
    };
    let mut kind = Kind::Exchange;
    for (other, share) in SHARES {
        if dice < share {
            kind = other;
            break;
        }
        dice -= share;
    }
    let (now, home) = (place.ends(at), place.home(at));
    match (kind, place.pair(at)) {
        (Kind::Home, _) if now != home => changes.push((at, home)),
        (Kind::Turn, Some((p, s))) => changes.push((at, (s, Some(p)))),
        (Kind::Move, Some((p, s))) => {
            let Some(t) = random.pick(targets).filter(|t| *t != p && *t != s) else {
                return;
            };
            let kept = if random.coin() { p } else { s };
            changes.push((at, either((kept, t), random)));
        }
        (Kind::Move, None) => {
            if let Some(t) = random.pick(targets).filter(|t| *t != now.0) {
                changes.push((at, (t, now.1)));
            }
        }
        (Kind::TurnTwo, Some((p, s))) => {
            let other = random.pick(place.on(s)).filter(|it| *it != at);
            if let Some((other, (a, b))) = other.and_then(|it| Some((it, place.pair(it)?))) {
                changes.push((at, (s, Some(p))));
                changes.push((other, (b, Some(a))));
            }
        }
        (Kind::Instead, Some(pair)) => instead(place, at, pair, random, changes),
        (Kind::Exchange, Some(pair)) => exchange(place, at, pair, random, changes),
        (Kind::Exchange, None) => {
            let other = random.pick(place.movable());
            let other = other.filter(|it| place.pair(*it).is_none());
            if let Some(other) = other.filter(|it| place.ends(*it).0 != now.0) {
                let theirs = place.ends(other);
                changes.push((at, (theirs.0, now.1)));
                changes.push((other, (now.0, theirs.1)));
            }
        }
        _ => {}
    }
}

/// A pair one way round or the other.
fn either(pair: (usize, usize), random: &mut Random) -> Ends {
    if random.coin() {
        (pair.0, Some(pair.1))
    } else {
        (pair.1, Some(pair.0))
    }
}

fn instead(
    place: &Placement,
    at: usize,
    (p, s): (usize, usize),
    random: &mut Random,
    changes: &mut Vec<(usize, Ends)>,
) {
    let (home, Some(second)) = place.home(at) else {
        return;
    };
    let left = [second, home].into_iter().find(|it| *it != p && *it != s);
    let new = [s, p].into_iter().find(|it| *it != home && *it != second);
    let (Some(from), Some(to)) = (left, new) else {
        return;
    };
    let other = random.pick(place.on(from)).filter(|it| *it != at);
    let Some((other, (a, b))) = other.and_then(|it| Some((it, place.pair(it)?))) else {
        return;
    };
    if a == to || b == to {
        return;
    }
    let kept = if a == from { b } else { a };
    changes.push((at, either((home, second), random)));
    changes.push((other, either((kept, to), random)));
}

fn exchange(
    place: &Placement,
    at: usize,
    (p, s): (usize, usize),
    random: &mut Random,
    changes: &mut Vec<(usize, Ends)>,
) {
    let other = random.pick(place.movable()).filter(|it| *it != at);
    let Some((other, (a, b))) = other.and_then(|it| Some((it, place.pair(it)?))) else {
        return;
    };
    let (mine, kept) = if random.coin() { (p, s) } else { (s, p) };
    let (theirs, rest) = if random.coin() { (a, b) } else { (b, a) };
    if mine == theirs || kept == theirs || rest == mine {
        return;
    }
    let swap = |pair: (usize, usize), from: usize, to: usize| {
        let put = |node| if node == from { to } else { node };
        (put(pair.0), Some(put(pair.1)))
    };
    changes.push((at, swap((p, s), mine, theirs)));
    changes.push((other, swap((a, b), theirs, mine)));
}
