#![allow(clippy::unwrap_used, clippy::panic)]
use proptest::prelude::*;
use serde_json::json;

use super::*;

#[test]
fn a_real_failed_job_is_understood() {
    let row = json!([
        35,
        "error",
        0,
        [1795243542, 626191],
        [1795243543, 102721],
        [1795243543, 264882],
        ["error", "error"],
        [[1795243543, 102721], null],
        [null, null],
        [[1795243543, 264870], null],
        ["INSTANCE_STARTUP(nosuch)", "TEST_DELAY(1.0)"]
    ]);
    let job = job(row.as_array().unwrap()).unwrap();
    assert_eq!(
        (job.id, job.status.as_str(), job.ops.len()),
        (35, "error", 2)
    );
    assert_eq!(job.received, Some(1_795_243_542.626_191));
    assert_eq!(job.ops[0].summary, "INSTANCE_STARTUP(nosuch)");
    assert_eq!((job.ops[1].started, job.ops[0].executed), (None, None));
    assert!(is_over(&job));
    let results = json!([
        [
            "OpPrereqError",
            ["Instance 'nosuch' not known", "unknown_entity"]
        ],
        ["OpExecError", ["Preceding opcode failed"]]
    ]);
    assert_eq!(
        failure(&results[0]),
        "Instance 'nosuch' not known (unknown_entity)"
    );
    assert_eq!(failure(&results[1]), "Preceding opcode failed");
}

#[test]
fn every_kind_of_result_has_words() {
    assert_eq!(
        failure(&json!("Job canceled by request")),
        "Job canceled by request"
    );
    assert_eq!(
        failure(&json!("detected death of job 59")),
        "detected death of job 59"
    );
    assert_eq!(failure(&Value::Null), "");
    assert_eq!(failure(&json!({ "jobs": [] })), r#"{"jobs":[]}"#);
}

#[test]
fn a_missing_job_is_none_and_one_without_texts_is_one() {
    assert_eq!(job(&vec![Value::Null; FIELDS.len()]), None);
    assert!(!SAFE_FIELDS.contains(&"summary"));
    let row = json!([
        7,
        "running",
        -10,
        [1, 0],
        [2, 0],
        null,
        ["running"],
        [[2, 0]],
        [null],
        [null]
    ]);
    let job = job(row.as_array().unwrap()).unwrap();
    assert_eq!(
        (job.priority, job.ops[0].summary.as_str(), job.ended),
        (-10, "", None)
    );
}

#[test]
fn a_real_jobs_log_and_reason_are_read() {
    let captured = include_str!("../../tests/data/job-migrate.json");
    let file: Value = serde_json::from_str(captured).unwrap();
    let ops = file["ops"].as_array().unwrap();
    let oplog: Value = ops.iter().map(|op| op["log"].clone()).collect();
    let lines = log(&oplog);
    assert_eq!(lines.len(), 18);
    assert_eq!(lines[17].text, "* done");
    assert_eq!((lines[0].serial, lines[0].at), (1, 1_795_182_204.087_838));
    let inputs: Value = ops.iter().map(|op| op["input"].clone()).collect();
    assert_eq!(reason(&inputs), "lab: capture");
    assert_eq!(reason(&json!([])), "");
    assert_eq!(
        reason(&json!([{ "reason": [["gnt:watcher", "", 1]] }])),
        "gnt:watcher"
    );
}

#[test]
fn other_kinds_of_lines_are_kept_as_json() {
    let lines = log(&json!([[], [[2, 1.7e9, "remote-import", { "a": 1 }], "odd", [1]]]));
    assert_eq!(lines.len(), 1);
    assert_eq!(
        (lines[0].op, lines[0].text.as_str(), lines[0].at),
        (1, r#"{"a":1}"#, 1.7e9)
    );
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-z]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        proptest::collection::vec(inner, 0..5).prop_map(Value::from)
    })
}

proptest! {
    #[test]
    fn no_answer_makes_it_panic(value in any_json(), row in proptest::collection::vec(any_json(), 0..12)) {
        failure(&value);
        log(&value);
        reason(&value);
        // Whatever comes, what is sent can be read again.
        if let Some(job) = job(&row) {
            let text = serde_json::to_string(&job).unwrap();
            prop_assert!(serde_json::from_str::<Job>(&text).is_ok(), "{}", text);
        }
    }
}

#[test]
fn jobs_that_an_opcode_made_are_in_its_result() {
    let result = json!({"jobs": [[true, 31], [true, 3.2e1], [false, "Job queue is full"], [true]]});
    let refused = Made::Refused("Job queue is full".into());
    assert_eq!(made(&result), [Made::Job(31), Made::Job(32), refused]);
    for none in [json!(null), json!([]), json!({"jobs": 3}), json!(true)] {
        assert_eq!(made(&none), []);
    }
}

#[test]
fn only_a_verify_judges() {
    assert_eq!(
        verdict("CLUSTER_VERIFY_GROUP(rack1)", &json!(false)),
        Some(false)
    );
    assert_eq!(verdict("CLUSTER_VERIFY_CONFIG", &json!(true)), Some(true));
    assert_eq!(verdict("CLUSTER_VERIFY_CONFIG", &json!(null)), None);
    assert_eq!(verdict("TEST_DELAY(1)", &json!(false)), None);
    assert!(tells_more("CLUSTER_VERIFY") && tells_more("NODE_EVACUATE(node1)"));
    assert!(!tells_more("INSTANCE_MIGRATE(CLUSTER_VERIFY)"));
}
