//! The score of a group kept at hand, so that the exact score after a move costs two passes over plain numbers.

use std::collections::HashMap;

use super::cluster::Cluster;
use super::instance::Instance;
use super::moves::Outcome;
use super::node::Figures;
use super::score::{Counts, SPREADS, Score, deviations, shared_locations, spread_values};
use super::tags::Tags;

/// What scores are made of, for the nodes of a group.
#[derive(Clone, Debug)]
pub struct Board {
    /// For each node of the cluster, its row, if it is an online one of the group.
    places: Vec<Option<u32>>,
    /// For each node of the cluster, whether it is in the group.
    inside: Vec<bool>,
    rows: Vec<[f64; SPREADS]>,
    counts: Counts,
    /// Primaries by location tag and exclusion tag.
    shared: HashMap<(u32, u32), i64>,
    /// Those that are not alone.
    sharing: i64,
    /// There are location tags.
    locations: bool,
}

impl Board {
    /// A board for these nodes, which are in the order of their indices.
    pub fn new(cluster: &Cluster, nodes: &[usize]) -> Board {
        let count = cluster.nodes.len();
        let locations = cluster.tags.any_location();
        let shared = if locations {
            shared_locations(cluster, nodes)
        } else {
            HashMap::new()
        };
        let mut board = Board {
            places: vec![None; count],
            inside: vec![false; count],
            rows: Vec::with_capacity(nodes.len()),
            counts: Counts::default(),
            sharing: shared.values().map(|count| count - 1).sum(),
            shared,
            locations,
        };
        for at in nodes {
            let (Some(node), Some(now)) = (cluster.nodes.get(*at), cluster.figures.get(*at)) else {
                continue;
            };
            board.inside[*at] = true;
            board.counts = board.counts.plus(Counts::of(node, now), 1);
            if !node.offline {
                board.places[*at] = Some(board.rows.len() as u32);
                board.rows.push(spread_values(node, now));
            }
        }
        board
    }

    /// How many nodes are online.
    pub fn online(&self) -> usize {
        self.rows.len()
    }

    /// Rows of the online nodes.
    pub fn rows(&self) -> &[[f64; SPREADS]] {
        &self.rows
    }

    /// What is counted and not spread.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Primaries that are not alone with an exclusion tag at a location.
    pub fn sharing(&self) -> i64 {
        self.sharing
    }

    /// The row of a node, if it is an online one of the group.
    pub fn place(&self, node: usize) -> Option<usize> {
        let place = self.places.get(node).copied().flatten();
        place.map(|place| place as usize)
    }

    /// Whether a node is in the group.
    pub fn inside(&self, node: usize) -> bool {
        self.inside.get(node).copied().unwrap_or(false)
    }

    /// There are location tags, so that exclusion tags are counted by location.
    pub fn has_locations(&self) -> bool {
        self.locations
    }

    /// The score as it is.
    pub fn score(&self) -> Score {
        self.total(self.counts, self.sharing)
    }

    fn total(&self, counts: Counts, sharing: i64) -> Score {
        if self.rows.is_empty() {
            return Score(None);
        }
        let (deviations, reserved) = deviations(&self.rows);
        Score::of(&deviations, counts, sharing, reserved)
    }

    /// The score if these nodes looked like that. The board is as before afterwards.
    pub fn score_with(&mut self, cluster: &Cluster, instance: &Instance, outcome: &Outcome) -> f64 {
        let mut before: [Option<(usize, [f64; SPREADS])>; 3] = [None; 3];
        let mut counts = self.counts;
        for (kept, (at, new)) in before.iter_mut().zip(outcome.changed.iter().flatten()) {
            counts = counts.plus(self.difference(cluster, *at, new), 1);
            let (Some(place), Some(node)) = (self.place(*at), cluster.nodes.get(*at)) else {
                continue;
            };
            if let Some(row) = self.rows.get_mut(place) {
                *kept = Some((place, *row));
                *row = spread_values(node, new);
            }
        }
        let sharing = self.sharing + self.sharing_change(cluster, instance, outcome.primary);
        let score = self.total(counts, sharing).total();
        for (place, row) in before.into_iter().flatten() {
            if let Some(slot) = self.rows.get_mut(place) {
                *slot = row;
            }
        }
        score
    }

    fn difference(&self, cluster: &Cluster, at: usize, new: &Figures) -> Counts {
        let (Some(node), Some(old)) = (cluster.nodes.get(at), cluster.figures.get(at)) else {
            return Counts::default();
        };
        if !self.inside(at) {
            return Counts::default();
        }
        Counts::of(node, new).plus(Counts::of(node, old), -1)
    }

    /// By how much the primaries that share a location change when an instance gets this primary node.
    pub fn sharing_change(&mut self, cluster: &Cluster, instance: &Instance, to: usize) -> i64 {
        if !self.locations || instance.exclusion.is_empty() || instance.forthcoming {
            return 0;
        }
        let from = instance.primary;
        if from == to {
            return 0;
        }
        let before = self.sharing;
        self.share(&cluster.tags, instance, from, -1);
        self.share(&cluster.tags, instance, to, 1);
        let change = self.sharing - before;
        self.share(&cluster.tags, instance, to, -1);
        self.share(&cluster.tags, instance, from, 1);
        change
    }

    /// Counts an instance's exclusion tags at the locations of a node as its primary, or no longer.
    pub fn share(&mut self, tags: &Tags, instance: &Instance, node: usize, sign: i64) {
        if self.place(node).is_none() {
            return;
        }
        for location in tags.location(node) {
            for tag in &instance.exclusion {
                let count = self.shared.entry((*location, *tag)).or_insert(0);
                let old = (*count - 1).max(0);
                *count += sign;
                self.sharing += (*count - 1).max(0) - old;
            }
        }
    }

    /// Takes a move in, before the cluster makes it.
    pub fn take(&mut self, cluster: &Cluster, instance: &Instance, outcome: &Outcome) {
        for (at, new) in outcome.changed.iter().flatten() {
            self.counts = self.counts.plus(self.difference(cluster, *at, new), 1);
            let (Some(place), Some(node)) = (self.place(*at), cluster.nodes.get(*at)) else {
                continue;
            };
            if let Some(row) = self.rows.get_mut(place) {
                *row = spread_values(node, new);
            }
        }
        if self.locations && !instance.forthcoming && instance.primary != outcome.primary {
            self.share(&cluster.tags, instance, instance.primary, -1);
            self.share(&cluster.tags, instance, outcome.primary, 1);
        }
    }
}
