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
use crate::planner::htools::policy::Template;

/// Tries to evacuate nodes, and puts everything back each time.
pub struct Evacuation<'a> {
    cluster: &'a mut Cluster,
    nodes: &'a [usize],
    trail: Trail,
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
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Secondary,
    Anywhere,
    Anew,
}

impl Way {
    fn of(template: Template) -> Way {
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
        }
    }

    /// Nodes that cannot be evacuated, by index.
    pub fn stuck(&mut self) -> Vec<usize> {
        let nodes = self.nodes.iter().copied();
        nodes.filter(|node| !self.possible(*node)).collect()
    }

    /// Whether a node can be evacuated.
    pub fn possible(&mut self, node: usize) -> bool {
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
        let possible = drbd.into_iter().all(|at| self.fail_over(at, &mut boards))
            && any
                .into_iter()
                .all(|at| self.move_anywhere(at, &targets, &mut boards))
            && anew
                .into_iter()
                .all(|at| self.create_anew(at, &targets, &mut boards));
        self.put_back();
        possible
    }

    fn fail_over(&mut self, at: usize, boards: &mut Boards) -> bool {
        match self.cluster.outcome(at, Move::Failover, true) {
            Ok(outcome) => self.make(at, &outcome, boards),
            Err(_) => false,
        }
    }

    fn move_anywhere(&mut self, at: usize, targets: &[usize], boards: &mut Boards) -> bool {
        let cluster = &*self.cluster;
        let Some(instance) = cluster.instances.get(at) else {
            return false;
        };
        let to = |node| cluster.outcome(at, Move::FailoverToAny(node), true).ok();
        let found = boards.group.as_mut();
        match found.and_then(|board| best(cluster, board, instance, targets, to)) {
            Some(outcome) => self.make(at, &outcome, boards),
            None => false,
        }
    }

    /// A new instance like this one; the old one stays where it is, as nothing can be got from there.
    fn create_anew(&mut self, at: usize, targets: &[usize], boards: &mut Boards) -> bool {
        let cluster = &*self.cluster;
        let (Some(instance), Some(loaded)) =
            (cluster.instances.get(at), cluster.data.instances.get(at))
        else {
            return false;
        };
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
        let found = boards.all.as_mut();
        let found = found.and_then(|board| best(cluster, board, &instance, targets, to));
        let Some(outcome) = found else {
            return false;
        };
        boards.take(self.cluster, &instance, &outcome);
        self.keep(&outcome);
        if !instance.exclusion.is_empty() {
            self.cluster.tags.came(outcome.primary, &instance);
            self.trail.tags.push((at, None, outcome.primary));
        }
        true
    }

    fn make(&mut self, at: usize, outcome: &Outcome, boards: &mut Boards) -> bool {
        let Some(instance) = self.cluster.instances.get(at) else {
            return false;
        };
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
        true
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

/// The lowest score wins; among equal ones the last node.
fn best(
    cluster: &Cluster,
    board: &mut Board,
    instance: &Instance,
    targets: &[usize],
    outcome: impl Fn(usize) -> Option<Outcome>,
) -> Option<Outcome> {
    let mut best: Option<(f64, Outcome)> = None;
    for outcome in targets.iter().filter_map(|node| outcome(*node)) {
        let score = board.score_with(cluster, instance, &outcome);
        if best.as_ref().is_none_or(|(least, _)| score <= *least) {
            best = Some((score, outcome));
        }
    }
    best.map(|(_, outcome)| outcome)
}
