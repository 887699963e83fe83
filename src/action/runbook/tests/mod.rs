#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
use std::collections::{HashMap, HashSet};

use gantry_wire::act::ActId;
use proptest::prelude::*;

mod books;
mod machine;

use super::*;
use crate::action::fixture::Town;
use crate::action::forecast::World;
use crate::action::form::{Kind, Menu, Object};
use crate::model::Cluster;
use crate::planner::fixture::at;
use crate::planner::replica::pairs;

/// A runbook with the town that it is in, and what became of what was asked for.
struct Desk {
    town: Town,
    run: Run,
    fates: HashMap<String, Fate>,
    notes: Vec<Note>,
    asked: u128,
}

fn node(name: &str) -> Object {
    Object::Node(name.into())
}

impl Desk {
    fn new(town: Town, book: Book, subject: Object) -> Desk {
        let id = format!("{}-1a", book.name());
        let run = Run::new(id, book, subject, "anna", 5.0);
        let mut desk = Desk {
            town,
            run,
            fates: HashMap::new(),
            notes: Vec::new(),
            asked: 0,
        };
        desk.look();
        desk
    }

    fn with<T>(&mut self, look: impl FnOnce(&mut Run, &World, &HashMap<String, Fate>) -> T) -> T {
        let pairs = pairs(&self.town.cluster);
        let world = World {
            cluster: &self.town.cluster,
            present: None,
            pairs: &pairs,
        };
        look(&mut self.run, &world, &self.fates)
    }

    fn look(&mut self) -> &mut Desk {
        let fate = |fates: &HashMap<String, Fate>, id: &ActId| {
            let known = fates.get(id.as_str()).cloned();
            known.unwrap_or(Fate::Open(None, "asked for".into()))
        };
        let notes = self.with(|run, world, fates| run.look(world, |id| fate(fates, id)));
        self.notes.extend(notes);
        self
    }

    fn due(&mut self) -> Due {
        let due = self.with(|run, world, _| run.due(world));
        due.unwrap_or_else(|| panic!("nothing is due: {:?}", self.run))
    }

    /// What is to be confirmed: the operation, on whom, with which parameters.
    #[track_caller]
    fn wanted(&mut self, kind: Kind, on: &[&str]) -> Wanted {
        match self.due() {
            Due::Ask(wanted) => {
                let names: Vec<String> = wanted.objects.iter().map(Object::name).collect();
                assert_eq!(
                    (wanted.kind, names),
                    (kind, on.iter().map(|it| (*it).to_owned()).collect())
                );
                wanted
            }
            due => panic!("{due:?}"),
        }
    }

    /// What is due is confirmed; its ids.
    fn confirm(&mut self) -> Vec<String> {
        let Due::Ask(wanted) = self.due() else {
            panic!("nothing to confirm")
        };
        let mut ids = Vec::new();
        let mut asks = Vec::new();
        for object in &wanted.objects {
            self.asked += 1;
            let id = ActId::new(self.asked);
            ids.push(id.to_string());
            asks.push(Ask {
                id,
                title: format!("{} {}", wanted.kind.name(), object.name()),
                subject: object.name(),
                fate: Fate::Open(None, String::new()),
            });
        }
        let notes = self.with(|run, world, _| run.asked(asks, world));
        self.notes.extend(notes);
        self.look();
        ids
    }

    /// It is confirmed and done, and the facts are as this makes them.
    fn go(&mut self, then: impl FnOnce(&mut Town)) -> &mut Desk {
        for id in self.confirm() {
            let job = 100 + self.fates.len() as u64;
            self.fates.insert(id, Fate::Well(Some(job)));
        }
        then(&mut self.town);
        self.look()
    }

    fn step(&self) -> &'static str {
        self.run.step().map_or("over", Step::name)
    }

    /// So many seconds go by.
    fn later(&mut self, seconds: u64) -> &mut Desk {
        let now = self.town.cluster.now.at.0 / 1_000;
        at(&mut self.town.cluster, now + seconds);
        self.look()
    }

    fn mark(&mut self) -> Option<(String, bool)> {
        let fate = |fates: &HashMap<String, Fate>, id: &ActId| {
            let known = fates.get(id.as_str()).cloned();
            known.unwrap_or(Fate::Open(None, String::new()))
        };
        self.with(|run, world, fates| run.next_mark(world.cluster, |id| fate(fates, id)))
    }

    /// A mark that is asked for is done at once.
    fn set_mark(&mut self) -> (String, bool) {
        let (tag, add) = self.mark().unwrap();
        self.asked += 1;
        let id = ActId::new(self.asked);
        self.fates.insert(id.to_string(), Fate::Well(None));
        self.run.marks(id, tag.clone(), add);
        tags(&mut self.town.cluster, &self.run.subject.name(), |tags| {
            tags.retain(|it| *it != tag);
            if add {
                tags.push(tag.clone());
            }
        });
        // Once for the job's end, once for the configuration that follows.
        assert_eq!(self.mark(), None);
        (tag, add)
    }
}

fn tags(cluster: &mut Cluster, node: &str, change: impl FnOnce(&mut Vec<String>)) {
    let node = cluster.nodes.get_mut(node).unwrap();
    change(&mut node.conf.as_mut().unwrap().tags);
}

#[test]
fn every_name_is_once_and_every_letter_once_in_its_menu() {
    let mut names = HashSet::new();
    for book in Book::all() {
        assert!(names.insert(book.name()));
        assert_eq!(Book::named(book.name()), Some(book));
        assert!(book.what().ends_with('.') && !book.title().is_empty());
        let steps: HashSet<&str> = book.steps().iter().map(|step| step.name()).collect();
        assert_eq!(steps.len(), book.steps().len(), "{book:?}");
        for step in book.steps() {
            assert!(
                step.what().ends_with('.') && !step.title().is_empty(),
                "{step:?}"
            );
        }
    }
    for menu in [Menu::Node, Menu::Instance, Menu::Pair] {
        let own = menu.kinds().map(Kind::letter);
        let books = Book::of(menu).map(Book::letter);
        // Two letters of a node's menu are for all its primaries.
        let all: Vec<char> = own
            .chain(books)
            .chain(if menu == Menu::Node {
                vec!['m', 'f']
            } else {
                Vec::new()
            })
            .collect();
        let unique: HashSet<&char> = all.iter().collect();
        assert_eq!(unique.len(), all.len(), "{menu:?}: {all:?}");
    }
    for menu in [Menu::Group, Menu::Job, Menu::Cluster] {
        assert_eq!(Book::of(menu).count(), 0);
    }
}

#[test]
fn every_mark_is_a_tag_that_ganeti_takes_and_is_read_back() {
    use gantry_wire::operation::{AddTags, Operation, TagsOf};
    let mut town = Town::new();
    for book in Book::all() {
        for (place, step) in book.steps().iter().enumerate() {
            let id = format!("{}-0123abcd", book.name());
            let tag = tag(&id, *step);
            let operation = Operation::AddTags(AddTags {
                of: TagsOf::Node("node3".into()),
                tags: vec![tag.clone()],
            });
            assert_eq!(operation.check(), Ok(()), "{tag}");
            tags(&mut town.cluster, "node3", |tags| *tags = vec![tag]);
            let all = marks(&town.cluster);
            let [mark] = all.as_slice() else {
                panic!("{all:?}")
            };
            assert_eq!((&mark.id, mark.book, mark.at), (&id, book, place));
            assert_eq!(
                (mark.step(), mark.subject.clone()),
                (Some(*step), node("node3"))
            );
        }
    }
}

#[test]
fn a_tag_that_only_looks_like_a_mark_is_none() {
    let mut town = Town::new();
    let like = [
        "gantry:run:maintenance-1:fly",
        "gantry:run:maintenance:drain",
        "gantry:run:maintenance-:drain",
        "gantry:run:maintenance-xyz:drain",
        "gantry:run:party-1:drain",
        "gantry:run:",
        "gantry:run:died-1:drain",
    ];
    tags(&mut town.cluster, "node3", |tags| {
        *tags = like.map(str::to_owned).into()
    });
    assert_eq!(marks(&town.cluster), []);
}
