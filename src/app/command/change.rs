//! Lines that ask for a change: `failover web1 ignore_consistency=yes`.

use crate::action::form::{Field, Form, Kind, Menu, Object, Value, all, named};
use crate::app::facts::Facts;
use crate::model::Cluster;

use super::{Change, Choice, best};

/// Takes apart a line that begins with the name of an operation and says more than that.
pub fn asked(line: &str, cluster: &Cluster) -> Option<Result<Change, String>> {
    let mut words = line.split_whitespace().map(str::to_owned);
    let kind = Kind::named(&words.next()?)?;
    let (fields, subjects): (Vec<String>, Vec<String>) = words.partition(|it| it.contains('='));
    let fields = fields.iter().filter_map(|it| it.split_once('='));
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Some(named(kind, &subjects, cluster).map(|objects| Change {
        kind,
        objects,
        fields: fields.collect(),
    }))
}

/// Ways to go on with a line that begins so.
pub fn choices(line: &str, cluster: &Cluster, facts: &Facts) -> Option<Vec<Choice>> {
    let (begin, last) = line.rsplit_once(' ')?;
    let mut words = begin.split_whitespace();
    let kind = Kind::named(words.next()?)?;
    let subjects: Vec<String> = words
        .filter(|it| !it.contains('='))
        .map(str::to_owned)
        .collect();
    let objects = named(kind, &subjects, cluster).unwrap_or_default();
    let form = objects.first().cloned();
    let form = form.and_then(|object| Form::new(kind, object, cluster).ok());
    let fields = form.as_ref().map_or(&[][..], |form| &form.fields);
    let names = || {
        let free = all(kind, cluster)
            .into_iter()
            .filter(|it| !objects.contains(it));
        let name = |it: Object| (facts.names.shorten(&it.name()), it.menu());
        let named = free.map(name).map(|(name, menu)| (name, word(menu)));
        let jobs = kind.applies_to().contains(&Menu::Job);
        let jobs = cluster.jobs.keys().rev().take(if jobs { 50 } else { 0 });
        let jobs = jobs.map(|id| (id.to_string(), "job"));
        named.chain(jobs).collect::<Vec<_>>()
    };
    let candidates = match last.split_once('=') {
        Some((name, _)) => values(fields.iter().find(|field| field.name == name)),
        None => {
            let fields = fields
                .iter()
                .map(|it| (format!("{}=", it.name), "parameter"));
            match objects.is_empty() {
                true => names(),
                false => fields.chain(names()).collect(),
            }
        }
    };
    let mut found = best(last, candidates.into_iter());
    for choice in &mut found {
        choice.line = format!("{begin} {}", choice.line);
    }
    Some(found)
}

/// What a parameter can be set to, as far as it is a word.
fn values(field: Option<&Field>) -> Vec<(String, &'static str)> {
    let Some(field) = field else {
        return Vec::new();
    };
    let values: Vec<&str> = match &field.value {
        Value::Flag(_) => vec!["yes", "no"],
        Value::Pick { options, .. } => options.iter().map(String::as_str).collect(),
        Value::Text(_) | Value::Number(_) => Vec::new(),
    };
    let values = values.into_iter().filter(|value| !value.contains(' '));
    values
        .map(|value| (format!("{}={value}", field.name), "value"))
        .collect()
}

fn word(menu: Menu) -> &'static str {
    menu.word().rsplit(' ').next().unwrap_or_default()
}
