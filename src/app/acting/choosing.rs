//! The menu of what can be done to one object.

use crate::action::form::{Kind, Object};
use crate::action::guard::Guard;
use crate::action::runbook::Book;
use crate::app::{Effect, State, runbooks};
use crate::input::{Key, KeyCode};
use crate::model::Cluster;

use super::{Open, form, open_form, primaries};

/// A menu.
#[derive(Clone, Debug)]
pub struct Choosing {
    /// Of what.
    pub object: Object,
    /// Its lines.
    pub choices: Vec<Choice>,
    /// Why nothing at all can be done from here.
    pub denied: Option<String>,
    /// The line that Enter opens.
    pub at: usize,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Its key.
    pub letter: char,
    /// What is opened.
    pub opens: Opens,
    /// What it does, in a sentence.
    pub what: &'static str,
    /// Why it cannot be done.
    pub why_not: Option<String>,
}

/// What a line opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opens {
    /// The form of an operation on the object.
    Form(Kind),
    /// The form of an operation on every instance whose primary the node is.
    FormOfPrimaries(Kind),
    /// A runbook.
    Book(Book),
}

impl Choice {
    /// What is opened, in a word.
    pub fn name(&self) -> &'static str {
        match self.opens {
            Opens::Form(kind) | Opens::FormOfPrimaries(kind) => kind.name(),
            Opens::Book(book) => book.name(),
        }
    }

    /// Which runbook, if it is one.
    pub fn book(&self) -> Option<Book> {
        match self.opens {
            Opens::Book(book) => Some(book),
            Opens::Form(_) | Opens::FormOfPrimaries(_) => None,
        }
    }
}

/// What is done to a node by doing it to its primary instances, one job each.
const OF_NODES: [(char, Kind, &str); 2] = [
    (
        'm',
        Kind::Migrate,
        "Migrates all its primary instances, one job each.",
    ),
    (
        'f',
        Kind::Failover,
        "Fails over all its primary instances, one job each.",
    ),
];

impl Choosing {
    /// The menu of an object.
    pub fn new(object: Object, cluster: &Cluster) -> Choosing {
        let of_nodes = OF_NODES
            .iter()
            .filter(|_| matches!(object, Object::Node(_)));
        let of_nodes = of_nodes.map(|(letter, kind, what)| Choice {
            letter: *letter,
            opens: Opens::FormOfPrimaries(*kind),
            what,
            why_not: None,
        });
        let own = object.menu().kinds().map(|kind| Choice {
            letter: kind.letter(),
            opens: Opens::Form(kind),
            what: kind.what(),
            why_not: form(kind, &object, cluster).err(),
        });
        let subject = runbooks::subject(&object);
        let books = Book::of(object.menu()).map(|book| Choice {
            letter: book.letter(),
            opens: Opens::Book(book),
            what: book.what(),
            why_not: book.fits(&subject, cluster).err(),
        });
        Choosing {
            choices: of_nodes.chain(own).chain(books).collect(),
            object,
            denied: None,
            at: 0,
        }
    }

    /// The objects that a choice is about.
    fn objects(&self, choice: &Choice, cluster: &Cluster) -> Vec<Object> {
        match (&self.object, choice.opens) {
            (Object::Node(node), Opens::FormOfPrimaries(_)) => primaries(node, cluster),
            (object, _) => vec![object.clone()],
        }
    }

    /// Looks anew at what can be done.
    pub fn refresh(&mut self, guard: &Guard, cluster: &Cluster) {
        self.denied = guard.may_any().err().map(|it| it.to_string());
        let why_not = |choice: &Choice| match choice.opens {
            Opens::FormOfPrimaries(_) => {
                let none = self.objects(choice, cluster).is_empty();
                none.then(|| "it is the primary of no instance".to_owned())
            }
            Opens::Form(kind) => form(kind, &self.object, cluster).err(),
            Opens::Book(book) => book.fits(&runbooks::subject(&self.object), cluster).err(),
        };
        let why_not: Vec<Option<String>> = self.choices.iter().map(why_not).collect();
        for (choice, why_not) in self.choices.iter_mut().zip(why_not) {
            choice.why_not = why_not;
        }
    }
}

/// Takes a key. Letters open what they stand for; what cannot be done stays closed and says why.
pub fn key(state: &mut State, cluster: &Cluster, mut menu: Choosing, key: Key) -> Vec<Effect> {
    let last = menu.choices.len().saturating_sub(1);
    let chosen = match key.code {
        KeyCode::Esc => return Vec::new(),
        KeyCode::Char('c') if key.ctrl => return Vec::new(),
        KeyCode::Down | KeyCode::Tab if !key.shift => {
            menu.at = (menu.at + 1).min(last);
            None
        }
        KeyCode::Up | KeyCode::Tab => {
            menu.at = menu.at.saturating_sub(1);
            None
        }
        KeyCode::Enter => menu.choices.get(menu.at).cloned(),
        KeyCode::Char(letter) if !key.ctrl && !key.alt => {
            let found = menu.choices.iter().position(|it| it.letter == letter);
            menu.at = found.unwrap_or(menu.at);
            found.and_then(|at| menu.choices.get(at)).cloned()
        }
        _ => None,
    };
    match chosen {
        Some(choice) if choice.why_not.is_none() => match choice.opens {
            // What a runbook would do can be read by everybody.
            Opens::Book(book) => return runbooks::open(state, cluster, book, &menu.object),
            Opens::Form(kind) | Opens::FormOfPrimaries(kind) if menu.denied.is_none() => {
                let objects = menu.objects(&choice, cluster);
                open_form(state, cluster, kind, &objects);
            }
            _ => state.acting.open = Some(Open::Menu(menu)),
        },
        _ => state.acting.open = Some(Open::Menu(menu)),
    }
    Vec::new()
}
