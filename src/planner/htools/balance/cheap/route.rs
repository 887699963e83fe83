//! The order of moves made for running many at the same time. Two moves that need a common node keep their order: so
//! each finds its nodes as it did before, and stays possible.

use crate::planner::htools::balance::{Options, Scope, Step, jobs};
use crate::planner::htools::board::Board;
use crate::planner::htools::cluster::Cluster;
use crate::planner::htools::moves::Move;

/// Moves as steps, from a cluster on. Nothing if one of them is refused.
pub fn steps(
    cluster: &Cluster,
    scope: &Scope,
    options: &Options,
    moves: &[(usize, Move)],
) -> Option<Vec<Step>> {
    let mut cluster = cluster.clone();
    let mut board = Board::new(&cluster, &scope.nodes);
    let mut out = Vec::with_capacity(moves.len());
    for (at, to) in moves {
        let force = options.ignore_soft_errors;
        let outcome = cluster.outcome(*at, *to, force).ok()?;
        let instance = cluster.instances.get(*at)?;
        let before = (instance.primary, instance.secondary);
        board.take(&cluster, instance, &outcome);
        cluster.make(*at, &outcome);
        out.push(Step {
            instance: *at,
            to: *to,
            before,
            after: (outcome.primary, outcome.secondary),
            score: board.score().total(),
        });
    }
    Some(out)
}

/// The same moves, each as early as those before it on its nodes let it be.
pub fn parallel(
    cluster: &Cluster,
    scope: &Scope,
    options: &Options,
    moves: &[(usize, Move)],
) -> Option<Vec<Step>> {
    let plain = steps(cluster, scope, options, moves)?;
    let mut busy = vec![0_usize; cluster.nodes.len()];
    let mut turns = Vec::with_capacity(plain.len());
    for step in &plain {
        let nodes = jobs::nodes(cluster, step);
        let last = nodes.iter().filter_map(|at| busy.get(*at)).max();
        let turn = last.map_or(1, |it| it + 1);
        for at in nodes {
            if let Some(busy) = busy.get_mut(at) {
                *busy = turn;
            }
        }
        turns.push(turn);
    }
    let mut order: Vec<(usize, (usize, Move))> =
        turns.into_iter().zip(moves.iter().copied()).collect();
    order.sort_by_key(|it| it.0);
    let moves: Vec<(usize, Move)> = order.into_iter().map(|it| it.1).collect();
    steps(cluster, scope, options, &moves)
}
