//! The serial console, on the simulated cluster, in a terminal.

use vt100::{MouseProtocolMode, Screen};

use crate::harness::terminal::{Terminal, program};

/// Ctrl-].
const LEAVE: &str = "\x1d";

/// gantry draws, and hears the mouse.
fn is_gantrys(screen: &Screen) -> bool {
    screen.alternate_screen()
        && screen.hide_cursor()
        && screen.bracketed_paste()
        && screen.mouse_protocol_mode() == MouseProtocolMode::PressRelease
}

#[test]
fn a_console_is_left_and_come_back_to_and_gantry_is_as_it_was() {
    let mut command = program(env!("CARGO_BIN_EXE_gantry"));
    command.args(["demo", "--frozen", "--nodes", "4", "--instances", "12"]);
    command.env("HOME", env!("CARGO_TARGET_TMPDIR"));
    let mut terminal = Terminal::start(command, 100, 30);
    terminal.wait_until("the nodes", |screen| {
        screen.contains("node4") && screen.contains("nodes 4/4")
    });
    terminal.press("2");
    terminal.wait_until("an instance that runs", |screen| screen.contains("running"));
    terminal.press("/running\r");
    let before = terminal.wait_until("only those", |screen| screen.contains("/running"));
    terminal.press("c");
    terminal.wait_until("a login", |screen| {
        screen.contains("Ctrl-] leaves") && screen.contains("login:")
    });
    assert!(terminal.look(|screen| {
        !screen.hide_cursor() && screen.mouse_protocol_mode() == MouseProtocolMode::None
    }));
    // Keys that mean something to gantry are the guest's now.
    terminal.press("q?:root\r");
    terminal.wait_until("what was typed", |screen| {
        screen.contains("login: q?:root") && screen.contains("Password:")
    });
    terminal.press("secret\r");
    let screen = terminal.wait_until("a refusal", |screen| screen.contains("Login incorrect"));
    assert!(!screen.contains("secret"));
    terminal.press(LEAVE);
    let after = terminal.wait_until("gantry", |screen| screen.contains("left the console of"));
    assert!(terminal.look(is_gantrys));
    let rows = |screen: &str| -> Vec<String> {
        let rows = screen.lines().filter(|line| line.contains("running"));
        rows.map(str::to_owned).collect()
    };
    assert_eq!(rows(&after), rows(&before));
    // What was said is there again, and the guest asks anew.
    terminal.press("c");
    terminal.wait_until("what was said", |screen| {
        screen.contains("Login incorrect") && screen.matches("login:").count() >= 3
    });
    terminal.press(LEAVE);
    terminal.wait_until("gantry again", |screen| {
        screen.contains("left the console of")
    });
    terminal.press("q");
    assert!(terminal.wait_end().success());
    assert!(terminal.look(|screen| !screen.alternate_screen() && !screen.hide_cursor()));
}
