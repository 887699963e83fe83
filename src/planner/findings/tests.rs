use std::sync::Arc;

use gantry_wire::guest::Guest;
use gantry_wire::job::{Job, Op, QueueState};

use gantry_wire::config::Source;
use gantry_wire::report::MasterState;

use super::*;
use crate::model::status::Word;
use crate::model::time::Now;
use crate::model::{Instance, Reach, Status, Time};

fn cluster() -> Cluster {
    let mut cluster = Cluster::new("there");
    cluster.tick(Now {
        at: Time(100_000),
        wall: 1.7e9,
    });
    for name in ["node1", "node2", "node3"] {
        cluster.linked(name, Reach::Up { since: Time(1_000) });
        cluster.report(name, gantry_wire::Report::Sample(Box::default()));
    }
    cluster.report("node1", gantry_wire::Report::Master(MasterState::Serving));
    for node in cluster.nodes.values_mut() {
        node.clock_ahead = Some(0.0);
    }
    cluster
}

fn texts(cluster: &Cluster) -> Vec<String> {
    findings(cluster)
        .into_iter()
        .map(|finding| finding.text)
        .collect()
}

#[test]
fn a_healthy_cluster_is_calm() {
    assert_eq!(findings(&cluster()), []);
}

#[test]
fn the_worst_comes_first() {
    let mut cluster = cluster();
    cluster.queue = Some(QueueState {
        drained: true,
        ..Default::default()
    });
    let waiting = Reach::Waiting {
        until: Time(0),
        attempts: 2,
        why: "no answer".into(),
        host_answers: false,
    };
    cluster.linked("node3", waiting);
    cluster.tick(Now {
        at: Time(220_000),
        wall: 1.7e9 + 120.0,
    });
    cluster.linked("node3", Reach::Connecting("connecting"));
    assert_eq!(
        texts(&cluster),
        [
            "node3 lost 2m ago: no answer",
            "the job queue is drained: new jobs are refused"
        ]
    );
}

#[test]
fn many_of_a_kind_are_counted_and_few_are_named() {
    let mut cluster = cluster();
    let add = |cluster: &mut Cluster, n: usize| {
        let name: Name = Arc::from(format!("web{n}"));
        let mut instance = Instance {
            name: name.clone(),
            status: Status::Now(Word::ErrorDown),
            ..Default::default()
        };
        instance.conf.primary = "node1".into();
        cluster.instances.insert(name, instance);
    };
    add(&mut cluster, 1);
    assert_eq!(texts(&cluster), ["web1 ERROR_down (primary node1)"]);
    let op = Op {
        summary: "INSTANCE_STARTUP(web1)".into(),
        ..Default::default()
    };
    let job = Job {
        id: 7,
        status: "running".into(),
        ops: vec![op],
        ..Default::default()
    };
    cluster.jobs.insert(7, job);
    assert_eq!(texts(&cluster), Vec::<String>::new());
    cluster.jobs.clear();
    (2..6).for_each(|n| add(&mut cluster, n));
    assert_eq!(texts(&cluster), ["5 instances ERROR_down"]);
}

#[test]
fn a_failed_job_is_news_for_an_hour() {
    let mut cluster = cluster();
    let job = Job {
        id: 7,
        status: "error".into(),
        ended: Some(1.7e9 - 60.0),
        ..Default::default()
    };
    cluster.jobs.insert(7, job);
    assert_eq!(texts(&cluster), ["job 7 failed: (empty)"]);
    cluster.tick(Now {
        at: Time(200_000),
        wall: 1.7e9 + 4_000.0,
    });
    assert_eq!(texts(&cluster), Vec::<String>::new());
}

#[test]
fn a_guest_on_two_nodes_is_an_alarm_but_not_while_it_migrates() {
    let mut cluster = cluster();
    let mut instance = Instance {
        name: "web1".into(),
        ..Default::default()
    };
    instance.conf.name = "web1".into();
    instance.conf.primary = "node1".into();
    cluster.instances.insert("web1".into(), instance);
    cluster.conf_seen = Some(crate::model::cluster::ConfSeen {
        by: "node1".into(),
        source: Source::Luxi,
        written: 1.7e9,
        at: Time(1_000),
    });
    for name in ["node1", "node2"] {
        let guest = Guest {
            name: "web1".into(),
            ..Default::default()
        };
        let guests = gantry_wire::guest::Guests {
            list: vec![guest],
            ..Default::default()
        };
        if let Some(node) = cluster.nodes.get_mut(name) {
            node.facts.guests = Some(guests);
        }
    }
    assert_eq!(texts(&cluster), ["web1 runs on node1 and on node2"]);
    let op = Op {
        summary: "INSTANCE_MIGRATE(web1)".into(),
        ..Default::default()
    };
    let job = Job {
        id: 7,
        status: "running".into(),
        ops: vec![op],
        ..Default::default()
    };
    cluster.jobs.insert(7, job);
    assert_eq!(texts(&cluster), Vec::<String>::new());
}

#[test]
fn a_clock_is_wrong_against_the_others() {
    let mut cluster = cluster();
    if let Some(node) = cluster.nodes.get_mut("node2") {
        node.clock_ahead = Some(-600.0);
    }
    assert_eq!(texts(&cluster), ["node2: clock 10m 00s behind"]);
}

#[test]
fn nobody_answering_is_one_finding() {
    let mut cluster = Cluster::new("there");
    cluster.first_linked(Reach::Refused {
        why: "key refused".into(),
    });
    assert_eq!(texts(&cluster), ["no contact: key refused"]);
}
