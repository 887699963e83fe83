//! Reports as tables: with columns below headings, as people call LVM's programs, or with a
//! separator and without headings, as Ganeti does.

use super::report::{Complaints, Kind, is_words, words_or_unread};
use super::row::Row;

/// Characters that separate columns where asked for.
const SEPARATORS: [char; 5] = ['|', ';', '\t', ':', ','];

/// Headings and the fields below them. `Attr` is the attributes of what the report is about.
const HEADINGS: &[(&str, &str)] = &[
    ("VG", "vg_name"),
    ("VG UUID", "vg_uuid"),
    ("VSize", "vg_size"),
    ("VFree", "vg_free"),
    ("Ext", "vg_extent_size"),
    ("VG Tags", "vg_tags"),
    ("#PV", "pv_count"),
    ("#LV", "lv_count"),
    ("PV", "pv_name"),
    ("PV UUID", "pv_uuid"),
    ("PSize", "pv_size"),
    ("PFree", "pv_free"),
    ("PV Tags", "pv_tags"),
    ("LV", "lv_name"),
    ("LV UUID", "lv_uuid"),
    ("LSize", "lv_size"),
    ("LV Tags", "lv_tags"),
    ("KMin", "lv_kernel_minor"),
    ("Origin", "origin"),
    ("Pool", "pool_lv"),
    ("Devices", "devices"),
    ("Attr", ""),
];

/// What is above the rows.
#[derive(Debug)]
struct Head {
    /// Without one, columns are told by where they begin and end.
    separator: Option<char>,
    columns: Vec<Column>,
}

/// Characters from the beginning of the line.
type Span = std::ops::Range<usize>;

#[derive(Debug)]
struct Column {
    /// The field in it, if it is one that is used.
    field: Option<&'static str>,
    span: Span,
}

/// All rows of a table.
pub fn rows(text: &str, kind: &Kind, complaints: &mut Complaints) -> Vec<Row> {
    let mut head: Option<Head> = None;
    let mut rows = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        if let Some(found) = Head::of(line, kind) {
            head = Some(found);
            continue;
        }
        // Older versions name a missing device with two words.
        let line = &line.replace("unknown device", "[unknown]     ");
        let below = head.as_ref().map(|head| head.row(line));
        let row = below.filter(|row| kind.fits(row));
        // Attributes are like nothing else; without them a row may be words.
        let is_row = |row: &Row| !row.text(kind.attr).is_empty() || !is_words(line);
        match row.or_else(|| without_head(line, kind).filter(is_row)) {
            Some(row) => rows.push(row),
            None => words_or_unread(line, index, kind, complaints),
        }
    }
    rows
}

impl Head {
    /// A line that is headings, the name's among them.
    fn of(line: &str, kind: &Kind) -> Option<Head> {
        let with_separator = SEPARATORS.into_iter().filter_map(|separator| {
            let cells = cells(line, separator);
            let columns = cells.into_iter().map(|cell| Column {
                field: field(cell, kind),
                span: 0..0,
            });
            line.contains(separator).then(|| Head {
                separator: Some(separator),
                columns: columns.collect(),
            })
        });
        let by_place = Head {
            separator: None,
            columns: headings(line, kind),
        };
        with_separator.chain([by_place]).find(|head| {
            let known = head.columns.iter().filter_map(|column| column.field);
            let names = known.clone().filter(|field| *field == kind.name);
            names.count() == 1 && known.count() > 1
        })
    }

    fn row(&self, line: &str) -> Row {
        let mut row = Row::default();
        let mut set = |column: &Column, text: &str| {
            if let Some(field) = column.field {
                row.set(field, text);
            }
        };
        if let Some(separator) = self.separator {
            for (column, cell) in self.columns.iter().zip(cells(line, separator)) {
                set(column, cell);
            }
            return row;
        }
        let words = words(line);
        let all_filled = words.len() == self.columns.len();
        for (n, (span, word)) in words.iter().enumerate() {
            // Whether a column is flush left or right, what is in it is below its heading.
            let below =
                |column: &&Column| column.span.start < span.end && span.start < column.span.end;
            let column = match all_filled {
                true => self.columns.get(n),
                false => self.columns.iter().find(below),
            };
            if let Some(column) = column {
                set(column, word);
            }
        }
        row
    }
}

/// The headings of columns that are told by their places. Some have two words.
fn headings(line: &str, kind: &Kind) -> Vec<Column> {
    let words = words(line);
    let mut columns = Vec::new();
    let mut n = 0;
    while let Some((span, word)) = words.get(n) {
        let two = words.get(n + 1).and_then(|(second, next)| {
            let field = field(&format!("{word} {next}"), kind)?;
            Some((field, second.end))
        });
        columns.push(match two {
            Some((field, end)) => Column {
                field: Some(field),
                span: span.start..end,
            },
            None => Column {
                field: field(word, kind),
                span: span.clone(),
            },
        });
        n += if two.is_some() { 2 } else { 1 };
    }
    columns
}

fn field(heading: &str, kind: &Kind) -> Option<&'static str> {
    let (_, field) = HEADINGS.iter().find(|(name, _)| *name == heading)?;
    Some(if field.is_empty() { kind.attr } else { field })
}

fn without_head(line: &str, kind: &Kind) -> Option<Row> {
    let separated = SEPARATORS
        .into_iter()
        .map(|separator| cells(line, separator));
    let by_spaces = line.split_whitespace().collect();
    separated.chain([by_spaces]).find_map(|cells: Vec<&str>| {
        let columns = kind
            .tables
            .iter()
            .filter(|table| table.len() == cells.len());
        let mut rows = columns.map(|columns| {
            let mut row = Row::default();
            for (field, cell) in columns.iter().zip(&cells) {
                row.set(field, cell);
            }
            row
        });
        rows.find(|row| kind.fits(row))
    })
}

fn cells(line: &str, separator: char) -> Vec<&str> {
    line.split(separator).map(str::trim).collect()
}

/// The words of a line and where they are.
fn words(line: &str) -> Vec<(Span, &str)> {
    let mut words = Vec::new();
    let mut begun = None;
    let ends = line.char_indices().chain([(line.len(), ' ')]);
    for (place, (byte, c)) in ends.enumerate() {
        match (begun, c.is_whitespace()) {
            (None, false) => begun = Some((place, byte)),
            (Some((first, start)), true) => {
                words.extend(line.get(start..byte).map(|word| (first..place, word)));
                begun = None;
            }
            _ => {}
        }
    }
    words
}
