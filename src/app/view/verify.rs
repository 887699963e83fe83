//! What verifies found, as an inbox: what is new, what was acknowledged, what mends it.

use std::borrow::Cow;

use crate::action::mend;
use crate::app::columns::{Col, Column};
use crate::app::facts::Facts;
use crate::app::inbox::{Found, Row};
use crate::app::rows::{Id, SortKey};
use crate::app::sheet::{Sheet, Span};
use crate::app::tone::Tone;
use crate::model::Cluster;
use crate::model::family::Family;
use crate::model::words::{age, ago};
use crate::planner::verify::{self, Entry, Level, Part, Sort};

/// Its columns.
pub const COLUMNS: &[Column] = &[
    Column::text(Col::Severity, "LEVEL", 7, 0),
    Column::text(Col::Subject, "ABOUT", 10, 1).growing(28),
    Column::text(Col::News, "NEWS", 9, 4),
    Column::text(Col::Code, "CODE", 20, 5),
    Column::number(Col::More, "LINES", 5, 6),
    Column::number(Col::Age, "AGE", 5, 3),
    Column::text(Col::Text, "WHAT", 30, 2).growing(300).apart(),
];

/// A result older than this is not one of now, seconds.
const OLD: f64 = 3_600.0;

/// Lines with the same cause that the pane lists.
const FEW: usize = 12;

/// The findings: what nobody acknowledged first, errors before warnings, what is new before what is not.
pub fn ids(facts: &Facts) -> Vec<Id> {
    let rows = facts.inbox.rows.iter();
    rows.map(|row| Id::Cause(row.key.clone())).collect()
}

/// What a filter searches.
pub fn words(facts: &Facts, key: &str) -> Option<Vec<String>> {
    let row = facts.inbox.row(key)?;
    let mut words = vec![
        about(facts, &row.cause.entry),
        level(row.cause.entry.level).to_owned(),
    ];
    for entry in std::iter::once(&row.cause.entry).chain(&row.cause.folded) {
        words.extend([entry.code.clone(), entry.name.clone(), entry.text.clone()]);
    }
    Some(words)
}

/// The text of a column.
pub fn text<'a>(cluster: &Cluster, facts: &'a Facts, key: &str, col: Col) -> Option<Cow<'a, str>> {
    let row = facts.inbox.row(key)?;
    let entry = &row.cause.entry;
    Some(match col {
        Col::Severity => Cow::Borrowed(level(entry.level)),
        Col::Subject => Cow::Owned(about(facts, entry)),
        Col::News => Cow::Owned(news(cluster, row)),
        Col::Code if entry.code.is_empty() => Cow::Borrowed("-"),
        Col::Code => Cow::Borrowed(&entry.code),
        Col::More => Cow::Owned((row.cause.folded.len() + 1).to_string()),
        Col::Age => Cow::Owned(age(cluster.seconds_since(row.at))),
        Col::Text => Cow::Owned(what(facts, row)),
        _ => return None,
    })
}

/// A row's place in the order of a column other than the first.
pub fn sort_key(cluster: &Cluster, facts: &Facts, key: &str, col: Col) -> Option<SortKey> {
    let row = facts.inbox.row(key)?;
    Some(match col {
        Col::More => SortKey::Number(row.cause.folded.len() as f64),
        Col::Age => SortKey::Number(cluster.seconds_since(row.at)),
        col => SortKey::Text(text(cluster, facts, key, col)?.into_owned()),
    })
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
    }
}

fn about(facts: &Facts, entry: &Entry) -> String {
    match entry.sort {
        Sort::Cluster => "cluster".to_owned(),
        Sort::Group => format!("group {}", entry.name),
        Sort::Node | Sort::Instance => facts.names.short(&entry.name).to_owned(),
    }
}

fn news(cluster: &Cluster, row: &Row) -> String {
    match &row.ack {
        Some(ack) => format!("known {}", age((ack.until - cluster.now.wall).max(0.0))),
        None if row.new => "new".to_owned(),
        None => String::new(),
    }
}

/// Ganeti's words in one line, and how much comes of it.
fn what(facts: &Facts, row: &Row) -> String {
    let words = row.cause.entry.text.split_whitespace().collect::<Vec<_>>();
    let text = facts.names.shorten(&words.join(" "));
    match row.cause.folded.len() {
        0 => text,
        n => format!("{} lines, one cause: {text}", n + 1),
    }
}

/// The lines above the table: each part with its result and its age.
pub fn above(cluster: &Cluster, facts: &Facts, width: u16) -> Sheet {
    let mut sheet = Sheet::new(width);
    if let Some(job) = verify::under_way(cluster) {
        let fares = Family::of(job, cluster).map(|family| family.sentence());
        let fares = fares.unwrap_or_else(|| job.status.clone());
        let text = format!("A verify is under way, job {}: {fares}", job.id);
        sheet.wrapped(&text, Tone::Progress, 0);
    }
    let mut parts: Vec<(&Part, &Found)> = facts.inbox.parts().collect();
    parts.sort_by_key(|(part, _)| (*part).clone());
    let oldest = parts
        .iter()
        .map(|(_, found)| cluster.seconds_since(found.at));
    let Some(oldest) = oldest.reduce(f64::max) else {
        return sheet;
    };
    let mut line: Vec<Span> = Vec::new();
    let mut used = 0;
    for (part, found) in parts {
        let name = match part {
            Part::Config => "configuration",
            Part::Group(name) => name,
        };
        let (words, tone) = match found.verdict {
            Some(true) => ("ok", Tone::Plain),
            Some(false) => ("errors", Tone::Critical),
            None => ("result not known", Tone::Lost),
        };
        let since = format!(" {}", ago(cluster.seconds_since(found.at)));
        let spans = [
            Span::new(format!("{name}: "), Tone::Dim),
            Span::new(words, tone),
            Span::new(since, Tone::Dim),
            Span::new("   ", Tone::Dim),
        ];
        let wide: usize = spans.iter().map(|span| span.text.chars().count()).sum();
        if used > 0 && used + wide > usize::from(width) {
            sheet.spans(std::mem::take(&mut line));
            used = 0;
        }
        used += wide;
        line.extend(spans);
    }
    sheet.spans(line);
    if oldest > OLD {
        let text = format!(
            "The oldest of this is of {}: it may be otherwise now. v verifies again.",
            ago(oldest)
        );
        sheet.wrapped(&text, Tone::Stale, 0);
    }
    sheet
}

/// One finding whole: what it means, what has the same cause, what mends it.
pub fn detail(cluster: &Cluster, facts: &Facts, key: &str, width: u16) -> Sheet {
    let mut sheet = Sheet::new(width);
    let Some(row) = facts.inbox.row(key) else {
        return sheet;
    };
    let entry = &row.cause.entry;
    sheet.wrapped(&facts.names.shorten(&entry.text), Tone::Plain, 0);
    sheet.blank();
    let meaning = match entry.code.as_str() {
        "" => "The verify was not asked for codes; one of gantry's own is.",
        code => verify::meaning(code).unwrap_or("gantry does not know this code."),
    };
    sheet.wrapped(meaning, Tone::Dim, 0);
    sheet.blank();
    let part = match &row.part {
        Part::Config => "the configuration".to_owned(),
        Part::Group(name) => format!("group {name}"),
    };
    let found = format!(
        "found {} by the verify of {part}",
        ago(cluster.seconds_since(row.at))
    );
    sheet.wrapped(&found, Tone::Dim, 0);
    if let Some(ack) = &row.ack {
        let left = age((ack.until - cluster.now.wall).max(0.0));
        let text = format!("acknowledged by {}, for {left} more", ack.by);
        sheet.wrapped(&text, Tone::Dim, 0);
    } else if row.new {
        sheet.wrapped("new: the verify before did not find it", Tone::Warn, 0);
    }
    if let Some(mend) = mend::of_finding(entry, cluster) {
        sheet.spans(vec![
            Span::new("m ", Tone::Heading),
            Span::new("mends it: ", Tone::Dim),
            Span::new(facts.names.shorten(&mend.words()), Tone::Plain),
        ]);
    }
    if !row.cause.folded.is_empty() {
        sheet.heading("Of the same cause");
        for entry in row.cause.folded.iter().take(FEW) {
            let text = format!("{} {}: {}", entry.code, about(facts, entry), entry.text);
            sheet.wrapped(&facts.names.shorten(&text), Tone::Plain, 2);
        }
        let more = row.cause.folded.len().saturating_sub(FEW);
        if more > 0 {
            sheet.wrapped(&format!("and {more} more"), Tone::Dim, 2);
        }
    }
    sheet
}
