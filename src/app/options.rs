//! Options of plans as words: typed after a page's name, filled in in its form, shown in its title.

use std::collections::BTreeSet;

use crate::model::{Cluster, Name};
use crate::planner::htools::policy::Template;
use crate::planner::n1::words::size;
use crate::planner::think::{balance, placing};

use super::facts::Facts;
use super::names::Names;

/// Largest size that is read, MiB: what no machine has.
const LARGEST: f64 = (1_u64 << 40) as f64;

/// Most virtual processors and the highest speed that are read.
const MOST: u32 = 1_000_000;

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

/// Options of the plan to balance.
///
/// # Errors
/// Says in words which option is wrong, and how it would be right.
pub fn balance(words: &[&str], known: Known<'_>) -> Result<balance::Ask, String> {
    let mut ask = balance::Ask::default();
    for (word, value) in read(Of::Balance, words)? {
        match word.name {
            "group" => ask.group = Some(known.group(value)?),
            "no-disk-moves" => ask.disk_moves = false,
            "no-instance-moves" => ask.instance_moves = false,
            "evac-mode" => ask.evac_mode = true,
            "stop-at" => ask.stop_at = percent(word, value)?,
            "tag" => ask.tag = Some(known.tag(value)?),
            "not-tag" => ask.not_tag = Some(known.tag(value)?),
            "select-instances" => ask.select_instances = known.instances(value)?,
            "exclude-instances" => ask.exclude_instances = known.instances(value)?,
            "exclusion-tags" => ask.exclusion_tags = texts(value),
            "resync-speed" => ask.resync_speed = Some(number(word, value)?),
            _ => {}
        }
    }
    if !ask.disk_moves && !ask.instance_moves {
        return Err("no-disk-moves and no-instance-moves together leave no move".to_owned());
    }
    Ok(ask)
}

/// Options of the place of a new instance.
///
/// # Errors
/// Says in words which option is wrong, and how it would be right.
pub fn placing(words: &[&str], known: Known<'_>) -> Result<placing::Ask, String> {
    let mut ask = placing::Ask::default();
    for (word, value) in read(Of::Placing, words)? {
        match word.name {
            "memory" => ask.memory = Some(mib(word, value)?),
            "disk" => {
                let sizes = texts(value);
                ask.disks = sizes
                    .iter()
                    .map(|it| mib(word, it))
                    .collect::<Result<_, _>>()?;
            }
            "cpus" => ask.cpus = Some(i64::from(number(word, value)?)),
            "template" => ask.template = Some(template(value)?),
            "group" => ask.group = Some(known.group(value)?),
            "tags" => ask.tags = texts(value),
            _ => {}
        }
    }
    Ok(ask)
}

/// The options of a plan to balance that are not as at first, without its group: `stop-at=95`.
pub fn of_balance(ask: &balance::Ask, names: &Names) -> Vec<String> {
    let values = balance_values(ask, names).into_iter();
    values
        .filter(|(name, _)| *name != "group")
        .map(|(name, value)| {
            if value.is_empty() {
                name.to_owned()
            } else {
                format!("{name}={value}")
            }
        })
        .collect()
}

/// Names and values of the options of a plan to balance that are not as at first.
pub fn balance_values(ask: &balance::Ask, names: &Names) -> Vec<(&'static str, String)> {
    let short = |all: &[String]| {
        let all = all.iter().map(|name| names.short(name).to_owned());
        all.collect::<Vec<String>>().join(",")
    };
    let mut out = Vec::new();
    let mut add = |name, value: Option<String>| out.extend(value.map(|value| (name, value)));
    let flag = |set: bool| set.then(String::new);
    let list = |all: String| Some(all).filter(|it| !it.is_empty());
    add("group", ask.group.clone());
    add("no-disk-moves", flag(!ask.disk_moves));
    add("no-instance-moves", flag(!ask.instance_moves));
    add("evac-mode", flag(ask.evac_mode));
    let part = (ask.stop_at < balance::WHOLE).then(|| ask.stop_at.to_string());
    add("stop-at", part);
    add("tag", ask.tag.clone());
    add("not-tag", ask.not_tag.clone());
    add("select-instances", list(short(&ask.select_instances)));
    add("exclude-instances", list(short(&ask.exclude_instances)));
    add("exclusion-tags", list(ask.exclusion_tags.join(",")));
    add("resync-speed", ask.resync_speed.map(|it| it.to_string()));
    out
}

/// Names and values of the options of a new instance that are set.
pub fn placing_values(ask: &placing::Ask) -> Vec<(&'static str, String)> {
    let mut out = Vec::new();
    let mut add = |name, value: Option<String>| out.extend(value.map(|value| (name, value)));
    let list = |all: Vec<String>| Some(all.join(",")).filter(|it| !it.is_empty());
    add("memory", ask.memory.map(exactly));
    add(
        "disk",
        list(ask.disks.iter().copied().map(exactly).collect()),
    );
    add("cpus", ask.cpus.map(|it| it.to_string()));
    add("template", ask.template.map(|it| it.word().to_owned()));
    add("group", ask.group.clone());
    add("tags", list(ask.tags.clone()));
    out
}

/// A size such that it is read as the same.
fn exactly(mib: i64) -> String {
    let text = size(mib);
    match read_size(&text) {
        Some(same) if same == mib => text,
        _ => format!("{mib}M"),
    }
}

/// Splits words into options and their values, each once.
fn read<'a>(of: Of, words: &[&'a str]) -> Result<Vec<(&'static Word, &'a str)>, String> {
    let mut out: Vec<(&'static Word, &str)> = Vec::new();
    for text in words {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (*text, None),
        };
        let all = of.words();
        let word = all.iter().find(|it| it.name == name).ok_or_else(|| {
            let names: Vec<String> = all.iter().map(|it| it.typed()).collect();
            format!("there is no option {name:?}: there are {}", names.join(" "))
        })?;
        if out.iter().any(|(known, _)| *known == word) {
            return Err(format!("{name} is there twice"));
        }
        let value = match (word.takes, value) {
            (Takes::Nothing, None) => "",
            (Takes::Nothing, Some(_)) => return Err(format!("{name} takes no value")),
            (_, None | Some("")) => {
                return Err(format!("{name} wants a value: {}", word.example()));
            }
            (_, Some(value)) => value,
        };
        out.push((word, value));
    }
    Ok(out)
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
    fn group(self, wanted: &str) -> Result<String, String> {
        if self.cluster.groups.keys().any(|name| **name == *wanted) {
            return Ok(wanted.to_owned());
        }
        let mut names: Vec<&str> = self.cluster.groups.keys().map(|name| &**name).collect();
        names.sort_unstable();
        Err(format!(
            "there is no group {wanted:?}: there are {}",
            names.join(" ")
        ))
    }

    /// All tags of instances.
    fn tags(self) -> BTreeSet<&'a str> {
        let all = self.cluster.instances.values();
        all.flat_map(|it| it.conf.tags.iter().map(String::as_str))
            .collect()
    }

    fn tag(self, wanted: &str) -> Result<String, String> {
        match self.tags().contains(wanted) {
            true => Ok(wanted.to_owned()),
            false => Err(format!("no instance has the tag {wanted:?}")),
        }
    }

    /// The whole names of instances.
    fn instances(self, wanted: &str) -> Result<Vec<String>, String> {
        let names = &self.facts.names;
        let all = self.cluster.instances.keys();
        let find = |wanted: &String| {
            let mut found = all
                .clone()
                .filter(|name| *name.as_ref() == **wanted || names.short(name) == wanted.as_str());
            let found = found.next().map(ToString::to_string);
            found.ok_or_else(|| format!("there is no instance {wanted:?}"))
        };
        texts(wanted).iter().map(find).collect()
    }
}

fn texts(value: &str) -> Vec<String> {
    let parts = value.split(',').filter(|it| !it.is_empty());
    parts.map(str::to_owned).collect()
}

fn number(word: &Word, value: &str) -> Result<u32, String> {
    let read = value.parse().ok().filter(|it| (1..=MOST).contains(it));
    read.ok_or_else(|| {
        format!(
            "{}={value}: it has to be a number from 1 on, such as {}",
            word.name,
            word.example()
        )
    })
}

fn percent(word: &Word, value: &str) -> Result<u8, String> {
    let digits = value.strip_suffix('%').unwrap_or(value);
    let read = digits
        .parse()
        .ok()
        .filter(|it| (1..=balance::WHOLE).contains(it));
    read.ok_or_else(|| {
        format!(
            "{}={value}: it has to be a percentage from 1 to 100, such as {}",
            word.name,
            word.example()
        )
    })
}

fn template(value: &str) -> Result<Template, String> {
    let found = Template::ALL.into_iter().find(|it| it.word() == value);
    found.ok_or_else(|| {
        let words = Template::ALL.map(Template::word);
        format!(
            "there is no disk template {value:?}: there are {}",
            words.join(" ")
        )
    })
}

fn mib(word: &Word, value: &str) -> Result<i64, String> {
    read_size(value)
        .filter(|it| *it > 0)
        .ok_or_else(|| format!("{}={value}: a size is such as 512M, 4G or 1.5T", word.name))
}

/// A size as Ganeti reads it, MiB: 1G is 1,024 MiB, and without a unit it is MiB.
fn read_size(text: &str) -> Option<i64> {
    let letters = text
        .trim_end_matches(|c: char| c.is_ascii_alphabetic())
        .len();
    let (digits, unit) = text.split_at_checked(letters)?;
    let times = match unit.to_ascii_lowercase().as_str() {
        "" | "m" | "mb" | "mib" => 1.0,
        "g" | "gb" | "gib" => 1_024.0,
        "t" | "tb" | "tib" => 1_048_576.0,
        _ => return None,
    };
    let plain = digits.chars().all(|c| c.is_ascii_digit() || c == '.');
    let number: f64 = digits.parse().ok().filter(|_| plain)?;
    let mib = (number * times).ceil();
    (mib <= LARGEST).then_some(mib as i64)
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
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use proptest::prelude::*;

    use super::*;
    use crate::model::{Cluster, Reach, Time};
    use gantry_wire::config::{ConfigPart, Group, Instance, Node};
    use gantry_wire::report::{MasterState, Report};

    fn known() -> (Cluster, Facts) {
        let mut cluster = Cluster::new("x");
        let instance = |name: &str, tag: &str| Instance {
            name: name.to_owned(),
            tags: vec![tag.to_owned()],
            ..Instance::default()
        };
        let group = |name: &str| Group {
            name: name.to_owned(),
            uuid: name.to_owned(),
            ..Group::default()
        };
        let node = Node {
            name: "node1.example.com".to_owned(),
            ..Node::default()
        };
        let part = ConfigPart {
            revision: 1,
            whole: true,
            last: true,
            nodes: vec![node],
            groups: vec![group("rack1"), group("rack10"), group("rack2")],
            instances: vec![
                instance("web1.example.com", "batch"),
                instance("web2.example.com", "night"),
            ],
            ..ConfigPart::default()
        };
        let master = "node1.example.com";
        cluster.linked(master, Reach::Up { since: Time(0) });
        cluster.report(master, Report::Master(MasterState::Serving));
        cluster.report(master, Report::Config(Box::new(part)));
        let mut facts = Facts::default();
        facts.refresh(&cluster);
        (cluster, facts)
    }

    fn read_balance(line: &str) -> Result<balance::Ask, String> {
        let (cluster, facts) = known();
        let words: Vec<&str> = line.split_whitespace().collect();
        let known = Known {
            cluster: &cluster,
            facts: &facts,
        };
        balance(&words, known)
    }

    #[test]
    fn options_of_the_plan_to_balance_are_read() {
        let line = "no-disk-moves group=rack1 stop-at=95 not-tag=batch select-instances=web1,web2.example.com";
        let ask = read_balance(line).unwrap();
        let expected = balance::Ask {
            group: Some("rack1".to_owned()),
            disk_moves: false,
            stop_at: 95,
            not_tag: Some("batch".to_owned()),
            select_instances: vec!["web1.example.com".to_owned(), "web2.example.com".to_owned()],
            ..balance::Ask::default()
        };
        assert_eq!(ask, expected);
        assert_eq!(read_balance("stop-at=95%").unwrap().stop_at, 95);
    }

    #[test]
    fn what_is_wrong_with_an_option_is_said() {
        for (line, why) in [
            (
                "no-disk-move",
                "there is no option \"no-disk-move\": there are group= no-disk-moves",
            ),
            (
                "stop-at=0",
                "stop-at=0: it has to be a percentage from 1 to 100, such as stop-at=95",
            ),
            ("stop-at", "stop-at wants a value: stop-at=95"),
            ("group=", "group wants a value: group=rack1"),
            (
                "group=rack7",
                "there is no group \"rack7\": there are rack1 rack10 rack2",
            ),
            ("evac-mode=yes", "evac-mode takes no value"),
            ("tag=x", "no instance has the tag \"x\""),
            ("tag=batch tag=night", "tag is there twice"),
            (
                "select-instances=web1,web3",
                "there is no instance \"web3\"",
            ),
            (
                "resync-speed=fast",
                "resync-speed=fast: it has to be a number from 1 on",
            ),
            (
                "no-disk-moves no-instance-moves",
                "no-disk-moves and no-instance-moves together leave no move",
            ),
        ] {
            let said = read_balance(line).unwrap_err();
            assert!(said.starts_with(why), "{line}: {said}");
        }
    }

    #[test]
    fn a_new_instance_is_read() {
        let (cluster, facts) = known();
        let known = Known {
            cluster: &cluster,
            facts: &facts,
        };
        let ask = placing(
            &["memory=4G", "disk=50G,512M", "cpus=2", "template=plain"],
            known,
        );
        let expected = placing::Ask {
            memory: Some(4_096),
            disks: vec![51_200, 512],
            cpus: Some(2),
            template: Some(Template::Plain),
            ..placing::Ask::default()
        };
        assert_eq!(ask, Ok(expected));
        for wrong in [
            "memory=4X",
            "memory=-1G",
            "memory=0",
            "memory=1e9G",
            "disk=50G,x",
            "template=zfs",
            "cpus=0",
        ] {
            assert!(placing(&[wrong], known).is_err(), "{wrong}");
        }
    }

    #[test]
    fn words_and_values_are_completed() {
        let (cluster, facts) = known();
        let known = Known {
            cluster: &cluster,
            facts: &facts,
        };
        let choices = |words: &[&str]| -> Vec<String> {
            let found = choices(Of::Balance, words, known).into_iter();
            found.map(|(line, _)| line).collect()
        };
        assert_eq!(choices(&["no-d"]), ["no-disk-moves"]);
        assert_eq!(choices(&["group=rack1", "gr"]), [""; 0]);
        assert_eq!(
            choices(&["group="]),
            ["group=rack1", "group=rack2", "group=rack10"]
        );
        assert_eq!(choices(&["tag=n"]), ["tag=night"]);
        assert_eq!(
            choices(&["select-instances=web1,w"]),
            ["select-instances=web1,web1", "select-instances=web1,web2"]
        );
        assert_eq!(choices(&[]).len(), BALANCE.len());
    }

    proptest! {
        #[test]
        fn a_size_that_is_written_is_read_as_the_same(mib in 1_i64..1 << 40) {
            prop_assert_eq!(read_size(&exactly(mib)), Some(mib));
        }

        #[test]
        fn no_line_is_too_strange(line in "[a-z0-9=,.%-]{0,30}") {
            let _ = read_balance(&line);
            let _ = read_size(&line);
        }
    }
}
