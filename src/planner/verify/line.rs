//! One line of a verify's log that says that something is wrong.

use gantry_wire::job::LogLine;
use serde::{Deserialize, Serialize};

/// How much it matters to Ganeti.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// The verify fails.
    Error,
    /// It does not.
    Warning,
}

/// What something is that a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// The cluster.
    Cluster,
    /// A node group.
    Group,
    /// A node.
    Node,
    /// An instance.
    Instance,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Entry {
    /// How much it matters.
    pub level: Level,
    /// Ganeti's code, such as `ENODERPC`; empty where the line had none and its words are not known.
    pub code: String,
    /// What its subject is.
    pub sort: Sort,
    /// The subject's name; empty for the cluster.
    pub name: String,
    /// Ganeti's own words.
    pub text: String,
}

/// Codes by words, for lines without: a verify that was not asked for them.
const WORDS: [(&str, &str); 8] = [
    ("while contacting node", "ENODERPC"),
    ("not enough memory to accomodate", "ENODEN1"),
    ("instance not running on its primary", "EINSTANCEDOWN"),
    ("instance should not run on", "EINSTANCEWRONGNODE"),
    ("instance lives on offline", "EINSTANCEBADNODE"),
    ("instance has offline secondary", "EINSTANCEBADNODE"),
    (" missing on node", "EINSTANCEMISSINGDISK"),
    (" is degraded", "EINSTANCEFAULTYDISK"),
];

/// All that the lines of a log say is wrong, in their order, each once.
pub fn entries(lines: &[LogLine]) -> Vec<Entry> {
    let mut found: Vec<Entry> = Vec::new();
    for line in lines.iter().filter(|line| line.kind == "message") {
        if let Some(entry) = entry(&line.text)
            && !found.contains(&entry)
        {
            found.push(entry);
        }
    }
    found
}

/// `  - ERROR:CODE:node:name:text`, or `  - ERROR: node name: text` of a verify that was not asked for codes.
fn entry(line: &str) -> Option<Entry> {
    let rest = line.strip_prefix("  - ")?;
    let (level, rest) = rest.split_once(':')?;
    let level = match level {
        "ERROR" => Level::Error,
        "WARNING" => Level::Warning,
        _ => return None,
    };
    let (code, sort, name, text) = match rest.strip_prefix(' ') {
        Some(plain) => {
            let (subject, text) = plain.split_once(':')?;
            let (word, name) = subject.split_once(' ')?;
            ("", sort(word)?, name.trim(), text)
        }
        None => {
            let mut parts = rest.splitn(4, ':');
            let (code, word) = (parts.next()?, parts.next()?);
            let (name, text) = (parts.next()?, parts.next()?);
            let fits = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
            if code.is_empty() || !code.chars().all(fits) {
                return None;
            }
            (code, sort(word)?, name, text)
        }
    };
    // So the word for no object.
    let name = if name == "None" { "" } else { name };
    let text = text.trim();
    let known = || WORDS.iter().find(|(words, _)| text.contains(words));
    let code = match code {
        "" => known().map_or("", |(_, code)| code),
        code => code,
    };
    Some(Entry {
        level,
        code: code.to_owned(),
        sort,
        name: name.to_owned(),
        text: text.to_owned(),
    })
}

fn sort(word: &str) -> Option<Sort> {
    Some(match word {
        "cluster" => Sort::Cluster,
        "group" => Sort::Group,
        "node" => Sort::Node,
        "instance" => Sort::Instance,
        _ => return None,
    })
}

impl Entry {
    /// What stays the same when it is found again: figures in it may move.
    pub fn key(&self) -> String {
        let Entry {
            code, name, text, ..
        } = self;
        let words = text.split_whitespace().map(without_figure);
        let words: Vec<&str> = words.collect();
        format!("{code}|{:?}|{name}|{}", self.sort, words.join(" "))
    }

    /// A whole word of its text is this name.
    pub fn names(&self, name: &str) -> bool {
        let in_name = |c: char| c.is_alphanumeric() || "-_.".contains(c);
        let mut words = self.text.split(|c: char| !in_name(c));
        !name.is_empty() && words.any(|word| word.trim_end_matches('.') == name)
    }
}

/// A figure with its unit is `#`: `(30000MiB` was another the time before.
fn without_figure(word: &str) -> &str {
    let inner = word.trim_matches(|c: char| "(),.:;'".contains(c));
    let digits = inner.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let unit = matches!(digits, "" | "MiB" | "GiB" | "M" | "G" | "%" | "s");
    let figure = unit && inner.starts_with(|c: char| c.is_ascii_digit());
    if figure { "#" } else { word }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn real_lines_with_codes_are_read() {
        let n1 = entry("  - ERROR:ENODEN1:node:node2.example.com:not enough memory to accomodate instance failovers should node node1.example.com fail (30000MiB needed, 18902MiB available)").unwrap();
        assert_eq!(
            (n1.level, n1.code.as_str(), n1.sort),
            (Level::Error, "ENODEN1", Sort::Node)
        );
        assert_eq!(n1.name, "node2.example.com");
        assert!(n1.names("node1.example.com") && !n1.names("node1"));
        let policy = entry("  - WARNING:EINSTANCEPOLICY:instance:db1.example.com:Disk template drbd is not allowed (allowed templates: diskless)").unwrap();
        assert_eq!(policy.level, Level::Warning);
        assert_eq!(
            policy.text,
            "Disk template drbd is not allowed (allowed templates: diskless)"
        );
        let none = entry("  - ERROR:ECLUSTERCFG:cluster:None:two\nlines: of it").unwrap();
        assert_eq!(
            (none.name.as_str(), none.text.as_str()),
            ("", "two\nlines: of it")
        );
    }

    #[test]
    fn lines_without_codes_are_read_and_known_by_their_words() {
        let down = entry("  - ERROR: instance web1.example.com: instance not running on its primary node node1.example.com").unwrap();
        assert_eq!(down.code, "EINSTANCEDOWN");
        assert_eq!(down.name, "web1.example.com");
        let cluster = entry("  - ERROR: cluster : something odd").unwrap();
        assert_eq!(
            (cluster.sort, cluster.name.as_str(), cluster.code.as_str()),
            (Sort::Cluster, "", "")
        );
    }

    #[test]
    fn what_is_no_finding_is_left_out() {
        for line in [
            "* Verifying node status",
            "  - NOTICE: 3 non-redundant instance(s) found.",
            "  - hypervisor parameter kvm:x is odd",
            "  - ERROR:lower:node:a:b",
            "  - ERROR:ENODERPC:planet:a:b",
            "  - ERROR:ENODERPC:node",
            "      - ERROR: node a: from a hook's output",
            "",
        ] {
            assert_eq!(entry(line), None, "{line:?}");
        }
    }

    #[test]
    fn figures_that_move_make_no_other_finding_and_other_names_do() {
        let line = |needed: &str, node: &str| {
            entry(&format!("  - ERROR:ENODEN1:node:node2:not enough memory should node {node} fail ({needed}MiB needed, 18902MiB available)")).unwrap().key()
        };
        assert_eq!(line("30000", "node1"), line("29000", "node1"));
        assert_ne!(line("30000", "node1"), line("30000", "node3"));
    }

    proptest! {
        #[test]
        fn no_line_breaks_it(line in "(  - )?(ERROR|WARNING)?:? ?[ -~é\n]{0,60}") {
            if let Some(entry) = entry(&line) {
                prop_assert!(!entry.key().is_empty());
            }
        }
    }
}
