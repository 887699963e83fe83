//! What a console may do: what its key's `command=` says, and what `/etc/gantry/agent.toml` says of
//! the name that the command gives it. Whatever either withholds is not permitted.
//!
//! In a virtual cluster the file is below the node's root. Where that is says the environment, which
//! some sshd let the console choose: so the machine's own file is always read as well.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use gantry_wire::operation::Permission;
use serde::Deserialize;
use toml::Spanned;

use crate::args::Serve;
use crate::place::{Place, Unread, text};

/// The file that says more.
const FILE: &str = "/etc/gantry/agent.toml";

/// What is permitted.
#[derive(Clone, Debug, Default)]
pub struct Permits {
    allowed: BTreeSet<Permission>,
    why_not: String,
    trouble: Vec<String>,
    wants_audit: bool,
}

/// `agent.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Settings {
    /// Nothing is changed while syslog takes no lines.
    #[serde(default)]
    audit_required: bool,
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
    allow: Option<Vec<Spanned<String>>>,
}

impl Permits {
    /// Those of an agent that was started with these arguments, as the files have them now.
    pub fn new(place: &Place, serve: &Serve) -> Permits {
        let mut files = vec![PathBuf::from(FILE), place.prefixed(FILE)];
        files.dedup();
        Permits::by(serve, &files)
    }

    /// From the arguments and all of these files that there are.
    fn by(serve: &Serve, files: &[PathBuf]) -> Permits {
        let mut permits = Permits::of(serve, None);
        for file in files {
            let name = file.display().to_string();
            match read(file) {
                Ok(None) => {}
                Ok(Some(text)) => permits.and(Permits::of_file(serve, &name, &text)),
                Err(why) => permits.and(Permits::none(format!("{name}: {why}"))),
            }
        }
        permits
    }

    /// From the arguments and the file's text.
    pub fn of(serve: &Serve, file: Option<&str>) -> Permits {
        let who = match serve.name.as_str() {
            "" => "this key".to_owned(),
            name => format!("{name:?}"),
        };
        let mut permits = Permits {
            allowed: Permission::all().collect(),
            why_not: format!("{who} is not permitted to do this"),
            ..Permits::default()
        };
        if serve.read_only {
            permits.allowed.clear();
            permits.why_not = format!("{who} may only read");
        }
        if let Some(list) = &serve.allow {
            let unknown = list.iter().filter(|word| Permission::named(word).is_none());
            let trouble = unknown.map(|word| format!("--allow: {word:?} is no permission"));
            permits.trouble.extend(trouble);
            permits.leave(list.iter().map(String::as_str));
        }
        if let Some(text) = file {
            permits.and(Permits::of_file(serve, FILE, text));
        }
        permits
    }

    /// What a file leaves. What it withholds is not known if anything in it is not understood, and
    /// a name that it does not have may be one that it misspells: then all is withheld.
    fn of_file(serve: &Serve, file: &str, text: &str) -> Permits {
        let settings = match toml::from_str::<Settings>(text) {
            Ok(settings) => settings,
            Err(error) => return Permits::none(format!("{file}: {error}")),
        };
        let words = settings
            .names
            .values()
            .filter_map(|rule| rule.allow.as_ref());
        let mut words = words.flatten();
        if let Some(wrong) = words.find(|word| Permission::named(word.as_ref()).is_none()) {
            let before = text
                .as_bytes()
                .get(..wrong.span().start)
                .unwrap_or_default();
            let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
            let word: &String = wrong.as_ref();
            return Permits::none(format!("{file}: line {line}: {word:?} is no permission"));
        }
        let name = &serve.name;
        let rule = settings.names.get(name);
        if rule.is_none() && !name.is_empty() && !settings.names.is_empty() {
            return Permits::none(format!("{file}: it has no [as.{name}]"));
        }
        let only = Serve {
            name: name.clone(),
            read_only: rule.is_some_and(|rule| rule.read_only),
            allow: None,
        };
        let mut permits = Permits::of(&only, None);
        permits.wants_audit = settings.audit_required;
        if let Some(list) = rule.and_then(|rule| rule.allow.as_ref()) {
            permits.leave(list.iter().map(|word| word.as_ref().as_str()));
        }
        permits
    }

    fn none(why: String) -> Permits {
        Permits {
            allowed: BTreeSet::new(),
            why_not: format!("nothing is permitted: {why}"),
            trouble: vec![format!("nothing is permitted: {why}")],
            wants_audit: false,
        }
    }

    /// Leaves only what these permit as well.
    fn and(&mut self, others: Permits) {
        if others.allowed.is_empty() && !self.allowed.is_empty() {
            self.why_not = others.why_not;
        }
        let listed = others.allowed;
        self.allowed.retain(|it| listed.contains(it));
        self.trouble.extend(others.trouble);
        self.wants_audit |= others.wants_audit;
    }

    /// Leaves only what a list has.
    fn leave<'a>(&mut self, words: impl Iterator<Item = &'a str>) {
        let listed: BTreeSet<Permission> = words.filter_map(Permission::named).collect();
        self.allowed.retain(|it| listed.contains(it));
    }

    /// Nothing is changed while syslog takes no lines.
    pub fn wants_audit(&self) -> bool {
        self.wants_audit
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

/// A file's text; none if there is no such file. A link that leads nowhere is not no file: what
/// it should lead to withholds something.
fn read(path: &Path) -> Result<Option<String>, String> {
    match text(path) {
        Ok(text) => Ok(Some(text)),
        Err(Unread::Absent) => {
            let leads_nowhere =
                |it: &&Path| it.symlink_metadata().is_ok() && it.metadata().is_err();
            match path.ancestors().find(leads_nowhere) {
                Some(link) => Err(format!("the link {} leads nowhere", link.display())),
                None => Ok(None),
            }
        }
        Err(why) => Err(why.to_string()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;
    use crate::luxi::fake::{FakeLuxid, Reply};

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
        for name in ["", "all"] {
            assert_eq!(words(&serve(name, None)).len(), all);
        }
        let nobody = Permits::of(&serve("somebody", None), Some("audit-required = true"));
        assert_eq!(nobody.words().len(), all, "no names, no rules");
        assert!(nobody.wants_audit());
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
            (
                "[as.ops]\nallow = [\"start\",\n\"strat\"]",
                "line 3: \"strat\"",
            ),
            ("[as.sombody]\nread-only = true", "it has no [as.somebody]"),
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
    fn only_a_file_that_is_not_there_withholds_nothing() {
        let fake = FakeLuxid::start(|_, _| Reply::Nothing);
        let etc = fake.root().join("etc");
        let files = ["gantry/agent.toml", "other.toml"].map(|name| etc.join(name));
        let permits = |name| Permits::by(&serve(name, None), &files);
        let all = Permission::all().count();
        assert_eq!(permits("ops").words().len(), all);
        std::fs::create_dir_all(&etc).unwrap();
        std::os::unix::fs::symlink("/nonexistent", etc.join("gantry")).unwrap();
        assert!(permits("ops").trouble().contains("leads nowhere"));
        assert!(permits("ops").is_empty());
        std::fs::remove_file(etc.join("gantry")).unwrap();
        std::fs::create_dir_all(etc.join("gantry")).unwrap();
        std::os::unix::fs::symlink("nothing.toml", &files[0]).unwrap();
        assert!(permits("ops").is_empty());
        std::fs::remove_file(&files[0]).unwrap();
        // What either of two withholds is withheld.
        std::fs::write(&files[0], "[as.ops]\nallow = [\"start\", \"kill\"]").unwrap();
        std::fs::write(&files[1], "[as.ops]\nallow = [\"kill\", \"reboot\"]").unwrap();
        assert_eq!(permits("ops").words(), ["kill"]);
        std::fs::write(&files[1], "[as.ops]\nread-only = true").unwrap();
        assert_eq!(permits("ops").why_not(), "\"ops\" may only read");
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
