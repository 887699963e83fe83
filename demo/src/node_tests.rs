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
