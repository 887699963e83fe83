//! The cluster score: twenty components with their weights. Lower is better.
//!
//! Sums run in the order of the nodes, and the total in the order of the components: two scores are compared to their
//! last bit, so another order would choose other moves.

use std::collections::HashMap;

use super::board::Board;
use super::cluster::Cluster;
use super::node::{Figures, Node};

/// Names and weights of the components, in the order of summation.
pub const COMPONENTS: [(&str, f64); 20] = [
    ("free_mem_cv", 0.5),
    ("free_disk_cv", 0.5),
    ("n1_cnt", 1.0),
    ("reserved_mem_cv", 1.0),
    ("offline_all_cnt", 4.0),
    ("offline_pri_cnt", 16.0),
    ("vcpu_ratio_cv", 0.5),
    ("cpu_load_cv", 1.0),
    ("mem_load_cv", 1.0),
    ("disk_load_cv", 1.0),
    ("net_load_cv", 1.0),
    ("pri_tags_score", 2.0),
    ("spindles_cv", 0.5),
    ("free_mem_cv_forth", 0.5),
    ("free_disk_cv_forth", 0.5),
    ("vcpu_ratio_cv_forth", 0.5),
    ("spindles_cv_forth", 0.5),
    ("location_score", 1.0),
    ("location_exclusion_score", 1.0),
    ("reserved_mem_rtotal", 0.25),
];

/// Values that count by how far they are spread over the nodes.
pub const SPREADS: usize = 13;

/// The component that each of the spread values belongs to. First those that a new secondary leaves alone, last
/// those it changes.
pub const SPREAD_ROWS: [usize; SPREADS] = [0, 13, 6, 15, 7, 8, 10, 1, 14, 12, 16, 9, 3];

/// Position of the reserved memory among the spread values; it is summed up too.
pub const RESERVED: usize = 12;

/// A node's spread values, in the order of [`SPREAD_ROWS`].
pub fn spread_values(node: &Node, now: &Figures) -> [f64; SPREADS] {
    [
        now.memory_part(node),
        now.memory_part_later(node),
        now.cpu_part(node) / node.speed,
        now.cpu_part_later(node) / node.speed,
        now.load[0],
        now.load[1],
        now.load[3],
        now.disk_part(node),
        now.disk_part_later(node),
        now.spindle_use as f64 / node.most_spindle_use,
        now.spindle_use_later as f64 / node.most_spindle_use,
        now.load[2],
        now.reserved_part(node),
    ]
}

/// What is counted and not spread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Instances on online nodes that fail N+1.
    pub n1: i64,
    /// Instances on offline nodes.
    pub offline: i64,
    /// Primaries on offline nodes.
    pub offline_primaries: i64,
    /// Conflicting primaries on online nodes.
    pub conflicts: i64,
    /// Location score of online nodes.
    pub location: i64,
}

impl Counts {
    /// What one node counts.
    pub fn of(node: &Node, now: &Figures) -> Counts {
        let all = now.primaries + now.secondaries;
        if node.offline {
            Counts {
                offline: all,
                offline_primaries: now.primaries,
                ..Counts::default()
            }
        } else {
            Counts {
                n1: if now.fails_n1 { all } else { 0 },
                conflicts: now.conflicts,
                location: now.location,
                ..Counts::default()
            }
        }
    }

    /// Both together, or one less the other.
    pub fn plus(self, other: Counts, sign: i64) -> Counts {
        Counts {
            n1: self.n1 + sign * other.n1,
            offline: self.offline + sign * other.offline,
            offline_primaries: self.offline_primaries + sign * other.offline_primaries,
            conflicts: self.conflicts + sign * other.conflicts,
            location: self.location + sign * other.location,
        }
    }
}

/// Values of all components, or nothing where no node is online.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score(pub Option<[f64; 20]>);

impl Score {
    /// The weighted sum.
    pub fn total(&self) -> f64 {
        let Some(values) = self.0 else {
            return 0.0;
        };
        let weighted = COMPONENTS.iter().zip(values);
        weighted.fold(0.0, |sum, ((_, weight), value)| sum + weight * value)
    }

    /// Puts the values together.
    pub fn of(
        deviations: &[f64; SPREADS],
        counts: Counts,
        shared_locations: i64,
        reserved: f64,
    ) -> Score {
        let mut values = [0.0; 20];
        for (row, deviation) in SPREAD_ROWS.into_iter().zip(deviations) {
            values[row] = *deviation;
        }
        values[2] = counts.n1 as f64;
        values[4] = counts.offline as f64;
        values[5] = counts.offline_primaries as f64;
        values[11] = counts.conflicts as f64;
        values[17] = counts.location as f64;
        values[18] = shared_locations as f64;
        values[19] = reserved;
        Score(Some(values))
    }
}

/// Standard deviations over rows of values, and the sum of the reserved memory.
pub fn deviations(rows: &[[f64; SPREADS]]) -> ([f64; SPREADS], f64) {
    let n = rows.len() as f64;
    let mut sums = [0.0; SPREADS];
    for row in rows {
        for (sum, value) in sums.iter_mut().zip(row) {
            *sum += value;
        }
    }
    let reserved = sums[RESERVED];
    let means = sums.map(|sum| sum / n);
    let mut squares = [0.0; SPREADS];
    for row in rows {
        for ((square, value), mean) in squares.iter_mut().zip(row).zip(means) {
            *square += (value - mean) * (value - mean);
        }
    }
    (squares.map(|square| (square / n).sqrt()), reserved)
}

/// The score of some of the nodes, given in the order of their indices.
pub fn score(cluster: &Cluster, nodes: &[usize]) -> Score {
    Board::new(cluster, nodes).score()
}

/// How many primaries with an exclusion tag there are at each location tag, on the online ones of these nodes.
pub fn shared_locations(cluster: &Cluster, nodes: &[usize]) -> HashMap<(u32, u32), i64> {
    let mut out = HashMap::new();
    for at in nodes {
        if cluster.nodes.get(*at).is_none_or(|node| node.offline) {
            continue;
        }
        for location in cluster.tags.location(*at) {
            for (tag, count) in cluster.tags.real_exclusion(*at) {
                *out.entry((*location, tag)).or_insert(0) += count;
            }
        }
    }
    out
}

/// The lowest score that reservations for N+1 allow. Used for stopping only.
pub fn optimum(cluster: &Cluster, nodes: &[usize]) -> f64 {
    if nodes.len() < 2 {
        return 0.0;
    }
    let (mut total, mut most, mut reserved) = (0.0, f64::NEG_INFINITY, 0);
    for at in nodes {
        if let Some(node) = cluster.nodes.get(*at) {
            total += node.total_memory;
            most = node.total_memory.max(most);
            reserved += cluster.peers.row(*at).iter().sum::<i64>();
        }
    }
    let others = total - most;
    if others == 0.0 {
        return 0.0;
    }
    let reserved = reserved as f64;
    0.25 * (reserved / others - reserved / total)
}
