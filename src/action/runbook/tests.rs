#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
use std::collections::{HashMap, HashSet};

use gantry_wire::act::ActId;
use gantry_wire::drbd::Device;
use proptest::prelude::*;

use super::*;
use crate::action::fixture::Town;
use crate::action::forecast::World;
use crate::action::form::{Kind, Menu, Object};
use crate::model::Cluster;
use crate::model::status::{Status, Word};
use crate::planner::fixture::{EPOCH, at, devices};
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

#[test]
fn maintenance_goes_from_drain_to_bringing_back() {
    let mut desk = Desk::new(Town::new(), Book::Maintenance, node("node3"));
    // node3 is one of two candidates of three wanted: another has to become one.
    let wanted = desk.wanted(Kind::NodeDrain, &["node3"]);
    assert_eq!(wanted.set, [("auto_promote", "yes".to_owned())]);
    desk.go(|town| town.role("node3", "D"));
    // off1 is down and stays.
    desk.wanted(Kind::Migrate, &["web7"]);
    desk.go(|town| {
        town.conf("web7").primary = "node5".into();
        town.conf("web7").secondaries = vec!["node3".into()];
        town.cluster
            .nodes
            .get_mut("node3")
            .unwrap()
            .primaries
            .retain(|it| **it != *"web7");
        town.half(
            "node3",
            14,
            "Connected Secondary/Primary UpToDate/UpToDate",
            0,
        );
        town.half(
            "node5",
            14,
            "Connected Primary/Secondary UpToDate/UpToDate",
            0,
        );
        town.guests("node3", &[]);
        town.guests("node5", &["web7", "db2"]);
    });
    assert_eq!(desk.step(), "reboot");
    let Due::Hand(words) = desk.due() else {
        panic!("{:?}", desk.run)
    };
    assert!(words[0].starts_with("Nothing runs on node3"), "{words:?}");
    desk.with(|run, world, _| run.by_hand(world));
    desk.look();
    assert_eq!(desk.step(), "answers", "its noded was not told of");
    let daemon = gantry_wire::node::Daemon {
        name: "ganeti-noded".into(),
        runs: true,
        answers: Some(true),
    };
    let told = gantry_wire::node::Sample {
        daemons: Some(vec![daemon]),
        ..gantry_wire::node::Sample::default()
    };
    crate::planner::fixture::sample(&mut desk.town.cluster, "node3", told);
    desk.look();
    desk.wanted(Kind::NodeUndrain, &["node3"]);
    desk.go(|town| town.role("node3", "C"));
    // Nothing was shut down; web7 comes back.
    let wanted = desk.wanted(Kind::Migrate, &["web7"]);
    assert_eq!(wanted.set, [("to", "node3".to_owned())]);
    desk.go(|town| town.conf("web7").primary = "node3".into());
    assert_eq!(
        (desk.step(), desk.run.end.clone()),
        ("over", Some(End::Finished))
    );
    let events: Vec<Event> = desk.notes.iter().map(|note| note.event).collect();
    assert_eq!(
        (events[0], events.last()),
        (Event::Begun, Some(&Event::Finished))
    );
    let asked = desk.notes.iter().filter(|note| note.event == Event::Asked);
    assert_eq!(asked.count(), 4);
    let jobs = desk
        .notes
        .iter()
        .filter(|note| note.event == Event::Done)
        .flat_map(|note| &note.changes);
    assert!(
        jobs.clone().count() == 4
            && jobs
                .clone()
                .all(|it| it.job.is_some() && it.outcome.as_deref() == Some("done"))
    );
}

#[test]
fn what_cannot_leave_is_shut_down_and_started_again() {
    let mut desk = Desk::new(Town::new(), Book::Maintenance, node("node7"));
    desk.go(|town| town.role("node7", "D"));
    desk.wanted(Kind::Migrate, &["pool1"]);
    desk.go(|town| {
        town.conf("pool1").primary = "node5".into();
        town.cluster
            .nodes
            .get_mut("node7")
            .unwrap()
            .primaries
            .retain(|it| **it != *"pool1");
    });
    desk.wanted(Kind::Shutdown, &["old1"]);
    desk.go(|town| {
        town.conf("old1").admin_state = "down".into();
        town.guests("node7", &[]);
    });
    assert_eq!(desk.step(), "reboot");
    // A minute ago it still ran, says LUXI: what counts is that it is to be down.
    let old1 = desk.town.cluster.instances.get_mut("old1").unwrap();
    old1.status = Status::Asked(Word::ErrorUp, desk.town.cluster.now.at);
    for _ in ["reboot", "answers", "in-sync", "undrain"] {
        desk.with(|run, world, _| run.skip(world));
        desk.look();
        if desk.step() == "start" {
            break;
        }
    }
    desk.wanted(Kind::Start, &["old1"]);
}

#[test]
fn a_reboot_is_seen_by_the_boot_that_is_another() {
    let mut town = Town::new();
    town.role("node3", "D");
    town.guests("node3", &[]);
    let boot = |town: &mut Town, id: &str| {
        let agent = &mut town.cluster.nodes.get_mut("node3").unwrap().agent;
        agent.as_mut().unwrap().boot_id = id.into();
    };
    boot(&mut town, "first");
    let mut desk = Desk::new(town, Book::Maintenance, node("node3"));
    assert_eq!(desk.step(), "reboot", "{:?}", desk.run);
    desk.later(60);
    assert_eq!(desk.step(), "reboot");
    boot(&mut desk.town, "second");
    desk.look();
    assert_eq!(desk.step(), "answers");
}

#[test]
fn a_node_that_lives_is_not_failed_over_and_a_silent_one_has_to_be_said_to_be_off() {
    let town = Town::new();
    let alive = Book::Died.fits(&node("node3"), &town.cluster).unwrap_err();
    assert!(alive.contains("its agent answers"), "{alive}");
    let mut town = Town::new();
    town.lose("node3", 60);
    assert_eq!(Book::Died.fits(&node("node3"), &town.cluster), Ok(()));
    // DRBD on node5 still talks to it.
    let mut desk = Desk::new(town, Book::Died, node("node3"));
    let Due::Stuck(why) = desk.due() else {
        panic!("{:?}", desk.run)
    };
    assert!(why.contains("DRBD on node5 is connected"), "{why}");
    for minor in [14, 20] {
        let role = if minor == 14 { "Secondary" } else { "Primary" };
        let words = format!("WFConnection {role}/Unknown UpToDate/DUnknown");
        desk.town.half("node5", minor, &words, 0);
    }
    let wanted = desk.wanted(Kind::NodeOffline, &["node3"]);
    assert_eq!(wanted.proof.as_deref(), Some("node3"));
    desk.go(|town| town.role("node3", "O"));
    desk.run.memory.dead = true;
    desk.wanted(Kind::Failover, &["off1", "web7"]);
    desk.go(|town| {
        for (name, secondary) in [("web7", "node5"), ("off1", "node7")] {
            town.conf(name).primary = secondary.into();
            town.conf(name).secondaries = vec!["node3".into()];
        }
        let node = town.cluster.nodes.get_mut("node3").unwrap();
        node.secondaries = ["db2", "off1", "web7"].map(Into::into).into();
        node.primaries.clear();
    });
    let Due::Wait(why) = desk.due() else {
        panic!("{:?}", desk.run)
    };
    assert!(why.contains("web7") && !why.contains("off1"), "{why}");
    desk.town.guests("node5", &["db2", "web7"]);
    desk.look();
    let wanted = desk.wanted(Kind::ReplaceDisks, &["db2", "off1", "web7"]);
    assert_eq!(wanted.set, [("mode", "new-secondary".to_owned())]);
}

#[test]
fn the_master_is_another_runbook_first() {
    let mut town = Town::new();
    town.lose("node1", 60);
    for book in [Book::Died, Book::Maintenance, Book::Remove] {
        let why = book.fits(&node("node1"), &town.cluster).unwrap_err();
        assert!(why.contains("master-failover"), "{why}");
    }
}

#[test]
fn a_node_that_comes_back_is_looked_through_before_ganeti_talks_to_it() {
    let mut town = Town::new();
    town.role("node3", "O");
    town.conf("web7").primary = "node5".into();
    let mut desk = Desk::new(town, Book::Returns, node("node3"));
    let Due::Wait(why) = desk.due() else {
        panic!("{:?}", desk.run)
    };
    assert!(why.contains("web7"), "{why}");
    desk.town.guests("node3", &[]);
    desk.look();
    desk.wanted(Kind::NodeOnline, &["node3"]);
    // Without its word it is for the operator to look.
    let mut town = Town::new();
    town.role("node3", "O");
    town.lose("node3", 9);
    let mut desk = Desk::new(town, Book::Returns, node("node3"));
    assert!(matches!(desk.due(), Due::Hand(_)), "{:?}", desk.run);
}

#[test]
fn a_node_is_evacuated_in_two_jobs_and_ends_with_the_command_that_removes_it() {
    let mut desk = Desk::new(Town::new(), Book::Remove, node("node5"));
    desk.go(|town| town.role("node5", "D"));
    let wanted = desk.wanted(Kind::NodeEvacuate, &["node5"]);
    assert_eq!(wanted.set, [("mode", "primary-only".to_owned())]);
    // Its job makes others: the node is empty only later.
    desk.go(|_| {}).later(9);
    let Due::Wait(why) = desk.due() else {
        panic!("{:?}", desk.run)
    };
    assert!(why.contains("db2"), "{why}");
    // They failed: the step before is tried again.
    desk.with(|run, world, _| run.again(world)).unwrap();
    desk.wanted(Kind::NodeEvacuate, &["node5"]);
    desk.go(|town| {
        town.cluster
            .nodes
            .get_mut("node5")
            .unwrap()
            .primaries
            .clear()
    });
    let wanted = desk.wanted(Kind::NodeEvacuate, &["node5"]);
    assert_eq!(wanted.set, [("mode", "secondary-only".to_owned())]);
    desk.go(|town| {
        town.cluster
            .nodes
            .get_mut("node5")
            .unwrap()
            .secondaries
            .clear()
    });
    let Due::Hand(words) = desk.due() else {
        panic!("{:?}", desk.run)
    };
    assert!(words[0].contains("gnt-node remove node5"), "{words:?}");
    desk.town.cluster.nodes.remove("node5");
    desk.look();
    assert_eq!(desk.run.end, Some(End::Finished));
}

#[test]
fn degraded_disks_are_connected_and_made_anew_only_from_a_half_that_is_whole() {
    let web7 = || Object::Instance("web7".into());
    let parted = |town: &mut Town, disk: &str| {
        town.half(
            "node3",
            14,
            &format!("StandAlone Primary/Unknown {disk}/DUnknown"),
            0,
        );
        town.no_half("node5", 14);
    };
    let mut town = Town::new();
    parted(&mut town, "UpToDate");
    let mut desk = Desk::new(town, Book::Degraded, web7());
    desk.wanted(Kind::ActivateDisks, &["web7"]);
    desk.go(|_| {}).later(9);
    let wanted = desk.wanted(Kind::ReplaceDisks, &["web7"]);
    assert_eq!(wanted.set, [("mode", "on-secondary".to_owned())]);
    parted(&mut desk.town, "Inconsistent");
    let Due::Stuck(why) = desk.due() else {
        panic!("{:?}", desk.run)
    };
    assert!(why.contains("the only copy"), "{why}");
    let mut desk = Desk::new(Town::new(), Book::Degraded, web7());
    assert_eq!(desk.look().run.end, Some(End::Finished), "all is well");
}

#[test]
fn of_a_split_brain_the_half_that_is_kept_is_chosen_and_nothing_goes_on_before() {
    let split = |town: &mut Town| {
        for (node, role) in [("node3", "Primary"), ("node5", "Secondary")] {
            let device = Device {
                minor: 14,
                connection: "StandAlone".into(),
                role: role.into(),
                disk: "UpToDate".into(),
                oos_kib: Some(2_048),
                split_brain_at: Some(EPOCH + 1_060.0),
                ..Device::default()
            };
            devices(&mut town.cluster, node, vec![device]);
        }
    };
    let mut town = Town::new();
    split(&mut town);
    let mut desk = Desk::new(town, Book::SplitBrain, Object::Instance("web7".into()));
    let Due::Choose([primary, secondary]) = desk.due() else {
        panic!("{:?}", desk.run)
    };
    assert!(primary.starts_with("node3: Primary, UpToDate"), "{primary}");
    assert!(secondary.starts_with("node5: Secondary"), "{secondary}");
    let halves = desk
        .with(|run, world, _| run.halves(world.cluster))
        .unwrap();
    assert_eq!(halves, ["node3", "node5"]);
    desk.with(|run, world, _| run.choose("node5", world));
    desk.look();
    let wanted = desk.wanted(Kind::Failover, &["web7"]);
    assert_eq!(wanted.set, [("ignore_consistency", "yes".to_owned())]);
    // The other way round nothing moves: the other half is made anew on a third node.
    let mut town = Town::new();
    split(&mut town);
    let mut desk = Desk::new(town, Book::SplitBrain, Object::Instance("web7".into()));
    desk.with(|run, world, _| run.choose("node3", world));
    desk.look();
    let wanted = desk.wanted(Kind::ReplaceDisks, &["web7"]);
    assert_eq!(wanted.set, [("mode", "new-secondary".to_owned())]);
}

#[test]
fn lost_halves_of_a_failed_disk_are_made_anew_on_the_side_that_they_are_on() {
    let mut town = Town::new();
    town.half(
        "node3",
        14,
        "Connected Primary/Secondary Diskless/UpToDate",
        0,
    );
    town.half(
        "node3",
        20,
        "Connected Secondary/Primary Diskless/UpToDate",
        0,
    );
    let mut desk = Desk::new(town, Book::FailedDisk, node("node3"));
    let Due::Hand(words) = desk.due() else {
        panic!("{:?}", desk.run)
    };
    assert!(
        words[1].contains("gnt-node repair-storage node3 lvm-vg xenvg"),
        "{words:?}"
    );
    desk.with(|run, world, _| run.by_hand(world));
    desk.look();
    let wanted = desk.wanted(Kind::ReplaceDisks, &["web7"]);
    assert_eq!(wanted.set, [("mode", "on-primary".to_owned())]);
    desk.with(|run, world, _| run.skip(world));
    desk.look();
    let wanted = desk.wanted(Kind::ReplaceDisks, &["db2"]);
    assert_eq!(wanted.set, [("mode", "on-secondary".to_owned())]);
}

#[test]
fn a_job_that_fails_stops_it_there_until_the_operator_says_how_to_go_on() {
    let mut desk = Desk::new(Town::new(), Book::Maintenance, node("node3"));
    let ids = desk.confirm();
    desk.later(60);
    assert!(
        matches!(desk.run.state(), State::Asked(_)),
        "it waits for what it asked for"
    );
    assert_eq!(
        desk.with(|run, world, _| run.again(world)).err().as_deref(),
        Some("what was asked for is not over yet")
    );
    let why = "Can't drain node".to_owned();
    desk.fates
        .insert(ids[0].clone(), Fate::Bad(Some(7), why.clone()));
    desk.later(60);
    let State::Failed(asks) = desk.run.state() else {
        panic!("{:?}", desk.run)
    };
    assert_eq!(asks[0].fate, Fate::Bad(Some(7), why.clone()));
    let note = desk.notes.last().unwrap();
    assert_eq!(
        (note.event, note.changes[0].outcome.as_ref()),
        (Event::Failed, Some(&why))
    );
    desk.with(|run, world, _| run.again(world)).unwrap();
    desk.look();
    desk.wanted(Kind::NodeDrain, &["node3"]);
    let notes = desk.with(|run, world, _| run.stop(world));
    assert_eq!((notes[0].event, desk.step()), (Event::Stopped, "over"));
}

#[test]
fn the_mark_follows_what_is_asked_for_and_goes_at_the_end() {
    let mut desk = Desk::new(Town::new(), Book::Maintenance, node("node3"));
    assert_eq!(desk.mark(), None, "nothing was asked for");
    let ids = desk.confirm();
    assert_eq!(
        desk.set_mark(),
        ("gantry:run:maintenance-1a:drain".to_owned(), true)
    );
    assert_eq!(desk.mark(), None);
    desk.fates.insert(ids[0].clone(), Fate::Well(Some(3)));
    desk.town.role("node3", "D");
    desk.look();
    desk.confirm();
    assert_eq!(
        desk.set_mark(),
        ("gantry:run:maintenance-1a:migrate".to_owned(), true)
    );
    assert_eq!(
        desk.mark(),
        None,
        "an old one is not removed while the step is under way"
    );
    desk.with(|run, world, _| run.stop(world));
    let mut gone = vec![desk.set_mark(), desk.set_mark()];
    gone.sort();
    assert!(gone.iter().all(|(_, add)| !add), "{gone:?}");
    assert_eq!(desk.mark(), None);
    assert!(desk.run.is_settled(&desk.town.cluster));
}

#[test]
fn another_console_takes_it_over_at_its_step_and_the_first_one_sees_that() {
    let mut desk = Desk::new(Town::new(), Book::Maintenance, node("node3"));
    desk.go(|town| town.role("node3", "D"));
    desk.confirm();
    desk.set_mark();
    let mark = marks(&desk.town.cluster).remove(0);
    let past = Past::of(desk.notes.iter());
    assert_eq!(past.moved, ["web7"]);
    let run = Run::taken_over(&mark, &past, "bert", 9.0);
    assert_eq!(
        (
            run.step().map(Step::name),
            run.memory.asked(Step::MigrateAway).next()
        ),
        (Some("migrate"), Some("web7"))
    );
    assert!(run.begun);
    tags(&mut desk.town.cluster, "node3", |tags| {
        tags.push(tag("maintenance-1a", Step::Reboot))
    });
    desk.look();
    assert_eq!(desk.run.end, Some(End::Taken));
    assert_eq!(desk.mark(), None, "the mark is the other's");
}

#[test]
fn without_a_configuration_nothing_is_taken_for_done() {
    let mut town = Town::new();
    town.cluster.conf_seen = None;
    let mut desk = Desk::new(town, Book::Maintenance, node("node3"));
    assert!(matches!(desk.due(), Due::Wait(_)));
}

#[test]
fn notes_are_lines_of_json() {
    let mut desk = Desk::new(Town::new(), Book::Maintenance, node("node3"));
    desk.confirm();
    let line = serde_json::to_string(&desk.notes[1]).unwrap();
    insta::assert_snapshot!(line, @r#"{"at":1700001060.0,"by":"anna","cluster":"there","run":"maintenance-1a","on":"node3","step":"drain","event":"asked","changes":[{"title":"node-drain node3","subject":"node3","id":"00000000000000000000000000000001"}]}"#);
    let back: Note = serde_json::from_str(&line).unwrap();
    assert_eq!(back, desk.notes[1]);
}

proptest! {
    #[test]
    fn whatever_is_pressed_and_whatever_becomes_of_it_a_step_is_never_asked_for_twice_at_once(
        which in 0_usize..7, pressed in proptest::collection::vec(0_u8..8, 0..40),
    ) {
        let book = Book::all().nth(which).unwrap();
        let subject = if Book::of(Menu::Node).any(|it| it == book) {
            node("node3")
        } else {
            Object::Instance("web7".into())
        };
        let mut desk = Desk::new(Town::new(), book, subject);
        let mut open: Vec<String> = Vec::new();
        for key in pressed {
            let asked = matches!(desk.run.state(), State::Asked(_));
            match key {
                0 | 1 if matches!(desk.with(|run, world, _| run.due(world)), Some(Due::Ask(_))) => {
                    prop_assert!(!asked);
                    open = desk.confirm();
                }
                2 => { desk.with(|run, world, _| run.skip(world)); }
                3 => {
                    let again = desk.with(|run, world, _| run.again(world));
                    prop_assert!(!asked || again.is_err());
                }
                4 => for id in open.drain(..) { desk.fates.insert(id, Fate::Well(Some(1))); },
                5 => for id in open.drain(..) { desk.fates.insert(id, Fate::Bad(None, "no".into())); },
                6 => { desk.later(6); }
                7 => { desk.with(|run, world, _| if run.step().is_some() { run.by_hand(world) } else { Vec::new() }); }
                _ => {}
            }
            desk.look();
            prop_assert_eq!(desk.run.end.is_none(), desk.run.step().is_some());
            prop_assert_eq!(desk.run.states.len(), book.steps().len());
        }
    }
}
