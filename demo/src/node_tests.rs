#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
//! What a console is told, change by change, adds up to what there is.

use std::collections::BTreeMap;

use gantry_wire::config::Instance;
use gantry_wire::job::Job;

use super::*;
use crate::sim::{Cluster, Options};
use crate::world::Pace;

/// What a console knows when it folds everything in.
#[derive(Default)]
struct Known {
    instances: BTreeMap<String, Instance>,
    nodes: BTreeMap<String, gantry_wire::config::Node>,
    jobs: BTreeMap<u64, Job>,
    wholes: usize,
}

impl Known {
    fn fold(&mut self, report: Report) {
        match report {
            Report::Config(part) => {
                if part.whole {
                    self.wholes += 1;
                    self.instances.clear();
                    self.nodes.clear();
                }
                for instance in part.instances {
                    self.instances.insert(instance.name.clone(), instance);
                }
                for node in part.nodes {
                    self.nodes.insert(node.name.clone(), node);
                }
                for name in part.gone.instances {
                    self.instances.remove(&name);
                }
            }
            Report::Jobs(part) => {
                if part.whole {
                    self.jobs.clear();
                }
                self.jobs
                    .extend(part.jobs.into_iter().map(|job| (job.id, job)));
                for id in part.gone {
                    self.jobs.remove(&id);
                }
            }
            _ => {}
        }
    }
}

#[test]
fn news_add_up_to_what_there_is() {
    let cluster = Cluster::new(Options::default());
    let world = World::new(cluster, Pace::Frozen, String::new());
    let mut node = SimulatedNode::new(Arc::clone(&world), 0, Serve::default());
    let watch = Watch {
        master: true,
        ..Watch::default()
    };
    let mut known = Known::default();
    let mut now = Moment::default();
    // Two days, so that instances come and go and jobs are archived.
    for _ in 0..2_000 {
        now.mono_ms += LOOK_MS;
        world.advance(86_400);
        for report in node.poll(&watch, now) {
            known.fold(report);
        }
        let cluster = world.cluster();
        let instances: BTreeMap<_, _> = cluster
            .instances
            .values()
            .map(|instance| (instance.name.clone(), cluster.instance_facts(instance)))
            .collect();
        assert_eq!(known.instances, instances);
        let roles = cluster.nodes.iter().map(|node| node.role.letter());
        assert!(
            roles.eq(cluster
                .nodes
                .iter()
                .map(|node| known.nodes[&node.name].role.as_str()))
        );
        let jobs = cluster.queue.jobs.values().map(|job| job.facts.clone());
        assert!(jobs.eq(known.jobs.values().cloned()));
    }
    assert_eq!(known.wholes, 1);
    assert!(
        world.cluster().instances.keys().next_back().unwrap() > &60,
        "nothing was created"
    );
}

#[test]
fn locks_are_told_while_a_job_waits_and_once_empty_afterwards() {
    let cluster = Cluster::new(Options::default());
    let world = World::new(cluster, Pace::Frozen, String::new());
    let mut node = SimulatedNode::new(Arc::clone(&world), 0, Serve::default());
    let watch = Watch {
        master: true,
        ..Watch::default()
    };
    let mut now = Moment::default();
    let mut shown = Vec::new();
    while shown.last() != Some(&0) {
        now.mono_ms += LOOK_MS;
        world.advance(2000);
        shown.extend(
            node.poll(&watch, now)
                .into_iter()
                .filter_map(|report| match report {
                    Report::Locks(locks) => Some(locks.len()),
                    _ => None,
                }),
        );
        assert!(shown.len() < 100_000, "a job waits for ever");
    }
    assert!(shown[0] > 0);
}

#[test]
fn drbd_is_told_when_it_changed_each_second_while_it_moves_and_else_seldom() {
    let cluster = Cluster::new(Options {
        calm: true,
        ..Options::default()
    });
    let world = World::new(cluster, Pace::Frozen, String::new());
    let mut node = SimulatedNode::new(Arc::clone(&world), 0, Serve::default());
    let mut now = Moment::default();
    let mut after = |node: &mut SimulatedNode, ms: u64| {
        now.mono_ms += ms;
        node.drbd(now)
    };
    let first = after(&mut node, 0).unwrap();
    assert!(first.whole && !first.devices.is_empty());
    assert_eq!(after(&mut node, 5_000), None);
    assert!(after(&mut node, 5_000).is_some());
    let mirrored = |cluster: &mut Cluster| {
        let here = |i: &&crate::sim::instance::Instance| i.in_step() && i.primary == 0;
        cluster
            .instances
            .values()
            .find(here)
            .map(|i| i.name.clone())
    };
    let name = world.change(mirrored).unwrap();
    let id = {
        let cluster = world.cluster();
        let found = cluster.instances.iter().find(|(_, i)| i.name == name);
        *found.unwrap().0
    };
    world.change(|cluster| cluster.begin_resync(id, 20_000.0));
    let percent = |drbd: Drbd| {
        let device = drbd.devices.into_iter().find(|d| d.instance == name);
        device.unwrap().progress.unwrap().percent
    };
    let before = percent(after(&mut node, 1).unwrap());
    assert_eq!(after(&mut node, 500), None);
    world.advance(5_000);
    assert!(percent(after(&mut node, 500).unwrap()) > before);
}

#[test]
fn volumes_are_told_once_and_again_when_they_changed() {
    let cluster = Cluster::new(Options {
        calm: true,
        ..Options::default()
    });
    let world = World::new(cluster, Pace::Frozen, String::new());
    let mut node = SimulatedNode::new(Arc::clone(&world), 0, Serve::default());
    assert!(node.sample(Moment::default()).lvm.is_some());
    assert!(node.sample(Moment::default()).lvm.is_none());
    world.change(|cluster| cluster.set_vgs_hang(0, true));
    let hangs = node.sample(Moment::default());
    assert!(hangs.lvm.is_none() && hangs.storage.is_none());
    assert!(hangs.missing.unwrap().iter().all(|part| part.hangs));
    world.change(|cluster| cluster.set_vgs_hang(0, false));
    assert!(node.sample(Moment::default()).lvm.is_some());
}
