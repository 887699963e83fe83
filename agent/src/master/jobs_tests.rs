#![allow(clippy::unwrap_used, clippy::panic)]
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gantry_wire::job::Made;

use super::*;
use crate::luxi::fake::{FakeLuxid, Reply};

/// A job in the fake queue, by field.
type Fields = BTreeMap<&'static str, Value>;

/// A queue behind a fake luxid, with a file for each job as the real one has.
struct Queue {
    fake: FakeLuxid,
    place: Place,
    client: Client,
    follower: Follower,
    jobs: Arc<Mutex<BTreeMap<u64, Fields>>>,
    /// Jobs with a text that breaks the answer.
    poisoned: Arc<Mutex<Vec<u64>>>,
    /// A field that cannot be asked for.
    failing: Arc<Mutex<Option<&'static str>>>,
}

impl Queue {
    fn new() -> Queue {
        let jobs: Arc<Mutex<BTreeMap<u64, Fields>>> = Arc::default();
        let poisoned: Arc<Mutex<Vec<u64>>> = Arc::default();
        let failing: Arc<Mutex<Option<&'static str>>> = Arc::default();
        let (all, bad, fails) = (jobs.clone(), poisoned.clone(), failing.clone());
        let fake = FakeLuxid::start(move |method, arguments| {
            let (jobs, bad) = (all.lock().unwrap(), bad.lock().unwrap());
            if method == "Query" {
                let mut ids: Vec<u64> = jobs.keys().copied().collect();
                if !arguments[2].is_null() {
                    let limit = arguments[2][1][2].as_u64().unwrap();
                    let over = ["success", "error", "canceled"].map(Value::from);
                    ids.retain(|id| *id < limit && !over.contains(&jobs[id]["status"]));
                }
                let rows: Vec<Value> = ids.iter().map(|id| json!([[0, id]])).collect();
                return Reply::result(&json!({ "data": rows }));
            }
            let fields = arguments[1].as_array().unwrap();
            let fails = *fails.lock().unwrap();
            if fails.is_some() && fields.iter().any(|field| field.as_str() == fails) {
                return Reply::exception("JobQueueError", "not now");
            }
            let texts = ["summary", "ops", "oplog", "opresult"];
            let asks_texts = fields.iter().any(|f| texts.contains(&f.as_str().unwrap()));
            let ids = arguments[0].as_array().unwrap();
            let ids: Vec<u64> = ids.iter().map(|id| id.as_u64().unwrap()).collect();
            if asks_texts && ids.iter().any(|id| bad.contains(id)) {
                return Reply::Bytes(b"{\"success\":true,\"result\":[[\"\x03\"]]}\x03".to_vec());
            }
            let row = |id: &u64| -> Value {
                let cell = |field: &Value| {
                    let job = jobs.get(id)?;
                    job.get(field.as_str().unwrap()).cloned()
                };
                fields.iter().map(|f| cell(f).unwrap_or_default()).collect()
            };
            Reply::result(&ids.iter().map(row).collect())
        });
        let place = Place::new(fake.root().into(), None);
        Queue {
            client: Client::new(fake.socket(), Duration::from_secs(60)),
            follower: Follower::new(&place),
            fake,
            place,
            jobs,
            poisoned,
            failing,
        }
    }

    fn put(&self, id: u64, status: &str) {
        let job: Fields = [
            ("id", json!(id)),
            ("status", json!(status)),
            ("opstatus", json!([status])),
            ("summary", json!([format!("TEST_DELAY({id})")])),
            (
                "ops",
                json!([{ "reason": [["gnt:client:gnt-debug", "delay", 1]] }]),
            ),
            ("oplog", json!([[]])),
        ]
        .into();
        self.jobs.lock().unwrap().insert(id, job);
        self.touch(id);
    }

    fn set(&self, id: u64, field: &'static str, value: Value) {
        self.jobs
            .lock()
            .unwrap()
            .get_mut(&id)
            .unwrap()
            .insert(field, value);
        self.touch(id);
    }

    /// Replaces the file, as Ganeti does.
    fn touch(&self, id: u64) {
        let new = self.place.data("queue/new");
        std::fs::write(&new, "").unwrap();
        std::fs::rename(&new, self.place.data(&format!("queue/job-{id}"))).unwrap();
    }

    fn archive(&self, id: u64) {
        self.jobs.lock().unwrap().remove(&id);
        std::fs::remove_file(self.place.data(&format!("queue/job-{id}"))).unwrap();
    }

    fn round(&mut self, now: u64, follow: &[u64]) -> News {
        let now = Moment {
            mono_ms: now,
            wall_ms: 0,
        };
        self.follower
            .refresh(&mut self.client, follow, now)
            .unwrap()
    }

    /// Rounds until nothing is left to be asked.
    fn settle(&mut self, mut now: u64) -> u64 {
        while self.follower.unfinished || now == 0 {
            self.round(now, &[]);
            now += 2000;
        }
        now
    }

    fn asked(&self) -> Vec<(String, Value)> {
        std::mem::take(&mut *self.fake.requests.lock().unwrap())
    }
}

fn ids(news: &News) -> Vec<u64> {
    news.jobs
        .iter()
        .flat_map(|part| part.jobs.iter().map(|job| job.id))
        .collect()
}

#[test]
fn first_all_then_only_what_changed() {
    let mut queue = Queue::new();
    queue.put(1, "success");
    queue.put(2, "running");
    let first = queue.round(0, &[]);
    assert!(first.jobs.as_ref().unwrap().whole);
    assert_eq!(ids(&first), [1, 2]);
    assert_eq!(
        first.jobs.unwrap().jobs[0].reason,
        "gnt:client:gnt-debug: delay"
    );
    queue.asked();
    assert!(queue.round(5000, &[]).jobs.is_none());
    assert!(queue.asked().is_empty(), "no file changed");

    queue.set(2, "status", json!("success"));
    queue.put(3, "waiting");
    let second = queue.round(10_000, &[]);
    assert!(!second.jobs.as_ref().unwrap().whole);
    assert_eq!(ids(&second), [2, 3]);
    assert!(queue.follower.any_waits());
    let asked = queue.asked();
    let about: Vec<_> = asked
        .iter()
        .map(|(method, arguments)| (method.as_str(), &arguments[0]))
        .collect();
    assert_eq!(
        about[..2],
        [("Query", &json!("job")), ("QueryJobs", &json!([2, 3]))]
    );
    assert_eq!(about[2..], [("QueryJobs", &json!([3]))], "its reason");
}

#[test]
fn a_job_that_waits_is_asked_about_only_when_its_file_changed() {
    let mut queue = Queue::new();
    for id in 1..=60 {
        queue.put(id, "waiting");
    }
    let now = queue.settle(0);
    queue.asked();
    queue.set(7, "status", json!("running"));
    let news = queue.round(now, &[]);
    assert_eq!(ids(&news), [7]);
    let asked = queue.asked();
    assert!(
        asked
            .iter()
            .all(|(method, arguments)| method == "Query" || arguments[0] == json!([7]))
    );
}

#[test]
fn changes_that_come_too_fast_are_told_together() {
    let mut queue = Queue::new();
    queue.put(1, "success");
    let now = queue.settle(0);
    queue.put(2, "running");
    assert_eq!(ids(&queue.round(now, &[])), [2]);
    queue.set(2, "status", json!("success"));
    assert!(queue.round(now + 1000, &[]).jobs.is_none());
    queue.put(3, "success");
    assert_eq!(ids(&queue.round(now + 2000, &[])), [2, 3]);
}

#[test]
fn archived_jobs_are_gone() {
    let mut queue = Queue::new();
    queue.put(1, "success");
    queue.put(2, "success");
    let now = queue.settle(0);
    queue.archive(1);
    let news = queue.round(now, &[]).jobs.unwrap();
    assert_eq!((news.gone, news.jobs.len()), (vec![1], 0));
}

#[test]
fn of_a_long_queue_the_newest_are_followed_and_those_that_are_not_over() {
    let mut queue = Queue::new();
    for id in 1..=300 {
        queue.put(id, if id == 5 { "running" } else { "success" });
    }
    let first = ids(&queue.round(0, &[]));
    assert_eq!(first.len(), 201);
    assert_eq!((first[0], first[1], first[200]), (5, 101, 300));
    queue.set(5, "status", json!("success"));
    queue.put(301, "queued");
    let news = queue.round(4000, &[]).jobs.unwrap();
    assert!(
        news.jobs
            .iter()
            .any(|job| job.id == 5 && job.status == "success")
    );
    assert_eq!(news.gone, [101]);
    queue.put(302, "queued");
    assert_eq!(queue.round(8000, &[]).jobs.unwrap().gone, [5, 102]);
}

#[test]
fn why_a_job_failed_is_told_with_it() {
    let mut queue = Queue::new();
    queue.put(1, "error");
    queue.set(1, "opresult", json!([["OpExecError", ["no room"]]]));
    queue.put(2, "canceled");
    queue.set(2, "opresult", json!(["Job canceled by request"]));
    let jobs = queue.round(0, &[]).jobs.unwrap().jobs;
    assert_eq!(jobs[0].ops[0].error, "no room");
    assert_eq!(jobs[1].ops[0].error, "Job canceled by request");
}

#[test]
fn one_broken_job_does_not_spoil_the_others() {
    let mut queue = Queue::new();
    for id in 1..=4 {
        queue.put(id, "success");
    }
    queue.put(3, "error");
    queue.poisoned.lock().unwrap().push(3);
    let first = queue.round(0, &[]);
    assert_eq!(ids(&first), [1, 2, 3, 4]);
    let jobs = first.jobs.unwrap().jobs;
    assert_eq!(jobs[1].ops[0].summary, "TEST_DELAY(2)");
    assert_eq!(
        (jobs[2].ops[0].summary.as_str(), jobs[2].status.as_str()),
        ("", "error")
    );
    assert_eq!(jobs[2].ops[0].error, "its result cannot be read");
    let log = queue.round(100, &[3]).logs;
    assert!(log[0].lines[0].text.contains("cannot be read"), "{log:?}");
}

#[test]
fn a_followed_log_comes_line_by_line_and_a_running_jobs_last_line_anyway() {
    let mut queue = Queue::new();
    let line = |serial: u64, text: &str| json!([serial, [10, 0], "message", text]);
    queue.put(1, "running");
    queue.set(1, "oplog", json!([[line(1, "one"), line(2, "two")]]));
    let first = queue.round(0, &[]);
    assert!(first.logs.is_empty());
    let last = |news: &News| {
        news.jobs.as_ref().unwrap().jobs[0]
            .last_line
            .clone()
            .unwrap()
    };
    assert_eq!(last(&first).text, "two");

    let followed = queue.round(500, &[1]);
    assert_eq!(followed.logs[0].lines.len(), 2, "at once, and all of it");
    queue.set(
        1,
        "oplog",
        json!([[line(1, "one"), line(2, "two")], [line(3, "three")]]),
    );
    let more = queue.round(4000, &[1]);
    assert_eq!(more.logs[0].lines.len(), 1);
    assert_eq!(
        (more.logs[0].lines[0].serial, more.logs[0].lines[0].op),
        (3, 1)
    );
    assert_eq!(last(&more).text, "three");

    queue.set(1, "oplog", json!([[line(3, "three"), line(4, "done")]]));
    queue.set(1, "status", json!("success"));
    let end = queue.round(8000, &[1]);
    assert_eq!(end.logs[0].lines[0].text, "done");
    assert!(queue.round(12_000, &[]).logs.is_empty());
    assert_eq!(
        queue.round(16_000, &[1]).logs[0].lines.len(),
        2,
        "followed anew, told anew"
    );
}

#[test]
fn who_wanted_a_job_is_asked_a_few_at_a_time_the_newest_first() {
    let mut queue = Queue::new();
    for id in 1..=12 {
        queue.put(id, "success");
    }
    let reasoned = |news: &News| -> Vec<u64> {
        let jobs = news.jobs.iter().flat_map(|part| &part.jobs);
        jobs.filter(|job| !job.reason.is_empty())
            .map(|job| job.id)
            .collect()
    };
    assert_eq!(reasoned(&queue.round(0, &[])), [8, 9, 10, 11, 12]);
    assert_eq!(reasoned(&queue.round(2000, &[])), [3, 4, 5, 6, 7]);
    assert_eq!(reasoned(&queue.round(4000, &[])), [1, 2]);
    assert!(queue.round(6000, &[]).jobs.is_none());
}

#[test]
fn what_an_exception_came_between_is_told_later() {
    let mut queue = Queue::new();
    queue.put(1, "success");
    let now = queue.settle(0);
    queue.put(2, "running");
    let at = |mono_ms| Moment {
        mono_ms,
        wall_ms: 0,
    };
    // The reason is asked last: everything before it was found already.
    *queue.failing.lock().unwrap() = Some("ops");
    let error = queue.follower.refresh(&mut queue.client, &[], at(now));
    assert!(matches!(error, Err(Error::Ganeti { .. })));
    *queue.failing.lock().unwrap() = None;
    assert_eq!(ids(&queue.round(now + 2000, &[])), [2]);
}

#[test]
fn a_file_that_was_written_without_a_change_is_no_news() {
    let mut queue = Queue::new();
    queue.put(1, "waiting");
    let now = queue.settle(0);
    queue.touch(1);
    assert!(queue.round(now, &[]).jobs.is_none());
}

#[test]
fn the_jobs_that_a_job_made_are_told_with_its_end() {
    let mut queue = Queue::new();
    queue.put(1, "running");
    queue.set(1, "summary", json!(["NODE_EVACUATE(node2)"]));
    let jobs = queue.round(0, &[]).jobs.unwrap().jobs;
    assert_eq!(jobs[0].ops[0].made, []);
    queue.put(2, "queued");
    queue.set(1, "opresult", json!([{ "jobs": [[true, 2]] }]));
    queue.set(1, "opstatus", json!(["success"]));
    queue.set(1, "status", json!("success"));
    let jobs = queue.round(4000, &[]).jobs.unwrap().jobs;
    assert_eq!(jobs[0].ops[0].made, [Made::Job(2)]);
    assert_eq!(jobs[1].id, 2);
}

#[test]
fn what_a_verify_found_is_told_with_its_end_and_only_asked_where_it_says_something() {
    let mut queue = Queue::new();
    queue.put(1, "success");
    queue.put(2, "success");
    queue.set(2, "summary", json!(["CLUSTER_VERIFY_GROUP(rack1)"]));
    queue.set(2, "opresult", json!([false]));
    let jobs = queue.round(0, &[]).jobs.unwrap().jobs;
    assert_eq!(
        (jobs[0].ops[0].verdict, jobs[1].ops[0].verdict),
        (None, Some(false))
    );
    let results = |(_, arguments): &(String, Value)| arguments[1] == json!(["opresult"]);
    assert_eq!(queue.asked().iter().filter(|it| results(it)).count(), 1);
}
