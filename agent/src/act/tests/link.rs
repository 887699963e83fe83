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
    fn misread(&mut self, id: &str, outcome: &Outcome, _: Moment) {
        self.actor.misread(id, outcome);
    }
    fn heard(&mut self, now: Moment) {
        self.actor.heard(now);
    }
}

fn session(bench: &Bench) -> Session<Acting> {
    let waker = Waker::new().unwrap();
    let audit = Audit::new(bench.fake.root().join("log"), who::Who::default());
    let serve = Serve::default();
    let actor = Actor::new(bench.place.clone(), serve, audit, waker.clone());
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
    let recover = Request::Recover(Recover::new(id.clone()));
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

/// luxid says when it is told something, and does it when it is let.
fn held(bench: &Bench) -> (Receiver<()>, Sender<()>) {
    let (begun, has_begun) = channel();
    let (go, may_go) = channel::<()>();
    bench.fake.answer({
        let small = bench.small.clone();
        move |method, arguments| {
            if method == "SubmitJob" {
                begun.send(()).unwrap();
                may_go.recv().unwrap();
            }
            small.lock().reply(method, arguments)
        }
    });
    (has_begun, go)
}

#[test]
fn a_link_that_ends_while_luxid_works_leaves_the_answer_behind_and_begins_nothing_more() {
    let bench = Bench::new();
    let (has_begun, go) = held(&bench);
    let wanted = [act(1, start()), act(2, start())];
    let mut session = session(&bench);
    for act in &wanted {
        let request = Request::Act(Box::new(act.clone()));
        session.receive(&frame::encode(&request), now());
    }
    has_begun.recv().unwrap();
    let inbox = session.node().actor.inbox.clone();
    let ends = std::thread::spawn(move || drop(session));
    let mut state = inbox.lock();
    while !state.closed {
        state = inbox.changed.wait(state).unwrap();
    }
    drop(state);
    go.send(()).unwrap();
    ends.join().unwrap();
    let submitted = Outcome::Submitted { job: 7 };
    assert_eq!(recovered(&bench, &wanted[0].id), submitted);
    assert_eq!(recovered(&bench, &wanted[1].id), Outcome::Void {});
    assert_eq!(bench.small.made(), [7]);
}

#[test]
fn a_question_that_cannot_be_taken_leaves_it_open_what_became_of_the_change() {
    let bench = Bench::new();
    let (has_begun, go) = held(&bench);
    let mut session = session(&bench);
    let mut ask = |request: &Request| {
        session.receive(&frame::encode(request), now());
        session.take_output()
    };
    ask(&Request::Act(Box::new(act(1, start()))));
    has_begun.recv().unwrap();
    let question = Request::Recover(Recover::new(ActId::new(2)));
    let mut answer = Vec::new();
    for _ in 0..=MOST {
        answer = ask(&question);
    }
    let more = ask(&Request::Act(Box::new(act(3, start()))));
    let outcome = |line: &[u8]| match frame::report(line.trim_ascii_end()) {
        Ok(Some(Report::Acted(acted))) => acted.outcome,
        other => panic!("{other:?}"),
    };
    assert!(matches!(outcome(&answer), Outcome::Unknown { why } if why.contains("wait already")));
    let refused = outcome(&more);
    assert!(matches!(refused, Outcome::Refused { words, .. } if words.contains("wait already")));
    go.send(()).unwrap();
}

#[test]
fn what_is_withdrawn_while_the_console_is_there_is_withdrawn() {
    let bench = Bench::new();
    let etc = bench.fake.root().join("etc/gantry");
    std::fs::create_dir_all(&etc).unwrap();
    let rules = |text: &str| std::fs::write(etc.join("agent.toml"), text).unwrap();
    let mut session = session(&bench);
    let mut asked = |id| {
        let request = Request::Act(Box::new(act(id, start())));
        session.receive(&frame::encode(&request), now());
        said(&mut session).1
    };
    rules("[as.ops]\nallow = [\"kill\"]");
    assert_eq!(asked(1), Outcome::Submitted { job: 7 });
    rules("as = 3");
    match asked(2) {
        Outcome::Refused { words, .. } => assert!(words.contains("agent.toml"), "{words}"),
        other => panic!("{other:?}"),
    }
    rules("audit-required = true");
    match asked(3) {
        Outcome::Refused { words, .. } => assert!(words.contains("syslog"), "{words}"),
        other => panic!("{other:?}"),
    }
    let log = std::os::unix::net::UnixDatagram::bind(bench.fake.root().join("log"));
    assert_eq!(asked(4), Outcome::Submitted { job: 8 });
    drop(log);
}
