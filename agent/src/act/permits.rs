//! What a console may do: what its key's `command=` says, and what `/etc/gantry/agent.toml` says of
//! the name that the command gives it. Whatever either withholds is not permitted.

use std::collections::{BTreeMap, BTreeSet};

use gantry_wire::operation::Permission;
use serde::Deserialize;

use crate::args::Serve;
use crate::place::{Place, Unread};

/// The file that says more, below the node's root.
const FILE: &str = "/etc/gantry/agent.toml";

/// What is permitted.
#[derive(Clone, Debug, Default)]
pub struct Permits {
    allowed: BTreeSet<Permission>,
    why_not: String,
    trouble: Vec<String>,
}

/// `agent.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// By the name after `--as`.
    #[serde(default, rename = "as")]
    names: BTreeMap<String, Rule>,
}

/// What one name may do.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Rule {
    #[serde(default)]
    read_only: bool,
    allow: Option<Vec<String>>,
}

impl Permits {
    /// Those of an agent that was started with these arguments.
    pub fn new(place: &Place, serve: &Serve) -> Permits {
        match place.text(&place.prefixed(FILE)) {
            Ok(text) => Permits::of(serve, Some(&text)),
            Err(Unread::Absent) => Permits::of(serve, None),
            Err(why) => Permits::none(format!("{FILE}: {why}")),
        }
    }

    /// From the arguments and the file's text.
    pub fn of(serve: &Serve, file: Option<&str>) -> Permits {
        let settings = match file.map(toml::from_str::<Settings>).transpose() {
            Ok(settings) => settings.unwrap_or_default(),
            // What it withholds is not known, so all is withheld.
            Err(error) => return Permits::none(format!("{FILE}: {error}")),
        };
        let who = match serve.name.as_str() {
            "" => "this key".to_owned(),
            name => format!("{name:?}"),
        };
        let mut permits = Permits {
            allowed: Permission::all().collect(),
            why_not: format!("{who} is not permitted to do this"),
            trouble: Vec::new(),
        };
        let rule = settings.names.get(&serve.name);
        if serve.read_only || rule.is_some_and(|rule| rule.read_only) {
            permits.allowed.clear();
            permits.why_not = format!("{who} may only read");
        }
        permits.narrow(serve.allow.as_deref(), "--allow");
        permits.narrow(rule.and_then(|rule| rule.allow.as_deref()), FILE);
        permits
    }

    fn none(why: String) -> Permits {
        Permits {
            allowed: BTreeSet::new(),
            why_not: format!("nothing is permitted: {why}"),
            trouble: vec![format!("nothing is permitted: {why}")],
        }
    }

    /// Leaves only what a list has.
    fn narrow(&mut self, list: Option<&[String]>, whose: &str) {
        let Some(list) = list else { return };
        let mut listed = BTreeSet::new();
        for word in list {
            match Permission::named(word) {
                Some(permission) => _ = listed.insert(permission),
                None => self
                    .trouble
                    .push(format!("{whose}: {word:?} is no permission")),
            }
        }
        self.allowed
            .retain(|permission| listed.contains(permission));
    }

    /// Whether something is permitted.
    ///
    /// # Errors
    /// In words, why not.
    pub fn allow(&self, permission: Permission) -> Result<(), String> {
        if self.allowed.contains(&permission) {
            Ok(())
        } else {
            Err(format!("{permission}: {}", self.why_not))
        }
    }

    /// Nothing is permitted.
    pub fn is_empty(&self) -> bool {
        self.allowed.is_empty()
    }

    /// Why something is not permitted.
    pub fn why_not(&self) -> &str {
        &self.why_not
    }

    /// All words that are permitted.
    pub fn words(&self) -> Vec<String> {
        let words = self.allowed.iter();
        words
            .map(|permission| permission.word().to_owned())
            .collect()
    }

    /// What is wrong with what was said about permissions; empty if nothing is.
    pub fn trouble(&self) -> String {
        self.trouble.join("; ")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn serve(name: &str, allow: Option<&[&str]>) -> Serve {
        Serve {
            name: name.into(),
            read_only: false,
            allow: allow.map(|list| list.iter().map(|&word| word.to_owned()).collect()),
        }
    }

    const FILE_TEXT: &str = "
        # Who comes from the wall.
        [as.wall]
        read-only = true
        [as.\"ops@example.com\"]
        allow = [\"failover\", 'migrate',
                 \"start\"]
        [as.all]
    ";

    #[test]
    fn the_file_withholds_and_never_gives() {
        let words = |serve: &Serve| Permits::of(serve, Some(FILE_TEXT)).words();
        assert!(words(&serve("wall", None)).is_empty());
        assert!(words(&serve("wall", Some(&["start"]))).is_empty());
        let ops = serve("ops@example.com", None);
        let mut three = words(&ops);
        three.sort();
        assert_eq!(three, ["failover", "migrate", "start"]);
        let both = serve("ops@example.com", Some(&["start", "kill"]));
        assert_eq!(words(&both), ["start"]);
        let all = Permission::all().count();
        for name in ["", "all", "somebody"] {
            assert_eq!(words(&serve(name, None)).len(), all);
        }
        let read_only = Serve {
            read_only: true,
            ..ops
        };
        assert!(words(&read_only).is_empty());
    }

    #[test]
    fn a_file_that_is_not_understood_permits_nothing_and_says_where() {
        for (text, word) in [
            ("[as.wall]\nread_only = true", "read_only"),
            ("[as.wall]\nread-only = \"yes\"", "line 2"),
            ("[wall]\nread-only = true", "wall"),
            ("[as.wall", "line 1"),
            ("as = 3", "line 1"),
            ("[as.ops]\nallow = \"start\"", "line 2"),
        ] {
            let permits = Permits::of(&serve("somebody", None), Some(text));
            assert!(permits.is_empty(), "{text}");
            assert!(
                permits.trouble().contains(word),
                "{text}: {}",
                permits.trouble()
            );
        }
    }

    #[test]
    fn words_that_are_no_permission_are_named() {
        let permits = Permits::of(&serve("", Some(&["start", "strat"])), None);
        assert_eq!(permits.words(), ["start"]);
        assert!(permits.trouble().contains("strat"));
    }

    #[test]
    fn a_refusal_says_who_may_not_and_what() {
        let permission = Permission::named("kill").unwrap();
        let words = |serve: &Serve| Permits::of(serve, Some(FILE_TEXT)).allow(permission);
        let wall = words(&serve("wall", None)).unwrap_err();
        assert_eq!(wall, "kill: \"wall\" may only read");
        let key = words(&serve("", Some(&["start"]))).unwrap_err();
        assert_eq!(key, "kill: this key is not permitted to do this");
    }

    proptest! {
        #[test]
        fn just_those_are_permitted_that_are_listed(chosen in proptest::collection::vec(any::<bool>(), 60)) {
            let listed: Vec<Permission> = Permission::all()
                .zip(&chosen)
                .filter_map(|(permission, chosen)| chosen.then_some(permission))
                .collect();
            let words: Vec<&str> = listed.iter().map(|permission| permission.word()).collect();
            let permits = Permits::of(&serve("", Some(&words)), None);
            for permission in Permission::all() {
                prop_assert_eq!(permits.allow(permission).is_ok(), listed.contains(&permission));
            }
        }
    }
}
