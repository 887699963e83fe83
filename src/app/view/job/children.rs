//! The jobs that a job made.

use gantry_wire::job::Job;

use crate::app::facts::Facts;
use crate::app::sheet::{Sheet, Span};
use crate::app::tone::{self, Tone};
use crate::app::view::jobs;
use crate::model::Cluster;
use crate::model::family::Family;
use crate::model::job::{finished, summary};
use crate::model::words::duration;

/// Children shown in the pane.
const FEW: usize = 6;

/// Adds how they fare, and each of them with its state.
pub fn add(sheet: &mut Sheet, cluster: &Cluster, facts: &Facts, job: &Job, whole: bool) {
    let Some(family) = Family::of(job, cluster) else {
        return;
    };
    if whole {
        sheet.heading("Jobs that it made");
    }
    let tone = match (family.is_over(), family.has_failed()) {
        (_, true) => Tone::Critical,
        (false, _) => Tone::Progress,
        (true, _) if family.against().next().is_some() => Tone::Warn,
        (true, _) => Tone::Plain,
    };
    sheet.wrapped(&facts.names.shorten(&family.sentence()), tone, 0);
    // What goes on or went wrong comes first where there is no room for all.
    let mut children = family.children.clone();
    if !whole {
        children
            .sort_by_key(|child| (finished(&child.status) && child.status != "error", child.id));
    }
    let shown = if whole { children.len() } else { FEW };
    for child in children.iter().take(shown) {
        one(sheet, cluster, facts, child);
    }
    if let Some(more) = children.len().checked_sub(shown).filter(|more| *more > 0) {
        sheet.wrapped(&format!("and {more} more"), Tone::Dim, 0);
    }
    for id in &family.coming {
        sheet.wrapped(&format!("{id:>7} not told of yet"), Tone::Dim, 0);
    }
    for id in &family.gone {
        let text = format!("{id:>7} was put away before its end was seen");
        sheet.wrapped(&text, Tone::Lost, 0);
    }
    for why in &family.refused {
        sheet.wrapped(&format!("{:>7} not taken: {why}", "-"), Tone::Critical, 0);
    }
}

fn one(sheet: &mut Sheet, cluster: &Cluster, facts: &Facts, job: &Job) {
    let took = jobs::took(job, cluster).map(duration);
    sheet.spans(vec![
        Span::new(format!("{:>7} ", job.id), Tone::Dim),
        Span::new(
            format!("{:<9} ", jobs::status(job, cluster)),
            tone::of_job(job, cluster),
        ),
        Span::new(
            format!("{:>8}  ", took.as_deref().unwrap_or("-")),
            Tone::Dim,
        ),
        Span::new(facts.names.shorten(&summary(job)), Tone::Plain),
    ]);
    let note = jobs::note(job, cluster);
    if !note.is_empty() {
        let tone = jobs::note_tone(job, cluster);
        sheet.wrapped(&facts.names.shorten(&note), tone, 28);
    }
}
