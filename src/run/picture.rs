//! The screen as an SVG picture, for the README: `gantry demo --picture FILE`.

use std::fmt::Write;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

/// One cell, in the picture's units.
const WIDTH: usize = 8;
const HEIGHT: usize = 17;

const BACKGROUND: &str = "#1d2021";
const FOREGROUND: &str = "#d5c4a1";

/// Draws a buffer. Runs of cells that look alike are one element each.
pub fn svg(buffer: &Buffer) -> String {
    let (columns, rows) = (buffer.area.width as usize, buffer.area.height as usize);
    let (width, height) = (columns * WIDTH, rows * HEIGHT);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         font-family=\"DejaVu Sans Mono, Menlo, Consolas, monospace\" font-size=\"13\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"{BACKGROUND}\"/>\n"
    );
    for (y, row) in buffer.content.chunks(columns.max(1)).enumerate() {
        let mut x = 0;
        while x < row.len() {
            let look = Look::of(&row[x]);
            let end = (x..row.len())
                .find(|&at| Look::of(&row[at]) != look)
                .unwrap_or(row.len());
            run(&mut out, &row[x..end], x, y, &look);
            x = end;
        }
    }
    out.push_str("</svg>\n");
    out
}

/// What cells of a run share.
#[derive(PartialEq)]
struct Look {
    fg: String,
    bg: String,
    bold: bool,
    underlined: bool,
}

impl Look {
    fn of(cell: &Cell) -> Look {
        let (fg, bg) = (hex(cell.fg, FOREGROUND), hex(cell.bg, BACKGROUND));
        let has = |modifier| cell.modifier.contains(modifier);
        let (fg, bg) = if has(Modifier::REVERSED) {
            (bg, fg)
        } else {
            (fg, bg)
        };
        Look {
            fg,
            bg,
            bold: has(Modifier::BOLD),
            underlined: has(Modifier::UNDERLINED),
        }
    }
}

fn run(out: &mut String, cells: &[Cell], x: usize, y: usize, look: &Look) {
    let (left, top) = (x * WIDTH, y * HEIGHT);
    if look.bg != BACKGROUND {
        let width = cells.len() * WIDTH;
        // Writing to a String cannot fail.
        let _ = writeln!(
            out,
            "<rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{HEIGHT}\" fill=\"{}\"/>",
            look.bg
        );
    }
    let bold = if look.bold {
        " font-weight=\"bold\""
    } else {
        ""
    };
    let underlined = if look.underlined {
        " text-decoration=\"underline\""
    } else {
        ""
    };
    let base = top + 13;
    // Word by word, for readers that fold blanks.
    let mut at = 0;
    while let Some(start) = (at..cells.len()).find(|&i| !is_blank(&cells[i])) {
        let end = (start..cells.len())
            .find(|&i| is_blank(&cells[i]))
            .unwrap_or(cells.len());
        let text: String = cells[start..end].iter().map(Cell::symbol).collect();
        let (left, length) = (left + start * WIDTH, (end - start) * WIDTH);
        let _ = writeln!(
            out,
            "<text x=\"{left}\" y=\"{base}\" textLength=\"{length}\" fill=\"{}\"{bold}{underlined}>{}</text>",
            look.fg,
            escape(&text)
        );
        at = end;
    }
}

fn is_blank(cell: &Cell) -> bool {
    cell.symbol().trim().is_empty()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn hex(color: Color, default: &str) -> String {
    const NAMED: [&str; 16] = [
        "#1d2021", "#cc241d", "#98971a", "#d79921", "#458588", "#b16286", "#689d6a", "#d5c4a1",
        "#928374", "#fb4934", "#b8bb26", "#fabd2f", "#83a598", "#d3869b", "#8ec07c", "#ebdbb2",
    ];
    let named = match color {
        Color::Rgb(r, g, b) => return format!("#{r:02x}{g:02x}{b:02x}"),
        Color::Indexed(index) => match NAMED.get(index as usize) {
            Some(hex) => return (*hex).to_owned(),
            None => {
                let [r, g, b] = crate::theme::depth::rgb_of_index(index);
                return format!("#{r:02x}{g:02x}{b:02x}");
            }
        },
        Color::Reset => return default.to_owned(),
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 8,
        Color::LightRed => 9,
        Color::LightGreen => 10,
        Color::LightYellow => 11,
        Color::LightBlue => 12,
        Color::LightMagenta => 13,
        Color::LightCyan => 14,
        Color::White => 15,
    };
    NAMED[named].to_owned()
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    #[test]
    fn a_picture_holds_the_text_and_its_looks() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 20, 2));
        buffer.set_string(1, 0, "a < b", Style::default());
        buffer.set_string(
            0,
            1,
            "lost",
            Style::default()
                .fg(Color::Rgb(1, 2, 3))
                .add_modifier(Modifier::REVERSED),
        );
        let svg = svg(&buffer);
        assert!(svg.contains(">&lt;</text>"), "{svg}");
        assert!(
            svg.contains("fill=\"#010203\"") && svg.contains(">lost</text>"),
            "{svg}"
        );
    }
}
