//! Text pages.

use crate::app::area::Area;
use crate::app::sheet::{Graph, Item, KEY, Line, Piece, Sheet};
use crate::theme::Role;

use super::pen::Pen;

/// Columns of a graph's name and number, side by side.
const LABEL: u16 = 21;

/// Draws the lines of a sheet from one on.
pub fn draw(pen: &mut Pen, area: Area, sheet: &Sheet, scroll: usize) {
    let lines = sheet.lines.iter().skip(scroll);
    for (y, line) in (area.y..area.y + area.height).zip(lines) {
        match line {
            Line::Blank => {}
            Line::Heading(text) => {
                let style = pen.style(Role::Header);
                pen.put(area.x, y, area.width, text, style);
            }
            Line::Text(spans) => {
                let mut x = area.x;
                let end = area.x + area.width;
                for span in spans {
                    let style = pen.tone(span.tone);
                    x += pen.put(x, y, end - x, &span.text, style);
                }
            }
            Line::Pieces(pieces) => {
                let mut x = area.x;
                let end = area.x + area.width;
                for piece in pieces {
                    x += match piece {
                        Piece::Span(span) => {
                            let style = pen.tone(span.tone);
                            pen.put(x, y, end - x, &span.text, style)
                        }
                        Piece::Bar {
                            before,
                            after,
                            width,
                        } => bar(pen, x, y, (*width).min(end - x), *before, *after),
                    };
                }
            }
            Line::Row(items) => row(pen, area, y, items),
        }
    }
}

/// A bar of what is in use afterwards; what comes and what goes point to the right and to the left. Gives its width.
fn bar(pen: &mut Pen, x: u16, y: u16, width: u16, before: f64, after: f64) -> u16 {
    let cells = |share: f64| (share.clamp(0.0, 1.0) * f64::from(width)).round() as u16;
    let (before, after) = (cells(before), cells(after));
    let glyphs = pen.glyphs();
    let (full, track, news) = (
        pen.style(Role::Bar),
        pen.style(Role::BarTrack),
        pen.style(Role::Progress),
    );
    pen.line(x, y, before.min(after), glyphs.bar, full);
    let (first, last) = (before.min(after), before.max(after));
    let sign = if after > before {
        glyphs.more_right
    } else {
        glyphs.more_left
    };
    pen.line(x + first, y, last - first, sign, news);
    pen.line(x + last, y, width - last, glyphs.track, track);
    width
}

fn row(pen: &mut Pen, area: Area, y: u16, items: &[Item]) {
    let count = u16::try_from(items.len()).unwrap_or(u16::MAX).max(1);
    let width = area.width / count;
    for (x, item) in (area.x..).step_by(usize::from(width.max(1))).zip(items) {
        // Two columns between items.
        let room = width.saturating_sub(2);
        match item {
            Item::Pair(pair) => {
                let (key, value) = (pen.style(Role::Dim), pen.tone(pair.tone));
                pen.put(x, y, (KEY - 1).min(room), pair.key, key);
                pen.put(x + KEY, y, room.saturating_sub(KEY), &pair.value, value);
            }
            Item::Graph(graph, row) => graph_row(pen, x, y, room, graph, *row),
            Item::Empty => {}
        }
    }
}

/// One row of a graph: its name and number at the left, then a column for each 10 s.
fn graph_row(pen: &mut Pen, x: u16, y: u16, width: u16, graph: &Graph, row: u16) {
    let (key, value) = (pen.style(Role::Dim), pen.style(Role::Text));
    let label = if graph.height == 1 { LABEL } else { KEY }.min(width);
    if graph.height == 1 {
        let used = pen.put(x, y, label, graph.key, key) + 1;
        pen.put_right(
            x + used,
            y,
            label.saturating_sub(used + 1),
            &graph.now,
            value,
        );
    } else if row == 0 {
        pen.put(x, y, label, graph.key, key);
    } else if row == 1 {
        pen.put(x, y, label.saturating_sub(1), &graph.now, value);
    }
    let room = width - label;
    let start = graph.points.len().saturating_sub(usize::from(room));
    let points = &graph.points[start..];
    let style = pen.style(Role::Spark);
    let first = x + width - u16::try_from(points.len()).unwrap_or(room);
    // Rows are counted from the top; each shows its own share of the height.
    let below = f64::from(graph.height - 1 - row.min(graph.height - 1));
    for (x, point) in (first..).zip(points) {
        let sign = match point {
            None if below == 0.0 => pen.glyphs().separator,
            None => " ",
            Some(value) => {
                let share = f64::from(value / graph.top).clamp(0.0, 1.0);
                let height = share * f64::from(graph.height);
                step(pen, (height - below).clamp(0.0, 1.0), below == 0.0)
            }
        };
        pen.sign(x, y, sign, style);
    }
}

/// The sign for a share of a cell; at the bottom even nothing shows, so that a gap is not taken
/// for zero.
pub fn step(pen: &Pen, share: f64, bottom: bool) -> &'static str {
    let glyphs = pen.glyphs();
    let sign = glyphs.spark(share);
    match (sign == glyphs.spark[0], bottom) {
        (true, true) => glyphs.spark[1],
        _ => sign,
    }
}
