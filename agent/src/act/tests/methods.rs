use gantry_wire::act::Refusal;
use gantry_wire::operation::{JobArchive, JobCancel, JobPriority, WatcherPause};
use serde_json::json;

use super::*;

fn done(outcome: Outcome) -> String {
    match outcome {
        Outcome::Done { words } => words,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_needs_no_job_is_read_back() {
    let bench = Bench::new();
    let mut id = 0;
    let mut acted = |operation| {
        id += 1;
        bench.agent(1).act(&act(id, operation))
    };
    let drained = done(acted(Operation::QueueDrain {}));
    assert_eq!(drained, "the queue is drained");
    assert!(bench.small.lock().drained);
    // luxid would never answer to this one.
    assert_eq!(done(acted(Operation::QueueDrain {})), drained);
    assert_eq!(
        done(acted(Operation::QueueUndrain {})),
        "the queue is not drained"
    );
    assert_eq!(
        done(acted(Operation::QueueUndrain {})),
        "the queue is not drained"
    );
    let told = |bench: &Bench| std::mem::take(&mut bench.small.lock().told);
    let flag = |drained: bool| ("SetDrainFlag".to_owned(), json!([drained]));
    assert_eq!(told(&bench), [flag(true), flag(false)]);

    let pause = Operation::WatcherPause(WatcherPause { seconds: 3600 });
    assert_eq!(done(acted(pause)), "the watcher is paused");
    let until = bench.small.lock().pause.unwrap();
    let asked = (1_790_000_000_000 + bench.now_ms.get()) / 1000;
    assert!(until.abs_diff(asked + 3600) < 10, "{until} {asked}");
    assert_eq!(
        done(acted(Operation::WatcherContinue {})),
        "the watcher is not paused"
    );
    assert_eq!(
        told(&bench)[1],
        ("SetWatcherPause".to_owned(), json!([null]))
    );

    let priority = |job| Operation::JobPriority(JobPriority { job, priority: -10 });
    assert_eq!(done(acted(priority(6))), "job 6 has priority -10");
    assert_eq!(
        done(acted(Operation::JobCancel(JobCancel { job: 6 }))),
        "job 6 is canceled"
    );
    bench.small.lock().states.insert(6, ("success".into(), 0));
    assert_eq!(
        done(acted(Operation::JobArchive(JobArchive { job: 6 }))),
        "job 6 is archived"
    );
}

#[test]
fn a_method_that_does_nothing_is_a_refusal_in_its_words() {
    let bench = Bench::new();
    bench.small.lock().states.insert(6, ("running".into(), 0));
    for (id, operation, word) in [
        (
            1,
            Operation::JobCancel(JobCancel { job: 6 }),
            "no longer waiting",
        ),
        (2, Operation::JobCancel(JobCancel { job: 9 }), "not found"),
        (
            3,
            Operation::JobPriority(JobPriority {
                job: 9,
                priority: 0,
            }),
            "no such job",
        ),
        (4, Operation::JobArchive(JobArchive { job: 6 }), "not over"),
    ] {
        match bench.agent(1).act(&act(id, operation)) {
            Outcome::Refused {
                kind: Refusal::Ganeti,
                words,
            } => {
                assert!(words.contains(word), "{words}");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_yes_of_ganetis_is_done_once_it_is_to_be_seen() {
    let bench = Bench::new();
    let small = bench.small.clone();
    bench.fake.answer(move |method, arguments| match method {
        "ChangeJobPriority" => crate::luxi::fake::Reply::result(&json!([true, "told the job"])),
        _ => small.lock().reply(method, arguments),
    });
    let operation = Operation::JobPriority(JobPriority {
        job: 6,
        priority: 5,
    });
    let mut agent = bench.agent(1);
    let begin = |agent: &mut Agent<'_>, id| match agent
        .with_tools(|tools| tools.perform(&act(id, operation.clone())))
    {
        Progress::Open(recovery) => recovery,
        Progress::Over(outcome) => panic!("{outcome:?}"),
    };
    let mut recovery = begin(&mut agent, 1);
    let outcome = agent.with_tools(|tools| recovery.look(tools));
    assert!(outcome.is_followed(), "{outcome:?}");
    bench.small.lock().states.insert(6, ("running".into(), 5));
    assert_eq!(done(agent.look(recovery)), "job 6 has priority 5");
    // Or it never is.
    bench.small.lock().states.insert(6, ("running".into(), 0));
    let never = begin(&mut agent, 2);
    match agent.look(never) {
        Outcome::Failed { words } => assert!(words.contains("not to be seen"), "{words}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_method_that_takes_its_time_is_not_given_up_before() {
    for (operation, seconds) in [
        (Operation::JobCancel(JobCancel { job: 6 }), 60),
        (Operation::JobArchive(JobArchive { job: 6 }), 330),
    ] {
        let bench = Bench::new();
        // It is heard, and not yet done when the agent is gone.
        bench.fake.answer({
            let small = bench.small.clone();
            move |method, arguments| match method {
                "CancelJob" | "ArchiveJob" => crate::luxi::fake::Reply::Nothing,
                _ => small.lock().reply(method, arguments),
            }
        });
        bench.agent(1).die_after_sending(&act(1, operation.clone()));
        let began = bench.now_ms.get();
        assert_eq!(bench.agent(2).recover(&ActId::new(1)), Outcome::Void {});
        let waited = bench.now_ms.get() - began;
        assert!(waited >= seconds * 1000, "{operation:?}: {waited}");
    }
}

#[test]
fn a_priority_that_a_job_has_not_noted_is_not_known_while_the_job_runs() {
    let bench = Bench::new();
    bench.small.lock().states.insert(6, ("running".into(), 0));
    let priority = Operation::JobPriority(JobPriority {
        job: 6,
        priority: 5,
    });
    bench.agent(1).die_after_sending(&act(1, priority));
    let outcome = bench.agent(2).recover(&ActId::new(1));
    assert!(matches!(&outcome, Outcome::Unknown { why } if why.contains("has ended")));
    bench.small.lock().states.insert(6, ("success".into(), 0));
    assert_eq!(bench.agent(2).recover(&ActId::new(1)), Outcome::Void {});
}
