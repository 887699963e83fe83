//! Where on the screen everything stands.

use super::area::Area;
use super::nav::{Page, View};

/// The least size that the pages need, columns and rows.
pub const LEAST: (u16, u16) = (40, 10);

/// Lines of the header.
const HEADER: u16 = 3;

/// From this width on the pane stands beside the table, below it otherwise.
const SIDE_BY_SIDE: u16 = 140;

/// Columns of a pane beside the table.
const SIDE: u16 = 48;

/// Rows of the body that a pane below the table needs to leave the table some.
const PANE_NEEDS: u16 = 12;

/// Where everything stands. What is not on the screen has an empty area.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// The state of the cluster, on every page.
    pub header: Area,
    /// The rule with the page's name.
    pub rule: Area,
    /// The text of the page.
    pub sheet: Area,
    /// The headers of the columns.
    pub heading: Area,
    /// The rows of the table.
    pub rows: Area,
    /// The line between table and pane: one row high, or one column wide.
    pub divider: Area,
    /// The detail of the selected row.
    pub pane: Area,
    /// Keys, or what is typed.
    pub bottom: Area,
}

/// Lays out a page of which the text has this many lines; none if the screen is too small.
pub fn layout(size: (u16, u16), view: &View, lines: usize) -> Option<Layout> {
    let (width, height) = size;
    if width < LEAST.0 || height < LEAST.1 {
        return None;
    }
    let screen = Area {
        x: 0,
        y: 0,
        width,
        height,
    };
    let (header, rest) = screen.cut_top(HEADER);
    let (rule, rest) = rest.cut_top(1);
    let (body, bottom) = rest.cut_bottom(1);
    let mut layout = Layout {
        header,
        rule,
        bottom,
        ..Layout::default()
    };
    if view.shown_table().is_none() {
        layout.sheet = inset(body);
        return Some(layout);
    }
    let mut body = body;
    if lines > 0 {
        let lines = u16::try_from(lines).unwrap_or(u16::MAX);
        let (sheet, rest) = body.cut_top(lines.min(body.height / 2));
        (layout.sheet, body) = (inset(sheet), rest);
        // A blank line between the text and the table, where there is room.
        if body.height > 6 {
            body = body.cut_top(1).1;
        }
    }
    if view.pane && beside(size, view) {
        let (rest, side) = body.cut_right(SIDE);
        let (pane, divider) = {
            let (divider, pane) = side.cut_right(SIDE - 1);
            (pane, divider)
        };
        (layout.divider, layout.pane, body) = (divider, inset(pane), rest);
    } else if view.pane && body.height >= PANE_NEEDS {
        let (rest, below) = body.cut_bottom(body.height * 2 / 5);
        let (divider, pane) = below.cut_top(1);
        (layout.divider, layout.pane, body) = (divider, inset(pane), rest);
    }
    (layout.heading, layout.rows) = body.cut_top(1);
    Some(layout)
}

/// The pane stands beside the table. A job's log wants the whole width.
pub fn beside(size: (u16, u16), view: &View) -> bool {
    size.0 >= SIDE_BY_SIDE && view.page != Page::Jobs
}

/// The columns that text has in an area that is this wide.
pub fn text_width(size: (u16, u16), view: &View, pane: bool) -> u16 {
    let width = if pane && beside(size, view) {
        SIDE - 1
    } else {
        size.0
    };
    width.saturating_sub(2)
}

/// Without a column at either side.
fn inset(area: Area) -> Area {
    Area {
        x: area.x + area.width.min(1),
        width: area.width.saturating_sub(2),
        ..area
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn nothing_leaves_the_screen_or_overlaps(
            width in 0_u16..400, height in 0_u16..120, lines in 0_usize..80, pane: bool, jobs: bool,
        ) {
            let mut view = View::new(if jobs { Page::Jobs } else { Page::Nodes });
            view.pane = pane;
            let Some(l) = layout((width, height), &view, lines) else {
                prop_assert!(width < LEAST.0 || height < LEAST.1);
                return Ok(());
            };
            let areas = [l.header, l.rule, l.sheet, l.heading, l.rows, l.divider, l.pane, l.bottom];
            let mut taken = std::collections::HashSet::new();
            for area in areas {
                for y in area.y..area.y + area.height {
                    for x in area.x..area.x + area.width {
                        prop_assert!(x < width && y < height);
                        prop_assert!(taken.insert((x, y)), "{area:?} overlaps");
                    }
                }
            }
            prop_assert!(l.rows.height >= 1);
        }
    }
}
