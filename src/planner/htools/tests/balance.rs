//! The best move found by sums and bounds is the one that scoring every move in full finds.

use proptest::prelude::*;

use super::{cluster, shape};
use crate::planner::htools::balance::{Balancer, Options, Scope, Step, candidates::Kinds};
use crate::planner::htools::board::Board;
use crate::planner::htools::cluster::{Cluster, N1Rule, Setup};
use crate::planner::htools::moves::{Move, Outcome};
use crate::planner::htools::n1::evacuation::Evacuation;
use crate::planner::htools::score::{optimum, score};

/// Every move, in hbal's order.
fn moves(cluster: &Cluster, scope: &Scope, options: &Options) -> Vec<(usize, Move)> {
    let targets = scope.online(cluster);
    let mut out = Vec::new();
    for at in &scope.instances {
        let instance = &cluster.instances[*at];
        let kinds = Kinds::of(cluster, instance, options, |node| targets.contains(&node));
        out.extend(kinds.failover.then_some((*at, Move::Failover)));
        for node in &targets {
            if *node != instance.primary && Some(*node) != instance.secondary {
                out.extend(kinds.to(*node).map(|to| (*at, to)));
            }
        }
    }
    out
}

/// The first of the moves with the lowest score below this one.
fn best(
    cluster: &Cluster,
    scope: &Scope,
    options: &Options,
    now: f64,
) -> Option<(usize, Move, f64)> {
    let mut best = None;
    let mut least = now;
    for (at, to) in moves(cluster, scope, options) {
        let Ok(outcome) = cluster.outcome(at, to, options.ignore_soft_errors) else {
            continue;
        };
        let mut after = cluster.clone();
        after.make(at, &outcome);
        let score = score(&after, &scope.nodes).total();
        if least > score {
            least = score;
            best = Some((at, to, score));
        }
    }
    best
}

fn options() -> impl Strategy<Value = Options> {
    let flags = prop::collection::vec(prop::bool::weighted(0.2), 5);
    flags.prop_map(|flags| Options {
        disk_moves: !flags[0],
        instance_moves: !flags[1],
        restricted_migration: flags[2],
        evacuate: flags[3],
        ignore_soft_errors: flags[4],
        min_gain: 0.0,
        max_length: 8,
        ..Options::default()
    })
}

/// Loads that do not add up exactly.
fn setup() -> impl Strategy<Value = Setup> {
    let loads = prop::collection::vec(prop::array::uniform4(0.0..2.0_f64), 16);
    (any::<bool>(), loads, any::<bool>(), any::<bool>()).prop_map(
        |(given, loads, ratio, recorded)| Setup {
            loads: loads
                .into_iter()
                .enumerate()
                .filter(|_| given)
                .map(|(at, load)| (format!("vm{at}.lab"), load))
                .collect(),
            max_cpu: ratio.then_some(1.5),
            min_disk: if ratio { 0.1 } else { 0.0 },
            n1: if recorded {
                N1Rule::Recorded
            } else {
                N1Rule::Reported
            },
            ..Setup::default()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn each_step_is_the_best_of_all_moves(
        data in shape().prop_flat_map(cluster),
        options in options(),
        setup in setup(),
    ) {
        let mut slow = Cluster::new(data, &setup).unwrap();
        slow.limit(&setup).unwrap();
        let mut fast = slow.clone();
        let scope = Scope::group(&slow, 0);
        let mut now = score(&slow, &scope.nodes).total();
        for step in Balancer::new(&mut fast, &scope, &options) {
            let best = best(&slow, &scope, &options, now);
            prop_assert_eq!(best, Some((step.instance, step.to, step.score)));
            let force = options.ignore_soft_errors;
            let outcome: Outcome = slow.outcome(step.instance, step.to, force).unwrap();
            slow.make(step.instance, &outcome);
            now = step.score;
        }
        // Near the optimum a plan ends, whatever moves there still are.
        if now > optimum(&slow, &scope.nodes) + options.min_score {
            let last = Balancer::new(&mut fast, &scope, &options).next().map(|it| it.to);
            prop_assert_eq!(last, best(&slow, &scope, &options, now).map(|it| it.1));
        }
    }

    #[test]
    fn two_halves_at_the_same_time_find_the_same_moves(
        data in shape().prop_flat_map(cluster),
        options in options(),
        setup in setup(),
    ) {
        let one = Cluster::new(data, &setup).unwrap();
        let scope = Scope::group(&one, 0);
        let steps = |halves: bool| -> Vec<Step> {
            let mut cluster = one.clone();
            Balancer::new(&mut cluster, &scope, &options).in_halves(halves).collect()
        };
        prop_assert_eq!(steps(true), steps(false));
    }

    #[test]
    fn the_score_kept_at_hand_is_the_score_from_scratch(data in shape().prop_flat_map(cluster)) {
        let mut cluster = Cluster::new(data, &Setup::default()).unwrap();
        let scope = Scope::group(&cluster, 0);
        let mut board = Board::new(&cluster, &scope.nodes);
        for (at, to) in moves(&cluster, &scope, &Options::default()).into_iter().step_by(7) {
            let Ok(outcome) = cluster.outcome(at, to, true) else {
                continue;
            };
            let expected = board.score_with(&cluster, &cluster.instances[at], &outcome);
            board.take(&cluster, &cluster.instances[at], &outcome);
            cluster.make(at, &outcome);
            prop_assert_eq!(board.score().total().to_bits(), expected.to_bits());
            let scratch = score(&cluster, &scope.nodes).total();
            prop_assert_eq!(scratch.to_bits(), expected.to_bits());
        }
    }

    #[test]
    fn an_evacuation_that_was_tried_leaves_no_trace(data in shape().prop_flat_map(cluster)) {
        let mut cluster = Cluster::new(data, &Setup::default()).unwrap();
        let scope = Scope::group(&cluster, 0);
        let alone = |it: &usize| !Evacuation::new(&mut cluster.clone(), &scope.nodes).possible(*it);
        let alone: Vec<usize> = scope.nodes.iter().copied().filter(alone).collect();
        let together = Evacuation::new(&mut cluster, &scope.nodes).stuck();
        prop_assert_eq!(together, alone);
    }
}
