//! Work on all instances in two halves at the same time, where there is much of it. What comes of it is the same: each
//! instance is looked at by itself, and of bounds and moves found the order does not matter.

use std::panic::resume_unwind;
use std::sync::OnceLock;
use std::thread;

use crate::planner::htools::board::Board;

/// From so many pairs of an instance and a node on, a step takes long enough for another thread.
const MUCH: usize = 50_000;

/// Whether it is worth it here.
pub fn are_worth_it(instances: usize, nodes: usize) -> bool {
    static CORES: OnceLock<usize> = OnceLock::new();
    let cores = || thread::available_parallelism().map_or(1, usize::from);
    instances.saturating_mul(nodes) >= MUCH && *CORES.get_or_init(cores) > 1
}

/// Does this with all items, or with each half of them: it is told where they begin, and gets a board of its own.
pub fn work<T: Send, R: Send>(
    halves: bool,
    items: &mut [T],
    board: &mut Board,
    each: impl Fn(&mut Board, usize, &mut [T]) -> R + Sync,
) -> [Option<R>; 2] {
    if !halves {
        return [Some(each(board, 0, items)), None];
    }
    let (first, second) = items.split_at_mut(items.len() / 2);
    let start = first.len();
    let mut copy = board.clone();
    let (one, other) = thread::scope(|scope| {
        let second = &mut *second;
        let own = &mut copy;
        let thread = thread::Builder::new();
        let thread = thread.spawn_scoped(scope, || each(own, start, second));
        let one = each(board, 0, first);
        let other = thread.ok().map(|it| match it.join() {
            Ok(found) => found,
            Err(panic) => resume_unwind(panic),
        });
        (one, other)
    });
    // Without another thread this one does all.
    let other = other.unwrap_or_else(|| each(board, start, second));
    [Some(one), Some(other)]
}
