//! Changes that a console asks for.

use gantry_wire::act::Expect;
use gantry_wire::operation::Operation;

use super::*;

fn drain() -> Act {
    Act {
        id: ActId::new(7),
        operation: Operation::QueueDrain {},
        expect: Expect::Nothing {},
        reason: String::new(),
        operator: "alice".into(),
    }
}

fn acted(id: &str, outcome: Outcome) -> Report {
    let id = id.to_owned();
    Report::Acted(Acted { id, outcome })
}

#[test]
fn a_change_reaches_the_node_and_its_outcome_the_console() {
    let mut session = watching(Still::default());
    said(&mut session);
    let act = Request::Act(Box::new(drain()));
    tell(&mut session, &act, 1);
    assert_eq!(session.node().wishes, [Wish::Act(Box::new(drain()))]);
    assert_eq!(session.node().heard_ms, 1);
    assert_eq!(said(&mut session), [], "it comes later");
    let later = acted(drain().id.as_str(), Outcome::Submitted { job: 9 });
    session.node().news = vec![later.clone()];
    session.tick(at(2));
    assert_eq!(said(&mut session), [later]);
    session.node().outcome = Some(Outcome::Void {});
    let recover = Request::Recover(Recover::new(drain().id));
    tell(&mut session, &recover, 3);
    let void = acted(drain().id.as_str(), Outcome::Void {});
    assert_eq!(said(&mut session), [void]);
    assert_eq!(session.node().wishes.len(), 2);
}

#[test]
fn a_change_that_is_not_understood_whole_is_refused_and_nothing_else_suffers() {
    let mut session = watching(Still::default());
    said(&mut session);
    let mut json = serde_json::to_value(Request::Act(Box::new(drain()))).unwrap();
    json["act"]["operation"]["queue-drain"]["for"] = 7.into();
    session.receive((json.to_string() + "\n").as_bytes(), at(1));
    let said_now = said(&mut session);
    let [Report::Acted(refused)] = said_now.as_slice() else {
        panic!("{said_now:?}")
    };
    assert_eq!(refused.id, drain().id.as_str());
    assert!(
        matches!(&refused.outcome, Outcome::Refused { kind: Refusal::Field, words } if words.contains("for"))
    );
    assert_eq!(session.node().misread, [drain().id.as_str()]);
    assert_eq!(session.node().wishes, []);
    tell(&mut session, &Request::Ping(Ping { n: 1 }), 2);
    assert_eq!(said(&mut session), [Report::Pong(Pong { n: 1 })]);
}

#[test]
fn a_question_that_is_not_understood_leaves_it_open_what_became_of_the_change() {
    let mut session = watching(Still::default());
    said(&mut session);
    let mut json = serde_json::to_value(Request::Recover(Recover::new(drain().id))).unwrap();
    json["recover"]["loudly"] = true.into();
    session.receive((json.to_string() + "\n").as_bytes(), at(1));
    let said_now = said(&mut session);
    let [Report::Acted(answer)] = said_now.as_slice() else {
        panic!("{said_now:?}")
    };
    assert!(matches!(&answer.outcome, Outcome::Unknown { why } if why.contains("loudly")));
}

#[test]
fn what_lay_somewhere_for_too_long_is_not_done() {
    let mut session = watching(Still::default());
    // The process stood still: no tick came in between.
    tell(&mut session, &Request::Act(Box::new(drain())), SILENCE_MS);
    assert_eq!(session.node().wishes, []);
    assert_eq!(session.ended(), Some(&Ended::Silence));
}

#[test]
fn a_change_before_the_greeting_is_none() {
    let mut session = Session::new(Still::default(), at(0));
    tell(&mut session, &Request::Act(Box::new(drain())), 1);
    assert_eq!(session.node().wishes, []);
    assert!(matches!(session.ended(), Some(Ended::Malformed(_))));
    let mut session = Session::new(Still::default(), at(0));
    session.receive(b"{\"act\":{\"dance\":1}}\n", at(1));
    assert!(matches!(session.ended(), Some(Ended::Malformed(_))));
}
