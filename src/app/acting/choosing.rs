//! The menu of what can be done to one object, or to several of one sort.

use std::collections::HashSet;

use crate::action::form::{Kind, Menu, Object};
use crate::action::guard::Guard;
use crate::action::runbook::Book;
use crate::app::{Effect, State, runbooks};
use crate::input::{Key, KeyCode};
use crate::model::Cluster;

use super::{Open, form, open_form, primaries};

/// A menu.
#[derive(Clone, Debug)]
pub struct Choosing {
    /// Of what; at least one.
    pub objects: Vec<Object>,
    /// Its lines.
    pub choices: Vec<Choice>,
    /// Why nothing can be done from here, but what nodes do themselves.
    pub denied: Option<String>,
    /// Not even that.
    read_only: bool,
    /// The line that Enter opens.
    pub at: usize,
    /// The cluster's shape and the second in which it was looked at what can be done.
    looked: Option<(u64, u64)>,
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
    /// The menu of these objects.
    pub fn new(objects: Vec<Object>, cluster: &Cluster) -> Choosing {
        let menu = objects.first().map(Object::menu);
        let of_nodes = OF_NODES.iter().filter(|_| menu == Some(Menu::Node));
        let of_nodes = of_nodes.map(|(letter, kind, what)| Choice {
            letter: *letter,
            opens: Opens::FormOfPrimaries(*kind),
            what,
            why_not: None,
        });
        let own = menu.into_iter().flat_map(Menu::kinds).map(|kind| Choice {
            letter: kind.letter(),
            opens: Opens::Form(kind),
            what: kind.what(),
            why_not: why_not(kind, &objects, cluster),
        });
        let books = menu.into_iter().flat_map(Book::of).map(|book| Choice {
            letter: book.letter(),
            opens: Opens::Book(book),
            what: book.what(),
            why_not: unfit(book, &objects, cluster),
        });
        Choosing {
            choices: of_nodes.chain(own).chain(books).collect(),
            objects,
            denied: None,
            read_only: false,
            at: 0,
            looked: None,
        }
    }

    /// What it is for, in a few words.
    pub fn title(&self) -> String {
        match self.objects.as_slice() {
            [one] => one.name(),
            many => {
                let what = many.first().map_or("", |it| it.menu().words());
                let names: Vec<String> = many.iter().map(Object::name).collect();
                format!("{} {what}: {}", many.len(), names.join(", "))
            }
        }
    }

    /// Whether a choice can be made.
    pub fn is_possible(&self, choice: &Choice) -> bool {
        let denied = match choice.opens {
            // What a runbook would do can be read by everybody.
            Opens::Book(_) => false,
            Opens::Form(kind) if kind.is_nodes_own() => self.read_only,
            Opens::Form(_) | Opens::FormOfPrimaries(_) => self.denied.is_some(),
        };
        choice.why_not.is_none() && !denied
    }

    /// The objects that a choice is about.
    fn objects(&self, choice: &Choice, cluster: &Cluster) -> Vec<Object> {
        if !matches!(choice.opens, Opens::FormOfPrimaries(_)) {
            return self.objects.clone();
        }
        let of = self.objects.iter().flat_map(|object| match object {
            Object::Node(node) => primaries(node, cluster),
            _ => Vec::new(),
        });
        let mut seen = HashSet::new();
        of.filter(|it| seen.insert(it.clone())).collect()
    }

    /// Looks anew at what can be done.
    pub fn refresh(&mut self, guard: &Guard, cluster: &Cluster) {
        self.denied = guard.may_any().err().map(|it| it.to_string());
        self.read_only = guard.is_read_only();
        let now = (cluster.shape, cluster.now.at.0 / 1_000);
        if self.looked.replace(now) == Some(now) {
            return;
        }
        let why_not = |choice: &Choice| match choice.opens {
            Opens::FormOfPrimaries(_) => {
                let none = self.objects(choice, cluster).is_empty();
                none.then(|| "there are no primary instances".to_owned())
            }
            Opens::Form(kind) => why_not(kind, &self.objects, cluster),
            Opens::Book(book) => unfit(book, &self.objects, cluster),
        };
        let why_not: Vec<Option<String>> = self.choices.iter().map(why_not).collect();
        for (choice, why_not) in self.choices.iter_mut().zip(why_not) {
            choice.why_not = why_not;
        }
    }
}

/// Why a runbook is not for these: it is for one at a time.
fn unfit(book: Book, objects: &[Object], cluster: &Cluster) -> Option<String> {
    match objects {
        [one] => book.fits(&runbooks::subject(one), cluster).err(),
        _ => Some("one at a time".to_owned()),
    }
}

/// Why something can be done to none of these: the first one's reason.
fn why_not(kind: Kind, objects: &[Object], cluster: &Cluster) -> Option<String> {
    let mut first = None;
    for object in objects {
        match form(kind, object, cluster) {
            Ok(_) => return None,
            Err(why) => first = first.or(Some(why)),
        }
    }
    first
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
        Some(choice) if menu.is_possible(&choice) => {
            match (choice.opens, menu.objects.as_slice()) {
                (Opens::Book(book), [object, ..]) => {
                    return runbooks::open(state, cluster, book, object);
                }
                (Opens::Form(kind) | Opens::FormOfPrimaries(kind), _) => {
                    let objects = menu.objects(&choice, cluster);
                    open_form(state, cluster, kind, &objects);
                }
                _ => state.acting.open = Some(Open::Menu(menu)),
            }
        }
        _ => state.acting.open = Some(Open::Menu(menu)),
    }
    Vec::new()
}
