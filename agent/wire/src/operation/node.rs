//! Parameters of what is done to one node. Ganeti takes one flag at a time, so each is an
//! operation.

use serde::{Deserialize, Serialize};

use super::{Chosen, is_default};

/// `gnt-node modify --drained=yes`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeDrain {
    /// The node's name.
    pub node: String,
    /// Another node becomes a master candidate if there would be too few. Locks all nodes.
    #[serde(default, skip_serializing_if = "is_default")]
    pub auto_promote: bool,
}

/// `gnt-node modify --drained=no`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeUndrain {
    /// The node's name.
    pub node: String,
}

/// `gnt-node modify --offline=yes`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeOffline {
    /// The node's name.
    pub node: String,
    /// Another node becomes a master candidate if there would be too few. Locks all nodes.
    #[serde(default, skip_serializing_if = "is_default")]
    pub auto_promote: bool,
}

/// `gnt-node modify --offline=no`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeOnline {
    /// The node's name.
    pub node: String,
}

/// `gnt-node modify --master-candidate=yes`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodePromote {
    /// The node's name.
    pub node: String,
}

/// `gnt-node modify --master-candidate=no`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeDemote {
    /// The node's name.
    pub node: String,
    /// Another node becomes a master candidate if there would be too few. Locks all nodes.
    #[serde(default, skip_serializing_if = "is_default")]
    pub auto_promote: bool,
}

/// `gnt-node evacuate`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeEvacuate {
    /// The node's name.
    pub node: String,
    /// Whose instances. Ganeti never does both in one job.
    pub mode: Evacuated,
    /// Whereto; a node only for those that have their secondary here. The cluster's default
    /// iallocator if absent.
    #[serde(default, skip_serializing_if = "is_default")]
    pub to: Option<Chosen>,
    /// Gives old halves back before the new ones are in sync.
    #[serde(default, skip_serializing_if = "is_default")]
    pub early_release: bool,
    /// Although there is not room enough for N+1 afterwards.
    #[serde(default, skip_serializing_if = "is_default")]
    pub ignore_soft_errors: bool,
}

/// Which instances leave a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Evacuated {
    /// Those that run here.
    PrimaryOnly,
    /// Those that have their second half here.
    SecondaryOnly,
}

/// `gnt-node powercycle`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodePowercycle {
    /// The node's name.
    pub node: String,
}
