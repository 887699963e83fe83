//! Nodes by the values whose spread counts, each as its distance from the mean and by how much one unit of a size
//! changes it. All is scaled so that the square root of a sum of squares is what the score counts.

use crate::planner::htools::balance::Scope;
use crate::planner::htools::board::Board;
use crate::planner::htools::cluster::Cluster;
use crate::planner::htools::instance::Instance;
use crate::planner::htools::score::{COMPONENTS, RESERVED, SPREAD_ROWS, SPREADS};

/// Values that only primaries change: memory, processors, three loads; the last is always zero.
pub const A: usize = 8;
/// Values that primaries and secondaries change alike: disk, spindles, disk load; the last is always zero.
pub const B: usize = 6;

/// How many values are of the first kind.
pub const FIRST: usize = 7;

/// One node.
#[derive(Clone, Copy, Debug)]
pub struct Lane {
    /// Index of the node.
    pub node: usize,
    /// Its disks have spindles of their own.
    pub exclusive: bool,
    /// Change by one unit.
    pub a_unit: [f64; A],
    /// Distance from the mean.
    pub a_off: [f64; A],
    /// Change by one unit.
    pub b_unit: [f64; B],
    /// Distance from the mean.
    pub b_off: [f64; B],
    /// Change by one MiB of reserved memory.
    pub r_unit: f64,
    /// Distance from the mean.
    pub r_off: f64,
    /// Reserved memory as a part of all, for one MiB, not scaled.
    pub part: f64,
}

/// A node that counts nothing: it is offline.
const NOTHING: Lane = Lane {
    node: usize::MAX,
    exclusive: false,
    a_unit: [0.0; A],
    a_off: [0.0; A],
    b_unit: [0.0; B],
    b_off: [0.0; B],
    r_unit: 0.0,
    r_off: 0.0,
    part: 0.0,
};

/// Sums of squares, scaled.
#[derive(Clone, Copy, Debug, Default)]
pub struct Squares {
    /// Of the first kind.
    pub a: [f64; A],
    /// Of the second.
    pub b: [f64; B],
    /// Of the reserved memory.
    pub r: f64,
    /// Sum of all their roots.
    pub roots: f64,
    /// Of those of the first kind.
    pub roots_a: f64,
}

/// Bounds over all nodes: of the change by one unit, and of the distance from the mean both ways.
#[derive(Clone, Copy, Debug, Default)]
pub struct Extreme {
    /// Greatest change by one unit.
    pub unit: f64,
    /// Furthest below the mean, as a negative number.
    pub low: f64,
    /// Furthest above.
    pub high: f64,
}

/// Extremes of all values.
#[derive(Clone, Copy, Debug, Default)]
pub struct Extremes {
    /// Of the first kind.
    pub a: [Extreme; A],
    /// Of the second.
    pub b: [Extreme; B],
    /// Of the reserved memory.
    pub r: Extreme,
}

/// The online nodes of a group.
#[derive(Clone, Debug)]
pub struct Lanes {
    lanes: Vec<Lane>,
    scale: [f64; SPREADS],
    /// Means of the values, scaled.
    pub means: [f64; SPREADS],
    /// Sums of squares.
    pub squares: Squares,
    /// Bounds.
    pub extremes: Extremes,
    /// One through the number of nodes.
    pub share: f64,
    /// Some node has spindles of its own for each disk.
    pub exclusive: bool,
}

impl Lanes {
    /// Takes the nodes over.
    pub fn new(cluster: &Cluster, scope: &Scope, board: &Board) -> Lanes {
        let count = board.online() as f64;
        let scale = SPREAD_ROWS.map(|row| COMPONENTS[row].1 / count.sqrt());
        let mut lanes = Vec::new();
        let mut exclusive = false;
        for at in scope.online(cluster) {
            let Some(node) = cluster.nodes.get(at) else {
                continue;
            };
            exclusive |= node.exclusive;
            let memory = 1.0 / node.total_memory;
            let cpu = 1.0 / (node.cpus * node.speed);
            let total = if node.exclusive {
                node.spindles as f64
            } else {
                node.total_disk
            };
            let disk = if total == 0.0 { 0.0 } else { 1.0 / total };
            let spindle = if node.exclusive {
                0.0
            } else {
                1.0 / node.most_spindle_use
            };
            let units = [
                memory, memory, cpu, cpu, 1.0, 1.0, 1.0, disk, disk, spindle, spindle, 1.0, memory,
            ];
            let mut lane = Lane {
                node: at,
                exclusive: node.exclusive,
                part: memory,
                ..NOTHING
            };
            let scaled: [f64; SPREADS] = std::array::from_fn(|it| units[it] * scale[it]);
            lane.a_unit[..FIRST].copy_from_slice(&scaled[..FIRST]);
            lane.b_unit[..RESERVED - FIRST].copy_from_slice(&scaled[FIRST..RESERVED]);
            lane.r_unit = scaled[RESERVED];
            lanes.push(lane);
        }
        let mut lanes = Lanes {
            lanes,
            scale,
            means: [0.0; SPREADS],
            squares: Squares::default(),
            extremes: Extremes::default(),
            share: 1.0 / count,
            exclusive,
        };
        lanes.refresh(board);
        lanes
    }

    /// Takes the values over again.
    pub fn refresh(&mut self, board: &Board) {
        let mut means = [0.0; SPREADS];
        for row in board.rows() {
            for (sum, value) in means.iter_mut().zip(row) {
                *sum += value;
            }
        }
        let mut squares = [0.0; SPREADS];
        for (mean, scale) in means.iter_mut().zip(self.scale) {
            *mean *= scale * self.share;
        }
        let mut extremes = Extremes::default();
        for (lane, row) in self.lanes.iter_mut().zip(board.rows()) {
            let off: [f64; SPREADS] =
                std::array::from_fn(|it| row[it] * self.scale[it] - means[it]);
            for (square, off) in squares.iter_mut().zip(off) {
                *square += off * off;
            }
            lane.a_off[..FIRST].copy_from_slice(&off[..FIRST]);
            lane.b_off[..RESERVED - FIRST].copy_from_slice(&off[FIRST..RESERVED]);
            lane.r_off = off[RESERVED];
            for (at, extreme) in extremes.a.iter_mut().enumerate() {
                extreme.widen(lane.a_unit[at], lane.a_off[at]);
            }
            for (at, extreme) in extremes.b.iter_mut().enumerate() {
                extreme.widen(lane.b_unit[at], lane.b_off[at]);
            }
            extremes.r.widen(lane.r_unit, lane.r_off);
        }
        let mut out = Squares {
            r: squares[RESERVED],
            roots: squares.iter().map(|it| it.sqrt()).sum(),
            roots_a: squares.iter().take(FIRST).map(|it| it.sqrt()).sum(),
            ..Squares::default()
        };
        out.a[..FIRST].copy_from_slice(&squares[..FIRST]);
        out.b[..RESERVED - FIRST].copy_from_slice(&squares[FIRST..RESERVED]);
        (self.means, self.squares, self.extremes) = (means, out, extremes);
    }

    /// How many nodes there are.
    pub fn targets(&self) -> usize {
        self.lanes.len()
    }

    /// A node by its place; one that counts nothing where there is none.
    pub fn lane(&self, place: Option<usize>) -> &Lane {
        place
            .and_then(|place| self.lanes.get(place))
            .unwrap_or(&NOTHING)
    }

    /// By how much a reckoned change of the score may be wrong, and more. A root near zero is wrong by the root of
    /// what its square is wrong by.
    pub fn margin(&self) -> f64 {
        1e-6 + 1e-7 * self.squares.roots
    }
}

impl Extreme {
    /// Greatest distance from the mean.
    pub fn off(&self) -> f64 {
        self.high.max(-self.low)
    }

    fn widen(&mut self, unit: f64, off: f64) {
        self.unit = self.unit.max(unit.abs());
        self.low = self.low.min(off);
        self.high = self.high.max(off);
    }
}

/// What an instance adds to a node's values when it comes as a primary, in units.
#[derive(Clone, Copy, Debug)]
pub struct Amounts {
    /// Of the first kind.
    pub a: [f64; A],
    /// Of the second.
    b: [f64; B],
    /// Of the second where disks have spindles of their own.
    b_exclusive: [f64; B],
    /// Memory to be reserved on the secondary, MiB.
    pub reserve: f64,
}

impl Amounts {
    /// Of this instance.
    pub fn of(instance: &Instance) -> Amounts {
        let real = if instance.forthcoming { 0.0 } else { 1.0 };
        let uses = if instance.uses_memory { real } else { 0.0 };
        let vcpus = if instance.online {
            instance.vcpus as f64
        } else {
            0.0
        };
        let [cpu, memory, disk_load, net] = instance.load.map(|load| load * real);
        let local = if instance.local { 1.0 } else { 0.0 };
        let disk = -(instance.disk as f64) * local;
        let spindle_use = instance.spindle_use as f64 * local;
        let spindles = -(instance.spindles.unwrap_or(0) as f64);
        let size = -(instance.memory as f64);
        Amounts {
            a: [
                size * uses,
                size,
                vcpus * real,
                vcpus,
                cpu,
                memory,
                net,
                0.0,
            ],
            b: [
                disk * real,
                disk,
                spindle_use * real,
                spindle_use,
                disk_load,
                0.0,
            ],
            b_exclusive: [spindles * real, spindles, 0.0, 0.0, disk_load, 0.0],
            reserve: instance.needed_on_secondary() as f64 * real,
        }
    }

    /// Of the second kind, on this node.
    pub fn b(&self, lane: &Lane) -> &[f64; B] {
        if lane.exclusive {
            &self.b_exclusive
        } else {
            &self.b
        }
    }
}
