//! How many bytes the events of an ordinary day may cost. The counts are exact, so that a change
//! for the worse shows here and not on somebody's slow link.

use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use ratatui::style::Style;

use super::Painter;
use crate::theme::{Depth, Role, Theme, glyph};

/// A screen as gantry draws them: a line about the cluster, a framed table of instances, a hint
/// line.
struct Screen {
    theme: Theme,
    size: Size,
    /// The first instance shown.
    first: usize,
    /// The selected instance.
    selected: usize,
    /// Moves all CPU figures.
    load: usize,
    clock: usize,
}

impl Screen {
    fn new(width: u16, height: u16, depth: Depth) -> Self {
        Self {
            theme: Theme::builtin(depth, &glyph::UNICODE),
            size: Size::new(width, height),
            first: 0,
            selected: 0,
            load: 0,
            clock: 0,
        }
    }

    /// How many instances are shown.
    fn rows(&self) -> usize {
        usize::from(self.size.height) - 5
    }

    fn draw(&self) -> Buffer {
        let style = |role| self.theme.style(role);
        let (width, height) = (self.size.width, self.size.height);
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
        buffer.set_string(0, 0, "cluster.example.com > instances", style(Role::Title));
        let clock = format!("live {}s", self.clock);
        buffer.set_string(width - 10, 0, clock, style(Role::Dim));
        let line = "─".repeat(usize::from(width) - 2);
        buffer.set_string(0, 1, format!("┌{line}┐"), style(Role::Frame));
        buffer.set_string(0, height - 2, format!("└{line}┘"), style(Role::Frame));
        for y in 2..height - 2 {
            buffer.set_string(0, y, "│", style(Role::Frame));
            buffer.set_string(width - 1, y, "│", style(Role::Frame));
        }
        let header = "  NAME                 PRIMARY  SECONDARY  STATUS   CPU   MEMORY   DISK";
        buffer.set_stringn(1, 2, header, usize::from(width) - 2, style(Role::Header));
        for (row, index) in (self.first..self.first + self.rows()).enumerate() {
            self.draw_instance(&mut buffer, 3 + row as u16, index);
        }
        buffer.set_string(0, height - 1, "Enter", style(Role::HintKey));
        buffer.set_string(6, height - 1, "detail", style(Role::Hint));
        buffer
    }

    fn draw_instance(&self, buffer: &mut Buffer, y: u16, index: usize) {
        let width = self.size.width;
        let (primary, secondary) = (index % 37, (index * 7 + 3) % 37);
        let cpu = (index * 31 + self.load * 13) % 100;
        let columns = [
            (3, format!("web{index}"), Role::Text),
            (24, format!("node{primary}"), Role::Text),
            (33, format!("node{secondary}"), Role::Text),
            (44, "running".to_owned(), Role::Text),
            (
                52,
                format!("{cpu:3}%"),
                if cpu > 90 { Role::Warn } else { Role::Text },
            ),
            (58, format!("{:5}M", 512 * (1 + index % 16)), Role::Text),
            (67, format!("{:4}G", 10 + index % 90), Role::Text),
            (80, "Connected".to_owned(), Role::Text),
            (100, "debian-12".to_owned(), Role::Dim),
            (130, "drbd".to_owned(), Role::Dim),
        ];
        for (x, text, role) in columns {
            if x + 10 < width {
                buffer.set_string(x, y, text, self.theme.style(role));
            }
        }
        if index == self.selected {
            buffer.set_string(1, y, ">", Style::new());
            let row = Rect::new(1, y, width - 2, 1);
            buffer.set_style(row, self.theme.style(Role::Selected));
        }
    }
}

/// Paints `before`, and says how many bytes the change to `after` takes.
fn bytes(depth: Depth, (width, height): (u16, u16), change: impl Fn(&mut Screen)) -> usize {
    let mut screen = Screen::new(width, height, depth);
    screen.first = 100;
    screen.selected = 100 + screen.rows() - 1;
    let mut painter = Painter::new(screen.size, depth, true);
    painter.paint(&screen.draw(), None);
    change(&mut screen);
    painter.paint(&screen.draw(), None).len()
}

const WIDE: (u16, u16) = (200, 60);
const SMALL: (u16, u16) = (80, 24);

#[test]
fn nothing_changed_costs_nothing() {
    assert_eq!(bytes(Depth::Rgb, WIDE, |_| {}), 0);
}

#[test]
fn a_clock_costs_a_few_bytes() {
    let tick = |screen: &mut Screen| screen.clock += 1;
    let count = bytes(Depth::Rgb, WIDE, tick);
    assert!(count <= 10, "{count}");
    let count = bytes(Depth::Ansi16, WIDE, tick);
    assert!(count <= 10, "{count}");
}

#[test]
fn scrolling_one_row_is_cheap_in_both_directions() {
    let down = |screen: &mut Screen| {
        screen.first += 1;
        screen.selected += 1;
    };
    let up = |screen: &mut Screen| {
        screen.first -= 1;
        screen.selected = screen.first;
    };
    for (depth, size, most) in [
        (Depth::Rgb, WIDE, 330),
        (Depth::Ansi16, WIDE, 260),
        (Depth::Mono, WIDE, 260),
        (Depth::Rgb, SMALL, 200),
    ] {
        let count = bytes(depth, size, down);
        assert!(count <= most, "down: {count} at {depth:?} {size:?}");
        let count = bytes(depth, size, up);
        assert!(count <= most, "up: {count} at {depth:?} {size:?}");
    }
}

#[test]
fn moving_the_selection_costs_two_rows() {
    let up = |screen: &mut Screen| screen.selected -= 1;
    let count = bytes(Depth::Rgb, WIDE, up);
    assert!(count <= 500, "{count}");
}

#[test]
fn a_column_that_changes_everywhere_costs_its_own_bytes() {
    let count = bytes(Depth::Rgb, WIDE, |screen| screen.load += 1);
    assert!(count <= 55 * 11, "{count}");
}
