//! Pictures of N+1.

use super::Screen;
use super::fake::n1::scarce;
use super::fake::{self, Size, at, healthy};
use super::plans::answer;
use crate::model::Cluster;
use crate::theme::{Depth, glyph};

/// A picture at each size, with the styles at the smaller ones, and without colour.
fn pictures(name: &str, prepare: impl Fn(&mut Screen)) {
    for (width, height) in [(160, 45), (80, 24), (40, 10)] {
        let mut screen = Screen::new(scarce(), width, height);
        prepare(&mut screen);
        let picture = match width {
            80 => screen.styled(),
            _ => screen.text(),
        };
        insta::assert_snapshot!(format!("{name}-{width}x{height}"), picture);
    }
    let mut screen = Screen::new(scarce(), 80, 24).themed(Depth::Mono, &glyph::ASCII);
    prepare(&mut screen);
    insta::assert_snapshot!(format!("{name}-mono-ascii"), screen.styled());
}

#[test]
fn what_if_a_node_dies() {
    pictures("n1", |screen| {
        screen.press("7");
    });
    let mut screen = Screen::new(scarce(), 160, 45);
    screen.press("7 p");
    insta::assert_snapshot!("n1-pane", screen.text());
}

#[test]
fn the_death_of_one_node() {
    pictures("n1-fall", |screen| {
        screen.press("7 Enter");
        answer(screen, usize::MAX);
    });
    let mut screen = Screen::new(scarce(), 120, 40);
    screen.press("7 Enter");
    let text = screen.text();
    assert!(text.contains("Looking for moves that mend it"), "{text}");
    let mut screen = Screen::new(scarce(), 120, 40);
    screen.go("n1 node6");
    insta::assert_snapshot!("n1-fall-unknown", screen.text());
}

#[test]
fn an_alert_leads_to_the_node_that_must_not_die() {
    let mut screen = Screen::new(scarce(), 120, 40);
    screen.go("alerts").press("/").type_in("cannot start");
    screen.press("Enter");
    insta::assert_snapshot!("n1-alerts", screen.text());
    let text = screen.press("Enter").text();
    assert!(text.contains("── n1 if node"), "{text}");
}

#[test]
fn any_node_may_die() {
    let size = Size {
        nodes: 4,
        instances: 9,
    };
    let mut screen = Screen::new(healthy(size), 160, 20);
    insta::assert_snapshot!("n1-ok", screen.press("7").text());
}

#[test]
fn a_verdict_of_old_facts_says_so() {
    let first = |screen: &Screen| screen.text().lines().next().unwrap_or_default().to_owned();
    assert!(first(&Screen::new(scarce(), 200, 40)).contains("at risk if node2 dies "));
    let mut silent = scarce();
    let now = silent.now.at.0;
    at(&mut silent, now + 20_000);
    let header = first(&Screen::new(silent, 200, 40));
    assert!(header.contains("at risk if node2 dies?"), "{header}");
    let header = first(&Screen::new(fake::no_master(), 200, 40));
    assert!(
        header.contains("N+1") && !header.contains("N+1 ok "),
        "{header}"
    );
    let header = first(&Screen::new(fake::no_contact(), 200, 40));
    assert!(header.contains("at risk if node6 dies?"), "{header}");
}

#[test]
fn before_anything_is_known_there_is_no_verdict() {
    let mut screen = Screen::new(Cluster::new("root@prod"), 80, 24);
    let text = screen.press("7").text();
    assert!(
        !text.contains("N+1 ok") && !text.contains("restart"),
        "{text}"
    );
}
