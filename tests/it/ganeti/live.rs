//! The console while things happen to the cluster: jobs, a dead node, another master.

use std::time::{Duration, Instant};

use super::lab::{Lab, Mended};
use crate::harness::terminal::Terminal;
use crate::harness::wait;

/// Within this a dead node must be shown as such.
const DEAD_WITHIN: Duration = Duration::from_secs(15);

/// The first line of the screen that has this word, cut into words.
fn words_of(screen: &str, word: &str) -> Vec<String> {
    screen
        .lines()
        .map(|line| line.split_whitespace().map(str::to_owned).collect())
        .find(|words: &Vec<String>| words.iter().any(|w| w == word))
        .unwrap_or_default()
}

fn row_has(screen: &str, subject: &str, word: &str) -> bool {
    words_of(screen, subject).iter().any(|w| w == word)
}

/// The nodes screen with all three nodes reached.
fn console(lab: &Lab, through: &str) -> Terminal {
    let console = lab.console(through, 160, 40);
    console.wait_until("three nodes that answer", |screen| {
        ["node1", "node2", "node3"]
            .iter()
            .all(|node| row_has(screen, node, "ok"))
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
        row_has(screen, "INSTANCE_REBOOT(instance1)", "success")
    });
    // One that takes a while is seen at its work.
    lab.gnt("gnt-debug delay --submit 6");
    console.wait_until("the delay at work", |screen| {
        screen
            .lines()
            .any(|line| line.contains("TEST_DELAY") && line.contains("running"))
    });
    console.wait_until("the delay's end", |screen| {
        screen
            .lines()
            .any(|line| line.contains("TEST_DELAY") && line.contains("success"))
    });
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
        !row_has(screen, "node3", "ok")
    });
    assert!(died.elapsed() < DEAD_WITHIN);
    for node in ["node1", "node2"] {
        assert!(row_has(&screen, node, "ok"), "{screen}");
    }
    drop(mended);
    console.wait_within("node3 back", Duration::from_secs(60), |screen| {
        row_has(screen, "node3", "ok")
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
    wait::until("a healthy status", Duration::from_secs(60), || {
        let output = lab.gantry(&["status", "node3"]);
        match output.status.code() {
            Some(0) => Ok(()),
            code => Err(format!(
                "{code:?} {}",
                String::from_utf8_lossy(&output.stdout)
            )),
        }
    });
}
