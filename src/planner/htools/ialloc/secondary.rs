//! A secondary node for an instance that has none yet: it becomes one of DRBD.

use super::Ways;
use super::allocate::Place;
use super::answer::{Answer, Found};
use crate::planner::htools::alloc::{Judge, Newcomer, Targets, reason};
use crate::planner::htools::balance::Scope;
use crate::planner::htools::cluster::Cluster;
use crate::planner::htools::data;
use crate::planner::htools::operations::remove_primary;
use crate::planner::htools::policy::Template;

/// Finds it.
pub fn find(cluster: &mut Cluster, at: usize, ways: &Ways) -> Answer {
    let (Some(instance), Some(loaded)) =
        (cluster.instances.get(at), cluster.data.instances.get(at))
    else {
        return Answer::failed("Instance is not in the cluster");
    };
    if instance.secondary.is_some() {
        return Answer::failed("Instance already has a secondary");
    }
    let (primary, load) = (instance.primary, instance.load);
    let loaded = data::Instance {
        template: Template::Drbd,
        ..loaded.clone()
    };
    let group = cluster.nodes.get(primary).map_or(0, |it| it.group);
    // The real tool takes offline nodes too.
    let mut others = Scope::group(cluster, group).nodes;
    others.retain(|it| *it != primary);
    let targets = Targets::Pairs(vec![(primary, others)]);
    let all = Scope::all(cluster).nodes;
    let before = cluster.clone();
    cluster.withdraw(at);
    let newcomer = Newcomer::new(cluster, loaded, load);
    let mut redundancy = ways.redundancy();
    let mut judge = Judge {
        nodes: &all,
        ignore_soft_errors: ways.ignore_soft_errors,
        redundancy: redundancy.as_mut(),
    };
    let solution = judge.allocate(cluster, &newcomer, &targets);
    let place = Place::of(solution);
    let info = place.words(cluster);
    let name = newcomer.loaded.name.clone();
    let chosen = place
        .chosen
        .and_then(|(outcome, _)| Some((outcome.secondary?, outcome)));
    match chosen {
        Some((secondary, outcome)) => {
            cluster.admit(&newcomer, &outcome);
            cluster.take_the_place_of(at);
            Answer::of(info, Found::Secondary(secondary))
        }
        None => {
            let refused = reason::refusals(cluster, &newcomer, &targets);
            *cluster = before;
            Answer {
                refused: vec![(name, refused)],
                ..Answer::failed(info)
            }
        }
    }
}

impl Cluster {
    /// Takes a primary off its node; it keeps its number.
    fn withdraw(&mut self, at: usize) {
        let Some(instance) = self.instances.get(at) else {
            return;
        };
        let node = instance.primary;
        let conflicts = self.tags.leaving(node, instance);
        let wishes = self.tags.wishes(node, instance);
        if let (Some(fixed), Some(now)) = (self.nodes.get(node), self.figures.get_mut(node)) {
            *now = remove_primary(fixed, now, instance, conflicts, wishes);
        }
        self.tags.left(node, instance);
        if let Some(list) = self.primaries.get_mut(node) {
            list.retain(|it| *it != at);
        }
    }

    /// The last instance gets the number of an earlier one, which is gone.
    fn take_the_place_of(&mut self, at: usize) {
        let last = self.instances.len().saturating_sub(1);
        if at >= last {
            return;
        }
        self.instances.swap_remove(at);
        self.data.instances.swap_remove(at);
        let lists = self.primaries.iter_mut().chain(&mut self.secondaries);
        for entry in lists.flatten().filter(|it| **it == last) {
            *entry = at;
        }
    }
}
