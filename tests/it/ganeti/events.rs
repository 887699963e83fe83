//! The headless lists after something was done to the cluster with Ganeti's own commands.

use std::time::Duration;

use serde_json::Value;

use super::lab::{Lab, Mended};
use crate::harness::wait;

const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until an object of a list has a field as wanted, seen through a node; returns the object.
fn field(lab: &Lab, through: &str, list: &str, name: &str, field: &str, wanted: &Value) -> Value {
    let what = format!("{name} with {field} {wanted}");
    wait::until(&what, PATIENCE, || {
        let objects = lab.json(list, through);
        let object = objects.iter().find(|object| object["name"] == name);
        match object {
            Some(object) if &object[field] == wanted => Ok(object.clone()),
            other => Err(format!("{other:?}")),
        }
    })
}

#[test]
#[ignore = "needs tests/lab"]
fn an_instance_that_is_stopped_is_down_and_started_is_running() {
    let lab = Lab::open();
    lab.gnt("gnt-instance shutdown instance4");
    let mended = Mended(
        &lab,
        &["node", "node1", "gnt-instance", "startup", "instance4"],
    );
    let down = Value::from("ADMIN_down");
    field(&lab, "node1", "instances", "instance4", "status", &down);
    drop(mended);
    let running = Value::from("running");
    field(&lab, "node1", "instances", "instance4", "status", &running);
}

#[test]
#[ignore = "needs tests/lab"]
fn a_drained_node_is_shown_as_such() {
    let lab = Lab::open();
    lab.gnt("gnt-node modify --auto-promote --drained=yes node3");
    let mended = Mended(
        &lab,
        &[
            "node",
            "node1",
            "gnt-node",
            "modify",
            "--drained=no",
            "node3",
        ],
    );
    field(&lab, "node2", "nodes", "node3", "role", &"D".into());
    drop(mended);
    field(&lab, "node2", "nodes", "node3", "drained", &false.into());
}

#[test]
#[ignore = "needs tests/lab"]
fn a_job_that_waits_says_for_which_lock_and_who_holds_it() {
    let lab = Lab::open();
    let id = |line: &str| {
        let said = lab.gnt(line);
        // `29` or `29: instance1`
        let id = said.split(|c: char| !c.is_ascii_digit()).next();
        let id = id.and_then(|id| id.parse().ok());
        let id: u64 = id.unwrap_or_else(|| panic!("no job id in {said:?}"));
        id
    };
    let holder = id("gnt-debug delay --submit --print-jobid --no-master -n node1 15");
    let waiter = id("gnt-debug delay --submit --print-jobid --no-master -n node1 1");
    wait::until("the job that waits", PATIENCE, || {
        let jobs = lab.json("jobs", "node1");
        let job = jobs.iter().find(|job| job["id"] == waiter);
        let holders = job.map(|job| &job["waits_for"][0]["jobs"]);
        match holders {
            Some(holders) if holders == &Value::from(vec![holder]) => Ok(()),
            _ => Err(format!("{job:?}")),
        }
    });
    wait::until("the end of both", PATIENCE, || {
        let jobs = lab.json("jobs", "node1");
        let ended = |id: u64| {
            jobs.iter()
                .any(|job| job["id"] == id && job["status"] == "success")
        };
        if ended(holder) && ended(waiter) {
            Ok(())
        } else {
            Err(format!("{jobs:?}"))
        }
    });
}

#[test]
#[ignore = "needs tests/lab"]
fn without_its_master_the_cluster_is_still_known() {
    let lab = Lab::open();
    lab.run(&["kill", "node1"]);
    let _mended = Mended(&lab, &["revive", "node1"]);
    let nodes = wait::until("the nodes through node2", PATIENCE, || {
        lab.try_json("nodes", "node2")
    });
    let node = |name: &str| nodes.iter().find(|node| node["name"] == name).unwrap();
    assert_eq!(node("node1")["reachable"], false);
    assert_eq!(node("node2")["reachable"], true);
    assert_eq!(node("node3")["reachable"], true);
    let output = lab.gantry(&["status", "node3", "--json"]);
    let status: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(2), "{status}");
    assert_eq!(status["master"], "node1");
    assert_eq!(status["master_serves"], false, "{status}");
    assert_eq!(status["instances"], 9, "{status}");
}

#[test]
#[ignore = "needs tests/lab"]
fn a_host_that_is_not_there_is_said_not_to_answer() {
    let lab = Lab::open();
    let output = lab.gantry(&["nodes", "203.0.113.250"]);
    assert_eq!(output.status.code(), Some(3));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("203.0.113.250"), "{said}");
}
