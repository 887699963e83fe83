//! Instances as a node finds them running.

use serde::{Deserialize, Serialize};

/// All instances that one node finds running under the hypervisors that its agent can read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Guests {
    /// Hypervisors that were looked at: an instance of one of these that is not listed does not
    /// run here. Nothing can be said of others.
    pub hypervisors: Vec<String>,
    /// What was found.
    pub list: Vec<Guest>,
}

/// One instance found on a node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Guest {
    /// The instance's name.
    pub name: String,
    /// Under which hypervisor.
    pub hypervisor: String,
    /// The guest shut itself down and Ganeti has not noticed yet.
    pub shut_down: bool,
    /// Process id.
    pub pid: u32,
    /// Virtual processors it was started with; 0 if not known.
    pub vcpus: u32,
    /// Memory it was started with, MiB; 0 if not known.
    pub memory: u64,
    /// Resident memory of its process, MiB.
    pub rss: u64,
    /// Processor time in thousandths of one processor.
    pub cpu: u32,
    /// When its process started, seconds since the epoch by the node's wall clock.
    pub started: u64,
    /// Bytes read from disk a second; absent where that needs root.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read: Option<u64>,
    /// Bytes written to disk a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub write: Option<u64>,
    /// Bytes a second that the guest receives over all its interfaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rx: Option<u64>,
    /// Bytes a second that the guest sends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tx: Option<u64>,
}
