//! Global N+1: whether all primaries of a node can be started elsewhere, one after the other.
//!
//! As in the real tools, offline nodes are not left out of where instances go.

use crate::planner::htools::board::Board;
use crate::planner::htools::cluster::Cluster;
use crate::planner::htools::instance::Instance;
use crate::planner::htools::moves::{Move, Outcome};
use crate::planner::htools::node::Figures;
use crate::planner::htools::operations::add_primary;
use crate::planner::htools::peers::Entry;
use crate::planner::htools::policy::{Objection, Template};

use super::nearest::best;

/// Tries to evacuate nodes, and puts everything back each time.
pub struct Evacuation<'a> {
    cluster: &'a mut Cluster,
    nodes: &'a [usize],
    trail: Trail,
    /// Room to compare targets in.
    found: Vec<(f64, usize)>,
}

/// What a trial has changed, for the way back.
#[derive(Default)]
struct Trail {
    figures: Vec<(usize, Figures)>,
    peers: Vec<Entry>,
    /// Instances with exclusion tags: from where, to where.
    tags: Vec<(usize, Option<usize>, usize)>,
}

/// How an instance leaves a dead node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// To its secondary node.
    Secondary,
    /// Its storage is shared: to any node of the group.
    Anywhere,
    /// Its disks are gone with the node: it is created anew on another one of the group.
    Anew,
}

/// What becomes of an instance when its primary node dies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fate {
    /// Index of the instance.
    pub instance: usize,
    /// How it would leave.
    pub way: Way,
    /// Where it can start, by index; nothing if it cannot.
    pub to: Option<usize>,
    /// Virtual processors that the node has then beyond what its policy allows.
    pub cpus_over: i64,
    /// Why it cannot start.
    pub obstacle: Option<Obstacle>,
}

/// Why an instance cannot start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Obstacle {
    /// The node that it is about: where several would do, the one that lacks least.
    pub node: Option<usize>,
    /// What is missing there.
    pub lack: Lack,
}

/// What is missing. Sizes are MiB.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Lack {
    /// Nothing.
    Nothing,
    /// So much memory.
    Memory(i64),
    /// So much disk.
    Disk(i64),
    /// Whole spindles, or their number is not known.
    Spindles,
    /// Migration tags forbid it.
    Migration,
    /// The group's policy forbids it.
    Policy(Objection),
    /// It is marked offline. Never found by the trial itself, which does not mind that.
    Offline,
    /// It has no secondary node.
    NoSecondary,
    /// There is no other node in the group.
    NoNode,
}

impl Lack {
    /// How far it is from what is wanted: what memory cures comes first.
    fn distance(&self) -> (u8, i64) {
        match self {
            Lack::Nothing => (0, 0),
            Lack::Memory(short) => (1, *short),
            Lack::Disk(short) => (2, *short),
            Lack::Spindles => (3, 0),
            Lack::Migration => (4, 0),
            Lack::Policy(_) => (5, 0),
            Lack::Offline | Lack::NoSecondary | Lack::NoNode => (6, 0),
        }
    }
}

impl Way {
    /// How instances of a template leave.
    pub fn of(template: Template) -> Way {
        match template {
            Template::Drbd => Way::Secondary,
            Template::Plain | Template::File | Template::BlockDev => Way::Anew,
            _ => Way::Anywhere,
        }
    }
}

/// Scores that choose where instances go: of the node's group, and of all nodes. Kept only where they are needed.
struct Boards {
    group: Option<Board>,
    all: Option<Board>,
}

impl Boards {
    fn take(&mut self, cluster: &Cluster, instance: &Instance, outcome: &Outcome) {
        for board in [&mut self.group, &mut self.all].into_iter().flatten() {
            board.take(cluster, instance, outcome);
        }
    }
}

impl<'a> Evacuation<'a> {
    /// Among these nodes, in the order of their indices. The cluster is as before afterwards.
    pub fn new(cluster: &'a mut Cluster, nodes: &'a [usize]) -> Evacuation<'a> {
        Evacuation {
            cluster,
            nodes,
            trail: Trail::default(),
            found: Vec::new(),
        }
    }

    /// Nodes that cannot be evacuated, by index.
    pub fn stuck(&mut self) -> Vec<usize> {
        let nodes = self.nodes.iter().copied();
        nodes.filter(|node| !self.possible(*node)).collect()
    }

    /// Whether a node can be evacuated.
    pub fn possible(&mut self, node: usize) -> bool {
        self.walk(node, |fate| fate.to.is_some())
    }

    /// What becomes of each primary of a node that dies, in the order in which they are tried. One that is stuck is
    /// left out, and the others go on.
    pub fn fates(&mut self, node: usize) -> Vec<Fate> {
        let mut fates = Vec::new();
        self.walk(node, |fate| {
            fates.push(fate);
            true
        });
        fates
    }

    /// Tries to put up each primary elsewhere, as long as `told` says to go on. Whether it did to the end.
    fn walk(&mut self, node: usize, mut told: impl FnMut(Fate) -> bool) -> bool {
        let (mut drbd, mut any, mut anew) = (Vec::new(), Vec::new(), Vec::new());
        for at in self.cluster.primaries.get(node).into_iter().flatten() {
            let template = self.cluster.data.instances.get(*at).map(|it| it.template);
            match template.map_or(Way::Anew, Way::of) {
                Way::Secondary => drbd.push(*at),
                Way::Anywhere => any.push(*at),
                Way::Anew => anew.push(*at),
            }
        }
        let memory = |at: &usize| self.cluster.instances.get(*at).map_or(0, |it| it.memory);
        anew.sort_by_key(|at| std::cmp::Reverse(memory(at)));
        let group = self.cluster.nodes.get(node).map(|it| it.group);
        let inside = |at: &usize| self.cluster.nodes.get(*at).map(|it| it.group) == group;
        let group: Vec<usize> = self.nodes.iter().copied().filter(inside).collect();
        let mut boards = Boards {
            group: (!any.is_empty()).then(|| Board::new(self.cluster, &group)),
            all: (!anew.is_empty()).then(|| Board::new(self.cluster, self.nodes)),
        };
        let targets: Vec<usize> = group.into_iter().filter(|at| *at != node).collect();
        let all = drbd.into_iter().map(|at| (at, Way::Secondary));
        let all = all.chain(any.into_iter().map(|at| (at, Way::Anywhere)));
        let mut all = all.chain(anew.into_iter().map(|at| (at, Way::Anew)));
        let done = all.all(|(at, way)| {
            let to = match way {
                Way::Secondary => self.fail_over(at, &mut boards),
                Way::Anywhere => self.move_anywhere(at, &targets, &mut boards),
                Way::Anew => self.create_anew(at, &targets, &mut boards),
            };
            let obstacle = match to {
                Some(_) => None,
                None => Some(self.obstacle(at, way, &targets)),
            };
            let fate = Fate {
                instance: at,
                way,
                to,
                cpus_over: to.map_or(0, |to| self.cpus_over(to)),
                obstacle,
            };
            told(fate)
        });
        self.put_back();
        done
    }

    /// Virtual processors of a node beyond what its policy allows.
    fn cpus_over(&self, at: usize) -> i64 {
        let (node, now) = (self.cluster.nodes.get(at), self.cluster.figures.get(at));
        match (node, now) {
            (Some(node), Some(now)) => now.vcpus.saturating_sub(node.most_vcpus).max(0),
            _ => 0,
        }
    }

    fn fail_over(&mut self, at: usize, boards: &mut Boards) -> Option<usize> {
        let outcome = self.cluster.outcome(at, Move::Failover, true).ok()?;
        self.make(at, &outcome, boards)
    }

    fn move_anywhere(
        &mut self,
        at: usize,
        targets: &[usize],
        boards: &mut Boards,
    ) -> Option<usize> {
        let cluster = &*self.cluster;
        let instance = cluster.instances.get(at)?;
        let to = |node| cluster.outcome(at, Move::FailoverToAny(node), true).ok();
        let board = boards.group.as_mut()?;
        let outcome = best(cluster, board, instance, targets, to, &mut self.found)?;
        self.make(at, &outcome, boards)
    }

    /// A new instance like this one; the old one stays where it is, as nothing can be got from there.
    fn create_anew(&mut self, at: usize, targets: &[usize], boards: &mut Boards) -> Option<usize> {
        let cluster = &*self.cluster;
        let (instance, loaded) = (cluster.instances.get(at)?, cluster.data.instances.get(at)?);
        let instance = Instance {
            primary: usize::MAX,
            ..instance.clone()
        };
        let to = |node: usize| {
            let (target, before) = (cluster.nodes.get(node)?, cluster.figures.get(node)?);
            let policy = cluster.data.groups.get(target.group).map(|it| &it.policy)?;
            if policy.objects(loaded, target.exclusive).is_some() {
                return None;
            }
            let arrival = cluster.arrival(&instance, node, None);
            let figures = add_primary(target, before, &instance, true, arrival).ok()?;
            Some(Outcome {
                changed: [Some((node, figures)), None, None],
                primary: node,
                secondary: None,
                location: 0,
            })
        };
        let board = boards.all.as_mut()?;
        let outcome = best(cluster, board, &instance, targets, to, &mut self.found)?;
        boards.take(self.cluster, &instance, &outcome);
        self.keep(&outcome);
        if !instance.exclusion.is_empty() {
            self.cluster.tags.came(outcome.primary, &instance);
            self.trail.tags.push((at, None, outcome.primary));
        }
        Some(outcome.primary)
    }

    /// What keeps an instance from starting elsewhere as things are now.
    fn obstacle(&self, at: usize, way: Way, targets: &[usize]) -> Obstacle {
        let none = |lack| Obstacle { node: None, lack };
        let cluster = &*self.cluster;
        let Some(instance) = cluster.instances.get(at) else {
            return none(Lack::NoNode);
        };
        if way != Way::Secondary {
            let lacks = targets
                .iter()
                .map(|node| (lack(cluster, at, way, *node), *node));
            let nearest = lacks.min_by_key(|(lack, _)| lack.distance());
            return nearest.map_or(none(Lack::NoNode), |(lack, node)| Obstacle {
                node: Some(node),
                lack,
            });
        }
        let Some(secondary) = instance.secondary else {
            return none(Lack::NoSecondary);
        };
        let found = lack(cluster, at, way, secondary);
        let (node, lack) = match found {
            // What the secondary does not lack the primary does: its disk has to stay there.
            Lack::Nothing => (instance.primary, own(cluster, instance)),
            lack => (secondary, lack),
        };
        Obstacle {
            node: Some(node),
            lack,
        }
    }

    fn make(&mut self, at: usize, outcome: &Outcome, boards: &mut Boards) -> Option<usize> {
        let instance = self.cluster.instances.get(at)?;
        boards.take(self.cluster, instance, outcome);
        let (from, to) = (instance.primary, outcome.primary);
        if !instance.exclusion.is_empty() && from != to {
            self.cluster.tags.left(from, instance);
            self.cluster.tags.came(to, instance);
            self.trail.tags.push((at, Some(from), to));
        }
        if instance.has_secondary && !instance.forthcoming {
            let needed = instance.needed_on_secondary();
            let peers = &mut self.cluster.peers;
            if let Some(secondary) = instance.secondary {
                self.trail.peers.push(peers.entry(secondary, from));
                peers.remove(secondary, from, needed);
            }
            if let Some(secondary) = outcome.secondary {
                self.trail.peers.push(peers.entry(secondary, to));
                peers.add(secondary, to, needed);
            }
        }
        self.keep(outcome);
        Some(outcome.primary)
    }

    fn keep(&mut self, outcome: &Outcome) {
        for (node, figures) in outcome.changed.iter().flatten() {
            if let Some(now) = self.cluster.figures.get_mut(*node) {
                self.trail.figures.push((*node, *now));
                *now = *figures;
            }
        }
    }

    fn put_back(&mut self) {
        let cluster = &mut *self.cluster;
        for (node, figures) in self.trail.figures.drain(..).rev() {
            if let Some(now) = cluster.figures.get_mut(node) {
                *now = figures;
            }
        }
        for entry in self.trail.peers.drain(..).rev() {
            cluster.peers.put_back(entry);
        }
        for (at, from, to) in self.trail.tags.drain(..).rev() {
            let Some(instance) = cluster.instances.get(at) else {
                continue;
            };
            cluster.tags.left(to, instance);
            if let Some(from) = from {
                cluster.tags.came(from, instance);
            }
        }
    }
}

/// What a node lacks to take an instance, in the order of the checks.
fn lack(cluster: &Cluster, at: usize, way: Way, node: usize) -> Lack {
    let (Some(instance), Some(target), Some(now)) = (
        cluster.instances.get(at),
        cluster.nodes.get(node),
        cluster.figures.get(node),
    ) else {
        return Lack::NoNode;
    };
    if way != Way::Anew && !cluster.tags.may_migrate(instance.primary, node) {
        return Lack::Migration;
    }
    let policy = cluster.data.groups.get(target.group).map(|it| &it.policy);
    let loaded = cluster.data.instances.get(at);
    if let (Way::Anew, Some(policy), Some(loaded)) = (way, policy, loaded)
        && let Some(objection) = policy.objects(loaded, target.exclusive)
    {
        return Lack::Policy(objection);
    }
    let left = now.unallocated - instance.taken();
    if left <= 0 {
        return Lack::Memory(1 - left);
    }
    if !instance.local {
        return Lack::Nothing;
    }
    // A half of its disk is on its secondary already.
    let (disk, spindles) = if way == Way::Secondary {
        (0, Some(0))
    } else {
        (instance.disk, instance.spindles)
    };
    let left = now.free_disk - disk;
    let known = instance.spindles.and(spindles);
    if left <= 0 {
        Lack::Disk(1 - left)
    } else if target.exclusive && known.is_none_or(|it| it > now.free_spindles) {
        Lack::Spindles
    } else {
        Lack::Nothing
    }
}

/// What the old primary lacks to be the secondary afterwards.
fn own(cluster: &Cluster, instance: &Instance) -> Lack {
    match cluster.figures.get(instance.primary) {
        Some(now) if now.free_disk <= 0 => Lack::Disk(1 - now.free_disk),
        _ => Lack::Spindles,
    }
}
