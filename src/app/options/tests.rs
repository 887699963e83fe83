//! Reading, writing and completing options.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
use proptest::prelude::*;

use super::read::read_size;
use super::written::exactly;
use super::*;
use crate::model::{Cluster, Reach, Time};
use crate::planner::think::{balance as balancing, placing as placings};
use gantry_wire::config::{ConfigPart, Group, Instance, Node};
use gantry_wire::report::{MasterState, Report};

fn known() -> (Cluster, Facts) {
    let mut cluster = Cluster::new("x");
    let instance = |name: &str, tag: &str| Instance {
        name: name.to_owned(),
        tags: vec![tag.to_owned()],
        ..Instance::default()
    };
    let group = |name: &str| Group {
        name: name.to_owned(),
        uuid: name.to_owned(),
        ..Group::default()
    };
    let node = Node {
        name: "node1.example.com".to_owned(),
        ..Node::default()
    };
    let part = ConfigPart {
        revision: 1,
        whole: true,
        last: true,
        nodes: vec![node],
        groups: vec![group("rack1"), group("rack10"), group("rack2")],
        instances: vec![
            instance("web1.example.com", "batch"),
            instance("web2.example.com", "night"),
        ],
        ..ConfigPart::default()
    };
    let master = "node1.example.com";
    cluster.linked(master, Reach::Up { since: Time(0) });
    cluster.report(master, Report::Master(MasterState::Serving));
    cluster.report(master, Report::Config(Box::new(part)));
    let mut facts = Facts::default();
    facts.refresh(&cluster);
    (cluster, facts)
}

fn read_balance(line: &str) -> Result<balancing::Ask, String> {
    let (cluster, facts) = known();
    let words: Vec<&str> = line.split_whitespace().collect();
    let known = Known {
        cluster: &cluster,
        facts: &facts,
    };
    balance(&words, known)
}

#[test]
fn options_of_the_plan_to_balance_are_read() {
    let line =
        "no-disk-moves group=rack1 stop-at=95 not-tag=batch select-instances=web1,web2.example.com";
    let ask = read_balance(line).unwrap();
    let expected = balancing::Ask {
        group: Some("rack1".to_owned()),
        disk_moves: false,
        stop_at: 95,
        not_tag: Some("batch".to_owned()),
        select_instances: vec!["web1.example.com".to_owned(), "web2.example.com".to_owned()],
        ..balancing::Ask::default()
    };
    assert_eq!(ask, expected);
    assert_eq!(read_balance("stop-at=95%").unwrap().stop_at, 95);
}

#[test]
fn what_is_wrong_with_an_option_is_said() {
    for (line, why) in [
        (
            "no-disk-move",
            "there is no option \"no-disk-move\": there are group= no-disk-moves",
        ),
        (
            "stop-at=0",
            "stop-at=0: it has to be a percentage from 1 to 100, such as stop-at=95",
        ),
        ("stop-at", "stop-at wants a value: stop-at=95"),
        ("group=", "group wants a value: group=rack1"),
        (
            "group=rack7",
            "there is no group \"rack7\": there are rack1 rack10 rack2",
        ),
        ("evac-mode=yes", "evac-mode takes no value"),
        ("tag=x", "no instance has the tag \"x\""),
        ("tag=batch tag=night", "tag is there twice"),
        (
            "select-instances=web1,web3",
            "there is no instance \"web3\"",
        ),
        (
            "resync-speed=fast",
            "resync-speed=fast: it has to be a number from 1 on",
        ),
        (
            "no-disk-moves no-instance-moves",
            "no-disk-moves and no-instance-moves together leave no move",
        ),
    ] {
        let said = read_balance(line).unwrap_err();
        assert!(said.starts_with(why), "{line}: {said}");
    }
}

#[test]
fn a_new_instance_is_read() {
    let (cluster, facts) = known();
    let known = Known {
        cluster: &cluster,
        facts: &facts,
    };
    let ask = placing(
        &["memory=4G", "disk=50G,512M", "cpus=2", "template=plain"],
        known,
    );
    let expected = placings::Ask {
        memory: Some(4_096),
        disks: vec![51_200, 512],
        cpus: Some(2),
        template: Some(Template::Plain),
        ..placings::Ask::default()
    };
    assert_eq!(ask, Ok(expected));
    for wrong in [
        "memory=4X",
        "memory=-1G",
        "memory=0",
        "memory=1e9G",
        "disk=50G,x",
        "template=zfs",
        "cpus=0",
    ] {
        assert!(placing(&[wrong], known).is_err(), "{wrong}");
    }
}

#[test]
fn words_and_values_are_completed() {
    let (cluster, facts) = known();
    let known = Known {
        cluster: &cluster,
        facts: &facts,
    };
    let choices = |words: &[&str]| -> Vec<String> {
        let found = choices(Of::Balance, words, known).into_iter();
        found.map(|(line, _)| line).collect()
    };
    assert_eq!(choices(&["no-d"]), ["no-disk-moves"]);
    assert_eq!(choices(&["group=rack1", "gr"]), [""; 0]);
    assert_eq!(
        choices(&["group="]),
        ["group=rack1", "group=rack2", "group=rack10"]
    );
    assert_eq!(choices(&["tag=n"]), ["tag=night"]);
    assert_eq!(
        choices(&["select-instances=web1,w"]),
        ["select-instances=web1,web1", "select-instances=web1,web2"]
    );
    assert_eq!(choices(&[]).len(), BALANCE.len());
}

proptest! {
    #[test]
    fn a_size_that_is_written_is_read_as_the_same(mib in 1_i64..1 << 40) {
        prop_assert_eq!(read_size(&exactly(mib)), Some(mib));
    }

    #[test]
    fn no_line_is_too_strange(line in "[a-z0-9=,.%-]{0,30}") {
        let _ = read_balance(&line);
        let _ = read_size(&line);
    }
}

#[test]
fn what_is_written_is_read_as_the_same() {
    let (cluster, facts) = known();
    let known = Known {
        cluster: &cluster,
        facts: &facts,
    };
    let all = "group=rack2 no-disk-moves evac-mode stop-at=50 ignore-soft-errors tag=batch not-tag=night \
               select-instances=web1,web2 exclude-instances=web2 exclusion-tags=a,b resync-speed=40";
    let words: Vec<&str> = all.split_whitespace().collect();
    let ask = balance(&words, known).unwrap();
    let written = balance_values(&ask, &facts.names).into_iter();
    let written: Vec<String> = written
        .map(|(name, value)| match value.as_str() {
            "" => name.to_owned(),
            value => format!("{name}={value}"),
        })
        .collect();
    assert_eq!(written, words);
    // The group stands in the title by itself.
    assert_eq!(of_balance(&ask, &facts.names), words[1..]);
    let all = "memory=1.5G disk=10.0G,700M cpus=3 template=drbd group=rack1 tags=x";
    let words: Vec<&str> = all.split_whitespace().collect();
    let ask = placing(&words, known).unwrap();
    let written = placing_values(&ask).into_iter();
    let written: Vec<String> = written
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(written, words);
}
