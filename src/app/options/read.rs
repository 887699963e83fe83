//! Options as they are read, and what is wrong with them.

use crate::planner::htools::policy::Template;
use crate::planner::think::{balance, placing};

use super::{Known, Of, Takes, Word};

/// Largest size that is read, MiB: what no machine has.
const LARGEST: f64 = (1_u64 << 40) as f64;

/// Most virtual processors and the highest speed that are read.
const MOST: u32 = 1_000_000;

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
            "ignore-soft-errors" => ask.ignore_soft_errors = true,
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
pub fn read_size(text: &str) -> Option<i64> {
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
