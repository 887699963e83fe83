#![allow(clippy::unwrap_used)]
use gantry_wire::config::{ConfigPart, Source};
use gantry_wire::drbd::{Device, Drbd};
use gantry_wire::guest::{Guest, Guests};
use gantry_wire::node::Sample;
use gantry_wire::{config, live};

use super::*;
use crate::model::Time;
use crate::model::status::{Status, Word};

fn at(cluster: &mut Cluster, ms: u64) {
    cluster.tick(Now {
        at: Time(ms),
        wall: 1.7e9 + ms as f64 / 1e3,
    });
}

fn part(source: Source) -> Report {
    let node = |name: &str, role: &str| config::Node {
        name: name.into(),
        role: role.into(),
        ..Default::default()
    };
    let instance = |name: &str, primary: &str, secondary: &str| config::Instance {
        name: name.into(),
        primary: primary.into(),
        secondaries: vec![secondary.into()],
        admin_state: "up".into(),
        hypervisor: "kvm".into(),
        ..Default::default()
    };
    Report::Config(Box::new(ConfigPart {
        whole: true,
        last: true,
        source,
        nodes: vec![node("node1", "M"), node("node2", "C"), node("node3", "O")],
        instances: vec![
            instance("web10", "node2", "node1"),
            instance("web9", "node2", "node3"),
            instance("old", "node3", "node1"),
        ],
        ..Default::default()
    }))
}

fn guests(names: &[&str]) -> Report {
    let guest = |name: &&str| Guest {
        name: (*name).into(),
        hypervisor: "kvm".into(),
        ..Default::default()
    };
    Report::Sample(Box::new(Sample {
        seq: 1,
        guests: Some(Guests {
            hypervisors: vec!["kvm".into()],
            list: names.iter().map(guest).collect(),
        }),
        ..Default::default()
    }))
}

fn cluster() -> Cluster {
    let mut cluster = Cluster::new("there");
    at(&mut cluster, 1_000);
    for name in ["node1", "node2"] {
        cluster.linked(name, Reach::Up { since: Time(1_000) });
        let ssconf = Ssconf {
            master_node: "node1".into(),
            ..Default::default()
        };
        cluster.report(name, Report::Ssconf(Box::new(ssconf)));
    }
    cluster.report("node1", Report::Master(MasterState::Serving));
    cluster.report("node1", part(Source::Luxi));
    cluster
}

fn status(cluster: &Cluster, name: &str) -> Status {
    cluster.instances.get(name).unwrap().status
}

#[test]
fn what_runs_is_joined_with_what_is_configured() {
    let mut cluster = cluster();
    assert_eq!(status(&cluster, "web9"), Status::Unknown);
    assert_eq!(status(&cluster, "old"), Status::Now(Word::ErrorNodeOffline));
    cluster.report("node2", guests(&["web9"]));
    assert_eq!(status(&cluster, "web9"), Status::Now(Word::Running));
    assert_eq!(status(&cluster, "web10"), Status::Now(Word::ErrorDown));
    cluster.report("node1", guests(&["web10"]));
    assert_eq!(status(&cluster, "web10"), Status::Now(Word::ErrorWrongNode));
    cluster.report("node1", guests(&[]));
    assert_eq!(status(&cluster, "web10"), Status::Now(Word::ErrorDown));
    let names: Vec<&str> = cluster.nodes["node2"]
        .primaries
        .iter()
        .map(|n| &**n)
        .collect();
    assert_eq!(names, ["web9", "web10"]);
}

#[test]
fn a_lost_node_says_nothing_of_now_and_no_error_comes_of_it() {
    let mut cluster = cluster();
    cluster.report("node2", guests(&["web9"]));
    at(&mut cluster, 20_000);
    cluster.linked("node2", Reach::Refused { why: "gone".into() });
    assert_eq!(
        status(&cluster, "web9"),
        Status::Was(Word::Running, Time(1_000))
    );
    assert_eq!(
        status(&cluster, "web10"),
        Status::Was(Word::ErrorDown, Time(1_000))
    );
    let said = live::LiveInstance {
        name: "web9".into(),
        status: "ERROR_nodedown".into(),
        ..Default::default()
    };
    cluster.report(
        "node1",
        Report::Live(Box::new(Live {
            instances: vec![said],
            ..Default::default()
        })),
    );
    assert_eq!(
        status(&cluster, "web9"),
        Status::Asked(Word::ErrorNodeDown, Time(20_000))
    );
}

#[test]
fn only_the_master_speaks_for_the_cluster() {
    let mut cluster = cluster();
    cluster.report("node2", Report::Master(MasterState::Serving));
    let lie = ConfigPart {
        whole: true,
        last: true,
        ..Default::default()
    };
    cluster.report("node2", Report::Config(Box::new(lie)));
    assert_eq!(cluster.instances.len(), 3);
}

#[test]
fn a_master_that_gave_the_office_up_is_no_master_although_it_never_says_so() {
    let mut cluster = cluster();
    assert_eq!(cluster.master(), "node1");
    let says = |cluster: &mut Cluster, node: &str, master: &str| {
        let ssconf = Ssconf {
            master_node: master.into(),
            ..Default::default()
        };
        cluster.report(node, Report::Ssconf(Box::new(ssconf)));
    };
    says(&mut cluster, "node2", "node2");
    says(&mut cluster, "node1", "node2");
    // Not serving yet: by the vote alone.
    assert_eq!(cluster.master(), "node2");
    assert!(!cluster.master_serves());
    cluster.report("node2", Report::Master(MasterState::Serving));
    assert_eq!(cluster.master(), "node2");
    assert!(cluster.master_serves());
}

#[test]
fn a_candidate_speaks_once_the_master_is_lost() {
    let mut cluster = cluster();
    cluster.report(
        "node2",
        Report::Master(MasterState::Candidate { written: 5.0 }),
    );
    cluster.report("node2", part(Source::File));
    assert_eq!(cluster.conf_seen.as_ref().unwrap().source, Source::Luxi);
    cluster.linked("node1", Reach::Refused { why: "gone".into() });
    cluster.report("node2", part(Source::File));
    assert_eq!(cluster.conf_seen.as_ref().unwrap().source, Source::File);
}

#[test]
fn a_configuration_in_pieces_counts_once_it_is_whole() {
    let mut cluster = cluster();
    let piece = |name: &str, whole, last| {
        let instances = vec![config::Instance {
            name: name.into(),
            ..Default::default()
        }];
        Report::Config(Box::new(ConfigPart {
            revision: 9,
            whole,
            last,
            instances,
            ..Default::default()
        }))
    };
    cluster.report("node1", piece("a", true, false));
    assert_eq!(cluster.instances.len(), 3);
    cluster.report("node1", piece("b", false, true));
    assert_eq!(cluster.instances.len(), 2);
}

/// News of DRBD with these minors, of which all are connected.
fn drbd(whole: bool, more: bool, minors: &[u32]) -> Report {
    let device = |minor: &u32| Device {
        minor: *minor,
        connection: "Connected".into(),
        ..Default::default()
    };
    Report::Sample(Box::new(Sample {
        drbd: Some(Drbd {
            whole,
            more,
            version: "8.4.11".into(),
            devices: minors.iter().map(device).collect(),
            ..Default::default()
        }),
        ..Default::default()
    }))
}

#[test]
fn devices_in_pieces_count_once_all_are_there() {
    let mut cluster = cluster();
    let minors = |cluster: &Cluster| {
        let facts = cluster.nodes["node1"].facts.drbd.as_ref();
        let devices = facts.map(|drbd| drbd.devices.iter().map(|device| device.minor));
        devices.map(Iterator::collect::<Vec<_>>)
    };
    let changed = |cluster: &Cluster, minor| {
        let course = cluster.nodes["node1"].courses.get(minor);
        course.is_some_and(|course| course.changed.is_some())
    };
    cluster.report("node1", drbd(false, false, &[1]));
    assert_eq!(minors(&cluster), None, "a change of what nobody told");
    cluster.report("node1", drbd(true, false, &[0, 1, 2, 3, 4]));
    cluster.report("node1", drbd(true, true, &[0, 1]));
    cluster.report("node1", drbd(false, true, &[2]));
    assert_eq!(minors(&cluster), Some(vec![0, 1, 2, 3, 4]));
    cluster.report("node1", drbd(false, false, &[3]));
    assert_eq!(minors(&cluster), Some(vec![0, 1, 2, 3]));
    assert!(changed(&cluster, 4), "it is gone");
    assert!(
        (0..4).all(|minor| !changed(&cluster, minor)),
        "and no other"
    );
    // Another agent does not go on with what the one before began.
    cluster.report("node1", drbd(true, true, &[7]));
    cluster.report("node1", Report::Hello(Hello::default()));
    cluster.report("node1", drbd(false, false, &[8]));
    assert_eq!(minors(&cluster), None);
    cluster.report("node1", drbd(true, false, &[0]));
    assert_eq!(minors(&cluster), Some(vec![0]));
}

#[test]
fn jobs_and_logs_stay_bounded() {
    let mut cluster = cluster();
    let jobs = (0..5_000).map(|id| Job {
        id,
        status: if id == 3 { "running" } else { "success" }.into(),
        ..Default::default()
    });
    cluster.report(
        "node1",
        Report::Jobs(JobsPart {
            jobs: jobs.collect(),
            ..Default::default()
        }),
    );
    assert_eq!(cluster.jobs.len(), JOBS_KEPT);
    assert!(cluster.jobs.contains_key(&3));
    let lines = (1..9_000)
        .map(|serial| gantry_wire::job::LogLine {
            serial,
            ..Default::default()
        })
        .collect();
    cluster.report("node1", Report::Logs(vec![JobLog { job: 3, lines }]));
    assert_eq!(cluster.logs[&3].len(), LOG_KEPT);
}
