//! A program in a pseudo-terminal, seen as a person would see it.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};

/// How long a test waits for the screen before it fails. Generous: machines that run tests are busy.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running program and its terminal. Dropping it ends the program.
pub struct Terminal {
    master: Box<dyn MasterPty + Send>,
    child: Box<dyn Child + Send + Sync>,
    writer: Arc<Mutex<Box<dyn Write + Send>>>,
    seen: Arc<Seen>,
}

/// What has come out of the program, and a bell for more of it.
struct Seen {
    state: Mutex<State>,
    more: Condvar,
}

struct State {
    parser: vt100::Parser<Answers>,
    bytes: usize,
    ended: bool,
}

/// Answers what a program asks its terminal, as a plain modern one does.
#[derive(Default)]
struct Answers {
    pending: Vec<u8>,
}

impl vt100::Callbacks for Answers {
    fn unhandled_csi(
        &mut self,
        screen: &mut vt100::Screen,
        first: Option<u8>,
        second: Option<u8>,
        params: &[&[u16]],
        end: char,
    ) {
        let param = params.first().and_then(|p| p.first()).copied().unwrap_or(0);
        match (first, second, end) {
            // Primary device attributes: a VT220 with colour.
            (None, None, 'c') => self.pending.extend(b"\x1b[?62;22c"),
            // Is this private mode known? Synchronised output is, and reset; no other.
            (Some(b'?'), Some(b'$'), 'p') => {
                let state = if param == 2026 { 2 } else { 0 };
                self.pending
                    .extend(format!("\x1b[?{param};{state}$y").bytes());
            }
            // Where is the cursor?
            (None, None, 'n') if param == 6 => {
                let (row, column) = screen.cursor_position();
                self.pending
                    .extend(format!("\x1b[{};{}R", row + 1, column + 1).bytes());
            }
            _ => {}
        }
    }
}

/// A program with the environment of a plain modern terminal.
pub fn program(path: impl AsRef<OsStr>) -> CommandBuilder {
    let mut command = CommandBuilder::new(path);
    command.env("TERM", "xterm-256color");
    command.env("COLORTERM", "truecolor");
    command.env("LANG", "C.UTF-8");
    command.env("LC_ALL", "C.UTF-8");
    command.env_remove("NO_COLOR");
    command
}

impl Terminal {
    /// Starts a program in a terminal of this size.
    pub fn start(command: CommandBuilder, columns: u16, rows: u16) -> Self {
        let pair = native_pty_system().openpty(size(columns, rows)).unwrap();
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let writer = Arc::new(Mutex::new(pair.master.take_writer().unwrap()));
        let seen = Arc::new(Seen {
            state: Mutex::new(State {
                parser: vt100::Parser::new_with_callbacks(
                    cells(rows),
                    cells(columns),
                    0,
                    Answers::default(),
                ),
                bytes: 0,
                ended: false,
            }),
            more: Condvar::new(),
        });
        let (to, answers) = (Arc::clone(&seen), Arc::clone(&writer));
        thread::spawn(move || {
            let mut buffer = [0; 65536];
            // Reading fails once the program and its children have closed the terminal.
            while let Ok(n @ 1..) = reader.read(&mut buffer) {
                let mut state = to.state.lock().unwrap();
                state.parser.process(&buffer[..n]);
                state.bytes += n;
                let answer = std::mem::take(&mut state.parser.callbacks_mut().pending);
                drop(state);
                to.more.notify_all();
                // The program may have ended while we answer it.
                let _ = answers.lock().unwrap().write_all(&answer);
            }
            to.state.lock().unwrap().ended = true;
            to.more.notify_all();
        });
        Terminal {
            master: pair.master,
            child,
            writer,
            seen,
        }
    }

    /// Types text as it stands; special keys are the bytes that a terminal sends for them.
    pub fn press(&mut self, keys: &str) {
        let mut writer = self.writer.lock().unwrap();
        writer.write_all(keys.as_bytes()).unwrap();
        writer.flush().unwrap();
    }

    /// Waits until the screen's text is as the test wants it, and returns that text.
    pub fn wait_until(&self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        self.wait_within(what, PATIENCE, wanted)
    }

    /// As [`Terminal::wait_until`], with a bound of the test's own.
    pub fn wait_within(
        &self,
        what: &str,
        within: Duration,
        wanted: impl Fn(&str) -> bool,
    ) -> String {
        let end = Instant::now() + within;
        let mut state = self.state();
        loop {
            let text = state.parser.screen().contents();
            if wanted(&text) {
                return text;
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || state.ended {
                let ended = state.ended;
                drop(state); // the reader shall not fail as well
                let why = if ended {
                    "the program ended before"
                } else {
                    "waited in vain for"
                };
                panic!("{why} {what}; the screen:\n{text}");
            }
            state = self.seen.more.wait_timeout(state, left).unwrap().0;
        }
    }

    /// The screen's text as it stands.
    pub fn text(&self) -> String {
        self.state().parser.screen().contents()
    }

    /// Looks at the whole screen: cells, colours, cursor, modes.
    pub fn look<T>(&self, at: impl FnOnce(&vt100::Screen) -> T) -> T {
        at(self.state().parser.screen())
    }

    /// Bytes that the program has written so far.
    pub fn bytes(&self) -> usize {
        self.state().bytes
    }

    /// Gives the terminal another size and tells the program.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        self.state().parser.set_size(cells(rows), cells(columns));
        self.master.resize(size(columns, rows)).unwrap();
    }

    /// Process id of the program.
    pub fn pid(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// Waits until the program has ended and everything it wrote is on the screen.
    pub fn wait_end(&mut self) -> ExitStatus {
        let end = Instant::now() + PATIENCE;
        let mut state = self.seen.state.lock().unwrap();
        while !state.ended {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let text = state.parser.screen().contents();
                drop(state);
                panic!("the program does not end; the screen:\n{text}");
            }
            state = self.seen.more.wait_timeout(state, left).unwrap().0;
        }
        drop(state);
        self.child.wait().unwrap()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.seen.state.lock().unwrap()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize {
        rows,
        cols: columns,
        pixel_width: 0,
        pixel_height: 0,
    }
}

fn cells(n: u16) -> NonZeroU16 {
    NonZeroU16::new(n).unwrap()
}

#[test]
fn a_program_is_seen_and_answered() {
    let mut command = program("bash");
    command.args(["--norc", "-c", TALKER]);
    let mut terminal = Terminal::start(command, 60, 10);
    let text = terminal.wait_until("the answer", |text| text.contains("answer"));
    assert!(text.contains("62") && text.contains("22"), "{text}");
    terminal.resize(70, 12);
    terminal.press("x");
    let status = terminal.wait_end();
    assert!(
        terminal.text().contains("key x in 12 70"),
        "{}",
        terminal.text()
    );
    assert_eq!(status.exit_code(), 3);
    assert!(terminal.bytes() > 0 && terminal.pid() > 0);
    assert!(terminal.look(vt100::Screen::hide_cursor));
}

/// Asks for the device attributes, waits for a key, and says what it got.
const TALKER: &str = r#"
    stty -echo
    printf '\e[?25l\e[c'
    IFS= read -rs -d c answer
    printf 'answer %q\r\n' "$answer"
    read -rsn1 key
    echo "key $key in $(stty size)"
    exit 3
"#;
