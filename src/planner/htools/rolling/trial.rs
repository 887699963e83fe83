//! Instances moved away for trial. Soft checks are off, so that only what a node can hold counts.

use crate::planner::htools::cluster::Cluster;
use crate::planner::htools::instance::Instance;
use crate::planner::htools::node::{Figures, Node};
use crate::planner::htools::operations::{
    Arrival, add_primary, add_secondary, remove_primary, remove_secondary,
};

/// What is kept under a node's index: usually that node.
#[derive(Clone, Debug)]
struct Record {
    /// Whose fixed properties it has.
    node: usize,
    figures: Figures,
    primaries: Vec<usize>,
    secondaries: Vec<usize>,
}

/// Where an instance is.
pub type Place = (usize, Option<usize>);

/// A cluster that instances are moved about in.
#[derive(Clone, Debug)]
pub struct Trial<'a> {
    cluster: &'a Cluster,
    records: Vec<Record>,
    /// Where each instance is now.
    pub places: Vec<Place>,
}

impl<'a> Trial<'a> {
    /// As it is.
    pub fn new(cluster: &'a Cluster) -> Trial<'a> {
        let list = |lists: &[Vec<usize>], at: usize| lists.get(at).cloned().unwrap_or_default();
        let records = cluster
            .figures
            .iter()
            .enumerate()
            .map(|(at, figures)| Record {
                node: at,
                figures: *figures,
                primaries: list(&cluster.primaries, at),
                secondaries: list(&cluster.secondaries, at),
            });
        let places = cluster
            .instances
            .iter()
            .map(|it| (it.primary, it.secondary));
        Trial {
            cluster,
            records: records.collect(),
            places: places.collect(),
        }
    }

    /// Primaries of a node, newest first: those with a secondary, or those without.
    pub fn primaries(&self, node: usize, redundant: bool) -> Vec<usize> {
        let list = self.records.get(node).map(|it| it.primaries.as_slice());
        let list = list.unwrap_or_default().iter().copied();
        list.filter(|at| {
            self.instance(*at)
                .is_some_and(|it| it.has_secondary == redundant)
        })
        .collect()
    }

    /// Secondaries of a node, newest first.
    pub fn secondaries(&self, node: usize) -> Vec<usize> {
        let list = self.records.get(node).map(|it| it.secondaries.clone());
        list.unwrap_or_default()
    }

    fn instance(&self, at: usize) -> Option<&'a Instance> {
        self.cluster.instances.get(at)
    }

    /// A record and the node that it is about.
    fn record(&self, at: usize) -> Option<(&'a Node, &Record)> {
        let record = self.records.get(at)?;
        Some((self.cluster.nodes.get(record.node)?, record))
    }

    fn put(&mut self, at: usize, record: Record) {
        if let Some(slot) = self.records.get_mut(at) {
            *slot = record;
        }
    }

    /// Gives an instance without a secondary another primary. Nothing if that cannot hold it.
    pub fn move_primary(&mut self, at: usize, to: usize) -> Option<()> {
        let (from, secondary) = *self.places.get(at)?;
        let old = self.without_primary(from, at)?;
        let new = self.with_primary(at, &self.record(to)?.1.clone())?;
        self.put(from, old);
        self.put(to, new);
        self.place(at, (to, secondary))
    }

    /// Fails an instance over to its secondary.
    pub fn fail_over(&mut self, at: usize) -> Option<()> {
        let (primary, secondary) = *self.places.get(at)?;
        // Migration tags are nothing to hroller.
        let secondary = secondary?;
        let dead = self.record(primary)?.0.offline;
        let without = self.without_secondary(secondary, at)?;
        let new = self.with_primary(at, &without)?;
        let left = self.without_primary(primary, at)?;
        let old = self.with_secondary(at, &left, dead)?;
        self.put(primary, old);
        self.put(secondary, new);
        self.place(at, (secondary, Some(primary)))
    }

    /// Gives an instance another secondary. Nothing if that cannot hold it.
    pub fn move_secondary(&mut self, at: usize, to: usize) -> Option<()> {
        let (primary, secondary) = *self.places.get(at)?;
        let new = self.with_secondary(at, &self.record(to)?.1.clone(), false)?;
        // The real tool puts the primary, less this secondary, where the old secondary's record was.
        let mistaken = self.without_secondary(primary, at)?;
        self.put(secondary?, mistaken);
        self.put(to, new);
        self.place(at, (primary, Some(to)))
    }

    fn place(&mut self, at: usize, place: Place) -> Option<()> {
        *self.places.get_mut(at)? = place;
        Some(())
    }

    fn without_primary(&self, node: usize, at: usize) -> Option<Record> {
        let (fixed, record) = self.record(node)?;
        let mut out = record.clone();
        out.figures = remove_primary(fixed, &record.figures, self.instance(at)?, 0, 0);
        out.primaries.retain(|it| *it != at);
        Some(out)
    }

    fn with_primary(&self, at: usize, record: &Record) -> Option<Record> {
        let fixed = self.cluster.nodes.get(record.node)?;
        let mut out = record.clone();
        let free = Arrival::default();
        let added = add_primary(fixed, &record.figures, self.instance(at)?, true, free);
        out.figures = added.ok()?;
        out.primaries.insert(0, at);
        Some(out)
    }

    fn without_secondary(&self, node: usize, at: usize) -> Option<Record> {
        let (fixed, record) = self.record(node)?;
        let mut out = record.clone();
        // What stays reserved matters to soft checks only.
        let reserved = record.figures.reserved;
        out.figures = remove_secondary(fixed, &record.figures, self.instance(at)?, reserved);
        out.secondaries.retain(|it| *it != at);
        Some(out)
    }

    fn with_secondary(&self, at: usize, record: &Record, ignore_disks: bool) -> Option<Record> {
        let fixed = self.cluster.nodes.get(record.node)?;
        let mut out = record.clone();
        let instance = self.instance(at)?;
        let added = add_secondary(fixed, &record.figures, instance, true, ignore_disks, 0);
        out.figures = added.ok()?;
        out.secondaries.insert(0, at);
        Some(out)
    }

    /// The group of the node whose record is there.
    pub fn group(&self, at: usize) -> Option<usize> {
        Some(self.record(at)?.0.group)
    }
}
