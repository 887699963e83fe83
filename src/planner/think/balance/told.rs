//! Moves as they are told: by name, each with what it brings and costs.

use std::sync::Arc;

use crate::model::Name;
use crate::planner::htools::Cluster;
use crate::planner::htools::balance::cheap::{self, copied};
use crate::planner::htools::balance::{Scope, Step, commands, jobs};
use crate::planner::htools::moves::Move as To;
use crate::planner::htools::n1::bad_nodes;
use crate::planner::htools::score::{Score, score};

/// What a node has free, MiB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Room {
    /// Memory that is promised to nobody.
    pub memory: i64,
    /// Disk.
    pub disk: i64,
}

/// A move by the indices of its snapshot, as it was planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planned {
    /// The instance.
    pub instance: usize,
    /// The move.
    pub to: To,
    /// Primary and secondary before it.
    pub before: (usize, Option<usize>),
}

/// A move of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Move {
    /// The same by indices.
    pub planned: Planned,
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
    /// Its job set, counted from 1, once that is known.
    pub set: Option<usize>,
    /// Nodes that its jobs lock.
    pub locks: Vec<Name>,
    /// The commands for it.
    pub commands: Vec<String>,
    /// Nodes that it changes, by their place in [`super::Start::nodes`], and what they have free after it.
    pub rooms: Vec<(usize, Room)>,
}

/// A whole plan.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// Its moves.
    pub moves: Vec<Move>,
    /// Data that is copied one after the other, where sets follow each other and the moves of a set run at the same
    /// time, MiB.
    pub in_line: i64,
}

impl Found {
    /// Data to copy, MiB.
    pub fn copy(&self) -> i64 {
        let all = self.moves.iter().map(|it| it.copy);
        all.fold(0, i64::saturating_add)
    }

    /// How many job sets.
    pub fn sets(&self) -> usize {
        self.moves.last().and_then(|it| it.set).unwrap_or_default()
    }

    /// Puts moves into job sets. `before` is the score before them all.
    pub fn of(cluster: &Cluster, before: f64, steps: &[Step], moves: Vec<Move>) -> Found {
        // At one MiB a second as many seconds as MiB.
        let plan = cheap::dress(cluster, before, steps, 1.0);
        let mut found = Found {
            moves,
            in_line: (plan.minutes * 60.0).round() as i64,
        };
        for (it, costed) in found.moves.iter_mut().zip(&plan.steps) {
            it.set = Some(costed.set);
        }
        found
    }
}

/// The name of a node.
pub fn node_name(cluster: &Cluster, at: usize) -> Name {
    let node = cluster.data.nodes.get(at);
    Arc::from(node.map_or("", |it| it.name.as_str()))
}

/// What a node has free now.
pub fn room(cluster: &Cluster, at: usize) -> Option<Room> {
    cluster.figures.get(at).map(|now| Room {
        memory: now.unallocated,
        disk: now.free_disk,
    })
}

/// Tells moves of a group. Each name is made once.
pub struct Teller {
    nodes: Vec<Name>,
    instances: Vec<Name>,
    /// Nodes of the group.
    group: Vec<usize>,
    /// The place of each node of the cluster among those of the group.
    places: Vec<Option<usize>>,
}

impl Teller {
    /// For a group of this cluster.
    pub fn of(cluster: &Cluster, scope: &Scope) -> Teller {
        let mut places = vec![None; cluster.nodes.len()];
        for (place, at) in scope.nodes.iter().enumerate() {
            if let Some(slot) = places.get_mut(*at) {
                *slot = Some(place);
            }
        }
        let instances = cluster.data.instances.iter();
        Teller {
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

    /// The name of an instance.
    pub fn instance(&self, at: usize) -> Name {
        self.instances.get(at).cloned().unwrap_or_default()
    }

    /// A step that has just been made.
    pub fn told(&self, cluster: &Cluster, step: &Step, gain: f64, score: Score) -> Move {
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
            planned: Planned {
                instance: step.instance,
                to: step.to,
                before: step.before,
            },
            instance: self.instance(step.instance),
            how: how(step.to, instance.is_some_and(|it| it.runs)),
            before: both(step.before),
            after: both(step.after),
            gain,
            score,
            bad_nodes: bad_nodes(cluster, &self.group).len(),
            copy: instance.map_or(0, |it| copied(it, step.to)),
            set: None,
            rooms: rooms.collect(),
            locks: locked.into_iter().map(|at| self.node(at)).collect(),
            commands: commands.map(|it| format!("gnt-instance {it}")).collect(),
        }
    }

    /// Makes moves one after the other, as far as each is what was planned and passes hbal's own checks. Those that do not
    /// go to `gone`, with their number and why.
    pub fn replay(
        &self,
        cluster: &mut Cluster,
        planned: &[(usize, Planned)],
        gone: &mut Vec<(usize, Planned, String)>,
    ) -> (Vec<Step>, Vec<Move>) {
        let mut last = score(cluster, &self.group).total();
        let (mut steps, mut moves) = (Vec::new(), Vec::new());
        for (number, it) in planned {
            let made = match self.make(cluster, it) {
                Ok(made) => made,
                Err(why) => {
                    gone.push((*number, *it, why));
                    continue;
                }
            };
            let now = score(cluster, &self.group);
            let step = Step {
                score: now.total(),
                ..made
            };
            moves.push(self.told(cluster, &step, last - step.score, now));
            last = step.score;
            steps.push(step);
        }
        (steps, moves)
    }

    fn make(&self, cluster: &mut Cluster, it: &Planned) -> Result<Step, String> {
        let instance = cluster.instances.get(it.instance);
        let before = instance.map(|it| (it.primary, it.secondary));
        if before != Some(it.before) {
            return Err("it went on from a move that is not made".to_owned());
        }
        let outcome = cluster
            .outcome(it.instance, it.to, false)
            .map_err(|refusal| self.refused(it.to, it.before, refusal))?;
        cluster.make(it.instance, &outcome);
        Ok(Step {
            instance: it.instance,
            to: it.to,
            before: it.before,
            after: (outcome.primary, outcome.secondary),
            score: f64::NAN,
        })
    }

    /// Why a move cannot be made, in words.
    fn refused(
        &self,
        to: To,
        (_, secondary): (usize, Option<usize>),
        refusal: crate::planner::htools::node::Refusal,
    ) -> String {
        use crate::planner::htools::node::Refusal;
        let target = match to {
            To::Failover => secondary,
            To::FailoverToAny(at)
            | To::ReplacePrimary(at)
            | To::ReplaceSecondary(at)
            | To::ReplaceAndFailover(at)
            | To::FailoverAndReplace(at) => Some(at),
        };
        let nodes = match (to, secondary, target) {
            // Either of them may be the one that has no room.
            (To::FailoverAndReplace(_) | To::ReplacePrimary(_), Some(a), Some(b)) => {
                format!("{} or {}", self.node(a), self.node(b))
            }
            (_, _, Some(at)) => self.node(at).to_string(),
            _ => "its target".to_owned(),
        };
        match refusal {
            Refusal::Memory => format!("{nodes} has too little memory left then, N+1 counted"),
            Refusal::Disk => format!("{nodes} has too little disk left then"),
            Refusal::Cpu => format!("{nodes} has too many virtual processors then"),
            Refusal::N1 => "the cluster would not be N+1 redundant then".to_owned(),
            Refusal::Tags => format!("an instance with the same exclusion tag is on {nodes} then"),
            Refusal::Migration => "migration tags forbid it".to_owned(),
            Refusal::DiskCount => "the policy is against its number of disks".to_owned(),
            Refusal::Spindles => format!("{nodes} has too few spindles then"),
        }
    }
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
