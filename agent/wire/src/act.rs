//! Asking for a change, and what became of it.
//!
//! ```text
//! > {"act":{"id":"5f0c...e1","operation":{"failover":{"instance":"web1.example.com"}},
//!           "expect":{"instance":{"primary":"node1.example.com","secondaries":["node2.example.com"],
//!           "admin_state":"up"}},"reason":"fan is broken","operator":"alice"}}
//! < {"acted":{"id":"5f0c...e1","outcome":{"submitted":{"job":4711}}}}
//! > {"recover":{"id":"5f0c...e1"}}
//! < {"acted":{"id":"5f0c...e1","outcome":{"submitted":{"job":4711}}}}
//! ```
//!
//! Every `act` is answered by an `acted` with its id, at once or within minutes. The link may be
//! cut before: then `recover`, sent to the node that was asked, finds out. An outcome that
//! [is final](Outcome::is_final) never changes; the same id never makes two jobs.

mod outcome;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use outcome::{Acted, Outcome, Refusal};

use crate::operation::{BadField, Operation, Subject, text};

/// The longest reason, bytes.
pub const LONGEST_REASON: usize = 500;
/// The longest name of an operator, bytes.
pub const LONGEST_OPERATOR: usize = 64;

/// The longest change as JSON, bytes. Its record is kept in memory for a week.
pub const LONGEST_ACT: usize = 32 * 1024;
/// The longest name or state that may have been seen, bytes.
const LONGEST_SEEN: usize = 255;
/// As many secondary nodes may have been seen.
const SECONDARIES: usize = 16;

/// What gantry calls itself in a job's reason trail.
pub const SOURCE: &str = "gantry";

/// Asks for one change: one job, one method of LUXI's, or one command on a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Act {
    /// Made by the console, never used again.
    pub id: ActId,
    /// What is to be done.
    pub operation: Operation,
    /// What the operator saw when it was asked for; if it is not so any more nothing is done.
    pub expect: Expect,
    /// Why, in the operator's words; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Who asks, by the console's word.
    pub operator: String,
}

/// Asks what became of a change; if it was not begun it never will be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recover {
    /// The change's id.
    pub id: ActId,
    /// How long ago it was asked for, seconds: whatever is younger than that knows nothing of it.
    /// Left out, everything is taken to be older.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_s: Option<u64>,
}

impl Recover {
    /// Without saying when it was asked for.
    pub fn new(id: ActId) -> Recover {
        Recover { id, age_s: None }
    }
}

/// 128 bits that nobody can guess, as 32 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ActId(String);

impl ActId {
    /// From random bits.
    pub fn new(bits: u128) -> ActId {
        ActId(format!("{bits:032x}"))
    }

    /// Its digits: they can be the name of a file.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ActId {
    type Error = String;

    fn try_from(text: String) -> Result<ActId, String> {
        let digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if text.len() == 32 && text.bytes().all(digit) {
            Ok(ActId(text))
        } else {
            Err(format!("{text:?} is not 32 hexadecimal digits"))
        }
    }
}

impl From<ActId> for String {
    fn from(id: ActId) -> String {
        id.0
    }
}

impl std::fmt::Display for ActId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What an operator saw of the subject. An operation on an instance wants its state, one on a
/// node that node's, another master the present one; all others want nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Expect {
    /// The subject is neither an instance nor a node.
    Nothing {},
    /// An instance.
    Instance {
        /// Its primary node.
        primary: String,
        /// Its secondary nodes.
        secondaries: Vec<String>,
        /// `up`, `down` or `offline`.
        admin_state: String,
    },
    /// Another node becomes the master.
    Master {
        /// Who it is until then.
        master: String,
    },
    /// A node.
    Node {
        /// Its flag.
        offline: bool,
        /// Its flag.
        drained: bool,
        /// Its flag.
        master_candidate: bool,
    },
}

impl Act {
    /// Looks at all fields.
    ///
    /// # Errors
    /// The first that cannot be so.
    pub fn check(&self) -> Result<(), BadField> {
        let length = serde_json::to_vec(self).map_or(usize::MAX, |json| json.len());
        if length > LONGEST_ACT {
            let why = format!("has {length} bytes, more than {LONGEST_ACT}");
            return Err(BadField::new("act", why));
        }
        self.operation.check()?;
        self.expect.check()?;
        let fits = match &self.operation {
            Operation::MasterFailover(_) => matches!(self.expect, Expect::Master { .. }),
            _ => matches!(
                (self.operation.subject(), &self.expect),
                (Subject::Instance(_), Expect::Instance { .. })
                    | (Subject::Node(_), Expect::Node { .. })
                    | (
                        Subject::Cluster
                            | Subject::Group(_)
                            | Subject::Job(_)
                            | Subject::Queue
                            | Subject::Watcher,
                        Expect::Nothing {}
                    )
            ),
        };
        if !fits {
            let why = format!("does not fit {}", self.operation.subject());
            return Err(BadField::new("expect", why));
        }
        // Ganeti would mark it online by the way, past the permission and the checks of that.
        let flags = matches!(
            self.operation,
            Operation::NodePromote(_) | Operation::NodeDrain(_)
        );
        if flags && matches!(self.expect, Expect::Node { offline: true, .. }) {
            let why = "is that of an offline node: node-online alone brings it back";
            return Err(BadField::new("expect", why));
        }
        operator(&self.operator)?;
        reason(&self.reason)
    }

    /// The entry of the reason trail that each opcode of this change carries; `ns` is the time in
    /// nanoseconds since the epoch.
    pub fn trail_entry(&self, ns: u64) -> Value {
        let Act { id, operator, .. } = self;
        let space = if self.reason.is_empty() { "" } else { " " };
        let text = format!("operator:{operator} id:{id}{space}{}", self.reason);
        json!([SOURCE, text, ns])
    }
}

impl Expect {
    fn check(&self) -> Result<(), BadField> {
        let name = |field, name: &str| match name {
            "" => Ok(()),
            name => text(field, name, LONGEST_SEEN),
        };
        match self {
            Expect::Nothing {} | Expect::Node { .. } => Ok(()),
            Expect::Master { master } => name("expect.master", master),
            Expect::Instance {
                primary,
                secondaries,
                admin_state,
            } => {
                name("expect.primary", primary)?;
                name("expect.admin_state", admin_state)?;
                if secondaries.len() > SECONDARIES {
                    let why = format!("are more than {SECONDARIES}");
                    return Err(BadField::new("expect.secondaries", why));
                }
                let mut secondaries = secondaries.iter();
                secondaries.try_for_each(|node| name("expect.secondaries", node))
            }
        }
    }
}

/// Who may be named as operator.
///
/// # Errors
/// If it is empty, too long, or has other characters than letters, digits and `-_.@+`.
pub fn operator(name: &str) -> Result<(), BadField> {
    text("operator", name, LONGEST_OPERATOR)?;
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.@+".contains(c);
    match name.chars().find(|&c| !fits(c)) {
        Some(wrong) => {
            let why = format!("{wrong:?} cannot be in it: letters, digits and -_.@+ can");
            Err(BadField::new("operator", why))
        }
        None => Ok(()),
    }
}

/// What may be given as a reason; an empty one may.
///
/// # Errors
/// If it is too long, not printable ASCII, or means something to Ganeti.
pub fn reason(words: &str) -> Result<(), BadField> {
    if words.is_empty() {
        return Ok(());
    }
    text("reason", words, LONGEST_REASON)?;
    for prefix in ["rate-limit:", "gnt:"] {
        if words.trim_start().to_ascii_lowercase().starts_with(prefix) {
            let why = format!("{prefix} at its start means something to Ganeti");
            return Err(BadField::new("reason", why));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn act(operation: Value, expect: Value) -> Act {
        let id = ActId::new(0x5f0c);
        serde_json::from_value(json!({
            "id": id, "operation": operation, "expect": expect, "operator": "alice",
        }))
        .unwrap()
    }

    #[test]
    fn nothing_but_node_online_brings_an_offline_node_back() {
        let flags = |offline| json!({"node": {"offline": offline, "drained": false, "master_candidate": false}});
        for name in ["node-promote", "node-drain"] {
            let operation = json!({name: {"node": "node3"}});
            assert_eq!(act(operation.clone(), flags(false)).check(), Ok(()));
            let wrong = act(operation, flags(true)).check().unwrap_err();
            assert_eq!(wrong.field, "expect");
        }
        let online = json!({"node-online": {"node": "node3"}});
        assert_eq!(act(online, flags(true)).check(), Ok(()));
    }

    #[test]
    fn an_id_is_32_digits_and_nothing_else() {
        let id = ActId::new(0xab);
        assert_eq!(id.as_str(), format!("{}ab", "0".repeat(30)));
        assert_eq!(ActId::try_from(id.to_string()), Ok(id));
        for odd in [
            "",
            "ab",
            "../x",
            &"AB".repeat(16),
            &"g0".repeat(16),
            &"0".repeat(33),
        ] {
            assert!(ActId::try_from(odd.to_owned()).is_err(), "{odd}");
            assert!(serde_json::from_value::<Recover>(json!({ "id": odd })).is_err());
        }
    }

    #[test]
    fn what_was_seen_fits_what_is_changed() {
        let nothing = json!({"nothing": {}});
        let instance =
            json!({"instance": {"primary": "n1", "secondaries": [], "admin_state": "up"}});
        let node = json!({"node": {"offline": false, "drained": false, "master_candidate": true}});
        let start = json!({"start": {"instance": "web1"}});
        let drain = json!({"node-drain": {"node": "n1"}});
        let tags = json!({"add-tags": {"of": {"instance": "web1"}, "tags": ["a"]}});
        let verify = json!({"verify": {}});
        for (operation, fits) in [
            (start, &instance),
            (drain, &node),
            (tags, &instance),
            (verify, &nothing),
        ] {
            for expect in [&nothing, &instance, &node] {
                let checked = act(operation.clone(), expect.clone()).check();
                assert_eq!(
                    checked.is_ok(),
                    expect == fits,
                    "{operation} {expect}: {checked:?}"
                );
            }
        }
        let half = json!({"instance": {"primary": "n1"}});
        assert!(serde_json::from_value::<Expect>(half).is_err());
    }

    #[test]
    fn what_would_fill_the_nodes_memory_is_refused() {
        let seen = |primary: &str, secondaries: usize, state: &str| {
            let secondaries = vec!["n2"; secondaries];
            json!({"instance": {"primary": primary, "secondaries": secondaries,
                                "admin_state": state}})
        };
        let start = || json!({"start": {"instance": "web1"}});
        let long = "x".repeat(256);
        for (expect, field) in [
            (seen(&long, 1, "up"), "expect.primary"),
            (seen("n1", 1, &long), "expect.admin_state"),
            (seen("n1", 1, "u\u{202e}p"), "expect.admin_state"),
            (seen("n1", 17, "up"), "expect.secondaries"),
            (seen("n1", 100_000, "up"), "act"),
        ] {
            assert_eq!(act(start(), expect).check().unwrap_err().field, field);
        }
        assert_eq!(act(start(), seen("n1", 16, "up")).check(), Ok(()));
        let tags = |count: usize| {
            let tags: Vec<String> = (0..count).map(|n| format!("{n:0128}")).collect();
            let operation = json!({"add-tags": {"of": "cluster", "tags": tags}});
            act(operation, json!({"nothing": {}})).check()
        };
        assert_eq!(tags(100), Ok(()));
        assert_eq!(tags(101).unwrap_err().field, "tags");
    }

    #[test]
    fn reasons_that_mean_something_to_ganeti_are_refused() {
        for odd in [
            "rate-limit:1:x",
            " Rate-Limit:1:x",
            "gnt:user",
            "caf\u{e9}",
            "a\nb",
            "\u{3}",
            "  ",
        ] {
            assert!(reason(odd).is_err(), "{odd:?}");
        }
        assert!(reason(&"x".repeat(LONGEST_REASON + 1)).is_err());
        for fine in [
            "",
            "fan of node2 is broken (ticket 4711)",
            "about gnt: jobs",
        ] {
            assert_eq!(reason(fine), Ok(()), "{fine:?}");
        }
        for odd in [
            "",
            "a b",
            "a:b",
            "\u{e9}",
            &"x".repeat(LONGEST_OPERATOR + 1),
        ] {
            assert!(operator(odd).is_err(), "{odd:?}");
        }
        let mut act = act(json!({"queue-drain": {}}), json!({"nothing": {}}));
        assert_eq!(act.check(), Ok(()));
        act.reason = "gnt:x".into();
        assert_eq!(act.check().unwrap_err().field, "reason");
    }

    #[test]
    fn the_trail_names_operator_id_and_reason() {
        let mut act = act(json!({"queue-drain": {}}), json!({"nothing": {}}));
        let bare = format!("operator:alice id:{}", act.id);
        assert_eq!(act.trail_entry(7), json!(["gantry", bare, 7]));
        act.reason = "fan is broken".into();
        assert_eq!(act.trail_entry(7)[1], format!("{bare} fan is broken"));
    }
}
