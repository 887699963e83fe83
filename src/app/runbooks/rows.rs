//! The rows of all runbooks: those of this console, and those of others by their marks.

use crate::action::form::Object;
use crate::action::runbook::{Due, End, Fate, Run, State as How};
use crate::app::State;
use crate::app::tone::Tone;
use crate::model::Cluster;

use super::world;

/// One runbook in the list.
#[derive(Clone, Debug, PartialEq)]
pub struct RunRow {
    /// Its id.
    pub id: String,
    /// What it is and what it is about.
    pub title: String,
    /// What it is about.
    pub subject: Object,
    /// `2/9`, or how it ended.
    pub place: String,
    /// The step's words, or none once it is over.
    pub step: &'static str,
    /// What it does now or waits for.
    pub how: String,
    /// What that means.
    pub tone: Tone,
    /// Who does it, as far as that is known here.
    pub by: String,
    /// When it was begun, seconds since the epoch.
    pub began: Option<f64>,
    /// It is under way.
    pub going: bool,
}

/// Those under way first.
pub fn rows(state: &State, cluster: &Cluster) -> Vec<RunRow> {
    let books = &state.runbooks;
    let own = books.list.iter().filter(|run| run.begun);
    let mut rows: Vec<RunRow> = own.map(|run| row(run, state, cluster)).collect();
    let here = |id: &str| {
        let run = books.list.iter().find(|run| run.id == id);
        run.is_some_and(|run| run.end != Some(End::Taken))
    };
    let foreign = books.marks.iter().filter(|mark| !here(&mark.id)).cloned();
    for mark in foreign {
        rows.retain(|row| row.id != mark.id);
        let note = books.began_by(&mark.id);
        rows.push(RunRow {
            title: format!("{} {}", mark.book.title(), mark.subject.name()),
            place: format!("{}/{}", mark.at + 1, mark.book.steps().len()),
            step: mark.step().map_or("", |step| step.title()),
            how: "of another console, or left: open it to take it over".to_owned(),
            tone: Tone::Warn,
            by: note.map_or("?", |note| &note.by).to_owned(),
            began: note.map(|note| note.at),
            going: true,
            subject: mark.subject,
            id: mark.id,
        });
    }
    rows.sort_by_key(|row| !row.going);
    rows
}

fn row(run: &Run, state: &State, cluster: &Cluster) -> RunRow {
    let (how, tone) = how(run, state, cluster);
    RunRow {
        id: run.id.clone(),
        title: run.title(),
        subject: run.subject.clone(),
        place: match run.end {
            None => format!("{}/{}", run.at + 1, run.states.len()),
            Some(_) => "over".to_owned(),
        },
        step: run.step().map_or("", |step| step.title()),
        how,
        tone,
        by: run.by.clone(),
        began: Some(run.began),
        going: run.end.is_none(),
    }
}

/// What a runbook does now, or waits for.
pub fn how(run: &Run, state: &State, cluster: &Cluster) -> (String, Tone) {
    match (&run.end, run.state()) {
        (Some(End::Finished), _) => return ("done".to_owned(), Tone::Dim),
        (Some(End::Stopped), _) => return ("stopped here".to_owned(), Tone::Dim),
        (Some(End::Taken), _) => {
            return ("another console has gone on with it".to_owned(), Tone::Warn);
        }
        (None, How::Asked(asks) | How::Settling(asks, _)) => {
            let done = asks
                .iter()
                .filter(|ask| !matches!(ask.fate, Fate::Open(..)))
                .count();
            return (format!("{done} of {} done", asks.len()), Tone::Progress);
        }
        (None, How::Failed(asks)) => {
            let failed = asks
                .iter()
                .filter(|ask| matches!(ask.fate, Fate::Bad(..)))
                .count();
            return (format!("{failed} of {} FAILED", asks.len()), Tone::Critical);
        }
        (None, How::Ahead | How::Done(_) | How::Skipped) => {}
    }
    match run.due(&world(cluster, &state.facts)) {
        Some(Due::Ask(_)) => ("waits for your confirmation".to_owned(), Tone::Heading),
        Some(Due::Hand(_)) => ("waits for your hands".to_owned(), Tone::Heading),
        Some(Due::Choose(_)) => ("waits for your choice".to_owned(), Tone::Heading),
        Some(Due::Wait(why)) => (why, Tone::Progress),
        Some(Due::Stuck(why)) => (why, Tone::Critical),
        Some(Due::So(_)) | None => (String::new(), Tone::Plain),
    }
}
