//! Reads a table off the screen by where its titles stand.

/// A table as it stands on a screen.
pub struct Table {
    first: String,
    titles: Vec<char>,
    rows: Vec<Vec<char>>,
}

impl Table {
    /// The table whose first column has this title.
    pub fn read(screen: &str, first: &str) -> Option<Self> {
        let mut lines = screen.lines().map(|line| line.chars().collect());
        let titles: Vec<char> = lines.find(|line: &Vec<char>| span(line, first).is_some())?;
        Some(Table {
            first: first.to_owned(),
            titles,
            rows: lines.collect(),
        })
    }

    /// The first word that stands under a title in the row of a subject, which is what stands
    /// under the first title; none if the column is not there, the row is not, or nothing stands
    /// there.
    pub fn cell(&self, subject: &str, title: &str) -> Option<String> {
        let first = span(&self.titles, &self.first)?;
        let column = span(&self.titles, title)?;
        let row = self
            .rows
            .iter()
            .find(|row| word(row, first).as_deref() == Some(subject))?;
        word(row, column)
    }
}

/// The word of a line that reaches into this span.
fn word(line: &[char], (from, to): (usize, usize)) -> Option<String> {
    let blank = |at: usize| line.get(at).is_none_or(|c| *c == ' ');
    let inside = (from..to).find(|at| !blank(*at))?;
    let start = (0..=inside).rev().take_while(|at| !blank(*at)).last()?;
    Some(line[start..].iter().take_while(|c| **c != ' ').collect())
}

/// Where some text stands in a line as words of their own.
fn span(line: &[char], text: &str) -> Option<(usize, usize)> {
    let wanted: Vec<char> = text.chars().collect();
    let outside = |at: Option<&char>| at.is_none_or(|c| !c.is_alphanumeric());
    (0..line.len()).find_map(|from| {
        let to = from + wanted.len();
        let here = line.get(from..to)? == wanted;
        let alone =
            outside(from.checked_sub(1).map(|before| &line[before])) && outside(line.get(to));
        (here && alone).then_some((from, to))
    })
}

#[test]
fn cells_are_found_under_their_titles() {
    let screen = [
        "above",
        "  NODE     GROUP  MTOTAL UP",
        "> node1    rack1   23.5G  3d",
        "  node11   rack2    4.0G",
    ]
    .join("\n");
    let table = Table::read(&screen, "NODE").unwrap();
    assert_eq!(table.cell("node1", "GROUP").unwrap(), "rack1");
    assert_eq!(table.cell("node11", "MTOTAL").unwrap(), "4.0G");
    assert_eq!(table.cell("node1", "UP").unwrap(), "3d");
    assert_eq!(table.cell("node11", "UP"), None);
    assert_eq!(table.cell("node2", "GROUP"), None);
}
