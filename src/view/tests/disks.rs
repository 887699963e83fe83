//! Pictures of the DRBD and storage pages.

use super::Screen;
use super::fake::disks::{sick_disks, without_root};
use super::fake::{self, Size, healthy};
use super::screens::pictures;
use crate::model::Cluster;
use crate::theme::{Depth, glyph};

fn mono(name: &str, cluster: Cluster, prepare: impl Fn(&mut Screen)) {
    let mut screen = Screen::new(cluster, 80, 24).themed(Depth::Mono, &glyph::ASCII);
    prepare(&mut screen);
    insta::assert_snapshot!(format!("{name}-mono-ascii"), screen.styled());
}

#[test]
fn drbd() {
    let keys = |screen: &mut Screen| {
        screen.press("5");
    };
    pictures("drbd", sick_disks, keys);
    mono("drbd", sick_disks(), keys);
}

#[test]
fn a_pane_beside_the_drbd_disks() {
    let mut screen = Screen::new(sick_disks(), 160, 45);
    screen.press("5 p");
    insta::assert_snapshot!("pane-drbd", screen.text());
}

#[test]
fn a_split_brain() {
    let keys = |screen: &mut Screen| {
        screen.go("disk db9/0");
    };
    pictures("split-brain", sick_disks, keys);
    mono("split-brain", sick_disks(), keys);
}

#[test]
fn a_resync() {
    let mut screen = Screen::new(sick_disks(), 120, 40);
    screen.go("disk mail2/0");
    insta::assert_snapshot!("resync", screen.text());
}

#[test]
fn every_state_says_what_to_do() {
    let mut screen = Screen::new(sick_disks(), 120, 60);
    let mut said = String::new();
    screen.press("5");
    let rows = screen.state.view().shown_table().unwrap().rows.len();
    for _ in 0..rows {
        screen.press("Enter");
        let text = screen.text();
        let mut lines = text.lines().skip(3);
        let title = lines.next().unwrap_or_default();
        let title = title.split("──").nth(1).unwrap_or_default().trim();
        let verdict = lines.next().unwrap_or_default().trim();
        said += &format!("{title}: {verdict}\n");
        let advice = text.lines().skip_while(|line| line.trim() != "What to do");
        for line in advice.skip(1).take_while(|line| !line.trim().is_empty()) {
            said += &format!("    {}\n", line.trim());
        }
        screen.press("Esc j");
    }
    insta::assert_snapshot!("what-to-do", said);
}

#[test]
fn storage() {
    let keys = |screen: &mut Screen| {
        screen.press("6");
    };
    pictures("storage", sick_disks, keys);
    mono("storage", sick_disks(), keys);
}

#[test]
fn the_storage_of_a_node() {
    let keys = |screen: &mut Screen| {
        screen.go("storage node3");
    };
    pictures("volumes", sick_disks, keys);
    mono("volumes", sick_disks(), keys);
    let mut screen = Screen::new(sick_disks(), 120, 40);
    screen.go("storage node3").press("Tab");
    insta::assert_snapshot!("volumes-more", screen.text());
    let mut screen = Screen::new(sick_disks(), 120, 40);
    screen.go("storage node6");
    insta::assert_snapshot!("volumes-lost", screen.text());
}

#[test]
fn disks_of_instances_and_nodes() {
    pictures("instance-disks", sick_disks, |screen| {
        screen.go("instance db9");
    });
    let mut screen = Screen::new(sick_disks(), 120, 40);
    insta::assert_snapshot!("nodes-disks", screen.text());
    insta::assert_snapshot!("instances-disks", screen.press("2").text());
    screen.go("node node3").press("Tab G");
    insta::assert_snapshot!("node-disks", screen.text());
}

#[test]
fn why_nothing_is_known_of_disks() {
    let mut screen = Screen::new(without_root(), 80, 24);
    insta::assert_snapshot!("no-root-drbd", screen.press("5").text());
    insta::assert_snapshot!("no-root-storage", screen.press("6").text());
    screen.go("storage node2");
    insta::assert_snapshot!("no-root-volumes", screen.text());
    screen.go("instance db1");
    insta::assert_snapshot!("no-root-instance", screen.text());
    let mut screen = Screen::new(fake::no_contact(), 80, 24);
    insta::assert_snapshot!("no-contact-drbd", screen.press("5").text());
    let mut screen = Screen::new(Cluster::new("root@prod"), 80, 24);
    insta::assert_snapshot!("connecting-storage", screen.press("6").text());
}

#[test]
fn a_calm_cluster_has_calm_disks() {
    let size = Size {
        nodes: 3,
        instances: 0,
    };
    let mut screen = Screen::new(healthy(size), 80, 24);
    let text = screen.press("5").text();
    assert!(text.contains("No instance has a DRBD disk."), "{text}");
}
