#![allow(clippy::unwrap_used, clippy::panic)]
use gantry_wire::config::Source;
use gantry_wire::request::Watch;
use serde_json::{Value, json};

use super::*;
use crate::luxi::fake::{FakeLuxid, Reply, canned, capture};

fn order(seat: Seat) -> Order {
    Order {
        watch: Watch {
            master: true,
            ..Watch::default()
        },
        seat,
        hypervisors: vec!["kvm".into()],
        since: 1,
    }
}

fn elsewhere() -> Seat {
    Seat::Elsewhere {
        ask: "node2".into(),
    }
}

/// A luxid with the captured cluster and no jobs.
fn quiet() -> FakeLuxid {
    FakeLuxid::start(quiet_handler())
}

fn quiet_handler() -> impl FnMut(&str, &Value) -> Reply + Send + 'static {
    canned(capture(), |_, _| Reply::result(&json!({ "data": [] })))
}

fn chief(fake: &FakeLuxid) -> Chief {
    Chief::new(Place::new(fake.root().into(), None))
}

fn round(chief: &mut Chief, order: &Order, now: u64) -> Vec<Report> {
    ask(chief, order, now, &mut VecDeque::new())
}

fn ask(
    chief: &mut Chief,
    order: &Order,
    now: u64,
    questions: &mut VecDeque<LogQuestion>,
) -> Vec<Report> {
    let mut reports = Vec::new();
    let now = Moment {
        mono_ms: now,
        wall_ms: now,
    };
    chief.round(order, questions, now, &mut |report| reports.push(report));
    reports
}

/// The kind of each report, as it is written.
fn kinds(reports: &[Report]) -> Vec<String> {
    let kind = |report: &Report| {
        let value = serde_json::to_value(report).unwrap();
        value.as_object().unwrap().keys().next().unwrap().clone()
    };
    reports.iter().map(kind).collect()
}

#[test]
fn a_master_says_that_it_serves_before_anything_else_and_then_falls_silent() {
    let fake = quiet();
    let mut chief = chief(&fake);
    let master = order(Seat::Master);
    let first = round(&mut chief, &master, 0);
    assert_eq!(kinds(&first), ["master", "queue", "config", "jobs"]);
    assert_eq!(first[0], Report::Master(MasterState::Serving));
    round(&mut chief, &master, 1000);
    fake.requests.lock().unwrap().clear();
    for now in [2000, 3000, 4000, 9000] {
        assert_eq!(round(&mut chief, &master, now), []);
    }
    let asked = fake.requests.lock().unwrap().clone();
    // The configuration once more, in case luxid was late to notice.
    assert!(asked.len() <= 6, "{asked:?}");
    assert_eq!(round(&mut chief, &master, 12_000), []);
    let last = fake.requests.lock().unwrap().last().unwrap().0.clone();
    assert_eq!(last, "QueryConfigValues", "a sign of life");
}

#[test]
fn a_master_without_luxid_says_why_and_tries_again_less_and_less_often() {
    let fake = quiet();
    let mut chief = chief(&fake);
    std::fs::rename(fake.socket(), fake.root().join("away")).unwrap();
    let master = order(Seat::Master);
    let reports = round(&mut chief, &master, 0);
    let [Report::Master(MasterState::Silent { why })] = reports.as_slice() else {
        panic!("{reports:?}")
    };
    assert!(why.contains("luxid does not run"), "{why}");
    assert_eq!(round(&mut chief, &master, 500), []);
    assert_eq!(
        round(&mut chief, &master, 1000),
        [],
        "tried, and nothing new"
    );
    std::fs::rename(fake.root().join("away"), fake.socket()).unwrap();
    assert_eq!(round(&mut chief, &master, 2000), [], "not yet");
    let back = round(&mut chief, &master, 3000);
    assert_eq!(kinds(&back), ["master", "queue", "config", "jobs"]);
}

#[test]
fn after_luxid_was_away_everything_is_told_anew() {
    let fake = quiet();
    let mut chief = chief(&fake);
    let master = order(Seat::Master);
    round(&mut chief, &master, 0);
    fake.answer(|_, _| Reply::BytesAndClose(Vec::new()));
    let reports = round(&mut chief, &master, 10_000);
    assert!(
        matches!(&reports[..], [Report::Master(MasterState::Silent { .. })]),
        "{reports:?}"
    );
    fake.answer(quiet_handler());
    let back = round(&mut chief, &master, 20_000);
    let Report::Config(part) = &back[2] else {
        panic!("{back:?}")
    };
    assert!(part.whole && part.revision == 2);
}

#[test]
fn an_exception_is_trouble_with_one_part_only() {
    let fake = FakeLuxid::start(canned(capture(), |_, arguments| {
        match arguments[0].as_str() {
            Some("job") => Reply::exception("JobQueueError", "the queue is broken"),
            _ => Reply::result(&json!({ "data": [] })),
        }
    }));
    let mut chief = chief(&fake);
    let master = order(Seat::Master);
    let reports = round(&mut chief, &master, 0);
    assert_eq!(kinds(&reports), ["master", "queue", "config", "problem"]);
    let Report::Problem(problem) = &reports[3] else {
        panic!()
    };
    assert_eq!(problem.about, "jobs");
    assert_eq!(problem.text, "JobQueueError: the queue is broken");
    fake.answer(quiet_handler());
    let mended = round(&mut chief, &master, 3000);
    assert_eq!(kinds(&mended), ["problem", "jobs"]);
}

#[test]
fn locks_are_asked_for_while_a_job_waits_and_told_to_be_gone_afterwards() {
    let waits = |status: &'static str| {
        canned(capture(), move |method, arguments| {
            match (method, arguments[0].as_str()) {
                ("Query", Some("job")) => Reply::result(&json!({ "data": [[[0, 7]]] })),
                ("Query", Some("lock")) => Reply::result(&json!({ "data": [
                    [[0, "instance/web1"], [0, "shared"], [0, ["6"]], [0, [["exclusive", ["7"]]]]],
                    [[0, "instance/[lockset]"], [0, null], [0, []], [0, []]],
                ]})),
                ("QueryJobs", _) => Reply::result(&json!([[
                    7,
                    status,
                    0,
                    null,
                    null,
                    null,
                    [status],
                    [null],
                    [null],
                    [null],
                    ["X"]
                ]])),
                _ => Reply::result(&json!({ "data": [] })),
            }
        })
    };
    let fake = FakeLuxid::start(waits("waiting"));
    let mut chief = chief(&fake);
    let master = order(Seat::Master);
    let first = round(&mut chief, &master, 0);
    let Some(Report::Locks(locks)) = first.last() else {
        panic!("{first:?}")
    };
    assert_eq!(locks.len(), 1, "what nobody holds is no lock");
    assert_eq!(locks[0].pending[0].jobs, [7]);
    fake.answer(waits("running"));
    std::fs::write(fake.root().join("var/lib/ganeti/queue/job-7"), "x").unwrap();
    let second = round(&mut chief, &master, 3000);
    assert_eq!(second.last(), Some(&Report::Locks(Vec::new())));
}

#[test]
fn a_question_about_a_log_is_answered() {
    let fake = FakeLuxid::start(canned(capture(), |method, _| match method {
        "QueryJobs" => Reply::result(&json!([[[[
            [1, [1, 0], "message", "a"],
            [2, [1, 0], "message", "b"]
        ]]]])),
        _ => Reply::result(&json!({ "data": [] })),
    }));
    let mut chief = chief(&fake);
    let mut questions = VecDeque::from([(3, 9, 1)]);
    let reports = ask(&mut chief, &order(Seat::Master), 0, &mut questions);
    let Some(Report::Answer(Answer {
        id: 3,
        answer: AnswerBody::JobLog(log),
    })) = reports.last()
    else {
        panic!("{reports:?}")
    };
    assert_eq!(
        (log.job, log.lines.len(), log.lines[0].text.as_str()),
        (9, 1, "b")
    );
    let mut questions = VecDeque::from([(4, 9, 1)]);
    let reports = ask(&mut chief, &order(elsewhere()), 1000, &mut questions);
    assert!(matches!(
        reports.last(),
        Some(Report::Answer(Answer {
            id: 4,
            answer: AnswerBody::Failed(_)
        }))
    ));
}

#[test]
fn a_node_that_is_not_the_master_says_whom_to_ask() {
    let fake = quiet();
    let mut chief = chief(&fake);
    let told = round(&mut chief, &order(elsewhere()), 0);
    let ask = "node2".to_owned();
    assert_eq!(told, [Report::Master(MasterState::NotMaster { ask })]);
    assert_eq!(round(&mut chief, &order(elsewhere()), 5000), []);
    assert!(
        fake.requests.lock().unwrap().is_empty(),
        "luxid is left alone"
    );
}

#[test]
fn a_candidate_serves_the_file_and_a_new_master_luxi() {
    let fake = quiet();
    let mut chief = chief(&fake);
    let file = fake.root().join("var/lib/ganeti/config.data");
    std::fs::write(&file, include_str!("../../tests/data/config.data")).unwrap();
    let told = round(&mut chief, &order(elsewhere()), 0);
    assert_eq!(kinds(&told), ["master", "master", "config"]);
    assert!(matches!(
        told[1],
        Report::Master(MasterState::Candidate { .. })
    ));
    let Report::Config(part) = &told[2] else {
        panic!()
    };
    assert!(part.whole && part.source == Source::File && part.instances.len() == 7);

    let promoted = round(&mut chief, &order(Seat::Master), 5000);
    let Report::Config(part) = &promoted[2] else {
        panic!("{promoted:?}")
    };
    assert!(part.whole && part.source == Source::Luxi);
    let demoted = round(&mut chief, &order(elsewhere()), 10_000);
    assert_eq!(kinds(&demoted), ["master", "master", "config"]);
}

#[test]
fn a_console_that_begins_to_watch_again_is_told_everything_again() {
    let fake = quiet();
    let mut chief = chief(&fake);
    round(&mut chief, &order(Seat::Master), 0);
    let again = Order {
        since: 2,
        ..order(Seat::Master)
    };
    let told = round(&mut chief, &again, 5000);
    assert_eq!(kinds(&told), ["master", "queue", "config", "jobs"]);
}
