#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
//! What is held at hand is what looking anew finds, and what the htools' own trial finds.

mod live;

use proptest::prelude::*;

use super::*;
use crate::planner::htools::data::{AllocPolicy, Group, Instance, Instances, Node, Status};
use crate::planner::htools::moves::Move;
use crate::planner::htools::n1::bad_nodes;
use crate::planner::htools::n1::evacuation::{Evacuation, Lack};
use crate::planner::htools::policy::{Policy, Template};
use crate::planner::htools::tests::{cluster, shape};

/// What happens to a cluster.
#[derive(Clone, Debug)]
enum Event {
    /// An instance moves: which, which way, to which node.
    Move(usize, usize, usize),
    /// A node reports another free memory, MiB.
    Free(usize, i64),
    /// All nodes do.
    AllFree(i64),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        3 => (0..64_usize, 0..6_usize, 0..16_usize).prop_map(|(at, way, to)| Event::Move(at, way, to)),
        2 => (0..16_usize, -200..70_000_i64).prop_map(|(at, free)| Event::Free(at, free)),
        1 => (-200..70_000_i64).prop_map(Event::AllFree),
    ]
}

/// Clusters in which memory is as scarce as makes the three disagree.
fn tight() -> impl Strategy<Value = (Data, N1Rule)> {
    let data = shape().prop_flat_map(cluster);
    (data, 1..12_i64, any::<bool>(), any::<bool>()).prop_map(|(mut data, part, recorded, alone)| {
        let count = data.instances.len().max(1) as f64;
        for node in &mut data.nodes {
            let wanted = (node.total_memory / count / 900.0).ceil();
            node.total_memory = (wanted * 2_048.0).min(node.total_memory);
            node.free_memory = node.total_memory as i64 / 12 * part;
        }
        if alone {
            for instance in data.instances.iter_mut().step_by(2) {
                (instance.template, instance.secondary) = (Template::Rbd, None);
            }
        }
        let rule = if recorded {
            N1Rule::Recorded
        } else {
            N1Rule::Reported
        };
        (data, rule)
    })
}

fn happen(n1: &mut N1, event: &Event) {
    let (nodes, instances) = (n1.cluster.nodes.len(), n1.cluster.instances.len());
    match *event {
        Event::Move(at, way, to) => {
            let (at, to) = (at % instances, to % nodes);
            let instance = &n1.cluster.instances[at];
            let way = match instance.has_secondary {
                false => Move::FailoverToAny(to),
                true => [
                    Move::Failover,
                    Move::ReplacePrimary(to),
                    Move::ReplaceSecondary(to),
                    Move::ReplaceAndFailover(to),
                    Move::FailoverAndReplace(to),
                    Move::Failover,
                ][way],
            };
            let own = to == instance.primary || Some(to) == instance.secondary;
            if own && way != Move::Failover {
                return;
            }
            if let Ok(outcome) = n1.cluster.outcome(at, way, true) {
                n1.make(at, &outcome);
            }
        }
        Event::Free(at, free) => n1.report(at % nodes, free),
        Event::AllFree(free) => {
            let told: Vec<(usize, i64)> = (0..nodes).map(|at| (at, free)).collect();
            n1.report_all(&told);
        }
    }
}

fn verdicts(n1: &N1) -> Vec<([Verdict; 3], bool, bool)> {
    let one = |at| {
        let [verify, fail_n1] =
            [Kind::Verify, Kind::FailN1].map(|kind| n1.cannot_take_over(at, kind));
        (n1.if_it_dies(at), verify, fail_n1)
    };
    (0..n1.cluster.nodes.len()).map(one).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn after_changes_it_is_what_looking_anew_finds(
        (data, rule) in tight(),
        events in prop::collection::vec(event(), 1..12),
    ) {
        let mut n1 = N1::of(data, rule).unwrap();
        for event in &events {
            happen(&mut n1, event);
            let anew = N1::over(n1.cluster.clone(), n1.ground.clone());
            prop_assert_eq!(verdicts(&n1), verdicts(&anew), "{:?}", event);
            for (at, rest) in n1.rests.iter().enumerate() {
                if let Some(kept) = rest.tally {
                    prop_assert_eq!(kept, n1.tally(at, rest), "{:?}", event);
                }
            }
        }
    }

    #[test]
    fn gn1_is_what_evacuating_node_by_node_finds(
        (data, rule) in tight(),
        events in prop::collection::vec(event(), 0..4),
    ) {
        let mut n1 = N1::of(data, rule).unwrap();
        events.iter().for_each(|event| happen(&mut n1, event));
        let mut cluster = n1.cluster.clone();
        let nodes = Scope::group(&cluster, 0).nodes;
        let stuck = Evacuation::new(&mut cluster, &nodes).stuck();
        let failing = nodes.iter().filter(|at| n1.if_it_dies(**at)[2] == Verdict::Fails);
        prop_assert_eq!(failing.copied().collect::<Vec<_>>(), stuck);
    }

    #[test]
    fn fail_n1_blames_whom_hbal_calls_bad((data, rule) in tight()) {
        let n1 = N1::of(data, rule).unwrap();
        let nodes = Scope::all(&n1.cluster).nodes;
        let blamed = nodes.iter().filter(|at| n1.cannot_take_over(**at, Kind::FailN1));
        prop_assert_eq!(blamed.copied().collect::<Vec<_>>(), bad_nodes(&n1.cluster, &nodes));
        for at in nodes {
            // By the records' rule a node fails too where nothing is left and nothing reserved.
            let pairs = n1.fail_n1.holds(at) == Verdict::Fails;
            let blamed = n1.cannot_take_over(at, Kind::FailN1);
            let reserves = n1.cluster.figures[at].reserved > 0;
            prop_assert!(pairs == (blamed && reserves), "{at}");
        }
    }

    #[test]
    fn verify_adds_up_least_memory_by_pairs((data, rule) in tight()) {
        let mut ground = Ground::of(&data, rule);
        ground.minmem.iter_mut().step_by(3).for_each(|it| *it /= 2);
        let n1 = N1::new(data.clone(), ground.clone()).unwrap();
        for (dies, verdicts) in verdicts(&n1).into_iter().enumerate() {
            let short = |holds: usize| {
                let mut needed = 0;
                for (at, instance) in data.instances.iter().enumerate() {
                    let here = instance.primary == dies && instance.secondary == Some(holds);
                    if here && instance.auto_balance && !instance.forthcoming {
                        needed += ground.minmem[at];
                    }
                }
                needed > 0 && !data.nodes[holds].offline && data.nodes[holds].free_memory < needed
            };
            let fails = (0..data.nodes.len()).any(short);
            prop_assert_eq!(verdicts.0[0] == Verdict::Fails, fails);
        }
    }

    #[test]
    fn what_fails_names_who_is_stranded((data, rule) in tight()) {
        let mut n1 = N1::of(data, rule).unwrap();
        for at in 0..n1.cluster.nodes.len() {
            let stranded = n1.stranded(at);
            for (kind, verdict) in Kind::ALL.into_iter().zip(n1.if_it_dies(at)) {
                let named = stranded.iter().filter(|it| it.kind == kind);
                prop_assert_eq!(named.count() > 0, verdict == Verdict::Fails);
            }
            for it in &stranded {
                prop_assert!(it.obstacle.lack != Lack::Nothing, "{it:?}");
                if let Lack::Memory(short) | Lack::Disk(short) = it.obstacle.lack {
                    prop_assert!(short > 0);
                }
                prop_assert!(!n1.reason(it).is_empty());
            }
            n1.why_they_differ(at);
        }
    }
}

/// Nodes of 16 GiB with nothing on them.
pub(crate) fn nodes(count: usize) -> Data {
    let node = |at: usize| Node {
        name: format!("node{at}"),
        total_memory: 16_384.0,
        node_memory: 384,
        free_memory: 16_000,
        total_disk: 1_000_000.0,
        free_disk: 500_000,
        total_cpus: 16.0,
        offline: false,
        master: at == 0,
        group: 0,
        spindles: 1,
        tags: Vec::new(),
        exclusive_storage: false,
        free_spindles: 0,
        node_cpus: 0,
        cpu_speed: 1.0,
    };
    Data {
        groups: vec![Group {
            name: "g".to_owned(),
            uuid: "u".to_owned(),
            alloc_policy: AllocPolicy::Preferred,
            tags: Vec::new(),
            networks: Vec::new(),
            policy: Policy::default(),
        }],
        nodes: (0..count).map(node).collect(),
        instances: Instances::default(),
        tags: Vec::new(),
        policy: Policy::default(),
    }
}

/// Puts an instance there, which takes its memory.
pub(crate) fn put(data: &mut Data, memory: i64, primary: usize, secondary: Option<usize>) {
    let template = secondary.map_or(Template::Rbd, |_| Template::Drbd);
    data.nodes[primary].free_memory -= memory;
    let name = format!("vm{}", data.instances.len());
    data.instances.push(Instance {
        name,
        memory,
        disk: 1_024,
        disks: vec![1_024],
        vcpus: 1,
        status: Status::Running,
        auto_balance: true,
        primary,
        secondary,
        template,
        tags: Vec::new(),
        spindle_use: 1,
        spindles: None,
        forthcoming: false,
    });
}

#[test]
fn who_is_stranded_is_said_with_what_is_missing() {
    let mut data = nodes(3);
    put(&mut data, 10_000, 0, Some(1));
    put(&mut data, 8_000, 0, Some(1));
    put(&mut data, 4_000, 1, Some(2));
    let mut n1 = N1::of(data, N1Rule::Reported).unwrap();
    let dangers = n1.dangers();
    assert_eq!(dangers.len(), 1);
    assert_eq!((dangers[0].node, dangers[0].count), (0, 1));
    assert_eq!(
        n1.danger_in_words(&dangers[0]),
        "N1: ".replace("N1", "N+1")
            + "if node0 dies, 1 instance cannot start (verify): vm1 (7.8G) has its secondary on node1, \
               where 5.9G of memory are missing"
    );
    assert!(n1.cannot_take_over(1, Kind::Verify) && n1.cannot_take_over(1, Kind::FailN1));
    assert_eq!(n1.why_they_differ(0), Vec::<String>::new());
}

#[test]
fn shared_storage_is_seen_by_gn1_alone() {
    let mut data = nodes(3);
    for node in [0, 0, 1, 1, 2, 2] {
        put(&mut data, 7_000, node, None);
    }
    let mut n1 = N1::of(data, N1Rule::Recorded).unwrap();
    assert_eq!(
        n1.if_it_dies(0),
        [Verdict::Holds, Verdict::Holds, Verdict::Fails]
    );
    let danger = n1.danger(0);
    assert_eq!((danger.kind, danger.count), (Kind::Global, 2));
    let reason = n1.reason(&danger.stranded[0]);
    assert!(
        reason.contains("fits on no other node") && reason.contains("are missing"),
        "{reason}"
    );
    let whys = n1.why_they_differ(0);
    assert_eq!(whys, ["2 instances without DRBD: only GN1 looks at them"]);
}

#[test]
fn the_two_rules_differ_where_a_node_reports_more_than_its_records_leave() {
    let mut data = nodes(2);
    put(&mut data, 9_000, 0, Some(1));
    put(&mut data, 7_000, 1, None);
    // Ballooned: it reports more than 16 GiB less 7,000 MiB leave.
    data.nodes[1].free_memory = 12_000;
    let reported = N1::of(data.clone(), N1Rule::Reported).unwrap();
    let recorded = N1::of(data, N1Rule::Recorded).unwrap();
    assert_eq!(reported.if_it_dies(0)[1], Verdict::Holds);
    assert_eq!(recorded.if_it_dies(0)[1], Verdict::Fails);
}

#[test]
fn a_cluster_without_nodes_holds() {
    let n1 = N1::of(nodes(0), N1Rule::Reported).unwrap();
    assert_eq!(n1.summary().verdict, Verdict::Holds);
    let mut n1 = N1::of(nodes(1), N1Rule::Reported).unwrap();
    assert_eq!(n1.dangers(), Vec::new());
}
