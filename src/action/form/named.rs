//! What words name: the objects that an operation is typed to be done to.

use super::{Kind, Menu, Object};
use crate::model::Cluster;

/// What these words name to this operation: each a whole name, or one without its domain, or `cluster`. Of what is
/// done to the cluster as a rule there need be none; tags want it said, lest an empty word tags the cluster.
///
/// # Errors
/// The first word that names nothing, or too much, or the same again.
pub fn named(kind: Kind, words: &[String], cluster: &Cluster) -> Result<Vec<Object>, String> {
    if words.is_empty() {
        let name = kind.name();
        let of_cluster = kind.applies_to().first() == Some(&Menu::Cluster);
        return match of_cluster {
            true => Ok(vec![Object::Cluster]),
            false => Err(format!("{name} what? {name} wants a name")),
        };
    }
    let mut objects = Vec::new();
    for word in words {
        let object = object(kind, word, cluster)?;
        if objects.contains(&object) {
            return Err(format!("{} is named twice", object.name()));
        }
        objects.push(object);
    }
    Ok(objects)
}

fn object(kind: Kind, word: &str, cluster: &Cluster) -> Result<Object, String> {
    let menus = kind.applies_to();
    if menus.contains(&Menu::Job) {
        let id = word.parse().map_err(|_| format!("{word:?} is no job id"))?;
        return Ok(Object::Job(id));
    }
    let all = all(kind, cluster);
    let found: Vec<&Object> = all
        .iter()
        .filter(|it| is_short_for(word, &it.name()))
        .collect();
    let exact: Vec<&&Object> = found.iter().filter(|it| it.name() == word).collect();
    match (exact.as_slice(), found.as_slice()) {
        ([one], _) => Ok((**one).clone()),
        (_, [one]) => Ok((*one).clone()),
        (_, []) if word == "cluster" && menus.contains(&Menu::Cluster) => Ok(Object::Cluster),
        (_, []) => {
            let what: Vec<&str> = menus.iter().map(|menu| menu.word()).collect();
            Err(format!("{word:?} is not the name of {}", what.join(" or ")))
        }
        (_, several) => {
            let names: Vec<String> = several.iter().map(|it| it.name()).collect();
            Err(format!("{word:?} may be any of: {}", names.join(", ")))
        }
    }
}

/// Everything with a name of its own that an operation is for.
pub fn all(kind: Kind, cluster: &Cluster) -> Vec<Object> {
    let menus = kind.applies_to();
    let mut found: Vec<Object> = Vec::new();
    if menus.contains(&Menu::Instance) {
        found.extend(cluster.instances.keys().cloned().map(Object::Instance));
    }
    if menus.contains(&Menu::Node) {
        found.extend(cluster.nodes.keys().cloned().map(Object::Node));
    }
    if menus.contains(&Menu::Group) {
        found.extend(cluster.groups.keys().cloned().map(Object::Group));
    }
    found.sort_by_cached_key(Object::name);
    found
}

/// The whole name, or the name without its domain.
pub fn is_short_for(word: &str, name: &str) -> bool {
    let rest = name.strip_prefix(word);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}
