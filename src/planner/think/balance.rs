//! A plan to balance a group, move by move, with what each does to the nodes.

use std::sync::Arc;

use super::{Part, used_groups};
use crate::model::Name;
use crate::planner::htools::Cluster;
use crate::planner::htools::balance::{Balancer, Options, Scope, Step, commands, jobs};
use crate::planner::htools::moves::Move as To;
use crate::planner::htools::n1::bad_nodes;
use crate::planner::htools::score::{Score, score};

/// How a plan is found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// As hbal finds it: each move the one that lowers the score most.
    #[default]
    Hbal,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// How it is found.
    pub kind: Kind,
    /// Move disks.
    pub disk_moves: bool,
    /// Only instances that have an offline node.
    pub evacuate: bool,
    /// Name of the group; the one with the highest score if none.
    pub group: Option<String>,
}

impl Default for Ask {
    fn default() -> Ask {
        Ask {
            kind: Kind::Hbal,
            disk_moves: true,
            evacuate: false,
            group: None,
        }
    }
}

/// The group before anything has moved.
#[derive(Clone, Debug, PartialEq)]
pub struct Start {
    /// Its name.
    pub group: String,
    /// All groups that have nodes, with their scores.
    pub groups: Vec<(String, f64)>,
    /// Its score.
    pub score: Score,
    /// Its nodes.
    pub nodes: Vec<Node>,
    /// How many of its nodes fail N+1.
    pub bad_nodes: usize,
    /// How many instances it has.
    pub instances: usize,
}

/// A node before anything has moved.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Its name.
    pub name: Name,
    /// It is offline or drained, or nothing is known of it.
    pub offline: bool,
    /// All its memory, MiB.
    pub memory: f64,
    /// All its disk, MiB.
    pub disk: f64,
    /// What is free.
    pub room: Room,
}

/// What a node has free, MiB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Room {
    /// Memory that is promised to nobody.
    pub memory: i64,
    /// Disk.
    pub disk: i64,
}

/// A move of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Move {
    /// The instance.
    pub instance: Name,
    /// What is done, in words.
    pub how: &'static str,
    /// Primary and secondary before.
    pub before: (Name, Option<Name>),
    /// Primary and secondary after.
    pub after: (Name, Option<Name>),
    /// By how much it lowers the score.
    pub gain: f64,
    /// The score after it.
    pub score: Score,
    /// How many nodes of the group fail N+1 after it.
    pub bad_nodes: usize,
    /// Disk data to copy, MiB.
    pub copy: i64,
    /// Nodes that its jobs lock.
    pub locks: Vec<Name>,
    /// The commands for it.
    pub commands: Vec<String>,
    /// Nodes that it changes, by their place in [`Start::nodes`], and what they have free after it.
    pub rooms: Vec<(usize, Room)>,
}

/// Plans move by move.
pub fn think(mut cluster: Cluster, ask: &Ask, tell: &mut dyn FnMut(Part) -> bool) {
    let groups: Vec<(usize, String, f64)> = used_groups(&cluster)
        .into_iter()
        .map(|(at, name)| {
            let nodes = Scope::group(&cluster, at).nodes;
            (at, name, score(&cluster, &nodes).total())
        })
        .collect();
    let wanted = groups
        .iter()
        .find(|(_, name, _)| Some(name) == ask.group.as_ref());
    let worst = || groups.iter().max_by(|a, b| a.2.total_cmp(&b.2));
    let Some((group, ..)) = wanted.or_else(worst) else {
        tell(Part::Failed("there are no nodes".to_owned()));
        return;
    };
    let scope = Scope::group(&cluster, *group);
    let start = start(&cluster, &scope, *group, &groups);
    let mut before = start.score.total();
    if !tell(Part::Start(Box::new(start))) {
        return;
    }
    let names = Names::of(&cluster, &scope);
    let Kind::Hbal = ask.kind;
    let options = Options {
        disk_moves: ask.disk_moves,
        evacuate: ask.evacuate,
        ..Options::default()
    };
    let mut steps = Vec::new();
    let mut balancer = Balancer::new(&mut cluster, &scope, &options);
    while let Some(step) = balancer.next() {
        let gain = before - step.score;
        before = step.score;
        let part = names.told(balancer.cluster(), &step, gain, balancer.score());
        steps.push(step);
        if !tell(Part::Move(Box::new(part))) {
            return;
        }
    }
    let sets = jobs::job_sets(&cluster, &steps);
    let sets = sets.iter().enumerate();
    let of_each = sets.flat_map(|(set, moves)| std::iter::repeat_n(set + 1, moves.len()));
    tell(Part::Moved(of_each.collect()));
}

fn start(cluster: &Cluster, scope: &Scope, group: usize, all: &[(usize, String, f64)]) -> Start {
    let name = cluster.data.groups.get(group).map(|it| it.name.clone());
    let node = |at: &usize| {
        let node = cluster.nodes.get(*at)?;
        Some(Node {
            name: node_name(cluster, *at),
            offline: node.offline,
            memory: node.total_memory,
            disk: node.total_disk,
            room: room(cluster, *at)?,
        })
    };
    Start {
        group: name.unwrap_or_default(),
        groups: all.iter().map(|it| (it.1.clone(), it.2)).collect(),
        score: score(cluster, &scope.nodes),
        nodes: scope.nodes.iter().filter_map(node).collect(),
        bad_nodes: bad_nodes(cluster, &scope.nodes).len(),
        instances: scope.instances.len(),
    }
}

fn node_name(cluster: &Cluster, at: usize) -> Name {
    let node = cluster.data.nodes.get(at);
    Arc::from(node.map_or("", |it| it.name.as_str()))
}

fn room(cluster: &Cluster, at: usize) -> Option<Room> {
    cluster.figures.get(at).map(|now| Room {
        memory: now.unallocated,
        disk: now.free_disk,
    })
}

/// Names, kept so that each is made once.
struct Names {
    nodes: Vec<Name>,
    instances: Vec<Name>,
    /// Nodes of the group.
    group: Vec<usize>,
    /// The place of each node of the cluster among those of the group.
    places: Vec<Option<usize>>,
}

impl Names {
    fn of(cluster: &Cluster, scope: &Scope) -> Names {
        let mut places = vec![None; cluster.nodes.len()];
        for (place, at) in scope.nodes.iter().enumerate() {
            if let Some(slot) = places.get_mut(*at) {
                *slot = Some(place);
            }
        }
        let instances = cluster.data.instances.iter();
        Names {
            nodes: (0..cluster.nodes.len())
                .map(|at| node_name(cluster, at))
                .collect(),
            instances: instances.map(|it| Arc::from(it.name.as_str())).collect(),
            group: scope.nodes.clone(),
            places,
        }
    }

    fn node(&self, at: usize) -> Name {
        self.nodes.get(at).cloned().unwrap_or_default()
    }

    /// A step that has just been made, as it is told.
    fn told(&self, cluster: &Cluster, step: &Step, gain: f64, score: Score) -> Move {
        let both = |(primary, secondary): (usize, Option<usize>)| {
            (self.node(primary), secondary.map(|at| self.node(at)))
        };
        let mut locked = jobs::nodes(cluster, step);
        locked.sort_unstable();
        locked.dedup();
        let rooms = locked.iter().filter_map(|at| {
            let place = self.places.get(*at).copied().flatten()?;
            Some((place, room(cluster, *at)?))
        });
        let instance = cluster.instances.get(step.instance);
        let commands = commands::commands(cluster, step).into_iter();
        Move {
            instance: self
                .instances
                .get(step.instance)
                .cloned()
                .unwrap_or_default(),
            how: how(step.to, instance.is_some_and(|it| it.runs)),
            before: both(step.before),
            after: both(step.after),
            gain,
            score,
            bad_nodes: bad_nodes(cluster, &self.group).len(),
            copy: if copies(step.to) {
                instance.map_or(0, |it| it.disk)
            } else {
                0
            },
            rooms: rooms.collect(),
            locks: locked.into_iter().map(|at| self.node(at)).collect(),
            commands: commands.map(|it| format!("gnt-instance {it}")).collect(),
        }
    }
}

/// A new secondary gets a whole copy of the disks. A failover copies none.
fn copies(to: To) -> bool {
    !matches!(to, To::Failover | To::FailoverToAny(_))
}

fn how(to: To, runs: bool) -> &'static str {
    match (to, runs) {
        (To::Failover | To::FailoverToAny(_), true) => "migrate",
        (To::Failover | To::FailoverToAny(_), false) => "failover",
        (To::ReplaceSecondary(_), _) => "replace",
        (To::ReplacePrimary(_), _) => "new primary",
        (To::ReplaceAndFailover(_), true) => "replace, migrate",
        (To::ReplaceAndFailover(_), false) => "replace, failover",
        (To::FailoverAndReplace(_), true) => "migrate, replace",
        (To::FailoverAndReplace(_), false) => "failover, replace",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
    use proptest::prelude::*;

    use super::*;
    use crate::planner::htools::Setup;
    use crate::planner::htools::tests::{cluster as any_cluster, shape};
    use crate::planner::n1::tests::{nodes, put};

    fn parts(cluster: Cluster, ask: &Ask) -> Vec<Part> {
        let mut parts = Vec::new();
        think(cluster, ask, &mut |part| {
            parts.push(part);
            true
        });
        parts
    }

    fn lopsided() -> Cluster {
        let mut data = nodes(4);
        for _ in 0..6 {
            put(&mut data, 2_000, 0, Some(1));
        }
        Cluster::new(data, &Setup::default()).unwrap()
    }

    #[test]
    fn it_stops_when_it_is_told_to() {
        let mut told = 0;
        think(lopsided(), &Ask::default(), &mut |_| {
            told += 1;
            told < 3
        });
        assert_eq!(told, 3);
    }

    #[test]
    fn without_disk_moves_nothing_is_copied() {
        let ask = Ask {
            disk_moves: false,
            ..Ask::default()
        };
        let (mut with, mut without) = (0, 0);
        let copied = |parts: Vec<Part>, sum: &mut i64| {
            for part in parts {
                if let Part::Move(it) = part {
                    *sum += it.copy;
                }
            }
        };
        copied(parts(lopsided(), &Ask::default()), &mut with);
        copied(parts(lopsided(), &ask), &mut without);
        assert!(with > 0);
        assert_eq!(without, 0);
    }

    proptest! {
        #[test]
        fn the_rooms_of_the_moves_add_up_to_the_cluster_after_them(data in shape().prop_flat_map(any_cluster)) {
            let mut cluster = Cluster::new(data, &Setup::default()).unwrap();
            let parts = parts(cluster.clone(), &Ask::default());
            let Some(Part::Start(start)) = parts.first() else { panic!("no start") };
            let group = cluster.data.groups.iter().position(|it| it.name == start.group).unwrap();
            let mut rooms: Vec<Room> = start.nodes.iter().map(|node| node.room).collect();
            let mut total = start.score.total();
            let mut moves = 0;
            for part in &parts {
                if let Part::Move(it) = part {
                    for (place, room) in &it.rooms {
                        rooms[*place] = *room;
                    }
                    prop_assert!((total - it.gain - it.score.total()).abs() < 1e-9);
                    total = it.score.total();
                    moves += 1;
                }
            }
            let Some(Part::Moved(sets)) = parts.last() else { panic!("no end") };
            prop_assert_eq!(sets.len(), moves);
            prop_assert!(sets.is_sorted());
            let scope = Scope::group(&cluster, group);
            let options = Options::default();
            let plan = Balancer::new(&mut cluster, &scope, &options);
            prop_assert_eq!(plan.count(), moves);
            let after: Vec<Room> = scope.nodes.iter().filter_map(|at| room(&cluster, *at)).collect();
            prop_assert_eq!(rooms, after);
        }
    }
}
