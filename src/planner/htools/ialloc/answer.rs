//! What an allocator answers, and how it is written.

use serde_json::Value;

use super::json::quoted;
use crate::planner::htools::alloc::Refused;
use crate::planner::htools::balance::commands;
use crate::planner::htools::balance::opcodes::{self, Opcode};
use crate::planner::htools::cluster::Cluster;
use crate::planner::htools::moves::Move;

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// In words; why not, if nothing was found.
    pub info: String,
    /// What was found, if anything.
    pub found: Option<Found>,
    /// Which nodes would not have an instance, and why.
    pub refused: Vec<(String, Vec<Refused>)>,
}

/// What was found. Instances, nodes and groups are indices.
#[derive(Clone, Debug)]
pub enum Found {
    /// Nodes of one instance.
    Nodes(Vec<usize>),
    /// A secondary node.
    Secondary(usize),
    /// Names of new instances, and the nodes of each.
    Placed(Vec<(String, Vec<usize>)>),
    /// Instances that move, and those that cannot.
    Moved {
        /// Those that move.
        moved: Vec<Moved>,
        /// The others, and why.
        failed: Vec<(usize, String)>,
    },
}

/// An instance that moves.
#[derive(Clone, Debug)]
pub struct Moved {
    /// Which.
    pub instance: usize,
    /// The group it is in then.
    pub group: usize,
    /// Its nodes then.
    pub nodes: Vec<usize>,
    /// How it gets there.
    pub moves: Vec<Move>,
}

impl Moved {
    /// The same for a shell, without `gnt-instance`.
    pub fn commands(&self, cluster: &Cluster) -> Vec<String> {
        let moves = self.moves.iter();
        moves
            .flat_map(|to| commands::of(cluster, self.instance, *to))
            .collect()
    }
}

impl Answer {
    /// Nothing was found.
    pub fn failed(info: impl Into<String>) -> Answer {
        Answer {
            info: info.into(),
            found: None,
            refused: Vec::new(),
        }
    }

    /// Something was.
    pub fn of(info: impl Into<String>, found: Found) -> Answer {
        Answer {
            info: info.into(),
            found: Some(found),
            refused: Vec::new(),
        }
    }

    /// The info as it is answered.
    pub fn said(&self) -> String {
        let how = match self.found {
            Some(_) => "Request successful: ",
            None => "Request failed: ",
        };
        format!("{how}{}", self.info)
    }

    /// The answer as Ganeti reads it, in one line without its end.
    pub fn text(&self, cluster: &Cluster) -> String {
        let result = match &self.found {
            None => "[]".to_owned(),
            Some(found) => found.text(cluster),
        };
        let (success, info) = (self.found.is_some(), quoted(&self.said()));
        format!("{{\"success\":{success},\"info\":{info},\"result\":{result}}}")
    }
}

fn list(parts: impl Iterator<Item = String>) -> String {
    let parts: Vec<String> = parts.collect();
    format!("[{}]", parts.join(","))
}

impl Found {
    fn text(&self, cluster: &Cluster) -> String {
        let node = |at: &usize| quoted(name(cluster, *at));
        let instance = |at: usize| {
            let found = cluster.data.instances.get(at);
            found.map_or("", |it| it.name.as_str())
        };
        match self {
            Found::Nodes(nodes) => list(nodes.iter().map(node)),
            Found::Secondary(at) => node(at),
            Found::Placed(placed) => {
                let one = |(name, nodes): &(String, Vec<usize>)| {
                    format!("[{},{}]", quoted(name), list(nodes.iter().map(node)))
                };
                format!("[{},[]]", list(placed.iter().map(one)))
            }
            Found::Moved { moved, failed } => {
                let place = |it: &Moved| {
                    let group = cluster.data.groups.get(it.group);
                    let group = group.map_or("", |it| it.name.as_str());
                    let (name, group) = (quoted(instance(it.instance)), quoted(group));
                    format!("[{name},{group},{}]", list(it.nodes.iter().map(node)))
                };
                let fail = |(at, why): &(usize, String)| {
                    format!("[{},{}]", quoted(instance(*at)), quoted(why))
                };
                let job = |it: &Moved| {
                    let moves = it.moves.iter();
                    let opcodes = moves.flat_map(|to| opcodes::of(cluster, it.instance, *to));
                    list(opcodes.map(|opcode| text(&opcode)))
                };
                format!(
                    "[{},{},{}]",
                    list(moved.iter().map(place)),
                    list(failed.iter().map(fail)),
                    list(moved.iter().map(job))
                )
            }
        }
    }
}

fn name(cluster: &Cluster, at: usize) -> &str {
    cluster.data.nodes.get(at).map_or("", |it| it.name.as_str())
}

/// An opcode in one line, as the real tool writes it.
fn text(opcode: &Opcode) -> String {
    let parameters = opcode.0.iter().map(|(key, value)| {
        let value = match value {
            Value::String(text) => quoted(text),
            value => value.to_string(),
        };
        format!("{}:{value}", quoted(key))
    });
    let parameters: Vec<String> = parameters.collect();
    format!("{{{}}}", parameters.join(","))
}
