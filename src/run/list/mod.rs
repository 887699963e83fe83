//! The lists that the headless commands print: the same facts as the screens, under names that
//! stay. README.md describes the fields.

mod groups;
mod instances;
mod jobs;
mod nodes;
mod table;

use serde_json::{Map, Value};

use crate::config::args::List;
use crate::model::Cluster;

pub use table::{printable, table};

/// One object of a list: its key, what is printed as JSON, and its cells as text.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What it is told apart by: a name or a job id.
    pub key: String,
    /// All of its fields.
    pub fields: Map<String, Value>,
    /// The chosen few for a person, under [`titles`].
    pub cells: Vec<String>,
}

/// All objects of a list, in Ganeti's order.
pub fn rows(list: List, cluster: &Cluster) -> Vec<Row> {
    match list {
        List::Nodes => nodes::rows(cluster),
        List::Instances => instances::rows(cluster),
        List::Groups => groups::rows(cluster),
        List::Jobs => jobs::rows(cluster),
    }
}

/// Titles of the columns for a person.
pub fn titles(list: List) -> &'static [&'static str] {
    match list {
        List::Nodes => nodes::TITLES,
        List::Instances => instances::TITLES,
        List::Groups => groups::TITLES,
        List::Jobs => jobs::TITLES,
    }
}

/// Seconds between a moment and now, whole.
fn age_s(cluster: &Cluster, at: crate::model::Time) -> u64 {
    cluster.now.at.since(at) / 1_000
}

/// The fields of a `json!` object.
fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// A value for a person, `?` where it is not known.
fn or_unknown<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| "?".to_owned(), |value| value.to_string())
}
