//! What an allocator answers, and how it is written.

use super::json::quoted;
use crate::planner::htools::alloc::Refused;
use crate::planner::htools::balance::commands;
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
                    let forthcoming = cluster.data.instances.get(it.instance);
                    let forthcoming = forthcoming.is_some_and(|it| it.forthcoming);
                    let name = instance(it.instance);
                    let steps = it.moves.iter().flat_map(|to| opcodes(*to));
                    list(steps.map(|step| step.text(cluster, name, forthcoming)))
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

/// One opcode of a move.
enum Opcode {
    Migrate(Option<usize>),
    Replace(usize),
}

fn opcodes(to: Move) -> Vec<Opcode> {
    match to {
        Move::Failover => vec![Opcode::Migrate(None)],
        Move::FailoverToAny(node) => vec![Opcode::Migrate(Some(node))],
        Move::ReplaceSecondary(node) => vec![Opcode::Replace(node)],
        Move::ReplaceAndFailover(node) => vec![Opcode::Replace(node), Opcode::Migrate(None)],
        Move::FailoverAndReplace(node) => vec![Opcode::Migrate(None), Opcode::Replace(node)],
        Move::ReplacePrimary(node) => vec![
            Opcode::Migrate(None),
            Opcode::Replace(node),
            Opcode::Migrate(None),
        ],
    }
}

impl Opcode {
    fn text(&self, cluster: &Cluster, instance: &str, forthcoming: bool) -> String {
        let instance = quoted(instance);
        match self {
            Opcode::Replace(node) => {
                let node = quoted(name(cluster, *node));
                format!(
                    "{{\"OP_ID\":\"OP_INSTANCE_REPLACE_DISKS\",\"instance_name\":{instance},\
                     \"early_release\":false,\"ignore_ipolicy\":false,\"mode\":\"replace_new_secondary\",\
                     \"disks\":[],\"remote_node\":{node}}}"
                )
            }
            Opcode::Migrate(node) => {
                let target = node.map(|node| {
                    let node = quoted(name(cluster, node));
                    format!("\"target_node\":{node},")
                });
                let target = target.unwrap_or_default();
                if forthcoming {
                    return format!(
                        "{{\"OP_ID\":\"OP_INSTANCE_FAILOVER\",\"instance_name\":{instance},\
                         \"shutdown_timeout\":120,\"ignore_consistency\":false,{target}\
                         \"ignore_ipolicy\":false,\"cleanup\":false}}"
                    );
                }
                format!(
                    "{{\"OP_ID\":\"OP_INSTANCE_MIGRATE\",\"instance_name\":{instance},{target}\
                     \"allow_runtime_changes\":false,\"ignore_ipolicy\":false,\"cleanup\":false,\
                     \"allow_failover\":true,\"ignore_hvversions\":true}}"
                )
            }
        }
    }
}
