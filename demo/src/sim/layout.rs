//! Where each disk lies: names of volumes and files, minors and ports.

use std::collections::{BTreeMap, BTreeSet};

use gantry_wire::config::{DrbdEnd, Layout, Volume};

use super::Cluster;
use super::chance::{mix, uuid};
use super::instance::{Disk, End, Instance, InstanceId, META, Template};
use super::node::NodeId;
use super::storage::{FILE_DIR, VOLUME_GROUP};

/// The first port of Ganeti's pool, from which DRBD and VNC are served.
const FIRST_PORT: u16 = 11_000;

/// What the names of a disk's volumes begin with. It is not the disk's own UUID.
pub fn volume_id(seed: u64, index: usize) -> String {
    let one = mix(seed ^ mix(0x6c76 + index as u64));
    uuid(one, mix(one))
}

/// Gives the first instances of a cluster their ports and minors.
pub fn lay_out(instances: &mut BTreeMap<InstanceId, Instance>, nodes: usize) {
    let mut minors = vec![0; nodes];
    // A pool that is used up begins anew: a demo of that size has more pressing flaws.
    let mut ports = (FIRST_PORT..=u16::MAX).cycle();
    let mut port = || ports.next().unwrap_or(FIRST_PORT);
    for instance in instances.values_mut() {
        instance.port = port();
        let Some(secondary) = instance.secondary else {
            continue;
        };
        for disk in &mut instance.disks {
            disk.port = port();
            disk.ends = Some([instance.primary, secondary].map(|node| {
                let next = &mut minors[node];
                let minor = *next;
                *next += 1;
                End { node, minor }
            }));
        }
    }
}

impl Cluster {
    /// Gives an instance that is new its ports and minors.
    pub(super) fn lay_out_new(&self, instance: &mut Instance) {
        let mut used: BTreeSet<u16> = self.instances.values().flat_map(ports).collect();
        let mut port = || {
            let free = (FIRST_PORT..=u16::MAX).find(|port| !used.contains(port));
            let port = free.unwrap_or(FIRST_PORT);
            used.insert(port);
            port
        };
        instance.port = port();
        let Some(secondary) = instance.secondary else {
            return;
        };
        let count = instance.disks.len();
        let here = self.free_minors(instance.primary, count);
        let there = self.free_minors(secondary, count);
        for ((disk, here), there) in instance.disks.iter_mut().zip(here).zip(there) {
            disk.port = port();
            let end = |node, minor| End { node, minor };
            disk.ends = Some([end(instance.primary, here), end(secondary, there)]);
        }
    }

    /// The lowest minors of a node that no disk has.
    pub(super) fn free_minors(&self, node: NodeId, count: usize) -> Vec<u32> {
        let homes = self.nodes.get(node).into_iter();
        let used: BTreeSet<u32> = homes
            .flat_map(|found| found.primaries.union(&found.secondaries))
            .filter_map(|id| self.instances.get(id))
            .flat_map(|instance| &instance.disks)
            .filter_map(|disk| disk.minor(node))
            .collect();
        (0..)
            .filter(|minor| !used.contains(minor))
            .take(count)
            .collect()
    }

    /// Where a disk lies, as the configuration has it; nothing for one that lies nowhere.
    pub(super) fn layout(&self, instance: &Instance, index: usize) -> Option<Box<Layout>> {
        let disk = instance.disks.get(index)?;
        let volume = |name: String, size| {
            Some(Volume {
                vg: VOLUME_GROUP.to_owned(),
                name,
                size,
            })
        };
        let mut layout = Layout::default();
        match instance.template {
            Template::Drbd => {
                layout.ends = disk
                    .ends
                    .iter()
                    .flatten()
                    .map(|end| DrbdEnd {
                        node: self.node_name(end.node).to_owned(),
                        minor: end.minor,
                    })
                    .collect();
                layout.port = disk.port;
                layout.data = volume(data_name(disk, index), disk.size);
                layout.meta = volume(meta_name(disk, index), META);
            }
            Template::Plain => layout.data = volume(plain_name(disk, index), disk.size),
            Template::File => {
                layout.path = format!(
                    "{FILE_DIR}/{}/{}.file.disk{index}",
                    instance.name, disk.volume
                );
            }
            Template::Diskless => return None,
        }
        Some(Box::new(layout))
    }
}

/// All ports that an instance takes from Ganeti's pool.
pub fn ports(instance: &Instance) -> impl Iterator<Item = u16> {
    let disks = instance.disks.iter().map(|disk| disk.port);
    std::iter::once(instance.port).chain(disks.filter(|port| *port != 0))
}

/// The logical volume with a mirrored disk's data.
pub fn data_name(disk: &Disk, index: usize) -> String {
    format!("{}.disk{index}_data", disk.volume)
}

/// The logical volume with a mirrored disk's metadata.
pub fn meta_name(disk: &Disk, index: usize) -> String {
    format!("{}.disk{index}_meta", disk.volume)
}

/// The logical volume of a plain disk.
pub fn plain_name(disk: &Disk, index: usize) -> String {
    format!("{}.disk{index}", disk.volume)
}
