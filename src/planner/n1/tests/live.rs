//! Of a present cluster, in which not everything is known.

use std::sync::Arc;

use gantry_wire::config;
use gantry_wire::node::{Memory, Sample, System};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::model::status::{Status as Known, Word};
use crate::model::{self, Reach, Time};
use crate::planner::Present;

fn node(name: &str, free: u64) -> model::Node {
    model::Node {
        conf: Some(config::Node {
            name: name.into(),
            group: "default".into(),
            role: "C".into(),
            vm_capable: true,
            spindle_count: 1,
            cpu_speed: 1.0,
            ..config::Node::default()
        }),
        reach: Reach::Up { since: Time(1) },
        heard: Some(Time(1)),
        facts: Sample {
            memory: Some(Memory {
                total: 32_768,
                free,
                node: 400,
                ..Memory::default()
            }),
            system: Some(System {
                cpus: 4,
                ..System::default()
            }),
            ..Sample::default()
        },
        ..model::Node::new(Arc::from(name))
    }
}

fn instance(name: &str, nodes: [&str; 2], least: u64) -> model::Instance {
    model::Instance {
        name: Arc::from(name),
        conf: config::Instance {
            name: name.into(),
            primary: nodes[0].into(),
            secondaries: vec![nodes[1].into()],
            disk_template: "drbd".into(),
            minmem: least,
            maxmem: 8_192,
            vcpus: 1,
            auto_balance: true,
            ..config::Instance::default()
        },
        status: Known::Now(Word::Running),
        ..model::Instance::default()
    }
}

fn cluster(
    version: &str,
    nodes: Vec<model::Node>,
    instances: Vec<model::Instance>,
) -> model::Cluster {
    let mut out = model::Cluster::new("test");
    out.conf = Some(config::Cluster {
        software_version: version.into(),
        hypervisors: vec!["kvm".into()],
        ipolicy: json!({}),
        ..config::Cluster::default()
    });
    let group = config::Group {
        name: "default".into(),
        alloc_policy: "preferred".into(),
        ..config::Group::default()
    };
    out.groups.insert(Arc::from("default"), group);
    out.nodes
        .extend(nodes.into_iter().map(|it| (it.name.clone(), it)));
    let all = instances.into_iter().map(|it| (it.name.clone(), it));
    out.instances.extend(all);
    out
}

fn of(n1: &N1, name: &str) -> usize {
    let nodes = &n1.cluster.data.nodes;
    nodes.iter().position(|it| it.name == name).unwrap()
}

#[test]
fn least_memory_is_what_verify_counts() {
    let nodes = vec![node("node1", 20_000), node("node2", 5_000)];
    let web = instance("web", ["node1", "node2"], 4_096);
    let n1 = Present::of(&cluster("3.0.2", nodes, vec![web])).unwrap().n1;
    let dies = n1.if_it_dies(of(&n1, "node1"));
    assert_eq!(dies[..2], [Verdict::Holds, Verdict::Fails]);
}

#[test]
fn a_node_that_is_not_known_is_not_free_and_not_guilty() {
    let mut lost = node("node2", 30_000);
    lost.reach = Reach::Idle;
    let nodes = vec![node("node1", 20_000), lost, node("node3", 30_000)];
    let web = instance("web", ["node1", "node2"], 4_096);
    let db = instance("db", ["node3", "node1"], 4_096);
    let mut n1 = Present::of(&cluster("3.0.2", nodes, vec![web, db]))
        .unwrap()
        .n1;
    let [one, two, three] = ["node1", "node2", "node3"].map(|name| of(&n1, name));
    assert_eq!(n1.if_it_dies(one), [Verdict::Unknown; 3]);
    assert_eq!(n1.verdict(two), Verdict::Unknown);
    assert_eq!(n1.verdict(three), Verdict::Holds);
    assert!(n1.unknown(two).unwrap().contains("no fresh figures"));
    assert_eq!(n1.dangers(), Vec::new());
    let summary = n1.summary();
    assert_eq!((summary.verdict, summary.unknown), (Verdict::Unknown, 2));
}

#[test]
fn a_secondary_that_is_offline_takes_nobody() {
    let mut off = node("node2", 30_000);
    off.conf.as_mut().unwrap().role = "O".into();
    let nodes = vec![node("node1", 20_000), off];
    let web = instance("web", ["node1", "node2"], 4_096);
    let mut n1 = Present::of(&cluster("3.0.2", nodes, vec![web])).unwrap().n1;
    let one = of(&n1, "node1");
    assert_eq!(
        n1.if_it_dies(one),
        [Verdict::Holds, Verdict::Holds, Verdict::Fails]
    );
    let danger = n1.danger(one);
    let reason = n1.reason(&danger.stranded[0]);
    assert_eq!(
        reason,
        "web (8.0G) has its secondary on node2, which is offline"
    );
}

#[test]
fn the_version_decides_the_rule() {
    for (version, rule) in [("3.0.2", N1Rule::Reported), ("3.1.0", N1Rule::Recorded)] {
        let n1 = Present::of(&cluster(version, vec![node("node1", 1)], Vec::new()))
            .unwrap()
            .n1;
        assert_eq!(n1.rule(), rule);
    }
}

#[test]
fn a_disk_that_nobody_told_of_is_not_said_to_be_full() {
    let nodes = vec![node("node1", 20_000), node("node2", 20_000)];
    let web = instance("web", ["node1", "node2"], 4_096);
    let mut db = instance("db", ["node2", "node1"], 4_096);
    db.conf.disk_template = "plain".into();
    db.conf.secondaries.clear();
    db.conf.disks = vec![config::Disk {
        size: 2_048,
        ..config::Disk::default()
    }];
    let n1 = Present::of(&cluster("3.0.2", nodes, vec![web, db]))
        .unwrap()
        .n1;
    let [one, two] = ["node1", "node2"].map(|name| of(&n1, name));
    assert_eq!(n1.if_it_dies(one)[2], Verdict::Holds);
    assert_eq!(n1.if_it_dies(two)[2], Verdict::Unknown);
}

proptest! {
    #[test]
    fn what_is_kept_up_is_as_if_it_were_loaded_anew(
        version in prop::sample::select(vec!["3.0.2", "3.1.0"]),
        told in prop::collection::vec((0_usize..4, 0_u64..32_768, prop::bool::weighted(0.1)), 1..12),
    ) {
        let names = ["node1", "node2", "node3", "node4"];
        let nodes = names.iter().map(|name| node(name, 9_000)).collect();
        let instances = (0..6).map(|at| {
            instance(&format!("i{at}"), [names[at % 4], names[(at + 1 + at / 4) % 4]], 512 << at)
        });
        let mut cluster = cluster(version, nodes, instances.collect());
        let mut present = Present::of(&cluster).unwrap();
        for (at, free, lost) in told {
            cluster.now.at = Time(cluster.now.at.0 + 1);
            let node = cluster.nodes.get_mut(names[at]).unwrap();
            node.facts.memory.as_mut().unwrap().free = free;
            if lost {
                node.reach = Reach::Idle;
                cluster.shape += 1;
            }
            present.keep_up(&cluster).unwrap();
            let mut anew = Present::of(&cluster).unwrap();
            prop_assert_eq!(&present.snapshot, &anew.snapshot);
            prop_assert_eq!(Report::made(&mut present.n1), Report::made(&mut anew.n1));
        }
    }
}
