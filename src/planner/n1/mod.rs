//! N+1: whether all instances could start again if any one node died. There are three answers, by name:
//!
//! - `verify`: what `gnt-cluster verify` says (`ENODEN1`): least memory of the auto-balanced instances against the free
//!   memory that their secondary reports;
//! - `fail_n1`: what hbal and hcheck say (`N1_FAIL`): their full memory against the same (Ganeti 3.0), or against what the
//!   node's records leave unpromised (3.1);
//! - `GN1`: what hcheck says besides (`GN1_FAIL`): whether all primaries of a node can be put up elsewhere, one after
//!   the other, those on shared and on plain storage too.
//!
//! All are held for all nodes at once, and after a change only what it touches is looked at again.

mod check;
mod grid;
mod ground;
pub mod report;
mod rest;
mod stranded;
mod tally;
#[cfg(test)]
pub(super) mod tests;
mod trial;
pub mod words;

pub use ground::Ground;
pub use report::Report;
pub use stranded::{Danger, Stranded};

use crate::planner::htools::balance::Scope;
use crate::planner::htools::cluster::Cluster;
use crate::planner::htools::data::Data;
use crate::planner::htools::live::Unknown;
use crate::planner::htools::moves::Outcome;
use crate::planner::htools::{N1Rule, Setup};

use grid::Grid;
use rest::Rest;

/// Free disk that counts where nobody told any, MiB.
const UNTOLD_DISK: i64 = 1 << 40;

/// When more nodes than that report at once, sums over the nodes are made anew rather than kept up.
const FEW: usize = 4;

/// What N+1 says, worst last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It holds.
    #[default]
    Holds,
    /// It depends on a node of which the figures are not known.
    Unknown,
    /// It does not.
    Fails,
}

/// Which N+1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// That of `gnt-cluster verify`.
    Verify,
    /// That of hbal and hcheck.
    FailN1,
    /// The global one of hcheck.
    Global,
}

impl Kind {
    /// All, in the order of their index.
    pub const ALL: [Kind; 3] = [Kind::Verify, Kind::FailN1, Kind::Global];

    /// Ganeti's name for it.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Verify => "verify",
            Kind::FailN1 => "fail_n1",
            Kind::Global => "GN1",
        }
    }
}

/// What one node would have to hold of another's instances.
#[derive(Clone, Copy, Debug, Default)]
struct Share {
    /// Least memory of the auto-balanced ones, MiB.
    least: i64,
    /// How many those are.
    balanced: u32,
    /// Memory that those of DRBD take, MiB.
    memory: i64,
    /// How many those are.
    drbd: u32,
    /// Of them, with spindles that nobody counted.
    uncounted: u32,
}

/// N+1 of a cluster.
#[derive(Clone, Debug)]
pub struct N1 {
    cluster: Cluster,
    ground: Ground,
    /// Nodes of each group.
    groups: Vec<Vec<usize>>,
    /// What each node would hold of each other's: the holding node first.
    shares: Vec<Share>,
    verify: Grid,
    fail_n1: Grid,
    drbd: Grid,
    /// Primaries that have no disk on a second node, of each node.
    rests: Vec<Rest>,
    /// Room to work in.
    touched: Vec<usize>,
}

impl N1 {
    /// Of a live cluster at one moment, and what of it is not known. That stays so.
    ///
    /// # Errors
    /// If it cannot be reckoned with.
    pub fn told(mut data: Data, ground: Ground, unknown: &[Unknown]) -> Result<N1, String> {
        for (node, no_disk) in data.nodes.iter_mut().zip(&ground.no_disk) {
            if *no_disk {
                // What DRBD needs is there already; who needs more asks whether it is known.
                node.free_disk = UNTOLD_DISK;
            }
        }
        for group in &mut data.groups {
            let what = format!("group {}", group.name);
            if unknown.iter().any(|it| it.what == what) {
                // A policy that is not known forbids nothing.
                group.policy.ranges.clear();
            }
        }
        N1::new(data, ground)
    }

    /// Of a cluster as loaded, of which everything is known. Instances have no least memory of their own there.
    ///
    /// # Errors
    /// If it cannot be reckoned with.
    pub fn of(data: Data, rule: N1Rule) -> Result<N1, String> {
        let ground = Ground::of(&data, rule);
        N1::new(data, ground)
    }

    fn new(data: Data, ground: Ground) -> Result<N1, String> {
        let setup = Setup {
            n1: ground.rule,
            ..Setup::default()
        };
        Ok(N1::over(Cluster::new(data, &setup)?, ground))
    }

    /// From scratch, over a cluster as it is.
    pub(super) fn over(cluster: Cluster, ground: Ground) -> N1 {
        let nodes = cluster.nodes.len();
        let groups = (0..cluster.data.groups.len()).map(|at| Scope::group(&cluster, at).nodes);
        let mut n1 = N1 {
            groups: groups.collect(),
            shares: vec![Share::default(); nodes * nodes],
            verify: Grid::new(nodes),
            fail_n1: Grid::new(nodes),
            drbd: Grid::new(nodes),
            rests: Vec::with_capacity(nodes),
            touched: Vec::new(),
            cluster,
            ground,
        };
        n1.look_anew();
        n1
    }

    /// Judges everything from scratch.
    pub fn look_anew(&mut self) {
        let nodes = self.cluster.nodes.len();
        self.shares.fill(Share::default());
        self.rests.clear();
        for at in 0..self.cluster.instances.len() {
            self.share(at, 1);
        }
        for at in 0..nodes {
            self.hold(at);
            let rest = Rest::of(&self.cluster, at);
            self.rests.push(rest);
        }
        for at in 0..nodes {
            self.settle(at);
        }
    }

    /// The cluster as it is reckoned with.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// What is known besides.
    pub fn ground(&self) -> &Ground {
        &self.ground
    }

    /// The rule of this Ganeti for `fail_n1`.
    pub fn rule(&self) -> N1Rule {
        self.ground.rule
    }

    /// What each kind says of the death of a node, in the order of [`Kind::ALL`].
    pub fn if_it_dies(&self, node: usize) -> [Verdict; 3] {
        let drbd = match self.own_trouble(node) {
            true => Verdict::Fails,
            false => self.drbd.dies(node),
        };
        let rest = self.rests.get(node).map_or(Verdict::Holds, |it| it.verdict);
        let global = if drbd == Verdict::Holds { rest } else { drbd };
        [self.verify.dies(node), self.fail_n1.dies(node), global]
    }

    /// Nodes that `verify` or `fail_n1` blames: those that could not take over.
    pub fn cannot_take_over(&self, node: usize, kind: Kind) -> bool {
        let figures = self.cluster.figures.get(node);
        match kind {
            Kind::Verify => self.verify.holds(node) == Verdict::Fails,
            Kind::FailN1 => {
                let online = self.cluster.nodes.get(node).is_some_and(|it| !it.offline);
                online && figures.is_some_and(|it| it.fails_n1)
            }
            Kind::Global => false,
        }
    }

    /// A node of which nothing is needed: it is marked offline, or runs no instances by configuration.
    pub fn is_marked(&self, node: usize) -> bool {
        self.ground.marked.get(node).copied().unwrap_or(true)
    }

    /// Why a node's figures are not known.
    pub fn unknown(&self, node: usize) -> Option<&str> {
        self.ground.unknown.get(node)?.as_deref()
    }

    /// Makes a move whose outcome is known, and looks again at what it touches.
    pub fn make(&mut self, at: usize, outcome: &Outcome) {
        let Some((from, taken)) = self
            .cluster
            .instances
            .get(at)
            .map(|it| (it.primary, it.taken()))
        else {
            return;
        };
        self.touched.clear();
        for (node, _) in outcome.changed.iter().flatten() {
            if !self.touched.contains(node) {
                self.touched.push(*node);
            }
        }
        let touched = std::mem::take(&mut self.touched);
        touched.iter().for_each(|node| self.weigh(*node, -1));
        self.share(at, -1);
        self.cluster.make(at, outcome);
        self.share(at, 1);
        touched.iter().for_each(|node| self.weigh(*node, 1));
        if from != outcome.primary {
            for (node, change) in [(from, taken), (outcome.primary, -taken)] {
                if let Some(free) = self.ground.free.get_mut(node) {
                    *free = free.saturating_add(change);
                }
            }
        }
        for node in &touched {
            if let Some(moved) = self.ground.moved.get_mut(*node) {
                *moved = true;
            }
        }
        for node in [from, outcome.primary] {
            let rest = Rest::of(&self.cluster, node);
            if let Some(old) = self.rests.get_mut(node) {
                *old = rest;
            }
        }
        self.touched = touched;
        self.look_again();
    }

    /// A node reports another free memory, MiB.
    pub fn report(&mut self, at: usize, free: i64) {
        self.report_all(&[(at, free)]);
    }

    /// Likewise of several nodes.
    pub fn report_all(&mut self, told: &[(usize, i64)]) {
        self.touched.clear();
        if told.len() > FEW {
            self.rests.iter_mut().for_each(|it| it.tally = None);
        }
        for (at, free) in told {
            self.weigh(*at, -1);
            self.told_free(*at, *free);
            self.weigh(*at, 1);
        }
        self.look_again();
    }

    fn told_free(&mut self, at: usize, free: i64) {
        let (Some(node), Some(now), Some(known)) = (
            self.cluster.nodes.get_mut(at),
            self.cluster.figures.get_mut(at),
            self.ground.free.get_mut(at),
        ) else {
            return;
        };
        let change = free.saturating_sub(*known);
        *known = free;
        node.free_memory = node.free_memory.saturating_add(change);
        let recorded = node.total_memory as i64 - node.node_memory - now.instance_memory;
        node.missing_memory = recorded.saturating_sub(free);
        now.unallocated = node.unallocated(now.instance_memory);
        now.free_memory_later = now.free_memory_later.saturating_add(change);
        let moved = self.ground.moved.get(at).copied().unwrap_or(false);
        now.fails_n1 = match self.ground.rule {
            N1Rule::Reported if !moved => node.free_memory < now.reserved,
            _ => now.unallocated <= now.reserved,
        };
        self.touched.push(at);
    }

    /// A node is gone: it takes nobody, whatever it had.
    pub(super) fn bury(&mut self, at: usize) {
        self.weigh(at, -1);
        if let Some(node) = self.cluster.nodes.get_mut(at) {
            node.offline = true;
        }
        if let Some(now) = self.cluster.figures.get_mut(at) {
            now.unallocated = now.unallocated.min(0);
            now.fails_n1 = true;
        }
        if let Some(marked) = self.ground.marked.get_mut(at) {
            *marked = true;
        }
        self.weigh(at, 1);
        self.touched.clear();
        self.touched.push(at);
        self.look_again();
    }

    /// Judges anew what depends on the nodes that were touched.
    fn look_again(&mut self) {
        let touched = std::mem::take(&mut self.touched);
        for node in &touched {
            self.hold(*node);
        }
        let group = |at: usize, n1: &N1| n1.cluster.nodes.get(at).map(|it| it.group);
        for at in 0..self.rests.len() {
            let near =
                |it: &usize| group(*it, self) == group(at, self) || self.shared(*it, at).drbd > 0;
            if touched.iter().any(near) {
                self.settle(at);
            }
        }
        self.touched = touched;
    }

    /// Adds what an instance's secondary would have to hold, or takes it away.
    fn share(&mut self, at: usize, sign: i64) {
        let nodes = self.cluster.nodes.len();
        let Some(instance) = self.cluster.instances.get(at) else {
            return;
        };
        let Some(secondary) = instance.secondary.filter(|_| !instance.forthcoming) else {
            return;
        };
        let place = secondary
            .saturating_mul(nodes)
            .saturating_add(instance.primary);
        let Some(share) = self.shares.get_mut(place) else {
            return;
        };
        let count = |n: &mut u32| *n = n.saturating_add_signed(sign as i32);
        if instance.auto_balance {
            let least = self.ground.minmem.get(at).copied().unwrap_or(0);
            share.least += sign * least;
            count(&mut share.balanced);
        }
        if instance.has_secondary {
            share.memory += sign * instance.taken();
            count(&mut share.drbd);
            if instance.spindles.is_none() {
                count(&mut share.uncounted);
            }
        }
    }

    fn shared(&self, holds: usize, dies: usize) -> Share {
        let place = holds * self.cluster.nodes.len() + dies;
        self.shares.get(place).copied().unwrap_or_default()
    }
}
