#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use std::sync::Arc;

use gantry_wire::live::LiveNode;
use gantry_wire::node::{Memory, Sample, System};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::model::status::{Status as Known, Word};
use crate::model::time::{Now, Time};
use crate::model::{Instance as ModelInstance, Node as ModelNode, Reach};
use crate::planner::htools::data::Instance;
use crate::planner::htools::text;

fn ipolicy() -> serde_json::Value {
    let spec = |n| {
        json!({"memory-size": 128 * n, "cpu-count": n, "disk-size": 1024 * n, "disk-count": n,
               "nic-count": n, "spindle-use": n})
    };
    json!({"minmax": [{"min": spec(1), "max": spec(8)}], "std": spec(1),
           "disk-templates": ["drbd", "plain"], "vcpu-ratio": 2.5, "spindle-ratio": 32})
}

fn node(name: &str, role: &str) -> ModelNode {
    ModelNode {
        conf: Some(config::Node {
            name: name.into(),
            group: "default".into(),
            role: role.into(),
            vm_capable: true,
            spindle_count: 3,
            cpu_speed: 1.5,
            tags: vec!["rack:1".into()],
            ..config::Node::default()
        }),
        reach: Reach::Up { since: Time(1) },
        heard: Some(Time(1)),
        facts: Sample {
            memory: Some(Memory {
                total: 2000,
                free: 1500,
                node: 400,
                ..Memory::default()
            }),
            system: Some(System {
                cpus: 4,
                ..System::default()
            }),
            ..Sample::default()
        },
        ..ModelNode::new(Arc::from(name))
    }
}

fn instance(name: &str, template: &str, nodes: &[&str]) -> ModelInstance {
    ModelInstance {
        name: Arc::from(name),
        conf: config::Instance {
            name: name.into(),
            primary: nodes[0].into(),
            secondaries: nodes[1..].iter().map(|it| (*it).to_owned()).collect(),
            disk_template: template.into(),
            disks: vec![config::Disk {
                size: 512,
                ..config::Disk::default()
            }],
            vcpus: 2,
            minmem: 64,
            maxmem: 128,
            auto_balance: true,
            spindle_use: 1,
            ..config::Instance::default()
        },
        status: Known::Now(Word::Running),
        ..ModelInstance::default()
    }
}

fn cluster(nodes: Vec<ModelNode>, instances: Vec<ModelInstance>) -> model::Cluster {
    let mut out = model::Cluster::new("test");
    out.now = Now {
        at: Time(1_000_000),
        wall: 0.0,
    };
    out.conf = Some(config::Cluster {
        master: "node2".into(),
        software_version: "3.0.2".into(),
        hypervisors: vec!["kvm".into()],
        ipolicy: ipolicy(),
        tags: vec!["htools:iextags:service".into()],
        ..config::Cluster::default()
    });
    let group = config::Group {
        name: "default".into(),
        uuid: "uuid-1".into(),
        alloc_policy: "preferred".into(),
        ipolicy: ipolicy(),
        tags: Vec::new(),
    };
    out.groups.insert(Arc::from("default"), group);
    for node in nodes {
        out.nodes.insert(node.name.clone(), node);
    }
    for instance in instances {
        out.instances.insert(instance.name.clone(), instance);
    }
    out
}

#[test]
fn a_cluster_reads_as_hscan_writes_it() {
    let nodes = vec![node("node10", "C"), node("node2", "M"), node("node3", "D")];
    let instances = vec![
        instance("web", "drbd", &["node2", "node10"]),
        instance("files", "file", &["node3"]),
    ];
    let live = live(&cluster(nodes, instances)).unwrap();
    assert_eq!(live.unknown, []);
    assert_eq!((live.kvm, live.n1), (true, N1Rule::Reported));
    let expected = "\
default|uuid-1|preferred||

node2|2000|400|1500|0|0|4|M|uuid-1|3|rack:1|N|0|4|1.5
node3|2000|400|1500|0|0|4|Y|uuid-1|3|rack:1|N|0|4|1.5
node10|2000|400|1500|0|0|4|N|uuid-1|3|rack:1|N|0|4|1.5

files|128|512|2|running|Y|node3||file||1|-|N
web|128|640|2|running|Y|node2|node10|drbd||1|-|N

htools:iextags:service

|128,1,1024,1,1,1|128,1,1024,1,1,1;1024,8,8192,8,8,8|drbd,plain|2.5|32.0
default|128,1,1024,1,1,1|128,1,1024,1,1,1;1024,8,8192,8,8,8|drbd,plain|2.5|32.0
";
    assert_eq!(
        text::write(&live.clone().scanned(KVM_NODE_MEMORY)),
        expected
    );
    let counted = live.counted(KVM_NODE_MEMORY);
    assert!(counted.nodes.iter().all(|it| it.node_memory == 4096));
}

#[test]
fn a_node_without_fresh_figures_is_offline_and_named() {
    let mut lost = node("node1", "C");
    lost.reach = Reach::Idle;
    lost.trouble = Some("no route to host".into());
    let mut told = node("node2", "M");
    told.reach = Reach::Idle;
    let figures = LiveNode {
        memory_total: Some(1000),
        memory_free: Some(900),
        memory_node: Some(80),
        cpus: Some(2),
        cpus_node: Some(1),
        ..LiveNode::default()
    };
    told.live = Some((Time(900_000), figures.clone()));
    let mut stale = told.clone();
    stale.name = Arc::from("node3");
    stale.conf.as_mut().unwrap().name = "node3".into();
    stale.live = Some((Time(1), figures));
    let live = live(&cluster(vec![lost, told, stale], Vec::new())).unwrap();
    let of = |at: usize| &live.data.nodes[at];
    assert!(of(0).offline && of(0).total_memory == 0.0 && of(0).tags.is_empty());
    assert!(!of(1).offline && of(1).free_memory == 900 && of(1).node_cpus == 1);
    assert!(of(2).offline);
    let said: Vec<String> = live.unknown.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "node node1: no fresh figures: no route to host; it counts as offline and empty",
            "node node3: no fresh figures: nothing was heard of it; it counts as offline and empty",
        ]
    );
}

#[test]
fn an_instance_that_is_not_understood_keeps_its_place() {
    let mut mixed = instance("a", "mixed", &["node2"]);
    mixed.status = Known::Was(Word::Running, Time(1));
    let lost = instance("b", "plain", &["nowhere"]);
    let live = live(&cluster(vec![node("node2", "M")], vec![mixed, lost])).unwrap();
    assert_eq!(live.data.instances.len(), 1);
    let it = &live.data.instances[0];
    assert_eq!(
        (it.template, it.status),
        (Template::Plain, Status::ErrorNodeDown)
    );
    assert_eq!(live.unknown.len(), 3);
}

#[test]
fn exclusive_storage_counts_physical_volumes() {
    let mut own = node("node2", "M");
    own.conf.as_mut().unwrap().exclusive_storage = true;
    let pv = |vg: &str, free| gantry_wire::storage::PhysicalVolume {
        vg: vg.into(),
        total: 100,
        free,
        ..Default::default()
    };
    let without = live(&cluster(vec![own.clone()], Vec::new())).unwrap();
    assert!(without.unknown[0].why.contains("exclusive storage"));
    own.facts.lvm = Some(gantry_wire::storage::Lvm {
        pvs: vec![pv("xenvg", 100), pv("xenvg", 40), pv("other", 100)],
        ..Default::default()
    });
    let mut cluster = cluster(vec![own], Vec::new());
    cluster.conf.as_mut().unwrap().volume_group = "xenvg".into();
    let with = live(&cluster).unwrap();
    assert_eq!(
        (
            with.data.nodes[0].spindles,
            with.data.nodes[0].free_spindles
        ),
        (2, 1)
    );
}

#[test]
fn the_version_decides_the_rule() {
    for (version, recent) in [
        ("3.0.2", false),
        ("3.1.0~rc2", true),
        ("4.0", true),
        ("", false),
    ] {
        assert_eq!(since_3_1(version), recent, "{version}");
    }
}

proptest! {
    #[test]
    fn what_is_loaded_can_be_written_and_read_again(
        sizes in proptest::collection::vec((any::<u64>(), any::<u64>(), any::<u32>(), 0_usize..10), 0..6),
        memory in any::<(u64, u64, u64)>(),
    ) {
        let mut own = node("node2", "M");
        own.facts.memory = Some(Memory { total: memory.0, free: memory.1, node: memory.2, ..Memory::default() });
        let instances = sizes.iter().enumerate().map(|(at, (size, memory, vcpus, template))| {
            let word = Template::ALL.get(*template).map_or("odd", |it| it.word());
            let mut it = instance(&format!("i{at}"), word, &["node2", "node1"]);
            it.conf.disks[0].size = *size;
            it.conf.maxmem = *memory;
            it.conf.vcpus = *vcpus;
            it
        }).collect();
        let live = live(&cluster(vec![node("node1", "C"), own], instances)).unwrap();
        let data = live.counted(KVM_NODE_MEMORY);
        let read = text::read(&text::write(&data)).unwrap();
        // The format has one size for all of an instance's disks.
        let without_disks = |list: &Vec<_>| {
            let mut list: Vec<Instance> = list.clone();
            list.iter_mut().for_each(|it| it.disks.clear());
            list
        };
        prop_assert_eq!(without_disks(&read.instances), without_disks(&data.instances));
        prop_assert!(crate::planner::htools::Cluster::new(data, &Default::default()).is_ok());
    }
}
