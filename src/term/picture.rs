//! A picture of the whole screen in the form in which two pictures are compared: what each cell
//! shows, with differences that nobody can see taken out.

use ratatui::buffer::Buffer;

use super::pen::Look;
use super::sign::Sign;
use crate::theme::Depth;

/// One column of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) sign: Sign,
    pub(super) look: Look,
    /// How many columns the sign takes: 1 or 2, and 0 for the second column of a wide one.
    pub(super) width: u16,
}

impl Cell {
    /// An empty cell on the terminal's own ground, as after clearing the screen.
    pub(super) const BLANK: Self = Self {
        sign: Sign::SPACE,
        look: Look::PLAIN,
        width: 1,
    };

    /// Whether only its ground shows.
    pub(super) fn is_ground(&self) -> bool {
        self.sign.is_blank() && self.width == 1 && !self.look.shows_on_blank()
    }
}

/// All cells of the screen, row by row.
#[derive(Debug, Default)]
pub(super) struct Picture {
    cells: Vec<Cell>,
    width: usize,
}

impl Picture {
    /// A cleared screen.
    pub(super) fn blank(width: u16, height: u16) -> Self {
        let width = usize::from(width);
        Self {
            cells: vec![Cell::BLANK; width * usize::from(height)],
            width,
        }
    }

    /// How many rows there are.
    pub(super) fn height(&self) -> usize {
        self.cells.len().checked_div(self.width).unwrap_or(0)
    }

    /// The cells of a row.
    pub(super) fn row(&self, y: usize) -> &[Cell] {
        &self.cells[y * self.width..(y + 1) * self.width]
    }

    /// Takes over what a buffer shows on a terminal of this depth. The buffer must have the
    /// picture's size.
    pub(super) fn take(&mut self, buffer: &Buffer, depth: Depth) {
        if self.width == 0 {
            return;
        }
        let rows = self.cells.chunks_exact_mut(self.width);
        for (row, source) in rows.zip(buffer.content.chunks_exact(self.width)) {
            let mut x = 0;
            while let Some(source) = source.get(x) {
                let (mut sign, mut width) = Sign::of(source.symbol());
                if width == 2 && x + 1 == row.len() {
                    // Half of it has no column.
                    (sign, width) = (Sign::SPACE, 1);
                }
                let look = Look::new(source.fg, source.bg, source.modifier, depth);
                let mut cell = Cell { sign, look, width };
                if cell.is_ground() {
                    cell.look = look.ground();
                }
                row[x] = cell;
                if width == 2 {
                    row[x + 1] = Cell {
                        sign: Sign::SPACE,
                        look,
                        width: 0,
                    };
                }
                x += usize::from(width);
            }
        }
    }

    /// Moves the rows from `top` up to `bottom`, as the terminal does when a region scrolls:
    /// upwards for a positive distance. Rows that come in are empty.
    pub(super) fn scroll(&mut self, top: usize, bottom: usize, distance: isize) {
        let region = &mut self.cells[top * self.width..bottom * self.width];
        let length = distance.unsigned_abs() * self.width;
        if distance > 0 {
            region.rotate_left(length);
            let kept = region.len() - length;
            region[kept..].fill(Cell::BLANK);
        } else {
            region.rotate_right(length);
            region[..length].fill(Cell::BLANK);
        }
    }
}
