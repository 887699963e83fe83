//! What every Ganeti node knows of its cluster, from its `ssconf_*` files.

use serde::{Deserialize, Serialize};

/// The parts of ssconf that gantry uses. An absent file leaves its field empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ssconf {
    /// `ssconf_cluster_name`; also the HostKeyAlias of all nodes.
    pub cluster_name: String,
    /// `ssconf_master_node`.
    pub master_node: String,
    /// `ssconf_master_ip`.
    pub master_ip: String,
    /// `ssconf_release_version`, such as `3.0.2`.
    pub release_version: String,
    /// `ssconf_master_candidates`.
    pub master_candidates: Vec<String>,
    /// `ssconf_node_list` with addresses and ports from the other files.
    pub nodes: Vec<SsNode>,
    /// `ssconf_nodegroups` as (uuid, name).
    pub groups: Vec<(String, String)>,
    /// `ssconf_hypervisor_list`, the default one first.
    pub hypervisors: Vec<String>,
    /// `ssconf_file_storage_dir`, empty if none.
    pub file_storage_dir: String,
    /// Newest modification time of these files, seconds since the epoch.
    pub written: u64,
}

/// One node as ssconf lists it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SsNode {
    /// Name.
    pub name: String,
    /// Primary address.
    pub primary_ip: String,
    /// Secondary address (replication and migration).
    pub secondary_ip: String,
    /// Port of its sshd; 0 if not stated.
    pub ssh_port: u16,
    /// Listed in `ssconf_offline_nodes`.
    pub offline: bool,
}
