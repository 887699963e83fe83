//! Global N+1: whether all primaries of a node can be started elsewhere, one after the other.
//!
//! As in the real tools, offline nodes are not left out, neither as what dies nor as where instances go.

use crate::planner::htools::balance::Scope;
use crate::planner::htools::board::Board;
use crate::planner::htools::cluster::Cluster;
use crate::planner::htools::moves::{Move, Outcome};
use crate::planner::htools::operations::add_primary;
use crate::planner::htools::policy::{Template, Use};

/// Tries to evacuate nodes of a group, and puts everything back each time.
pub struct Evacuation<'a> {
    cluster: &'a Cluster,
    scope: &'a Scope,
    trial: Cluster,
    board: Board,
    nodes: Vec<usize>,
    instances: Vec<usize>,
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

impl<'a> Evacuation<'a> {
    /// Within this group.
    pub fn new(cluster: &'a Cluster, scope: &'a Scope) -> Evacuation<'a> {
        Evacuation {
            cluster,
            scope,
            trial: cluster.clone(),
            board: Board::new(cluster, &scope.nodes),
            nodes: Vec::new(),
            instances: Vec::new(),
        }
    }

    /// Nodes that cannot be evacuated, by index.
    pub fn stuck(&mut self) -> Vec<usize> {
        let nodes = self.scope.nodes.iter().copied();
        nodes.filter(|node| !self.possible(*node)).collect()
    }

    /// Whether a node can be evacuated.
    pub fn possible(&mut self, node: usize) -> bool {
        let primaries = self
            .cluster
            .primaries
            .get(node)
            .cloned()
            .unwrap_or_default();
        let template = |at: usize| self.cluster.data.instances.get(at).map(|it| it.template);
        let way = |at: usize| template(at).map_or(Way::Anew, Way::of);
        let of = |wanted: Way| {
            let all = primaries.iter().copied();
            all.filter(|at| way(*at) == wanted).collect::<Vec<_>>()
        };
        let (drbd, any, mut anew) = (of(Way::Secondary), of(Way::Anywhere), of(Way::Anew));
        let memory = |at: &usize| self.cluster.instances.get(*at).map_or(0, |it| it.memory);
        anew.sort_by_key(|at| std::cmp::Reverse(memory(at)));
        let scored = !any.is_empty() || !anew.is_empty();
        let possible = drbd.into_iter().all(|at| self.fail_over(at, scored))
            && any.into_iter().all(|at| self.move_anywhere(at, node))
            && anew.into_iter().all(|at| self.create_anew(at, node));
        self.put_back(scored);
        possible
    }

    fn fail_over(&mut self, at: usize, scored: bool) -> bool {
        match self.trial.outcome(at, Move::Failover, true) {
            Ok(outcome) => {
                self.make(at, &outcome, scored);
                true
            }
            Err(_) => false,
        }
    }

    fn make(&mut self, at: usize, outcome: &Outcome, scored: bool) {
        if let Some(instance) = self.trial.instances.get(at).filter(|_| scored) {
            self.board.take(&self.trial, instance, outcome);
        }
        self.trial.make(at, outcome);
        self.touched(outcome);
        self.instances.push(at);
    }

    fn touched(&mut self, outcome: &Outcome) {
        for (node, _) in outcome.changed.iter().flatten() {
            if !self.nodes.contains(node) {
                self.nodes.push(*node);
            }
        }
    }

    /// The lowest score wins; among equal ones the last node.
    fn best(
        &mut self,
        at: usize,
        from: usize,
        outcome: impl Fn(&Cluster, usize) -> Option<Outcome>,
    ) -> Option<Outcome> {
        let instance = self.trial.instances.get(at)?;
        let group = self.trial.nodes.get(from)?.group;
        let mut best: Option<(f64, Outcome)> = None;
        for node in &self.scope.nodes {
            let inside = self
                .trial
                .nodes
                .get(*node)
                .is_some_and(|it| it.group == group);
            if *node == from || !inside {
                continue;
            }
            let Some(outcome) = outcome(&self.trial, *node) else {
                continue;
            };
            let score = self.board.score_with(&self.trial, instance, &outcome);
            if best.as_ref().is_none_or(|(least, _)| score <= *least) {
                best = Some((score, outcome));
            }
        }
        best.map(|(_, outcome)| outcome)
    }

    fn move_anywhere(&mut self, at: usize, from: usize) -> bool {
        let to = |trial: &Cluster, node| trial.outcome(at, Move::FailoverToAny(node), true).ok();
        match self.best(at, from, to) {
            Some(outcome) => {
                self.make(at, &outcome, true);
                true
            }
            None => false,
        }
    }

    /// A new instance like this one; the old one stays where it is, as nothing can be got from there.
    fn create_anew(&mut self, at: usize, from: usize) -> bool {
        let template = self.cluster.data.instances.get(at).map(|it| it.template);
        let to = |trial: &Cluster, at_node: usize| {
            let (instance, node) = (trial.instances.get(at)?, trial.nodes.get(at_node)?);
            let policy = trial.data.groups.get(node.group).map(|it| &it.policy)?;
            let wanted = if node.exclusive {
                Use::Exclusive(instance.spindles)
            } else {
                Use::Shared(instance.spindle_use)
            };
            let (memory, cpus, disk) = (instance.memory, instance.vcpus, instance.disk);
            if !policy.takes(memory, cpus, disk, template?, wanted) {
                return None;
            }
            let arrival = trial.arrival(instance, at_node, None);
            let before = trial.figures.get(at_node)?;
            let figures = add_primary(node, before, instance, true, arrival).ok()?;
            Some(Outcome {
                changed: [Some((at_node, figures)), None, None],
                primary: at_node,
                secondary: None,
                location: 0,
            })
        };
        let Some(outcome) = self.best(at, from, to) else {
            return false;
        };
        self.touched(&outcome);
        let Some(instance) = self.trial.instances.get(at) else {
            return false;
        };
        self.board.take(&self.trial, instance, &outcome);
        self.trial.tags.came(outcome.primary, instance);
        for (node, figures) in outcome.changed.iter().flatten() {
            if let Some(now) = self.trial.figures.get_mut(*node) {
                *now = *figures;
            }
        }
        true
    }

    fn put_back(&mut self, scored: bool) {
        let (trial, cluster) = (&mut self.trial, self.cluster);
        for at in self.instances.drain(..) {
            if let (Some(now), Some(before)) =
                (trial.instances.get_mut(at), cluster.instances.get(at))
            {
                now.primary = before.primary;
                now.secondary = before.secondary;
                now.location = before.location;
            }
        }
        for node in self.nodes.drain(..) {
            trial.copy_node(cluster, node);
        }
        if scored {
            self.board = Board::new(cluster, &self.scope.nodes);
        }
    }
}
