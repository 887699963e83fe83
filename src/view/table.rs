//! Tables: only the rows in sight are formatted.

use std::borrow::Cow;

use ratatui::style::Style;

use crate::app::area::Area;
use crate::app::columns::{Align, Column, Placed, place};
use crate::app::empty::why_no_rows;
use crate::app::filter::Letters;
use crate::app::layout::Layout;
use crate::app::rows::{Id, Table};
use crate::app::sheet::wrap;
use crate::app::{State, Tone};
use crate::model::Cluster;
use crate::theme::Role;

use super::page;
use super::pen::Pen;
use super::sheet::step;

/// What stands in a cell.
pub enum Cell<'a> {
    /// Text.
    Text(Cow<'a, str>, Tone),
    /// A share of a whole that is in use.
    Bar(f64, Tone),
    /// How far something is: a bar, the percentage, and words after it.
    Gauge {
        /// Percent done.
        percent: f64,
        /// What else there is to say.
        text: Cow<'a, str>,
        /// What it means.
        tone: Tone,
    },
    /// A number over time, the newest last, and what fills the height.
    Spark(Vec<Option<f32>>, f32),
}

impl<'a> Cell<'a> {
    /// Text that is well.
    pub fn plain(text: impl Into<Cow<'a, str>>) -> Cell<'a> {
        Cell::Text(text.into(), Tone::Plain)
    }

    /// Text with a meaning.
    pub fn toned(text: impl Into<Cow<'a, str>>, tone: Tone) -> Cell<'a> {
        Cell::Text(text.into(), tone)
    }

    /// A text that may not be known, and what then stands for it.
    pub fn or(text: Option<String>, stand_in: &'static str) -> Cell<'a> {
        match text {
            Some(text) => Cell::plain(text),
            None => Cell::toned(stand_in, Tone::Dim),
        }
    }

    /// A bar, if the share is known.
    pub fn bar(share: Option<f64>, stand_in: &'static str) -> Cell<'a> {
        match share {
            Some(share) if share >= FULL => Cell::Bar(share, Tone::Warn),
            Some(share) => Cell::Bar(share, Tone::Plain),
            None => Cell::toned(stand_in, Tone::Dim),
        }
    }
}

/// A share in use from which on a bar is a warning.
const FULL: f64 = 0.9;

/// Draws the headers and the rows in sight, or says why there are none.
pub fn draw(pen: &mut Pen, layout: &Layout, table: &Table, state: &State, cluster: &Cluster) {
    let columns = table.kind.columns();
    let placed = place(columns, &table.wanted, table.shift, layout.heading.width);
    heading(pen, layout.heading, table, &placed);
    if table.rows.is_empty() {
        let lines = why_no_rows(table, cluster, &state.facts);
        let width = layout.rows.width.saturating_sub(4);
        let wrapped = lines.iter().flat_map(|(text, tone)| {
            let lines = wrap(text, usize::from(width).max(10));
            lines.into_iter().map(move |line| (line, *tone))
        });
        for (y, (text, tone)) in (layout.rows.y + 1..).zip(wrapped) {
            if layout.rows.contains(layout.rows.x, y) {
                let style = pen.tone(tone);
                pen.put(layout.rows.x + 3, y, width, &text, style);
            }
        }
        return;
    }
    let mut letters = table.fuzzy.then(|| Letters::of(&table.filter));
    let visible = table.visible(usize::from(layout.rows.height));
    for (y, id) in (layout.rows.y..).zip(visible) {
        let area = Area {
            y,
            height: 1,
            ..layout.rows
        };
        row(
            pen,
            area,
            &placed,
            table,
            id,
            state,
            cluster,
            letters.as_mut(),
        );
    }
}

fn heading(pen: &mut Pen, area: Area, table: &Table, placed: &[Placed]) {
    let style = pen.style(Role::Header);
    for spot in placed {
        let column = &table.kind.columns()[spot.index];
        let x = area.x + spot.x;
        let end = match column.align {
            Align::Left => x + pen.put(x, area.y, spot.width, column.title, style),
            Align::Right => {
                pen.put_right(x, area.y, spot.width, column.title, style);
                x + spot.width
            }
        };
        if column.col == table.sort.col {
            let glyphs = pen.glyphs();
            let mark = if table.sort.reverse {
                glyphs.sort_down
            } else {
                glyphs.sort_up
            };
            // In the gap after the title; at the edge of the table in the one before it.
            let after = end < area.x + area.width;
            pen.sign(if after { end } else { x - 1 }, area.y, mark, style);
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "all of one row, from one place")]
fn row(
    pen: &mut Pen,
    area: Area,
    placed: &[Placed],
    table: &Table,
    id: &Id,
    state: &State,
    cluster: &Cluster,
    mut letters: Option<&mut Letters>,
) {
    let tone = page::row(state, cluster, id);
    let selected = table.selected() == Some(id);
    if let Tone::Warn | Tone::Critical = page::worst(state, cluster, id) {
        let style = pen.tone(page::worst(state, cluster, id));
        pen.sign(area.x + 1, area.y, pen.glyphs().alarm, style);
    }
    let marked = table.marks.contains(id);
    if marked {
        let style = pen.style(Role::Marked);
        pen.sign(area.x + 2, area.y, pen.glyphs().mark, style);
    }
    for spot in placed {
        let column = &table.kind.columns()[spot.index];
        let (x, width) = (area.x + spot.x, spot.width);
        match page::cell(table.kind, state, cluster, id, column.col) {
            Cell::Text(text, own) => {
                let style = match own {
                    Tone::Plain if marked && spot.index == 0 => pen.style(Role::Marked),
                    Tone::Plain => pen.tone(tone),
                    own => pen.tone(own),
                };
                let spots = if table.filter.is_empty() || column.align == Align::Right {
                    Vec::new()
                } else if let Some(letters) = letters.as_mut().filter(|_| spot.index == 0) {
                    letters.spots(&text)
                } else {
                    table.filter.spots(&text)
                };
                put_cell(pen, x, area.y, width, column, &text, style, &spots);
            }
            Cell::Bar(share, own) => {
                let dim = !matches!(tone, Tone::Plain);
                bar(pen, x, area.y, width, share, if dim { tone } else { own });
            }
            Cell::Gauge {
                percent,
                text,
                tone,
            } => gauge(pen, x, area.y, width, percent, &text, tone),
            Cell::Spark(points, top) => spark(pen, x, area.y, width, &points, top),
        }
    }
    if selected {
        let style = pen.tone(tone);
        pen.sign(area.x, area.y, pen.glyphs().cursor, style);
        let style = pen.style(Role::Selected);
        pen.tint(area, style);
    }
}

#[expect(clippy::too_many_arguments, reason = "all of one cell, from one place")]
fn put_cell(
    pen: &mut Pen,
    x: u16,
    y: u16,
    width: u16,
    column: &Column,
    text: &str,
    style: Style,
    spots: &[usize],
) {
    match column.align {
        Align::Right => pen.put_right(x, y, width, text, style),
        Align::Left => {
            let used = pen.put(x, y, width, text, style);
            let marked = pen.style(Role::Match);
            for spot in spots {
                let before: String = text.chars().take(*spot).collect();
                let wide = text
                    .chars()
                    .nth(*spot)
                    .map_or(0, |c| super::pen::columns(c.encode_utf8(&mut [0; 4])));
                let at = super::pen::columns(&before);
                if at + wide <= used {
                    let area = Area {
                        x: x + at,
                        y,
                        width: wide,
                        height: 1,
                    };
                    pen.tint(area, marked);
                }
            }
        }
    }
}

fn bar(pen: &mut Pen, x: u16, y: u16, width: u16, share: f64, tone: Tone) {
    let glyphs = pen.glyphs();
    let full = (share.clamp(0.0, 1.0) * f64::from(width)).round() as u16;
    let style = match tone {
        Tone::Plain => pen.style(Role::Bar),
        tone => pen.tone(tone),
    };
    pen.line(x, y, full, glyphs.bar, style);
    let track = pen.style(Role::BarTrack);
    pen.line(x + full, y, width - full, glyphs.track, track);
}

/// Columns of the bar of a gauge.
const GAUGE: u16 = 12;

/// Columns of its percentage with the blank before it.
const PERCENT: u16 = 7;

fn gauge(pen: &mut Pen, x: u16, y: u16, width: u16, percent: f64, text: &str, tone: Tone) {
    let length = GAUGE.min(width.saturating_sub(PERCENT));
    bar(pen, x, y, length, percent / 100.0, tone);
    let style = pen.tone(tone);
    // 100.0% is shown when all is done, and not before.
    let percent = if percent < 100.0 {
        percent.min(99.9)
    } else {
        percent
    };
    let number = format!("{percent:.1}%");
    pen.put_right(x + length, y, PERCENT.min(width - length), &number, style);
    let used = length + PERCENT + 1;
    pen.put(
        x + used.min(width),
        y,
        width.saturating_sub(used),
        text,
        style,
    );
}

fn spark(pen: &mut Pen, x: u16, y: u16, width: u16, points: &[Option<f32>], top: f32) {
    let style = pen.style(Role::Spark);
    let points = &points[points.len().saturating_sub(usize::from(width))..];
    let first = x + width - u16::try_from(points.len()).unwrap_or(width);
    for (x, point) in (first..).zip(points) {
        let sign = match point {
            Some(value) => step(pen, f64::from(value / top), true),
            None => pen.glyphs().separator,
        };
        pen.sign(x, y, sign, style);
    }
}
