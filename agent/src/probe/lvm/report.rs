//! The rows of a report, in any of the forms that LVM's programs print, and with their complaints
//! between the lines, as a terminal or a support archive has them.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::row::Row;
use super::{size, table};

/// So many complaints are kept; the rest is only counted.
const COMPLAINTS: usize = 20;
/// And so many characters of each.
const WIDTH: usize = 200;

/// What a program reports on.
#[derive(Debug)]
pub struct Kind {
    /// The program, as complaints name it.
    pub program: &'static str,
    /// Its lists of rows in JSON.
    pub lists: &'static [&'static str],
    /// The field without which a row is none.
    pub name: &'static str,
    /// Its field of attributes.
    pub attr: &'static str,
    /// Its fields that are sizes.
    pub sizes: &'static [&'static str],
    /// The columns of tables without headings, told apart by their number and what is in them.
    pub tables: &'static [&'static [&'static str]],
}

impl Kind {
    /// Whether this can be a row: it has a name, and attributes and sizes that look so.
    pub fn fits(&self, row: &Row) -> bool {
        let attr = row.text(self.attr);
        let attr_fits = attr.len() >= 3
            && attr.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-')
            && (attr.contains('-') || attr.len() >= 10);
        let mut sizes = self.sizes.iter().map(|field| row.text(field));
        let mut sizes_fit = sizes.clone().filter(|text| !text.is_empty());
        !row.text(self.name).is_empty()
            && (attr.is_empty() || attr_fits)
            && sizes_fit.all(|text| size::bytes(text).is_some())
            && (attr_fits || sizes.any(|text| !text.is_empty()))
    }

    /// A size in bytes. One that cannot be read is complained about and 0.
    pub fn size(&self, row: &Row, field: &str, complaints: &mut Complaints) -> u64 {
        match row.text(field) {
            "" => 0,
            text => size::bytes(text).unwrap_or_else(|| {
                let name = row.text(self.name);
                complaints.add(format!(
                    "{} {name}: {field}: {text} is no size",
                    self.program
                ));
                0
            }),
        }
    }
}

/// Complaints, each once, and no more than can be read.
#[derive(Debug, Default)]
pub struct Complaints {
    list: Vec<String>,
    more: usize,
}

impl Complaints {
    /// One more.
    pub fn add(&mut self, complaint: impl AsRef<str>) {
        let complaint: String = complaint.as_ref().trim().chars().take(WIDTH).collect();
        if self.list.contains(&complaint) {
            return;
        }
        if self.list.len() < COMPLAINTS {
            self.list.push(complaint);
        } else {
            self.more += 1;
        }
    }

    /// A line that could not be read, counted from 1.
    pub fn unread(&mut self, kind: &Kind, number: usize, line: &str) {
        let (program, line) = (kind.program, line.trim());
        self.add(format!("{program} line {number}: not understood: {line}"));
    }

    /// All of them.
    pub fn into_list(self) -> Vec<String> {
        let mut list = self.list;
        if self.more > 0 {
            list.push(format!("and {} more", self.more));
        }
        list
    }
}

/// All rows of a text.
pub fn rows(text: &str, kind: &Kind, complaints: &mut Complaints) -> Vec<Row> {
    let is_json = text.lines().any(|line| line.trim_start().starts_with('{'));
    if is_json {
        json(text, kind, complaints)
    } else {
        table::rows(text, kind, complaints)
    }
}

/// A whole report. In each of its parts are lists of rows, by what they are about.
#[derive(Debug, Deserialize)]
struct Report {
    report: Option<Vec<BTreeMap<String, Vec<Row>>>>,
}

impl Report {
    /// Those of its rows that are of this kind.
    fn rows(self, kind: &Kind, complaints: &mut Complaints) -> Vec<Row> {
        let is_own = |list: &str| kind.lists.contains(&list);
        if self.report.is_none() {
            complaints.add(format!("{}: no report in it", kind.program));
        }
        let parts = self.report.into_iter().flatten().flatten();
        let (own, other): (Vec<_>, Vec<_>) =
            parts.partition(|(list, _): &(String, _)| is_own(list));
        let has_own = !own.is_empty();
        let lists = if has_own { own } else { other };
        let mut rows: Vec<Row> = lists.into_iter().flat_map(|(_, rows)| rows).collect();
        let count = rows.len();
        rows.retain(|row| !row.text(kind.name).is_empty());
        if has_own && rows.len() < count {
            let (program, name) = (kind.program, kind.name);
            complaints.add(format!(
                "{program}: {} rows without {name}",
                count - rows.len()
            ));
        }
        rows
    }
}

fn json(text: &str, kind: &Kind, complaints: &mut Complaints) -> Vec<Row> {
    if let Ok(report) = serde_json::from_str::<Report>(text) {
        return report.rows(kind, complaints);
    }
    // Without the lines that can be no JSON.
    let is_json = |line: &&str| {
        line.trim_start()
            .starts_with(['{', '}', '[', ']', '"', ','])
    };
    let lines: Vec<&str> = text.lines().filter(is_json).collect();
    if let Ok(report) = serde_json::from_str::<Report>(&lines.join("\n")) {
        for line in text.lines().filter(|line| !is_json(line)) {
            words(line, complaints);
        }
        return report.rows(kind, complaints);
    }
    drop(lines);
    json_lines(text, kind, complaints)
}

/// LVM prints each row on a line of its own, so that those are left of a report that is cut off,
/// or that complaints were printed into.
fn json_lines(text: &str, kind: &Kind, complaints: &mut Complaints) -> Vec<Row> {
    let mut rows = Vec::new();
    // Rows before the name of any list are taken for our own.
    let mut is_own = true;
    let mut lines = text.lines().enumerate().peekable();
    while let Some((number, line)) = lines.next() {
        let line = line.trim();
        if let Some(list) = list_name(line) {
            is_own = kind.lists.contains(&list);
            continue;
        }
        if line.bytes().all(|b| b"{}[], ".contains(&b)) {
            continue;
        }
        if !line.starts_with('{') {
            words_or_unread(line, number, kind, complaints);
            continue;
        }
        let mut read = row(line);
        if read.is_none()
            && let Some((begun, complaint)) = line.split_once("  ")
            && let Some((_, next)) = lines.peek()
            && let Some(mended) = row(&format!("{begun}{next}"))
        {
            // A complaint that was printed into the middle of a row ends with its line.
            words(complaint, complaints);
            lines.next();
            read = Some(mended);
        }
        match read {
            Some((row, rest)) => {
                if is_own && !row.text(kind.name).is_empty() {
                    rows.push(row);
                }
                words(&rest, complaints);
            }
            None if is_own => complaints.unread(kind, number + 1, line),
            None => {}
        }
    }
    rows
}

/// The list that a line opens, such as `"vg": [`.
fn list_name(line: &str) -> Option<&str> {
    let before = line.strip_suffix('[')?.trim_end().strip_suffix(':')?;
    let name = before.trim_end().strip_suffix('"')?.rsplit('"').next()?;
    (!name.is_empty()).then_some(name)
}

/// A row at the beginning of a line, and what comes after it that is not JSON.
fn row(line: &str) -> Option<(Row, String)> {
    let mut rows = serde_json::Deserializer::from_str(line).into_iter::<Row>();
    let row = rows.next()?.ok()?;
    let rest = line.get(rows.byte_offset()..).unwrap_or_default();
    let rest = rest.trim_start_matches(|c: char| ",]}".contains(c) || c.is_whitespace());
    Some((row, rest.to_owned()))
}

/// A line of LVM's own words.
pub fn words(line: &str, complaints: &mut Complaints) {
    if !line.trim().is_empty() {
        complaints.add(line);
    }
}

/// Whether a line is LVM's own words.
pub fn is_words(line: &str) -> bool {
    const BEGINNINGS: &[&str] = &[
        "WARNING",
        "Couldn't",
        "Cannot",
        "Can't",
        "Could not",
        "Failed",
        "Volume group",
        "Device",
        "Found",
        "File descriptor",
        "Unable",
        "No ",
        "Internal",
        "Skipping",
        "Reading",
        "Error",
    ];
    let line = line.trim();
    BEGINNINGS.iter().any(|words| line.starts_with(words))
        || line.contains(' ') && (line.ends_with('.') || line.contains(": "))
}

/// A line that is no row: LVM's own words, or something that could not be read.
pub fn words_or_unread(line: &str, index: usize, kind: &Kind, complaints: &mut Complaints) {
    if is_words(line) {
        words(line, complaints);
    } else {
        complaints.unread(kind, index + 1, line);
    }
}
