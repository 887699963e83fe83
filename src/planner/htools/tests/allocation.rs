//! Allocation held against scoring everything anew, and reasons against the checks they explain.

use proptest::prelude::*;

use super::{cluster, shape};
use crate::planner::htools::alloc::reason::refused;
use crate::planner::htools::alloc::{Failures, Judge, Newcomer, Targets};
use crate::planner::htools::board::Board;
use crate::planner::htools::capacity::{Ask, Size, Space};
use crate::planner::htools::data::Instance;
use crate::planner::htools::n1::redundancy::Redundancy;
use crate::planner::htools::node::{MODES, Refusal};
use crate::planner::htools::policy::Template;
use crate::planner::htools::score::score;
use crate::planner::htools::{Cluster, Setup};

fn newcomer(cluster: &mut Cluster, template: Template, size: (i64, i64, i64)) -> Newcomer {
    let (memory, disk, cpus) = size;
    let size = Size {
        memory: memory * 256,
        disk: disk * 1_024,
        cpus,
        spindles: 1,
    };
    let loaded = Instance {
        tags: vec!["svc:1".to_owned(), "rack:2".to_owned()],
        ..size.instance("new".to_owned(), template, 1)
    };
    Newcomer::new(cluster, loaded, [1.0; 4])
}

fn template() -> impl Strategy<Value = Template> {
    prop::sample::select(vec![Template::Drbd, Template::Plain, Template::Ext])
}

fn sizes() -> impl Strategy<Value = (i64, i64, i64)> {
    (0..80_i64, 0..200_i64, 0..12_i64)
}

proptest! {
    #[test]
    fn a_pairs_score_is_near_the_score_made_anew(data in shape().prop_flat_map(cluster), size in sizes()) {
        let mut cluster = Cluster::new(data, &Setup::default()).unwrap();
        let new = newcomer(&mut cluster, Template::Drbd, size);
        let nodes: Vec<usize> = (0..cluster.nodes.len()).collect();
        let online: Vec<usize> = nodes.iter().copied().filter(|at| !cluster.nodes[*at].offline).collect();
        let Ok(targets) = Targets::new(&cluster, &online, 2) else {
            return Ok(());
        };
        let mut judge = Judge { nodes: &nodes, ignore_soft_errors: false, redundancy: None };
        let solution = judge.allocate(&mut cluster, &new, &targets);
        let Targets::Pairs(pairs) = targets else { unreachable!() };
        let all: usize = pairs.iter().map(|(_, others)| others.len()).sum();
        prop_assert_eq!(solution.failures.total() + solution.successes, all);
        let Some(chosen) = solution.chosen else {
            prop_assert_eq!(solution.successes, 0);
            return Ok(());
        };
        let mut board = Board::new(&cluster, &nodes);
        let least = board.score_with(&cluster, &new.instance, &chosen.outcome);
        for (primary, others) in pairs {
            for other in others {
                if let Ok(outcome) = new.outcome(&cluster, primary, Some(other), false) {
                    let score = board.score_with(&cluster, &new.instance, &outcome);
                    prop_assert!(score.is_nan() || least <= score + 1e-6, "{least} {score}");
                }
            }
        }
        cluster.admit(&new, &chosen.outcome);
        let scratch = score(&cluster, &nodes).total();
        prop_assert_eq!(scratch.to_bits(), least.to_bits());
    }

    #[test]
    fn who_is_dismissed_has_never_been_there(
        data in shape().prop_flat_map(cluster),
        template in template(),
        size in sizes(),
    ) {
        let mut cluster = Cluster::new(data, &Setup::default()).unwrap();
        let new = newcomer(&mut cluster, template, size);
        let before = format!("{cluster:?}");
        let nodes: Vec<usize> = (0..cluster.nodes.len()).collect();
        let wanted = if template == Template::Drbd { 2 } else { 1 };
        let targets = Targets::new(&cluster, &nodes, wanted).unwrap();
        let mut redundancy = Redundancy::default();
        let mut judge = Judge {
            nodes: &nodes,
            ignore_soft_errors: false,
            redundancy: Some(&mut redundancy),
        };
        judge.allocate(&mut cluster, &new, &targets);
        prop_assert_eq!(same_tags(&format!("{cluster:?}")), same_tags(&before));
    }

    #[test]
    fn every_refusal_has_a_reason_and_no_other_has_one(
        data in shape().prop_flat_map(cluster),
        template in template(),
        size in sizes(),
    ) {
        let mut cluster = Cluster::new(data, &Setup::default()).unwrap();
        for node in &mut cluster.nodes {
            node.offline = false;
        }
        let new = newcomer(&mut cluster, template, size);
        for at in 0..cluster.nodes.len() {
            let first = new.outcome(&cluster, at, None, false).err();
            let reason = refused(&cluster, &new, at, None);
            prop_assert_eq!(first, reason.as_ref().and_then(|it| it.mode), "{:?}", reason);
            prop_assert!(reason.is_none_or(|it| it.reason.short().is_none_or(|short| short > 0)));
            if first.is_some() || template != Template::Drbd {
                continue;
            }
            for other in (0..cluster.nodes.len()).filter(|other| *other != at) {
                let second = new.outcome(&cluster, at, Some(other), false).err();
                let reason = refused(&cluster, &new, other, Some(at));
                prop_assert_eq!(second, reason.as_ref().and_then(|it| it.mode), "{:?}", reason);
                prop_assert!(reason.is_none_or(|it| it.reason.short().is_none_or(|short| short > 0)));
            }
        }
    }

    #[test]
    fn filling_ends_when_nothing_more_fits(
        data in shape().prop_flat_map(cluster),
        template in template(),
        limit in prop::option::of(0..9_i64),
    ) {
        let cluster = Cluster::new(data, &Setup::default()).unwrap();
        let ask = Ask {
            template,
            spindle_use: 1,
            independent_groups: false,
            accept_existing: true,
            no_capacity_checks: false,
        };
        let size = Size { memory: 1_024, disk: 4_096, cpus: 1, spindles: 1 };
        let mut space = Space::new(cluster, ask);
        let Ok(found) = space.fill(size, limit) else {
            prop_assert!(space.targets.is_err());
            return Ok(());
        };
        let count = space.count() as i64;
        prop_assert!(limit.is_none_or(|limit| count <= limit));
        if limit.is_none_or(|limit| count < limit) {
            prop_assert!(found.failures.total() > 0);
        }
        prop_assert_eq!(space.cluster.instances.len(), space.cluster.data.instances.len());
    }
}

/// Maps print in any order.
fn same_tags(text: &str) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    chars.sort_unstable();
    chars.into_iter().collect()
}

#[test]
fn failures_are_ranked_by_number_and_else_in_canonical_order() {
    let mut failures = Failures::default();
    failures.add(Refusal::Disk, 2);
    failures.add(Refusal::Spindles, 2);
    failures.add(Refusal::Cpu, 1);
    let words =
        |list: Vec<(&'static str, usize)>| list.into_iter().map(|it| it.0).collect::<Vec<_>>();
    let falling = words(failures.falling());
    assert_eq!(
        falling[..4],
        ["FailDisk", "FailSpindles", "FailCPU", "FailMem"]
    );
    let rising = words(failures.rising());
    assert_eq!(rising[6..], ["FailCPU", "FailDisk", "FailSpindles"]);
    assert_eq!(Refusal::ALL.map(Refusal::word)[..], MODES[..8]);
}
