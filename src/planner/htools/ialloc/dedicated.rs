//! Where whole disks belong to single instances: a place is as good as the room for other instances that it leaves.

use crate::planner::htools::alloc::{Newcomer, Targets};
use crate::planner::htools::cluster::Cluster;
use crate::planner::htools::data::{Instance, Status};
use crate::planner::htools::moves::Outcome;
use crate::planner::htools::node::{Figures, Node};
use crate::planner::htools::operations::{Arrival, add_primary};
use crate::planner::htools::policy::{Spec, Template};

use super::allocate::{Place, Worth};
use crate::planner::htools::alloc::Failures;
use crate::planner::htools::instance;

/// Most instances of one size that are counted on a node.
const MOST: i64 = 100_000;

/// Every place, and the best: the one that costs least room, of the largest sizes first; then with the least disk left.
pub fn allocate(
    cluster: &Cluster,
    newcomer: &Newcomer,
    targets: &Targets,
    ignore_soft: bool,
) -> Place {
    let mut place = Place {
        failures: Failures::default(),
        successes: 0,
        chosen: None,
    };
    let mut rooms = Rooms::new(cluster);
    let mut look = |primary: usize, secondary: Option<usize>| {
        let outcome = match newcomer.outcome(cluster, primary, secondary, ignore_soft) {
            Ok(outcome) => outcome,
            Err(refusal) => {
                place.failures.add(refusal, 1);
                return;
            }
        };
        place.successes += 1;
        let worth = rooms.lost(&outcome);
        if place
            .chosen
            .as_ref()
            .is_none_or(|(_, best)| !best.better(&worth))
        {
            place.chosen = Some((outcome, worth));
        }
    };
    match targets {
        Targets::Single(nodes) => nodes.iter().for_each(|at| look(*at, None)),
        Targets::Pairs(pairs) => {
            for (primary, others) in pairs {
                for other in others {
                    look(*primary, Some(*other));
                }
            }
        }
    }
    place
}

/// Room on the nodes as they are.
struct Rooms<'a> {
    cluster: &'a Cluster,
    /// For each node, once it was looked at: how many instances of each size it has room for.
    known: Vec<Option<Vec<i64>>>,
}

impl<'a> Rooms<'a> {
    fn new(cluster: &'a Cluster) -> Rooms<'a> {
        Rooms {
            cluster,
            known: vec![None; cluster.nodes.len()],
        }
    }

    fn lost(&mut self, outcome: &Outcome) -> Worth {
        let mut lost: Vec<i64> = Vec::new();
        let mut disk = 0_i64;
        for (at, figures) in outcome.changed.iter().flatten() {
            let (Some(node), Some(now)) =
                (self.cluster.nodes.get(*at), self.cluster.figures.get(*at))
            else {
                continue;
            };
            let sizes = sizes(self.cluster, node);
            let Some(known) = self.known.get_mut(*at) else {
                continue;
            };
            let before = known.get_or_insert_with(|| room(node, now, &sizes));
            let after = room(node, figures, &sizes);
            if lost.is_empty() {
                lost = vec![0; sizes.len()];
            }
            for (sum, (before, after)) in lost.iter_mut().zip(before.iter().zip(after)) {
                *sum += *before - after;
            }
            disk = disk.saturating_add(figures.free_disk);
        }
        Worth::Lost(lost, disk)
    }
}

/// Smallest sizes of the policy, largest disk first.
fn sizes(cluster: &Cluster, node: &Node) -> Vec<Spec> {
    let group = cluster.data.groups.get(node.group);
    let ranges = group.map(|it| it.policy.ranges.as_slice());
    let least = ranges.unwrap_or_default().iter().map(|(least, _)| *least);
    let mut sizes: Vec<Spec> = least.collect();
    sizes.sort_by_key(|size| std::cmp::Reverse(size.disk));
    sizes
}

/// How many instances of each size fit, one by one.
fn room(node: &Node, now: &Figures, sizes: &[Spec]) -> Vec<i64> {
    let count = |size: &Spec| {
        let loaded = Instance {
            name: String::new(),
            memory: size.memory,
            disk: size.disk,
            disks: vec![size.disk],
            vcpus: size.cpus,
            status: Status::Running,
            auto_balance: true,
            primary: 0,
            secondary: None,
            template: Template::Plain,
            tags: Vec::new(),
            spindle_use: size.spindle_use,
            spindles: Some(0),
            forthcoming: false,
        };
        let instance = instance::Instance::new(&loaded, String::new(), [0.0; 4]);
        let mut now = *now;
        let mut count = 0;
        while count < MOST {
            match add_primary(node, &now, &instance, false, Arrival::default()) {
                Ok(next) => now = next,
                Err(_) => break,
            }
            count += 1;
        }
        count
    };
    sizes.iter().map(count).collect()
}
