//! The keys of a page, from the same table as the keymap.

use crate::action::Place;
use crate::app::Tone;
use crate::app::command;
use crate::app::sheet::{Sheet, Span};
use crate::input::{Keymap, help};

/// Columns for keys.
const KEYS: usize = 16;

/// The text of the help for a page that was at `here`.
pub fn whole(keymap: &Keymap, here: Place, width: u16) -> Sheet {
    let mut sheet = Sheet::new(width);
    for group in help::groups(keymap, here) {
        sheet.heading(group.title);
        for row in group.rows {
            line(&mut sheet, &row.keys, row.help);
        }
    }
    sheet.heading("After :");
    for (words, about) in command::WORDS {
        line(&mut sheet, words, about);
    }
    sheet.heading("After /");
    for (words, about) in FILTERS {
        line(&mut sheet, words, about);
    }
    sheet.heading("Signs");
    for (sign, about) in SIGNS {
        line(&mut sheet, sign, about);
    }
    sheet
}

/// What can be typed after `/`.
const FILTERS: &[(&str, &str)] = &[
    (
        "web run",
        "rows that have both words anywhere, or else their letters",
    ),
    ("!web", "rows that do not have it"),
    ("#web", "rows with it in a tag"),
];

/// What stands in the header and in tables.
const SIGNS: &[(&str, &str)] = &[
    ("14/24 (6?)", "14 of 24 run, of 6 it is not known"),
    ("~71%", "of the nodes that tell; others do not"),
    ("jobs 1+2", "one runs, two wait or are queued"),
    ("?", "not known"),
    ("-", "there is none, or it does not run"),
    ("*", "the node is marked offline"),
    ("running", "as its node's agent sees it now"),
    ("running <1m", "as LUXI said that long ago"),
    (
        "(running) 3m",
        "last seen that long ago; its node cannot be reached",
    ),
    ("noded?", "the agent answers, but ganeti-noded does not"),
    ("agent?", "the host answers, but there is no agent"),
    ("host?", "the host does not answer"),
    ("lost 3m", "last heard that long ago"),
];

fn line(sheet: &mut Sheet, keys: &str, about: &str) {
    sheet.spans(vec![
        Span::new(format!("  {keys:<KEYS$}"), Tone::Heading),
        Span::new(about, Tone::Plain),
    ]);
}
