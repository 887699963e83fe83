//! The cluster as Ganeti is configured: from LUXI's configuration fields, or from `config.data`
//! of a master candidate. Secrets never leave the agent.

use serde::{Deserialize, Serialize};

/// The configuration or what changed of it. A `whole` part replaces all that came before once its
/// `last` piece has come; pieces of one revision add up, so that no frame grows too long.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConfigPart {
    /// Counts up with each change that this agent noticed.
    pub revision: u64,
    /// Where it comes from.
    pub source: Source,
    /// When it was read (LUXI) or written (file), seconds since the epoch.
    pub at: f64,
    /// First piece of a whole configuration.
    pub whole: bool,
    /// Last piece of this revision.
    pub last: bool,
    /// The cluster's own settings, if changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<Box<Cluster>>,
    /// Groups, new or changed.
    pub groups: Vec<Group>,
    /// Nodes, new or changed.
    pub nodes: Vec<Node>,
    /// Instances, new or changed.
    pub instances: Vec<Instance>,
    /// Networks, new or changed.
    pub networks: Vec<Network>,
    /// Names that are gone.
    pub gone: Gone,
}

/// Where a configuration was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// From luxid on the master.
    #[default]
    Luxi,
    /// From a master candidate's `config.data`, the master being out of reach.
    File,
}

/// Names of objects that the configuration lost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Gone {
    /// Groups.
    pub groups: Vec<String>,
    /// Nodes.
    pub nodes: Vec<String>,
    /// Instances.
    pub instances: Vec<String>,
    /// Networks.
    pub networks: Vec<String>,
}

/// The cluster's own settings.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cluster {
    /// Name.
    pub name: String,
    /// UUID.
    pub uuid: String,
    /// The master node's name.
    pub master: String,
    /// Ganeti's version, such as `3.0.2`.
    pub software_version: String,
    /// Enabled hypervisors, the default one first.
    pub hypervisors: Vec<String>,
    /// Enabled disk templates, the default one first.
    pub disk_templates: Vec<String>,
    /// The volume group for instances' disks; empty without LVM.
    pub volume_group: String,
    /// Directory for file disks; empty if none.
    pub file_storage_dir: String,
    /// Directory for shared file disks; empty if none.
    pub shared_file_storage_dir: String,
    /// How many master candidates are wanted.
    pub candidate_pool_size: u32,
    /// How many jobs run at once.
    pub max_running_jobs: u32,
    /// The allocator used when none is named; empty if none.
    pub default_iallocator: String,
    /// Regular expressions of logical volumes that are not Ganeti's.
    pub reserved_lvs: Vec<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// Whether the watcher shuts down what runs on nodes that are marked offline.
    pub maintain_node_health: bool,
    /// The instance policy, as Ganeti writes it; null from an agent that does not tell it.
    pub ipolicy: serde_json::Value,
}

/// A node group.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Group {
    /// Name.
    pub name: String,
    /// UUID.
    pub uuid: String,
    /// `preferred`, `last_resort` or `unallocable`.
    pub alloc_policy: String,
    /// The filled instance policy, as Ganeti writes it.
    pub ipolicy: serde_json::Value,
    /// Tags.
    pub tags: Vec<String>,
}

/// A node.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Node {
    /// Name.
    pub name: String,
    /// UUID.
    pub uuid: String,
    /// Group's name.
    pub group: String,
    /// `M` master, `C` candidate, `R` regular, `D` drained, `O` offline.
    pub role: String,
    /// May become a master candidate.
    pub master_capable: bool,
    /// May run instances.
    pub vm_capable: bool,
    /// Primary address.
    pub primary_ip: String,
    /// Secondary address, for replication and migration.
    pub secondary_ip: String,
    /// Port of its sshd.
    pub ssh_port: u16,
    /// Power state where an out-of-band program records it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub powered: Option<bool>,
    /// Spindles for exclusive storage.
    pub spindle_count: u32,
    /// Physical volumes belong to one instance each.
    pub exclusive_storage: bool,
    /// Relative speed of its processors.
    pub cpu_speed: f64,
    /// Tags.
    pub tags: Vec<String>,
}

/// An instance.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Instance {
    /// Name.
    pub name: String,
    /// UUID.
    pub uuid: String,
    /// Primary node's name.
    pub primary: String,
    /// Secondary nodes' names.
    pub secondaries: Vec<String>,
    /// `up`, `down` or `offline`.
    pub admin_state: String,
    /// Who set it: `admin` or `user`.
    pub admin_state_source: String,
    /// Hypervisor.
    pub hypervisor: String,
    /// Operating system definition with variant.
    pub os: String,
    /// `diskless`, `file`, `plain`, `drbd`, ... or `mixed`.
    pub disk_template: String,
    /// Its disks in order.
    pub disks: Vec<Disk>,
    /// Its network interfaces in order.
    pub nics: Vec<Nic>,
    /// Virtual processors.
    pub vcpus: u32,
    /// The least memory it may be given, MiB.
    pub minmem: u64,
    /// The most memory it may be given, MiB.
    pub maxmem: u64,
    /// Counted for N+1 and moved by the balancer.
    pub auto_balance: bool,
    /// Always failed over, never migrated.
    pub always_failover: bool,
    /// Spindles it uses.
    pub spindle_use: u32,
    /// VNC or SPICE port; 0 if none.
    pub network_port: u16,
    /// Its disks are meant to be active.
    pub disks_active: bool,
    /// Tags.
    pub tags: Vec<String>,
    /// Planned only: it takes its place in the configuration and nothing on its nodes.
    pub forthcoming: bool,
    /// When it was created, seconds since the epoch.
    pub ctime: f64,
    /// When its configuration last changed, seconds since the epoch.
    pub mtime: f64,
}

/// One disk of an instance.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Disk {
    /// Size in MiB.
    pub size: u64,
    /// UUID.
    pub uuid: String,
    /// Its name, if it has one.
    pub name: String,
    /// `drbd`, `plain`, `file`, ...; empty if not known.
    pub template: String,
    /// Physical volumes that it has to itself, where exclusive storage counts them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spindles: Option<u32>,
    /// Where it lies. Only `config.data` says it, so it is absent where that may not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layout: Option<Box<Layout>>,
}

/// Where a disk lies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Layout {
    /// The two halves of a DRBD disk, in the configuration's order: which of them is the primary
    /// is another matter.
    pub ends: Vec<DrbdEnd>,
    /// Port of the DRBD connection, 0 without.
    pub port: u16,
    /// The logical volume with its data, on each node that has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Volume>,
    /// The logical volume with DRBD's metadata.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meta: Option<Volume>,
    /// Path of its file or device, or name of its image; empty for logical volumes.
    pub path: String,
}

/// One half of a DRBD disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DrbdEnd {
    /// Node's name.
    pub node: String,
    /// Minor there.
    pub minor: u32,
}

/// A logical volume as the configuration has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Volume {
    /// Volume group.
    pub vg: String,
    /// Name.
    pub name: String,
    /// Size, MiB.
    pub size: u64,
}

/// One network interface of an instance.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Nic {
    /// Hardware address.
    pub mac: String,
    /// Address, empty if none is recorded.
    pub ip: String,
    /// `bridged`, `routed`, `openvswitch`, ...
    pub mode: String,
    /// Bridge or interface it is linked to.
    pub link: String,
    /// VLAN, empty if none.
    pub vlan: String,
    /// Network's name, empty if none.
    pub network: String,
}

/// A network.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Network {
    /// Name.
    pub name: String,
    /// UUID.
    pub uuid: String,
    /// Addresses, as `192.0.2.0/24`.
    pub network: String,
    /// Gateway, empty if none.
    pub gateway: String,
    /// Addresses still free.
    pub free: u64,
    /// Addresses in use or set aside.
    pub reserved: u64,
    /// Groups it is connected to.
    pub groups: Vec<String>,
}
