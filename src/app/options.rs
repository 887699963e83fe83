//! Options of plans as words: typed after a page's name, filled in in its form, shown in its title.

mod read;
mod written;

use std::collections::BTreeSet;

use crate::model::{Cluster, Name};
use crate::planner::htools::policy::Template;

use super::facts::Facts;

pub use read::{balance, placing};
pub use written::{balance_values, of_balance, placing_values};

/// A word that sets an option.
#[derive(Debug, PartialEq, Eq)]
pub struct Word {
    /// Its name, hbal's where hbal has it.
    pub name: &'static str,
    /// What comes after `=`.
    pub takes: Takes,
    /// What it does, in a few words.
    pub about: &'static str,
}

/// What comes after `=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Nothing: the word alone sets it.
    Nothing,
    /// A group.
    Group,
    /// A tag that an instance has.
    Tag,
    /// Instances, with commas between.
    Instances,
    /// Any texts, with commas between.
    Texts,
    /// A number from 1 on.
    Number,
    /// Percent, from 1 to 100.
    Percent,
    /// A size.
    Size,
    /// Sizes, with commas between.
    Sizes,
    /// A disk template.
    Template,
}

/// What the options are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// The plan to balance.
    Balance,
    /// The place of a new instance.
    Placing,
}

const BALANCE: &[Word] = &[
    word("group", Takes::Group, "the group; else the worst one"),
    word(
        "no-disk-moves",
        Takes::Nothing,
        "only migrate: no disk is copied",
    ),
    word("no-instance-moves", Takes::Nothing, "only move secondaries"),
    word(
        "evac-mode",
        Takes::Nothing,
        "evacuate offline and drained nodes",
    ),
    word(
        "stop-at",
        Takes::Percent,
        "percent of the gain that are enough",
    ),
    word(
        "ignore-soft-errors",
        Takes::Nothing,
        "against the policy too: CPUs, tags",
    ),
    word("tag", Takes::Tag, "only instances with this tag"),
    word("not-tag", Takes::Tag, "no instances with this tag"),
    word(
        "select-instances",
        Takes::Instances,
        "only these: web1,web2",
    ),
    word("exclude-instances", Takes::Instances, "not these: db1,db2"),
    word(
        "exclusion-tags",
        Takes::Texts,
        "beginnings of tags that keep apart",
    ),
    word(
        "resync-speed",
        Takes::Number,
        "MiB a second, for the time it takes",
    ),
];

const PLACING: &[Word] = &[
    word("memory", Takes::Size, "such as 4G"),
    word("disk", Takes::Sizes, "such as 50G, or 10G,40G for two"),
    word("cpus", Takes::Number, "virtual processors"),
    word("template", Takes::Template, "where its disks lie"),
    word("group", Takes::Group, "the group; else the best one"),
    word("tags", Takes::Texts, "its tags, with commas between"),
];

const fn word(name: &'static str, takes: Takes, about: &'static str) -> Word {
    Word { name, takes, about }
}

impl Of {
    /// Its words, in the order in which they are shown.
    pub fn words(self) -> &'static [Word] {
        match self {
            Of::Balance => BALANCE,
            Of::Placing => PLACING,
        }
    }

    /// What they are typed after.
    pub fn line(self) -> &'static str {
        match self {
            Of::Balance => "balance",
            Of::Placing => "capacity vm",
        }
    }
}

/// What is known for options to be read by.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// The cluster.
    pub cluster: &'a Cluster,
    /// What is worked out from it.
    pub facts: &'a Facts,
}

impl Word {
    /// As it is begun on the command line.
    pub fn typed(&self) -> String {
        match self.takes {
            Takes::Nothing => self.name.to_owned(),
            _ => format!("{}=", self.name),
        }
    }

    fn example(&self) -> String {
        let value = match self.takes {
            Takes::Nothing => return self.name.to_owned(),
            Takes::Group => "rack1",
            Takes::Tag => "batch",
            Takes::Instances => "web1,web2",
            Takes::Texts => "one,two",
            Takes::Number => "2",
            Takes::Percent => "95",
            Takes::Size => "4G",
            Takes::Sizes => "10G,40G",
            Takes::Template => "drbd",
        };
        format!("{}={value}", self.name)
    }

    /// Values that it may have, where they can be told; none if they cannot.
    pub fn values(&self, known: Known<'_>) -> Vec<String> {
        match self.takes {
            Takes::Group => {
                let mut groups: Vec<&Name> = known.cluster.groups.keys().collect();
                groups.sort_by(|a, b| crate::model::natural::compare(a, b));
                groups.into_iter().map(ToString::to_string).collect()
            }
            Takes::Tag => known.tags().into_iter().map(str::to_owned).collect(),
            Takes::Instances => {
                let all = known.facts.instances.iter();
                all.map(|name| known.facts.names.short(name).to_owned())
                    .collect()
            }
            Takes::Template => Template::ALL
                .iter()
                .map(|it| it.word().to_owned())
                .collect(),
            Takes::Percent => ["90", "95", "99"].map(str::to_owned).into(),
            _ => Vec::new(),
        }
    }

    /// Several values may follow each other with commas.
    pub fn many(&self) -> bool {
        matches!(self.takes, Takes::Instances | Takes::Texts | Takes::Sizes)
    }
}

impl<'a> Known<'a> {
    /// All tags of instances.
    fn tags(self) -> BTreeSet<&'a str> {
        let all = self.cluster.instances.values();
        all.flat_map(|it| it.conf.tags.iter().map(String::as_str))
            .collect()
    }
}

/// Ways to go on with the last of some words: the whole words then, and what each is.
pub fn choices(of: Of, words: &[&str], known: Known<'_>) -> Vec<(String, &'static str)> {
    let (last, before) = match words.split_last() {
        Some((last, before)) => (*last, before),
        None => ("", words),
    };
    if let Some((name, value)) = last.split_once('=') {
        let Some(word) = of.words().iter().find(|it| it.name == name) else {
            return Vec::new();
        };
        let (kept, begun) = match value.rsplit_once(',').filter(|_| word.many()) {
            Some((kept, begun)) => (format!("{kept},"), begun),
            None => (String::new(), value),
        };
        let values = word.values(known).into_iter();
        let fit = values.filter(|it| it.starts_with(begun));
        return fit
            .map(|it| (format!("{name}={kept}{it}"), word.about))
            .collect();
    }
    let used = |word: &Word| {
        let mut names = before
            .iter()
            .map(|it| it.split('=').next().unwrap_or_default());
        names.any(|name| name == word.name)
    };
    let words = of.words().iter().filter(|word| !used(word));
    let fit = words.filter(|word| word.name.starts_with(last));
    fit.map(|word| (word.typed(), word.about)).collect()
}

#[cfg(test)]
mod tests;
