//! What is not done.

use super::*;

#[test]
fn what_is_asked_twice_is_done_once_and_what_is_stale_never() {
    let calm = Calm::new();
    let name = movable(&calm);
    let act = calm.asked(json!({"shutdown": {"instance": name}}));
    let first = calm.wish(Wish::Act(Box::new(act.clone())));
    assert!(matches!(first, Outcome::Submitted { .. }));
    assert_eq!(calm.wish(Wish::Act(Box::new(act.clone()))), first);
    assert_eq!(
        calm.wish(Wish::Recover(Recover::new(act.id.clone()))),
        first
    );
    assert_eq!(
        calm.wish(Wish::Recover(Recover::new(ActId::new(999)))),
        Outcome::Void {}
    );
    calm.world.advance(60_000);
    let stale = Act {
        id: ActId::new(1000),
        ..act
    };
    match calm.wish(Wish::Act(Box::new(stale))) {
        Outcome::Refused { kind, words } => {
            assert_eq!(kind, Refusal::Expect);
            assert_eq!(words, "admin state is down, not up");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_read_only_key_and_another_node_refuse() {
    let mut calm = Calm::new();
    let start = calm.asked(json!({"verify": {}}));
    let now = calm.world.moment(1);
    let outcome = grant(
        &calm.world,
        1,
        &calm.permits,
        Wish::Act(Box::new(start)),
        now,
    );
    match outcome {
        Outcome::Refused { kind, words } => {
            assert_eq!(kind, Refusal::NotMaster);
            assert_eq!(words, "node1.example.test is the master");
        }
        other => panic!("{other:?}"),
    }
    let serve = Serve {
        read_only: true,
        ..Serve::default()
    };
    calm.permits = Permits::of(&serve, None);
    match calm.act(json!({"verify": {}})) {
        Outcome::Refused { kind, .. } => assert_eq!(kind, Refusal::Permission),
        other => panic!("{other:?}"),
    }
    assert_eq!(calm.world.cluster().queue.last_id(), 0);
}

#[test]
fn an_opcode_with_a_key_that_is_not_known_is_refused_whole() {
    let calm = Calm::new();
    for (opcode, word) in [
        (
            json!({"OP_ID": "OP_CLUSTER_VERIFY", "reason": [], "is_strict": true}),
            "is_strict",
        ),
        (json!({"OP_ID": "OP_CLUSTER_VERIFY"}), "reason"),
        (json!({"OP_ID": "OP_DANCE", "reason": []}), "OP_DANCE"),
        (json!("verify"), "object"),
    ] {
        let answer = calm
            .world
            .change(|cluster| cluster.luxi("SubmitJob", &json!([[opcode]])));
        match answer {
            Err(Error::Refused(words)) => assert!(words.contains(word), "{words}"),
            other => panic!("{other:?}"),
        }
    }
}
