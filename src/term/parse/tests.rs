#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

/// The events of all bytes at once, and then of a pause.
fn events(bytes: &[u8]) -> Vec<Event> {
    let (mut parser, mut events) = (Parser::default(), Vec::new());
    parser.feed(bytes, &mut events);
    parser.settle(&mut events);
    assert!(!parser.is_waiting());
    events
}

fn keys(bytes: &[u8]) -> String {
    let words: Vec<_> = events(bytes)
        .into_iter()
        .map(|event| match event {
            Event::Key(key) => key.to_string(),
            other => format!("{other:?}"),
        })
        .collect();
    words.join(" ")
}

#[test]
fn ordinary_keys() {
    assert_eq!(keys(b"jG?/ "), "j G ? / Space");
    assert_eq!(keys(b"\r\t\x7f\x08"), "Enter Tab Backspace Backspace");
    assert_eq!(
        keys(b"\x03\x1a\x0c\x00\x1d"),
        "Ctrl-C Ctrl-Z Ctrl-L Ctrl-Space Ctrl-]"
    );
    assert_eq!(keys("äß漢😀".as_bytes()), "ä ß 漢 😀");
}

#[test]
fn keys_with_sequences() {
    assert_eq!(keys(b"\x1b[A\x1b[B\x1bOC\x1bOD"), "Up Down Right Left");
    assert_eq!(keys(b"\x1b[H\x1b[F\x1b[1~\x1b[8~"), "Home End Home End");
    assert_eq!(keys(b"\x1b[2~\x1b[3~\x1b[5~\x1b[6~"), "Ins Del PgUp PgDn");
    assert_eq!(
        keys(b"\x1bOP\x1b[[A\x1b[11~\x1b[15~\x1b[17~"),
        "F1 F1 F1 F5 F6"
    );
    assert_eq!(keys(b"\x1b[21~\x1b[24~\x1b[29~\x1b[34~"), "F10 F12 F16 F20");
    assert_eq!(
        keys(b"\x1b[Z\x1b[1;5A\x1b[1;2P\x1b[5;3~"),
        "Shift-Tab Ctrl-Up Shift-F1 Alt-PgUp"
    );
    assert_eq!(keys(b"\x1b[106;5u\x1b[27;6;13~"), "Ctrl-J Ctrl-Shift-Enter");
}

#[test]
fn escape_and_alt() {
    assert_eq!(keys(b"\x1b"), "Esc");
    assert_eq!(keys(b"\x1bx\x1b\r\x1b\x1b"), "Alt-x Alt-Enter Esc Esc");
    assert_eq!(keys(b"\x1b["), "Alt-[");
    assert_eq!(keys("\x1bä".as_bytes()), "Alt-ä");
    assert_eq!(keys(b"\x1b\x1b[A"), "Esc Up");
}

#[test]
fn mouse_reports() {
    let at = Position::new(9, 4);
    let mouse = |kind| Event::Mouse(Mouse { kind, at });
    let press = MouseKind::Press;
    assert_eq!(events(b"\x1b[<0;10;5M"), [mouse(press(Button::Left))]);
    assert_eq!(events(b"\x1b[<2;10;5M"), [mouse(press(Button::Right))]);
    assert_eq!(events(b"\x1b[<0;10;5m"), [mouse(MouseKind::Release)]);
    assert_eq!(events(b"\x1b[<64;10;5M"), [mouse(MouseKind::WheelUp)]);
    assert_eq!(events(b"\x1b[<81;10;5M"), [mouse(MouseKind::WheelDown)]);
    assert_eq!(events(b"\x1b[<35;10;5M"), []);
    assert_eq!(events(b"\x1b[M \x2a\x25"), [mouse(press(Button::Left))]);
}

#[test]
fn pasted_text_is_never_keys() {
    let text = b"\x1b[200~q\r\nrm -rf\x1b[A\r\x1b[201~j";
    let j = Event::Key(Key::char('j'));
    let pasted = Event::Paste("q\nrm -rf\x1b[A\n".to_owned());
    assert_eq!(events(text), [pasted.clone(), j]);
    for cut in 0..text.len() {
        let (mut parser, mut events) = (Parser::default(), Vec::new());
        parser.feed(&text[..cut], &mut events);
        parser.feed(&text[cut..], &mut events);
        assert_eq!(events[0], pasted, "cut at {cut}");
    }
}

#[test]
fn a_paste_without_end_does_not_grow_for_ever() {
    let (mut parser, mut events) = (Parser::default(), Vec::new());
    parser.feed(b"\x1b[200~", &mut events);
    for _ in 0..40 {
        parser.feed(&[b'x'; 1 << 16], &mut events);
    }
    assert!(parser.waiting.len() < 10);
    parser.feed(PASTE_END, &mut events);
    assert!(matches!(&events[..], [Event::Paste(text)] if text.len() == LONGEST_PASTE));
}

#[test]
fn answers_of_the_terminal() {
    assert_eq!(events(b"\x1b[?2026;2$y"), [Event::Sync(true)]);
    assert_eq!(events(b"\x1b[?2026;1$y"), [Event::Sync(true)]);
    assert_eq!(events(b"\x1b[?2026;0$y"), [Event::Sync(false)]);
    assert_eq!(events(b"\x1b[?2026;4$y"), [Event::Sync(false)]);
    assert_eq!(
        events(b"\x1b[I\x1b[O"),
        [Event::FocusGained, Event::FocusLost]
    );
    // Answers to what other programs asked are not taken for keys.
    assert_eq!(
        keys(b"\x1b[?62;22c\x1b]11;rgb:1/2/3\x07\x1b]11;x\x1b\\\x1bP1$r0m\x1b\\j"),
        "j"
    );
    assert_eq!(keys(b"\x1b[?7;1$y\x1b[12;40R\x1b[1;5R"), "Ctrl-F3");
}

#[test]
fn noise_does_not_grow_for_ever() {
    let (mut parser, mut events) = (Parser::default(), Vec::new());
    parser.feed(b"\x1b]", &mut events);
    for _ in 0..40 {
        parser.feed(&[b'0'; 1000], &mut events);
        assert!(parser.waiting.len() <= LONGEST_SEQUENCE + 1000);
    }
}

proptest! {
    #[test]
    fn no_bytes_panic_and_none_wait_for_ever(pieces in prop::collection::vec(
        prop_oneof![
            prop::collection::vec(any::<u8>(), 0..12),
            "\\x1b[\\[\\]O][<?]?[0-9;$]{0,9}[~a-zA-Z]?".prop_map(String::into_bytes),
        ],
        0..20,
    )) {
        let (mut parser, mut events) = (Parser::default(), Vec::new());
        for piece in &pieces {
            parser.feed(piece, &mut events);
        }
        parser.settle(&mut events);
        prop_assert!(!parser.is_waiting());
    }

    #[test]
    fn pieces_make_the_same_events_as_the_whole(
        parts in prop::collection::vec(
            proptest::sample::select(vec![
                "j", "\x1b[A", "\x1b[1;5C", "\x1bOP", "\x1b[<0;3;4M", "\x1b[[B", "ä", "\r", "\x1bx",
                "\x1b[200~a\rb\x1b[201~", "\x1b[?2026;2$y", "\x1b[5~", "\x1b[I", "\x1b[M !!",
            ]),
            1..20,
        ),
        size in 1usize..7,
    ) {
        let bytes = parts.concat().into_bytes();
        let (mut parser, mut pieces) = (Parser::default(), Vec::new());
        for piece in bytes.chunks(size) {
            parser.feed(piece, &mut pieces);
        }
        prop_assert_eq!(pieces, events(&bytes));
    }
}
