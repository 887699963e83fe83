//! Everything that is wrong, as a table.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::app::columns::{Col, Column};
use crate::app::facts::Facts;
use crate::app::rows::{About, Id};
use crate::planner::{Finding, Severity, Subject};

/// Its columns.
pub const COLUMNS: &[Column] = &[
    Column::text(Col::Severity, "SEVERITY", 9, 0).largest_first(),
    Column::text(Col::Subject, "ABOUT", 10, 2).growing(30),
    Column::text(Col::Text, "WHAT", 30, 1).growing(300),
];

/// The findings, worst first.
pub fn ids(facts: &Facts) -> Vec<Id> {
    let mut seen: HashMap<About, usize> = HashMap::new();
    let about = facts.findings.iter().map(|f| About::from(&f.subject));
    about
        .map(|about| {
            let nth = seen.entry(about.clone()).or_default();
            *nth += 1;
            Id::Alert(about, *nth - 1)
        })
        .collect()
}

/// The finding of a row.
pub fn finding<'a>(facts: &'a Facts, id: &Id) -> Option<&'a Finding> {
    let Id::Alert(about, nth) = id else {
        return None;
    };
    let same = |finding: &&Finding| About::from(&finding.subject) == *about;
    facts.findings.iter().filter(same).nth(*nth)
}

/// What a filter searches.
pub fn words(facts: &Facts, id: &Id) -> Option<Vec<String>> {
    let finding = finding(facts, id)?;
    Some(vec![
        finding.text.clone(),
        severity(finding.severity).to_owned(),
        subject(facts, finding).into_owned(),
    ])
}

/// The text of a column.
pub fn text<'a>(facts: &'a Facts, id: &Id, col: Col) -> Option<Cow<'a, str>> {
    let finding = finding(facts, id)?;
    Some(match col {
        Col::Severity => Cow::Borrowed(severity(finding.severity)),
        Col::Subject => subject(facts, finding),
        Col::Text => Cow::Borrowed(&finding.text),
        _ => return None,
    })
}

/// In a word.
pub fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "critical",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn subject<'a>(facts: &'a Facts, finding: &'a Finding) -> Cow<'a, str> {
    match &finding.subject {
        Subject::Cluster => Cow::Borrowed("cluster"),
        Subject::Node(name)
        | Subject::Storage(name)
        | Subject::Fall(name)
        | Subject::Instance(name) => Cow::Borrowed(facts.names.short(name)),
        Subject::Disk(name, index) => Cow::Owned(format!("{}/{index}", facts.names.short(name))),
        Subject::Job(id) => Cow::Owned(format!("job {id}")),
    }
}
