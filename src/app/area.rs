//! Rectangles of the screen.

/// A rectangle in cells, counted from 0 at the upper left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Area {
    /// First column.
    pub x: u16,
    /// First row.
    pub y: u16,
    /// Columns.
    pub width: u16,
    /// Rows.
    pub height: u16,
}

impl Area {
    /// Whether a cell lies in it.
    pub fn contains(self, col: u16, row: u16) -> bool {
        (self.x..self.x.saturating_add(self.width)).contains(&col)
            && (self.y..self.y.saturating_add(self.height)).contains(&row)
    }

    /// Cuts rows off at the top: what was cut off, and the rest.
    pub fn cut_top(self, rows: u16) -> (Area, Area) {
        let rows = rows.min(self.height);
        let top = Area {
            height: rows,
            ..self
        };
        let rest = Area {
            y: self.y + rows,
            height: self.height - rows,
            ..self
        };
        (top, rest)
    }

    /// Cuts rows off at the bottom: the rest, and what was cut off.
    pub fn cut_bottom(self, rows: u16) -> (Area, Area) {
        self.cut_top(self.height.saturating_sub(rows))
    }

    /// Cuts columns off at the right: the rest, and what was cut off.
    pub fn cut_right(self, columns: u16) -> (Area, Area) {
        let columns = columns.min(self.width);
        let rest = Area {
            width: self.width - columns,
            ..self
        };
        let right = Area {
            x: self.x + rest.width,
            width: columns,
            ..self
        };
        (rest, right)
    }

    /// The row of this number, empty if there is none.
    pub fn row(self, index: u16) -> Area {
        let (_, below) = self.cut_top(index);
        below.cut_top(1).0
    }
}
