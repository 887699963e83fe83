//! The connection to luxid is cut at every byte.

use gantry_wire::operation::{AddTags, JobCancel, TagsOf, WatcherPause};

use super::*;
use crate::luxi::fake::Cut;

/// Whether what it should do is done.
fn is_done(bench: &Bench, operation: &Operation) -> bool {
    let state = bench.small.lock();
    match operation {
        Operation::QueueDrain {} => state.drained,
        Operation::JobCancel(_) => state.states[&6].0 == "canceled",
        Operation::WatcherPause(_) => state.pause.is_some(),
        _ => state.jobs.len() > 1,
    }
}

/// Tells it with the connection cut there; whether the cut was within the message.
fn cut(bench: &Bench, operation: &Operation, cut: Cut, dies: bool) -> bool {
    bench.small.lock().forget();
    // What was recorded of others is looked through for what is old.
    let _ = std::fs::remove_dir_all(bench.fake.root().join("run"));
    // The next connection is for questions.
    *bench.fake.cut.lock().unwrap() = Some((bench.fake.connected() + 2, cut));
    let act = act(u128::from(bench.now_ms.get()), operation.clone());
    let outcome = if dies {
        let mut agent = bench.agent(1);
        agent.records.dies_at = Some(3);
        agent.act_and_die(&act);
        bench.agent(2).recover(&act.id)
    } else {
        bench.agent(1).act(&act)
    };
    let done = is_done(bench, operation);
    let expected = match &outcome {
        Outcome::Submitted { .. } | Outcome::Done { .. } => true,
        Outcome::Void {} => false,
        other => panic!("{cut:?} {operation:?}: {other:?}"),
    };
    assert_eq!(done, expected, "{cut:?} {operation:?}: {outcome:?}");
    // Asked again, by whomever, it stays so, and nothing is done twice.
    assert_eq!(bench.agent(3).act(&act), outcome);
    let state = bench.small.lock();
    assert!(
        state.told.len() <= 1,
        "{cut:?} {operation:?}: {:?}",
        state.told
    );
    assert_eq!(done, state.told.len() == 1);
    match cut {
        Cut::Request(_) => !done,
        Cut::Answer(_) => true,
    }
}

/// Cuts the request and the answer at every byte, with an agent that lives on and with one that dies.
fn cut_everywhere(operation: &Operation) {
    let bench = Bench::new();
    for dies in [false, true] {
        // Until the request was long enough to be heard.
        let mut at = 0;
        while cut(&bench, operation, Cut::Request(at), dies) {
            at += 1;
        }
        assert!(at > 30, "{operation:?} was heard after {at} bytes");
        for end in 0..40 {
            cut(&bench, operation, Cut::Answer(end), dies);
        }
    }
}

#[test]
fn a_job_is_made_once_or_never_and_it_is_known() {
    cut_everywhere(&start());
}

#[test]
fn a_job_of_many_words_is_made_once_or_never_and_it_is_known() {
    cut_everywhere(&Operation::AddTags(AddTags {
        of: TagsOf::Instance("web1.example.com".into()),
        tags: vec!["hotspare".into(); 30],
    }));
}

#[test]
fn the_queue_is_drained_or_not_and_it_is_known() {
    cut_everywhere(&Operation::QueueDrain {});
}

#[test]
fn a_job_is_taken_back_or_not_and_it_is_known() {
    cut_everywhere(&Operation::JobCancel(JobCancel { job: 6 }));
}

#[test]
fn the_watcher_is_paused_or_not_and_it_is_known() {
    cut_everywhere(&Operation::WatcherPause(WatcherPause { seconds: 60 }));
}
