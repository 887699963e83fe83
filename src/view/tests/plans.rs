//! Pictures of the plans, made here as they are elsewhere: each task is thought through at once.

use super::Screen;
use super::fake::disks::sick_disks;
use super::fake::{Size, at, bad_night, crowded, healthy, node};
use super::screens::pictures;
use crate::app::{Effect, Msg};
use crate::model::Cluster;
use crate::planner::think::{Ask, Part, Thought, think};
use crate::theme::{Depth, glyph};

/// Answers the newest task, up to so many parts.
pub fn answer(screen: &mut Screen, most: usize) {
    let mut tasks = screen.effects.iter().rev();
    let task = tasks.find_map(|effect| match effect {
        Effect::Think(task) => Some(task.clone()),
        _ => None,
    });
    let task = task.expect("a task");
    // How far the filling of a group is comes very often, and shows nothing.
    let filling = matches!(task.ask, Ask::Capacity(_));
    let mut parts: Vec<Part> = Vec::new();
    think(&task, &mut |part| {
        if !filling || !matches!(part, Part::Seeking(_)) {
            parts.push(part);
        }
        parts.len() < most
    });
    let number = task.number;
    screen.send(Msg::Thought(Thought { number, parts }));
}

/// Most instances are on few nodes, and nodes have spindles, without which there is no score.
pub fn lopsided() -> Cluster {
    let size = Size {
        nodes: 9,
        instances: 40,
    };
    let mut cluster = healthy(size);
    let part = crowded(size, None);
    cluster.report(&node(1), gantry_wire::Report::Config(Box::new(part)));
    cluster
}

#[test]
fn balance() {
    let keys = |screen: &mut Screen| {
        screen.press("8");
        answer(screen, usize::MAX);
        screen.press("j j");
    };
    pictures("balance", lopsided, keys);
    let mut screen = Screen::new(lopsided(), 160, 45);
    keys(&mut screen);
    insta::assert_snapshot!("balance-160x45", screen.text());
    let mut screen = Screen::new(lopsided(), 80, 24).themed(Depth::Mono, &glyph::ASCII);
    keys(&mut screen);
    insta::assert_snapshot!("balance-mono-ascii", screen.styled());
    screen.press("Enter");
    insta::assert_snapshot!("balance-move-mono-ascii", screen.styled());
}

#[test]
fn a_move_of_the_plan() {
    pictures("balance-move", lopsided, |screen| {
        screen.press("8");
        answer(screen, usize::MAX);
        screen.press("j Enter");
    });
}

#[test]
fn maintenance() {
    let keys = |screen: &mut Screen| {
        screen.press("9 i");
        answer(screen, usize::MAX);
        screen.press("j");
    };
    pictures("maintenance", sick_disks, keys);
    let mut screen = Screen::new(sick_disks(), 160, 45);
    keys(&mut screen);
    insta::assert_snapshot!("maintenance-160x45", screen.text());
    screen.press("Enter");
    insta::assert_snapshot!("maintenance-step-160x45", screen.text());
    let mut screen = Screen::new(sick_disks(), 80, 24).themed(Depth::Mono, &glyph::ASCII);
    keys(&mut screen);
    insta::assert_snapshot!("maintenance-mono-ascii", screen.styled());
}

#[test]
fn capacity() {
    let keys = |screen: &mut Screen| {
        screen.press("0");
        answer(screen, usize::MAX);
        screen.press("j j j");
    };
    pictures("capacity", lopsided, keys);
    let mut screen = Screen::new(lopsided(), 160, 45);
    keys(&mut screen);
    insta::assert_snapshot!("capacity-160x45", screen.text());
    let mut screen = Screen::new(lopsided(), 80, 24).themed(Depth::Mono, &glyph::ASCII);
    keys(&mut screen);
    insta::assert_snapshot!("capacity-mono-ascii", screen.styled());
    screen.press("Enter");
    insta::assert_snapshot!("capacity-room", screen.text());
    // Asked anew the first row takes the place of all.
    screen.press("Esc r");
    let rows = |screen: &Screen| screen.state.view().shown_table().unwrap().rows.len();
    assert!(rows(&screen) > 1);
    answer(&mut screen, 1);
    assert_eq!(rows(&screen), 1);
}

#[test]
fn where_a_new_instance_would_go() {
    let keys = |screen: &mut Screen| {
        screen.go("capacity vm memory=4G disk=50G cpus=2 template=drbd");
        answer(screen, usize::MAX);
    };
    pictures("placing", lopsided, keys);
    let mut screen = Screen::new(lopsided(), 80, 24).themed(Depth::Mono, &glyph::ASCII);
    keys(&mut screen);
    insta::assert_snapshot!("placing-mono-ascii", screen.styled());
    screen.go("capacity vm memory=400G disk=1T");
    answer(&mut screen, usize::MAX);
    insta::assert_snapshot!("placing-nowhere", screen.text());
    // Only another group, and then all again.
    screen.press("n");
    answer(&mut screen, usize::MAX);
    let text = screen.text();
    assert!(text.contains("group rack1"), "{text}");
    assert!(text.contains("not in the group that is"), "{text}");
}

#[test]
fn a_new_instance_is_filled_in() {
    pictures("placing-form", lopsided, |screen| {
        screen.press("0");
        answer(screen, usize::MAX);
        screen.press("v 2 G Down 1 0 G , 4 0 G Down Down Right");
    });
    let mut screen = Screen::new(lopsided(), 120, 40);
    screen.press("0");
    answer(&mut screen, usize::MAX);
    screen.go("capacity vm").press("2 G Enter");
    answer(&mut screen, usize::MAX);
    let text = screen.text();
    assert!(text.contains("with 2.0G of memory"), "{text}");
    // What was asked for last is there to be changed.
    screen.press("v");
    assert!(screen.text().contains("2.0G"), "{}", screen.text());
    screen.press("Backspace Backspace Backspace Backspace 4 X Enter");
    let text = screen.text();
    assert!(text.contains("memory=4X: a size is such as 512M"), "{text}");
}

#[test]
fn a_plan_that_is_not_whole_says_so() {
    let mut screen = Screen::new(lopsided(), 80, 24);
    screen.press("8");
    assert!(screen.text().contains("Thinking..."), "{}", screen.text());
    answer(&mut screen, 1);
    assert!(
        screen.text().contains("Looking for the first move"),
        "{}",
        screen.text()
    );
    answer(&mut screen, 3);
    let text = screen.text();
    assert!(text.contains("Looking for the next"), "{text}");
    // Nobody changes what is still being made.
    screen.press("x");
    let text = screen.text();
    assert!(text.contains("Esc stops it"), "{text}");
    screen.effects.clear();
    screen.press("Esc");
    assert_eq!(screen.effects, [Effect::StopThinking]);
    assert!(screen.text().contains("Stopped"), "{}", screen.text());
    screen.press("Esc");
    assert!(screen.text().contains("nodes ──"), "{}", screen.text());
}

#[test]
fn an_option_asks_for_another_plan_and_the_answer_to_the_old_one_is_dropped() {
    let mut screen = Screen::new(lopsided(), 120, 40);
    screen.press("8");
    let old = screen.effects.clone();
    screen.press("d");
    let asked = screen.effects.len();
    assert!(asked > old.len());
    answer(&mut screen, usize::MAX);
    let text = screen.text();
    assert!(text.contains("plan, no-disk-moves ─"), "{text}");
    screen.effects = old;
    answer(&mut screen, usize::MAX);
    assert_eq!(screen.text(), text);
}

#[test]
fn groups_are_gone_through_from_the_worst_on() {
    let mut screen = Screen::new(lopsided(), 120, 40);
    screen.press("8");
    answer(&mut screen, usize::MAX);
    let group = |screen: &Screen| {
        let text = screen.text();
        let line = text.lines().find(|line| line.contains("group rack"));
        line.unwrap_or_default()
            .trim()
            .split(',')
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    let first = group(&screen);
    screen.press("n");
    answer(&mut screen, usize::MAX);
    assert_ne!(group(&screen), first);
    screen.press("n");
    answer(&mut screen, usize::MAX);
    assert_eq!(group(&screen), first);
}

#[test]
fn a_plan_grows_old_and_says_what_has_changed() {
    let mut screen = Screen::new(lopsided(), 120, 40);
    screen.press("8");
    answer(&mut screen, usize::MAX);
    assert!(screen.text().contains("For the cluster as it is now."));
    let now = screen.cluster.now.at.0;
    let size = Size {
        nodes: 9,
        instances: 40,
    };
    let part = crowded(size, Some(9));
    screen
        .cluster
        .report(&node(1), gantry_wire::Report::Config(Box::new(part)));
    at(&mut screen.cluster, now + 31_000);
    screen.send(Msg::Data);
    let text = screen.text();
    assert!(
        text.contains("as of 30s ago; 1 node has changed since: r plans anew"),
        "{text}"
    );
}

#[test]
fn without_a_configuration_nothing_is_asked() {
    let mut screen = Screen::new(Cluster::new("root@prod"), 80, 24);
    screen.press("8 9");
    assert!(
        !screen
            .effects
            .iter()
            .any(|it| matches!(it, Effect::Think(_)))
    );
    let mut screen = Screen::new(bad_night(), 80, 24);
    screen.press("8");
    answer(&mut screen, usize::MAX);
    insta::assert_snapshot!("balance-bad-night", screen.text());
    screen.press("9");
    answer(&mut screen, usize::MAX);
    insta::assert_snapshot!("maintenance-bad-night", screen.text());
}
