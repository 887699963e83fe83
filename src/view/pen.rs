//! Writing into cells: whatever a peer calls its things, nothing leaves its place.

use ratatui::buffer::Buffer;
use ratatui::style::Style;
use unicode_width::UnicodeWidthChar;

use crate::app::Tone;
use crate::app::area::Area;
use crate::theme::{Glyphs, Role, Theme};

/// Writes into a buffer with a theme's styles.
pub struct Pen<'a> {
    buffer: &'a mut Buffer,
    theme: &'a Theme,
}

impl<'a> Pen<'a> {
    /// Writes into this buffer.
    pub fn new(buffer: &'a mut Buffer, theme: &'a Theme) -> Pen<'a> {
        Pen { buffer, theme }
    }

    /// The look of a role.
    pub fn style(&self, role: Role) -> Style {
        self.theme.style(role)
    }

    /// The look of a tone.
    pub fn tone(&self, tone: Tone) -> Style {
        self.theme.style(super::role(tone))
    }

    /// The signs to draw with.
    pub fn glyphs(&self) -> &'static Glyphs {
        self.theme.glyphs()
    }

    /// Writes text into at most `width` cells; what has no room is marked with an ellipsis. Gives
    /// how many cells it took.
    pub fn put(&mut self, x: u16, y: u16, width: u16, text: &str, style: Style) -> u16 {
        let mut used = 0;
        let mut rest = text.chars().filter_map(shown).peekable();
        while let Some((c, wide)) = rest.next() {
            // The last cell is for the ellipsis, unless all the rest goes into it.
            let fits = used + wide < width || used + wide == width && rest.peek().is_none();
            if !fits {
                if used < width {
                    self.sign(x + used, y, self.glyphs().ellipsis, style);
                    used += 1;
                }
                break;
            }
            self.character(x + used, y, c, wide, style);
            used += wide;
        }
        used
    }

    /// Writes text so that it ends where the `width` cells end.
    pub fn put_right(&mut self, x: u16, y: u16, width: u16, text: &str, style: Style) {
        let wide = columns(text).min(width);
        self.put(x + width - wide, y, wide, text, style);
    }

    /// Writes one sign of one cell.
    pub fn sign(&mut self, x: u16, y: u16, sign: &str, style: Style) {
        if let Some(cell) = self.buffer.cell_mut((x, y)) {
            cell.reset();
            cell.set_symbol(sign).set_style(style);
        }
    }

    fn character(&mut self, x: u16, y: u16, c: char, wide: u16, style: Style) {
        if let Some(cell) = self.buffer.cell_mut((x, y)) {
            cell.reset();
            cell.set_char(c).set_style(style);
        }
        // The second half of a wide character is an empty cell, as ratatui has it.
        if wide == 2
            && let Some(cell) = self.buffer.cell_mut((x + 1, y))
        {
            cell.reset();
            cell.set_style(style);
        }
    }

    /// Writes a sign all along.
    pub fn line(&mut self, x: u16, y: u16, width: u16, sign: &str, style: Style) {
        for x in x..x.saturating_add(width) {
            self.sign(x, y, sign, style);
        }
    }

    /// Lays a style over what stands in an area.
    pub fn tint(&mut self, area: Area, style: Style) {
        for y in area.y..area.y.saturating_add(area.height) {
            for x in area.x..area.x.saturating_add(area.width) {
                if let Some(cell) = self.buffer.cell_mut((x, y)) {
                    cell.set_style(style);
                }
            }
        }
    }

    /// Makes an area empty.
    pub fn clear(&mut self, area: Area) {
        // The first half of a wide character must not stick out into it.
        for y in area.y..area.y.saturating_add(area.height) {
            if let Some(before) = area.x.checked_sub(1)
                && let Some(cell) = self.buffer.cell_mut((before, y))
                && columns(cell.symbol()) > 1
            {
                cell.set_symbol(" ");
            }
            for x in area.x..area.x.saturating_add(area.width) {
                if let Some(cell) = self.buffer.cell_mut((x, y)) {
                    cell.reset();
                }
            }
        }
    }
}

/// A character as it is shown, and its width. Characters without a width of their own are left
/// out: terminals disagree on where marks that combine go. Control characters show as such.
fn shown(c: char) -> Option<(char, u16)> {
    match c.width() {
        None if c == '\t' => Some((' ', 1)),
        None => Some(('?', 1)),
        Some(0) => None,
        Some(1) => Some((c, 1)),
        Some(_) => Some((c, 2)),
    }
}

/// The cells that a text takes.
pub fn columns(text: &str) -> u16 {
    let wide = text
        .chars()
        .filter_map(shown)
        .map(|(_, wide)| usize::from(wide));
    u16::try_from(wide.sum::<usize>()).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ratatui::layout::Rect;

    use super::*;
    use crate::theme::{Depth, glyph};

    fn written(text: &str, width: u16) -> String {
        let theme = Theme::builtin(Depth::Mono, &glyph::ASCII);
        let mut buffer = Buffer::empty(Rect::new(0, 0, 12, 1));
        Pen::new(&mut buffer, &theme).put(1, 0, width, text, Style::new());
        let cells = buffer.content.iter().map(|cell| cell.symbol());
        cells.collect::<String>().trim_end().to_owned()
    }

    #[test]
    fn text_is_cut_with_an_ellipsis() {
        assert_eq!(written("node1", 5), " node1");
        assert_eq!(written("node12", 5), " node~");
        assert_eq!(written("node", 0), "");
        assert_eq!(written("世界", 4), " 世 界");
        assert_eq!(written("世界", 3), " 世 ~");
    }

    #[test]
    fn what_peers_send_stays_text() {
        assert_eq!(written("a\x1b[2J\nb", 9), " a?[2J?b");
        assert_eq!(written("e\u{301}\u{202e}x", 9), " ex");
    }

    proptest! {
        #[test]
        fn nothing_is_written_outside(text in "\\PC{0,20}|.{0,20}", x in 0_u16..14, width in 0_u16..20) {
            let theme = Theme::builtin(Depth::Mono, &glyph::UNICODE);
            let mut buffer = Buffer::empty(Rect::new(0, 0, 12, 2));
            let used = Pen::new(&mut buffer, &theme).put(x, 0, width, &text, Style::new());
            prop_assert!(used <= width);
            for (index, cell) in buffer.content.iter().enumerate() {
                let inside = index < 12 && (x..x + width).contains(&(index as u16));
                prop_assert!(inside || cell.symbol() == " ");
            }
        }
    }
}
