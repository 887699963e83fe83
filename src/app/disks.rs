//! What is worked out from the cluster of disks: how pairs, places and volumes are found again, and
//! sums that are held steady.

use std::collections::HashMap;

use crate::model::{Cluster, Name, Time};
use crate::planner::replica::{Half, Key, Pair, Seen, State};
use crate::planner::storage::{Place, Volume, volumes};

use super::facts::Facts;
use super::rows::Id;
use super::tone::{self, Tone};

/// Where things stand in the lists of [`Facts`].
#[derive(Clone, Debug, Default)]
pub struct DiskIndex {
    /// Counts up when a list has other members or another order.
    pub revision: u64,
    by_key: HashMap<Key, usize>,
    states: Vec<(Key, State)>,
    places: Vec<Place>,
    /// The first place of each node.
    by_node: HashMap<Name, usize>,
    /// Halves that are not well on each node, and what the worst of them means.
    bad: HashMap<Name, (usize, Tone)>,
    /// Speed of all resyncs together, KiB a second, held steady.
    pub speed: Option<f64>,
    /// Seconds until the last of them is done, held steady.
    pub left: Option<f64>,
    volumes: Option<Volumes>,
}

/// The volumes of the node that is looked at.
#[derive(Clone, Debug)]
struct Volumes {
    node: Name,
    at: Time,
    shape: u64,
    told: bool,
    list: Vec<Volume>,
}

/// Milliseconds for which the list of volumes holds.
const HOLDS: u64 = 2_000;

impl Facts {
    /// Finds everything anew, after pairs or places were made anew.
    pub(super) fn index_disks(&mut self) {
        let index = &mut self.index;
        let states = self.pairs.iter().map(|pair| (&pair.key, pair.state));
        if !states.eq(index.states.iter().map(|(key, state)| (key, *state))) {
            let states = self.pairs.iter().map(|pair| (pair.key.clone(), pair.state));
            index.states = states.collect();
            let keys = self.pairs.iter().map(|pair| pair.key.clone());
            index.by_key = keys.zip(0..).collect();
            index.revision += 1;
        }
        if index.places != self.places {
            index.places.clone_from(&self.places);
            index.by_node.clear();
            for (at, place) in self.places.iter().enumerate() {
                index.by_node.entry(place.node.clone()).or_insert(at);
            }
            index.revision += 1;
        }
        index.bad.clear();
        for pair in &self.pairs {
            for half in [&pair.primary, &pair.secondary] {
                if half_is_bad(pair, half) {
                    let tone = pair.severity.map_or(Tone::Warn, tone::of_severity);
                    let bad = index.bad.entry(half.node.clone());
                    let (count, worst) = bad.or_insert((0, Tone::Warn));
                    *count += 1;
                    if tone == Tone::Critical {
                        *worst = tone;
                    }
                }
            }
        }
        let sums = &self.replication;
        let speed = (sums.moving > 0).then_some(sums.speed_kib);
        index.speed = held(index.speed, speed, 0.1);
        index.left = held(index.left, sums.eta_s, 0.05);
    }

    /// Makes the list of volumes for the node whose storage is on the screen.
    pub(super) fn look_at_storage(&mut self, cluster: &Cluster, node: Option<&Name>) {
        let Some(node) = node else {
            self.index.volumes = None;
            return;
        };
        let now = cluster.now.at;
        let before = self.index.volumes.take();
        let before = before.filter(|list| list.node == *node);
        if let Some(list) = &before
            && list.shape == cluster.shape
            && now.since(list.at) < HOLDS
        {
            self.index.volumes = before;
            return;
        }
        let found = volumes(cluster, node);
        let list = Volumes {
            node: node.clone(),
            at: now,
            shape: cluster.shape,
            told: found.is_some(),
            list: found.unwrap_or_default(),
        };
        if before.is_none_or(|before| before.list != list.list) {
            self.index.revision += 1;
        }
        self.index.volumes = Some(list);
    }

    /// A DRBD disk.
    pub fn pair(&self, key: &Key) -> Option<&Pair> {
        self.pairs.get(*self.index.by_key.get(key)?)
    }

    /// How many are worse than this one.
    pub fn pair_rank(&self, key: &Key) -> Option<usize> {
        self.index.by_key.get(key).copied()
    }

    /// Halves on a node that are not well, and what that means.
    pub fn bad_halves(&self, node: &Name) -> Option<(usize, Tone)> {
        self.index.bad.get(node).copied()
    }

    /// The nth place for disks of a node.
    pub fn place(&self, node: &Name, nth: usize) -> Option<&Place> {
        let start = *self.index.by_node.get(node)?;
        let place = self.places.get(start.checked_add(nth)?)?;
        (place.node == *node).then_some(place)
    }

    /// The logical volumes of the node whose storage is on the screen, wrong ones first.
    pub fn volumes(&self, node: &Name) -> &[Volume] {
        let list = self.index.volumes.as_ref();
        list.filter(|list| list.node == *node)
            .map_or(&[], |list| &list.list)
    }

    /// The node whose storage is on the screen has told its volumes.
    pub fn volumes_told(&self) -> bool {
        self.index.volumes.as_ref().is_some_and(|list| list.told)
    }

    /// A logical volume and how many are worse than it.
    pub fn volume(&self, id: &Id) -> Option<(usize, &Volume)> {
        let Id::Volume(node, vg, name) = id else {
            return None;
        };
        let volumes = self.volumes(node).iter().enumerate();
        let mut same = volumes.filter(|(_, volume)| volume.name == *name && volume.vg == *vg);
        same.next()
    }
}

/// Whether it is this half that is not well, and not only its peer.
fn half_is_bad(pair: &Pair, half: &Half) -> bool {
    match (pair.state, half.seen) {
        (_, Seen::Offline | Seen::Unknown | Seen::Was(_)) => false,
        (State::Degraded | State::Disagrees, Seen::Absent) => true,
        (_, Seen::Absent) => false,
        (State::Diskless, Seen::Now) => half
            .device
            .as_ref()
            .is_some_and(|device| matches!(device.disk.as_str(), "Diskless" | "Failed")),
        (state, Seen::Now) => state >= State::Stalled,
    }
}

/// A number that is shown anew only when it moved by more than this part of it.
fn held(held: Option<f64>, value: Option<f64>, part: f64) -> Option<f64> {
    match (held, value) {
        (Some(held), Some(value)) if (held - value).abs() <= value.abs() * part => Some(held),
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_is_held_until_it_moved_by_its_part() {
        assert_eq!(held(None, Some(100.0), 0.1), Some(100.0));
        assert_eq!(held(Some(100.0), Some(109.0), 0.1), Some(100.0));
        assert_eq!(held(Some(100.0), Some(120.0), 0.1), Some(120.0));
        assert_eq!(held(Some(100.0), None, 0.1), None);
    }
}
