//! The terminal as a program that runs in it sees it: draw a picture, hear what happens.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect, Size};
use rustix::process::{Signal as Number, kill_current_process_group};
use rustix::termios::tcgetwinsize;
use tokio::signal::unix::{SignalKind, signal};

use super::desktop::Desktop;
use super::event::Event;
use super::guard::{Guard, MOUSE_OFF, MOUSE_ON, tty};
use super::output::Output;
use super::paint::Painter;
use super::reader::Events;
use crate::theme::Depth;

/// How long the last frame may take to be written before the terminal is left all the same.
const LAST_FRAME: Duration = Duration::from_millis(500);

/// How long the shell may take to stop us. Where nothing comes, nobody is there to stop us.
const STOPPING: Duration = Duration::from_millis(300);

/// Serial lines do not know their size; this is what terminals on them have.
const USUAL_SIZE: Size = Size {
    width: 80,
    height: 24,
};

/// Why there is no terminal to draw on.
#[derive(Debug)]
pub enum TerminalError {
    /// Standard input or output is a file or a pipe.
    NotATerminal,
    /// The terminal cannot place text; this is its `TERM`.
    CannotDraw(String),
    /// The system refused.
    System(io::Error),
}

impl fmt::Display for TerminalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotATerminal => write!(
                f,
                "gantry needs a terminal for its input and output; without one use `gantry status`"
            ),
            Self::CannotDraw(term) if term.is_empty() => {
                write!(
                    f,
                    "gantry cannot tell what terminal this is: TERM is not set"
                )
            }
            Self::CannotDraw(term) => write!(
                f,
                "gantry cannot draw on this terminal (TERM={term}); use `gantry status`"
            ),
            Self::System(error) => write!(f, "the terminal cannot be used: {error}"),
        }
    }
}

impl std::error::Error for TerminalError {}

impl From<io::Error> for TerminalError {
    fn from(error: io::Error) -> Self {
        Self::System(error)
    }
}

/// What became of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drawn {
    /// It is on its way, in this many bytes.
    Written(usize),
    /// The terminal shows it already.
    Unchanged,
    /// The terminal has not taken the one before, and this one was not drawn. Draw again when
    /// [`Screen::ready`] says so.
    Busy,
}

/// The terminal's screen.
#[derive(Debug)]
pub struct Screen {
    painter: Painter,
    buffer: Buffer,
    output: Output,
    /// What goes out with the next frame and is no part of the picture.
    besides: String,
    /// None where there is only something to write to.
    guard: Option<Guard>,
    /// Whether the next [`Event::Resumed`] is one that [`Self::suspend`] has dealt with.
    back: bool,
}

impl Screen {
    /// Takes the terminal of standard input and output into our modes, until the screen is
    /// dropped. `term` is the value of `TERM`; `mouse` asks for reports of the mouse, which keep
    /// the terminal from selecting text. Needs the runtime of tokio.
    pub fn open(term: &str, depth: Depth, mouse: bool) -> Result<(Self, Events), TerminalError> {
        if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
            return Err(TerminalError::NotATerminal);
        }
        if matches!(term, "" | "dumb") {
            return Err(TerminalError::CannotDraw(term.to_owned()));
        }
        let input = rustix::io::dup(rustix::stdio::stdin()).map_err(io::Error::from)?;
        let guard = Guard::enter(mouse)?;
        let mut screen = Self::over(tty()?, terminal_size(), depth)?;
        screen.guard = Some(guard);
        Ok((screen, Events::new(input, terminal_size)?))
    }

    /// A screen of this size whose bytes go to `writer`, which is no terminal of ours: its modes
    /// are left alone.
    pub fn over(writer: impl Write + Send + 'static, size: Size, depth: Depth) -> io::Result<Self> {
        Ok(Self {
            painter: Painter::new(size, depth, false),
            buffer: Buffer::empty(Rect::from((Position::ORIGIN, size))),
            output: Output::new(writer)?,
            besides: String::new(),
            guard: None,
            back: false,
        })
    }

    /// The size that is drawn.
    pub fn size(&self) -> Size {
        self.buffer.area.as_size()
    }

    /// Draws a picture. `view` gets an empty buffer of the screen's size, and tells where the
    /// cursor is to be seen, if it is. An error means that the terminal takes nothing any more.
    pub fn draw(
        &mut self,
        view: impl FnOnce(&mut Buffer) -> Option<Position>,
    ) -> io::Result<Drawn> {
        if !self.output.is_ready()? {
            return Ok(Drawn::Busy);
        }
        self.buffer.reset();
        let cursor = view(&mut self.buffer);
        let frame = self.painter.paint(&self.buffer, cursor);
        let length = self.besides.len() + frame.len();
        if length == 0 {
            return Ok(Drawn::Unchanged);
        }
        self.output.send(&[self.besides.as_bytes(), frame]);
        self.besides.clear();
        Ok(Drawn::Written(length))
    }

    /// Rings the terminal's bell with the next picture.
    pub fn ring(&mut self) {
        self.besides.push('\x07');
    }

    /// Asks the terminal to tell the desktop something, with the next picture.
    pub fn tell_desktop(&mut self, how: Desktop, text: &str) {
        self.besides.push_str(&how.sequence(text));
    }

    /// Asks for reports of the mouse, or leaves the mouse to the terminal for selecting text, from
    /// the next picture on.
    pub fn set_mouse(&mut self, mouse: bool) {
        if let Some(guard) = &mut self.guard
            && guard.mouse != mouse
        {
            guard.mouse = mouse;
            self.besides
                .push_str(if mouse { MOUSE_ON } else { MOUSE_OFF });
        }
    }

    /// Waits until [`Self::draw`] is not busy.
    pub async fn ready(&self) {
        self.output.ready().await;
    }

    /// Takes in what an event says of the terminal itself: its size, its abilities, that it was
    /// lent to others. To be called with every event before anything is drawn; whether something
    /// is to be drawn because of it is said by the answer.
    pub fn notice(&mut self, event: &Event) -> io::Result<bool> {
        match event {
            Event::Resize(size) => self.resize(*size),
            Event::Sync(sync) => {
                self.painter.set_sync(*sync);
                return Ok(false);
            }
            // Only the first one after a suspension is that suspension's.
            Event::Resumed if std::mem::take(&mut self.back) => return Ok(false),
            Event::Resumed => self.take_back()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Forgets what the terminal shows, so that the next picture is painted whole.
    pub fn redraw(&mut self) {
        self.painter.reset(self.size());
    }

    /// Gives the terminal back to the shell and stops the program with all of its process group,
    /// as Ctrl-Z does; takes the terminal again when it goes on. Draw then.
    pub async fn suspend(&mut self) -> io::Result<()> {
        let Some(guard) = &self.guard else {
            return Ok(());
        };
        self.output.finish(LAST_FRAME);
        let mut resumed = signal(SignalKind::from_raw(Number::CONT.as_raw()))?;
        guard.switch_off();
        kill_current_process_group(Number::TSTP)?;
        // The signal may reach us a moment later; and where nobody could wake us again, the
        // system does not stop us at all.
        let woken = tokio::time::timeout(STOPPING, resumed.recv()).await;
        self.back = woken.is_ok();
        self.take_back()
    }

    /// Writes bytes that are no picture, if nothing is being written.
    pub(super) fn send(&self, bytes: &[u8]) {
        self.output.send(&[bytes]);
    }

    /// Waits for what is being written, but not for ever.
    pub(super) fn finish(&self) {
        self.output.finish(LAST_FRAME);
    }

    /// Takes the terminal again after others had it.
    pub(super) fn take_back(&mut self) -> io::Result<()> {
        if let Some(guard) = &self.guard {
            guard.switch_on()?;
            self.resize(terminal_size());
        } else {
            self.redraw();
        }
        Ok(())
    }

    fn resize(&mut self, size: Size) {
        self.buffer.resize(Rect::from((Position::ORIGIN, size)));
        self.painter.reset(size);
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.output.finish(LAST_FRAME);
    }
}

/// The size of the terminal, or the usual one if it does not say.
fn terminal_size() -> Size {
    match tcgetwinsize(rustix::stdio::stdout()) {
        Ok(size) if size.ws_col > 0 && size.ws_row > 0 => Size::new(size.ws_col, size.ws_row),
        _ => USUAL_SIZE,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::PipeReader;

    use ratatui::style::Style;

    use super::*;

    /// A screen of one row, and what its terminal gets.
    fn screen() -> (Screen, PipeReader) {
        let (terminal, writer) = io::pipe().unwrap();
        let screen = Screen::over(writer, Size::new(20, 1), Depth::Mono).unwrap();
        (screen, terminal)
    }

    fn draw(screen: &mut Screen, text: &str) -> Drawn {
        let view = |buffer: &mut Buffer| {
            buffer.set_string(0, 0, text, Style::new());
            None
        };
        screen.draw(view).unwrap()
    }

    /// What the terminal gets until the screen is dropped.
    fn all(screen: Screen, mut terminal: PipeReader) -> String {
        drop(screen);
        let mut text = String::new();
        io::Read::read_to_string(&mut terminal, &mut text).unwrap();
        text
    }

    #[tokio::test]
    async fn what_is_shown_already_is_not_written() {
        let (mut screen, terminal) = screen();
        assert!(matches!(draw(&mut screen, "one"), Drawn::Written(_)));
        screen.ready().await;
        assert_eq!(draw(&mut screen, "one"), Drawn::Unchanged);
        screen.ring();
        assert_eq!(draw(&mut screen, "one"), Drawn::Written(1));
        screen.ready().await;
        assert_eq!(draw(&mut screen, "one"), Drawn::Unchanged);
        assert!(all(screen, terminal).ends_with('\x07'));
    }

    /// A terminal that takes each write only when it is told to.
    struct Slow(std::sync::mpsc::Receiver<()>);

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let told = self.0.recv();
            told.map(|()| bytes.len())
                .map_err(|_| io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_picture_that_finds_the_terminal_busy_is_not_taken_for_shown() {
        let (tell, told) = std::sync::mpsc::channel();
        let mut screen = Screen::over(Slow(told), Size::new(20, 1), Depth::Mono).unwrap();
        assert!(matches!(draw(&mut screen, "one"), Drawn::Written(_)));
        assert_eq!(draw(&mut screen, "two"), Drawn::Busy);
        assert_eq!(draw(&mut screen, "three"), Drawn::Busy);
        tell.send(()).unwrap();
        screen.ready().await;
        assert!(matches!(draw(&mut screen, "three"), Drawn::Written(_)));
        tell.send(()).unwrap();
        screen.ready().await;
        assert_eq!(draw(&mut screen, "three"), Drawn::Unchanged);
    }

    #[tokio::test]
    async fn a_terminal_that_takes_nothing_is_an_error() {
        let (mut screen, terminal) = screen();
        drop(terminal);
        let _ = draw(&mut screen, "one");
        screen.ready().await;
        assert!(screen.draw(|_| None).is_err());
    }
}
