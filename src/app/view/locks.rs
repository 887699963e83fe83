//! Who holds locks and who waits for them, as chains.

use std::borrow::Cow;

use gantry_wire::job::Job;

use crate::app::columns::{Col, Column};
use crate::app::facts::Facts;
use crate::app::rows::{Id, SortKey};
use crate::app::sheet::Sheet;
use crate::app::tone::Tone;
use crate::model::Cluster;
use crate::model::job::summary;
use crate::planner::locks::{Link, Who};

use super::jobs;

/// Its columns.
pub const COLUMNS: &[Column] = &[
    Column::text(Col::Id, "JOB", 9, 0).growing(24),
    Column::text(Col::Status, "STATUS", 10, 2),
    Column::text(Col::Locks, "LOCK", 26, 1).growing(64),
    Column::text(Col::Summary, "SUMMARY", 20, 3).growing(60),
    Column::number(Col::Took, "TOOK", 8, 5),
    Column::text(Col::Note, "NEWEST LINE", 14, 4)
        .growing(200)
        .apart(),
];

/// The chains, with those first in which most wait.
pub fn ids(facts: &Facts) -> Vec<Id> {
    facts.chains.iter().map(|link| id(&link.who)).collect()
}

fn id(who: &Who) -> Id {
    match who {
        Who::Job(job) => Id::Job(*job),
        Who::Other(name) => Id::Holder(name.clone()),
    }
}

/// The place of a row.
pub fn link<'a>(facts: &'a Facts, wanted: &Id) -> Option<&'a Link> {
    facts.chains.iter().find(|link| id(&link.who) == *wanted)
}

/// The job of a row.
pub fn job<'a>(cluster: &'a Cluster, id: &Id) -> Option<&'a Job> {
    match id {
        Id::Job(id) => cluster.jobs.get(id),
        _ => None,
    }
}

/// What a filter searches.
pub fn words(cluster: &Cluster, facts: &Facts, id: &Id) -> Option<Vec<String>> {
    let link = link(facts, id)?;
    let mut words = vec![name(link), lock(link)];
    words.extend(link.holds.iter().map(|(name, _)| name.clone()));
    words.extend(job(cluster, id).map(summary));
    Some(words)
}

/// The text of a column that grows.
pub fn text<'a>(cluster: &'a Cluster, facts: &Facts, id: &Id, col: Col) -> Option<Cow<'a, str>> {
    let link = link(facts, id)?;
    let job = job(cluster, id);
    let text = match col {
        Col::Id => name(link),
        Col::Locks => lock(link),
        Col::Summary => job.map(summary).unwrap_or_default(),
        Col::Note => note(job),
        _ => return None,
    };
    Some(Cow::Owned(facts.names.shorten(&text)))
}

/// A row's place in the order of a column other than the first.
pub fn sort_key(cluster: &Cluster, facts: &Facts, id: &Id, col: Col) -> Option<SortKey> {
    let job = job(cluster, id);
    Some(match col {
        Col::Status => SortKey::Text(job?.status.clone()),
        Col::Took => SortKey::number(jobs::took(job?, cluster)),
        col => SortKey::Text(text(cluster, facts, id, col)?.into_owned()),
    })
}

/// Its job, further to the right the more stand above it.
fn name(link: &Link) -> String {
    let margin = "  ".repeat(link.depth.min(6));
    match &link.who {
        Who::Job(id) => format!("{margin}{id}"),
        Who::Other(name) => format!("{margin}{name}"),
    }
}

/// What it waits for, or holds.
fn lock(link: &Link) -> String {
    let more = |count: usize| match count {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    match (&link.wants, link.holds.as_slice()) {
        (Some(want), _) if want.lock.is_empty() => "waits, not known for which".to_owned(),
        (Some(want), _) => {
            let mut text = format!("waits for {}{}", want.lock, more(want.more));
            match want.held.as_str() {
                "" => {}
                held => text += &format!(", held {held}"),
            }
            if want.others > 0 {
                text += &format!(" by {} more", want.others);
            }
            text
        }
        (None, [(name, mode), rest @ ..]) => {
            format!("holds {name} {mode}{}", more(rest.len()))
        }
        (None, []) => "holds nothing any more".to_owned(),
    }
}

/// The newest line of a job that moves: what all that stand below it wait for.
fn note(job: Option<&Job>) -> String {
    let line = job.and_then(|job| job.last_line.as_ref());
    line.map_or(String::new(), |line| line.text.trim().to_owned())
}

/// Something that holds locks and is no job.
pub fn holder(facts: &Facts, name: &str, width: u16) -> Sheet {
    let mut sheet = Sheet::new(width);
    let text = format!(
        "{name} holds locks and is no job: Ganeti's own doing, or what is left of a job that died."
    );
    sheet.wrapped(&text, Tone::Plain, 0);
    let link = link(facts, &Id::Holder(name.to_owned()));
    for (lock, mode) in link.into_iter().flat_map(|link| &link.holds) {
        sheet.wrapped(
            &facts.names.shorten(&format!("{lock} {mode}")),
            Tone::Dim,
            2,
        );
    }
    sheet
}
