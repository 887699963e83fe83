//! A node that a move changes, and what is counted on it.

use super::lanes::{Lane, Lanes};
use crate::planner::htools::board::Board;
use crate::planner::htools::cluster::Cluster;
use crate::planner::htools::node::{Figures, Node};

/// Weights of what is counted.
const OFFLINE: f64 = 4.0;
const OFFLINE_PRIMARY: f64 = 16.0;

/// A node that a move changes.
pub struct Place<'a> {
    /// Its index.
    pub at: usize,
    /// What is fixed of it.
    pub node: &'a Node,
    /// Its figures.
    pub now: &'a Figures,
    /// Its values.
    pub lane: &'a Lane,
}

impl<'a> Place<'a> {
    /// A node by its index.
    pub fn of(
        cluster: &'a Cluster,
        lanes: &'a Lanes,
        board: &Board,
        at: usize,
    ) -> Option<Place<'a>> {
        Some(Place {
            at,
            node: cluster.nodes.get(at)?,
            now: cluster.figures.get(at)?,
            lane: lanes.lane(board.place(at)),
        })
    }

    /// Instances that fail N+1 when it holds so many, against what it has now.
    pub fn n1(&self, fails: bool, more: i64) -> f64 {
        if self.node.offline {
            return 0.0;
        }
        let count = self.now.primaries + self.now.secondaries;
        let before = if self.now.fails_n1 { count } else { 0 };
        let after = if fails { count + more } else { 0 };
        (after - before) as f64
    }

    /// What offline nodes count, when so many leave.
    pub fn left(&self, all: f64, primaries: f64) -> f64 {
        if self.node.offline {
            -(OFFLINE * all + OFFLINE_PRIMARY * primaries)
        } else {
            0.0
        }
    }
}
