//! What only jobs from a console do to the cluster.

use gantry_wire::operation::Backend;

use super::instance::{InstanceId, Template};
use super::node::{NodeId, Outage};
use super::opcode::Tagged;
use super::{Cluster, Event};

/// How long a machine that was reset takes to come back, ms.
const BOOT: u64 = 75_000;

impl Cluster {
    /// An instance without a mirror has its home on another node.
    pub(super) fn rehouse(&mut self, id: InstanceId, node: NodeId) {
        self.unhouse(id);
        self.edit(id, |instance| instance.primary = node);
        self.house(id);
    }

    /// A disk gets larger; the new part of a mirrored one is copied.
    pub(super) fn grow(&mut self, id: InstanceId, disk: usize, mib: u64) -> Result<(), String> {
        for node in self.instance_nodes(id) {
            self.volumes_fit(node, mib)?;
        }
        self.settle(id);
        self.edit(id, |instance| {
            if let Some(disk) = instance.disks.get_mut(disk) {
                disk.size = disk.size.saturating_add(mib);
            }
        });
        for node in self.instance_nodes(id) {
            if let Some(node) = self.nodes.get_mut(node) {
                node.stir += 1;
            }
        }
        let mirrored = |i: &super::instance::Instance| i.template == Template::Drbd && i.active;
        let copies = self
            .instances
            .get(&id)
            .is_some_and(|i| mirrored(i) && i.in_step());
        if copies {
            self.begin_resync(id, mib as f64);
        }
        Ok(())
    }

    /// Backend parameters change.
    pub(super) fn modify(&mut self, id: InstanceId, backend: &Backend) {
        self.settle(id);
        self.edit(id, |instance| {
            instance.vcpus = backend.vcpus.unwrap_or(instance.vcpus);
            instance.memory = backend.maxmem.unwrap_or(instance.memory);
            instance.minmem = backend.minmem.unwrap_or(instance.minmem);
            instance.auto_balance = backend.auto_balance.unwrap_or(instance.auto_balance);
        });
    }

    /// An instance gets another name: to whoever knows names only, one goes and one comes.
    pub(super) fn rename(&mut self, id: InstanceId, name: String) -> Result<(), String> {
        if self
            .instances
            .values()
            .any(|instance| instance.name == name)
        {
            return Err(format!("Instance '{name}' is already in the cluster"));
        }
        self.unhouse(id);
        let Some(mut instance) = self.instances.remove(&id) else {
            return Err("Instance is gone".to_owned());
        };
        let before = std::mem::replace(&mut instance.name, name);
        let new = self.next_instance;
        self.next_instance += 1;
        self.instances.insert(new, instance);
        self.remember(id, before);
        self.edit(new, |_| {});
        self.house(new);
        Ok(())
    }

    /// Tags are set or removed.
    pub(super) fn tag(&mut self, of: Tagged, tags: &[String], set: bool) {
        let revision = self.write_config();
        let change = |held: &mut Vec<String>| {
            held.retain(|tag| !tags.contains(tag));
            if set {
                held.extend(tags.iter().cloned());
            }
            held.sort();
            held.dedup();
        };
        match of {
            Tagged::Cluster => {
                change(&mut self.tags);
                self.tags_changed = revision;
            }
            Tagged::Group(group) => {
                if let Some(group) = self.groups.get_mut(group) {
                    change(&mut group.tags);
                    group.changed = revision;
                }
            }
            Tagged::Node(node) => {
                if let Some(node) = self.nodes.get_mut(node) {
                    change(&mut node.tags);
                    node.changed = revision;
                }
            }
            Tagged::Instance(id) => self.edit(id, |instance| change(&mut instance.tags)),
        }
    }

    /// A node's machine starts anew without having been shut down.
    pub(super) fn reset(&mut self, node: NodeId) {
        self.lose(node, Outage::Power);
        self.after(BOOT, Event::Back(node));
    }

    /// A node other than these, with the most room, where an instance may go.
    pub fn roomiest(&self, id: InstanceId, but: &[NodeId]) -> Option<NodeId> {
        let instance = self.instances.get(&id)?;
        let group = self.nodes.get(instance.primary)?.group;
        let fits = |node: &NodeId| {
            let found = &self.nodes[*node];
            found.group == group
                && found.takes_instances()
                && !but.contains(node)
                && self.room(*node) >= instance.memory
                && self.disk_free(*node) >= instance.volume_size()
        };
        let nodes = (0..self.nodes.len()).filter(fits);
        nodes.max_by_key(|node| (self.room(*node), std::cmp::Reverse(*node)))
    }
}
