//! A buffer as text, and its styles as letters: a test backend's own text leaves them out.

use std::fmt::Write;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Modifier, Style};
use unicode_width::UnicodeWidthStr;

/// The text, one line a row.
pub fn text(buffer: &Buffer) -> String {
    rows(buffer)
        .map(|row| {
            let mut line = String::new();
            let mut skip = 0;
            for cell in row {
                if skip > 0 {
                    skip -= 1;
                    continue;
                }
                line.push_str(cell.symbol());
                skip = cell.symbol().width().saturating_sub(1);
            }
            line.trim_end().to_owned() + "\n"
        })
        .collect()
}

/// The text, then a letter for each cell's style, then what the letters mean.
pub fn styled(buffer: &Buffer) -> String {
    let mut out = text(buffer);
    let mut known: Vec<Style> = Vec::new();
    out += "\n";
    for row in rows(buffer) {
        let mut line = String::new();
        for cell in row {
            let style = cell.style();
            let letter = if is_plain(style) || cell.symbol() == " " && !shows_on_blank(style) {
                '.'
            } else {
                let at = known.iter().position(|other| *other == style);
                let at = at.unwrap_or_else(|| {
                    known.push(style);
                    known.len() - 1
                });
                char::from(b'a' + u8::try_from(at).unwrap())
            };
            line.push(letter);
        }
        out += line.trim_end_matches('.');
        out += "\n";
    }
    for (letter, style) in ('a'..).zip(known) {
        writeln!(out, "{letter} {}", words(style)).unwrap();
    }
    out
}

fn rows(buffer: &Buffer) -> impl Iterator<Item = &[Cell]> {
    buffer.content.chunks(usize::from(buffer.area.width.max(1)))
}

fn is_plain(style: Style) -> bool {
    words(style).is_empty()
}

fn shows_on_blank(style: Style) -> bool {
    let modifier = style.add_modifier;
    style
        .bg
        .is_some_and(|bg| bg != ratatui::style::Color::Reset)
        || modifier.intersects(Modifier::REVERSED | Modifier::UNDERLINED)
}

fn words(style: Style) -> String {
    let colour = |name: &str, colour: Option<ratatui::style::Color>| {
        colour
            .filter(|colour| *colour != ratatui::style::Color::Reset)
            .map(|colour| format!("{name}={colour}"))
    };
    let modifier = (!style.add_modifier.is_empty()).then(|| format!("{:?}", style.add_modifier));
    let parts = [colour("fg", style.fg), colour("bg", style.bg), modifier];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}
