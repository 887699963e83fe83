//! DRBD as each node's kernel would have it. Nothing is counted up: every figure is a function of
//! few parameters of the mirror and the time, so that thousands of devices cost only those that
//! ask for them.

use gantry_wire::drbd::{Counters, Device, Drbd};

use super::Cluster;
use super::instance::{Instance, Mirror, Template};
use super::layout::{data_name, meta_name};
use super::node::NodeId;
use super::storage::VOLUME_GROUP;

/// The kernel module's version.
const VERSION: &str = "8.4.11";
/// Ganeti's resync rate, KiB a second.
pub const RATE_KIB: u64 = 163_840;

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

    /// Whether a resync goes on on a node.
    pub fn copies(&self, node: NodeId) -> bool {
        let homes = self.nodes.get(node).into_iter();
        homes
            .flat_map(|found| found.primaries.iter().chain(&found.secondaries))
            .filter_map(|id| self.instances.get(id))
            .any(|instance| matches!(instance.mirror, Mirror::Resync(_)))
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
        let role = |primary: bool| if primary { "Primary" } else { "Secondary" }.to_owned();
        let primary = instance.primary == node;
        let peer = match primary {
            true => instance.secondary.unwrap_or(node),
            false => instance.primary,
        };
        let device = |(index, disk): (usize, &super::instance::Disk)| {
            Some(Device {
                minor: disk.minor(node)?,
                connection: "Connected".to_owned(),
                role: role(primary),
                peer_role: role(!primary),
                disk: "UpToDate".to_owned(),
                peer_disk: "UpToDate".to_owned(),
                protocol: "C".to_owned(),
                flags: "r-----".to_owned(),
                oos_kib: Some(0),
                counters: Counters {
                    ep: Some(1),
                    wo: "f".to_owned(),
                    ..Counters::default()
                },
                instance: instance.name.clone(),
                disk_index: Some(index as u32),
                peer: self.node_name(peer).to_owned(),
                data_dev: format!("/dev/{VOLUME_GROUP}/{}", data_name(disk, index)),
                meta_dev: format!("/dev/{VOLUME_GROUP}/{}", meta_name(disk, index)),
                port: disk.port,
                rate_kib: RATE_KIB,
                ..Device::default()
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
