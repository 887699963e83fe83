//! Runbooks from the keyboard of the console to their ends, checked with Ganeti's own commands.

use std::time::Duration;

use super::keys::turn_to;
use super::lab::{Lab, Mended};
use crate::harness::terminal::Terminal;

/// Jobs of a whole step.
const PATIENCE: Duration = Duration::from_secs(180);

/// The diskless instances of node3: they can leave it.
const GUESTS: [&str; 3] = ["instance3", "instance6", "instance9"];

/// A console with a runbook of a node opened.
fn open(lab: &Lab, through: &str, node: &str, letter: &str) -> Terminal {
    let mut console = lab.console(through, 140, 45);
    console.wait_until("the nodes", |screen| {
        screen.contains("configuration now") && screen.contains(node)
    });
    pick(&mut console, node);
    console.press(&format!("a{letter}"));
    console
}

/// Puts the cursor on a node.
fn pick(console: &mut Terminal, node: &str) {
    console.press(&format!(":nodes\r/{node}\r"));
    console.wait_until("the row", |screen| {
        screen.contains("1 of ") && screen.contains(node)
    });
}

/// The form of a step is up, and has been read.
fn confirm(console: &mut Terminal, place: &str, how: &str, keys: &str) {
    let asked = |screen: &str| {
        assert!(!screen.contains("FAILED"), "{screen}");
        screen.contains(&format!("{place}: ")) && screen.contains(how)
    };
    console.wait_within(&format!("{place} to be confirmed"), PATIENCE, asked);
    console.press(keys);
}

/// The same with the node chosen: node3 is alone in its group, and the allocator keeps to that.
fn confirm_to(console: &mut Terminal, place: &str, node: &str) {
    console.wait_within(place, PATIENCE, |screen| {
        screen.contains(&format!("{place}: "))
    });
    turn_to(console, node);
    confirm(console, place, "do it", "y");
}

/// The step waits for hands, and its key is told.
fn by_hand(console: &mut Terminal, words: &str) {
    console.wait_within(words, PATIENCE, |screen| {
        screen.contains(words) && screen.contains("says that it is done")
    });
    console.press("\r");
}

fn done(console: &Terminal) {
    console.wait_within("its end", PATIENCE, |screen| screen.contains("It is done."));
}

fn column(lab: &Lab, field: &str, name: &str) -> String {
    let line = format!("gnt-instance list --no-headers -o {field} {name}");
    lab.gnt(&line).trim().to_owned()
}

/// No mark is left, and what was done is in the record.
fn is_over(lab: &Lab, console: &Terminal, node: &str, book: &str) {
    console.wait_within("no mark of it", PATIENCE, |_| {
        !lab.gnt(&format!("gnt-node list-tags {node}"))
            .contains("gantry:run:")
    });
    let records = lab.records();
    let own: Vec<&String> = records
        .iter()
        .filter(|it| it.contains(&format!("\"run\":\"{book}-")))
        .collect();
    let events = ["begun", "asked", "done", "finished"];
    for event in events {
        let word = format!("\"event\":\"{event}\"");
        assert!(own.iter().any(|it| it.contains(&word)), "{event}: {own:?}");
    }
}

#[test]
#[ignore = "needs tests/lab"]
fn a_node_is_emptied_rebooted_and_filled_again() {
    let lab = Lab::open();
    let role = lab.gnt("gnt-node list --no-headers -o role node3");
    let mut console = open(&lab, "node1", "node3", "M");
    confirm(&mut console, "step 1 of 9", "do it", "y");
    confirm_to(&mut console, "step 2 of 9", "node1");
    console.wait_within("the reboot's turn", PATIENCE, |screen| {
        screen.contains("step 4 of 9") && screen.contains("Nothing runs on node3")
    });
    for name in GUESTS {
        assert_ne!(column(&lab, "pnode", name), "node3", "{name}");
        assert_eq!(column(&lab, "status", name), "running", "{name}");
    }
    // Everybody sees it, and how far it has got.
    console.wait_within("the mark", PATIENCE, |_| {
        lab.gnt("gnt-node list-tags node3").contains(":reboot")
    });
    lab.run(&["kill", "node3"]);
    let mended = Mended(&lab, &["revive", "node3"]);
    // Whoever goes on before it is seen to be gone is believed.
    by_hand(&mut console, "node3 does not answer now");
    console.wait_within("that it is waited for", PATIENCE, |screen| {
        screen.contains("Waits: node3")
    });
    drop(mended);
    confirm(&mut console, "step 7 of 9", "do it", "\r");
    confirm(&mut console, "step 9 of 9", "do it", "y");
    done(&console);
    for name in GUESTS {
        assert_eq!(
            column(&lab, "pnode,status", name)
                .split_whitespace()
                .collect::<Vec<_>>(),
            ["node3", "running"]
        );
    }
    is_over(&lab, &console, "node3", "maintenance");
    if lab.gnt("gnt-node list --no-headers -o role node3") != role {
        lab.gnt("gnt-node modify -C yes node3");
    }
}

#[test]
#[ignore = "needs tests/lab"]
fn what_cannot_leave_a_node_is_stopped_and_started_again() {
    let lab = Lab::open();
    let mut console = open(&lab, "node1", "node2", "M");
    confirm(&mut console, "step 1 of 9", "do it", "y");
    confirm(&mut console, "step 3 of 9", "do it", "y");
    by_hand(&mut console, "Nothing runs on node2");
    assert_eq!(column(&lab, "status", "instance2"), "ADMIN_down");
    confirm(&mut console, "step 7 of 9", "do it", "\r");
    confirm(&mut console, "step 8 of 9", "do it", "\r");
    done(&console);
    for name in ["instance2", "instance8"] {
        assert_eq!(column(&lab, "status", name), "running", "{name}");
    }
    // It was down before.
    assert_eq!(column(&lab, "status", "instance5"), "ADMIN_down");
    is_over(&lab, &console, "node2", "maintenance");
    if lab.gnt("gnt-node list --no-headers -o role node2").trim() == "R" {
        lab.gnt("gnt-node modify -C yes node2");
    }
}

#[test]
#[ignore = "needs tests/lab"]
fn a_node_dies_its_instances_start_elsewhere_and_it_comes_back() {
    let lab = Lab::open();
    let mut console = lab.console("node1", 140, 45);
    console.wait_until("three nodes that answer", |screen| {
        screen.contains("nodes 3/3") && screen.contains("configuration now")
    });
    lab.run(&["kill", "node3"]);
    let mended = Mended(&lab, &["revive", "node3"]);
    console.wait_within("that it is lost", PATIENCE, |screen| {
        screen.contains("nodes 2/3")
    });
    pick(&mut console, "node3");
    console.press("aD");
    // Nothing but the words goes on.
    confirm(
        &mut console,
        "step 1 of 5",
        "Type node3 is powered off",
        "y\r",
    );
    console.press("\x7f");
    console.press("node3 is powered off\r");
    confirm_to(&mut console, "step 2 of 5", "node1");
    done(&console);
    for name in GUESTS {
        assert_ne!(column(&lab, "pnode", name), "node3", "{name}");
        assert_eq!(column(&lab, "status", name), "running", "{name}");
    }
    assert_eq!(
        lab.gnt("gnt-node list --no-headers -o role node3").trim(),
        "O"
    );
    is_over(&lab, &console, "node3", "died");
    drop(mended);
    pick(&mut console, "node3");
    console.press("aB");
    // The agent cannot see the guests of this hypervisor, and they are there as after a boot that started them.
    for name in GUESTS {
        let guest = format!("/srv/cluster/node3/var/run/ganeti/fake-hypervisor/{name}");
        lab.on("node3", &format!("rm {guest}"));
    }
    by_hand(&mut console, "gantry does not see what runs on node3");
    confirm(&mut console, "step 2 of 6", "do it", "y");
    done(&console);
    is_over(&lab, &console, "node3", "returns");
    if lab.gnt("gnt-node list --no-headers -o role node3").trim() == "R" {
        lab.gnt("gnt-node modify -C yes node3");
    }
    for name in GUESTS {
        lab.gnt(&format!("gnt-instance migrate -f -n node3 {name}"));
    }
}
