//! Pictures of every page, and what must hold for all of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod acting;
mod balance;
mod disks;
mod fake;
mod follow;
mod n1;
mod picture;
mod plans;
mod runbooks;
mod screens;
mod sturdy;
mod verify;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::app::{Effect, Msg, State, update};
use crate::input::Keymap;
use crate::model::Cluster;
use crate::theme::{Depth, Glyphs, Theme, glyph};

/// The screen with a cluster behind it.
struct Screen {
    state: State,
    cluster: Cluster,
    theme: Theme,
    effects: Vec<Effect>,
}

impl Screen {
    /// Of this size, in 24-bit colour.
    fn new(cluster: Cluster, width: u16, height: u16) -> Screen {
        let mut screen = Screen {
            state: State::new(Keymap::default(), (width, height)),
            cluster,
            theme: Theme::builtin(Depth::Rgb, &glyph::UNICODE),
            effects: Vec::new(),
        };
        screen.state.acting.operator = "anna".to_owned();
        screen.send(Msg::Data);
        screen
    }

    fn themed(mut self, depth: Depth, glyphs: &'static Glyphs) -> Screen {
        self.theme = Theme::builtin(depth, glyphs);
        self
    }

    fn send(&mut self, msg: Msg) {
        self.effects
            .extend(update(&mut self.state, &self.cluster, msg));
    }

    /// Presses keys, written with blanks between them.
    fn press(&mut self, keys: &str) -> &mut Screen {
        for key in keys.split_whitespace() {
            self.send(Msg::Key(key.parse().unwrap()));
        }
        self
    }

    /// Types a line after `:` or `/`.
    fn type_in(&mut self, line: &str) -> &mut Screen {
        for c in line.chars() {
            self.send(Msg::Key(crate::input::Key::char(c)));
        }
        self
    }

    /// Goes somewhere with a command.
    fn go(&mut self, command: &str) -> &mut Screen {
        self.press(":").type_in(command).press("Enter")
    }

    fn buffer(&self) -> (Buffer, Option<Position>) {
        let (width, height) = self.state.size;
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
        let cursor = super::draw(&self.state, &self.cluster, &self.theme, &mut buffer);
        (buffer, cursor)
    }

    /// The text on the screen.
    fn text(&self) -> String {
        picture::text(&self.buffer().0)
    }

    /// The text and below it the styles.
    fn styled(&self) -> String {
        picture::styled(&self.buffer().0)
    }
}
