//! One runbook: its steps, where it is, and what the next key does; and the list of all.

use std::borrow::Cow;

use unicode_width::UnicodeWidthStr;

use crate::action::Action;
use crate::action::form::Object;
use crate::action::guard::Guard;
use crate::action::runbook::{Ask, Book, Due, End, Fate, Mark, Run, State as How, Step};
use crate::app::State;
use crate::app::acting::READ;
use crate::app::columns::{Col, Column};
use crate::app::facts::Facts;
use crate::app::rows::Id;
use crate::app::runbooks::{RunRow, foreign, rows::how, world};
use crate::app::sheet::{Sheet, Span};
use crate::app::tone::Tone;
use crate::model::words::ago;
use crate::model::{Cluster, Node};
use crate::planner::replica::Pair;

/// Columns of a step's mark and number.
const MARK: usize = 9;

/// Columns of a step's words.
const WORDS: usize = 34;

/// Changes of one step that are told one by one.
const TOLD: usize = 12;

/// The columns of the list.
pub const COLUMNS: &[Column] = &[
    Column::text(Col::Name, "RUNBOOK", 24, 0).growing(48),
    Column::text(Col::Ops, "STEP", 5, 2),
    Column::text(Col::Summary, "NOW", 20, 1).growing(40),
    Column::text(Col::State, "STATE", 24, 3).growing(80),
    Column::text(Col::Owner, "BY", 10, 5).growing(16),
    Column::text(Col::Since, "BEGUN", 12, 4),
];

/// All runbooks, those under way first.
pub fn ids(facts: &Facts) -> Vec<Id> {
    facts
        .runs
        .iter()
        .map(|run| Id::Run(run.id.clone()))
        .collect()
}

/// The row of an id.
pub fn row<'a>(facts: &'a Facts, id: &str) -> Option<&'a RunRow> {
    facts.runs.iter().find(|run| run.id == id)
}

/// What a filter searches.
pub fn words(facts: &Facts, id: &str) -> Option<Vec<String>> {
    let row = row(facts, id)?;
    Some(vec![
        facts.names.shorten(&row.title),
        row.id.clone(),
        row.step.to_owned(),
        row.by.clone(),
    ])
}

/// The text of a column.
pub fn text<'a>(facts: &'a Facts, id: &str, col: Col) -> Option<Cow<'a, str>> {
    let row = row(facts, id)?;
    Some(match col {
        Col::Name => Cow::Owned(facts.names.shorten(&row.title)),
        Col::Ops => Cow::Borrowed(&*row.place),
        Col::Summary => Cow::Borrowed(row.step),
        Col::State => Cow::Owned(facts.names.shorten(&row.how)),
        Col::Owner => Cow::Borrowed(&*row.by),
        _ => return None,
    })
}

/// What stands above the list.
pub fn above(state: &State, width: u16) -> Sheet {
    let mut sheet = Sheet::new(width);
    let act = key(state, Action::Act);
    let text = match state.facts.runs.iter().any(|run| run.going) {
        true => format!("Enter opens one. {act} on a node or an instance begins another."),
        false => format!("No runbook is under way. {act} on a node or an instance begins one."),
    };
    sheet.wrapped(&text, Tone::Dim, 0);
    sheet
}

/// The runbooks that are under way on a node, and the one that its state calls for.
pub fn of_node(sheet: &mut Sheet, node: &Node, facts: &Facts) {
    let here = |run: &&RunRow| run.going && run.subject == Object::Node(node.name.clone());
    for run in facts.runs.iter().filter(here) {
        let text = format!("runbook {} is at step {}: {}", run.id, run.place, run.step);
        sheet.wrapped(&text, Tone::Progress, 0);
    }
    if node.lost() {
        called_for(sheet, Book::Died, "if it is dead");
    } else if node.offline() {
        called_for(sheet, Book::Returns, "when it comes back");
    }
}

/// The one that the state of a disk calls for.
pub fn of_pair(sheet: &mut Sheet, pair: &Pair) {
    use crate::planner::replica::State as Is;
    match pair.state {
        Is::SplitBrain => called_for(sheet, Book::SplitBrain, "step by step"),
        Is::StandAlone | Is::Degraded | Is::Diskless => {
            called_for(sheet, Book::Degraded, "step by step");
        }
        _ => {}
    }
}

fn called_for(sheet: &mut Sheet, book: Book, when: &str) {
    let text = format!("{when}: a {}, the runbook {}", book.letter(), book.name());
    sheet.wrapped(&text, Tone::Heading, 0);
}

/// One whole.
pub fn whole(state: &State, cluster: &Cluster, id: &str, width: u16) -> Sheet {
    let mut sheet = Sheet::new(width);
    let Some(run) = state.runbooks.run(id) else {
        match foreign(cluster, id) {
            Some(mark) => of_another(&mut sheet, state, &mark),
            None => sheet.wrapped("This runbook is over.", Tone::Lost, 0),
        }
        return sheet;
    };
    let names = &state.facts.names;
    let title = match run.end {
        None => format!("{}: {}", names.shorten(&run.title()), run.place()),
        Some(_) => format!("{}: over", names.shorten(&run.title())),
    };
    sheet.heading(&title);
    sheet.wrapped(run.book.what(), Tone::Dim, 0);
    let begun = match run.begun {
        true => format!(
            "Begun by {} {}, marked on {} for everybody: gantry:run:{}",
            run.by,
            ago(cluster.seconds_since(run.began)),
            names.short(&run.subject.name()),
            run.id
        ),
        false => "Nothing was asked for yet.".to_owned(),
    };
    sheet.wrapped(&begun, Tone::Dim, 0);
    sheet.blank();
    let denied = Guard::of(state.acting.read_only, cluster).may_any().err();
    for (at, (step, how)) in run.book.steps().iter().zip(&run.states).enumerate() {
        line(&mut sheet, state, run, at, *step, how, denied.is_some());
    }
    sheet.blank();
    if let Some(why) = &denied {
        let text = format!(
            "Nothing can be asked for: {}.",
            names.shorten(&why.to_string())
        );
        sheet.wrapped(&text, Tone::Warn, 0);
    }
    now(&mut sheet, state, run, cluster, denied.is_some());
    sheet
}

fn key(state: &State, action: Action) -> String {
    let chord = state.keymap.keys_for(action).first();
    chord.map_or_else(|| format!(":{}", action.name()), ToString::to_string)
}

/// One step on one line.
fn line(sheet: &mut Sheet, state: &State, run: &Run, at: usize, step: Step, how: &How, grey: bool) {
    let here = at == run.at && run.end.is_none();
    let (mark, tone, words) = match how {
        How::Done(words) => ("done", Tone::Dim, words.clone()),
        How::Skipped => ("skipped", Tone::Dim, "left out".to_owned()),
        How::Failed(_) => ("FAILED", Tone::Critical, "see below".to_owned()),
        How::Asked(asks) | How::Settling(asks, _) => ("now", Tone::Progress, progress(asks)),
        How::Ahead if here => ("now", Tone::Heading, step.what().to_owned()),
        How::Ahead if run.end.is_some() => ("", Tone::Dim, "not done".to_owned()),
        How::Ahead => ("", Tone::Plain, step.what().to_owned()),
    };
    let tone = if grey { Tone::Stale } else { tone };
    let sign = if here { ">" } else { " " };
    let words = state.facts.names.shorten(&words);
    let room = usize::from(sheet.width()).saturating_sub(MARK + 4 + WORDS + 1);
    let rest = if here { Tone::Plain } else { Tone::Dim };
    sheet.spans(vec![
        Span::new(format!("{sign} {mark:<width$}", width = MARK - 2), tone),
        Span::new(format!("{:>2}  ", at + 1), Tone::Dim),
        Span::new(format!("{:<WORDS$} ", step.title()), tone),
        Span::new(short(&words, room), if grey { Tone::Stale } else { rest }),
    ]);
}

/// As much of it as there is room for, whole sentences first.
fn short(words: &str, room: usize) -> String {
    if words.width() <= room {
        return words.to_owned();
    }
    let parts = crate::app::sheet::wrap(words, room.saturating_sub(3).max(1));
    let first = parts.first().map_or("", |part| part.trim_end());
    format!("{first}...")
}

fn progress(asks: &[Ask]) -> String {
    let open: Vec<&Ask> = asks
        .iter()
        .filter(|ask| matches!(ask.fate, Fate::Open(..)))
        .collect();
    match (open.as_slice(), asks.len()) {
        ([], 1) => "done; the configuration is to follow".to_owned(),
        ([], many) => format!("all {many} done; the configuration is to follow"),
        ([one], 1) => told(one),
        (open, all) => format!("{} of {all} done", all - open.len()),
    }
}

/// `migrate web7: job 12 running: 34%`.
fn told(ask: &Ask) -> String {
    let (job, words) = match &ask.fate {
        Fate::Open(job, words) => (job, words.as_str()),
        Fate::Well(job) => (job, "done"),
        Fate::Bad(job, why) => (job, why.as_str()),
    };
    match job {
        Some(job) => format!("{}: job {job} {words}", ask.title),
        None => format!("{}: {words}", ask.title),
    }
}

/// What is now, and what the next key does.
fn now(sheet: &mut Sheet, state: &State, run: &Run, cluster: &Cluster, denied: bool) {
    let say = |sheet: &mut Sheet, text: &str, tone: Tone| {
        sheet.wrapped(&state.facts.names.shorten(text), tone, 2);
    };
    let keys = |sheet: &mut Sheet, actions: &[(Action, &str)]| {
        if denied {
            return;
        }
        sheet.blank();
        for (action, words) in actions {
            let key = key(state, *action);
            sheet.spans(vec![
                Span::new(format!("  {key:<7}"), Tone::Heading),
                Span::new(*words, Tone::Plain),
            ]);
        }
    };
    let (skip, stop) = (
        (Action::BookSkip, "leaves this step out"),
        (
            Action::BookStop,
            "ends the runbook here; what was done stays done",
        ),
    );
    if run.end.is_some() {
        let tone = if run.end == Some(End::Taken) {
            Tone::Warn
        } else {
            Tone::Plain
        };
        say(sheet, run.last_words(), tone);
        return;
    }
    if let How::Asked(asks) | How::Settling(asks, _) | How::Failed(asks) = run.state() {
        let worst_first = |ask: &&Ask| match ask.fate {
            Fate::Bad(..) => 0,
            Fate::Open(..) => 1,
            Fate::Well(_) => 2,
        };
        let mut asks: Vec<&Ask> = asks.iter().collect();
        asks.sort_by_key(worst_first);
        for ask in asks.iter().take(TOLD) {
            let tone = match ask.fate {
                Fate::Bad(..) => Tone::Critical,
                Fate::Open(..) => Tone::Progress,
                Fate::Well(_) => Tone::Dim,
            };
            say(sheet, &told(ask), tone);
        }
        if asks.len() > TOLD {
            say(sheet, &format!("and {} more", asks.len() - TOLD), Tone::Dim);
        }
        match run.state() {
            How::Failed(_) => keys(
                sheet,
                &[
                    (
                        Action::BookNext,
                        "shows what is left of this step, and asks for it again",
                    ),
                    skip,
                    stop,
                ],
            ),
            _ => keys(
                sheet,
                &[
                    (
                        Action::GoJobs,
                        "shows the jobs; this goes on by itself when they are over",
                    ),
                    (Action::BookSkip, "goes on without waiting for them"),
                    stop,
                ],
            ),
        }
        return;
    }
    match run.due(&world(cluster, &state.facts)) {
        // Keys are the form's.
        Some(Due::Ask(_)) if state.acting.open.is_some() => {
            let text = "The box below says what this step would do, and asks. Esc puts it aside.";
            say(sheet, text, Tone::Heading);
        }
        Some(Due::Ask(_)) => keys(
            sheet,
            &[
                (Action::BookNext, "shows what this step would do, and asks"),
                skip,
                stop,
            ],
        ),
        Some(Due::Hand(words)) => {
            words.iter().for_each(|line| say(sheet, line, Tone::Plain));
            // Keys count only once it could be read.
            if cluster.now.at.since(run.since) < READ {
                sheet.blank();
                say(sheet, "read it first", Tone::Heading);
                return;
            }
            let mut all = vec![(Action::BookNext, "says that it is done, and goes on")];
            if run.step() == Some(Step::Reboot) {
                all.push((
                    Action::BookReset,
                    "resets its machine at once (powercycle), after it has asked",
                ));
            }
            all.push(stop);
            keys(sheet, &all);
        }
        Some(Due::Choose([primary, secondary])) => {
            say(
                sheet,
                "Both halves were written since they parted. Which one is kept?",
                Tone::Warn,
            );
            say(sheet, &format!("primary    {primary}"), Tone::Plain);
            say(sheet, &format!("secondary  {secondary}"), Tone::Plain);
            say(
                sheet,
                "What was written only on the other one is lost. It is thrown away later, and asked for then.",
                Tone::Dim,
            );
            keys(
                sheet,
                &[
                    (Action::KeepPrimary, "keeps the primary's half"),
                    (
                        Action::KeepSecondary,
                        "keeps the secondary's half: the instance goes there",
                    ),
                    stop,
                ],
            );
        }
        Some(Due::Wait(why)) => {
            say(sheet, &format!("Waits: {why}"), Tone::Progress);
            let again = (Action::BookAgain, "tries the step before this one again");
            keys(
                sheet,
                &[
                    (Action::BookSkip, "goes on without waiting for that"),
                    again,
                    stop,
                ],
            );
        }
        Some(Due::Stuck(why)) => {
            say(sheet, &format!("Cannot go on: {why}"), Tone::Critical);
            keys(sheet, &[skip, stop]);
        }
        Some(Due::So(_)) | None => {
            let (text, tone) = how(run, state, cluster);
            say(sheet, &text, tone);
        }
    }
}

/// One that another console began, or this one before it was left.
fn of_another(sheet: &mut Sheet, state: &State, mark: &Mark) {
    let names = &state.facts.names;
    let title = format!(
        "{} {}",
        mark.book.title(),
        names.short(&mark.subject.name())
    );
    sheet.heading(&format!(
        "{title}: step {} of {}",
        mark.at + 1,
        mark.book.steps().len()
    ));
    let by = row(&state.facts, &mark.id).map_or("?", |row| row.by.as_str());
    let by = match by {
        "?" => "another console's, or one that was left".to_owned(),
        by => format!("begun by {by}"),
    };
    sheet.wrapped(
        &format!("{} This one is {by} ({}).", mark.book.what(), mark.id),
        Tone::Dim,
        0,
    );
    sheet.blank();
    for (at, step) in mark.book.steps().iter().enumerate() {
        let (sign, word, tone) = match at.cmp(&mark.at) {
            std::cmp::Ordering::Less => (" ", "done", Tone::Dim),
            std::cmp::Ordering::Equal => (">", "now", Tone::Heading),
            std::cmp::Ordering::Greater => (" ", "", Tone::Plain),
        };
        sheet.spans(vec![
            Span::new(format!("{sign} {word:<width$}", width = MARK - 2), tone),
            Span::new(format!("{:>2}  ", at + 1), Tone::Dim),
            Span::new(step.title(), tone),
        ]);
    }
    sheet.blank();
    let key = key(state, Action::BookNext);
    sheet.spans(vec![
        Span::new(format!("  {key:<7}"), Tone::Heading),
        Span::new(
            "takes it over, from this step on; ask first who is at it",
            Tone::Plain,
        ),
    ]);
}
