//! What can be done, the form, the confirmation, and what becomes of it.

use gantry_wire::act::{Acted, Outcome, Refusal};
use gantry_wire::operation::Operation;
use gantry_wire::report::{Hello, Report};

use super::Screen;
use super::fake::{self, Size, at, bad_night, healthy, node};
use crate::action::guard::Request;
use crate::app::{Effect, Msg};
use crate::model::Cluster;

fn small() -> Cluster {
    healthy(Size {
        nodes: 4,
        instances: 12,
    })
}

/// On the instances, with the cursor on the first one.
fn on_instances(cluster: Cluster, width: u16, height: u16) -> Screen {
    let mut screen = Screen::new(cluster, width, height);
    screen.press("2 Home");
    screen.effects.clear();
    screen
}

/// Opens a form by keys, and reads what it says.
fn opened(screen: &mut Screen, keys: &str) {
    screen.press(keys);
    read(screen);
}

/// A moment goes by.
fn read(screen: &mut Screen) {
    let now = screen.cluster.now.at.0;
    at(&mut screen.cluster, now + 1_000);
    screen.send(Msg::Tick);
}

/// What was asked for.
fn requests(screen: &Screen) -> Vec<Request> {
    let request = |effect: &Effect| match effect {
        Effect::Act(request) => Some((**request).clone()),
        _ => None,
    };
    screen.effects.iter().filter_map(request).collect()
}

fn acted(screen: &mut Screen, outcome: Outcome) {
    let id = requests(screen)[0].act().id.to_string();
    screen.send(Msg::Acted(Acted { id, outcome }));
}

#[test]
fn the_menus() {
    let mut screen = on_instances(small(), 160, 45);
    insta::assert_snapshot!("menu-instance", screen.press("a").text());
    let mut screen = on_instances(small(), 80, 24);
    insta::assert_snapshot!("menu-instance-80", screen.press("a").text());
    let mut screen = Screen::new(small(), 80, 24);
    insta::assert_snapshot!("menu-node-80", screen.press("1 a").text());
    insta::assert_snapshot!("menu-cluster-80", screen.press("Esc A").text());
    let mut screen = Screen::new(bad_night(), 80, 24);
    insta::assert_snapshot!("menu-job-80", screen.press("4 a").text());
}

#[test]
fn the_forms() {
    let mut screen = on_instances(small(), 160, 45);
    insta::assert_snapshot!("form-failover-new", screen.press("a f").text());
    read(&mut screen);
    insta::assert_snapshot!("form-failover", screen.text());
    insta::assert_snapshot!("form-failover-field", screen.press("Tab Space").text());
    let mut screen = on_instances(small(), 80, 24);
    opened(&mut screen, "a m");
    insta::assert_snapshot!("form-migrate-80", screen.text());
    opened(&mut screen, "Esc a r Tab");
    insta::assert_snapshot!("form-replace-disks-80", screen.text());
    let mut screen = Screen::new(small(), 80, 24);
    opened(&mut screen, "1 a m");
    insta::assert_snapshot!("form-migrate-all-80", screen.text());
}

#[test]
fn a_disruptive_change_wants_y_and_asks_once() {
    let mut screen = on_instances(small(), 160, 45);
    screen.press("a f y");
    assert!(requests(&screen).is_empty(), "nobody has read it yet");
    read(&mut screen);
    screen.press("Enter Space x");
    assert!(requests(&screen).is_empty());
    screen.press("y y");
    let asked = requests(&screen);
    let [request] = asked.as_slice() else {
        panic!("{} requests", asked.len())
    };
    assert!(matches!(&request.act().operation, Operation::Failover(it) if !it.ignore_consistency));
    assert!(screen.state.acting.open.is_none());
}

#[test]
fn a_destructive_change_wants_the_name_and_enter() {
    let mut screen = on_instances(small(), 160, 45);
    opened(&mut screen, "a K");
    screen.press("y Enter");
    assert!(requests(&screen).is_empty());
    let name = screen.state.facts.instances[0].to_string();
    screen
        .press("Backspace")
        .type_in(&name[..name.len() - 1])
        .press("Enter");
    assert!(requests(&screen).is_empty());
    screen.type_in(&name[name.len() - 1..]).press("Enter");
    assert_eq!(requests(&screen).len(), 1);
}

#[test]
fn typing_a_reason_confirms_nothing_and_the_reason_is_remembered() {
    let mut screen = on_instances(small(), 160, 45);
    opened(&mut screen, "a h Shift-Tab");
    screen.type_in("yyy fan").press("Tab y");
    assert_eq!(requests(&screen)[0].act().reason, "yyy fan");
    opened(&mut screen, "2 a h");
    screen.press("y");
    assert_eq!(requests(&screen)[1].act().reason, "yyy fan");
}

#[test]
fn what_changed_a_moment_ago_is_not_confirmed_and_what_was_typed_for_it_is_gone() {
    let mut screen = on_instances(small(), 160, 45);
    screen.press("a f");
    let name = screen.state.facts.instances[0].clone();
    let now = screen.cluster.now.at.0;
    screen
        .cluster
        .instances
        .get_mut(&name)
        .unwrap()
        .conf
        .primary = node(3);
    screen.cluster.shape += 1;
    screen.send(Msg::Data);
    screen.press("y");
    assert!(requests(&screen).is_empty());
    assert!(screen.text().contains("read it again"));
    at(&mut screen.cluster, now + 1_000);
    screen.press("y");
    let expect = format!("{:?}", requests(&screen)[0].act().expect);
    assert!(expect.contains("node3"), "{expect}");
}

#[test]
fn a_read_only_key_and_a_read_only_console_see_what_would_be_possible_and_why_not() {
    let mut cluster = small();
    let hello = Hello {
        protocol: 1,
        node: node(1),
        ganeti: true,
        root: true,
        boot_id: "boot".into(),
        name: "wall".into(),
        read_only: true,
        ..Hello::default()
    };
    cluster.report(&node(1), Report::Hello(hello));
    cluster.report(
        &node(1),
        Report::Master(gantry_wire::report::MasterState::Serving),
    );
    let mut screen = on_instances(cluster, 80, 24);
    insta::assert_snapshot!("menu-read-only-80", screen.press("a").text());
    screen.press("f y Enter");
    assert!(requests(&screen).is_empty());
    let mut screen = on_instances(small(), 160, 45);
    screen.state.acting.read_only = true;
    assert!(screen.press("a").text().contains("--read-only"));
}

#[test]
fn all_primaries_of_a_node_are_migrated_with_a_job_each() {
    let mut screen = Screen::new(small(), 160, 45);
    opened(&mut screen, "1 Home a m");
    let wanted = screen.cluster.nodes[node(1).as_str()].primaries.len();
    assert!(
        screen.text().contains(&format!("{wanted} instances")),
        "{}",
        screen.text()
    );
    screen.press("y");
    let mut ids: Vec<String> = requests(&screen)
        .iter()
        .map(|it| it.act().id.to_string())
        .collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), wanted);
}

#[test]
fn what_is_marked_is_changed_together_and_what_cannot_be_is_left_out() {
    let mut screen = on_instances(small(), 160, 45);
    screen.press("Space Space Down M");
    assert_eq!(marked(&screen), 4);
    insta::assert_snapshot!("marks", screen.text());
    insta::assert_snapshot!("menu-marked", screen.press("a").text());
    opened(&mut screen, "h");
    insta::assert_snapshot!("form-marked", screen.text());
    screen.press("y");
    let asked = requests(&screen);
    assert!(
        asked.len() > 1 && asked.len() < 4,
        "{} requests",
        asked.len()
    );
    assert_eq!(marked(&screen), 0);
}

#[test]
fn marks_come_off_before_the_filter_and_hidden_ones_are_told() {
    let mut screen = on_instances(small(), 80, 24);
    screen.press("* /").type_in("1").press("Enter");
    insta::assert_snapshot!("marks-80", screen.text());
    screen.press("Esc");
    assert_eq!(marked(&screen), 0);
    assert!(screen.text().contains("instances /1"));
    screen.press("Esc");
    assert!(!screen.text().contains("instances /1"));
    screen.press("8 Space");
    assert!(screen.text().contains("marks are for"));
}

#[test]
fn of_several_disks_marked_their_instances_are_changed_once_each() {
    let mut screen = Screen::new(small(), 160, 45);
    opened(&mut screen, "5 * a a");
    let pairs = screen.state.facts.pairs.len();
    screen.press("Enter");
    let asked = requests(&screen);
    let mut instances: Vec<String> = asked
        .iter()
        .filter_map(|request| match &request.act().operation {
            Operation::ActivateDisks(it) => Some(it.instance.clone()),
            _ => None,
        })
        .collect();
    instances.dedup();
    assert_eq!(instances.len(), asked.len());
    assert!(!asked.is_empty() && asked.len() <= pairs);
}

#[test]
fn an_operation_is_typed_with_its_parameters() {
    let mut screen = on_instances(small(), 80, 24);
    let typed = |screen: &mut Screen, line: &str| {
        screen.press(":").type_in(line).press("Enter");
    };
    let name = screen.state.facts.instances[3].to_string();
    let short = screen
        .state
        .facts
        .names
        .short(&screen.state.facts.instances[3])
        .to_owned();
    typed(&mut screen, &format!("shutdown {short} timeout=x"));
    insta::assert_snapshot!("typed-change-wrong", screen.text());
    screen.press("Esc");
    typed(&mut screen, &format!("shutdown {short} timeout=33"));
    read(&mut screen);
    screen.press("y");
    let asked = requests(&screen);
    let [request] = asked.as_slice() else {
        panic!("{} requests", asked.len())
    };
    let Operation::Shutdown(it) = &request.act().operation else {
        panic!("{:?}", request.act().operation)
    };
    assert_eq!(
        (it.instance.as_str(), it.timeout),
        (name.as_str(), Some(33))
    );
    screen.press(":").type_in("failover ");
    insta::assert_snapshot!("typed-change-choices", screen.text());
}

#[test]
fn of_several_those_that_cannot_be_filled_in_alike_are_left_out_while_that_is_so() {
    let mut screen = on_instances(small(), 160, 45);
    opened(&mut screen, "* a r Tab");
    let taking_part = |screen: &Screen| match &screen.state.acting.open {
        Some(crate::app::acting::Open::Form(form)) => (form.forms.len(), form.apart.len()),
        _ => (0, 0),
    };
    let (all, _) = taking_part(&screen);
    let mut fewest = all;
    // Through all ways to replace, and all targets of the last.
    for _ in 0..4 {
        screen.press("Space Tab Space Space Shift-Tab");
        let (part, apart) = taking_part(&screen);
        assert_eq!(part + apart, all);
        fewest = fewest.min(part);
    }
    assert!(
        fewest < all,
        "no node is one's own primary and another's new secondary"
    );
}

fn marked(screen: &Screen) -> usize {
    let table = screen.state.view().shown_table();
    table.map_or(0, |table| table.marks.len())
}

#[test]
fn the_job_that_was_asked_for_opens_and_its_end_is_told_once() {
    let mut screen = on_instances(small(), 160, 45);
    opened(&mut screen, "a h");
    screen.press("y");
    acted(&mut screen, Outcome::Submitted { job: 1_001 });
    assert!(screen.text().contains("1001"), "{}", screen.text());
    let mut part = fake::jobs(false);
    part.whole = false;
    part.jobs.truncate(1);
    part.jobs[0].id = 1_001;
    part.jobs[0].status = "success".into();
    screen.cluster.report(&node(1), Report::Jobs(part));
    screen.send(Msg::Data);
    screen.send(Msg::Data);
    let rings = screen
        .effects
        .iter()
        .filter(|it| matches!(it, Effect::Ring(_)))
        .count();
    assert_eq!(rings, 1);
    assert!(screen.text().contains("succeeded"), "{}", screen.text());
}

#[test]
fn whoever_turned_away_is_not_taken_to_the_job() {
    let mut screen = on_instances(small(), 160, 45);
    opened(&mut screen, "a h");
    screen.press("y 3");
    acted(&mut screen, Outcome::Submitted { job: 1_001 });
    assert_eq!(screen.state.view().page.word(), "groups");
}

#[test]
fn a_refusal_says_why_and_what_is_unknown_stays_an_alarm() {
    let mut screen = on_instances(small(), 160, 45);
    opened(&mut screen, "a h");
    screen.press("y");
    let words = "the queue takes no jobs".to_owned();
    let kind = Refusal::Drained;
    acted(&mut screen, Outcome::Refused { kind, words });
    assert!(screen.text().contains("the queue takes no jobs"));
    let mut screen = on_instances(small(), 160, 45);
    opened(&mut screen, "a h");
    screen.press("y");
    let why = "the link to node1 was lost".to_owned();
    acted(&mut screen, Outcome::Unknown { why });
    screen.press("j");
    at(&mut screen.cluster, 200_000);
    screen.send(Msg::Data);
    assert!(
        screen.text().contains("unknown whether it was done"),
        "{}",
        screen.text()
    );
}

#[test]
fn a_form_that_does_not_fit_has_to_be_read_to_its_end() {
    let mut screen = Screen::new(small(), 60, 12);
    opened(&mut screen, "1 Home a m");
    screen.press("y");
    assert!(requests(&screen).is_empty(), "{}", screen.text());
    assert!(screen.text().contains("PgDn"));
    for _ in 0..60 {
        screen.press("PgDn");
    }
    screen.press("y");
    assert!(!requests(&screen).is_empty(), "{}", screen.text());
}
