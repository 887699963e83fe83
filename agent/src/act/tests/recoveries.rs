use gantry_wire::operation::VerifyDisks;

use super::*;

#[test]
fn what_was_never_begun_never_will_be() {
    let bench = Bench::new();
    let id = ActId::new(1);
    assert_eq!(bench.agent(1).recover(&id), Outcome::Void {});
    assert_eq!(bench.agent(2).act(&act(1, start())), Outcome::Void {});
    assert_eq!(bench.agent(3).recover(&id), Outcome::Void {});
    assert!(bench.small.made().is_empty());
}

#[test]
fn the_same_act_asked_for_again_is_the_same_job() {
    let bench = Bench::new();
    let first = bench.agent(1).act(&act(1, start()));
    assert_eq!(first, Outcome::Submitted { job: 7 });
    assert_eq!(bench.agent(1).act(&act(1, start())), first);
    assert_eq!(bench.agent(2).act(&act(1, start())), first);
    assert_eq!(bench.agent(2).recover(&ActId::new(1)), first);
    assert_eq!(bench.small.made(), [7]);
}

#[test]
fn an_id_that_stands_for_something_else_is_refused() {
    let bench = Bench::new();
    let first = bench.agent(1).act(&act(1, start()));
    let verify = Operation::VerifyDisks(VerifyDisks { group: None });
    let mut other = act(1, start());
    other.expect = Expect::Instance {
        primary: "node2.example.com".into(),
        secondaries: vec!["node1.example.com".into()],
        admin_state: "up".into(),
    };
    for act in [act(1, verify), other] {
        match bench.agent(2).act(&act) {
            Outcome::Refused { words, .. } => assert!(words.contains("something else"), "{words}"),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(bench.agent(2).recover(&ActId::new(1)), first);
    assert_eq!(bench.small.made(), [7]);
}

#[test]
fn wherever_an_agent_dies_it_is_found_out() {
    // Before the record, before it says that something is sent, before it has the job's id.
    for (dies_at, expected) in [
        (1, Outcome::Void {}),
        (2, Outcome::Void {}),
        (3, Outcome::Submitted { job: 7 }),
    ] {
        let bench = Bench::new();
        let mut agent = bench.agent(1);
        agent.records.dies_at = Some(dies_at);
        agent.act_and_die(&act(1, start()));
        assert_eq!(
            bench.agent(2).recover(&ActId::new(1)),
            expected,
            "{dies_at}"
        );
        assert_eq!(bench.agent(3).recover(&ActId::new(1)), expected);
        assert_eq!(bench.agent(3).act(&act(1, start())), expected);
        assert_eq!(bench.small.made().len(), usize::from(dies_at == 3));
    }
}

#[test]
fn an_agent_that_still_works_is_waited_for() {
    let bench = Bench::new();
    let mut first = bench.agent(1);
    first.records.dies_at = Some(3);
    first.act_and_die(&act(1, start()));
    let mut second = bench.agent(2);
    second.records.running.push(1);
    let asked = Recover::new(ActId::new(1));
    let mut recovery = second.with_tools(|tools| tools.recover(&asked));
    for _ in 0..3 {
        let outcome = second.with_tools(|tools| recovery.look(tools));
        assert!(matches!(&outcome, Outcome::Waiting { why } if why.contains("works")));
    }
    second.records.running.retain(|pid| *pid != 1);
    let outcome = second.with_tools(|tools| recovery.look(tools));
    assert_eq!(outcome, Outcome::Submitted { job: 7 });
    // One that never ends is not waited for for ever.
    let mut third = bench.agent(3);
    third.records.dies_at = Some(3);
    third.act_and_die(&act(2, start()));
    second.records.running.push(3);
    let outcome = second.recover(&ActId::new(2));
    assert!(matches!(&outcome, Outcome::Unknown { why } if why.contains("process 3")));
}

#[test]
fn an_id_without_a_job_is_waited_for_until_the_job_is_there() {
    let bench = Bench::new();
    bench.small.lock().forgets = true;
    let mut agent = bench.agent(1);
    agent.records.dies_at = Some(3);
    agent.act_and_die(&act(1, start()));
    let told = bench.small.lock().told[0].1[0].clone();
    let mut second = bench.agent(2);
    let asked = Recover::new(ActId::new(1));
    let mut recovery = second.with_tools(|tools| tools.recover(&asked));
    let began = bench.now_ms.get();
    while bench.now_ms.get() < began + 60_000 {
        let outcome = second.with_tools(|tools| recovery.look(tools));
        assert!(matches!(outcome, Outcome::Waiting { .. }), "{outcome:?}");
        bench.now_ms.set(bench.now_ms.get() + 500);
    }
    bench.small.lock().write(7, &told);
    let outcome = second.with_tools(|tools| recovery.look(tools));
    assert_eq!(outcome, Outcome::Submitted { job: 7 });
}

#[test]
fn an_id_whose_job_never_comes_is_given_up_once_a_later_one_has_come() {
    let bench = Bench::new();
    bench.small.lock().forgets = true;
    let mut agent = bench.agent(1);
    agent.records.dies_at = Some(3);
    agent.act_and_die(&act(1, start()));
    let began = bench.now_ms.get();
    let outcome = bench.agent(2).recover(&ActId::new(1));
    assert!(matches!(&outcome, Outcome::Unknown { why } if why.contains("last id")));
    assert!(bench.now_ms.get() - began >= 330_000);
    bench.small.lock().give_id(8);
    let test = serde_json::json!([{"OP_ID": "OP_TEST_DELAY"}]);
    bench.small.lock().write(8, &test);
    assert_eq!(bench.agent(2).recover(&ActId::new(1)), Outcome::Void {});
}

#[test]
fn who_waits_behind_another_for_an_id_is_waited_for() {
    let bench = Bench::new();
    let test = serde_json::json!([{"OP_ID": "OP_TEST_DELAY"}]);
    // Somebody else has the next id, and luxid tells a candidate of it that does not answer.
    bench.small.lock().give_id(7);
    bench.agent(1).die_after_sending(&act(1, start()));
    let mut second = bench.agent(2);
    let id = ActId::new(1);
    let asked = Recover::new(id.clone());
    let mut recovery = second.with_tools(|tools| tools.recover(&asked));
    let mut look = |ms: u64| {
        let until = bench.now_ms.get() + ms;
        let mut last = None;
        while bench.now_ms.get() < until {
            last = Some(second.with_tools(|tools| recovery.look(tools)));
            bench.now_ms.set(bench.now_ms.get() + 500);
        }
        last.unwrap()
    };
    assert!(matches!(look(300_000), Outcome::Waiting { .. }));
    let long = look(100_000);
    assert!(matches!(&long, Outcome::Unknown { why } if why.contains("last id")));
    // Its job is there, and in the same moment this one has the next id.
    bench.small.lock().write(7, &test);
    assert!(matches!(look(2_000), Outcome::Waiting { .. }));
    bench.small.lock().give_id(8);
    assert!(matches!(
        look(60_000),
        Outcome::Waiting { .. } | Outcome::Unknown { .. }
    ));
    let opcode = serde_json::json!([{"reason": [["gantry", format!("id:{id}"), 1]]}]);
    bench.small.lock().write(8, &opcode);
    assert_eq!(look(500), Outcome::Submitted { job: 8 });
}

#[test]
fn a_luxid_that_ended_or_hangs_is_told_apart() {
    let bench = Bench::new();
    bench.small.lock().says = Some((false, serde_json::json!({"odd": 1})));
    let mut agent = bench.agent(1);
    agent.records.dies_at = Some(3);
    agent.act_and_die(&act(1, start()));
    // It refuses to answer: nobody knows what it still does.
    bench
        .fake
        .answer(|_, _| crate::luxi::fake::Reply::BytesAndClose(Vec::new()));
    let outcome = bench.agent(2).recover(&ActId::new(1));
    assert!(matches!(&outcome, Outcome::Unknown { why } if why.contains("luxid")));
    std::fs::remove_file(bench.fake.socket()).unwrap();
    assert_eq!(bench.agent(2).recover(&ActId::new(1)), Outcome::Void {});
}

#[test]
fn after_a_boot_the_jobs_tell_what_the_records_did() {
    let bench = Bench::new();
    let outcome = bench.agent(1).act(&act(1, start()));
    std::fs::remove_dir_all(bench.fake.root().join("run")).unwrap();
    assert_eq!(bench.agent(2).recover(&ActId::new(1)), outcome);
    std::fs::remove_dir_all(bench.fake.root().join("run")).unwrap();
    assert_eq!(
        bench.agent(2).act(&act(1, start())),
        Outcome::Submitted { job: 8 }
    );
}

#[test]
fn what_is_older_than_all_that_could_tell_of_it_is_not_known() {
    let bench = Bench::new();
    let unknown = |id, age_s| match bench.agent(1).recover_old(&ActId::new(id), Some(age_s)) {
        Outcome::Unknown { why } => why,
        other => panic!("{other:?}"),
    };
    let hour = 3600;
    assert!(unknown(1, 8 * 24 * hour).contains("a week"));
    // The queue came here just now, and nobody knows since when the node has one without a version.
    assert!(unknown(2, hour).contains("not known since when"));
    let version = bench.fake.root().join("var/lib/ganeti/queue/version");
    let file = std::fs::File::create(version).unwrap();
    let at = |ms| std::time::SystemTime::UNIX_EPOCH + Duration::from_millis(ms);
    let now_ms = 1_790_000_000_000 + bench.now_ms.get();
    file.set_modified(at(now_ms - 60_000)).unwrap();
    assert!(unknown(3, hour).contains("younger"));
    file.set_modified(at(now_ms - 7_200_000)).unwrap();
    let found = bench.agent(1).recover_old(&ActId::new(4), Some(hour));
    assert_eq!(found, Outcome::Void {});
    // Whatever a record or a job tells is known at any age.
    let done = bench.agent(1).act(&act(5, start()));
    let old = Some(100 * 24 * hour);
    assert_eq!(bench.agent(2).recover_old(&ActId::new(5), old), done);
}

#[test]
fn who_may_change_nothing_any_more_is_told_what_is_known_and_bars_nothing() {
    let bench = Bench::new();
    let done = bench.agent(1).act(&act(1, start()));
    let mut agent = bench.agent(2);
    let serve = Serve {
        read_only: true,
        ..Default::default()
    };
    agent.permits = Permits::of(&serve, None);
    assert_eq!(agent.recover(&ActId::new(1)), done);
    let outcome = agent.recover(&ActId::new(2));
    assert!(matches!(&outcome, Outcome::Unknown { why } if why.contains("may only read")));
    let done = bench.agent(1).act(&act(2, start()));
    assert_eq!(done, Outcome::Submitted { job: 8 });
    // The job tells as well.
    std::fs::remove_dir_all(bench.fake.root().join("run")).unwrap();
    assert_eq!(agent.recover(&ActId::new(2)), done);
}

#[test]
fn what_needs_no_job_is_found_out_as_well() {
    for dies_at in [1, 2, 3] {
        let bench = Bench::new();
        let mut agent = bench.agent(1);
        agent.records.dies_at = Some(dies_at);
        agent.act_and_die(&act(1, Operation::QueueDrain {}));
        let outcome = bench.agent(2).recover(&ActId::new(1));
        let drained = bench.small.lock().drained;
        let expected = match drained {
            true => Outcome::Done {
                words: "the queue is drained".into(),
            },
            false => Outcome::Void {},
        };
        assert_eq!((outcome, drained), (expected, dies_at == 3));
    }
}
