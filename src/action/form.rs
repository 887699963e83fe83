//! The form of an operation: its parameters with their defaults, to be changed by the operator, and
//! the operation that comes of them.

mod build;
mod fields;
mod kind;
mod named;

use gantry_wire::act::Expect;
use gantry_wire::operation::{BadField, Operation};

use crate::model::{Cluster, Name};

use super::expect::{expect_instance, expect_master, expect_node};
use super::fit;
pub use kind::{Kind, Menu};
pub use named::{all, is_short_for, named};

/// What an operation is to be done to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Object {
    /// An instance.
    Instance(Name),
    /// A DRBD disk of an instance, by index: what is done is done to the instance.
    Pair(Name, u32),
    /// A node.
    Node(Name),
    /// A node group.
    Group(Name),
    /// A job.
    Job(u64),
    /// The cluster, its queue and its watcher.
    Cluster,
}

impl Object {
    /// The menu of what can be done to it.
    pub fn menu(&self) -> Menu {
        match self {
            Object::Instance(_) => Menu::Instance,
            Object::Pair(..) => Menu::Pair,
            Object::Node(_) => Menu::Node,
            Object::Group(_) => Menu::Group,
            Object::Job(_) => Menu::Job,
            Object::Cluster => Menu::Cluster,
        }
    }

    /// Its name; of a disk its instance's.
    pub fn name(&self) -> String {
        match self {
            Object::Instance(name) | Object::Pair(name, _) => name.to_string(),
            Object::Node(name) | Object::Group(name) => name.to_string(),
            Object::Job(id) => id.to_string(),
            Object::Cluster => "cluster".to_owned(),
        }
    }
}

/// The parameters of one operation on one object.
#[derive(Clone, Debug, PartialEq)]
pub struct Form {
    /// Which operation.
    pub kind: Kind,
    /// What it is done to.
    pub subject: Object,
    /// Its parameters, those that matter most first. May be none.
    pub fields: Vec<Field>,
    /// How the object was when the form was made.
    seen: Expect,
}

/// One parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name as the operation has it: `target_node`. [`BadField`] names it.
    pub name: &'static str,
    /// A few words to stand before it.
    pub label: &'static str,
    /// A sentence on what it does.
    pub help: &'static str,
    /// What it is set to.
    pub value: Value,
}

/// What a field is set to.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Yes or no.
    Flag(bool),
    /// One of several; the first is the default.
    Pick {
        /// In words; there is at least one.
        options: Vec<String>,
        /// Which.
        at: usize,
    },
    /// Words; empty where they may be left out.
    Text(String),
    /// A number; absent for Ganeti's default, or while it is not given.
    Number(Option<i64>),
}

impl Form {
    /// A form with all defaults.
    ///
    /// # Errors
    /// Why this can never be done to this object, in a sentence. What its present state forbids is
    /// for the forecast to say.
    pub fn new(kind: Kind, subject: Object, cluster: &Cluster) -> Result<Form, String> {
        if !kind.applies_to().contains(&subject.menu()) {
            return Err(format!(
                "{} is not for {}",
                kind.name(),
                subject.menu().word()
            ));
        }
        let seen = seen(kind, &subject, cluster)?;
        fit::fits(kind, &subject, cluster)?;
        Ok(Form {
            kind,
            fields: fields::fields(kind, &subject, cluster),
            subject,
            seen,
        })
    }

    /// The same parameters for another object, as of a marked set.
    ///
    /// # Errors
    /// As [`Form::new`], or if an option that is picked here cannot be had there.
    pub fn for_another(&self, subject: Object, cluster: &Cluster) -> Result<Form, String> {
        let mut form = Form::new(self.kind, subject, cluster)?;
        let name = form.subject.name();
        for field in &mut form.fields {
            let Some(own) = self.field(field.name) else {
                continue;
            };
            match (&own.value, &mut field.value) {
                (
                    Value::Pick { options, at },
                    Value::Pick {
                        options: there,
                        at: to,
                    },
                ) => {
                    let word = options.get(*at).map_or("", String::as_str);
                    let found = there.iter().position(|option| option == word);
                    let Some(found) = found else {
                        return Err(format!("{name}: {} cannot be {word}", field.label));
                    };
                    *to = found;
                }
                (value, there) => there.clone_from(value),
            }
        }
        Ok(form)
    }

    /// The field of this name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Sets a field from words: `yes` or `no`, an option or the beginning of just one, a number.
    ///
    /// # Errors
    /// If there is no such field, or it cannot be set to that.
    pub fn set(&mut self, name: &str, text: &str) -> Result<(), BadField> {
        let known = || {
            let names: Vec<&str> = self.fields.iter().map(|field| field.name).collect();
            match names.as_slice() {
                [] => "has no parameters".to_owned(),
                names => format!("is not one of {}", names.join(", ")),
            }
        };
        let Some(at) = self.fields.iter().position(|field| field.name == name) else {
            return Err(BadField::new(name, known()));
        };
        match self.fields.get_mut(at) {
            Some(field) => field
                .value
                .set(text)
                .map_err(|why| BadField::new(name, why)),
            None => Ok(()),
        }
    }

    /// The operation with these parameters, each of them looked at.
    ///
    /// # Errors
    /// The first field that cannot be so.
    pub fn operation(&self) -> Result<Operation, BadField> {
        let operation = build::operation(self)?;
        operation.check().map_err(|bad| BadField {
            field: self.own_name(&bad.field),
            why: bad.why,
        })?;
        Ok(operation)
    }

    /// The name here of a field of the operation.
    fn own_name(&self, field: &str) -> String {
        let last = field.rsplit('.').next().unwrap_or_default();
        let last = last.split('[').next().unwrap_or_default();
        let first = field.split('.').next().unwrap_or_default();
        let own = match (first, last) {
            (_, "target_node" | "iallocator") if self.field(last).is_none() => "to",
            ("mode" | "to", "node") => "to",
            (_, "seconds") => "minutes",
            _ => last,
        };
        // What is wrong with all of them together is shown at the first.
        let first = self.fields.first().map_or(own, |field| field.name);
        self.field(own).map_or(first, |field| field.name).to_owned()
    }

    /// What the operator sees of the object now. If it is gone, what was seen when the form was
    /// made: the agent will refuse it.
    pub fn expect(&self, cluster: &Cluster) -> Expect {
        seen(self.kind, &self.subject, cluster).unwrap_or_else(|_| self.seen.clone())
    }
}

fn seen(kind: Kind, subject: &Object, cluster: &Cluster) -> Result<Expect, String> {
    match subject {
        Object::Cluster if kind == Kind::MasterFailover => Ok(expect_master(cluster)),
        Object::Instance(name) | Object::Pair(name, _) => expect_instance(name, cluster),
        Object::Node(name) => expect_node(name, cluster),
        Object::Group(name) if !cluster.groups.contains_key(name) => {
            Err(format!("there is no group {name}"))
        }
        Object::Job(id) if !cluster.jobs.contains_key(id) => {
            Err(format!("job {id} is not known here"))
        }
        Object::Group(_) | Object::Job(_) | Object::Cluster => Ok(Expect::Nothing {}),
    }
}

impl Value {
    /// Reads it from words.
    fn set(&mut self, text: &str) -> Result<(), String> {
        let text = text.trim();
        match self {
            Value::Flag(flag) => {
                *flag = match text.to_ascii_lowercase().as_str() {
                    "yes" | "true" | "1" | "on" => true,
                    "no" | "false" | "0" | "off" => false,
                    _ => return Err(format!("{text:?} is neither yes nor no")),
                };
            }
            Value::Pick { options, at } => *at = pick(options, text)?,
            Value::Text(own) => text.clone_into(own),
            Value::Number(number) => {
                *number = match text {
                    "" => None,
                    text => Some(text.parse().map_err(|_| format!("{text:?} is no number"))?),
                };
            }
        }
        Ok(())
    }
}

/// An option by all of its words, or by whole words or labels that just one begins with: `node1` is not `node10`.
fn pick(options: &[String], text: &str) -> Result<usize, String> {
    if let Some(at) = options.iter().position(|option| option == text) {
        return Ok(at);
    }
    let begins = |option: &&String| {
        let rest = option.strip_prefix(text).filter(|_| !text.is_empty());
        let inside = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
        rest.is_some_and(|rest| !rest.starts_with(inside))
    };
    let found: Vec<&String> = options.iter().filter(begins).collect();
    match found.as_slice() {
        [one] => Ok(options
            .iter()
            .position(|option| option == *one)
            .unwrap_or(0)),
        [] => Err(format!("{text:?} is not one of: {}", options.join("; "))),
        several => {
            let several: Vec<&str> = several.iter().map(|it| it.as_str()).collect();
            Err(format!("{text:?} may be any of: {}", several.join("; ")))
        }
    }
}

#[cfg(test)]
mod tests;
