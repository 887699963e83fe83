//! What becomes of a step, whoever presses what, and the mark and the record of it.

use super::*;

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
fn a_mark_that_is_refused_is_tried_again_once_the_facts_may_have_followed() {
    let mut desk = Desk::new(Town::new(), Book::Maintenance, node("node3"));
    desk.confirm();
    let refused = |_: &ActId| Fate::Bad(None, "not as it was seen".into());
    let cluster = &mut desk.town.cluster;
    let (tag, add) = desk.run.next_mark(cluster, refused).unwrap();
    desk.run.marks(ActId::new(9), tag, add);
    assert_eq!(desk.run.next_mark(cluster, refused), None, "not at once");
    cluster.now.at.0 += 5_000;
    assert!(desk.run.next_mark(cluster, refused).is_some());
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
