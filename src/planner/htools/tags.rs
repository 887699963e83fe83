//! Tags that steer placement: exclusion, location, desired location, migration.

use std::collections::{BTreeSet, HashMap};

use super::data::Data;
use super::instance::Instance;

/// What the cluster's tags ask for, resolved for its nodes.
#[derive(Clone, Debug)]
pub struct Tags {
    /// For each node: its location tags, in order.
    location: Vec<Vec<u32>>,
    /// For each node: how many primaries have each exclusion tag, forthcoming ones included.
    counts: Vec<HashMap<u32, i64>>,
    /// The same without forthcoming ones.
    real: Vec<HashMap<u32, i64>>,
    /// For each pair of nodes: no migration from the first to the second. Empty if there are no such tags.
    barred: Vec<bool>,
    /// Texts by number.
    names: Vec<String>,
    /// What exclusion tags start with.
    exclusion_prefixes: Vec<String>,
    /// What desired locations start with.
    desired_prefixes: Vec<String>,
}

/// Numbers for texts.
#[derive(Default)]
struct Numbers<'a>(HashMap<&'a str, u32>);

impl<'a> Numbers<'a> {
    fn of(&mut self, text: &'a str) -> u32 {
        let next = self.0.len() as u32;
        *self.0.entry(text).or_insert(next)
    }

    fn names(self) -> Vec<String> {
        let mut all: Vec<(u32, &str)> = self.0.into_iter().map(|(text, at)| (at, text)).collect();
        all.sort_unstable();
        all.into_iter().map(|(_, text)| text.to_owned()).collect()
    }
}

/// What follows a prefix in the cluster's tags, where anything does.
fn after<'a>(data: &'a Data, prefix: &str) -> Vec<&'a str> {
    let tags = data.tags.iter();
    tags.filter_map(|tag| tag.strip_prefix(prefix))
        .filter(|rest| !rest.is_empty())
        .collect()
}

/// Node tags that start with one of these words and a colon.
fn chosen<'a>(tags: &'a [String], words: &[&str]) -> BTreeSet<&'a str> {
    let starts =
        |tag: &str, word: &str| tag.strip_prefix(word).is_some_and(|it| it.starts_with(':'));
    let any = |tag: &&str| words.iter().any(|word| starts(tag, word));
    tags.iter().map(String::as_str).filter(any).collect()
}

/// The number of a text, perhaps a new one.
fn number(names: &mut Vec<String>, text: &str) -> u32 {
    let known = names.iter().position(|name| name == text);
    let at = known.unwrap_or_else(|| {
        names.push(text.to_owned());
        names.len() - 1
    });
    at as u32
}

impl Tags {
    /// Reads the tags of cluster and nodes, and puts their numbers into the instances. `asked` are more
    /// prefixes of exclusion tags, without their colon.
    pub fn new(data: &Data, instances: &mut [Instance], asked: &[String]) -> Tags {
        let mut prefixes: Vec<String> = asked.iter().map(|it| format!("{it}:")).collect();
        prefixes.extend(
            after(data, "htools:iextags:")
                .into_iter()
                .map(str::to_owned),
        );
        let desired = after(data, "htools:desiredlocation:");
        let mut numbers = Numbers::default();
        for (instance, loaded) in instances.iter_mut().zip(&data.instances) {
            for tag in &loaded.tags {
                if prefixes.iter().any(|prefix| tag.starts_with(prefix)) {
                    instance.exclusion.push(numbers.of(tag));
                }
            }
            let wished = loaded.tags.iter().map(String::as_str);
            let wished: BTreeSet<&str> = wished
                .filter(|tag| desired.iter().any(|prefix| tag.starts_with(prefix)))
                .collect();
            instance.desired = wished.into_iter().map(|tag| numbers.of(tag)).collect();
        }
        let words = after(data, "htools:nlocation:");
        let mut location = Vec::new();
        for node in &data.nodes {
            let chosen = chosen(&node.tags, &words);
            let mut own: Vec<u32> = chosen.into_iter().map(|tag| numbers.of(tag)).collect();
            own.sort_unstable();
            location.push(own);
        }
        Tags {
            location,
            counts: vec![HashMap::new(); data.nodes.len()],
            real: vec![HashMap::new(); data.nodes.len()],
            barred: barred(data),
            names: numbers.names(),
            desired_prefixes: desired.into_iter().map(str::to_owned).collect(),
            exclusion_prefixes: prefixes,
        }
    }

    /// Puts the numbers of its tags into an instance that was not there when the cluster was loaded.
    pub fn number(&mut self, instance: &mut Instance, tags: &[String]) {
        let starts = |tag: &str, prefixes: &[String]| {
            prefixes
                .iter()
                .any(|prefix| tag.starts_with(prefix.as_str()))
        };
        for tag in tags {
            if starts(tag, &self.exclusion_prefixes) {
                instance.exclusion.push(number(&mut self.names, tag));
            }
        }
        let wished: BTreeSet<&String> = tags
            .iter()
            .filter(|tag| starts(tag, &self.desired_prefixes))
            .collect();
        instance.desired = wished
            .into_iter()
            .map(|tag| number(&mut self.names, tag))
            .collect();
    }

    /// Location tags that two nodes share.
    pub fn common(&self, a: usize, b: usize) -> i64 {
        let (Some(a), Some(b)) = (self.location.get(a), self.location.get(b)) else {
            return 0;
        };
        a.iter().filter(|tag| b.binary_search(tag).is_ok()).count() as i64
    }

    /// Locations an instance wishes for that the node is not in.
    pub fn wishes(&self, node: usize, instance: &Instance) -> i64 {
        let own = self
            .location
            .get(node)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let missing = |tag: &&u32| own.binary_search(tag).is_err();
        instance.desired.iter().filter(missing).count() as i64
    }

    /// May instances migrate from one node to another?
    pub fn may_migrate(&self, from: usize, to: usize) -> bool {
        let nodes = self.location.len();
        !self.barred.get(from * nodes + to).copied().unwrap_or(false)
    }

    /// Some node has location tags.
    pub fn any_location(&self) -> bool {
        self.location.iter().any(|tags| !tags.is_empty())
    }

    /// Location tags of a node.
    pub fn location(&self, node: usize) -> &[u32] {
        self.location
            .get(node)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    /// Exclusion tags of a node's primaries and how many have each, in no order.
    pub fn named_exclusion(&self, node: usize) -> impl Iterator<Item = (&str, i64)> {
        let counts = self.counts.get(node).into_iter().flatten();
        counts.filter_map(|(tag, count)| Some((self.names.get(*tag as usize)?.as_str(), *count)))
    }

    /// The same by number, without forthcoming primaries.
    pub fn real_exclusion(&self, node: usize) -> impl Iterator<Item = (u32, i64)> {
        let counts = self.real.get(node).into_iter().flatten();
        counts.map(|(tag, count)| (*tag, *count))
    }

    /// The texts behind numbers.
    pub fn texts<'a>(&'a self, numbers: &'a [u32]) -> impl Iterator<Item = &'a str> {
        let texts = numbers.iter().filter_map(|at| self.names.get(*at as usize));
        texts.map(String::as_str)
    }

    /// Change of a node's conflicting primaries when this one leaves.
    pub fn leaving(&self, node: usize, instance: &Instance) -> i64 {
        self.change(node, instance, -1)
    }

    /// The same when it comes, and whether another with one of its tags is there.
    pub fn coming(&self, node: usize, instance: &Instance) -> (i64, bool) {
        if instance.exclusion.is_empty() {
            return (0, false);
        }
        let clash = self.counts.get(node).is_some_and(|counts| {
            let tags = &instance.exclusion;
            tags.iter().any(|tag| counts.contains_key(tag))
        });
        (self.change(node, instance, 1), clash)
    }

    /// Exclusion tags of an instance that primaries of a node have too.
    pub fn shared_exclusion(&self, node: usize, instance: &Instance) -> Vec<String> {
        let Some(counts) = self.counts.get(node) else {
            return Vec::new();
        };
        let shared = instance
            .exclusion
            .iter()
            .filter(|tag| counts.contains_key(*tag));
        shared
            .filter_map(|tag| self.names.get(*tag as usize).cloned())
            .collect()
    }

    fn change(&self, node: usize, instance: &Instance, sign: i64) -> i64 {
        let Some(counts) = self.counts.get(node) else {
            return 0;
        };
        let tags = &instance.exclusion;
        let mut change = 0;
        for (at, tag) in tags.iter().enumerate() {
            if tags.iter().take(at).any(|earlier| earlier == tag) {
                continue;
            }
            let times = tags.iter().filter(|other| *other == tag).count() as i64;
            let old = counts.get(tag).copied().unwrap_or(0);
            let spare = |count: i64| (count - 1).max(0);
            change += spare((old + sign * times).max(0)) - spare(old);
        }
        change
    }

    /// An instance left its primary node.
    pub fn left(&mut self, node: usize, instance: &Instance) {
        let real = self.real.get_mut(node).filter(|_| !instance.forthcoming);
        for counts in self.counts.get_mut(node).into_iter().chain(real) {
            for tag in &instance.exclusion {
                if let Some(count) = counts.get_mut(tag) {
                    *count -= 1;
                    if *count <= 0 {
                        counts.remove(tag);
                    }
                }
            }
        }
    }

    /// An instance has a new primary node.
    pub fn came(&mut self, node: usize, instance: &Instance) {
        let real = self.real.get_mut(node).filter(|_| !instance.forthcoming);
        for counts in self.counts.get_mut(node).into_iter().chain(real) {
            for tag in &instance.exclusion {
                *counts.entry(*tag).or_insert(0) += 1;
            }
        }
    }
}

/// Whom migration tags keep from whom: every migration tag of the source must be one that the target has, or allows.
fn barred(data: &Data) -> Vec<bool> {
    let all = migration(data);
    if all.iter().all(|(own, _)| own.is_empty()) {
        return Vec::new();
    }
    let pairs = all
        .iter()
        .flat_map(|(from, _)| all.iter().map(move |(_, to)| (from, to)));
    pairs.map(|(from, to)| !from.is_subset(to)).collect()
}

/// For each node its migration tags, and those of the nodes from which it takes instances.
pub fn migration(data: &Data) -> Vec<(BTreeSet<&str>, BTreeSet<&str>)> {
    let words = after(data, "htools:migration:");
    let rules = after(data, "htools:allowmigration:").into_iter();
    let rules: Vec<(&str, &str)> = rules
        .filter_map(|rule| rule.split_once("::"))
        .filter(|(_, to)| !to.contains("::"))
        .collect();
    let nodes = data.nodes.iter().map(|it| {
        let own = chosen(&it.tags, &words);
        let allowed = rules.iter().filter(|(_, to)| own.contains(to));
        let taken = allowed.map(|(from, _)| *from).chain(own.iter().copied());
        let taken = taken.collect();
        (own, taken)
    });
    nodes.collect()
}
