//! The link to the console is cut at every byte.

use gantry_wire::act::Recover;
use gantry_wire::node::Sample;
use gantry_wire::report::{AnswerBody, Hello};
use gantry_wire::request::{self, Question, Watch};
use gantry_wire::ssconf::Ssconf;
use gantry_wire::{PROTOCOL, Request, frame};
use rustix::event::{PollFd, PollFlags, poll};

use super::*;
use crate::session::{Node, Session};

/// A node that does nothing but act.
struct Acting {
    actor: Actor,
    waker: Waker,
}

impl Node for Acting {
    fn hello(&mut self) -> Hello {
        Hello::default()
    }
    fn ssconf(&mut self, _: Moment) -> Option<Ssconf> {
        None
    }
    fn sample(&mut self, _: Moment) -> Sample {
        Sample::default()
    }
    fn poll(&mut self, _: &Watch, _: Moment) -> Vec<Report> {
        self.actor.reports()
    }
    fn ask(&mut self, _: u64, _: &Question, _: Moment) -> Option<AnswerBody> {
        None
    }
    fn act(&mut self, wish: Wish, _: Moment) -> Option<Outcome> {
        self.actor.take(wish, "node1.example.com")
    }
    fn misread(&mut self, id: &str, why: &str, _: Moment) {
        self.actor.misread(id, why);
    }
    fn heard(&mut self, now: Moment) {
        self.actor.heard(now);
    }
}

fn session(bench: &Bench) -> Session<Acting> {
    let waker = Waker::new().unwrap();
    let audit = Audit::new(bench.fake.root().join("log"), who::Who::default());
    let permits = Permits::of(&crate::args::Serve::default(), None);
    let actor = Actor::new(bench.place.clone(), permits, audit, waker.clone());
    let mut session = Session::new(Acting { actor, waker }, now());
    let hello = Request::Hello(request::Hello {
        protocol: PROTOCOL,
        version: String::new(),
    });
    session.receive(&frame::encode(&hello), now());
    session.take_output();
    session
}

/// All that the agent says until it has said what became of a change.
fn said(session: &mut Session<Acting>) -> (Vec<u8>, Outcome) {
    let mut bytes = Vec::new();
    loop {
        let waker = session.node().waker.clone();
        poll(&mut [PollFd::new(&waker, PollFlags::IN)], None).unwrap();
        waker.clear();
        session.tick(now());
        bytes.extend(session.take_output());
        for line in bytes.split(|&byte| byte == b'\n') {
            if let Ok(Some(Report::Acted(acted))) = frame::report(line)
                && acted.outcome.is_final()
            {
                return (bytes, acted.outcome);
            }
        }
    }
}

fn recovered(bench: &Bench, id: &ActId) -> Outcome {
    let mut session = session(bench);
    let recover = Request::Recover(Recover { id: id.clone() });
    session.receive(&frame::encode(&recover), now());
    said(&mut session).1
}

#[test]
fn half_a_request_is_no_request() {
    let whole = act(1, start());
    let bytes = frame::encode(&Request::Act(Box::new(whole.clone())));
    let bench = Bench::new();
    for end in 0..bytes.len() {
        let mut session = session(&bench);
        session.receive(&bytes[..end], now());
        session.tick(now());
        drop(session);
    }
    assert_eq!(recovered(&bench, &whole.id), Outcome::Void {});
    assert!(bench.small.made().is_empty());
    assert!(bench.small.lock().told.is_empty());
}

#[test]
fn an_answer_that_was_cut_anywhere_can_be_had_again() {
    let bench = Bench::new();
    let (mut id, mut cut) = (0, 0);
    loop {
        id += 1;
        let wanted = act(id, start());
        let mut session = session(&bench);
        let request = Request::Act(Box::new(wanted.clone()));
        session.receive(&frame::encode(&request), now());
        let (bytes, outcome) = said(&mut session);
        drop(session);
        // Whatever of it came over: who did not get the whole line asks again.
        if cut >= bytes.len() {
            break;
        }
        assert_eq!(recovered(&bench, &wanted.id), outcome, "cut at {cut}");
        cut += 1;
    }
    assert!(cut > 50);
    assert_eq!(bench.small.made().len(), usize::try_from(id).unwrap());
}

#[test]
fn a_link_that_ends_while_luxid_works_leaves_the_answer_behind() {
    let bench = Bench::new();
    let wanted = act(1, start());
    let mut session = session(&bench);
    let request = Request::Act(Box::new(wanted.clone()));
    session.receive(&frame::encode(&request), now());
    // The worker is on its way or not yet: the end waits for it.
    drop(session);
    let outcome = recovered(&bench, &wanted.id);
    let made = bench.small.made();
    match outcome {
        Outcome::Submitted { job } => assert_eq!(made, [job]),
        Outcome::Void {} => assert!(made.is_empty()),
        Outcome::Refused { .. } => assert!(made.is_empty(), "the console was gone by then"),
        other => panic!("{other:?}"),
    }
}
