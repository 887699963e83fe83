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
fn a_yes_of_ganetis_that_shows_no_effect_is_no_refusal() {
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
    let words = done(bench.agent(1).act(&act(1, operation)));
    assert!(words.contains("not to be seen yet"), "{words}");
}
