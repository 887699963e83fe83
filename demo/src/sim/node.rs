//! A simulated node.

use std::collections::BTreeSet;

use super::instance::InstanceId;

/// Index of a node in [`super::Cluster::nodes`]; nodes are never removed.
pub type NodeId = usize;

/// A node's role, as Ganeti's letters have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// `M`
    Master,
    /// `C`
    Candidate,
    /// `R`
    Regular,
    /// `D`
    Drained,
    /// `O`
    Offline,
}

impl Role {
    /// The letter in `gnt-node list -o role`.
    pub fn letter(self) -> &'static str {
        match self {
            Role::Master => "M",
            Role::Candidate => "C",
            Role::Regular => "R",
            Role::Drained => "D",
            Role::Offline => "O",
        }
    }
}

/// Why a node does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outage {
    /// It is cut off, and everything on it goes on.
    Network,
    /// It is off, and comes back with a new boot and nothing running.
    Power,
}

/// A node.
#[derive(Clone, Debug)]
pub struct Node {
    /// Full name.
    pub name: String,
    /// UUID.
    pub uuid: String,
    /// Index of its group.
    pub group: usize,
    /// Role.
    pub role: Role,
    /// What it was before it was drained.
    pub role_before: Role,
    /// Why it does not answer, and since when (cluster's clock, ms).
    pub outage: Option<(Outage, u64)>,
    /// When it booted, cluster's clock, ms.
    pub booted: u64,
    /// Random id of this boot.
    pub boot_id: String,
    /// Memory, MiB.
    pub memory: u64,
    /// Memory that the node itself uses, MiB.
    pub own_memory: u64,
    /// Processors.
    pub cpus: u32,
    /// Size of the volume group, MiB.
    pub disk: u64,
    /// Size of the file system for file disks, MiB.
    pub dir: u64,
    /// Instances whose primary it is.
    pub primaries: BTreeSet<InstanceId>,
    /// Instances whose secondary it is.
    pub secondaries: BTreeSet<InstanceId>,
    /// Tags.
    pub tags: Vec<String>,
    /// Revision of the configuration in which it last changed.
    pub changed: u64,
    /// Ganeti's daemons that should run and do not.
    pub stopped: BTreeSet<String>,
    /// Counts up with each change of what lies on its storage or of its DRBD devices.
    pub stir: u64,
    /// LVM's programs hang on it.
    pub vgs_hang: bool,
    /// Its own seed for everything that wanders.
    pub seed: u64,
}

impl Node {
    /// Whether it can be reached.
    pub fn is_reachable(&self) -> bool {
        self.outage.is_none() && self.role != Role::Offline
    }

    /// Whether it does what the master asks of it: it can be reached and its noded runs.
    pub fn answers(&self) -> bool {
        self.is_reachable() && !self.stopped.contains("ganeti-noded")
    }

    /// Whether new instances may come to it.
    pub fn takes_instances(&self) -> bool {
        self.answers() && self.role != Role::Drained
    }
}
