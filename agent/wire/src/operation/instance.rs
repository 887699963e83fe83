//! Parameters of what is done to one instance. Sizes are MiB, times seconds.

use serde::{Deserialize, Serialize};

use super::{Chosen, is_default};

/// `gnt-instance migrate`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Migrate {
    /// The instance's name.
    pub instance: String,
    /// Live or not; the hypervisor's own setting if absent.
    #[serde(default, skip_serializing_if = "is_default")]
    pub mode: Option<MigrationMode>,
    /// Only repairs what a broken migration left.
    #[serde(default, skip_serializing_if = "is_default")]
    pub cleanup: bool,
    /// Fails over an instance that is down or cannot be migrated.
    #[serde(default, skip_serializing_if = "is_default")]
    pub allow_failover: bool,
    /// Whereto; never for DRBD, which has its secondary.
    #[serde(default, skip_serializing_if = "is_default")]
    pub target_node: Option<String>,
    /// Who chooses where to; never for DRBD.
    #[serde(default, skip_serializing_if = "is_default")]
    pub iallocator: Option<String>,
    /// Goes even where the group's instance policy forbids it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub ignore_ipolicy: bool,
}

/// How a migration moves memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MigrationMode {
    /// While the instance runs.
    Live,
    /// While it is paused.
    NonLive,
}

/// `gnt-instance failover`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failover {
    /// The instance's name.
    pub instance: String,
    /// Goes although the other half of its disks is not known to be whole. A permission of its own.
    #[serde(default, skip_serializing_if = "is_default")]
    pub ignore_consistency: bool,
    /// Whereto; never for DRBD, which has its secondary.
    #[serde(default, skip_serializing_if = "is_default")]
    pub target_node: Option<String>,
    /// Who chooses where to; never for DRBD.
    #[serde(default, skip_serializing_if = "is_default")]
    pub iallocator: Option<String>,
    /// How long it may shut down, at least 10; Ganeti's 120 if absent.
    #[serde(default, skip_serializing_if = "is_default")]
    pub shutdown_timeout: Option<u32>,
    /// Goes even where the group's instance policy forbids it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub ignore_ipolicy: bool,
}

/// `gnt-instance replace-disks`, for DRBD alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplaceDisks {
    /// The instance's name.
    pub instance: String,
    /// Which half is made anew, and where.
    pub mode: ReplaceMode,
    /// Indices of disks; all if empty. Only for the same nodes.
    #[serde(default, skip_serializing_if = "is_default")]
    pub disks: Vec<u8>,
    /// Gives the old half back before the new one is in sync.
    #[serde(default, skip_serializing_if = "is_default")]
    pub early_release: bool,
    /// Goes even where the group's instance policy forbids it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub ignore_ipolicy: bool,
}

/// Which half of a DRBD disk is made anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReplaceMode {
    /// The one on the primary, there.
    OnPrimary,
    /// The one on the secondary, there.
    OnSecondary,
    /// Whichever is faulty.
    Auto,
    /// The one on the secondary, on another node.
    NewSecondary(Chosen),
}

/// `gnt-instance activate-disks`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActivateDisks {
    /// The instance's name.
    pub instance: String,
    /// Does not care that a disk is not as large as recorded.
    #[serde(default, skip_serializing_if = "is_default")]
    pub ignore_size: bool,
    /// The job lasts until the disks are in sync.
    #[serde(default, skip_serializing_if = "is_default")]
    pub wait_for_sync: bool,
}

/// `gnt-instance deactivate-disks`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeactivateDisks {
    /// The instance's name.
    pub instance: String,
    /// Without looking whether the instance runs. A permission of its own.
    #[serde(default, skip_serializing_if = "is_default")]
    pub force: bool,
}

/// `gnt-instance startup`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// The instance's name.
    pub instance: String,
    /// Although the secondary's disks cannot be assembled. A permission of its own.
    #[serde(default, skip_serializing_if = "is_default")]
    pub force: bool,
}

/// `gnt-instance shutdown`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shutdown {
    /// The instance's name.
    pub instance: String,
    /// How long it may take, at least 1; Ganeti's 120 if absent. Less than 10 wants the permission to
    /// kill.
    #[serde(default, skip_serializing_if = "is_default")]
    pub timeout: Option<u32>,
    /// Records it as down although its primary node is marked offline.
    #[serde(default, skip_serializing_if = "is_default")]
    pub ignore_offline_nodes: bool,
}

/// `gnt-instance shutdown --timeout=0`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kill {
    /// The instance's name.
    pub instance: String,
}

/// `gnt-instance reboot`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reboot {
    /// The instance's name.
    pub instance: String,
    /// How.
    pub reboot_type: RebootType,
    /// How long it may shut down, at least 10; Ganeti's 120 if absent.
    #[serde(default, skip_serializing_if = "is_default")]
    pub shutdown_timeout: Option<u32>,
    /// Although the secondary's disks cannot be assembled. A permission of its own; not for a soft one.
    #[serde(default, skip_serializing_if = "is_default")]
    pub ignore_secondaries: bool,
}

/// How an instance is restarted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RebootType {
    /// By the hypervisor. KVM asks the guest and kills it in the same breath: a hard reset, which
    /// wants the permission to kill.
    Soft,
    /// Stopped and started by its node; disks stay up.
    Hard,
    /// Stopped, disks taken down and up, started.
    Full,
}

/// `gnt-instance grow-disk`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrowDisk {
    /// The instance's name.
    pub instance: String,
    /// The disk's index.
    pub disk: u8,
    /// By how much, MiB.
    pub amount: u64,
    /// To how much instead.
    #[serde(default, skip_serializing_if = "is_default")]
    pub absolute: bool,
    /// The job does not last until the new part is in sync.
    #[serde(default, skip_serializing_if = "is_default")]
    pub no_wait_for_sync: bool,
    /// Goes even where the group's instance policy forbids it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub ignore_ipolicy: bool,
}

/// `gnt-instance move`, for instances whose disks are on one node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Move {
    /// The instance's name.
    pub instance: String,
    /// Whereto.
    pub target_node: String,
    /// How long it may shut down, at least 10; Ganeti's 120 if absent.
    #[serde(default, skip_serializing_if = "is_default")]
    pub shutdown_timeout: Option<u32>,
    /// Goes although it could not be shut down. A permission of its own.
    #[serde(default, skip_serializing_if = "is_default")]
    pub ignore_consistency: bool,
    /// Goes even where the group's instance policy forbids it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub ignore_ipolicy: bool,
}

/// `gnt-instance recreate-disks`: what was on them is lost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecreateDisks {
    /// The instance's name.
    pub instance: String,
    /// Indices of disks; all if empty.
    #[serde(default, skip_serializing_if = "is_default")]
    pub disks: Vec<u8>,
    /// Whereto, primary first; where they were if empty. Only for all disks.
    #[serde(default, skip_serializing_if = "is_default")]
    pub nodes: Vec<String>,
    /// Who chooses where to. Only for all disks.
    #[serde(default, skip_serializing_if = "is_default")]
    pub iallocator: Option<String>,
}

/// `gnt-instance modify`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Modify {
    /// The instance's name.
    pub instance: String,
    /// What of its backend parameters changes.
    #[serde(default, skip_serializing_if = "is_default")]
    pub backend: Backend,
    /// Goes even where the group's instance policy forbids it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub ignore_ipolicy: bool,
}

/// Backend parameters; those that are absent stay.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backend {
    /// Virtual processors.
    #[serde(default, skip_serializing_if = "is_default")]
    pub vcpus: Option<u32>,
    /// Memory that it starts with and may have, MiB.
    #[serde(default, skip_serializing_if = "is_default")]
    pub maxmem: Option<u64>,
    /// Memory that it needs at least, MiB.
    #[serde(default, skip_serializing_if = "is_default")]
    pub minmem: Option<u64>,
    /// Counts for N+1 and is moved by the balance.
    #[serde(default, skip_serializing_if = "is_default")]
    pub auto_balance: Option<bool>,
    /// Is failed over whenever it would be migrated.
    #[serde(default, skip_serializing_if = "is_default")]
    pub always_failover: Option<bool>,
    /// How much it uses of a node's spindles.
    #[serde(default, skip_serializing_if = "is_default")]
    pub spindle_use: Option<u32>,
}

/// `gnt-instance rename`. Neither check is made unless it is asked for, as with 3.1; the command of
/// 3.0 and older makes both unless it is told not to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rename {
    /// The instance's name.
    pub instance: String,
    /// Its new one.
    pub new_name: String,
    /// The new name must be known to the resolver.
    #[serde(default, skip_serializing_if = "is_default")]
    pub name_check: bool,
    /// The new name's address must not answer; wants `name_check`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub ip_check: bool,
}

/// `gnt-instance remove`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remove {
    /// The instance's name.
    pub instance: String,
    /// How long it may shut down; Ganeti's 120 if absent.
    #[serde(default, skip_serializing_if = "is_default")]
    pub shutdown_timeout: Option<u32>,
    /// Goes on although something of it could not be removed. A permission of its own.
    #[serde(default, skip_serializing_if = "is_default")]
    pub ignore_failures: bool,
}

/// `gnt-instance console`: an agent that is started on a terminal does it, see [`crate::terminal`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Console {
    /// The instance's name.
    pub instance: String,
    /// Its primary node: its own agent is asked.
    pub node: String,
    /// Its hypervisor, as Ganeti names it.
    pub hypervisor: String,
}
