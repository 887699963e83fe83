//! What a cluster is described by, whatever the source: groups, nodes and instances as Ganeti's htools
//! see them. All sizes are MiB.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use super::policy::{Policy, Template};

/// A whole cluster as loaded.
#[derive(Clone, Debug, PartialEq)]
pub struct Data {
    /// Node groups, in the order of the source.
    pub groups: Vec<Group>,
    /// Nodes, likewise.
    pub nodes: Vec<Node>,
    /// Instances, likewise.
    pub instances: Instances,
    /// Tags of the cluster.
    pub tags: Vec<String>,
    /// The cluster's own policy.
    pub policy: Policy,
}

/// All instances: by far the most of a cluster. Copies share them until one of them changes its own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Instances(Arc<Vec<Instance>>);

impl Deref for Instances {
    type Target = Vec<Instance>;

    fn deref(&self) -> &Vec<Instance> {
        &self.0
    }
}

impl DerefMut for Instances {
    fn deref_mut(&mut self) -> &mut Vec<Instance> {
        Arc::make_mut(&mut self.0)
    }
}

impl From<Vec<Instance>> for Instances {
    fn from(instances: Vec<Instance>) -> Instances {
        Instances(Arc::new(instances))
    }
}

impl FromIterator<Instance> for Instances {
    fn from_iter<T: IntoIterator<Item = Instance>>(instances: T) -> Instances {
        Vec::from_iter(instances).into()
    }
}

impl<'a> IntoIterator for &'a Instances {
    type Item = &'a Instance;
    type IntoIter = std::slice::Iter<'a, Instance>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a mut Instances {
    type Item = &'a mut Instance;
    type IntoIter = std::slice::IterMut<'a, Instance>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

/// May new instances go to a group?
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AllocPolicy {
    /// `preferred`
    Preferred,
    /// `last_resort`
    LastResort,
    /// `unallocable`
    Unallocable,
}

impl AllocPolicy {
    /// All, in their order of preference.
    pub const ALL: [AllocPolicy; 3] = [
        AllocPolicy::Preferred,
        AllocPolicy::LastResort,
        AllocPolicy::Unallocable,
    ];

    /// Ganeti's word.
    pub fn word(self) -> &'static str {
        match self {
            AllocPolicy::Preferred => "preferred",
            AllocPolicy::LastResort => "last_resort",
            AllocPolicy::Unallocable => "unallocable",
        }
    }
}

/// A node group.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Name.
    pub name: String,
    /// UUID.
    pub uuid: String,
    /// Whether it takes new instances.
    pub alloc_policy: AllocPolicy,
    /// Tags.
    pub tags: Vec<String>,
    /// UUIDs of the networks it is connected to.
    pub networks: Vec<String>,
    /// The filled policy.
    pub policy: Policy,
}

/// A node.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Full name.
    pub name: String,
    /// Total memory.
    pub total_memory: f64,
    /// Memory the node itself uses.
    pub node_memory: i64,
    /// Free memory as the node reports it.
    pub free_memory: i64,
    /// Total disk.
    pub total_disk: f64,
    /// Free disk.
    pub free_disk: i64,
    /// Physical processors.
    pub total_cpus: f64,
    /// Offline, or nothing is known of it.
    pub offline: bool,
    /// The master.
    pub master: bool,
    /// Index of its group.
    pub group: usize,
    /// Spindles.
    pub spindles: i64,
    /// Tags.
    pub tags: Vec<String>,
    /// Exclusive storage.
    pub exclusive_storage: bool,
    /// Free spindles; of use with exclusive storage only.
    pub free_spindles: i64,
    /// Processors kept for the node itself.
    pub node_cpus: i64,
    /// Speed of the processors relative to others.
    pub cpu_speed: f64,
}

/// An instance.
#[derive(Clone, Debug, PartialEq)]
pub struct Instance {
    /// Full name.
    pub name: String,
    /// Memory.
    pub memory: i64,
    /// All its disks together.
    pub disk: i64,
    /// Size of each disk.
    pub disks: Vec<i64>,
    /// Virtual processors.
    pub vcpus: i64,
    /// Status.
    pub status: Status,
    /// Restarted and moved by itself.
    pub auto_balance: bool,
    /// Index of the primary node.
    pub primary: usize,
    /// Index of the secondary node.
    pub secondary: Option<usize>,
    /// Disk template.
    pub template: Template,
    /// Tags.
    pub tags: Vec<String>,
    /// How much of a spindle it keeps busy.
    pub spindle_use: i64,
    /// Spindles of its disks, where known.
    pub spindles: Option<i64>,
    /// Planned, not yet there.
    pub forthcoming: bool,
}

/// What Ganeti says of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// `running`
    Running,
    /// `ERROR_up`: runs and should not.
    ErrorUp,
    /// `ERROR_down`: should run and does not.
    ErrorDown,
    /// `ADMIN_down`
    AdminDown,
    /// `ADMIN_offline`
    AdminOffline,
    /// `USER_down`
    UserDown,
    /// `ERROR_nodedown`
    ErrorNodeDown,
    /// `ERROR_nodeoffline`
    ErrorNodeOffline,
    /// `ERROR_wrongnode`
    ErrorWrongNode,
}

impl Status {
    /// All there are.
    pub const ALL: [Status; 9] = [
        Status::Running,
        Status::ErrorUp,
        Status::ErrorDown,
        Status::AdminDown,
        Status::AdminOffline,
        Status::UserDown,
        Status::ErrorNodeDown,
        Status::ErrorNodeOffline,
        Status::ErrorWrongNode,
    ];

    /// Ganeti's word.
    pub fn word(self) -> &'static str {
        match self {
            Status::Running => "running",
            Status::ErrorUp => "ERROR_up",
            Status::ErrorDown => "ERROR_down",
            Status::AdminDown => "ADMIN_down",
            Status::AdminOffline => "ADMIN_offline",
            Status::UserDown => "USER_down",
            Status::ErrorNodeDown => "ERROR_nodedown",
            Status::ErrorNodeOffline => "ERROR_nodeoffline",
            Status::ErrorWrongNode => "ERROR_wrongnode",
        }
    }

    /// It runs as far as Ganeti knows; migrated rather than failed over.
    pub fn runs(self) -> bool {
        matches!(self, Status::Running | Status::ErrorUp)
    }

    /// Its memory is taken on the primary node.
    pub fn uses_memory(self) -> bool {
        matches!(
            self,
            Status::Running
                | Status::ErrorUp
                | Status::ErrorNodeDown
                | Status::ErrorNodeOffline
                | Status::ErrorWrongNode
        )
    }
}
