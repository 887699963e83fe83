//! An instance's status in Ganeti's words, worked out as `gnt-instance list` does, but never
//! guessed: what is not known says so.

use gantry_wire::config;

use super::Time;

/// Ganeti's status words, worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Word {
    /// Runs and should.
    Running,
    /// Stopped by an administrator.
    AdminDown,
    /// Its node has been told to leave it alone.
    AdminOffline,
    /// Shut down from inside.
    UserDown,
    /// Runs and should not.
    ErrorUp,
    /// Found on another node than its primary.
    ErrorWrongNode,
    /// Should run and does not.
    ErrorDown,
    /// Its primary node is marked offline.
    ErrorNodeOffline,
    /// The master could not ask its primary node.
    ErrorNodeDown,
}

impl Word {
    /// As Ganeti prints it.
    pub fn text(self) -> &'static str {
        match self {
            Word::Running => "running",
            Word::AdminDown => "ADMIN_down",
            Word::AdminOffline => "ADMIN_offline",
            Word::UserDown => "USER_down",
            Word::ErrorUp => "ERROR_up",
            Word::ErrorDown => "ERROR_down",
            Word::ErrorWrongNode => "ERROR_wrongnode",
            Word::ErrorNodeDown => "ERROR_nodedown",
            Word::ErrorNodeOffline => "ERROR_nodeoffline",
        }
    }

    /// Reads what luxid prints; `None` for a word that Ganeti does not have.
    pub fn parse(text: &str) -> Option<Word> {
        const ALL: [Word; 9] = [
            Word::Running,
            Word::AdminDown,
            Word::AdminOffline,
            Word::UserDown,
            Word::ErrorUp,
            Word::ErrorWrongNode,
            Word::ErrorDown,
            Word::ErrorNodeOffline,
            Word::ErrorNodeDown,
        ];
        ALL.into_iter().find(|word| word.text() == text)
    }

    /// One of the `ERROR_` words.
    pub fn is_error(self) -> bool {
        self >= Word::ErrorUp
    }

    /// The guest is running somewhere.
    pub fn is_up(self) -> bool {
        matches!(self, Word::Running | Word::ErrorUp | Word::ErrorWrongNode)
    }
}

/// A status and how it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// Nothing says anything.
    #[default]
    Unknown,
    /// As its nodes' own agents see it now.
    Now(Word),
    /// As LUXI's live query said at that moment; later ones come every 30 s.
    Asked(Word, Time),
    /// It was so until the link to its primary was lost at that moment; not known since.
    Was(Word, Time),
}

impl Status {
    /// The word, if it holds now as far as can be known.
    pub fn word(self) -> Option<Word> {
        match self {
            Status::Now(word) | Status::Asked(word, _) => Some(word),
            Status::Unknown | Status::Was(..) => None,
        }
    }

    /// The word that was last known.
    pub fn last_word(self) -> Option<Word> {
        match self {
            Status::Now(word) | Status::Asked(word, _) | Status::Was(word, _) => Some(word),
            Status::Unknown => None,
        }
    }
}

/// What an instance's nodes say of it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Evidence {
    /// The primary is marked offline.
    pub primary_offline: bool,
    /// The primary's agent reads this hypervisor and speaks now: its word is proof.
    pub primary_sees: bool,
    /// Found running on the primary.
    pub on_primary: bool,
    /// Found on the primary, but shut down from inside.
    pub shut_down: bool,
    /// Found running on another node whose agent speaks now.
    pub elsewhere: bool,
}

/// Ganeti's own rule (reference: `gnt-instance list`, field `status`); `None` without proof.
pub fn word(conf: &config::Instance, seen: Evidence) -> Option<Word> {
    if seen.primary_offline {
        return Some(Word::ErrorNodeOffline);
    }
    if seen.elsewhere && !seen.on_primary {
        return Some(Word::ErrorWrongNode);
    }
    if !seen.primary_sees {
        return None;
    }
    let up = conf.admin_state == "up";
    Some(match (seen.on_primary, seen.shut_down) {
        (true, false) if up => Word::Running,
        (true, false) => Word::ErrorUp,
        (true, true) if up => Word::UserDown,
        _ if up => Word::ErrorDown,
        _ if conf.admin_state == "offline" => Word::AdminOffline,
        _ if conf.admin_state_source == "user" => Word::UserDown,
        _ => Word::AdminDown,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conf(admin: &str, source: &str) -> config::Instance {
        config::Instance {
            admin_state: admin.into(),
            admin_state_source: source.into(),
            ..config::Instance::default()
        }
    }

    #[test]
    fn every_word_of_ganeti() {
        let sees = Evidence {
            primary_sees: true,
            ..Evidence::default()
        };
        let runs = Evidence {
            on_primary: true,
            ..sees
        };
        let shut = Evidence {
            shut_down: true,
            ..runs
        };
        let cases = [
            ("up", "admin", runs, Some(Word::Running)),
            ("up", "admin", shut, Some(Word::UserDown)),
            ("up", "admin", sees, Some(Word::ErrorDown)),
            ("down", "admin", sees, Some(Word::AdminDown)),
            ("down", "admin", shut, Some(Word::AdminDown)),
            ("down", "user", sees, Some(Word::UserDown)),
            ("down", "admin", runs, Some(Word::ErrorUp)),
            ("offline", "admin", sees, Some(Word::AdminOffline)),
            ("offline", "admin", runs, Some(Word::ErrorUp)),
            (
                "up",
                "admin",
                Evidence {
                    elsewhere: true,
                    ..sees
                },
                Some(Word::ErrorWrongNode),
            ),
            (
                "up",
                "admin",
                Evidence {
                    elsewhere: true,
                    ..runs
                },
                Some(Word::Running),
            ),
            (
                "up",
                "admin",
                Evidence {
                    primary_offline: true,
                    ..sees
                },
                Some(Word::ErrorNodeOffline),
            ),
            ("up", "admin", Evidence::default(), None),
            ("down", "admin", Evidence::default(), None),
        ];
        for (admin, source, seen, expected) in cases {
            assert_eq!(
                word(&conf(admin, source), seen),
                expected,
                "{admin} {source} {seen:?}"
            );
        }
    }

    #[test]
    fn words_are_read_as_they_are_printed() {
        for text in ["running", "ERROR_nodedown", "USER_down"] {
            assert_eq!(Word::parse(text).map(Word::text), Some(text));
        }
        assert_eq!(Word::parse("ERROR_\x1b[2J"), None);
    }
}
