//! What LUXI's live queries said: each causes RPC to the nodes, so they are few and carry their
//! time.

use serde::{Deserialize, Serialize};

/// One answer of a live query. An empty list was not asked for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Live {
    /// When the answer came, seconds since the epoch by the master's clock.
    pub at: f64,
    /// Instances' states.
    pub instances: Vec<LiveInstance>,
    /// Nodes' figures.
    pub nodes: Vec<LiveNode>,
}

/// An instance as its node's noded told the master.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LiveInstance {
    /// Name.
    pub name: String,
    /// Ganeti's own `status` word, such as `running` or `ERROR_down`.
    pub status: String,
    /// Memory that the hypervisor says it has, MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
    /// Virtual processors that the hypervisor says it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vcpus: Option<u32>,
}

/// A node's figures as its noded told the master; absent where it said none. MiB.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LiveNode {
    /// Name.
    pub name: String,
    /// noded did not answer.
    pub failed: bool,
    /// `mtotal`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_total: Option<u64>,
    /// `mfree`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_free: Option<u64>,
    /// `mnode`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_node: Option<u64>,
    /// `dtotal`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disk_total: Option<u64>,
    /// `dfree`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disk_free: Option<u64>,
    /// `ctotal`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpus: Option<u32>,
    /// `cnos`: processors that the node's own system uses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpus_node: Option<u32>,
    /// `sptotal`: physical volumes for instances' disks, with exclusive storage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spindles_total: Option<u32>,
    /// `spfree`: those of them that are empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spindles_free: Option<u32>,
}
