//! Runbooks: the steps, the form of the one that is due, what is waited for, and the list.

use gantry_wire::act::{Acted, Outcome};
use gantry_wire::job::{Job, JobsPart, Op};
use gantry_wire::operation::Operation;
use gantry_wire::report::Report;

use super::Screen;
use super::fake::{Size, at, bad_night, healthy, node};
use crate::action::guard::Request;
use crate::action::runbook::{Event, Note};
use crate::app::{Effect, Msg};
use crate::model::{Cluster, Reach, Time};

fn small() -> Cluster {
    healthy(Size {
        nodes: 4,
        instances: 12,
    })
}

/// The second node's maintenance is opened.
fn maintenance(width: u16, height: u16) -> Screen {
    let mut screen = Screen::new(small(), width, height);
    screen.press("1 Home j a M");
    later(&mut screen, 1);
    screen
}

/// Time goes by.
fn later(screen: &mut Screen, seconds: u64) {
    let now = screen.cluster.now.at.0;
    at(&mut screen.cluster, now + seconds * 1_000);
    screen.send(Msg::Tick);
}

/// What was asked for since the last look.
fn requests(screen: &mut Screen) -> Vec<Request> {
    let effects = std::mem::take(&mut screen.effects);
    let requests = effects.into_iter().filter_map(|effect| match effect {
        Effect::Act(request) => Some(*request),
        _ => None,
    });
    requests.collect()
}

fn notes(screen: &Screen) -> Vec<Note> {
    let notes = screen.effects.iter().filter_map(|effect| match effect {
        Effect::Record(note) => Some((**note).clone()),
        _ => None,
    });
    notes.collect()
}

/// All of these become jobs that end so.
fn end(screen: &mut Screen, requests: &[Request], first: u64, error: &str) {
    let status = if error.is_empty() { "success" } else { "error" };
    for (job, request) in (first..).zip(requests) {
        let id = request.act().id.to_string();
        screen.send(Msg::Acted(Acted {
            id,
            outcome: Outcome::Submitted { job },
        }));
        let op = Op {
            status: status.into(),
            error: error.into(),
            ..Op::default()
        };
        let job = Job {
            id: job,
            status: status.into(),
            ops: vec![op],
            ..Job::default()
        };
        let part = JobsPart {
            jobs: vec![job],
            ..JobsPart::default()
        };
        screen.cluster.report(&node(1), Report::Jobs(part));
    }
    screen.send(Msg::Data);
}

/// The configuration follows.
fn role(screen: &mut Screen, n: usize, role: &str) {
    let name = node(n);
    let own = screen.cluster.nodes.get_mut(name.as_str()).unwrap();
    own.conf.as_mut().unwrap().role = role.into();
    screen.cluster.shape += 1;
    screen.send(Msg::Data);
}

/// The operations among them that are not marks.
fn changes(requests: &[Request]) -> Vec<&Operation> {
    let all = requests.iter().map(|request| &request.act().operation);
    let mark = |it: &&Operation| matches!(it, Operation::AddTags(_) | Operation::RemoveTags(_));
    all.filter(|it| !mark(it)).collect()
}

#[test]
fn maintenance_begins_with_the_form_of_its_first_step() {
    let screen = maintenance(160, 45);
    insta::assert_snapshot!("runbook-maintenance", screen.text());
    let screen = maintenance(80, 24);
    insta::assert_snapshot!("runbook-maintenance-80", screen.text());
}

#[test]
fn a_form_that_is_put_aside_leaves_the_steps_and_comes_back_with_enter() {
    let mut screen = maintenance(80, 24);
    screen.press("Esc");
    later(&mut screen, 5);
    insta::assert_snapshot!("runbook-aside-80", screen.text());
    screen.press("Enter");
    assert!(screen.state.acting.open.is_some());
    assert!(requests(&mut screen).is_empty());
}

#[test]
fn what_is_confirmed_is_marked_first_recorded_and_followed_on_the_page() {
    let mut screen = maintenance(160, 45);
    screen.press("y");
    let written: Vec<(Event, String)> = notes(&screen)
        .into_iter()
        .map(|it| (it.event, it.step))
        .collect();
    assert_eq!(
        written,
        [
            (Event::Begun, "drain".to_owned()),
            (Event::Asked, "drain".to_owned())
        ]
    );
    let asked = requests(&mut screen);
    let [mark, drain] = asked.as_slice() else {
        panic!("{asked:?}")
    };
    assert!(
        matches!(&mark.act().operation, Operation::AddTags(it) if it.tags[0].ends_with(":drain"))
    );
    assert!(matches!(&drain.act().operation, Operation::NodeDrain(_)));
    assert_eq!(screen.state.view().page.word(), "runbook");
    screen.press("y Enter Space");
    assert!(changes(&requests(&mut screen)).is_empty(), "once is enough");
    insta::assert_snapshot!("runbook-asked", screen.text());
    end(&mut screen, &asked, 1_001, "");
    role(&mut screen, 2, "D");
    later(&mut screen, 1);
    insta::assert_snapshot!("runbook-second-step", screen.text());
    screen.press("y");
    let asked = requests(&mut screen);
    let migrated = changes(&asked);
    assert!(
        migrated.len() > 1
            && migrated
                .iter()
                .all(|it| matches!(it, Operation::Migrate(_)))
    );
    end(
        &mut screen,
        &asked,
        2_001,
        "Can't migrate: no such machine type",
    );
    insta::assert_snapshot!("runbook-failed", screen.text());
}

#[test]
fn the_keys_for_maintenance_are_no_more_than_eight() {
    let mut screen = Screen::new(small(), 160, 45);
    screen.press("1 Home j");
    let mut keys = 0;
    let mut press = |screen: &mut Screen, key: &str| {
        later(screen, 1);
        keys += key.split_whitespace().count();
        screen.press(key);
        let asked = requests(screen);
        end(screen, &asked, 5_000 + 100 * keys as u64, "");
        changes(&asked).into_iter().cloned().collect::<Vec<_>>()
    };
    press(&mut screen, "a M");
    press(&mut screen, "y");
    role(&mut screen, 2, "D");
    let moved = press(&mut screen, "y");
    let names: Vec<String> = moved.iter().map(crate::action::words::name_of).collect();
    let put = |screen: &mut Screen, from: usize, to: usize| {
        for name in &names {
            let own = screen.cluster.instances.get_mut(name.as_str()).unwrap();
            own.conf.primary = node(to);
            own.conf.secondaries = vec![node(from)];
        }
        let all = &mut screen.cluster.nodes;
        all.get_mut(node(from).as_str())
            .unwrap()
            .primaries
            .retain(|it| !names.iter().any(|name| **name == **it));
        screen.cluster.shape += 1;
        screen.send(Msg::Data);
    };
    put(&mut screen, 2, 3);
    // What has its disks there only.
    press(&mut screen, "y");
    let rest = screen.cluster.nodes[node(2).as_str()].primaries.clone();
    for name in rest {
        let own = screen.cluster.instances.get_mut(&name).unwrap();
        own.conf.admin_state = "down".into();
        own.status = crate::model::Status::Now(crate::model::status::Word::AdminDown);
    }
    screen.cluster.shape += 1;
    screen.send(Msg::Data);
    later(&mut screen, 1);
    insta::assert_snapshot!("runbook-reboot", screen.text());
    press(&mut screen, "Enter");
    later(&mut screen, 1);
    assert!(screen.text().contains("undrain"), "{}", screen.text());
    assert!(keys <= 7, "{keys} keys");
}

#[test]
fn a_node_that_died_wants_the_word_that_it_is_off_and_then_one_key_a_step() {
    let mut cluster = small();
    let lost = Reach::Waiting {
        until: Time(200_000),
        attempts: 4,
        why: "no answer within 10 s".into(),
        host_answers: false,
    };
    cluster.linked(&node(2), lost);
    let mut screen = Screen::new(cluster, 160, 45);
    later(&mut screen, 20);
    screen.press("1 Home j a D");
    later(&mut screen, 1);
    insta::assert_snapshot!("runbook-died", screen.text());
    screen.press("y Enter");
    assert!(requests(&mut screen).is_empty());
    screen
        .press("Backspace")
        .type_in("node2 is powered off")
        .press("Enter");
    let asked = requests(&mut screen);
    assert!(
        matches!(changes(&asked).as_slice(), [Operation::NodeOffline(_)]),
        "{asked:?}"
    );
    end(&mut screen, &asked, 1_001, "");
    role(&mut screen, 2, "O");
    later(&mut screen, 1);
    insta::assert_snapshot!("runbook-died-failover", screen.text());
    screen.press("y");
    let asked = requests(&mut screen);
    let failed_over = changes(&asked);
    assert!(failed_over.len() > 1);
    assert!(
        failed_over
            .iter()
            .all(|it| matches!(it, Operation::Failover(it) if !it.ignore_consistency))
    );
}

#[test]
fn a_node_that_answers_did_not_die_and_the_master_is_another_runbook() {
    let mut screen = Screen::new(small(), 160, 45);
    let menu = screen.press("1 Home j a").text();
    assert!(menu.contains("node2 is alive: its agent answers"), "{menu}");
    screen.press("D");
    assert_eq!(screen.state.view().page.word(), "nodes");
    let menu = screen.press("Esc Home a").text();
    assert!(
        menu.contains("make another node the master first"),
        "{menu}"
    );
}

#[test]
fn a_read_only_console_sees_the_steps_and_why_nothing_can_be_asked_for() {
    let mut screen = Screen::new(small(), 160, 45);
    screen.state.acting.read_only = true;
    screen.press("1 Home j a M");
    later(&mut screen, 1);
    insta::assert_snapshot!("runbook-read-only", screen.text());
    screen.press("Enter y s s");
    later(&mut screen, 1);
    assert!(requests(&mut screen).is_empty() && notes(&screen).is_empty());
    assert!(screen.text().contains("step 1 of 9"), "{}", screen.text());
}

#[test]
fn one_of_another_console_is_seen_everywhere_and_can_be_taken_over() {
    let mut cluster = small();
    let own = cluster.nodes.get_mut(node(2).as_str()).unwrap();
    let conf = own.conf.as_mut().unwrap();
    conf.tags = vec!["gantry:run:maintenance-0badcafe:migrate".to_owned()];
    conf.role = "D".into();
    cluster.shape += 1;
    let mut screen = Screen::new(cluster, 160, 45);
    later(&mut screen, 1);
    assert!(
        screen
            .text()
            .contains("runbook: maintenance of node2, step 2/9"),
        "{}",
        screen.text()
    );
    insta::assert_snapshot!("runbooks", screen.press("w").text());
    screen.state.size = (80, 24);
    insta::assert_snapshot!("runbooks-80", screen.press("k").text());
    screen.state.size = (160, 45);
    insta::assert_snapshot!("runbook-of-another", screen.press("Enter").text());
    screen.press("s");
    assert!(
        screen.text().contains("Enter takes it over"),
        "{}",
        screen.text()
    );
    screen.press("Enter");
    assert_eq!(notes(&screen).last().map(|it| it.event), Some(Event::Taken));
    later(&mut screen, 1);
    assert!(
        screen.text().contains("step 2 of 9: migrate"),
        "{}",
        screen.text()
    );
    // Who begins one on the same node is led to the one that is there.
    screen.press("Esc x x");
    assert!(
        screen.text().contains("It was stopped here"),
        "{}",
        screen.text()
    );
}

#[test]
fn a_runbook_of_which_nothing_was_asked_is_gone_when_it_is_left() {
    let mut screen = maintenance(160, 45);
    screen.press("Esc Esc");
    later(&mut screen, 1);
    let list = screen.press("w").text();
    assert!(list.contains("No runbook is under way"), "{list}");
    assert!(notes(&screen).is_empty() && requests(&mut screen).is_empty());
}

#[test]
fn on_a_bad_night_every_node_has_its_runbook() {
    let mut screen = Screen::new(bad_night(), 120, 40);
    for n in 1..=8 {
        let keys = "j ".repeat(n - 1);
        let menu = screen.press(&format!("1 Home {keys} a")).text();
        assert!(menu.contains("runbook:"), "{menu}");
        screen.press("Esc");
    }
}
