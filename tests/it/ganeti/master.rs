//! The master dies, and another node takes over.

use std::time::Duration;

use super::lab::Lab;
use crate::harness::wait;

/// Brings a master that was lost back, and its role with it.
struct Restored<'a>(&'a Lab);

impl Drop for Restored<'_> {
    fn drop(&mut self) {
        let Restored(lab) = self;
        let master = |node: &str| lab.on(node, "gnt-cluster getmaster").trim().to_owned();
        lab.run(&["revive", "node1"]);
        if master("node2") == "node1" {
            return;
        }
        // It still believes that it is the master, until it is told otherwise.
        wait::until("node1's new files", Duration::from_secs(60), || {
            lab.on("node2", "gnt-cluster redist-conf");
            match master("node1").as_str() {
                "node2" => Ok(()),
                other => Err(other.to_owned()),
            }
        });
        lab.on("node1", "gnt-cluster master-failover");
    }
}

#[test]
#[ignore = "needs tests/lab"]
fn a_dead_master_is_replaced_once_somebody_says_that_it_is_off() {
    let lab = Lab::open();
    lab.run(&["kill", "node1"]);
    let _restored = Restored(&lab);
    let args = [
        "do",
        "node2",
        "master-failover",
        "to=node2",
        "--yes",
        "--wait",
    ];
    let output = lab.gantry(&args);
    let why = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{why}");
    assert!(why.contains("--powered-off node1"), "{why}");
    assert_eq!(lab.on("node3", "gnt-cluster getmaster").trim(), "node1");
    let output = lab.gantry(&[&args[..], &["--powered-off", "node1"]].concat());
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("node2 is the master now"), "{said}");
    assert_eq!(lab.on("node3", "gnt-cluster getmaster").trim(), "node2");
}
