//! The keymap: which chord asks for which action, where.

use std::fmt;

use super::chord::{Chord, ChordError, Key};
use crate::action::{Action, CATALOGUE, Entry, Place};

/// The chords of every action, by default those of the catalogue.
#[derive(Clone, Debug)]
pub struct Keymap {
    /// One for each row of the catalogue, in its order.
    bindings: Vec<Binding>,
}

/// One row of the catalogue with the chords it has now.
#[derive(Clone, Debug)]
struct Binding {
    entry: &'static Entry,
    chords: Vec<Chord>,
}

/// The keys of a chord that has begun and not ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pending(Vec<Key>);

impl Pending {
    /// Whether no chord has begun.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Forgets what has begun, as when the screen changes.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The keys pressed so far.
    pub fn keys(&self) -> &[Key] {
        &self.0
    }
}

/// What one more key press came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The chord is complete and asks for this.
    Action(Action),
    /// More keys are needed.
    More,
    /// The key means nothing here. A chord that had begun is forgotten, and the key with it: half
    /// a mistyped chord must not start something else.
    Nothing,
}

/// What is wrong with a list of key settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeymapError {
    /// No action has this name.
    UnknownAction {
        /// The name as given.
        name: String,
    },
    /// A chord cannot be read.
    BadChord {
        /// The action it was given for.
        action: &'static str,
        /// The chord as given.
        chord: String,
        /// Why.
        error: ChordError,
    },
    /// Two actions that can be had on one screen want the same keys.
    Conflict {
        /// The chord of the first action.
        chord: Chord,
        /// The first action.
        first: &'static str,
        /// The second action, whose chord is the same or begins with the first one's, or the
        /// other way round.
        second: &'static str,
    },
}

impl fmt::Display for KeymapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownAction { name } => write!(f, "there is no action \"{name}\""),
            Self::BadChord {
                action,
                chord,
                error,
            } => write!(f, "key \"{chord}\" of {action}: {error}"),
            Self::Conflict {
                chord,
                first,
                second,
            } => write!(f, "key \"{chord}\" of {first} is in the way of {second}"),
        }
    }
}

impl std::error::Error for KeymapError {}

impl Default for Keymap {
    /// The keymap of the catalogue. A test holds that its chords can be read and do not conflict.
    fn default() -> Self {
        Self {
            bindings: CATALOGUE
                .iter()
                .map(|entry| Binding {
                    entry,
                    chords: entry.keys.iter().flat_map(|text| text.parse()).collect(),
                })
                .collect(),
        }
    }
}

impl Keymap {
    /// The default keymap, with the chords of the named actions replaced. An empty list takes an
    /// action's keys away. All that is wrong is reported, not only the first.
    pub fn with_changes<'a>(
        changes: impl IntoIterator<Item = (&'a str, &'a [String])>,
    ) -> Result<Self, Vec<KeymapError>> {
        let mut keymap = Self::default();
        let mut errors = Vec::new();
        for (name, texts) in changes {
            let found = keymap.bindings.iter_mut().find(|b| b.entry.name == name);
            let Some(binding) = found else {
                errors.push(KeymapError::UnknownAction {
                    name: name.to_owned(),
                });
                continue;
            };
            binding.chords.clear();
            for text in texts {
                match text.parse() {
                    Ok(chord) => binding.chords.push(chord),
                    Err(error) => errors.push(KeymapError::BadChord {
                        action: binding.entry.name,
                        chord: text.clone(),
                        error,
                    }),
                }
            }
        }
        errors.extend(keymap.conflicts());
        if errors.is_empty() {
            Ok(keymap)
        } else {
            Err(errors)
        }
    }

    /// The chords that ask for `action`.
    pub fn keys_for(&self, action: Action) -> &[Chord] {
        self.bindings
            .iter()
            .find(|binding| binding.entry.action == action)
            .map_or(&[], |binding| &binding.chords)
    }

    /// Takes one key on a screen that is `here`; `pending` carries a chord from key to key.
    pub fn press(&self, pending: &mut Pending, here: Place, key: Key) -> Step {
        pending.0.push(key);
        let mut begun = false;
        for binding in &self.bindings {
            if !binding.entry.place.applies(here) {
                continue;
            }
            for chord in &binding.chords {
                if chord.keys() == pending.0 {
                    pending.clear();
                    return Step::Action(binding.entry.action);
                }
                begun |= chord.keys().starts_with(&pending.0);
            }
        }
        if begun {
            return Step::More;
        }
        pending.clear();
        Step::Nothing
    }

    /// Pairs of actions of which one can never be reached.
    fn conflicts(&self) -> Vec<KeymapError> {
        let mut found = Vec::new();
        for (index, first) in self.bindings.iter().enumerate() {
            for second in &self.bindings[index + 1..] {
                if !first.entry.place.meets(second.entry.place) {
                    continue;
                }
                for chord in &first.chords {
                    let overlaps = |other: &Chord| {
                        other.keys().starts_with(chord.keys())
                            || chord.keys().starts_with(other.keys())
                    };
                    if second.chords.iter().any(overlaps) {
                        found.push(KeymapError::Conflict {
                            chord: chord.clone(),
                            first: first.entry.name,
                            second: second.entry.name,
                        });
                    }
                }
            }
        }
        found
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn changed(changes: &[(&str, &[&str])]) -> Result<Keymap, Vec<KeymapError>> {
        let owned: Vec<(&str, Vec<String>)> = changes
            .iter()
            .map(|(name, chords)| (*name, chords.iter().map(ToString::to_string).collect()))
            .collect();
        Keymap::with_changes(
            owned
                .iter()
                .map(|(name, chords)| (*name, chords.as_slice())),
        )
    }

    fn press(keymap: &Keymap, pending: &mut Pending, key: &str) -> Step {
        keymap.press(pending, Place::Table, key.parse().unwrap())
    }

    #[test]
    fn the_catalogue_has_no_conflicts_and_no_bad_chord() {
        let keymap = changed(&[]).unwrap();
        for entry in CATALOGUE {
            assert_eq!(keymap.keys_for(entry.action).len(), entry.keys.len());
            for (chord, text) in keymap.keys_for(entry.action).iter().zip(entry.keys) {
                assert_eq!(&chord.to_string(), text, "written as it is shown");
            }
        }
    }

    #[test]
    fn a_chord_of_two_keys_waits_for_the_second() {
        let (keymap, mut pending) = (Keymap::default(), Pending::default());
        assert_eq!(press(&keymap, &mut pending, "g"), Step::More);
        assert_eq!(pending.keys(), [Key::char('g')]);
        assert_eq!(press(&keymap, &mut pending, "g"), Step::Action(Action::Top));
        assert!(pending.is_empty());
        assert_eq!(press(&keymap, &mut pending, "g"), Step::More);
        assert_eq!(press(&keymap, &mut pending, "q"), Step::Nothing);
        assert!(pending.is_empty());
        assert_eq!(
            press(&keymap, &mut pending, "q"),
            Step::Action(Action::Quit)
        );
    }

    #[test]
    fn a_key_means_something_only_in_its_place() {
        let (keymap, mut pending) = (Keymap::default(), Pending::default());
        let sort = Key::char('s');
        assert_eq!(
            keymap.press(&mut pending, Place::Detail, sort),
            Step::Nothing
        );
        assert_eq!(
            keymap.press(&mut pending, Place::Table, sort),
            Step::Action(Action::SortNext)
        );
    }

    #[test]
    fn keys_can_be_moved_and_taken_away() {
        let keymap = changed(&[("quit", &["F10"]), ("suspend", &[])]).unwrap();
        let mut pending = Pending::default();
        assert_eq!(
            press(&keymap, &mut pending, "F10"),
            Step::Action(Action::Quit)
        );
        assert_eq!(press(&keymap, &mut pending, "q"), Step::Nothing);
        assert!(keymap.keys_for(Action::Suspend).is_empty());
    }

    #[test]
    fn all_that_is_wrong_is_reported() {
        let errors = changed(&[("quit", &["j"]), ("qiut", &["x"]), ("help", &["hyper-h"])]);
        let texts: Vec<_> = errors
            .unwrap_err()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(texts.len(), 3);
        assert_eq!(texts[0], "there is no action \"qiut\"");
        assert!(texts[1].starts_with("key \"hyper-h\" of help: unknown key"));
        assert_eq!(texts[2], "key \"j\" of quit is in the way of down");
    }

    #[test]
    fn a_key_that_begins_a_chord_is_in_its_way() {
        let errors = changed(&[("open", &["g"])]).unwrap_err();
        assert!(matches!(
            &errors[..],
            [KeymapError::Conflict {
                first: "top",
                second: "open",
                ..
            }]
        ));
    }
}
