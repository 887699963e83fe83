//! Members of objects: their values, and what to say of one that is missing or wrong.

use super::json::Json;
use crate::planner::htools::data::AllocPolicy;
use crate::planner::htools::policy::{Policy, Spec, Template};
use crate::planner::htools::text::{self, quoted};

/// Largest size that is taken: an exbibyte counted in MiB.
const LARGEST: f64 = 1_099_511_627_776.0;

/// An object.
#[derive(Clone, Copy)]
pub struct Object<'a>(pub &'a [(String, Json)]);

impl<'a> Object<'a> {
    /// A value as an object.
    ///
    /// # Errors
    /// If it is none.
    pub fn of(value: &'a Json) -> Result<Object<'a>, String> {
        match value {
            Json::Object(members) => Ok(Object(members)),
            _ => Err("Unable to read JSObject".to_owned()),
        }
    }

    /// The same, as it is said of nodes, groups and instances.
    ///
    /// # Errors
    /// If it is none.
    pub fn entry(value: &'a Json) -> Result<Object<'a>, String> {
        Object::of(value).map_err(|_| "not an object".to_owned())
    }

    /// A member, if it is there and not null.
    pub fn get(self, key: &str) -> Option<&'a Json> {
        let found = self.0.iter().find(|(name, _)| name == key);
        found
            .map(|(_, value)| value)
            .filter(|value| **value != Json::Null)
    }

    /// A member that has to be there.
    ///
    /// # Errors
    /// With the names of those that are.
    pub fn need(self, key: &str) -> Result<&'a Json, String> {
        let found = self.0.iter().find(|(name, _)| name == key);
        found.map(|(_, value)| value).ok_or_else(|| {
            let names: Vec<&str> = self.0.iter().map(|(name, _)| name.as_str()).collect();
            let names = text::shown(&names);
            format!("key '{key}' not found, object contains only {names}")
        })
    }

    /// A member that has to be there, read.
    ///
    /// # Errors
    /// If it is missing or wrong.
    pub fn read<T>(
        self,
        key: &str,
        read: impl Fn(&'a Json) -> Result<T, String>,
    ) -> Result<T, String> {
        read(self.need(key)?).map_err(|why| format!("key '{key}': {why}"))
    }

    /// A member that may be missing, read.
    ///
    /// # Errors
    /// If it is wrong.
    pub fn maybe<T>(
        self,
        key: &str,
        read: impl Fn(&'a Json) -> Result<T, String>,
    ) -> Result<Option<T>, String> {
        let read = |value| read(value).map_err(|why| format!("key '{key}': {why}"));
        self.get(key).map(read).transpose()
    }

    /// A member of a policy, read.
    fn part<T>(self, key: &str, read: impl Fn(&'a Json) -> Result<T, String>) -> Result<T, String> {
        read(self.need(key)?).map_err(|why| format!("Can't parse value for '{key}': {why}"))
    }
}

/// A whole number; parts are rounded half to even.
///
/// # Errors
/// If it is none, or larger than any machine has.
pub fn integer(value: &Json) -> Result<i64, String> {
    let Json::Number(digits) = value else {
        return Err("Unable to read Int".to_owned());
    };
    Ok(number(digits)?.round_ties_even() as i64)
}

/// A real number.
///
/// # Errors
/// If it is none, or larger than any machine has.
pub fn real(value: &Json) -> Result<f64, String> {
    match value {
        Json::Number(digits) => number(digits),
        _ => Err("Unable to read Double".to_owned()),
    }
}

fn number(digits: &str) -> Result<f64, String> {
    let value = digits.parse::<f64>().unwrap_or(f64::INFINITY);
    if value.abs() <= LARGEST {
        Ok(value)
    } else {
        Err(format!("'{digits}' is out of range"))
    }
}

/// Yes or no.
///
/// # Errors
/// If it is neither.
pub fn truth(value: &Json) -> Result<bool, String> {
    match value {
        Json::Bool(value) => Ok(*value),
        _ => Err("Unable to read Bool".to_owned()),
    }
}

/// A text; a list of single characters is one too, as in the real tool.
///
/// # Errors
/// If it is none.
pub fn words(value: &Json) -> Result<String, String> {
    match value {
        Json::Text(text) => Ok(text.clone()),
        Json::Array(parts) => {
            let letter = |part: &Json| match part {
                Json::Text(text) if text.chars().count() == 1 => Ok(text.clone()),
                _ => Err("Unable to read Char".to_owned()),
            };
            parts.iter().map(letter).collect()
        }
        _ => Err("Unable to read String".to_owned()),
    }
}

/// A list.
///
/// # Errors
/// If it is none.
pub fn array(value: &Json) -> Result<&[Json], String> {
    match value {
        Json::Array(parts) => Ok(parts),
        _ => Err("Unable to read list".to_owned()),
    }
}

/// A list of texts.
///
/// # Errors
/// If it is none.
pub fn list(value: &Json) -> Result<Vec<String>, String> {
    array(value)?.iter().map(words).collect()
}

/// One of a type's words.
fn named<T: Copy>(value: &Json, kind: &str, find: impl Fn(&str) -> Option<T>) -> Result<T, String> {
    let word = words(value).map_err(|why| format!("Can't parse value for '{kind}': {why}"))?;
    let why = || {
        let word = quoted(&word);
        format!("Invalid string value for type {kind}: {word}")
    };
    find(&word).ok_or_else(why)
}

/// A disk template.
///
/// # Errors
/// If it is none.
pub fn template(value: &Json) -> Result<Template, String> {
    named(value, "DiskTemplate", text::template)
}

/// An allocation policy.
///
/// # Errors
/// If it is none.
pub fn alloc_policy(value: &Json) -> Result<AllocPolicy, String> {
    let find = |word: &str| AllocPolicy::ALL.into_iter().find(|it| it.word() == word);
    named(value, "AllocPolicy", find)
}

/// One of a few words.
///
/// # Errors
/// If it is none of them.
pub fn one_of(value: &Json, kind: &str, known: &[&'static str]) -> Result<&'static str, String> {
    named(value, kind, |word| {
        known.iter().copied().find(|it| *it == word)
    })
}

/// An instance policy.
///
/// # Errors
/// If it is none.
pub fn policy(value: &Json) -> Result<Policy, String> {
    let object = Object::of(value)?;
    Ok(Policy {
        ranges: object.part("minmax", |value| array(value)?.iter().map(range).collect())?,
        standard: object.part("std", spec)?,
        templates: object.part("disk-templates", |value| {
            array(value)?.iter().map(template).collect()
        })?,
        vcpu_ratio: object.part("vcpu-ratio", real)?,
        spindle_ratio: object.part("spindle-ratio", real)?,
    })
}

fn range(value: &Json) -> Result<(Spec, Spec), String> {
    let object = Object::of(value)?;
    Ok((object.part("min", spec)?, object.part("max", spec)?))
}

fn spec(value: &Json) -> Result<Spec, String> {
    let object = Object::of(value)?;
    Ok(Spec {
        memory: object.part("memory-size", integer)?,
        cpus: object.part("cpu-count", integer)?,
        disk: object.part("disk-size", integer)?,
        disks: object.part("disk-count", integer)?,
        nics: object.part("nic-count", integer)?,
        spindle_use: object.part("spindle-use", integer)?,
    })
}
