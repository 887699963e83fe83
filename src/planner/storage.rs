//! What lies on each node's storage: whose every logical volume is, what is on disk and in no
//! configuration, what is missing, and when a place will be full.

mod forecast;
mod places;
mod volumes;

use gantry_wire::storage::{LogicalVolume, PhysicalVolume};

use crate::model::{Cluster, Name};

pub use crate::model::space::PlaceKind;
pub(crate) use places::NO_GROUP;
pub use places::places;
pub use volumes::{broken_reserved, volumes};

/// One place for disks on one node. Sizes in MiB.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// Node.
    pub node: Name,
    /// What kind.
    pub kind: PlaceKind,
    /// Name of the volume group or pool, path of the directory.
    pub name: String,
    /// It is the cluster's own place for new disks.
    pub is_ganetis: bool,
    /// What the node says is of now.
    pub fresh: bool,
    /// The node is marked offline.
    pub offline: bool,
    /// Its size, if known.
    pub total: Option<u64>,
    /// What is free of it.
    pub free: Option<u64>,
    /// Used by instances' disks.
    pub instances: Option<u64>,
    /// Used by DRBD's metadata.
    pub metadata: Option<u64>,
    /// Used by volumes that belong to no instance: orphans, reserved ones, the system's own.
    pub others: Option<u64>,
    /// What the configuration promises instances on this node here, whether it is there or not.
    pub promised: Option<u64>,
    /// Physical volumes that are missing.
    pub missing_pvs: u32,
    /// Orphans in it.
    pub orphans: usize,
    /// Of what size these are together.
    pub orphans_size: u64,
    /// Volumes that the configuration names and that are not there.
    pub missing: usize,
    /// Volumes of another size than the configuration says.
    pub wrong_sizes: usize,
    /// Seconds until it is full, where the trend of the last hours is clear.
    pub full_in_s: Option<f64>,
    /// Why it is not known; empty if it is.
    pub why: String,
}

/// Whose a logical volume is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The data of an instance's disk.
    Data(Name, u32),
    /// The DRBD metadata of an instance's disk.
    Meta(Name, u32),
    /// Of an instance that this running job works on, and in no configuration: being made, or about to
    /// be removed (`..._replaced-...`).
    Job(u64),
    /// Matches the cluster's `reserved_lvs`.
    Reserved,
    /// In a volume group that is not the cluster's, or nothing that Ganeti makes: a snapshot, a part
    /// of a thin pool.
    NotGanetis,
    /// In no configuration.
    Orphan,
    /// Not known, as the layout of the disks is not.
    Unknown,
}

/// A logical volume on a node, there or missing.
#[derive(Clone, Debug, PartialEq)]
pub struct Volume {
    /// Volume group.
    pub vg: String,
    /// Name.
    pub name: String,
    /// As the node has it; absent if it is missing there.
    pub found: Option<LogicalVolume>,
    /// Size by the configuration, MiB.
    pub wanted: Option<u64>,
    /// Whose it is.
    pub owner: Owner,
    /// What is wrong with it, in words; empty if nothing is.
    pub text: String,
}

/// The physical volumes of a node; `None` if it has not told them.
pub fn physical<'a>(cluster: &'a Cluster, node: &str) -> Option<&'a [PhysicalVolume]> {
    let facts = &cluster.nodes.get(node)?.facts;
    facts.lvm.as_ref().map(|lvm| lvm.pvs.as_slice())
}

#[cfg(test)]
mod tests;
