//! The painter's bytes, read by a terminal emulator, must show what the buffer holds; and there
//! must be few of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::num::NonZeroU16;

use proptest::prelude::*;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};

use super::*;
use crate::term::sign::Sign;

/// A painter with an emulator that reads what it writes.
struct Pair {
    painter: Painter,
    terminal: vt100::Parser,
}

impl Pair {
    fn new(width: u16, height: u16) -> Self {
        Self {
            painter: Painter::new(Size::new(width, height), Depth::Rgb, false),
            terminal: vt100::Parser::new(size(height), size(width), 0),
        }
    }

    /// Paints, compares, and says how many bytes it took.
    fn show(&mut self, buffer: &Buffer, cursor: Option<Position>) -> usize {
        let bytes = self.painter.paint(buffer, cursor);
        self.terminal.process(bytes);
        let count = bytes.len();
        let screen = self.terminal.screen();
        for y in 0..buffer.area.height {
            compare_row(screen, buffer, y);
        }
        let inside = |at: &Position| buffer.area.contains(*at);
        let cursor = cursor.filter(inside);
        assert_eq!(screen.hide_cursor(), cursor.is_none());
        if let Some(at) = cursor {
            assert_eq!(screen.cursor_position(), (at.y, at.x));
        }
        count
    }

    /// What the user's shell, another program or a resize may leave behind.
    fn spoil(&mut self) {
        self.terminal
            .process(b"\x1b[2;3r\x1b[;7;31;44mleft over\x1b[?25h\r\n\n\nx");
    }
}

fn size(number: u16) -> NonZeroU16 {
    NonZeroU16::new(number).unwrap()
}

fn compare_row(screen: &vt100::Screen, buffer: &Buffer, y: u16) {
    let mut x = 0;
    while x < buffer.area.width {
        let wanted = &buffer[(x, y)];
        let (mut sign, mut width) = Sign::of(wanted.symbol());
        if width == 2 && x + 1 == buffer.area.width {
            (sign, width) = (Sign::SPACE, 1);
        }
        let mut text = Vec::new();
        sign.write(&mut text);
        let text = String::from_utf8(text).unwrap();
        let shown = screen.cell(y, x).unwrap();
        let contents = if shown.has_contents() {
            shown.contents()
        } else {
            " "
        };
        assert_eq!(contents, text, "text at {x},{y}");
        assert_eq!(shown.is_wide(), width == 2, "width at {x},{y}");
        compare_look(shown, wanted, text == " ", (x, y));
        x += width;
    }
}

fn compare_look(shown: &vt100::Cell, wanted: &ratatui::buffer::Cell, blank: bool, at: (u16, u16)) {
    let has = |modifier| wanted.modifier.contains(modifier);
    assert_eq!(shown.bgcolor(), colour(wanted.bg), "ground at {at:?}");
    assert_eq!(
        shown.inverse(),
        has(Modifier::REVERSED),
        "reversed at {at:?}"
    );
    assert_eq!(
        shown.underline(),
        has(Modifier::UNDERLINED),
        "underlined at {at:?}"
    );
    if blank && !shown.inverse() && !shown.underline() {
        return;
    }
    assert_eq!(shown.fgcolor(), colour(wanted.fg), "colour at {at:?}");
    assert_eq!(shown.bold(), has(Modifier::BOLD), "bold at {at:?}");
    assert_eq!(
        shown.dim(),
        has(Modifier::DIM) && !has(Modifier::BOLD),
        "dim at {at:?}"
    );
    assert_eq!(shown.italic(), has(Modifier::ITALIC), "italic at {at:?}");
}

fn colour(colour: Color) -> vt100::Color {
    const NAMED: [Color; 16] = [
        Color::Black,
        Color::Red,
        Color::Green,
        Color::Yellow,
        Color::Blue,
        Color::Magenta,
        Color::Cyan,
        Color::Gray,
        Color::DarkGray,
        Color::LightRed,
        Color::LightGreen,
        Color::LightYellow,
        Color::LightBlue,
        Color::LightMagenta,
        Color::LightCyan,
        Color::White,
    ];
    match colour {
        Color::Reset => vt100::Color::Default,
        Color::Rgb(r, g, b) => vt100::Color::Rgb(r, g, b),
        Color::Indexed(index) => vt100::Color::Idx(index),
        named => {
            let index = NAMED.iter().position(|known| *known == named).unwrap();
            vt100::Color::Idx(index as u8)
        }
    }
}

/// One change of the picture or of the world around it.
#[derive(Clone, Debug)]
enum Event {
    Text(u16, u16, String, Style),
    Symbol(u16, u16, String),
    Fill(Rect, Style),
    Scroll(u16, u16, bool),
    Clear,
    Cursor(Option<Position>),
    Resize(u16, u16),
    Redraw,
    Show,
}

fn any_style() -> impl Strategy<Value = Style> {
    let colour = || {
        prop_oneof![
            3 => Just(Color::Reset),
            2 => (16..=255u8).prop_map(Color::Indexed),
            2 => proptest::sample::select(vec![Color::Red, Color::White, Color::DarkGray]),
            2 => any::<(u8, u8, u8)>().prop_map(|(r, g, b)| Color::Rgb(r, g, b)),
        ]
    };
    let modifier = prop_oneof![
        Just(Modifier::empty()),
        any::<u16>().prop_map(Modifier::from_bits_truncate),
    ];
    (colour(), colour(), modifier)
        .prop_map(|(fg, bg, modifier)| Style::new().fg(fg).bg(bg).add_modifier(modifier))
}

fn any_event() -> impl Strategy<Value = Event> {
    let at = || (0..40u16, 0..14u16);
    prop_oneof![
        6 => (at(), "[a-c ]{0,30}", any_style()).prop_map(|((x, y), t, s)| Event::Text(x, y, t, s)),
        2 => (at(), "[a漢e\u{301} \u{200b}é]{0,9}", any_style())
            .prop_map(|((x, y), t, s)| Event::Text(x, y, t, s)),
        1 => (at(), "(?s).{0,3}").prop_map(|((x, y), t)| Event::Symbol(x, y, t)),
        2 => (at(), at(), any_style())
            .prop_map(|((x, y), (w, h), s)| Event::Fill(Rect::new(x, y, w, h), s)),
        3 => (0..14u16, 1..4u16, any::<bool>()).prop_map(|(y, n, up)| Event::Scroll(y, n, up)),
        1 => Just(Event::Clear),
        1 => proptest::option::of(at()).prop_map(|at| Event::Cursor(at.map(Position::from))),
        1 => (1..40u16, 1..14u16).prop_map(|(w, h)| Event::Resize(w, h)),
        1 => Just(Event::Redraw),
        8 => Just(Event::Show),
    ]
}

/// Moves rows of a buffer as a list does, the rows before `first` staying.
fn scroll(buffer: &mut Buffer, first: u16, count: u16, up: bool) {
    let (width, height) = (usize::from(buffer.area.width), buffer.area.height);
    let first = first.min(height - 1);
    let count = usize::from(count.min(height - first));
    let rows = &mut buffer.content[usize::from(first) * width..];
    if up {
        rows.rotate_left(count * width);
    } else {
        rows.rotate_right(count * width);
    }
}

fn play(events: &[Event], sync: bool) {
    let (mut width, mut height) = (32, 10);
    let mut pair = Pair::new(width, height);
    pair.painter.set_sync(sync);
    pair.spoil();
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    let mut cursor = None;
    for event in events {
        match event {
            Event::Text(x, y, text, style) => {
                if *x < width && *y < height {
                    buffer.set_string(*x, *y, text, *style);
                }
            }
            Event::Symbol(x, y, text) => {
                if let Some(cell) = buffer.cell_mut((*x, *y)) {
                    cell.set_symbol(text);
                }
            }
            Event::Fill(area, style) => buffer.set_style(area.intersection(buffer.area), *style),
            Event::Scroll(first, count, up) => scroll(&mut buffer, *first, *count, *up),
            Event::Clear => buffer.reset(),
            Event::Cursor(at) => cursor = *at,
            Event::Resize(w, h) => {
                (width, height) = (*w, *h);
                buffer = Buffer::empty(Rect::new(0, 0, width, height));
                pair.terminal
                    .screen_mut()
                    .set_size(size(height), size(width));
                pair.spoil();
                pair.painter.reset(Size::new(width, height));
            }
            Event::Redraw => {
                pair.spoil();
                pair.painter.reset(Size::new(width, height));
            }
            Event::Show => {
                pair.show(&buffer, cursor);
            }
        }
    }
    pair.show(&buffer, cursor);
    assert_eq!(pair.show(&buffer, cursor), 0, "the same picture again");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn any_pictures_come_out_as_drawn(
        events in prop::collection::vec(any_event(), 1..40),
        sync in any::<bool>(),
    ) {
        play(&events, sync);
    }
}

#[test]
fn a_block_that_moved_is_scrolled() {
    let mut pair = Pair::new(60, 12);
    let list = |first: usize| {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 60, 12));
        buffer.set_string(0, 0, "a header that stays", Style::new().fg(Color::Red));
        for y in 1..11 {
            let text = format!("row {} of the list", (first + usize::from(y)) * 7919);
            buffer.set_string(0, y, text, Style::new().bg(Color::Blue));
        }
        buffer.set_string(0, 11, "a footer that stays", Style::new());
        buffer
    };
    pair.show(&list(10), None);
    for (first, sequence) in [
        (11, "\x1b[M"),
        (14, "\x1b[3M"),
        (13, "\x1b[L"),
        (8, "\x1b[5L"),
    ] {
        pair.show(&list(first), Some(Position::new(3, 3)));
        let frame = String::from_utf8_lossy(&pair.painter.out).into_owned();
        assert!(frame.contains(sequence), "{first}: {frame:?}");
    }
}

#[test]
fn a_buffer_of_another_size_is_painted_anew() {
    let mut pair = Pair::new(20, 5);
    let mut buffer = Buffer::empty(Rect::new(0, 0, 20, 5));
    buffer.set_string(0, 4, "before", Style::new());
    pair.show(&buffer, None);
    pair.terminal.screen_mut().set_size(size(4), size(30));
    pair.spoil();
    let mut buffer = Buffer::empty(Rect::new(0, 0, 30, 4));
    buffer.set_string(25, 3, "after", Style::new());
    pair.show(&buffer, Some(Position::new(29, 3)));
    assert_eq!(pair.painter.size(), Size::new(30, 4));
}

#[test]
fn a_screen_without_cells_is_no_trouble() {
    for (width, height) in [(0, 0), (0, 5), (5, 0)] {
        let mut painter = Painter::new(Size::new(width, height), Depth::Rgb, true);
        let buffer = Buffer::empty(Rect::new(0, 0, width, height));
        painter.paint(&buffer, Some(Position::new(0, 0)));
        assert!(painter.paint(&buffer, Some(Position::new(0, 0))).is_empty());
    }
}

#[test]
fn colours_are_those_the_terminal_has() {
    let style = Style::new()
        .fg(Color::Rgb(255, 0, 0))
        .bg(Color::Indexed(17));
    let mut buffer = Buffer::empty(Rect::new(0, 0, 9, 1));
    buffer.set_string(0, 0, "x", style);
    let painted = |depth| {
        let mut painter = Painter::new(Size::new(9, 1), depth, false);
        String::from_utf8_lossy(painter.paint(&buffer, None)).into_owned()
    };
    assert!(painted(Depth::Rgb).contains("\x1b[38;2;255;0;0;48;5;17mx"));
    assert!(painted(Depth::Indexed256).contains("\x1b[38;5;196;48;5;17mx"));
    assert!(painted(Depth::Ansi16).contains("\x1b[91;40mx"));
    assert!(!painted(Depth::Mono).contains(";"));
}

#[test]
fn only_long_frames_are_wrapped_in_synchronised_updates() {
    let mut painter = Painter::new(Size::new(80, 24), Depth::Rgb, true);
    let mut buffer = Buffer::filled(Rect::new(0, 0, 80, 24), ratatui::buffer::Cell::new("x"));
    let frame = painter.paint(&buffer, None);
    assert!(frame.starts_with(b"\x1b[?2026h") && frame.ends_with(b"\x1b[?2026l"));
    buffer.set_string(0, 0, "y", Style::new());
    assert_eq!(painter.paint(&buffer, None), b"\x1b[Hy");
}
