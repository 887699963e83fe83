//! Turns pictures into the fewest bytes that bring the terminal from one to the next.
//!
//! What the terminal shows, where its cursor is and how its pen is set are remembered from frame to
//! frame, and nothing is ever asked of it. Only sequences are used that the Linux console, GNU
//! screen and every xterm know: CUP, CUU, CUD, CUF, CUB, EL, ED, IL, DL, DECSTBM, SGR and DECTCEM;
//! and mode 2026 where the terminal has said that it has it.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Size};

use super::pen::{self, Look, write_number};
use super::picture::{Cell, Picture};
use super::shift::{self, Shift};
use crate::theme::Depth;

/// Frames shorter than this arrive as one piece anyway, and are not wrapped in mode 2026.
const TOO_SHORT_TO_TEAR: usize = 256;

/// A longer gap is never cheaper to write again than to jump.
const LONGEST_GAP: usize = 10;

/// Ends line drawing signs, inserting and coordinates within the region; then the scrolling region
/// itself and the pen; and last clears the cells, which take the ground of the pen.
const CLEAR: &[u8] = b"\x0f\x1b(B\x1b[4l\x1b[?6l\x1b[r\x1b[m\x1b[H\x1b[2J";

/// Clears from the cursor to the end of the line.
const ERASE_LINE: &[u8] = b"\x1b[K";

/// Writes frames for one terminal.
#[derive(Debug)]
pub struct Painter {
    depth: Depth,
    sync: bool,
    size: Size,
    /// What the terminal shows; `None` if that is unknown.
    shown: Option<Picture>,
    /// A picture to draw the next frame into, kept for its memory.
    spare: Picture,
    pen: Option<Look>,
    /// Where the terminal's cursor is. The column is unknown after writing into the last one,
    /// because terminals differ there.
    row: u16,
    column: Option<u16>,
    /// Whether the cursor shows; `None` if that is unknown.
    visible: Option<bool>,
    out: Vec<u8>,
}

impl Painter {
    /// A painter for a terminal of which nothing is known but its size, its colours, and whether it
    /// has synchronised updates (mode 2026).
    pub fn new(size: Size, depth: Depth, sync: bool) -> Self {
        Self {
            depth,
            sync,
            size,
            shown: None,
            spare: Picture::blank(size.width, size.height),
            pen: None,
            row: 0,
            column: None,
            visible: None,
            out: Vec::new(),
        }
    }

    /// The size that is painted.
    pub fn size(&self) -> Size {
        self.size
    }

    /// Says whether the terminal has synchronised updates.
    pub fn set_sync(&mut self, sync: bool) {
        self.sync = sync;
    }

    /// Forgets what the terminal shows, so that the next frame clears and paints everything: after
    /// it was resized, or was lent to another program.
    pub fn reset(&mut self, size: Size) {
        self.size = size;
        self.shown = None;
        self.spare = Picture::blank(size.width, size.height);
        self.pen = None;
        self.visible = None;
    }

    /// The bytes that make the terminal show `buffer`, with its cursor at `cursor` or hidden, for
    /// one write; empty if it does already. A buffer of another size than the one expected counts
    /// as a resize.
    pub fn paint(&mut self, buffer: &Buffer, cursor: Option<Position>) -> &[u8] {
        self.out.clear();
        if self.size != buffer.area.as_size() {
            self.reset(buffer.area.as_size());
        }
        let mut new = std::mem::take(&mut self.spare);
        new.take(buffer, self.depth);
        let mut old = match self.shown.take() {
            Some(shown) => shown,
            None => self.clear(),
        };
        if let Some(shift) = shift::find(&old, &new) {
            self.scroll(shift);
            old.scroll(shift.top, shift.bottom, shift.distance);
        }
        for y in 0..self.size.height {
            self.paint_row(y, old.row(usize::from(y)), new.row(usize::from(y)));
        }
        self.place_cursor(cursor, &new);
        self.shown = Some(new);
        self.spare = old;
        if self.sync && self.out.len() > TOO_SHORT_TO_TEAR {
            self.out.splice(0..0, *b"\x1b[?2026h");
            self.out.extend_from_slice(b"\x1b[?2026l");
        }
        &self.out
    }

    /// Clears the screen and whatever another program may have left behind.
    fn clear(&mut self) -> Picture {
        self.out.extend_from_slice(CLEAR);
        self.pen = Some(Look::PLAIN);
        (self.row, self.column) = (0, Some(0));
        Picture::blank(self.size.width, self.size.height)
    }

    /// Scrolls a region. Lines are deleted or inserted at its top, as the Linux console does not
    /// know the sequences that scroll (SU and SD).
    fn scroll(&mut self, shift: Shift) {
        self.set_pen(Look::PLAIN);
        // No row is beyond the height, which is a u16.
        let (top, bottom) = (shift.top as u16, shift.bottom as u16);
        self.sequence(&[top + 1, bottom], b'r');
        // Some emulators leave the cursor in the region, some at the top of the screen.
        self.sequence(&[top + 1], b'H');
        let count = shift.distance.unsigned_abs() as u16;
        self.counted(count, if shift.distance > 0 { b'M' } else { b'L' });
        self.sequence(&[], b'r');
        (self.row, self.column) = (0, Some(0));
    }

    /// Writes what differs in one row.
    fn paint_row(&mut self, y: u16, old: &[Cell], new: &[Cell]) {
        let Some(last) = old.iter().zip(new).rposition(|(old, new)| old != new) else {
            return;
        };
        let is_empty = |cell: &Cell| *cell == Cell::BLANK;
        let tail = new
            .iter()
            .rposition(|cell| !is_empty(cell))
            .map_or(0, |x| x + 1);
        let mut x = 0;
        while x <= last {
            if new[x] != old[x] {
                self.go_to(x as u16, y, new);
                if x >= tail && last + 1 - x > ERASE_LINE.len() {
                    // Clearing takes the ground of the pen, and on some terminals its lines too.
                    self.set_pen(Look::PLAIN);
                    self.out.extend_from_slice(ERASE_LINE);
                    return;
                }
                self.put(&new[x]);
            }
            x += usize::from(new[x].width).max(1);
        }
    }

    /// Writes one cell where the cursor is.
    fn put(&mut self, cell: &Cell) {
        match self.pen {
            Some(pen) if cell.is_ground() => self.set_pen(pen.for_blank(cell.look.bg)),
            _ => self.set_pen(cell.look),
        }
        cell.sign.write(&mut self.out);
        self.advance(cell.width);
    }

    /// Notes that the cursor went on by this many columns.
    fn advance(&mut self, width: u16) {
        let column = self.column.map(|column| column + width);
        self.column = column.filter(|column| *column < self.size.width);
    }

    fn set_pen(&mut self, look: Look) {
        pen::change(self.pen, look, &mut self.out);
        self.pen = Some(look);
    }

    /// Moves the cursor the shortest way. `row` is what the row of the target will show, or empty:
    /// cells on the way that need no other pen may be written again.
    fn go_to(&mut self, x: u16, y: u16, row: &[Cell]) {
        if self.row == y && self.column == Some(x) {
            return;
        }
        let start = self.out.len();
        self.jump(x, y);
        let jumped = self.out.len() - start;
        if let Some(gap) = self.gap(x, y, row)
            && gap.iter().map(|cell| cell.sign.len()).sum::<usize>() <= jumped
        {
            self.out.truncate(start);
            for cell in gap.iter().filter(|cell| cell.width > 0) {
                cell.sign.write(&mut self.out);
            }
        }
        (self.row, self.column) = (y, Some(x));
    }

    /// The cells from the cursor to column `x`, if all of them can be written with the pen as it
    /// is, and neither end is in the middle of a wide one.
    fn gap<'a>(&self, x: u16, y: u16, row: &'a [Cell]) -> Option<&'a [Cell]> {
        let (pen, from, to) = (self.pen?, usize::from(self.column?), usize::from(x));
        if row.get(from)?.width == 0 || row.get(to)?.width == 0 {
            return None;
        }
        let gap = row.get(from..to)?;
        let fits = |cell: &Cell| {
            if cell.is_ground() {
                pen.for_blank(cell.look.bg) == pen
            } else {
                cell.look == pen
            }
        };
        (self.row == y && gap.len() <= LONGEST_GAP && gap.iter().all(fits)).then_some(gap)
    }

    /// Writes the shortest sequence that moves the cursor.
    fn jump(&mut self, x: u16, y: u16) {
        let start = self.out.len();
        // Straight there.
        match (x, y) {
            (0, 0) => self.sequence(&[], b'H'),
            (0, _) => self.sequence(&[y + 1], b'H'),
            _ => self.sequence(&[y + 1, x + 1], b'H'),
        }
        // By the beginning of a line below or of this one.
        if y >= self.row {
            self.attempt(start, |painter| {
                painter.out.push(b'\r');
                for _ in painter.row..y {
                    painter.out.push(b'\n');
                }
                painter.along(0, x);
            });
        }
        // Up or down, and then along.
        if let Some(column) = self.column {
            self.attempt(start, |painter| {
                match y.cmp(&painter.row) {
                    std::cmp::Ordering::Less => painter.counted(painter.row - y, b'A'),
                    std::cmp::Ordering::Greater => painter.counted(y - painter.row, b'B'),
                    std::cmp::Ordering::Equal => {}
                }
                painter.along(column, x);
            });
        }
    }

    /// Replaces what was written since `start` by what `write` writes, if that is shorter.
    fn attempt(&mut self, start: usize, write: impl FnOnce(&mut Self)) {
        let middle = self.out.len();
        write(self);
        if self.out.len() - middle < middle - start {
            self.out.drain(start..middle);
        } else {
            self.out.truncate(middle);
        }
    }

    /// Writes a move within the row.
    fn along(&mut self, from: u16, to: u16) {
        match to.cmp(&from) {
            std::cmp::Ordering::Greater => self.counted(to - from, b'C'),
            std::cmp::Ordering::Less if from - to <= 3 => {
                for _ in to..from {
                    self.out.push(b'\x08');
                }
            }
            std::cmp::Ordering::Less => self.counted(from - to, b'D'),
            std::cmp::Ordering::Equal => {}
        }
    }

    /// Writes a control sequence that does something `count` times, at least once.
    fn counted(&mut self, count: u16, end: u8) {
        if count == 1 {
            self.sequence(&[], end);
        } else {
            self.sequence(&[count], end);
        }
    }

    /// Writes a control sequence.
    fn sequence(&mut self, numbers: &[u16], end: u8) {
        self.out.extend_from_slice(b"\x1b[");
        for (index, number) in numbers.iter().enumerate() {
            if index > 0 {
                self.out.push(b';');
            }
            write_number(*number, &mut self.out);
        }
        self.out.push(end);
    }

    /// Shows the cursor where it is wanted, or hides it.
    fn place_cursor(&mut self, cursor: Option<Position>, picture: &Picture) {
        let inside = |at: &Position| at.x < self.size.width && at.y < self.size.height;
        let cursor = cursor.filter(inside);
        if let Some(at) = cursor {
            self.go_to(at.x, at.y, picture.row(usize::from(at.y)));
        }
        let visible = cursor.is_some();
        if self.visible != Some(visible) {
            let switch = if visible { b"\x1b[?25h" } else { b"\x1b[?25l" };
            self.out.extend_from_slice(switch);
            self.visible = Some(visible);
        }
    }
}

#[cfg(test)]
mod budget;
#[cfg(test)]
mod tests;
