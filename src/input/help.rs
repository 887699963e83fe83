//! The help made from the catalogue and the keymap: rows of the help screen, the hint line, and the
//! key table of the README.

use super::keymap::Keymap;
use crate::action::{Action, CATALOGUE, Place};

/// The rows of the help under one heading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelpGroup {
    /// The heading.
    pub title: &'static str,
    /// Its rows, in the order of the catalogue.
    pub rows: Vec<HelpRow>,
}

/// One action with its keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelpRow {
    /// The action.
    pub action: Action,
    /// All its chords, separated by two spaces; empty if it has none.
    pub keys: String,
    /// Its name on the command line and in key settings.
    pub name: &'static str,
    /// What it does, in one line.
    pub help: &'static str,
}

/// One entry of the hint line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// The action.
    pub action: Action,
    /// Its first chord.
    pub key: String,
    /// A word or two.
    pub words: &'static str,
}

/// What can be done on a screen that is `here`, by heading. What belongs to this screen alone comes
/// first.
pub fn groups(keymap: &Keymap, here: Place) -> Vec<HelpGroup> {
    let mut places = Place::ALL.to_vec();
    places.retain(|place| place.applies(here));
    places.sort_by_key(|place| distance(*place, here));
    groups_of(keymap, &places)
}

/// The more screens an action can be had on, the later it stands.
fn distance(place: Place, here: Place) -> u8 {
    match place {
        _ if place == here => 0,
        Place::Capacity if here == Place::Placing => 0,
        Place::Plan => 1,
        Place::Table => 2,
        _ => 3,
    }
}

/// The entries of the hint line of a screen that is `here`. What belongs to this screen alone comes
/// first; an action without keys is left out.
pub fn hints(keymap: &Keymap, here: Place) -> Vec<Hint> {
    let mut entries: Vec<_> = CATALOGUE
        .iter()
        .filter(|entry| entry.hint && entry.place.applies(here))
        .collect();
    entries.sort_by_key(|entry| distance(entry.place, here));
    entries
        .into_iter()
        .filter_map(|entry| {
            let chord = keymap.keys_for(entry.action).first()?;
            Some(Hint {
                action: entry.action,
                key: chord.to_string(),
                words: entry.words,
            })
        })
        .collect()
}

/// The default keys as the Markdown tables of the README.
pub fn markdown() -> String {
    let mut text = String::new();
    for group in groups_of(&Keymap::default(), &Place::ALL) {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&format!("| {} | | |\n| --- | --- | --- |\n", group.title));
        for row in group.rows {
            let keys: Vec<_> = row.keys.split("  ").map(|key| format!("`{key}`")).collect();
            text.push_str(&format!(
                "| {} | {} | `{}` |\n",
                keys.join(" "),
                row.help,
                row.name
            ));
        }
    }
    text
}

/// The rows of the given places, leaving out places without any.
fn groups_of(keymap: &Keymap, places: &[Place]) -> Vec<HelpGroup> {
    let rows_of = |place: Place| {
        CATALOGUE
            .iter()
            .filter(move |entry| entry.place == place)
            .map(|entry| {
                let chords = keymap.keys_for(entry.action);
                let keys: Vec<_> = chords.iter().map(ToString::to_string).collect();
                HelpRow {
                    action: entry.action,
                    keys: keys.join("  "),
                    name: entry.name,
                    help: entry.help,
                }
            })
    };
    places
        .iter()
        .map(|place| HelpGroup {
            title: place.title(),
            rows: rows_of(*place).collect(),
        })
        .filter(|group| !group.rows.is_empty())
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn help_of_a_table_screen() {
        let mut text = String::new();
        for group in groups(&Keymap::default(), Place::Table) {
            text.push_str(&format!("{}\n", group.title));
            for row in group.rows {
                text.push_str(&format!("  {:<13} {}\n", row.keys, row.help));
            }
        }
        insta::assert_snapshot!(text);
    }

    #[test]
    fn hints_begin_with_what_the_screen_alone_has() {
        let line = |here| {
            let hints = hints(&Keymap::default(), here);
            let words: Vec<_> = hints
                .iter()
                .map(|h| format!("{} {}", h.key, h.words))
                .collect();
            words.join("  ")
        };
        assert_eq!(
            line(Place::Table),
            "Enter detail  / filter  s sort  Space mark  a act  ? help  : command  Esc back  q quit"
        );
        assert_eq!(
            line(Place::Detail),
            "a act  ? help  : command  Esc back  q quit"
        );
    }

    #[test]
    fn an_action_without_keys_is_not_hinted() {
        let keymap = Keymap::with_changes([("help", &[][..])]).unwrap();
        let hints = hints(&keymap, Place::Detail);
        assert!(hints.iter().all(|hint| hint.action != Action::Help));
    }

    #[test]
    fn key_table_of_the_readme() {
        insta::assert_snapshot!(markdown());
    }
}
