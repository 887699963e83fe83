//! The link is cut at every byte of request and answer.

use gantry_agent::session::Session;
use gantry_wire::act::Recover;
use gantry_wire::request::Hello;
use gantry_wire::{PROTOCOL, Report, Request, frame};

use super::*;
use crate::node::SimulatedNode;

/// How often it is cut.
const CUTS: usize = 10_000;

/// A greeted console's session with the master.
fn session(calm: &Calm) -> Session<SimulatedNode> {
    let node = SimulatedNode::new(Arc::clone(&calm.world), 0, Serve::default());
    let mut session = Session::new(node, calm.world.moment(0));
    let hello = Request::Hello(Hello {
        protocol: PROTOCOL,
        version: String::new(),
    });
    session.receive(&frame::encode(&hello), calm.world.moment(0));
    session.take_output();
    session
}

/// What is said to these bytes.
fn said(calm: &Calm, bytes: &[u8]) -> Vec<u8> {
    let mut session = session(calm);
    session.receive(bytes, calm.world.moment(0));
    session.take_output()
}

fn outcome(line: &[u8]) -> Outcome {
    match frame::report(line.trim_ascii_end()) {
        Ok(Some(Report::Acted(acted))) => acted.outcome,
        other => panic!("{other:?}"),
    }
}

fn recovered(calm: &Calm, id: &ActId) -> Outcome {
    let recover = Request::Recover(Recover::new(id.clone()));
    outcome(&said(calm, &frame::encode(&recover)))
}

#[test]
fn cut_ten_thousand_times_nothing_is_done_twice_and_everything_is_known() {
    let mut cuts = 0;
    while cuts < CUTS {
        for kind in 0..5 {
            cuts += cut_everywhere(kind);
        }
    }
}

/// Cuts request and answer of one kind of change at every byte; how often that was.
fn cut_everywhere(kind: usize) -> usize {
    let calm = Calm::of(4, 8);
    let name = movable(&calm);
    let kind = &[
        json!({"add-tags": {"of": "cluster", "tags": ["cut"]}}),
        json!({"failover": {"instance": name}}),
        json!({"replace-disks": {"instance": name, "mode": {"new-secondary": {"iallocator": "."}}}}),
        json!({"verify": {}}),
        json!({"watcher-pause": {"seconds": 60}}),
    ][kind];
    let last = || calm.world.cluster().queue.last_id();
    let mut cuts = 0;
    let mut end = 0;
    loop {
        let act = calm.asked(kind.clone());
        let request = frame::encode(&Request::Act(Box::new(act.clone())));
        if end >= request.len() {
            break;
        }
        let before = last();
        assert_eq!(said(&calm, &request[..end]), b"");
        assert_eq!(
            recovered(&calm, &act.id),
            Outcome::Void {},
            "{end} of {kind}"
        );
        // A console that did not hear of that and asks once more changes nothing.
        assert_eq!(outcome(&said(&calm, &request)), Outcome::Void {});
        assert_eq!(last(), before);
        (end, cuts) = (end + 1, cuts + 1);
    }
    let mut end = 0;
    loop {
        let act = calm.asked(kind.clone());
        let request = frame::encode(&Request::Act(Box::new(act.clone())));
        let before = last();
        let answer = said(&calm, &request);
        // So much of it came over; the rest is asked for again.
        if end >= answer.len() {
            break;
        }
        let known = outcome(&answer);
        assert_eq!(
            recovered(&calm, &act.id),
            known,
            "{end} of the answer to {kind}"
        );
        assert_eq!(outcome(&said(&calm, &request)), known);
        let made = u64::from(act.operation.is_job());
        assert_eq!(last(), before + made, "{kind}");
        match known {
            Outcome::Submitted { job } => assert_eq!(job, before + 1),
            Outcome::Done { .. } => assert_eq!(made, 0),
            other => panic!("{other:?}"),
        }
        (end, cuts) = (end + 1, cuts + 1);
    }
    cuts
}
