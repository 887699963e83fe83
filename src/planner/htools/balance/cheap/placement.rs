//! Where every instance is, as a search sees it: changed and changed back in some hundred nanoseconds, with the score, the
//! data to copy and the moves kept at hand. Every change passes the checks of hbal's moves on the nodes that gain.

use super::super::{Options, Scope};
use super::aim::Outlook;
use super::home::{Ends, Home};
use super::tally::{NOTHING, Row, Scale, Tally};
use crate::planner::htools::board::Board;
use crate::planner::htools::cluster::Cluster;
use crate::planner::htools::node::Figures;
use crate::planner::htools::operations::{
    Arrival, add_primary, add_secondary, primary_refusal, remove_primary, remove_secondary,
};
use crate::planner::htools::score::Counts;

/// A node before the last change.
struct Before {
    node: usize,
    figures: Figures,
    row: Row,
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

/// What a placement brings and costs.
#[derive(Clone, Copy)]
struct Sums {
    tally: Tally,
    mib: i64,
    moves: i64,
}

/// A placement of all instances.
pub struct Placement {
    /// The cluster as placed; its lists of instances and its reservations are those of the start.
    cluster: Cluster,
    /// Of the start, but for what tags share.
    board: Board,
    /// Soft checks are left out.
    force: bool,
    /// For each instance that may be moved.
    homes: Vec<Option<Home>>,
    movable: Vec<usize>,
    /// MiB reserved on each node for each other: a square, the reserving node first.
    peers: Vec<i64>,
    /// For each node the instances there that may be moved, in no order.
    on: Vec<Vec<usize>>,
    /// For each node.
    rows: Vec<Row>,
    scale: Scale,
    sums: Sums,
    /// To take the last change back.
    before: Vec<Before>,
    moved: Vec<Moved>,
    sums_before: Sums,
}

impl Placement {
    /// The placement as a cluster has it. What it costs is counted from `home` on, the same cluster at the start.
    pub fn new(cluster: &Cluster, home: &Cluster, scope: &Scope, options: &Options) -> Placement {
        let board = Board::new(cluster, &scope.nodes);
        let nodes = cluster.nodes.len();
        let inside = |node: usize| board.place(node).is_some();
        let mut homes = vec![None; cluster.instances.len()];
        let (mut movable, mut on) = (Vec::new(), vec![Vec::new(); nodes]);
        let (mut mib, mut moves) = (0, 0);
        for at in &scope.instances {
            let (Some(own), Some(instance), Some(slot)) = (
                Home::of(home, *at, options, inside),
                cluster.instances.get(*at),
                homes.get_mut(*at),
            ) else {
                continue;
            };
            let cost = own.cost((instance.primary, instance.secondary));
            mib += cost.0;
            moves += cost.1;
            movable.push(*at);
            *slot = Some(own);
            for node in instance.nodes() {
                if let Some(list) = on.get_mut(node) {
                    list.push(*at);
                }
            }
        }
        let peers = (0..nodes).flat_map(|node| cluster.peers.row(node).iter().copied());
        let tally = Tally::new(&board);
        let sums = Sums { tally, mib, moves };
        let mut out = Placement {
            force: options.ignore_soft_errors,
            homes,
            movable,
            peers: peers.collect(),
            on,
            rows: vec![NOTHING; nodes],
            scale: Scale::new(&board),
            sums,
            before: Vec::new(),
            moved: Vec::new(),
            sums_before: sums,
            board,
            cluster: cluster.clone(),
        };
        for at in 0..nodes {
            let row = out.row(at);
            if let Some(slot) = out.rows.get_mut(at) {
                *slot = row;
            }
        }
        out.refresh();
        out
    }

    /// Adds all up anew, so that errors of rounding do not grow.
    pub fn refresh(&mut self) {
        self.sums.tally = self.sums.tally.recounted(&self.rows);
    }

    /// What a node counts for the spreads.
    fn row(&self, at: usize) -> Row {
        let (node, now) = (self.cluster.nodes.get(at), self.cluster.figures.get(at));
        match node.zip(now).filter(|_| self.board.place(at).is_some()) {
            Some((node, now)) => self.scale.row(node, now),
            None => NOTHING,
        }
    }

    /// What the placement brings and costs.
    pub fn outlook(&self) -> Outlook {
        let Sums { tally, mib, moves } = &self.sums;
        Outlook {
            score: tally.score(&self.scale),
            mib: *mib,
            moves: *moves,
            offline: tally.counts.offline,
        }
    }

    /// Where an instance is.
    pub fn ends(&self, at: usize) -> Ends {
        let instance = self.cluster.instances.get(at);
        instance.map_or((0, None), |it| (it.primary, it.secondary))
    }

    /// Where it was at the start, if it may be moved.
    pub fn home(&self, at: usize) -> Option<Ends> {
        self.homes.get(at)?.map(|it| it.ends)
    }

    /// Primary and secondary, if the instance has its disks on both.
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
        let all = self.cluster.instances.iter();
        all.map(|it| (it.primary, it.secondary)).collect()
    }

    /// Moves instances, all at once. False if some check forbids it; then nothing has changed. Else `keep` or `undo` is
    /// next.
    pub fn change(&mut self, changes: &[(usize, Ends)]) -> bool {
        let allowed = |(at, to): &(usize, Ends)| {
            let home = self.homes.get(*at).and_then(Option::as_ref);
            home.is_some_and(|it| it.allows(&self.cluster, *to))
        };
        if !changes.iter().all(allowed) {
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
                self.leave(*at, from);
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
            let drbd = self.pair(at).is_some();
            let nodes = |ends: Ends| std::iter::once(ends.0).chain(ends.1.filter(|_| drbd));
            for node in nodes(from) {
                if let Some(list) = self.on.get_mut(node)
                    && let Some(place) = list.iter().position(|it| *it == at)
                {
                    list.swap_remove(place);
                }
            }
            for node in nodes(to) {
                if let Some(list) = self.on.get_mut(node) {
                    list.push(at);
                }
            }
        }
        self.moved = moved;
    }

    /// Takes an instance from its nodes. From those that stay too: what they count may depend on the other one.
    fn leave(&mut self, at: usize, from: Ends) {
        self.touch(from.0);
        if let Some(secondary) = from.1 {
            self.touch(secondary);
        }
        let instance = self.cluster.instances.get(at);
        let conflicts = instance.map_or(0, |it| self.cluster.tags.leaving(from.0, it));
        self.tell(at, from, -1);
        let Placement { cluster, peers, .. } = self;
        let (nodes, figures) = (&cluster.nodes, &mut cluster.figures);
        let Some(instance) = cluster.instances.get(at) else {
            return;
        };
        if let Some(secondary) = from.1.filter(|_| instance.has_secondary)
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
            let wishes = cluster.tags.wishes(from.0, instance);
            *now = remove_primary(node, now, instance, conflicts, wishes);
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
            homes,
            force,
            ..
        } = self;
        let (nodes, figures) = (&cluster.nodes, &mut cluster.figures);
        let Some(instance) = cluster.instances.get_mut(at) else {
            return false;
        };
        let offline = |at: usize| nodes.get(at).is_none_or(|it| it.offline);
        // hbal leaves out soft checks of what comes from an offline node.
        let turns = Some(to.0) == from.1;
        let stays = |node: usize| node == to.0 || Some(node) == to.1;
        let away = turns || !stays(from.0);
        let force = *force;
        let force_primary = force || (away && offline(from.0));
        let force_secondary = force
            || match from.1.filter(|it| !stays(*it)) {
                Some(gone) => offline(gone),
                None => offline(from.0),
            };
        if let Some(secondary) = to.1.filter(|_| instance.has_secondary) {
            instance.location = cluster.tags.common(to.0, secondary);
        }
        let stayed = from.0 == to.0;
        if !stayed && board.place(to.0).is_none() {
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
        match add_primary(node, now, instance, stayed || force_primary, arrival) {
            Ok(new) => *now = new,
            Err(_) => return false,
        }
        if let Some(secondary) = to.1.filter(|_| instance.has_secondary) {
            let known = from.0 == secondary || from.1 == Some(secondary);
            if secondary == to.0 || !(known || board.place(secondary).is_some()) {
                return false;
            }
            let peer = peers.get(secondary * nodes.len() + to.0);
            let peer = peer.copied().unwrap_or_default();
            let (Some(node), Some(now)) = (nodes.get(secondary), figures.get_mut(secondary)) else {
                return false;
            };
            let home = homes.get(at).and_then(Option::as_ref);
            if home.is_some_and(|it| it.passes_secondary(to)) {
                let clash = cluster.tags.coming(secondary, instance).1;
                if primary_refusal(node, now, instance, force_primary, clash).is_some() {
                    return false;
                }
            }
            let ignore_disks = turns && node.offline;
            match add_secondary(node, now, instance, force_secondary, ignore_disks, peer) {
                Ok(new) => *now = new,
                Err(_) => return false,
            }
        }
        (instance.primary, instance.secondary) = to;
        self.tell(at, to, 1);
        if let Some(home) = self.homes.get(at).and_then(Option::as_ref) {
            let (now, before) = (home.cost(to), home.cost(from));
            self.sums.mib += now.0 - before.0;
            self.sums.moves += now.1 - before.1;
        }
        true
    }

    /// Tells tags and reservations that an instance is there, or no longer.
    fn tell(&mut self, at: usize, ends: Ends, sign: i64) {
        let Placement {
            cluster,
            peers,
            board,
            ..
        } = self;
        let Some(instance) = cluster.instances.get(at) else {
            return;
        };
        if !instance.exclusion.is_empty() {
            if !instance.forthcoming && board.has_locations() {
                board.share(&cluster.tags, instance, ends.0, sign);
                self.sums.tally.sharing = board.sharing();
            }
            if sign > 0 {
                cluster.tags.came(ends.0, instance);
            } else {
                cluster.tags.left(ends.0, instance);
            }
        }
        if let Some(secondary) = ends.1
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
            let tally = &mut self.sums.tally;
            tally.counts = tally.counts.plus(counts, 1);
            tally.replace(&old, &new);
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
                self.tell(it.at, it.to, -1);
            }
            if let Some(instance) = self.cluster.instances.get_mut(it.at) {
                (instance.primary, instance.secondary) = it.from;
                instance.location = it.location;
            }
            self.tell(it.at, it.from, 1);
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
