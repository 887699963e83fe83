//! DRBD as each node's kernel would have it. Nothing is counted up: every figure is a function of
//! few parameters of the mirror and the time, so that thousands of devices cost only those who
//! ask for them.

mod change;
mod generation;
pub mod mirror;
mod state;
pub mod tally;
#[cfg(test)]
mod tests;

use gantry_wire::drbd::{Device, Drbd};

use super::Cluster;
use super::instance::{Disk, Instance, Template};
use super::layout::{data_name, meta_name};
use super::node::NodeId;
use super::storage::VOLUME_GROUP;
use super::{chance, seconds};
use mirror::Mirror;
use state::Side;

/// The kernel module's version.
const VERSION: &str = "8.4.11";
/// The resync rate that Ganeti sets, KiB a second.
const RATE_KIB: u64 = 163_840;

impl Cluster {
    /// Whether an instance's devices are set up on a node.
    pub fn is_set_up(&self, instance: &Instance, node: NodeId) -> bool {
        let booted = self.nodes.get(node).map_or(u64::MAX, |node| node.booted);
        instance.active && booted <= instance.configured
    }

    /// Changes whenever the state of a DRBD device of a node may have changed otherwise than by
    /// counting on.
    pub fn drbd_stamp(&self, node: NodeId) -> u64 {
        self.nodes.get(node).map_or(0, |node| node.stir)
    }

    /// Whether figures of a node's DRBD move that an operator watches.
    pub fn drbd_moves(&self, node: NodeId) -> bool {
        let homes = self.nodes.get(node).into_iter();
        homes
            .flat_map(|found| found.primaries.iter().chain(&found.secondaries))
            .filter_map(|id| self.instances.get(id))
            .any(|instance| !matches!(instance.mirror, Mirror::InStep | Mirror::Diskless { .. }))
    }

    /// All DRBD devices of a node.
    pub fn drbd(&self, node: NodeId) -> Drbd {
        let Some(found) = self.nodes.get(node) else {
            return Drbd::default();
        };
        let mut devices: Vec<Device> = found
            .primaries
            .union(&found.secondaries)
            .filter_map(|id| self.instances.get(id))
            .filter(|instance| instance.template == Template::Drbd)
            .filter(|instance| self.is_set_up(instance, node))
            .flat_map(|instance| self.devices(instance, node))
            .collect();
        devices.sort_by_key(|device| device.minor);
        Drbd {
            whole: true,
            version: VERSION.to_owned(),
            pushed: true,
            devices,
            ..Drbd::default()
        }
    }

    /// A mirrored instance's devices on one of its nodes.
    fn devices(&self, instance: &Instance, node: NodeId) -> Vec<Device> {
        let side = match instance.primary == node {
            true => Side::Primary,
            false => Side::Secondary,
        };
        let peer = match side {
            Side::Primary => instance.secondary.unwrap_or(node),
            Side::Secondary => instance.primary,
        };
        let tally = instance.tally.at(instance, self.now);
        let half = match side {
            Side::Primary => tally.primary,
            Side::Secondary => tally.secondary,
        };
        let whole = instance.disk_size().max(1) as f64;
        let device = |(index, disk): (usize, &Disk)| {
            let share = disk.size as f64 / whole;
            let state = state::of(instance, side, index, share, self.now);
            let changed = instance.mirror_changed;
            let split = match instance.mirror {
                Mirror::Split(split) => Some(seconds(split.found)),
                _ => None,
            };
            Some(Device {
                minor: disk.minor(node)?,
                counters: tally::counters(&half, share, instance, index, self.now),
                generation: generation::of(instance, side, index),
                changed_at: changed.map(seconds),
                split_brain_at: split,
                instance: instance.name.clone(),
                disk_index: Some(index as u32),
                peer: self.node_name(peer).to_owned(),
                data_dev: format!("/dev/{VOLUME_GROUP}/{}", data_name(disk, index)),
                meta_dev: format!("/dev/{VOLUME_GROUP}/{}", meta_name(disk, index)),
                port: disk.port,
                rate_kib: RATE_KIB,
                ..state
            })
        };
        instance
            .disks
            .iter()
            .enumerate()
            .filter_map(device)
            .collect()
    }
}
