//! Finds a block of rows that moved up or down from one picture to the next, so that the terminal
//! can be told to scroll it instead of having it written again.

use std::collections::HashMap;

use super::picture::{Cell, Picture};

/// A region of rows that is worth scrolling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shift {
    /// Its first row.
    pub(super) top: usize,
    /// The row after its last.
    pub(super) bottom: usize,
    /// How far it moves: upwards if positive.
    pub(super) distance: isize,
}

/// Scrolling costs about as many bytes as this, in the sequences that set the region and move it.
const OVERHEAD: i64 = 24;

/// Every separate piece of a row costs about as many bytes as this to go to.
const PIECE: i64 = 5;

/// Fewer rows than this are not looked at: writing them is cheap.
const FEW: usize = 3;

/// A row that looks like many others says little about where it came from.
const ALIKE: usize = 4;

/// The shift that saves the most bytes, if any does.
pub(super) fn find(old: &Picture, new: &Picture) -> Option<Shift> {
    let height = new.height();
    let changed: Vec<usize> = (0..height).filter(|y| old.row(*y) != new.row(*y)).collect();
    if changed.len() < FEW {
        return None;
    }
    let distance = likely_distance(old, new, &changed)?;
    best_region(old, new, distance)
}

/// The distance by which most of the changed rows have moved.
fn likely_distance(old: &Picture, new: &Picture, changed: &[usize]) -> Option<isize> {
    let mut origins: HashMap<u64, Vec<usize>> = HashMap::new();
    for &y in changed {
        origins.entry(fingerprint(old.row(y))).or_default().push(y);
    }
    let mut votes: HashMap<isize, usize> = HashMap::new();
    for &y in changed {
        let found = origins.get(&fingerprint(new.row(y)));
        for origin in found
            .filter(|found| found.len() <= ALIKE)
            .into_iter()
            .flatten()
        {
            *votes
                .entry(origin.wrapping_sub(y).cast_signed())
                .or_default() += 1;
        }
    }
    let most = votes.into_iter().max_by_key(|(distance, count)| {
        // Of equal ones the shortest, so that the choice does not depend on the map's order.
        (
            *count,
            std::cmp::Reverse((distance.unsigned_abs(), *distance)),
        )
    });
    most.filter(|(_, count)| *count >= FEW - 1)
        .map(|(distance, _)| distance)
}

/// A number for the text of a row. The looks are left out, so that a row is known again when the
/// selection has left it. Two rows with the same number only make a bad guess, as what a shift
/// saves is counted from the cells.
fn fingerprint(row: &[Cell]) -> u64 {
    // The constant spreads the bits; any odd number without pattern does.
    row.iter().fold(0_u64, |sum, cell| {
        (sum.rotate_left(5) ^ cell.sign.code()).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    })
}

/// The region whose scrolling by `distance` saves the most.
fn best_region(old: &Picture, new: &Picture, distance: isize) -> Option<Shift> {
    let height = new.height();
    let step = distance.unsigned_abs();
    let upwards = distance > 0;
    // Rows are counted from the edge that the region moves to, so that both directions are one.
    let row = |y: usize| if upwards { y } else { height - 1 - y };
    let blank = vec![Cell::BLANK; new.row(0).len()];
    let without = |y: usize| cost(new.row(row(y)), old.row(row(y)));

    // moved[y] sums what the rows before y save if each came from `step` further on;
    // entered[y] sums what the rows before y save (mostly less than nothing) if each came in empty.
    let mut moved = vec![0; height + 1];
    let mut entered = vec![0; height + 1];
    for y in 0..height {
        let now = without(y);
        let from = y + step;
        let then = if from < height {
            cost(new.row(row(y)), old.row(row(from)))
        } else {
            cost(new.row(row(y)), &blank)
        };
        moved[y + 1] = moved[y] + now - then;
        entered[y + 1] = entered[y] + now - cost(new.row(row(y)), &blank);
    }

    let mut best = (OVERHEAD, 0, 0);
    let mut first = 0;
    for last in 0..=height - step {
        if moved[last] < moved[first] {
            first = last;
        }
        let saved = moved[last] - moved[first] + entered[last + step] - entered[last];
        if saved > best.0 && last > first {
            best = (saved, first, last + step);
        }
    }
    let (saved, first, last) = best;
    if saved <= OVERHEAD {
        return None;
    }
    let (top, bottom) = if upwards {
        (first, last)
    } else {
        (height - last, height - first)
    };
    Some(Shift {
        top,
        bottom,
        distance,
    })
}

/// About how many bytes it takes to write `new` over `old`.
fn cost(new: &[Cell], old: &[Cell]) -> i64 {
    let mut bytes = 0;
    let mut writing = false;
    for (new, old) in new.iter().zip(old) {
        let differs = new != old;
        if differs {
            bytes += if writing { 1 } else { 1 + PIECE };
        }
        writing = differs;
    }
    bytes
}
