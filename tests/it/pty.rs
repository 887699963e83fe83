//! The program as built, in a terminal, on the simulated cluster.

use std::process::{Command, Stdio};
use std::time::Duration;

use portable_pty::CommandBuilder;
use vt100::{Color, Screen};

use crate::harness::terminal::{Terminal, program};
use crate::harness::wait;

/// A terminal's interrupt and suspend keys.
const SUSPEND: &str = "\x1a";

const GANTRY: &str = env!("CARGO_BIN_EXE_gantry");

/// `gantry demo`, standing still.
fn demo() -> CommandBuilder {
    let mut command = program(GANTRY);
    command.args(["demo", "--frozen", "--nodes", "4", "--instances", "12"]);
    command.env("HOME", env!("CARGO_TARGET_TMPDIR"));
    command
}

/// Started and showing its nodes.
fn shown(command: CommandBuilder, columns: u16, rows: u16) -> Terminal {
    let terminal = Terminal::start(command, columns, rows);
    terminal.wait_until("the nodes", |screen| screen.contains("node4"));
    terminal
}

/// The terminal is as a shell wants it.
fn is_plain(screen: &Screen) -> bool {
    !screen.alternate_screen()
        && !screen.hide_cursor()
        && !screen.bracketed_paste()
        && screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None
}

/// Whether a process of this id lives; one that nobody has buried yet does not.
fn lives(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        !stat
            .rsplit(") ")
            .next()
            .unwrap_or_default()
            .starts_with('Z')
    })
}

fn wait_gone(pid: u32) {
    wait::until("the program's end", Duration::from_secs(20), || {
        if lives(pid) {
            Err(format!("{pid} lives"))
        } else {
            Ok(())
        }
    });
}

/// The one child of a process.
fn child_of(pid: u32) -> u32 {
    let output = Command::new("pgrep")
        .args(["-P", &pid.to_string()])
        .output()
        .unwrap();
    String::from_utf8(output.stdout)
        .unwrap()
        .trim()
        .parse()
        .unwrap()
}

fn signal(pid: u32, name: &str) {
    let status = Command::new("kill")
        .args([&format!("-{name}"), &pid.to_string()])
        .status()
        .unwrap();
    assert!(status.success());
}

#[test]
fn it_leaves_the_terminal_as_it_found_it() {
    let mut terminal = shown(demo(), 100, 30);
    assert!(terminal.look(Screen::alternate_screen));
    terminal.press("q");
    let status = terminal.wait_end();
    assert!(status.success(), "{status:?}");
    assert!(terminal.look(is_plain), "{}", terminal.text());
}

#[test]
fn a_storm_of_sizes_ends_in_the_picture_of_the_last() {
    let mut terminal = shown(demo(), 100, 30);
    for step in 0..60_u16 {
        terminal.resize(20 + step * 37 % 180, 2 + step * 13 % 58);
    }
    terminal.resize(80, 24);
    terminal.wait_until("the nodes in 80 columns", |screen| {
        screen.contains("node1") && screen.contains("node4")
    });
    // The same picture as of one that never had another size.
    let fresh = shown(demo(), 80, 24);
    let titles = |screen: &str| {
        screen
            .lines()
            .find(|line| line.contains("NODE"))
            .map(str::to_owned)
    };
    let wanted = titles(&fresh.text());
    assert!(wanted.is_some());
    terminal.wait_until("the same columns", |screen| titles(screen) == wanted);
}

#[test]
fn it_stops_for_the_shell_and_comes_back() {
    let mut shell = program("bash");
    // Without line editing, which has modes of its own.
    shell.args(["--norc", "--noprofile", "--noediting", "-i"]);
    shell.env("PS1", "shell> ");
    shell.env("HOME", env!("CARGO_TARGET_TMPDIR"));
    let mut terminal = Terminal::start(shell, 100, 30);
    terminal.wait_until("the shell", |screen| screen.contains("shell>"));
    terminal.press(&format!(
        "{GANTRY} demo --frozen --nodes 4 --instances 12\r"
    ));
    terminal.wait_until("the nodes", |screen| screen.contains("node4"));
    terminal.press(SUSPEND);
    terminal.wait_until("the shell again", |screen| screen.contains("Stopped"));
    assert!(terminal.look(is_plain), "{}", terminal.text());
    terminal.press("fg\r");
    terminal.wait_until("the nodes again", |screen| {
        screen.contains("node4") && !screen.contains("shell>")
    });
    terminal.press("q");
    terminal.wait_until("the shell at the end", |screen| {
        screen.contains("shell>") && !screen.contains("node4")
    });
    assert!(terminal.look(is_plain), "{}", terminal.text());
}

#[test]
fn a_hang_up_and_a_termination_end_it_with_a_sane_terminal() {
    for name in ["HUP", "TERM"] {
        let mut terminal = shown(demo(), 80, 24);
        signal(terminal.pid(), name);
        terminal.wait_end();
        assert!(terminal.look(is_plain), "{name}: {}", terminal.text());
    }
}

#[test]
fn it_does_not_outlive_its_terminal() {
    // script(1) holds the inner terminal, which goes away with it.
    let mut script = program("script");
    script.args([
        "-qec",
        &format!("exec {GANTRY} demo --frozen --nodes 4"),
        "/dev/null",
    ]);
    script.env("HOME", env!("CARGO_TARGET_TMPDIR"));
    let terminal = shown(script, 80, 24);
    let inner = child_of(terminal.pid());
    signal(terminal.pid(), "KILL");
    wait_gone(inner);
}

#[test]
fn no_color_means_none() {
    let mut command = demo();
    command.env("NO_COLOR", "1");
    let terminal = shown(command, 80, 24);
    let coloured = terminal.look(|screen| {
        let cells = (0..24).flat_map(|row| (0..80).map(move |column| (row, column)));
        cells
            .filter_map(|(row, column)| screen.cell(row, column))
            .filter(|cell| cell.fgcolor() != Color::Default || cell.bgcolor() != Color::Default)
            .count()
    });
    assert_eq!(coloured, 0);
}

#[test]
fn without_a_terminal_it_says_so() {
    let output = Command::new(GANTRY)
        .args(["demo", "--nodes", "4"])
        .env("HOME", env!("CARGO_TARGET_TMPDIR"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(said.contains("terminal"), "{said}");
}

#[test]
fn a_runbook_goes_through_maintenance_of_a_node() {
    let mut command = program(GANTRY);
    // Nothing else happens than a verify of one disk.
    let story = [
        "--story",
        "verify",
        "--speed",
        "20",
        "--nodes",
        "4",
        "--instances",
        "12",
    ];
    command.arg("demo");
    command.args(story);
    let home = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("runbook-home");
    std::fs::create_dir_all(&home).unwrap();
    command.env("HOME", &home);
    command.env_remove("XDG_STATE_HOME");
    let mut terminal = shown(command, 140, 45);
    let patience = Duration::from_secs(120);
    terminal.wait_until("all that is known", |screen| screen.contains("nodes 4/4"));
    terminal.press(":nodes\r/node2\r");
    terminal.wait_until("the row", |screen| screen.contains("1 of "));
    terminal.press("aM");
    // Each step with its form, until the reboot; what is so already is not asked for.
    let mut place = 0;
    loop {
        let screen = terminal.wait_within("the next step", patience, |screen| {
            assert!(!screen.contains("FAILED"), "{screen}");
            let next = (place + 1..=9).any(|n| screen.contains(&format!(" step {n} of 9: ")));
            (next && screen.contains("do it"))
                || screen.contains("says that it is done")
                || screen.contains("It is done.")
        });
        if screen.contains("It is done.") {
            break;
        }
        if screen.contains("says that it is done") {
            place = 4;
            // By the machine's own reset: its new boot is seen.
            terminal.press("P");
            terminal.wait_until("what it takes", |screen| screen.contains("Type node2"));
            terminal.press("node2\r");
            terminal.wait_within("its job", patience, |screen| {
                screen.contains("── job ") && screen.contains("NODE_POWERCYCLE")
            });
            terminal.press("\x1b");
            terminal.wait_within("the boot", patience, |screen| {
                screen.contains("has booted anew")
            });
            continue;
        }
        let at = (place + 1..=9).find(|n| screen.contains(&format!(" step {n} of 9: ")));
        place = at.unwrap();
        // Undrain and start are harmless, all else is noticed.
        terminal.press(if matches!(place, 7 | 8) { "\r" } else { "y" });
    }
    let records = std::fs::read_dir(home.join(".local/state/gantry/runbooks")).unwrap();
    let texts = records.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
    assert!(
        texts
            .into_iter()
            .any(|text| text.contains("\"event\":\"finished\""))
    );
    std::fs::remove_dir_all(&home).unwrap();
}
