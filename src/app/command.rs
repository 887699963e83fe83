//! What can be typed after `:`.

mod asked;
mod change;

use crate::action::form::{Kind as Operation, Object};
use crate::action::{Action, CATALOGUE, Entry};
use crate::model::{Cluster, Name};
use crate::planner::replica::{Key, Pair};

use super::facts::Facts;
use super::filter::Letters;
use super::nav::{Page, View};
use super::options::Of;
use super::view::{Kind, drbd};

/// Words and what they do, for the help.
pub const WORDS: &[(&str, &str)] = &[
    ("nodes", "all nodes; also n, or any beginning of the word"),
    ("instances", "all instances; also i"),
    ("groups", "all groups; also g"),
    ("jobs", "the jobs; also j"),
    ("locks", "who holds locks and who waits for them; also l"),
    ("drbd", "all DRBD disks, worst first; also d"),
    ("storage", "the places for disks; also s"),
    ("n1", "what if a node dies; also n+1"),
    ("balance", "moves that balance a group; also b"),
    ("maintenance", "nodes to reboot together; also m"),
    ("capacity", "how many more instances fit; also c"),
    ("verify", "what verifies found, as an inbox; also v"),
    ("alerts", "everything that is wrong; also a"),
    ("runbooks", "runbooks that are under way; also r"),
    ("node NAME", "one node; a unique part of its name will do"),
    ("instance NAME", "one instance"),
    ("group NAME", "one group"),
    ("job ID", "one job"),
    ("disk NAME/0", "one DRBD disk, both its halves"),
    (
        "n1 NODE",
        "what becomes of one node's instances, and what would mend it",
    ),
    ("storage NODE", "what lies on one node's storage"),
    (
        "balance OPTION",
        "plan so: no-disk-moves group=rack1 stop-at=95; Tab shows all",
    ),
    (
        "capacity vm ...",
        "where a VM would go: memory=4G disk=50G cpus=2 template=drbd",
    ),
    (
        "failover NAME ...",
        "any operation, by its name in the menus: opens its form; Tab shows parameters",
    ),
    ("sort COLUMN", "sort by a column, again to reverse"),
    ("NAME", "whatever has that name"),
    ("q", "leave gantry"),
];

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Open a page.
    Go(Page),
    /// Sort by the column of this index.
    Sort(usize),
    /// One of the actions that have keys.
    Do(Action),
    /// Ask for a plan with these options.
    Ask(Of, Vec<String>),
    /// Open the form of a change.
    Change(Change),
}

/// A change that was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Which operation.
    pub kind: Operation,
    /// What it is to be done to.
    pub objects: Vec<Object>,
    /// Parameters that were given, and their values.
    pub fields: Vec<(String, String)>,
}

/// A way to go on with what was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The whole line then.
    pub line: String,
    /// What it is.
    pub about: &'static str,
}

/// Ways to go on that are shown at most.
pub const CHOICES: usize = 8;

/// Words that lead to a page of their own.
const PAGES: &[(&str, &str, Page)] = &[
    ("nodes", "n", Page::Nodes),
    ("instances", "i", Page::Instances),
    ("groups", "g", Page::Groups),
    ("jobs", "j", Page::Jobs),
    ("locks", "l", Page::Locks),
    ("drbd", "d", Page::Drbd),
    ("storage", "s", Page::Storage),
    ("n1", "n+1", Page::N1),
    ("balance", "b", Page::Balance),
    ("maintenance", "m", Page::Maintenance),
    ("capacity", "c", Page::Capacity),
    ("verify", "v", Page::Verify),
    ("alerts", "a", Page::Alerts),
    ("runbooks", "r", Page::Runbooks),
];

/// Words that want an object after them.
const OBJECTS: &[&str] = &["node", "instance", "group", "job", "disk", "sort"];

/// Reads a line.
///
/// # Errors
/// Says in words what is wrong with it.
pub fn parse(line: &str, view: &View, cluster: &Cluster, facts: &Facts) -> Result<Command, String> {
    if let Some(asked) = asked::with_options(line) {
        let words = asked.words.iter().map(|it| (*it).to_owned()).collect();
        return match asked.of {
            Ok(Of::Placing) if asked.words.is_empty() => Ok(Command::Do(Action::PlaceInstance)),
            Ok(of) => Ok(Command::Ask(of, words)),
            Err(why) => Err(why),
        };
    }
    // `verify` alone is the page.
    let page = PAGES.iter().any(|(name, ..)| *name == line.trim());
    if let Some(asked) = change::asked(line, cluster).filter(|_| !page) {
        return asked.map(Command::Change);
    }
    let mut words = line.split_whitespace();
    let (Some(word), rest) = (words.next(), words.next()) else {
        return Err("type a command, such as nodes or jobs".to_owned());
    };
    if let Some(more) = words.next() {
        return Err(format!("{more:?} is one word too many"));
    }
    let Some(object) = rest else {
        return alone(word, view, cluster, facts);
    };
    match word {
        "node" => pick(object, nodes(cluster, facts), "node").map(Page::Node),
        "instance" => pick(object, instances(cluster, facts), "instance").map(Page::Instance),
        "group" => pick(object, groups(cluster), "group").map(Page::Group),
        "job" => match object.parse() {
            Ok(id) => Ok(Page::Job(id)),
            Err(_) => Err(format!("{object:?} is not a job id")),
        },
        "disk" => disk(object, facts).map(Page::Pair),
        "storage" => pick(object, nodes(cluster, facts), "node").map(Page::Volumes),
        "n1" | "n+1" => pick(object, nodes(cluster, facts), "node").map(Page::Fall),
        "sort" => return sort(object, view).map(Command::Sort),
        _ => Err(format!("there is no command {word:?}")),
    }
    .map(Command::Go)
}

fn alone(word: &str, view: &View, cluster: &Cluster, facts: &Facts) -> Result<Command, String> {
    let page = PAGES
        .iter()
        .find(|(name, short, _)| *name == word || *short == word);
    if let Some((_, _, page)) = page {
        return Ok(Command::Go(page.clone()));
    }
    if OBJECTS.contains(&word) {
        let of = if word == "sort" { "column" } else { word };
        return Err(format!("which {of}?"));
    }
    match word {
        "q" | "q!" | "exit" => return Ok(Command::Do(Action::Quit)),
        "help" => return Ok(Command::Go(Page::Help(view.place()))),
        _ => {}
    }
    if let Some(entry) = Entry::named(word) {
        return Ok(Command::Do(entry.action));
    }
    let node = exact(word, nodes(cluster, facts)).map(Page::Node);
    let instance = || exact(word, instances(cluster, facts)).map(Page::Instance);
    let group = || exact(word, groups(cluster)).map(Page::Group);
    // A page's beginning will do where nothing has that name; no two begin with the same letter.
    let begun = || {
        let page = PAGES.iter().find(|(name, _, _)| name.starts_with(word));
        page.map(|(_, _, page)| page.clone())
    };
    let page = node.or_else(instance).or_else(group).or_else(begun);
    page.map(Command::Go)
        .ok_or_else(|| format!("there is no command and nothing named {word:?}"))
}

/// An object with its names: the whole one and the one that is shown.
type Named<'a> = (&'a Name, &'a str);

fn nodes<'a>(cluster: &'a Cluster, facts: &'a Facts) -> Vec<Named<'a>> {
    let short = |name: &'a Name| (name, facts.names.short(name));
    cluster.nodes.keys().map(short).collect()
}

fn instances<'a>(cluster: &'a Cluster, facts: &'a Facts) -> Vec<Named<'a>> {
    let short = |name: &'a Name| (name, facts.names.short(name));
    cluster.instances.keys().map(short).collect()
}

fn groups(cluster: &Cluster) -> Vec<Named<'_>> {
    cluster.groups.keys().map(|name| (name, &**name)).collect()
}

fn exact(wanted: &str, names: Vec<Named<'_>>) -> Option<Name> {
    let found = names
        .iter()
        .find(|(name, short)| ***name == *wanted || *short == wanted);
    found.map(|(name, _)| (*name).clone())
}

/// The object of this name, or the only one with this in its name.
fn pick(wanted: &str, names: Vec<Named<'_>>, what: &str) -> Result<Name, String> {
    if let Some(name) = exact(wanted, names.clone()) {
        return Ok(name);
    }
    let mut found = names.into_iter().filter(|(name, _)| name.contains(wanted));
    match (found.next(), found.count()) {
        (None, _) => Err(format!("there is no {what} {wanted:?}")),
        (Some((name, _)), 0) => Ok(name.clone()),
        (Some(_), more) => Err(format!(
            "{} {what}s have {wanted:?} in their name",
            more + 1
        )),
    }
}

/// The DRBD disk of this name, or the only one with this in its name.
fn disk(wanted: &str, facts: &Facts) -> Result<Key, String> {
    let named = |pair: &Pair| (drbd::name(facts, &pair.key), pair.key.clone());
    let names: Vec<(String, Key)> = facts.pairs.iter().map(named).collect();
    if let Some((_, key)) = names.iter().find(|(name, _)| name == wanted) {
        return Ok(key.clone());
    }
    let mut found = names.into_iter().filter(|(name, _)| name.contains(wanted));
    match (found.next(), found.count()) {
        (None, _) => Err(format!("there is no DRBD disk {wanted:?}")),
        (Some((_, key)), 0) => Ok(key),
        (Some(_), more) => Err(format!(
            "{} DRBD disks have {wanted:?} in their name",
            more + 1
        )),
    }
}

fn sort(wanted: &str, view: &View) -> Result<usize, String> {
    let Some(table) = view.shown_table() else {
        return Err("there is no table here".to_owned());
    };
    let titles = titles(table.kind);
    let found = titles
        .iter()
        .position(|title| *title == wanted.to_lowercase());
    found.ok_or_else(|| format!("there is no column {wanted:?}"))
}

/// The titles of a table's columns as they are typed.
fn titles(kind: Kind) -> Vec<String> {
    let title = |column: &super::columns::Column| column.title.to_lowercase().replace(' ', "");
    kind.columns().iter().map(title).collect()
}

/// Ways to go on with a line, best first.
pub fn choices(line: &str, view: &View, cluster: &Cluster, facts: &Facts) -> Vec<Choice> {
    if let Some(choices) = asked::choices(line, cluster, facts) {
        return choices;
    }
    if let Some(choices) = change::choices(line, cluster, facts) {
        return choices;
    }
    let (word, object) = match line.split_once(' ') {
        Some((word, object)) => (word, Some(object)),
        None => (line, None),
    };
    let Some(object) = object else {
        let pages = PAGES.iter().map(|(name, _, _)| (*name, "page"));
        let objects = OBJECTS.iter().map(|name| (*name, "and a name"));
        let actions = by_name().map(|entry| (entry.name, "action"));
        let changes = Operation::all().map(|kind| (kind.name(), "change"));
        let words = pages.chain(objects).chain(actions);
        let own = |(name, about): (&str, &'static str)| (name.to_owned(), about);
        let mut found = best(word, words.map(own));
        found.extend(best(word, changes.map(own)));
        // What one looks at comes first, unless what changes something begins so.
        found.sort_by_key(|choice| !choice.line.starts_with(word));
        found.truncate(CHOICES);
        if found.len() < CHOICES && !word.is_empty() {
            let nodes = nodes(cluster, facts)
                .into_iter()
                .map(|(_, n)| (n.to_owned(), "node"));
            let instances = instances(cluster, facts).into_iter();
            let instances = instances.map(|(_, n)| (n.to_owned(), "instance"));
            found.extend(best(word, nodes.chain(instances)));
            found.truncate(CHOICES);
        }
        return found;
    };
    let named = |names: Vec<Named<'_>>, about| -> Vec<(String, &'static str)> {
        names
            .into_iter()
            .map(|(_, name)| (name.to_owned(), about))
            .collect()
    };
    let candidates = match word {
        "node" | "storage" | "n1" => named(nodes(cluster, facts), "node"),
        "disk" => facts
            .pairs
            .iter()
            .map(|pair| (drbd::name(facts, &pair.key), "disk"))
            .collect(),
        "instance" => named(instances(cluster, facts), "instance"),
        "group" => named(groups(cluster), "group"),
        "job" => {
            let ids = cluster.jobs.keys().rev().map(|id| (id.to_string(), "job"));
            ids.take(50).collect()
        }
        "sort" => match view.shown_table() {
            Some(table) => titles(table.kind)
                .into_iter()
                .map(|t| (t, "column"))
                .collect(),
            None => Vec::new(),
        },
        _ => Vec::new(),
    };
    let mut found = best(object.trim(), candidates.into_iter());
    for choice in &mut found {
        choice.line = format!("{word} {}", choice.line);
    }
    found
}

/// Actions that are worth their name: not those that move about, which keys do better.
fn by_name() -> impl Iterator<Item = &'static Entry> {
    const NAMED: [Action; 5] = [
        Action::Help,
        Action::Reconnect,
        Action::Redraw,
        Action::Suspend,
        Action::Quit,
    ];
    CATALOGUE
        .iter()
        .filter(|entry| NAMED.contains(&entry.action))
}

/// The candidates that match best: those that begin so, then those that have the letters.
fn best(typed: &str, candidates: impl Iterator<Item = (String, &'static str)>) -> Vec<Choice> {
    let mut letters = Letters::in_text(typed);
    let mut found: Vec<(bool, u32, String, &'static str)> = candidates
        .filter_map(|(name, about)| {
            let score = if typed.is_empty() {
                0
            } else {
                letters.find(&name)?
            };
            Some((!name.starts_with(typed), u32::MAX - score, name, about))
        })
        .collect();
    if typed.is_empty() {
        found.truncate(CHOICES);
    } else {
        found.sort_by(|a, b| {
            let by_match = (a.0, a.1).cmp(&(b.0, b.1));
            by_match.then_with(|| crate::model::natural::compare(&a.2, &b.2))
        });
    }
    let choice = |(_, _, line, about)| Choice { line, about };
    found.into_iter().take(CHOICES).map(choice).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Reach;

    fn cluster() -> (Cluster, Facts) {
        let mut cluster = Cluster::new("x");
        for name in [
            "node1.example.com",
            "node2.example.com",
            "node12.example.com",
        ] {
            cluster.linked(name, Reach::Idle);
        }
        let mut facts = Facts::default();
        facts.refresh(&cluster);
        (cluster, facts)
    }

    fn read(line: &str) -> Result<Command, String> {
        let (cluster, facts) = cluster();
        parse(line, &View::new(Page::Nodes), &cluster, &facts)
    }

    fn node(name: &str) -> Result<Command, String> {
        Ok(Command::Go(Page::Node(name.into())))
    }

    #[test]
    fn lines_are_read() {
        assert_eq!(read("nodes"), Ok(Command::Go(Page::Nodes)));
        assert_eq!(read(" i "), Ok(Command::Go(Page::Instances)));
        assert_eq!(read("inst"), Ok(Command::Go(Page::Instances)));
        assert_eq!(read("al"), Ok(Command::Go(Page::Alerts)));
        assert_eq!(read("dr"), Ok(Command::Go(Page::Drbd)));
        assert_eq!(read("s"), Ok(Command::Go(Page::Storage)));
        let volumes = Page::Volumes("node1.example.com".into());
        assert_eq!(read("storage node1"), Ok(Command::Go(volumes)));
        assert_eq!(read("job 12"), Ok(Command::Go(Page::Job(12))));
        assert_eq!(read("q"), Ok(Command::Do(Action::Quit)));
        assert_eq!(read("quit"), Ok(Command::Do(Action::Quit)));
        assert_eq!(read("sort mfree"), Ok(Command::Sort(7)));
        assert_eq!(read("node node1"), node("node1.example.com"));
        assert_eq!(read("node2"), node("node2.example.com"));
        assert_eq!(read("node 12"), node("node12.example.com"));
    }

    #[test]
    fn options_follow_a_page() {
        let asked = |of, words: &[&str]| {
            let words = words.iter().map(|it| (*it).to_owned()).collect();
            Ok(Command::Ask(of, words))
        };
        assert_eq!(read("balance"), Ok(Command::Go(Page::Balance)));
        assert_eq!(
            read("balance  stop-at=95 evac-mode"),
            asked(Of::Balance, &["stop-at=95", "evac-mode"])
        );
        assert_eq!(
            read("capacity vm memory=4G"),
            asked(Of::Placing, &["memory=4G"])
        );
        assert_eq!(read("capacity vm"), Ok(Command::Do(Action::PlaceInstance)));
        assert!(read("capacity vw").is_err());
        assert_eq!(read("capacity"), Ok(Command::Go(Page::Capacity)));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (line, why) in [
            ("", "type a command, such as nodes or jobs"),
            ("node", "which node?"),
            ("sort", "which column?"),
            ("node 1", "2 nodes have \"1\" in their name"),
            ("node zzz", "there is no node \"zzz\""),
            ("job x", "\"x\" is not a job id"),
            ("nods", "there is no command and nothing named \"nods\""),
            ("nods 1", "there is no command \"nods\""),
            ("nodes 1 2", "\"2\" is one word too many"),
            ("disk", "which disk?"),
            ("disk x/0", "there is no DRBD disk \"x/0\""),
            ("storage zz", "there is no node \"zz\""),
            ("sort zzz", "there is no column \"zzz\""),
        ] {
            assert_eq!(read(line), Err(why.to_owned()), "{line}");
        }
    }

    #[test]
    fn lines_are_completed() {
        let (cluster, facts) = cluster();
        let choices = |line: &str| -> Vec<String> {
            let found = choices(line, &View::new(Page::Nodes), &cluster, &facts);
            found.into_iter().map(|choice| choice.line).collect()
        };
        assert_eq!(choices("nod")[..2], ["node", "nodes"]);
        assert_eq!(
            choices("node n"),
            ["node node1", "node node2", "node node12"]
        );
        assert_eq!(choices("node 12"), ["node node12"]);
        assert_eq!(choices("sort cp"), ["sort cpu", "sort vcpu"]);
        assert!(choices("").contains(&"jobs".to_owned()));
        assert_eq!(choices("balance no-d"), ["balance no-disk-moves"]);
        assert_eq!(choices("b evac-mode sto"), ["b evac-mode stop-at="]);
        assert_eq!(choices("capacity "), ["capacity vm"]);
        assert_eq!(
            choices("capacity vm cpus=2 mem"),
            ["capacity vm cpus=2 memory="]
        );
        assert_eq!(choices("balance ").len(), 12);
        assert!(choices("zzz").is_empty());
    }
}
