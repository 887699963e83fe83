//! Owns the terminal's modes: whatever is switched on here is switched off again on every way out:
//! the ordinary end, Ctrl-Z, an error, and a panic on any thread.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::stdio::{stdin, stdout};
use rustix::termios::{OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcsetattr};

/// Switches on: the other screen, the keyboard's reports of focus and of pasted text. Switches
/// off: line wrap, so that a disagreement about a width stays in its row, and the cursor. The last
/// sequence asks whether mode 2026 can be had; a terminal that prints the question instead of
/// answering it is cleaned by the first frame, which clears the screen.
const ENTER: &str = "\x1b[?1049h\x1b[?7l\x1b[?1004h\x1b[?2004h\x1b[?25l\x1b[?2026$p";

/// Reports of mouse buttons and the wheel, with coordinates of any size. Not of motion.
pub(super) const MOUSE_ON: &str = "\x1b[?1000h\x1b[?1006h";
pub(super) const MOUSE_OFF: &str = "\x1b[?1006l\x1b[?1000l";

/// Undoes everything, wherever a frame broke off: also synchronised updates, the scrolling region
/// and the pen.
const LEAVE: &str = "\x1b[?2026l\x1b[r\x1b[m\x1b[?2004l\x1b[?1004l\x1b[?7h\x1b[?1049l\x1b[?25h";

/// How long a terminal may take to make room for the last bytes. One that takes none is gone or
/// hangs, and must not keep the program from ending.
const LAST_WORDS: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 500_000_000,
};

/// The terminal's settings from before, while ours are in force. A panic on any thread must be
/// able to restore them, hence a static.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

/// Whether any thread has panicked since the hook was installed.
static PANICKED: AtomicBool = AtomicBool::new(false);

/// The terminal in raw mode with our modes on, until this is dropped.
#[derive(Debug)]
pub(super) struct Guard {
    /// Whether the mouse is reported.
    pub(super) mouse: bool,
}

impl Guard {
    /// Switches the terminal of standard input and output to our modes.
    pub(super) fn enter(mouse: bool) -> io::Result<Self> {
        let guard = Self { mouse };
        guard.switch_on()?;
        Ok(guard)
    }

    /// Switches our modes on, again after [`Self::switch_off`] or when another program may have
    /// changed them.
    pub(super) fn switch_on(&self) -> io::Result<()> {
        let now = tcgetattr(stdin())?;
        let mut raw = now.clone();
        raw.make_raw();
        let mut before = BEFORE.lock().unwrap_or_else(PoisonError::into_inner);
        tcsetattr(stdin(), OptionalActions::Now, &raw)?;
        // Only the first settings are the shell's.
        before.get_or_insert(now);
        drop(before);
        let mouse = if self.mouse { MOUSE_ON } else { "" };
        tty()?.write_all(format!("{ENTER}{mouse}").as_bytes())
    }

    /// Gives the terminal back as it was.
    pub(super) fn switch_off(&self) {
        let mut before = BEFORE.lock().unwrap_or_else(PoisonError::into_inner);
        restore(&mut before);
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.switch_off();
    }
}

/// The terminal to write to, without a buffer between.
pub(super) fn tty() -> io::Result<File> {
    Ok(File::from(rustix::io::dup(stdout())?))
}

/// Restores the terminal if our modes are on. There is nobody to tell about errors.
fn restore(before: &mut Option<Termios>) {
    let Some(before) = before.take() else {
        return;
    };
    let out = stdout();
    let mut room = [PollFd::new(&out, PollFlags::OUT)];
    let has_room = poll(&mut room, Some(&LAST_WORDS)).is_ok_and(|count| count > 0);
    if has_room && let Ok(mut tty) = tty() {
        let _ = tty.write_all(format!("{MOUSE_OFF}{LEAVE}").as_bytes());
    }
    // Reports of the mouse and late answers are no input for the shell.
    let _ = tcflush(stdin(), QueueSelector::IFlush);
    let _ = tcsetattr(stdin(), OptionalActions::Now, &before);
}

/// Whether any thread has panicked; nothing is drawn after that.
pub fn panicked() -> bool {
    PANICKED.load(Ordering::Acquire)
}

/// Makes a panic on any thread give the terminal back before its message is printed, say where the
/// log is, and then call `stop`, which should end the program: a panic in a task of its own would
/// not.
pub fn install_panic_hook(log: Option<PathBuf>, stop: impl Fn() + Send + Sync + 'static) {
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        PANICKED.store(true, Ordering::Release);
        // If this thread itself holds the lock, it is restoring already.
        if let Ok(mut before) = BEFORE.try_lock() {
            restore(&mut before);
        }
        print(panic);
        if let Some(log) = &log {
            let _ = writeln!(io::stderr(), "gantry's log is in {}", log.display());
        }
        stop();
    }));
}
