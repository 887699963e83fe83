//! The plan to balance as it is changed: the two plans, moves dropped and reordered, options.

use super::Screen;
use super::plans::{answer, lopsided};
use super::screens::pictures;
use crate::app::Effect;
use crate::planner::think::{Ask, Part, Thought, think};
use crate::theme::{Depth, glyph};

fn planned(width: u16, height: u16) -> Screen {
    let mut screen = Screen::new(lopsided(), width, height);
    screen.press("8");
    answer(&mut screen, usize::MAX);
    screen
}

/// The instances of the moves in sight, in their order.
fn instances(screen: &Screen) -> Vec<String> {
    let text = screen.text();
    let rows = text.lines().skip_while(|line| !line.contains("MOVE"));
    let names = rows.skip(1).filter_map(|line| {
        let mut words = line.trim_start_matches(['>', '!', ' ']).split_whitespace();
        words.next()?.parse::<usize>().ok()?;
        words.next()
    });
    names.map(str::to_owned).collect()
}

#[test]
fn hbals_moves_are_shown_while_the_cheaper_plan_is_sought_and_it_takes_their_place() {
    let mut screen = Screen::new(lopsided(), 120, 40);
    screen.press("8");
    let task = screen.effects.iter().rev().find_map(|effect| match effect {
        Effect::Think(task) => Some(task.clone()),
        _ => None,
    });
    let task = task.unwrap();
    let mut parts: Vec<Part> = Vec::new();
    think(&task, &mut |part| {
        parts.push(part);
        true
    });
    let whole = parts
        .iter()
        .position(|part| matches!(part, Part::Found(..)))
        .unwrap();
    let number = task.number;
    let rest = parts.split_off(whole + 1);
    screen.send(crate::app::Msg::Thought(Thought { number, parts }));
    let text = screen.text();
    assert!(text.contains("hbal's own plan ─"), "{text}");
    assert!(
        text.contains("One that copies less is still sought"),
        "{text}"
    );
    let mut seeking = rest.iter().filter(|part| matches!(part, Part::Seeking(_)));
    let first = seeking.next().cloned().unwrap();
    screen.send(crate::app::Msg::Thought(Thought {
        number,
        parts: vec![first],
    }));
    insta::assert_snapshot!("balance-sought", screen.text());
    screen.send(crate::app::Msg::Thought(Thought {
        number,
        parts: rest,
    }));
    let text = screen.text();
    assert!(text.contains("cost-aware plan ─"), "{text}");
}

#[test]
fn the_other_plan_is_a_key_away() {
    pictures("balance-hbals-own", lopsided, |screen| {
        screen.press("8");
        answer(screen, usize::MAX);
        screen.press("o");
    });
    let mut screen = planned(120, 40);
    assert!(screen.text().contains("cost-aware plan"));
    screen.press("o");
    assert!(screen.text().contains("hbal's own plan ─"));
    // What was chosen stays so when it is planned anew.
    screen.press("r");
    answer(&mut screen, usize::MAX);
    assert!(screen.text().contains("hbal's own plan ─"));
}

#[test]
fn a_dropped_move_goes_and_comes_back() {
    let mut screen = planned(120, 40);
    let before = instances(&screen);
    screen.press("j x");
    let text = screen.text();
    assert!(text.contains("Checking what is left"), "{text}");
    answer(&mut screen, usize::MAX);
    let text = screen.text();
    assert!(text.contains("1 dropped"), "{text}");
    insta::assert_snapshot!("balance-dropped", text);
    let after = instances(&screen);
    assert!(after.len() < before.len());
    assert_eq!(after.first(), before.first());
    assert_ne!(after.get(1), before.get(1));
    screen.press("u");
    assert_eq!(instances(&screen), before);
    screen.press("u");
    assert!(screen.text().contains("nothing was changed"));
}

#[test]
fn what_went_with_a_dropped_move_is_named() {
    let mut screen = planned(160, 45);
    // hbal's plan moves some instances twice.
    screen.press("o");
    let before = instances(&screen);
    let twice = before.iter().enumerate().find_map(|(at, name)| {
        let again = before.iter().skip(at + 1).any(|other| other == name);
        again.then_some(at)
    });
    let at = twice.expect("an instance that moves twice");
    for _ in 0..at {
        screen.press("j");
    }
    screen.press("x");
    answer(&mut screen, usize::MAX);
    let text = screen.text();
    assert!(text.contains("went with it"), "{text}");
    assert!(text.contains("1 dropped, 1 gone with it"), "{text}");
    screen.press("Enter");
    insta::assert_snapshot!("balance-gone", screen.text());
}

#[test]
fn a_move_goes_where_it_may_and_the_cursor_with_it() {
    let mut screen = planned(120, 40);
    let before = instances(&screen);
    screen.press("J");
    answer(&mut screen, usize::MAX);
    let text = screen.text();
    let moved = text.contains("reordered");
    let refused = text.contains("cannot go there");
    assert!(moved != refused, "{text}");
    let after = instances(&screen);
    if moved {
        assert_eq!(after[..2], [before[1].clone(), before[0].clone()]);
        let cursor = screen.state.view().shown_table().map(|table| table.cursor);
        assert_eq!(cursor, Some(1));
    } else {
        assert_eq!(after, before);
    }
    // The first cannot go earlier.
    let mut screen = planned(120, 40);
    screen.press("K");
    assert!(screen.text().contains("there is no move there"));
}

#[test]
fn a_change_that_is_not_checked_yet_is_stopped_by_another_page_and_the_plan_stays() {
    let mut screen = planned(120, 40);
    let before = instances(&screen);
    screen.press("x 0 8");
    assert_eq!(instances(&screen), before);
    let last = screen.effects.iter().rev().find_map(|effect| match effect {
        Effect::Think(task) => Some(task.ask.clone()),
        _ => None,
    });
    assert!(matches!(last, Some(Ask::Capacity(_))), "{last:?}");
    screen.press("x");
    answer(&mut screen, usize::MAX);
    assert!(screen.text().contains("1 dropped"));
}

#[test]
fn options_are_typed_after_the_page() {
    let mut screen = planned(160, 45);
    screen.press(":").type_in("balance no-disk-moves stop-");
    insta::assert_snapshot!("balance-options-typed", screen.text());
    screen.press("Tab").type_in("80 group=rack1").press("Enter");
    answer(&mut screen, usize::MAX);
    let text = screen.text();
    assert!(text.contains("balance rack1: "), "{text}");
    assert!(text.contains("plan, no-disk-moves, stop-at=80 ─"), "{text}");
    // A wrong one leaves the line to be mended.
    screen.go("balance stop-at=0");
    insta::assert_snapshot!("balance-options-wrong", screen.text());
    screen.press("Backspace").type_in("95").press("Enter");
    answer(&mut screen, usize::MAX);
    let text = screen.text();
    assert!(text.contains("plan, stop-at=95 ─"), "{text}");
}

#[test]
fn options_are_filled_in() {
    let keys = |screen: &mut Screen| {
        screen.press("8");
        answer(screen, usize::MAX);
        screen.press("f Right Down Space Down Down Down 9 5");
    };
    pictures("balance-form", lopsided, keys);
    let mut screen = Screen::new(lopsided(), 80, 24).themed(Depth::Mono, &glyph::ASCII);
    keys(&mut screen);
    insta::assert_snapshot!("balance-form-mono-ascii", screen.styled());
    let mut screen = Screen::new(lopsided(), 40, 10);
    keys(&mut screen);
    insta::assert_snapshot!("balance-form-40x10", screen.text());
    let mut screen = Screen::new(lopsided(), 120, 40);
    keys(&mut screen);
    screen.press("Enter");
    answer(&mut screen, usize::MAX);
    let text = screen.text();
    assert!(text.contains("no-disk-moves, stop-at=95 ─"), "{text}");
    // What is wrong is said in the form, which stays.
    screen.press("f Down Down Space Enter");
    let text = screen.text();
    assert!(text.contains("together leave no move"), "{text}");
    screen.press("Esc");
    assert!(!screen.text().contains("how to plan"));
}
