//! The console while things happen to the cluster: jobs, a dead node, another master.

use std::time::{Duration, Instant};

use super::lab::{Lab, Mended};
use crate::harness::table::Table;
use crate::harness::terminal::Terminal;
use crate::harness::wait;

/// Within this a dead node must be shown as such.
const DEAD_WITHIN: Duration = Duration::from_secs(15);

/// What stands for a node under REACH.
fn reach(screen: &str, node: &str) -> Option<String> {
    Table::read(screen, "NODE")?.cell(node, "REACH")
}

fn is_ok(screen: &str, node: &str) -> bool {
    reach(screen, node).as_deref() == Some("ok")
}

/// Whether a job of this summary has this status.
fn job_is(screen: &str, summary: &str, status: &str) -> bool {
    screen
        .lines()
        .any(|line| line.contains(summary) && line.contains(status))
}

/// How the summary of a delay of six seconds begins; its unit depends on the version.
const DELAY: &str = "TEST_DELAY(6";

/// The nodes screen with all three nodes reached.
fn console(lab: &Lab, through: &str) -> Terminal {
    let console = lab.console(through, 160, 40);
    console.wait_until("three nodes that answer", |screen| {
        ["node1", "node2", "node3"]
            .iter()
            .all(|node| is_ok(screen, node))
    });
    console
}

#[test]
#[ignore = "needs tests/lab"]
fn a_job_of_gnt_instance_is_seen_live() {
    let lab = Lab::open();
    let mut console = console(&lab, "node1");
    console.press(":jobs\r");
    console.wait_until("the jobs", |screen| screen.contains("SUMMARY"));
    lab.gnt("gnt-instance reboot instance1");
    console.wait_until("the reboot's end", |screen| {
        job_is(screen, "INSTANCE_REBOOT(instance1)", "success")
    });
    // One that takes a while is seen at its work.
    lab.gnt("gnt-debug delay --submit 6");
    console.wait_until("the delay at work", |screen| {
        job_is(screen, DELAY, "running")
    });
    console.wait_until("the delay's end", |screen| job_is(screen, DELAY, "success"));
}

#[test]
#[ignore = "needs tests/lab"]
fn a_dead_node_is_shown_dead_and_the_rest_is_untouched() {
    let lab = Lab::open();
    let console = console(&lab, "node1");
    lab.run(&["kill", "node3"]);
    let died = Instant::now();
    let mended = Mended(&lab, &["revive", "node3"]);
    let screen = console.wait_within("node3 not ok", DEAD_WITHIN, |screen| {
        !is_ok(screen, "node3")
    });
    assert!(died.elapsed() < DEAD_WITHIN);
    for node in ["node1", "node2"] {
        assert!(is_ok(&screen, node), "{screen}");
    }
    drop(mended);
    console.wait_within("node3 back", Duration::from_secs(60), |screen| {
        is_ok(screen, "node3")
    });
}

#[test]
#[ignore = "needs tests/lab"]
fn another_master_is_followed() {
    let lab = Lab::open();
    let console = console(&lab, "node1");
    lab.on("node2", "gnt-cluster master-failover");
    let mended = Mended(&lab, &["node", "node1", "gnt-cluster", "master-failover"]);
    console.wait_until("node2 as the master", |screen| {
        screen.contains("master node2")
    });
    // The new master's jobs and configuration are what is shown from now on.
    lab.on("node2", "gnt-node add-tags node1 followed");
    lab.on("node2", "gnt-node remove-tags node1 followed");
    drop(mended);
    console.wait_until("node1 as the master again", |screen| {
        screen.contains("master node1")
    });
    wait::until(
        "a cluster without a critical finding",
        Duration::from_secs(60),
        || {
            let output = lab.gantry(&["status", "node3"]);
            match output.status.code() {
                Some(0 | 1) => Ok(()),
                code => Err(format!(
                    "{code:?} {}",
                    String::from_utf8_lossy(&output.stdout)
                )),
            }
        },
    );
}
