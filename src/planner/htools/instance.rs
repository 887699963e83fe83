//! An instance as the planner needs it: sizes, and what its status and template mean.

use super::data;
use super::policy::Mirror;

/// An instance.
#[derive(Clone, Debug)]
pub struct Instance {
    /// Name without the common suffix.
    pub alias: String,
    /// Memory, MiB.
    pub memory: i64,
    /// Disk, MiB.
    pub disk: i64,
    /// Virtual processors.
    pub vcpus: i64,
    /// Use of spindles.
    pub spindle_use: i64,
    /// Spindles of its own, where known.
    pub spindles: Option<i64>,
    /// Loads: processor, memory, disk, network.
    pub load: [f64; 4],
    /// Index of the primary node.
    pub primary: usize,
    /// Index of the secondary node.
    pub secondary: Option<usize>,
    /// Location tags that its two nodes share.
    pub location: i64,
    /// Numbers of its exclusion tags; one that is given twice stands twice.
    pub exclusion: Vec<u32>,
    /// Numbers of its desired locations, each once.
    pub desired: Vec<u32>,
    /// hbal may move it.
    pub movable: bool,
    /// Restarted and moved by itself.
    pub auto_balance: bool,
    /// Its memory is taken on its primary node.
    pub uses_memory: bool,
    /// Not administratively offline.
    pub online: bool,
    /// Its memory is reserved on its secondary node.
    pub reserves: bool,
    /// Uses the volume group of its nodes.
    pub local: bool,
    /// Its template has a secondary node.
    pub has_secondary: bool,
    /// How it moves.
    pub mirror: Mirror,
    /// It runs: migrated rather than failed over.
    pub runs: bool,
    /// Planned, not yet there.
    pub forthcoming: bool,
}

impl Instance {
    /// An instance as loaded; tags are put in afterwards.
    pub fn new(instance: &data::Instance, alias: String, load: [f64; 4]) -> Instance {
        let online = instance.status != data::Status::AdminOffline;
        let mirror = instance.template.mirror();
        Instance {
            alias,
            memory: instance.memory,
            disk: instance.disk,
            vcpus: instance.vcpus,
            spindle_use: instance.spindle_use,
            spindles: instance.spindles,
            load,
            primary: instance.primary,
            secondary: instance.secondary,
            location: 0,
            exclusion: Vec::new(),
            desired: Vec::new(),
            movable: instance.template.movable(),
            auto_balance: instance.auto_balance,
            uses_memory: !instance.forthcoming && instance.status.uses_memory(),
            online,
            reserves: online && instance.auto_balance,
            local: instance.template.local(),
            has_secondary: mirror == Mirror::Internal,
            mirror,
            runs: instance.status.runs(),
            forthcoming: instance.forthcoming,
        }
    }

    /// Memory to be reserved on its secondary node, MiB.
    pub fn needed_on_secondary(&self) -> i64 {
        if self.reserves { self.memory } else { 0 }
    }

    /// Memory that it takes on its primary node, MiB.
    pub fn taken(&self) -> i64 {
        if self.uses_memory { self.memory } else { 0 }
    }

    /// The nodes it is on: the primary, and for DRBD the secondary.
    pub fn nodes(&self) -> impl Iterator<Item = usize> {
        let secondary = self.secondary.filter(|_| self.has_secondary);
        std::iter::once(self.primary).chain(secondary)
    }
}
