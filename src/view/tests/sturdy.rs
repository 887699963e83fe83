//! Whatever is pressed, known or called how: no panic, nothing outside its place.

use proptest::prelude::*;

use super::Screen;
use super::fake::disks::{hostile_disks, sick_disks};
use super::fake::{Size, at, bad_night, healthy, node, sample};
use crate::app::{Effect, Mouse, MouseKind, Msg, Prompt, PromptKind};
use crate::input::{Key, KeyCode};
use crate::model::{Cluster, Reach, Time};

#[test]
fn every_size_can_be_drawn() {
    let mut screen = Screen::new(bad_night(), 80, 24);
    for keys in [
        "1",
        "2 p",
        "3",
        "4",
        "5 p",
        "Enter",
        "6 p",
        "Enter",
        "p",
        "7 p",
        "Enter",
        "8",
        "9",
        "0",
        "j Enter",
        "Esc 1 Enter",
        "Tab",
        "?",
        ": n",
    ] {
        screen.press(keys);
        for width in (1..60).chain([79, 80, 139, 140, 300]) {
            for height in (1..20).chain([60]) {
                screen.send(Msg::Resize(width, height));
                screen.buffer();
            }
        }
        screen.press("Esc");
    }
}

#[test]
fn sick_disks_can_be_drawn_in_every_size() {
    let mut screen = Screen::new(sick_disks(), 80, 24);
    for keys in ["5 p", "p Enter", "6 p", "p Enter", "Tab", "2 Enter"] {
        screen.press(keys);
        for (width, height) in [(40, 10), (41, 60), (60, 16), (99, 30), (139, 12), (300, 80)] {
            screen.send(Msg::Resize(width, height));
            screen.buffer();
        }
    }
}

#[test]
fn hostile_names_of_disks_stay_in_their_place() {
    let mut screen = Screen::new(hostile_disks("\x1b[2J\u{202e}世\n\u{301}"), 120, 40);
    let pages = [
        "5",
        "Enter",
        "6",
        ": s t o r a g e Space n o d e 3 Enter",
        "p",
        "Tab",
    ];
    for keys in pages
        .into_iter()
        .chain([": n o d e 3 Enter Tab", "2 Enter"])
    {
        screen.press(keys);
        let (buffer, _) = screen.buffer();
        for cell in &buffer.content {
            assert!(!cell.symbol().chars().any(char::is_control), "{keys}");
        }
    }
}

#[test]
fn calm_disks_write_nothing() {
    let mut screen = Screen::new(sick_disks(), 200, 60);
    for keys in ["5", "6", "Enter", "7"] {
        screen.press(keys);
        let (before, _) = screen.buffer();
        let now = screen.cluster.now.at.0;
        // Half a second later, of which nothing is news.
        at(&mut screen.cluster, now + 600);
        screen.send(Msg::Data);
        assert_eq!(before.diff(&screen.buffer().0), [], "{keys}");
    }
}

#[test]
fn a_finding_of_a_disk_leads_to_it() {
    let mut screen = Screen::new(sick_disks(), 120, 40);
    let title = |screen: &mut Screen, about: &str| {
        screen.go("alerts").press("/ Ctrl-U").type_in(about);
        screen.press("Enter Enter");
        screen.text().lines().nth(3).unwrap_or_default().to_owned()
    };
    assert!(title(&mut screen, "split brain").contains("disk db9/0"));
    assert!(title(&mut screen, "orphan").contains("storage node3"));
    screen.go("storage node3").press("j Enter");
    assert!(screen.text().contains("disk db1/0"), "{}", screen.text());
}

#[test]
fn a_buffer_that_lags_behind_a_resize_is_no_trouble() {
    let mut screen = Screen::new(bad_night(), 30, 8);
    let (mut small, _) = screen.buffer();
    screen.send(Msg::Resize(200, 60));
    crate::view::draw(&screen.state, &screen.cluster, &screen.theme, &mut small);
}

fn any_msg() -> impl Strategy<Value = Msg> {
    let code = prop_oneof![
        6 => prop::sample::select("jkhlgGsSp/:?123456789qRn ywebdorit0 !".chars().collect::<Vec<_>>())
            .prop_map(KeyCode::Char),
        4 => prop::sample::select(vec![
            KeyCode::Enter, KeyCode::Esc, KeyCode::Tab, KeyCode::Backspace, KeyCode::Up,
            KeyCode::Down, KeyCode::Left, KeyCode::Right, KeyCode::PageUp, KeyCode::PageDown,
            KeyCode::Home, KeyCode::End, KeyCode::Delete,
        ]),
        1 => any::<char>().prop_map(KeyCode::Char),
    ];
    let key = (code, prop::bool::weighted(0.1), any::<bool>())
        .prop_map(|(code, ctrl, shift)| Msg::Key(Key::new(code, ctrl, false, shift)));
    let kind = prop::sample::select(vec![
        MouseKind::Press,
        MouseKind::ScrollUp,
        MouseKind::ScrollDown,
    ]);
    let mouse = (kind, 0_u16..220, 0_u16..70)
        .prop_map(|(kind, col, row)| Msg::Mouse(Mouse { kind, col, row }));
    let prompt = (0_u64..4, any::<bool>(), ".{0,40}").prop_map(|(id, yes_no, text)| {
        Msg::Asked(Prompt {
            id,
            title: text.clone(),
            lines: vec![text; 3],
            kind: if yes_no {
                PromptKind::YesNo
            } else {
                PromptKind::Fields(Vec::new())
            },
        })
    });
    prop_oneof![
        20 => key,
        3 => mouse,
        2 => (1_u16..220, 1_u16..70).prop_map(|(w, h)| Msg::Resize(w, h)),
        2 => Just(Msg::Data),
        1 => Just(Msg::Tick),
        1 => prompt,
        1 => (0_u64..4).prop_map(Msg::Withdrawn),
        1 => ".{0,30}".prop_map(Msg::Notice),
        1 => ".{0,30}".prop_map(Msg::Paste),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_keys_panic(
        msgs in prop::collection::vec(any_msg(), 1..60),
        nodes in 1_usize..7,
        instances in 0_usize..20,
    ) {
        let mut screen = Screen::new(healthy(Size { nodes, instances }), 80, 24);
        for (step, msg) in msgs.into_iter().enumerate() {
            // Now and then a node comes, goes, or is heard again.
            match step % 7 {
                3 => screen.cluster.linked(&node(step % 9 + 1), Reach::Up { since: Time(1) }),
                5 => screen.cluster.linked(&node(step % 4 + 1), Reach::Refused { why: "no".into() }),
                _ => at(&mut screen.cluster, 140_000 + step as u64 * 700),
            }
            screen.send(msg);
            screen.buffer();
        }
    }

    #[test]
    fn no_names_break_the_frame(names in prop::collection::vec(".{1,30}", 1..12)) {
        let mut cluster = Cluster::new("x");
        for name in &names {
            cluster.linked(name, Reach::Up { since: Time(0) });
        }
        let mut screen = Screen::new(cluster, 80, 24);
        screen.press("/").type_in("a").press("Enter");
        screen.press("Esc Enter");
        let (buffer, _) = screen.buffer();
        for cell in &buffer.content {
            prop_assert!(!cell.symbol().chars().any(char::is_control));
        }
    }
}

#[test]
fn calm_numbers_write_few_cells() {
    let size = Size {
        nodes: 40,
        instances: 500,
    };
    let mut screen = Screen::new(healthy(size), 200, 60);
    let (mut before, _) = screen.buffer();
    let mut changed = 0;
    for second in 0..30_u64 {
        at(&mut screen.cluster, 134_000 + second * 1_000);
        let wall = screen.cluster.now.wall;
        for n in 1..=size.nodes {
            let sample = sample(size, n, second as usize, wall);
            screen
                .cluster
                .report(&node(n), gantry_wire::Report::Sample(Box::new(sample)));
        }
        screen.send(Msg::Data);
        let (after, _) = screen.buffer();
        changed += before.diff(&after).len();
        before = after;
    }
    // An encoder needs some eight bytes for a changed cell at worst.
    assert!(changed / 30 < 150, "{} cells a second", changed / 30);
}

#[test]
fn nothing_changes_without_cause() {
    let mut screen = Screen::new(bad_night(), 200, 60);
    for keys in [
        "1",
        "2",
        "3",
        "4",
        "5",
        "6",
        "Enter",
        "Tab",
        ": a l e r t s Enter",
        "1 Enter",
        "Tab",
    ] {
        screen.press(keys);
        let (before, _) = screen.buffer();
        screen.send(Msg::Tick);
        screen.send(Msg::Data);
        assert_eq!(before.diff(&screen.buffer().0), [], "{keys}");
    }
}

#[test]
fn keys_ask_for_what_happens_outside() {
    let mut screen = Screen::new(bad_night(), 80, 24);
    let told = |screen: &mut Screen, keys: &str| {
        screen.effects.clear();
        screen.press(keys);
        std::mem::take(&mut screen.effects)
    };
    assert_eq!(told(&mut screen, "q"), [Effect::Quit]);
    assert_eq!(told(&mut screen, "Ctrl-Z"), [Effect::Suspend]);
    assert_eq!(told(&mut screen, ": Ctrl-L"), [Effect::Repaint]);
    assert_eq!(told(&mut screen, "Esc R"), [Effect::Reconnect(None)]);
    assert_eq!(
        told(&mut screen, "j j j R"),
        [Effect::Reconnect(Some(node(4).as_str().into()))]
    );
    assert_eq!(told(&mut screen, "4"), [Effect::Follow(vec![4_713])]);
    assert_eq!(
        told(&mut screen, ": j o b Space 4 7 1 1 Enter"),
        [Effect::Follow(vec![4_711]), Effect::AskLog { job: 4_711 }]
    );
    assert_eq!(told(&mut screen, "1"), [Effect::Follow(vec![])]);
}

#[test]
fn the_mouse_selects_sorts_and_scrolls() {
    let size = Size {
        nodes: 40,
        instances: 80,
    };
    let mut screen = Screen::new(healthy(size), 80, 24);
    let mouse = |screen: &mut Screen, kind, col, row| {
        screen.send(Msg::Mouse(Mouse { kind, col, row }));
    };
    let line = |screen: &Screen, row: usize| screen.text().lines().nth(row).unwrap().to_owned();
    mouse(&mut screen, MouseKind::Press, 5, 8);
    assert!(
        line(&screen, 8).starts_with(">  node4"),
        "{}",
        screen.text()
    );
    mouse(&mut screen, MouseKind::ScrollDown, 5, 8);
    assert!(line(&screen, 5).contains("node4"));
    // The headers stand in the line after the rule.
    mouse(&mut screen, MouseKind::Press, 4, 4);
    assert!(line(&screen, 4).contains("NODE↓"));
    let row = |screen: &Screen, name: &str| screen.text().lines().position(|l| l.contains(name));
    assert!(
        row(&screen, "node5 ") < row(&screen, "node4 "),
        "{}",
        screen.text()
    );
    mouse(&mut screen, MouseKind::Press, 5, 6);
    mouse(&mut screen, MouseKind::Press, 5, 6);
    assert!(line(&screen, 3).contains("node node"));
}
