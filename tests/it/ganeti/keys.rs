//! Changes asked for from the keyboard of the console, checked with Ganeti's own commands.

use super::lab::Lab;
use crate::harness::terminal::Terminal;
use crate::harness::wait;

const PATIENCE: std::time::Duration = std::time::Duration::from_secs(120);

/// A console at a desk.
struct Desk<'a> {
    lab: &'a Lab,
    console: Terminal,
}

impl<'a> Desk<'a> {
    fn new(lab: &'a Lab) -> Self {
        let console = lab.console("node1", 140, 40);
        console.wait_until("three nodes that answer", |screen| {
            screen.contains("nodes 3/3") && screen.contains("configuration now")
        });
        Desk { lab, console }
    }

    /// Puts the cursor on the only row of this name on a page.
    fn pick(&mut self, page: &str, name: &str) {
        self.console.press(&format!(":{page}\r/{name}\r"));
        self.console.wait_until("the row", |screen| {
            screen.contains("1 of ") && row_of(screen, name)
        });
    }

    /// Opens the page of a job: a filter for its number would find those that contain it.
    fn open_job(&mut self, id: &str) {
        self.console.press(&format!(":job {id}\r"));
        // Its summary: until it is known there is nothing that could be done to it.
        let title = format!("job {id} TEST_DELAY");
        self.console
            .wait_until("the job", |screen| screen.contains(&title));
    }

    /// Opens a form with the letters of the menu.
    fn form(&mut self, letters: &str) {
        for letter in letters.chars() {
            self.console.press(&letter.to_string());
        }
        self.console
            .wait_until("a form that can be confirmed", |screen| {
                screen.contains("command") && screen.contains("do it")
            });
    }

    /// The same of one that is confirmed by typing a name.
    fn form_to_type(&mut self, letters: &str) {
        for letter in letters.chars() {
            self.console.press(&letter.to_string());
        }
        self.console
            .wait_until("a form to be confirmed by typing", |screen| {
                screen.contains("command") && screen.contains("and Enter does it")
            });
    }

    /// Turns the first field until it says this.
    fn turn_to(&mut self, option: &str) {
        self.console.press("\t");
        for _ in 0..10 {
            let said = |screen: &str| {
                let line = screen
                    .lines()
                    .find(|line| line.contains("Left and Right change it"));
                line.map(str::to_owned)
            };
            let screen = self
                .console
                .wait_until("the field", |screen| said(screen).is_some());
            let before = said(&screen).unwrap();
            if before.contains(option) {
                // Up from the first field is the confirmation.
                self.console.press("\x1b[A");
                return;
            }
            self.console.press("\x1b[C");
            self.console.wait_until("another option", |screen| {
                said(screen) != Some(before.clone())
            });
        }
        panic!("no {option} to be had:\n{}", self.console.text());
    }

    /// Confirms, and waits until its job has succeeded.
    fn confirm(&mut self, key: &str) {
        // What has just changed cannot be confirmed yet, and says so.
        self.console
            .wait_until("that it was to be read", |screen| screen.contains("do it"));
        self.console.press(key);
        self.console
            .wait_within("its job's end", PATIENCE, |screen| {
                assert!(
                    !screen.contains("FAILED") && !screen.contains("refused"),
                    "{screen}"
                );
                screen.contains("succeeded")
            });
    }

    /// Waits until a command of Ganeti's prints this.
    fn until(&self, command: &str, wanted: &str) {
        wait::until(command, PATIENCE, || {
            let said = self.lab.gnt(command);
            match said.split_whitespace().any(|word| word == wanted) {
                true => Ok(()),
                false => Err(said),
            }
        });
    }

    fn instance(&self, name: &str, field: &str) -> String {
        let line = format!("gnt-instance list --no-headers -o {field} {name}");
        self.lab.gnt(&line).trim().to_owned()
    }
}

/// Turns the first field of the form until it says this.
pub fn turn_to(console: &mut Terminal, option: &str) {
    console.press("\t");
    for _ in 0..10 {
        let said = |screen: &str| {
            let line = screen
                .lines()
                .find(|line| line.contains("Left and Right change it"));
            line.map(str::to_owned)
        };
        let screen = console.wait_until("the field", |screen| said(screen).is_some());
        let before = said(&screen).unwrap();
        if before.contains(option) {
            // Up from the first field is the confirmation.
            console.press("\x1b[A");
            return;
        }
        console.press("\x1b[C");
        console.wait_until("another option", |screen| {
            said(screen) != Some(before.clone())
        });
    }
    panic!("no {option} to be had:\n{}", console.text());
}

fn row_of(screen: &str, name: &str) -> bool {
    let mut rows = screen.lines();
    rows.any(|line| line.starts_with('>') && line.split_whitespace().any(|word| word == name))
}

#[test]
#[ignore = "needs tests/lab"]
fn an_instance_is_shut_down_started_rebooted_and_tagged() {
    let lab = Lab::open();
    let mut desk = Desk::new(&lab);
    for (letters, key, field, wanted) in [
        ("ah", "y", "status", "ADMIN_down"),
        ("as", "\r", "status", "running"),
        ("ab", "y", "status", "running"),
    ] {
        desk.pick("instances", "instance7");
        desk.form(letters);
        desk.confirm(key);
        assert_eq!(desk.instance("instance7", field), wanted, "{letters}");
    }
    desk.pick("instances", "instance7");
    desk.console.press("at\tby-hand");
    desk.console.wait_until("the tag", |screen| {
        screen.contains("add-tags instance7 by-hand")
    });
    desk.console.press("\r\r");
    desk.confirm("\r");
    let tagged = |desk: &Desk| desk.instance("instance7", "tags").contains("by-hand");
    assert!(tagged(&desk));
    desk.pick("instances", "instance7");
    desk.console.press("aT\tby-hand\r\r");
    desk.console.wait_until("the tag", |screen| {
        screen.contains("remove-tags instance7 by-hand")
    });
    desk.confirm("\r");
    assert!(!tagged(&desk));
}

#[test]
#[ignore = "needs tests/lab"]
fn an_instance_is_failed_over_and_migrated_to_the_node_that_is_chosen() {
    let lab = Lab::open();
    let mut desk = Desk::new(&lab);
    let home = desk.instance("instance9", "pnode");
    let mut nodes = ["node1", "node2", "node3"].into_iter();
    let other = nodes.find(|node| *node != home).unwrap();
    for (letters, to) in [("af", other), ("am", &*home)] {
        desk.pick("instances", "instance9");
        desk.form(letters);
        turn_to(&mut desk.console, to);
        desk.confirm("y");
        assert_eq!(desk.instance("instance9", "pnode"), to, "{letters}");
    }
}

#[test]
#[ignore = "needs tests/lab"]
fn a_node_is_drained_and_undrained_and_marked_offline_and_online() {
    let lab = Lab::open();
    let mut desk = Desk::new(&lab);
    let role = "gnt-node list --no-headers -o role node2";
    for (letters, key, wanted) in [
        ("ad", "y", "D"),
        ("au", "\r", "C"),
        ("ao", "y", "O"),
        ("an", "y", "C"),
    ] {
        desk.pick("nodes", "node2");
        desk.form(letters);
        desk.confirm(key);
        if wanted != "C" {
            desk.until(role, wanted);
        }
    }
    // It may have come back as a candidate or not, as Ganeti likes.
    let said = lab.gnt(role);
    assert!(["C", "R"].contains(&said.trim()), "{said}");
    if said.trim() == "R" {
        lab.gnt("gnt-node modify -C yes node2");
    }
}

#[test]
#[ignore = "needs tests/lab"]
fn the_cluster_is_verified() {
    let lab = Lab::open();
    let mut desk = Desk::new(&lab);
    desk.form("Av");
    desk.console.press("\r");
    // Its end is that of the jobs that it makes, the configuration's and one for each group, and tells what they found.
    desk.console
        .wait_within("what it found", PATIENCE, |screen| {
            screen.contains("all 3 done; ")
        });
    let jobs = lab.gnt("gnt-job list --no-headers -o status");
    let open = ["queued", "waiting", "running"];
    assert!(!open.iter().any(|status| jobs.contains(status)), "{jobs}");
}

#[test]
#[ignore = "needs tests/lab"]
fn a_job_that_waits_is_canceled_and_one_that_runs_cannot_be() {
    let lab = Lab::open();
    let mut desk = Desk::new(&lab);
    let delay = |seconds| {
        let line = format!("gnt-debug delay --submit --print-jobid --no-master -n node3 {seconds}");
        let said = lab.gnt(&line);
        said.split(|c: char| !c.is_ascii_digit())
            .next()
            .unwrap()
            .to_owned()
    };
    let (holder, waiter) = (delay(60), delay(1));
    desk.open_job(&waiter);
    desk.form("ac");
    desk.console.press("y");
    let status = format!("gnt-job list --no-headers -o status {waiter}");
    desk.until(&status, "canceled");
    desk.open_job(&holder);
    desk.console.press("ac");
    desk.console.wait_until("that it cannot be", |screen| {
        screen.contains("cannot be done")
    });
    desk.console.press("y");
    desk.until(
        &format!("gnt-job list --no-headers -o status {holder}"),
        "success",
    );
}

#[test]
#[ignore = "needs tests/lab"]
fn another_node_is_made_the_master_and_the_first_one_again() {
    let lab = Lab::open();
    let mut desk = Desk::new(&lab);
    for (to, sum) in [("node2", "master node2"), ("node1", "master node1")] {
        desk.form_to_type("Am");
        desk.turn_to(to);
        desk.console.wait_until("that it was to be read", |screen| {
            screen.contains(&format!("Type {to}"))
        });
        desk.console.press(&format!("{to}\r"));
        desk.console
            .wait_within("the node's own word", PATIENCE, |screen| {
                assert!(!screen.contains("FAILED"), "{screen}");
                screen.contains(&format!("{to} is the master now"))
            });
        // The console follows to the new master by itself.
        desk.console
            .wait_within("the new master", PATIENCE, |screen| {
                screen.contains(sum) && screen.contains("configuration now")
            });
        assert_eq!(lab.on("node3", "gnt-cluster getmaster").trim(), to);
        // Jobs are taken there.
        lab.on(to, "gnt-cluster verify-disks");
    }
}

#[test]
#[ignore = "needs tests/lab"]
fn what_a_verify_finds_is_in_the_inbox_and_can_be_acknowledged() {
    let lab = Lab::open();
    let mut desk = Desk::new(&lab);
    // Ganeti goes on to believe that it runs.
    let home = desk.instance("instance8", "pnode");
    let guest = format!("/srv/cluster/{home}/var/run/ganeti/fake-hypervisor/instance8");
    lab.on(&home, &format!("rm {guest}"));
    desk.console.press(":verify\rv");
    desk.console
        .wait_until("the form of a verify", |screen| screen.contains("do it"));
    desk.console.press("\r");
    desk.console
        .wait_within("what it found", PATIENCE, |screen| {
            screen.contains("found errors")
        });
    desk.console.press(":verify\r/instance8\r");
    desk.console
        .wait_until("the instance that does not run", |screen| {
            screen.contains("1 of ")
                && screen.contains("EINSTANCEDOWN")
                && screen.contains("start instance8")
        });
    desk.console.press("x");
    desk.console.wait_until("that it is known", |screen| {
        screen.contains("acknowledged by")
    });
    // The next console knows it too.
    drop(desk);
    let mut desk = Desk::new(&lab);
    desk.console.press(":verify\r/instance8\r");
    desk.console.wait_until("that it is still known", |screen| {
        screen.contains("acknowledged by")
    });
    desk.console.press("m");
    desk.console
        .wait_until("the form that mends it", |screen| screen.contains("do it"));
    desk.confirm("\r");
    assert_eq!(desk.instance("instance8", "status"), "running");
}
