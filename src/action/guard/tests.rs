#![allow(clippy::unwrap_used)]
use gantry_wire::Report;
use gantry_wire::operation::{Kill, MasterFailover, Start};

use super::*;
use crate::model::Reach;

fn hello(permits: &[&str]) -> Hello {
    Hello {
        node: "node1".into(),
        version: "0.1.0".into(),
        permits: permits.iter().map(|it| (*it).to_owned()).collect(),
        ..Hello::default()
    }
}

fn start() -> Operation {
    Operation::Start(Start {
        instance: "web7".into(),
        force: false,
    })
}

fn seen() -> Expect {
    Expect::Instance {
        primary: "node3".into(),
        secondaries: vec!["node5".into()],
        admin_state: "down".into(),
    }
}

fn denied(guard: &Guard, operation: &Operation) -> String {
    guard.permit(operation).unwrap_err().to_string()
}

#[test]
fn only_what_is_permitted_gets_a_permit() {
    let guard = Guard::new(false, Some(&hello(&["start", "kill"])));
    assert!(guard.permit(&start()).is_ok());
    let forced = Operation::Start(Start {
        instance: "web7".into(),
        force: true,
    });
    assert_eq!(
        denied(&guard, &forced),
        "this key is not permitted start-force on node1"
    );
}

#[test]
fn what_a_node_does_itself_is_asked_of_its_own_agent() {
    let mut cluster = Cluster::new("there");
    let since = cluster.now.at;
    cluster.linked("node2", Reach::Up { since });
    let own = Hello {
        node: "node2".into(),
        ..hello(&["master-failover"])
    };
    cluster.report("node2", Report::Hello(own));
    let to = |node: &str| {
        Operation::MasterFailover(MasterFailover {
            node: node.into(),
            no_voting: false,
        })
    };
    let asked = |read_only: bool, operation: &Operation| {
        // There is no master to be asked.
        let guard = Guard::of(read_only, &cluster).asked_for(operation, &cluster);
        guard
            .permit(operation)
            .map(|_| ())
            .map_err(|why| why.to_string())
    };
    assert_eq!(asked(false, &to("node2")), Ok(()));
    let why = asked(false, &to("node3")).unwrap_err();
    assert!(why.contains("no agent on node3 answers"), "{why}");
    let why = asked(true, &to("node2")).unwrap_err();
    assert!(why.contains("--read-only"), "{why}");
    assert!(
        asked(false, &start())
            .unwrap_err()
            .contains("on the master")
    );
}

#[test]
fn whoever_may_only_read_is_told_who_says_so() {
    let all = hello(&["start"]);
    assert!(denied(&Guard::new(true, Some(&all)), &start()).contains("--read-only"));
    let wall = Hello {
        read_only: true,
        name: "wall".into(),
        ..all
    };
    let why = denied(&Guard::new(false, Some(&wall)), &start());
    assert_eq!(
        why,
        "the agent on node1 lets this key read only (as \"wall\")"
    );
    let why = denied(&Guard::new(false, None), &start());
    assert!(why.contains("only the master takes changes"), "{why}");
    let why = denied(&Guard::new(false, Some(&hello(&[]))), &start());
    assert!(why.contains("version 0.1.0) permits no change"), "{why}");
}

#[test]
fn a_permit_is_for_what_it_was_given_for() {
    let guard = Guard::new(false, Some(&hello(&["start", "kill"])));
    let kill = Operation::Kill(Kill {
        instance: "web7".into(),
    });
    let id = || ActId::new(7);
    let permit = guard.permit(&start()).unwrap();
    let wrong = Request::new(permit, id(), kill, seen(), "", "alice").unwrap_err();
    assert_eq!(wrong.field, "operation");
    let permit = guard.permit(&start()).unwrap();
    let made = Request::new(permit, id(), start(), seen(), " fan is broken ", "alice").unwrap();
    let expected = Act {
        id: id(),
        operation: start(),
        expect: seen(),
        reason: "fan is broken".into(),
        operator: "alice".into(),
    };
    assert_eq!(*made.act(), expected);
}

#[test]
fn a_field_that_cannot_be_so_makes_no_request() {
    let guard = Guard::new(false, Some(&hello(&["start"])));
    let mut tries = [
        (seen(), "gnt:user", "alice", "reason"),
        (seen(), "", "a b", "operator"),
        (Expect::Nothing {}, "", "alice", "expect"),
    ]
    .into_iter();
    assert!(tries.all(|(expect, reason, operator, field)| {
        let permit = guard.permit(&start()).unwrap();
        let made = Request::new(permit, ActId::new(7), start(), expect, reason, operator);
        made.unwrap_err().field == field
    }));
}
