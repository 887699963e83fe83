//! Tables of the htools: cells padded to the widest of their column, one space between.

/// A column: its title, and whether it holds numbers, which stand on the right.
pub type Column<'a> = (&'a str, bool);

/// Lines of a table, its titles first, each ending in a line end.
pub fn table(columns: &[Column<'_>], rows: &[Vec<String>], before: &str) -> String {
    let width = |at: usize, title: &str| {
        let cells = rows.iter().filter_map(|row| row.get(at));
        let widths = cells.map(|cell| cell.chars().count());
        widths.chain([title.chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = columns
        .iter()
        .enumerate()
        .map(|(at, (title, _))| width(at, title))
        .collect();
    let titles: Vec<String> = columns.iter().map(|it| it.0.to_owned()).collect();
    let mut out = String::new();
    for row in std::iter::once(&titles).chain(rows) {
        let cells = row.iter().zip(&widths).zip(columns);
        let cells = cells.map(|((cell, width), (_, number))| {
            let width = *width;
            if *number {
                format!("{cell:>width$}")
            } else {
                format!("{cell:<width$}")
            }
        });
        let cells: Vec<String> = cells.collect();
        out += &format!("{before}{}\n", cells.join(" "));
    }
    out
}
