//! How a form stands in its box: what is said, line by line, and how much of it is in sight.

use crate::action::command::command_at;
use crate::action::forecast::Tone as Said;
use crate::action::form::Value;
use crate::app::sheet::wrap;
use crate::app::view::plan::yes;
use crate::app::{State, Tone};

use super::filling::{Confirm, Filling, Spot, text};

/// The widest box, columns.
const WIDEST: u16 = 104;

/// Commands that are written out; of more only these are.
const COMMANDS: usize = 3;

/// A form in its box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Columns of the box.
    pub width: u16,
    /// Rows of the box.
    pub height: u16,
    /// What stands above, as far as there is room.
    pub said: Vec<Row>,
    /// Lines of it above and below what is in sight.
    pub hidden: (usize, usize),
    /// What the field does that keys go to.
    pub help: Vec<String>,
    /// The fields, the reason and the confirmation.
    pub asked: Vec<Row>,
    room: usize,
    /// There is no room for all that is asked.
    cut: bool,
}

/// One row of the box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// A label and what is said of it.
    Said {
        /// In a few words, or empty.
        label: String,
        /// One line of text.
        text: String,
        /// How it looks.
        tone: Tone,
    },
    /// Something to fill in.
    Asked {
        /// What.
        label: String,
        /// As it is set.
        text: String,
        /// How it is changed.
        how: &'static str,
        /// Keys go there.
        here: bool,
        /// Column of the cursor in the text, where it is typed.
        cursor: Option<usize>,
        /// How it looks.
        tone: Tone,
    },
}

impl Shape {
    /// All of it was in sight down to its end.
    pub fn is_read(&self) -> bool {
        self.hidden.1 == 0 && !self.cut
    }

    /// Scrolled by a box's height.
    pub fn down(&self, scroll: usize) -> usize {
        scroll + self.hidden.1.min(self.room.max(1))
    }

    /// Scrolled back.
    pub fn up(&self, scroll: usize) -> usize {
        scroll.saturating_sub(self.room.max(1))
    }
}

/// Columns of the labels.
pub const LABEL: u16 = 24;

/// Puts a form into a box on the present screen.
pub fn shape(form: &Filling, state: &State) -> Shape {
    let (screen_width, screen_height) = state.size;
    let width = WIDEST.min(screen_width.saturating_sub(2));
    // The frame, and room for the mark of the row that keys go to.
    let inner = width.saturating_sub(5);
    let said = said(form, state, usize::from(inner.saturating_sub(LABEL)));
    let mut asked = asked(form, state);
    let mut help = wrap(&help(form), usize::from(inner));
    if help.is_empty() {
        help.push(String::new());
    }
    // The frame, and a line of help, or a blank one, before what is asked.
    let around = asked.len() + help.len() + 2;
    let whole = usize::from(screen_height.saturating_sub(1))
        .saturating_sub(around)
        .max(1);
    let room = match said.len() > whole {
        true => whole.saturating_sub(1).max(1),
        false => whole,
    };
    let scroll = form.scroll.min(said.len().saturating_sub(room));
    let below = said.len().saturating_sub(scroll + room);
    if said.len() > whole {
        help.insert(
            0,
            format!("{scroll} lines above, {below} below: PgUp and PgDn"),
        );
    }
    let possible = !matches!(form.confirm(), Confirm::Not(_));
    let first = match (below > 0, possible && form.is_new(state.now)) {
        (true, _) => Some(("PgDn", "read on first")),
        (_, true) => Some(("-", "read it first")),
        _ => None,
    };
    if let (Some((label, text)), Some(confirmation)) = (first, asked.last_mut()) {
        *confirmation = Row::Asked {
            label: label.to_owned(),
            text: text.to_owned(),
            how: "",
            here: form.spot == Spot::Confirm,
            cursor: None,
            tone: Tone::Heading,
        };
    }
    let around = asked.len() + help.len() + 2;
    let shown: Vec<Row> = said.into_iter().skip(scroll).take(room).collect();
    let height = u16::try_from(shown.len() + around).unwrap_or(u16::MAX);
    let cut = height > screen_height;
    Shape {
        width,
        height: height.min(screen_height),
        said: shown,
        hidden: (scroll, below),
        help,
        asked,
        room,
        cut,
    }
}

fn said(form: &Filling, state: &State, width: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut say = |label: &str, text: &str, tone: Tone| {
        let (label, text) = (
            state.facts.names.shorten(label),
            state.facts.names.shorten(text),
        );
        for (at, line) in wrap(&text, width).into_iter().enumerate() {
            rows.push(Row::Said {
                label: if at == 0 {
                    label.clone()
                } else {
                    String::new()
                },
                text: line,
                tone,
            });
        }
    };
    for line in &form.forecast.lines {
        say(&line.label, &line.text, tone(line.tone));
    }
    let apart = form.apart.iter();
    let apart = apart.map(|(form, why)| (form.subject.name(), why.clone()));
    for (name, why) in form.left_out.iter().cloned().chain(apart) {
        say("left out", &format!("{name}: {why}"), Tone::Warn);
    }
    if let Some(nothing) = &form.forecast.nothing {
        say("does nothing", nothing, Tone::Warn);
    }
    if form.changed {
        say(
            "changed",
            "it is not as it was when this was opened: read it again",
            Tone::Warn,
        );
    }
    let labels = ["command"].into_iter().chain(std::iter::repeat(""));
    for (operation, label) in form.operations.iter().take(COMMANDS).zip(labels) {
        say(label, &command_at(operation, form.version), Tone::Dim);
    }
    if form.operations.len() > COMMANDS {
        let more = format!("and {} more", form.operations.len() - COMMANDS);
        say("", &more, Tone::Dim);
    }
    if let Confirm::Not(why) = form.confirm() {
        say("cannot be done", &why, Tone::Critical);
    }
    rows
}

fn tone(said: Said) -> Tone {
    match said {
        Said::Good | Said::Plain => Tone::Plain,
        Said::Warn => Tone::Warn,
        Said::Bad => Tone::Critical,
    }
}

/// What the field does that keys go to.
fn help(form: &Filling) -> String {
    match form.spot {
        Spot::Confirm => String::new(),
        Spot::Field(at) => form
            .fields()
            .get(at)
            .map_or("", |field| field.help)
            .to_owned(),
        Spot::Reason => "For the job's reason trail; may be left empty.".to_owned(),
    }
}

fn asked(form: &Filling, state: &State) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for (at, field) in form.fields().iter().enumerate() {
        let here = form.spot == Spot::Field(at);
        let (text, how) = match &field.value {
            Value::Flag(flag) => (yes(*flag), "Space changes it"),
            Value::Pick { options, at } => {
                let option = options.get(*at).cloned();
                (option.unwrap_or_default(), "Left and Right change it")
            }
            _ if here => (form.line.text(), ""),
            value => (text(value).unwrap_or_default(), ""),
        };
        let typed = here && self::text(&field.value).is_some();
        rows.push(Row::Asked {
            label: field.label.to_owned(),
            text: state.facts.names.shorten(&text),
            how: if here { how } else { "" },
            here,
            cursor: typed.then(|| form.line.cursor_column()),
            tone: Tone::Plain,
        });
    }
    let here = form.spot == Spot::Reason;
    rows.push(Row::Asked {
        label: "reason".to_owned(),
        text: form.reason.text(),
        how: "",
        here,
        cursor: here.then(|| form.reason.cursor_column()),
        tone: Tone::Plain,
    });
    rows.push(confirmation(form, state));
    rows
}

fn confirmation(form: &Filling, state: &State) -> Row {
    let here = form.spot == Spot::Confirm;
    let (label, text) = match form.confirm() {
        Confirm::Enter => ("Enter", "do it"),
        Confirm::Yes => ("y", "do it"),
        Confirm::Type(name) => {
            let name = match form.operations.len() {
                many @ 2.. if name == many.to_string() => format!("{name}, how many they are,"),
                _ => state.facts.names.shorten(&name),
            };
            return Row::Asked {
                label: format!("Type {name}"),
                text: form.typed.text(),
                how: "and Enter does it",
                here,
                cursor: here.then(|| form.typed.cursor_column()),
                tone: Tone::Critical,
            };
        }
        Confirm::Not(_) => ("Esc", "leave it"),
    };
    Row::Asked {
        label: label.to_owned(),
        text: text.to_owned(),
        how: "",
        here,
        cursor: None,
        tone: Tone::Heading,
    }
}
