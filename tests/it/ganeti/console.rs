//! Serial consoles of guests that Ganeti's chroot hypervisor runs: a shell is their console.

use std::fs;
use std::path::Path;

use super::lab::Lab;
use crate::harness::terminal::Terminal;

/// Where the guest is.
const ROOT: &str = "/srv/cluster/node1/var/run/ganeti/chroot-hypervisor/shell1";

/// A guest with a shell, on node1, until this is dropped.
struct Guest<'a>(&'a Lab);

impl<'a> Guest<'a> {
    fn start(lab: &'a Lab) -> Guest<'a> {
        // By this Ganeti finds out that a chroot lives; the lab has none.
        let fuser = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fuser");
        fs::write(&fuser, "#!/bin/sh\nexit 0\n").unwrap();
        lab.run(&["install", &fuser.display().to_string(), "/usr/bin/fuser"]);
        lab.gnt("gnt-cluster modify --enabled-hypervisors=fake,chroot");
        let guest = Guest(lab);
        guest.sh(&format!(
            "mkdir -p {ROOT} && mount -t tmpfs guest {ROOT} && mkdir {ROOT}/usr {ROOT}/dev && \
             ln -s usr/bin usr/lib usr/lib64 usr/sbin {ROOT} && mount --bind /usr {ROOT}/usr && \
             mount --bind /dev {ROOT}/dev"
        ));
        lab.gnt(
            "gnt-instance add -t diskless -o noop -H chroot:init_script=/bin/true \
             --no-name-check --no-ip-check -n node1 shell1",
        );
        guest
    }

    fn sh(&self, script: &str) {
        self.0.run(&["node", "node1", "sh", "-c", script]);
    }

    fn console(&self) -> Terminal {
        let args = ["console", "node1", "shell1"];
        let console = self.0.terminal(&args, 100, 30);
        console.wait_until("its shell", |screen| {
            screen.contains("Ctrl-] leaves") && screen.contains('#')
        });
        console
    }
}

impl Drop for Guest<'_> {
    fn drop(&mut self) {
        self.sh(&format!(
            "umount -l {ROOT}/usr {ROOT}/dev; umount -l {ROOT}; true"
        ));
        let line = "gnt-instance remove -f --ignore-failures shell1";
        self.0.gnt(line);
        self.0.gnt("gnt-cluster modify --enabled-hypervisors=fake");
    }
}

#[test]
#[ignore = "needs tests/lab"]
fn a_guests_shell_has_the_terminal_and_nobody_else_gets_it_meanwhile() {
    let lab = Lab::open();
    let guest = Guest::start(&lab);
    let mut console = guest.console();
    console.press("echo $((6*7)) on $(stty size)\r");
    console.wait_until("its answer", |screen| screen.contains("42 on 30 100"));
    console.resize(80, 24);
    console.press("stty size\r");
    console.wait_until("its new size", |screen| screen.contains("24 80"));
    let mut other = lab.terminal(&["console", "node1", "shell1"], 100, 30);
    let status = other.wait_end();
    let said = other.text();
    assert!(said.contains("the console of shell1 is held by"), "{said}");
    assert_eq!(status.exit_code(), 4);
    console.press("\x1d");
    assert!(console.wait_end().success());
    // Whoever left has let go of it.
    drop(guest.console());
}

#[test]
#[ignore = "needs tests/lab"]
fn a_console_is_opened_and_left_from_the_screen_and_what_it_said_is_kept() {
    let lab = Lab::open();
    let _guest = Guest::start(&lab);
    let mut screen = lab.console("node3", 120, 36);
    screen.wait_until("three nodes that answer", |screen| {
        screen.contains("nodes 3/3") && screen.contains("configuration now")
    });
    screen.press(":instances\r/shell1\r");
    screen.wait_until("the row", |screen| screen.contains("1 of "));
    screen.press("c");
    screen.wait_until("its shell", |screen| {
        screen.contains("Ctrl-] leaves") && screen.contains('#')
    });
    screen.press("echo $((6*7))\r");
    screen.wait_until("its answer", |screen| screen.contains("42"));
    screen.press("\x1d");
    screen.wait_until("gantry", |screen| {
        screen.contains("left the console of shell1")
    });
    screen.press("c");
    screen.wait_until("what was said", |screen| {
        screen.contains("42") && screen.contains("Ctrl-] leaves")
    });
    screen.press("exit\r");
    screen.wait_until("its end", |screen| {
        screen.contains("the console of shell1 ended")
    });
}

#[test]
#[ignore = "needs tests/lab"]
fn a_guest_without_a_console_says_so() {
    let lab = Lab::open();
    let mut console = lab.terminal(&["console", "node1", "instance1"], 100, 30);
    let status = console.wait_end();
    let said = console.text();
    assert!(
        said.contains("the fake hypervisor has no consoles"),
        "{said}"
    );
    assert_eq!(status.exit_code(), 4);
}
