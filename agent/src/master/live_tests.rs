#![allow(clippy::unwrap_used, clippy::panic)]
use gantry_wire::request::Watch;

use super::super::Seat;
use super::*;
use crate::luxi::fake::{FakeLuxid, Reply};

fn order(live_status: bool, live_nodes: &[&str], hypervisors: &[&str]) -> Order {
    Order {
        watch: Watch {
            master: true,
            live_status,
            live_nodes: live_nodes.iter().map(|name| (*name).to_owned()).collect(),
            ..Watch::default()
        },
        seat: Seat::Master,
        hypervisors: hypervisors.iter().map(|name| (*name).to_owned()).collect(),
        since: 1,
    }
}

fn round(asker: &mut Asker, order: &Order, now: u64) -> Vec<Report> {
    let mut reports = Vec::new();
    let clock = || Moment {
        mono_ms: now,
        wall_ms: 5000,
    };
    asker.round(order, clock, &mut |report| reports.push(report));
    reports
}

#[test]
fn instances_are_asked_for_where_no_agent_can_see_them_and_not_too_often() {
    let fake = FakeLuxid::start(|_, arguments| {
        assert_eq!(arguments[0], "instance");
        Reply::result(&json!({ "data": [
            [[0, "a"], [0, "running"], [0, 128], [0, 1]],
            [[0, "b"], [0, "ERROR_nodedown"], [2, null], [2, null]],
        ]}))
    });
    let mut asker = Asker::new(&Place::new(fake.root().into(), None));
    assert_eq!(round(&mut asker, &order(true, &[], &["kvm"]), 0), []);
    let reports = round(&mut asker, &order(true, &[], &["kvm", "fake"]), 0);
    let [Report::Live(live)] = reports.as_slice() else {
        panic!("{reports:?}")
    };
    assert_eq!(live.at, 5.0);
    let instance = |name: &str, status: &str, memory, vcpus| LiveInstance {
        name: name.into(),
        status: status.into(),
        memory,
        vcpus,
    };
    let expected = [
        instance("a", "running", Some(128), Some(1)),
        instance("b", "ERROR_nodedown", None, None),
    ];
    assert_eq!(live.instances, expected);
    let filter = fake.requests.lock().unwrap()[0].1[2].clone();
    assert_eq!(filter, json!(["!", ["=", "hypervisor", "kvm"]]));
    assert_eq!(round(&mut asker, &order(true, &[], &["fake"]), 29_999), []);
    assert_eq!(
        round(&mut asker, &order(true, &[], &["fake"]), 30_000).len(),
        1
    );
}

#[test]
fn nodes_without_an_agent_are_asked_for_by_name() {
    let fake = FakeLuxid::start(|_, _| {
        Reply::result(&json!({ "data": [
            [[0, "node2"], [0, 1463], [0, 935], [0, 86], [0, 24572], [0, 21372], [0, 1],
             [0, 1], [0, 3], [0, 2]],
            [[0, "node3"], [2, null], [2, null], [2, null], [2, null], [2, null], [2, null],
             [2, null], [3, null], [3, null]],
        ]}))
    });
    let mut asker = Asker::new(&Place::new(fake.root().into(), None));
    let both = order(false, &["node2", "node3"], &["kvm"]);
    let reports = round(&mut asker, &both, 0);
    let [Report::Live(live)] = reports.as_slice() else {
        panic!("{reports:?}")
    };
    assert_eq!(
        (live.nodes[0].memory_free, live.nodes[0].failed),
        (Some(935), false)
    );
    let more = &live.nodes[0];
    assert_eq!(
        (more.cpus_node, more.spindles_total, more.spindles_free),
        (Some(1), Some(3), Some(2))
    );
    assert_eq!(
        (live.nodes[1].memory_free, live.nodes[1].failed),
        (None, true)
    );
    assert_eq!(round(&mut asker, &both, 59_000), []);
    let other = order(false, &["node2"], &["kvm"]);
    assert_eq!(
        round(&mut asker, &other, 59_000).len(),
        1,
        "other nodes are wanted"
    );
}

#[test]
fn trouble_is_told_and_its_end() {
    let fake = FakeLuxid::start(|_, _| Reply::exception("LockError", "no"));
    let mut asker = Asker::new(&Place::new(fake.root().into(), None));
    let wanted = order(true, &[], &["fake"]);
    let told = round(&mut asker, &wanted, 0);
    assert!(matches!(&told[..], [Report::Problem(p)] if p.text == "LockError: no"));
    fake.answer(|_, _| Reply::result(&json!({ "data": [] })));
    let told = round(&mut asker, &wanted, 30_000);
    assert!(matches!(&told[..], [Report::Problem(p), Report::Live(_)] if p.text.is_empty()));
}
