//! Where every instance is, as a search sees it: changed and changed back in some hundred nanoseconds, with the score, the
//! data to copy and the moves kept at hand. Every change passes the checks of hbal's moves on the nodes that gain.

use super::super::candidates::Kinds;
use super::super::{Options, Scope};
use super::aim::Outlook;
use crate::planner::htools::board::Board;
use crate::planner::htools::cluster::Cluster;
use crate::planner::htools::node::Figures;
use crate::planner::htools::operations::{
    Arrival, add_primary, add_secondary, remove_primary, remove_secondary,
};
use crate::planner::htools::score::{
    COMPONENTS, Counts, RESERVED, SPREAD_ROWS, SPREADS, spread_values,
};

/// Primary and secondary.
pub type Ends = (usize, Option<usize>);

/// Spread values padded to whole vectors.
const WIDE: usize = 16;

/// Where an instance may go.
#[derive(Clone, Copy, Debug, Default)]
struct Freedom {
    /// To another primary.
    primary: bool,
    /// To another node with its disks.
    disks: bool,
    /// From a node that is online.
    leave: bool,
}

/// What changes with the placement and is cheap to keep a copy of.
#[derive(Clone, Copy, Debug)]
struct Sums {
    sum: [f64; WIDE],
    square: [f64; WIDE],
    reserved: f64,
    counts: Counts,
    sharing: i64,
    mib: i64,
    moves: i64,
}

/// A node before the last change.
struct Before {
    node: usize,
    figures: Figures,
    row: [f64; WIDE],
}

/// An instance that the last change moves.
#[derive(Clone, Copy)]
struct Moved {
    at: usize,
    from: Ends,
    to: Ends,
    /// Location tags that its nodes shared.
    location: i64,
}

/// A placement of all instances.
pub struct Placement {
    /// The cluster as placed; its lists of instances and its reservations are those of the start.
    cluster: Cluster,
    board: Board,
    force: bool,
    home: Vec<Ends>,
    freedom: Vec<Freedom>,
    movable: Vec<usize>,
    /// MiB reserved by each node for each other.
    peers: Vec<i64>,
    /// Instances on each node.
    on: Vec<Vec<usize>>,
    rows: Vec<[f64; WIDE]>,
    centre: [f64; WIDE],
    scale: [f64; WIDE],
    share: f64,
    sums: Sums,
    /// To take the last change back.
    before: Vec<Before>,
    moved: Vec<Moved>,
    sums_before: Sums,
}

impl Placement {
    /// The placement as a cluster has it; what it costs is counted from `home` on, the same cluster at the start.
    pub fn new(cluster: &Cluster, home: &Cluster, scope: &Scope, options: &Options) -> Placement {
        let board = Board::new(cluster, &scope.nodes);
        let count = board.online() as f64;
        let (mut centre, mut scale) = ([0.0; WIDE], [0.0; WIDE]);
        for row in board.rows() {
            for (sum, value) in centre.iter_mut().zip(row) {
                *sum += value / count;
            }
        }
        for (scale, row) in scale.iter_mut().zip(SPREAD_ROWS) {
            *scale = COMPONENTS.get(row).map_or(0.0, |it| it.1) / count.sqrt();
        }
        let nodes = cluster.nodes.len();
        let mut peers = Vec::with_capacity(nodes * nodes);
        for at in 0..nodes {
            peers.extend_from_slice(cluster.peers.row(at));
        }
        let inside = |node: usize| board.place(node).is_some();
        let mut freedom = vec![Freedom::default(); cluster.instances.len()];
        let mut movable = Vec::with_capacity(scope.instances.len());
        let mut on = vec![Vec::new(); nodes];
        for at in &scope.instances {
            let Some(instance) = cluster.instances.get(*at) else {
                continue;
            };
            let kinds = home.instances.get(*at);
            let kinds = kinds.map(|it| Kinds::of(home, it, options, inside));
            let kinds = kinds.unwrap_or_default();
            if let Some(freedom) = freedom.get_mut(*at) {
                *freedom = Freedom {
                    primary: kinds.failover || kinds.to_any || kinds.and_failover,
                    disks: kinds.secondary,
                    leave: !options.evacuate,
                };
            }
            if !kinds.none() {
                movable.push(*at);
                for node in instance.nodes() {
                    if let Some(list) = on.get_mut(node) {
                        list.push(*at);
                    }
                }
            }
        }
        let home = home.instances.iter();
        let home: Vec<Ends> = home.map(|it| (it.primary, it.secondary)).collect();
        let sums = Sums {
            sum: [0.0; WIDE],
            square: [0.0; WIDE],
            reserved: 0.0,
            counts: board.counts(),
            sharing: board.sharing(),
            mib: 0,
            moves: 0,
        };
        let mut out = Placement {
            force: options.ignore_soft_errors,
            home,
            freedom,
            movable,
            peers,
            on,
            rows: vec![[0.0; WIDE]; nodes],
            centre,
            scale,
            share: 1.0 / count,
            sums,
            before: Vec::new(),
            moved: Vec::new(),
            sums_before: sums,
            board,
            cluster: cluster.clone(),
        };
        for at in &scope.instances {
            let (mib, moves) = out.cost(*at, out.ends(*at));
            out.sums.mib += mib;
            out.sums.moves += moves;
        }
        out.refresh();
        out
    }

    /// Adds all up anew, so that errors of rounding do not grow.
    pub fn refresh(&mut self) {
        self.sums.sum = [0.0; WIDE];
        self.sums.square = [0.0; WIDE];
        self.sums.reserved = 0.0;
        for at in 0..self.rows.len() {
            let row = self.row(at);
            let Some(slot) = self.rows.get_mut(at) else {
                continue;
            };
            *slot = row;
            self.sums.add(&row, &[0.0; WIDE]);
        }
    }

    /// What a node counts for the spreads, scaled.
    fn row(&self, at: usize) -> [f64; WIDE] {
        let mut out = [0.0; WIDE];
        let (Some(node), Some(now)) = (self.cluster.nodes.get(at), self.cluster.figures.get(at))
        else {
            return out;
        };
        if self.board.place(at).is_none() {
            return out;
        }
        let values = spread_values(node, now);
        out[..SPREADS].copy_from_slice(&values);
        for ((out, centre), scale) in out.iter_mut().zip(&self.centre).zip(&self.scale) {
            *out = (*out - centre) * scale;
        }
        out[SPREADS] = values[RESERVED];
        out
    }

    /// The score, but for errors of rounding.
    fn score(&self) -> f64 {
        let sums = &self.sums;
        let mut roots = [0.0; WIDE];
        for at in 0..SPREADS {
            let square = sums.square[at] - sums.sum[at] * sums.sum[at] * self.share;
            roots[at] = if square > 0.0 { square } else { 0.0 };
        }
        for root in &mut roots {
            *root = root.sqrt();
        }
        let counts = &sums.counts;
        let counted = counts.n1
            + 4 * counts.offline
            + 16 * counts.offline_primaries
            + 2 * counts.conflicts
            + counts.location
            + sums.sharing;
        roots.iter().sum::<f64>() + counted as f64 + 0.25 * sums.reserved
    }

    /// What the placement brings and costs.
    pub fn outlook(&self) -> Outlook {
        Outlook {
            score: self.score(),
            mib: self.sums.mib,
            moves: self.sums.moves,
            offline: self.sums.counts.offline,
        }
    }

    /// Where an instance is.
    pub fn ends(&self, at: usize) -> Ends {
        let instance = self.cluster.instances.get(at);
        instance.map_or((0, None), |it| (it.primary, it.secondary))
    }

    /// Where it was at the start.
    pub fn home(&self, at: usize) -> Ends {
        self.home.get(at).copied().unwrap_or((0, None))
    }

    /// Primary and secondary, if the instance has both and its disks on both.
    pub fn pair(&self, at: usize) -> Option<(usize, usize)> {
        let instance = self.cluster.instances.get(at)?;
        let secondary = instance.secondary.filter(|_| instance.has_secondary)?;
        Some((instance.primary, secondary))
    }

    /// Instances that may be moved.
    pub fn movable(&self) -> &[usize] {
        &self.movable
    }

    /// Instances on a node that may be moved.
    pub fn on(&self, node: usize) -> &[usize] {
        self.on.get(node).map(Vec::as_slice).unwrap_or_default()
    }

    /// Where all instances are.
    pub fn all(&self) -> Vec<Ends> {
        (0..self.home.len()).map(|at| self.ends(at)).collect()
    }

    /// Moves instances, all at once. False if some check forbids it; then nothing has changed. Else `keep` or `undo` is next.
    pub fn change(&mut self, changes: &[(usize, Ends)]) -> bool {
        if !changes.iter().all(|(at, to)| self.allowed(*at, *to)) {
            return false;
        }
        self.before.clear();
        self.moved.clear();
        self.sums_before = self.sums;
        for (at, to) in changes {
            if let Some(instance) = self.cluster.instances.get(*at) {
                let from = (instance.primary, instance.secondary);
                let location = instance.location;
                self.moved.push(Moved {
                    at: *at,
                    from,
                    to: *to,
                    location,
                });
                self.leave(*at, from, *to);
            }
        }
        for arrived in 0..self.moved.len() {
            let next = self.moved.get(arrived).map(|it| (it.at, it.to));
            if !next.is_some_and(|(at, to)| self.arrive(at, to)) {
                self.revert(arrived);
                return false;
            }
        }
        self.count();
        true
    }

    /// Takes the last change back.
    pub fn undo(&mut self) {
        self.revert(self.moved.len());
    }

    /// Keeps the last change.
    pub fn keep(&mut self) {
        let moved = std::mem::take(&mut self.moved);
        for Moved { at, from, to, .. } in moved.iter().copied() {
            let drbd = self.has_secondary(at);
            for node in [Some(from.0), from.1.filter(|_| drbd)]
                .into_iter()
                .flatten()
            {
                if let Some(list) = self.on.get_mut(node)
                    && let Some(place) = list.iter().position(|it| *it == at)
                {
                    list.swap_remove(place);
                }
            }
            for node in [Some(to.0), to.1.filter(|_| drbd)].into_iter().flatten() {
                if let Some(list) = self.on.get_mut(node) {
                    list.push(at);
                }
            }
        }
        self.moved = moved;
    }

    /// Whether it may be there at all.
    fn allowed(&self, at: usize, to: Ends) -> bool {
        let home = self.home(at);
        let freedom = self.freedom.get(at).copied().unwrap_or_default();
        if to.0 != home.0 && !freedom.primary {
            return false;
        }
        if freedom.disks && freedom.leave {
            return true;
        }
        let stays = |node: usize| node == to.0 || Some(node) == to.1;
        let online = |node: &usize| self.cluster.nodes.get(*node).is_some_and(|it| !it.offline);
        let mut ends = std::iter::once(home.0).chain(home.1.filter(|_| self.has_secondary(at)));
        if !freedom.disks && self.has_secondary(at) {
            return ends.all(stays);
        }
        ends.filter(online).all(stays)
    }

    fn has_secondary(&self, at: usize) -> bool {
        let instance = self.cluster.instances.get(at);
        instance.is_some_and(|it| it.has_secondary)
    }

    /// Takes an instance from the ends that it leaves. A secondary that stays is left too if the primary changes: it
    /// reserves memory for another node then.
    fn leave(&mut self, at: usize, from: Ends, to: Ends) {
        self.touch(from.0);
        if let Some(secondary) = from.1 {
            self.touch(secondary);
        }
        let conflicts = match self.cluster.instances.get(at) {
            Some(it) if from.0 != to.0 => self.cluster.tags.leaving(from.0, it),
            _ => 0,
        };
        self.tell(at, from, to, -1);
        let Placement { cluster, peers, .. } = self;
        let (nodes, figures) = (&cluster.nodes, &mut cluster.figures);
        let Some(instance) = cluster.instances.get(at) else {
            return;
        };
        if let Some(secondary) = from.1.filter(|_| instance.has_secondary && from != to)
            && let (Some(node), Some(now)) = (nodes.get(secondary), figures.get_mut(secondary))
        {
            let before = now.reserved;
            *now = remove_secondary(node, now, instance, before);
            if !instance.forthcoming && instance.needed_on_secondary() > 0 {
                let count = nodes.len();
                let row = peers.get(secondary * count..(secondary + 1) * count);
                let row = row.unwrap_or_default();
                let entry = row.get(from.0).copied().unwrap_or_default();
                if entry + instance.needed_on_secondary() >= before {
                    now.reserved = row.iter().copied().fold(0, i64::max);
                    now.fails_n1 = now.unallocated <= now.reserved;
                }
            }
        }
        if let (Some(node), Some(now)) = (nodes.get(from.0), figures.get_mut(from.0)) {
            if from.0 != to.0 {
                let wishes = cluster.tags.wishes(from.0, instance);
                *now = remove_primary(node, now, instance, conflicts, wishes);
            } else if !instance.forthcoming {
                now.location -= instance.location;
            }
        }
    }

    /// Puts an instance there. False if a check forbids it; what has been put is put back by `revert`.
    fn arrive(&mut self, at: usize, to: Ends) -> bool {
        let from = self.ends(at);
        self.touch(to.0);
        if let Some(secondary) = to.1 {
            self.touch(secondary);
        }
        let Placement {
            cluster,
            peers,
            board,
            ..
        } = self;
        let (nodes, figures) = (&cluster.nodes, &mut cluster.figures);
        let Some(instance) = cluster.instances.get_mut(at) else {
            return false;
        };
        let offline = |at: usize| nodes.get(at).is_none_or(|it| it.offline);
        let force = self.force || offline(from.0) || from.1.is_some_and(offline);
        if let Some(secondary) = to.1.filter(|_| instance.has_secondary) {
            instance.location = cluster.tags.common(to.0, secondary);
        }
        if from.0 == to.0 {
            if let Some(now) = figures.get_mut(to.0).filter(|_| !instance.forthcoming) {
                now.location += instance.location;
            }
        } else {
            if board.place(to.0).is_none() || !cluster.tags.may_migrate(from.0, to.0) {
                return false;
            }
            let (conflicts, clash) = cluster.tags.coming(to.0, instance);
            let arrival = Arrival {
                conflicts,
                clash,
                wishes: cluster.tags.wishes(to.0, instance),
                location: instance.location,
            };
            let (Some(node), Some(now)) = (nodes.get(to.0), figures.get_mut(to.0)) else {
                return false;
            };
            match add_primary(node, now, instance, force, arrival) {
                Ok(new) => *now = new,
                Err(_) => return false,
            }
        }
        if let Some(secondary) = to.1.filter(|_| instance.has_secondary && from != to) {
            let known = from.0 == secondary || from.1 == Some(secondary);
            if secondary == to.0 || !(known || board.place(secondary).is_some()) {
                return false;
            }
            let peer = peers.get(secondary * nodes.len() + to.0);
            let peer = peer.copied().unwrap_or_default();
            let (Some(node), Some(now)) = (nodes.get(secondary), figures.get_mut(secondary)) else {
                return false;
            };
            match add_secondary(node, now, instance, force, node.offline, peer) {
                Ok(new) => *now = new,
                Err(_) => return false,
            }
        }
        (instance.primary, instance.secondary) = to;
        self.tell(at, to, from, 1);
        let (mib, moves) = self.cost(at, to);
        let (mib_before, moves_before) = self.cost(at, from);
        self.sums.mib += mib - mib_before;
        self.sums.moves += moves - moves_before;
        true
    }

    /// MiB and moves from home to there.
    fn cost(&self, at: usize, to: Ends) -> (i64, i64) {
        let home = self.home(at);
        let Some(instance) = self.cluster.instances.get(at) else {
            return (0, 0);
        };
        if !instance.has_secondary {
            return (0, i64::from(home.0 != to.0));
        }
        let known = |node: usize| node == home.0 || Some(node) == home.1;
        let new = i64::from(!known(to.0)) + i64::from(to.1.is_some_and(|it| !known(it)));
        let moves = new.max(i64::from(home != to));
        (instance.disk.max(0).saturating_mul(new), moves)
    }

    /// Tells tags and reservations that an instance is there, or no longer, as far as `other` differs.
    fn tell(&mut self, at: usize, ends: Ends, other: Ends, sign: i64) {
        let Placement {
            cluster,
            peers,
            board,
            ..
        } = self;
        let Some(instance) = cluster.instances.get(at) else {
            return;
        };
        if ends.0 != other.0 && !instance.exclusion.is_empty() {
            if !instance.forthcoming && board.has_locations() {
                board.share(&cluster.tags, instance, ends.0, sign);
                self.sums.sharing = board.sharing();
            }
            if sign > 0 {
                cluster.tags.came(ends.0, instance);
            } else {
                cluster.tags.left(ends.0, instance);
            }
        }
        if let Some(secondary) = ends.1
            && ends != other
            && instance.has_secondary
            && !instance.forthcoming
            && let Some(entry) = peers.get_mut(secondary * cluster.nodes.len() + ends.0)
        {
            *entry += sign * instance.needed_on_secondary();
        }
    }

    /// Notes what a node is before the change.
    fn touch(&mut self, node: usize) {
        if self.before.iter().any(|it| it.node == node) {
            return;
        }
        if let (Some(figures), Some(row)) = (self.cluster.figures.get(node), self.rows.get(node)) {
            self.before.push(Before {
                node,
                figures: *figures,
                row: *row,
            });
        }
    }

    /// Counts what the touched nodes are now.
    fn count(&mut self) {
        for number in 0..self.before.len() {
            let Some(before) = self.before.get(number) else {
                continue;
            };
            let at = before.node;
            let (Some(node), Some(now)) =
                (self.cluster.nodes.get(at), self.cluster.figures.get(at))
            else {
                continue;
            };
            if !self.board.inside(at) {
                continue;
            }
            let counts = Counts::of(node, now).plus(Counts::of(node, &before.figures), -1);
            let old = before.row;
            let new = self.row(at);
            self.sums.counts = self.sums.counts.plus(counts, 1);
            self.sums.add(&new, &old);
            if let Some(row) = self.rows.get_mut(at) {
                *row = new;
            }
        }
    }

    /// Takes the last change back when so many instances have arrived.
    fn revert(&mut self, arrived: usize) {
        let moved = std::mem::take(&mut self.moved);
        for (number, it) in moved.iter().enumerate() {
            if number < arrived {
                self.tell(it.at, it.to, it.from, -1);
            }
            if let Some(instance) = self.cluster.instances.get_mut(it.at) {
                (instance.primary, instance.secondary) = it.from;
                instance.location = it.location;
            }
            self.tell(it.at, it.from, it.to, 1);
        }
        self.moved = moved;
        while let Some(before) = self.before.pop() {
            if let Some(figures) = self.cluster.figures.get_mut(before.node) {
                *figures = before.figures;
            }
            if let Some(row) = self.rows.get_mut(before.node) {
                *row = before.row;
            }
        }
        self.sums = self.sums_before;
    }
}

impl Sums {
    #[inline(always)]
    fn add(&mut self, new: &[f64; WIDE], old: &[f64; WIDE]) {
        for at in 0..WIDE {
            self.sum[at] += new[at] - old[at];
            self.square[at] += (new[at] - old[at]) * (new[at] + old[at]);
        }
        self.reserved += new[SPREADS] - old[SPREADS];
    }
}
