//! Parameters of what is done to the cluster, its jobs, its queue, and of tags.

use serde::{Deserialize, Serialize};

use super::is_default;

/// `gnt-cluster verify`. The lines of its log carry error codes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verify {
    /// One group only.
    #[serde(default, skip_serializing_if = "is_default")]
    pub group: Option<String>,
}

/// `gnt-cluster verify-disks`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerifyDisks {
    /// One group only; since Ganeti 2.16.
    #[serde(default, skip_serializing_if = "is_default")]
    pub group: Option<String>,
}

/// `gnt-cluster master-failover`, run on the node that becomes the master.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MasterFailover {
    /// The node that becomes the master: a master candidate.
    pub node: String,
    /// The other nodes are not asked who they believe the master to be.
    #[serde(default, skip_serializing_if = "is_default")]
    pub no_voting: bool,
}

/// `gnt-* add-tags`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddTags {
    /// Whose.
    pub of: TagsOf,
    /// Which.
    pub tags: Vec<String>,
}

/// `gnt-* remove-tags`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoveTags {
    /// Whose.
    pub of: TagsOf,
    /// Which.
    pub tags: Vec<String>,
}

/// What can have tags.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TagsOf {
    /// The cluster.
    Cluster,
    /// A node group, by name.
    Group(String),
    /// A node, by name.
    Node(String),
    /// An instance, by name.
    Instance(String),
}

/// `gnt-job cancel`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobCancel {
    /// The job's id.
    pub job: u64,
}

/// `gnt-job change-priority`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobPriority {
    /// The job's id.
    pub job: u64,
    /// -20 first ... 19 last.
    pub priority: i8,
}

/// `gnt-job archive`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobArchive {
    /// The job's id.
    pub job: u64,
}

/// `gnt-cluster watcher pause`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WatcherPause {
    /// For how long from now, at least 1.
    pub seconds: u32,
}
