//! Text pages as data: lines of values, graphs and sentences, each one row high.

use std::rc::Rc;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::Tone;

/// A text page.
#[derive(Clone, Debug, Default)]
pub struct Sheet {
    /// Its lines.
    pub lines: Vec<Line>,
    width: u16,
}

/// One line.
#[derive(Clone, Debug)]
pub enum Line {
    /// Nothing.
    Blank,
    /// The heading of what follows.
    Heading(String),
    /// Items side by side, all of one width.
    Row(Vec<Item>),
    /// Pieces one after another.
    Text(Vec<Span>),
    /// Text and bars one after another.
    Pieces(Vec<Piece>),
}

/// Text, or a bar.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// Text.
    Span(Span),
    /// A share of a whole that changes.
    Bar {
        /// The share before.
        before: f64,
        /// The share after.
        after: f64,
        /// Columns.
        width: u16,
    },
}

/// A piece of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The text.
    pub text: String,
    /// What it means.
    pub tone: Tone,
}

/// One item of a row.
#[derive(Clone, Debug)]
pub enum Item {
    /// A value and what it is.
    Pair(Pair),
    /// One row of a graph, counted from its top.
    Graph(Rc<Graph>, u16),
    /// Room left over.
    Empty,
}

/// A value and what it is.
#[derive(Clone, Debug)]
pub struct Pair {
    /// What it is.
    pub key: &'static str,
    /// The value.
    pub value: String,
    /// What the value means.
    pub tone: Tone,
}

/// A number over time.
#[derive(Debug)]
pub struct Graph {
    /// What it is.
    pub key: &'static str,
    /// The number now.
    pub now: String,
    /// Means over steps of 10 s, the newest last; gaps where nothing is known.
    pub points: Vec<Option<f32>>,
    /// The value that fills the height.
    pub top: f32,
    /// Rows.
    pub height: u16,
}

/// Columns that a key takes, with the space after it.
pub const KEY: u16 = 13;

/// The least width of a value with its key.
const PAIR: u16 = 38;

/// The least width of a graph with its name.
const GRAPH: u16 = 30;

impl Sheet {
    /// An empty one for this width.
    pub fn new(width: u16) -> Sheet {
        Sheet {
            lines: Vec::new(),
            width,
        }
    }

    /// The columns that it is made for.
    pub fn width(&self) -> u16 {
        self.width
    }

    /// Adds a heading, with a blank line before it unless it is the first.
    pub fn heading(&mut self, text: &str) {
        if !self.lines.is_empty() {
            self.blank();
        }
        self.lines.push(Line::Heading(text.to_owned()));
    }

    /// Adds a blank line.
    pub fn blank(&mut self) {
        self.lines.push(Line::Blank);
    }

    /// Adds values in as many columns as there is room for, to be read downwards.
    pub fn pairs(&mut self, pairs: Vec<Pair>) {
        let items = pairs.into_iter().map(Item::Pair).collect();
        self.grid(items);
    }

    fn grid(&mut self, items: Vec<Item>) {
        let columns = usize::from((self.width / PAIR).clamp(1, 4)).min(items.len().max(1));
        let rows = items.len().div_ceil(columns);
        let mut grid: Vec<Vec<Item>> = (0..rows).map(|_| Vec::new()).collect();
        for (index, item) in items.into_iter().enumerate() {
            grid[index % rows].push(item);
        }
        for mut row in grid {
            row.resize_with(columns, || Item::Empty);
            self.lines.push(Line::Row(row));
        }
    }

    /// Adds graphs of this height, as many side by side as there is room for.
    pub fn graphs(&mut self, graphs: Vec<Graph>) {
        let graphs: Vec<Rc<Graph>> = graphs.into_iter().map(Rc::new).collect();
        let columns = usize::from((self.width / GRAPH).clamp(1, 5)).min(graphs.len().max(1));
        for side_by_side in graphs.chunks(columns) {
            let height = side_by_side.iter().map(|graph| graph.height).max();
            for row in 0..height.unwrap_or_default() {
                let graph = |graph: &Rc<Graph>| Item::Graph(graph.clone(), row);
                let mut items: Vec<Item> = side_by_side.iter().map(graph).collect();
                items.resize_with(columns, || Item::Empty);
                self.lines.push(Line::Row(items));
            }
        }
    }

    /// Adds pieces on one line.
    pub fn spans(&mut self, spans: Vec<Span>) {
        self.lines.push(Line::Text(spans));
    }

    /// Adds text and bars on one line.
    pub fn pieces(&mut self, pieces: Vec<Piece>) {
        self.lines.push(Line::Pieces(pieces));
    }

    /// Adds a sentence, on as many lines as it takes; those after the first are indented.
    pub fn wrapped(&mut self, text: &str, tone: Tone, indent: usize) {
        let width = usize::from(self.width).saturating_sub(indent).max(10);
        let margin = " ".repeat(indent);
        for line in text.lines().flat_map(|line| wrap(line, width)) {
            // A blank that had no room on the line before.
            let line = line.trim_start();
            self.spans(vec![Span::new(format!("{margin}{line}"), tone)]);
        }
    }

    /// Adds a sentence after a mark in the margin; its further lines stand under its first.
    pub fn wrapped_after(&mut self, mark: &str, text: &str) {
        let indent = mark.width();
        let width = usize::from(self.width).saturating_sub(indent).max(10);
        let mut margin = mark.to_owned();
        for line in text.lines().flat_map(|line| wrap(line, width)) {
            // A blank that had no room on the line before.
            let line = Span::new(line.trim_start(), Tone::Plain);
            self.spans(vec![Span::new(margin, Tone::Dim), line]);
            margin = " ".repeat(indent);
        }
    }

    /// Adds lines of cells, each column as wide as its widest cell.
    pub fn table(&mut self, titles: &[&str], rows: Vec<Vec<Span>>) {
        self.table_of(titles, &[], rows);
    }

    /// Adds lines of cells as [`Sheet::table`] does; the columns that `numbers` lists stand on the
    /// right.
    pub fn table_of(&mut self, titles: &[&str], numbers: &[usize], rows: Vec<Vec<Span>>) {
        let mut widths: Vec<usize> = titles.iter().map(|title| title.width()).collect();
        for row in &rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.text.width().min(60));
            }
        }
        let titles = titles.iter().map(|title| Span::new(*title, Tone::Dim));
        for row in std::iter::once(titles.collect()).chain(rows) {
            let last = row.len().saturating_sub(1);
            let padded = row.into_iter().zip(&widths).enumerate();
            let padded = padded.map(|(index, (mut cell, width))| {
                let missing = width.saturating_sub(cell.text.width());
                let blanks = " ".repeat(missing);
                if numbers.contains(&index) {
                    cell.text.insert_str(0, &blanks);
                } else if index < last {
                    cell.text += &blanks;
                }
                if index < last {
                    cell.text += "  ";
                }
                cell
            });
            self.lines.push(Line::Text(padded.collect()));
        }
    }
}

impl Span {
    /// A piece of text.
    pub fn new(text: impl Into<String>, tone: Tone) -> Span {
        Span {
            text: text.into(),
            tone,
        }
    }
}

impl Pair {
    /// A value that is well.
    pub fn new(key: &'static str, value: impl Into<String>) -> Pair {
        Pair::toned(key, value, Tone::Plain)
    }

    /// A value with a meaning.
    pub fn toned(key: &'static str, value: impl Into<String>, tone: Tone) -> Pair {
        Pair {
            key,
            value: value.into(),
            tone,
        }
    }
}

/// Cuts a line at blanks so that no part is wider than `width`; words that are, are cut too.
pub fn wrap(line: &str, width: usize) -> Vec<String> {
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut used = 0;
    for word in line.split_inclusive(' ') {
        let needed = word.trim_end().width();
        if used > 0 && used + needed > width {
            parts.push(std::mem::take(&mut part));
            used = 0;
        }
        for c in word.chars() {
            let wide = c.width().unwrap_or_default();
            if used + wide > width {
                parts.push(std::mem::take(&mut part));
                used = 0;
            }
            part.push(c);
            used += wide;
        }
    }
    parts.push(part);
    parts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sentences_break_between_words() {
        assert_eq!(wrap("one two three", 8), ["one two ", "three"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("", 3), [""]);
    }

    #[test]
    fn values_are_read_downwards() {
        let mut sheet = Sheet::new(80);
        sheet.pairs(["a", "b", "c"].map(|key| Pair::new(key, "")).into());
        let keys: Vec<Vec<&str>> = sheet
            .lines
            .iter()
            .map(|line| match line {
                Line::Row(items) => items
                    .iter()
                    .map(|item| {
                        if let Item::Pair(pair) = item {
                            pair.key
                        } else {
                            ""
                        }
                    })
                    .collect(),
                _ => Vec::new(),
            })
            .collect();
        assert_eq!(keys, [["a", "c"], ["b", ""]]);
    }

    proptest! {
        #[test]
        fn wrapping_loses_nothing_and_keeps_the_width(line in "[a-z世 ]{0,60}", width in 2_usize..20) {
            let parts = wrap(&line, width);
            prop_assert_eq!(parts.concat(), line);
            prop_assert!(parts.iter().all(|part| part.width() <= width));
        }
    }
}
