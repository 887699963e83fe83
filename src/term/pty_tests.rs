//! The whole room in a real pseudo-terminal: a child process that draws what it hears, and an
//! emulator that looks at it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use ratatui::layout::Size;
use ratatui::style::Style;
use tokio::signal::unix::{SignalKind, signal};

use super::{Drawn, Event, Screen, guard};
use crate::input::Key;
use crate::theme::Depth;

/// Everything that is waited for comes at once; this is for machines that are very busy.
const AT_MOST: Duration = Duration::from_secs(60);

/// The name of the test below that is the child.
const CHILD: &str = "term::pty_tests::child";

/// The child: draws every event it hears as a line. `q` ends it, `p` panics in a task, Ctrl-Z
/// suspends it; when the terminal is gone it ends with status 7.
#[test]
#[ignore = "the other tests start it in a pseudo-terminal"]
fn child() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(async {
        guard::install_panic_hook(Some("/tmp/its.log".into()), || std::process::exit(101));
        // Handled, so that it does not end the child before the terminal is seen to be gone.
        let _hangup = signal(SignalKind::hangup()).unwrap();
        let term = std::env::var("TERM").unwrap_or_default();
        let (mut screen, mut events) = match Screen::open(&term, Depth::Rgb, true) {
            Ok(both) => both,
            Err(error) => {
                eprintln!("{error}");
                std::process::exit(2);
            }
        };
        let mut heard = vec!["ready".to_owned()];
        loop {
            let drawn = screen.draw(|buffer| {
                for (y, line) in heard.iter().enumerate() {
                    if y < usize::from(buffer.area.height) {
                        buffer.set_string(0, y as u16, line, Style::new());
                    }
                }
                None
            });
            if drawn.is_ok_and(|drawn| drawn == Drawn::Busy) {
                screen.ready().await;
                continue;
            }
            let event = events.next().await;
            let _ = screen.notice(&event);
            let mut line = String::new();
            write!(line, "{event:?}").unwrap();
            match event {
                Event::Key(key) => line = format!("key {key}"),
                Event::Resize(Size { width, height }) => line = format!("size {width}x{height}"),
                Event::Gone => std::process::exit(7),
                _ => {}
            }
            heard.push(line);
            if event == Event::Key(Key::char('q')) {
                return;
            }
            if event == Event::Key(Key::char('p')) {
                tokio::spawn(async { panic!("on purpose") });
            }
            if event == Event::Key(Key::ctrl('z')) {
                screen.suspend().await.unwrap();
            }
        }
    });
}

/// The child in its terminal, and what the terminal shows.
struct Pty {
    master: Option<Box<dyn MasterPty + Send>>,
    keyboard: Option<Box<dyn Write + Send>>,
    child: Box<dyn Child + Send + Sync>,
    shown: Arc<Shown>,
    reading: Option<JoinHandle<()>>,
}

struct Shown {
    terminal: Mutex<vt100::Parser>,
    changed: Condvar,
    /// The reading thread is to end with the next bytes.
    enough: AtomicBool,
}

impl Pty {
    /// Starts the child by itself, as the leader of its session.
    fn start() -> Self {
        let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
        command.args([CHILD, "--exact", "--ignored", "--nocapture"]);
        Self::run(command)
    }

    /// Starts the child in a shell with job control, which runs `then` when it stops or ends.
    fn start_in_shell(then: &str) -> Self {
        let mut command = CommandBuilder::new("sh");
        let program = std::env::current_exe().unwrap();
        let program = program.to_str().unwrap();
        let script = format!("'{program}' {CHILD} --exact --ignored --nocapture; {then}");
        command.args(["-m", "-c", &script]);
        Self::run(command)
    }

    fn run(mut command: CommandBuilder) -> Self {
        command.env("TERM", "xterm-256color");
        command.env("RUST_BACKTRACE", "0");
        let size = PtySize {
            rows: 24,
            cols: 80,
            ..PtySize::default()
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let child = pair.slave.spawn_command(command).unwrap();
        let (rows, columns) = (NonZeroU16::new(24).unwrap(), NonZeroU16::new(80).unwrap());
        let shown = Arc::new(Shown {
            terminal: Mutex::new(vt100::Parser::new(rows, columns, 0)),
            changed: Condvar::new(),
            enough: AtomicBool::new(false),
        });
        let (mut output, of_thread) = (pair.master.try_clone_reader().unwrap(), shown.clone());
        let reading = std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                of_thread.terminal.lock().unwrap().process(&bytes[..count]);
                of_thread.changed.notify_all();
                if of_thread.enough.load(Ordering::Acquire) {
                    return;
                }
            }
        });
        let keyboard = Some(pair.master.take_writer().unwrap());
        let master = Some(pair.master);
        Self {
            master,
            keyboard,
            child,
            shown,
            reading: Some(reading),
        }
    }

    fn press(&mut self, bytes: &[u8]) {
        let keyboard = self.keyboard.as_mut().unwrap();
        keyboard.write_all(bytes).unwrap();
        keyboard.flush().unwrap();
    }

    /// Waits until the terminal shows what is wanted.
    fn wait_until(&self, what: &str, is_shown: impl Fn(&vt100::Screen) -> bool) {
        let terminal = self.shown.terminal.lock().unwrap();
        let not_yet = |terminal: &mut vt100::Parser| !is_shown(terminal.screen());
        let (terminal, result) = self
            .shown
            .changed
            .wait_timeout_while(terminal, AT_MOST, not_yet)
            .unwrap();
        let contents = terminal.screen().contents();
        assert!(!result.timed_out(), "never saw {what}, but:\n{contents}");
    }

    fn wait_for(&self, text: &str) {
        self.wait_until(text, |screen| screen.contents().contains(text));
    }

    fn is_raw(&self) -> bool {
        let settings = self.master.as_ref().unwrap().get_termios().unwrap();
        !format!("{:?}", settings.local_flags).contains("ICANON")
    }

    /// Waits for the end, and says with what status.
    fn end(&mut self) -> u32 {
        self.child.wait().unwrap().exit_code()
    }
}

/// Whether the terminal is as a shell wants it.
fn is_given_back(screen: &vt100::Screen) -> bool {
    !screen.alternate_screen()
        && !screen.hide_cursor()
        && !screen.bracketed_paste()
        && screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None
}

#[test]
fn modes_are_ours_while_it_runs_and_given_back_at_the_end() {
    let mut pty = Pty::start();
    pty.wait_for("ready");
    pty.wait_until("our modes", |screen| {
        screen.alternate_screen()
            && screen.hide_cursor()
            && screen.bracketed_paste()
            && screen.mouse_protocol_mode() == vt100::MouseProtocolMode::PressRelease
    });
    assert!(pty.is_raw());
    pty.press(b"j\x1b[B\x1b[200~q\x1b[201~");
    pty.wait_for("key j");
    pty.wait_for("key Down");
    pty.wait_for("Paste(\"q\")");
    pty.press(b"q");
    assert_eq!(pty.end(), 0);
    pty.wait_until("the shell's modes", is_given_back);
    assert!(!pty.is_raw());
}

#[test]
fn answers_of_the_terminal_are_events_whenever_they_come() {
    let mut pty = Pty::start();
    pty.wait_for("ready");
    pty.press(b"j\x1b[?2026;2$yk");
    pty.wait_for("Sync(true)");
    pty.wait_for("key k");
    pty.press(b"q");
    assert_eq!(pty.end(), 0);
}

#[test]
fn a_resize_is_followed() {
    let mut pty = Pty::start();
    pty.wait_for("ready");
    let size = PtySize {
        rows: 10,
        cols: 30,
        ..PtySize::default()
    };
    pty.master.as_ref().unwrap().resize(size).unwrap();
    pty.wait_for("size 30x10");
    pty.press(b"q");
    assert_eq!(pty.end(), 0);
}

#[test]
fn a_terminal_that_goes_away_ends_the_program() {
    let mut pty = Pty::start();
    pty.wait_for("ready");
    // Every end of it has to be closed, that of the reading thread too.
    pty.shown.enough.store(true, Ordering::Release);
    pty.press(b"j");
    pty.reading.take().unwrap().join().unwrap();
    pty.keyboard = None;
    pty.master = None;
    assert_eq!(pty.end(), 7);
}

#[test]
fn a_panic_in_a_task_gives_the_terminal_back_and_ends_the_program() {
    let mut pty = Pty::start();
    pty.wait_for("ready");
    pty.press(b"p");
    assert_eq!(pty.end(), 101);
    pty.wait_for("on purpose");
    pty.wait_for("gantry's log is in /tmp/its.log");
    pty.wait_until("the shell's modes", is_given_back);
    assert!(!pty.is_raw());
}

#[test]
fn suspending_gives_the_terminal_to_the_shell_and_takes_it_back() {
    let mut pty = Pty::start_in_shell("echo stopped; read line; fg; echo ended");
    pty.wait_for("ready");
    pty.press(b"\x1a");
    pty.wait_until("the shell", |screen| {
        is_given_back(screen) && screen.contents().contains("stopped")
    });
    assert!(!pty.is_raw());
    pty.press(b"\n");
    pty.wait_until("the picture again", |screen| {
        screen.alternate_screen() && screen.contents().contains("key Ctrl-Z")
    });
    assert!(pty.is_raw());
    pty.press(b"q");
    assert_eq!(pty.end(), 0);
    pty.wait_for("ended");
}

#[test]
fn where_nobody_could_wake_it_a_suspension_is_short() {
    let mut pty = Pty::start();
    pty.wait_for("ready");
    pty.press(b"\x1a");
    pty.press(b"j");
    pty.wait_for("key j");
    pty.wait_until("our modes", |screen| screen.alternate_screen());
    pty.press(b"q");
    assert_eq!(pty.end(), 0);
}

#[test]
fn without_a_terminal_it_says_what_to_use() {
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args([CHILD, "--exact", "--ignored", "--nocapture"])
        .env("TERM", "xterm")
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("use `gantry status`"), "{errors}");
    assert_eq!(output.status.code(), Some(2));
}
