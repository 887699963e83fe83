//! Pictures of every page.

use super::Screen;
use super::fake::{self, Size, bad_night, healthy};
use crate::app::{Field, Msg, Prompt, PromptKind};
use crate::model::{Cluster, Reach};
use crate::theme::{Depth, glyph};

/// The sizes of which pictures are kept.
const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

/// Goes through all sizes: a picture of the text at each, and of the styles at the smallest.
pub fn pictures(name: &str, cluster: fn() -> Cluster, prepare: impl Fn(&mut Screen)) {
    for (width, height) in SIZES {
        let mut screen = Screen::new(cluster(), width, height);
        prepare(&mut screen);
        let picture = if width == 80 {
            screen.styled()
        } else {
            screen.text()
        };
        insta::assert_snapshot!(format!("{name}-{width}x{height}"), picture);
    }
}

#[test]
fn nodes() {
    pictures("nodes", bad_night, |_| {});
}

#[test]
fn instances() {
    pictures("instances", bad_night, |screen| {
        screen.press("2 j j");
    });
}

#[test]
fn groups() {
    pictures("groups", bad_night, |screen| {
        screen.press("3");
    });
}

#[test]
fn jobs() {
    pictures("jobs", bad_night, |screen| {
        screen.press("4 j j");
    });
}

#[test]
fn alerts() {
    pictures("alerts", bad_night, |screen| {
        screen.go("alerts");
    });
}

#[test]
fn one_node() {
    pictures("node", bad_night, |screen| {
        screen.press("j Enter");
    });
}

#[test]
fn one_node_whole() {
    pictures("node-whole", bad_night, |screen| {
        screen.go("node node2").press("Tab");
    });
}

#[test]
fn a_lost_node() {
    pictures("node-lost", bad_night, |screen| {
        screen.go("node4");
    });
}

#[test]
fn one_instance() {
    pictures("instance", bad_night, |screen| {
        screen.go("instance db5");
    });
}

#[test]
fn one_group() {
    pictures("group", bad_night, |screen| {
        screen.go("group rack1");
    });
}

#[test]
fn one_job() {
    pictures("job", bad_night, |screen| {
        screen.go("job 4711");
    });
}

#[test]
fn the_help() {
    pictures("help", bad_night, |screen| {
        screen.press("?");
    });
}

#[test]
fn a_healthy_cluster() {
    let healthy = || {
        healthy(Size {
            nodes: 12,
            instances: 40,
        })
    };
    pictures("healthy", healthy, |_| {});
}

#[test]
fn a_pane_beside_the_table() {
    for (keys, name) in [("j p", "pane-node"), ("2 j j p", "pane-instance")] {
        let mut screen = Screen::new(bad_night(), 160, 40);
        screen.press(keys);
        insta::assert_snapshot!(name, screen.text());
    }
}

#[test]
fn a_filter() {
    let mut screen = Screen::new(bad_night(), 80, 24);
    screen.press("2 /").type_in("web run");
    insta::assert_snapshot!("filter-typed", screen.styled());
    screen.press("Enter");
    insta::assert_snapshot!("filter-kept", screen.text());
    screen.press("/ Ctrl-U").type_in("zzz");
    insta::assert_snapshot!("filter-nothing", screen.text());
    screen.press("Ctrl-U").type_in("bld");
    insta::assert_snapshot!("filter-letters", screen.styled());
}

#[test]
fn a_command() {
    let mut screen = Screen::new(bad_night(), 80, 24);
    screen.press(":").type_in("no");
    insta::assert_snapshot!("command-typed", screen.styled());
    screen.type_in("pe").press("Enter");
    insta::assert_snapshot!("command-wrong", screen.text());
}

fn host_key() -> Msg {
    Msg::Asked(Prompt {
        id: 1,
        title: "Unknown host key".into(),
        lines: vec![
            "node9.example.com has this key, which no known_hosts has:".into(),
            "ED25519 SHA256:0GPbp7AzLVxkdHnHhFjqJ8vQbd1Xz5cL8yC2mTTn3lU".into(),
            "Is it the one that its administrator told you? It will be remembered.".into(),
        ],
        kind: PromptKind::YesNo,
    })
}

#[test]
fn a_question() {
    pictures("question", bad_night, |screen| screen.send(host_key()));
    let mut screen = Screen::new(bad_night(), 40, 10);
    screen.send(host_key());
    insta::assert_snapshot!("question-40x10", screen.text());
}

#[test]
fn a_passphrase() {
    let mut screen = Screen::new(bad_night(), 80, 24);
    let secret = Field {
        label: "Passphrase".into(),
        echo: false,
    };
    let code = Field {
        label: "Code".into(),
        echo: true,
    };
    screen.send(Msg::Asked(Prompt {
        id: 1,
        title: "node1.example.com".into(),
        lines: vec!["The key ~/.ssh/id_ed25519 is locked.".into()],
        kind: PromptKind::Fields(vec![secret, code]),
    }));
    screen.type_in("hunter2").press("Tab").type_in("123");
    assert!(!screen.text().contains("hunter2"));
    let (_, cursor) = screen.buffer();
    insta::assert_snapshot!(format!("{}\n{cursor:?}", screen.text()));
}

#[test]
fn before_anything_is_known() {
    let mut cluster = Cluster::new("root@prod");
    cluster.first_linked(Reach::Connecting("authenticating"));
    insta::assert_snapshot!("connecting", Screen::new(cluster, 80, 24).styled());
    let mut cluster = Cluster::new("root@prod");
    cluster.first_linked(Reach::Waiting {
        until: crate::model::Time(7_000),
        attempts: 1,
        why: "connection refused".into(),
        host_answers: false,
    });
    insta::assert_snapshot!("refused", Screen::new(cluster, 80, 24).styled());
}

#[test]
fn why_there_is_no_contact_is_said_to_the_end() {
    let mut cluster = Cluster::new("root@prod");
    cluster.first_linked(Reach::Refused {
        why: "HOST KEY CHANGED to ".to_owned()
            + &"x".repeat(50)
            + ": remove it from /the/last/file",
    });
    let text = Screen::new(cluster, 60, 20).text();
    assert!(text.contains("/the/last/file"), "{text}");
    assert!(text.contains("R tries again."), "{text}");
}

#[test]
fn a_node_that_falls_silent_is_not_of_now() {
    let mut cluster = healthy(Size {
        nodes: 3,
        instances: 4,
    });
    let heard = cluster.nodes.values().find_map(|node| node.heard).unwrap();
    fake::at(&mut cluster, heard.0 + 12_000);
    let text = Screen::new(cluster, 200, 40).text();
    assert!(text.contains("live 10s"), "{text}");
    let row = text
        .lines()
        .find(|line| line.starts_with(">  node1"))
        .unwrap();
    assert!(row.trim_end().ends_with("10s"), "{text}");
}

#[test]
fn nobody_answers_any_more() {
    pictures("no-contact", fake::no_contact, |_| {});
    let mut screen = Screen::new(fake::no_contact(), 80, 24);
    insta::assert_snapshot!("no-contact-instances", screen.press("2").text());
    insta::assert_snapshot!("no-contact-jobs", screen.press("4").text());
}

#[test]
fn a_candidate_tells_the_configuration() {
    let screen = Screen::new(fake::no_master(), 120, 40);
    insta::assert_snapshot!("no-master", screen.styled());
}

#[test]
fn without_colour_or_unicode() {
    let night = || Screen::new(bad_night(), 80, 24);
    let mono = night().themed(Depth::Mono, &glyph::ASCII);
    insta::assert_snapshot!("nodes-mono-ascii", mono.styled());
    let mut mono = night().themed(Depth::Mono, &glyph::ASCII);
    mono.press("2");
    insta::assert_snapshot!("instances-mono-ascii", mono.styled());
    let few = night().themed(Depth::Ansi16, &glyph::UNICODE);
    insta::assert_snapshot!("nodes-16-colours", few.styled());
}

#[test]
fn small_terminals() {
    for (width, height) in [(40, 10), (60, 16), (39, 10), (20, 3), (1, 1)] {
        let screen = Screen::new(bad_night(), width, height);
        insta::assert_snapshot!(format!("small-{width}x{height}"), screen.text());
    }
}
