//! Space for instances' disks, and what lies on it.

use serde::{Deserialize, Serialize};

/// Space for instances' disks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Storage {
    /// LVM volume groups.
    pub vgs: Vec<VolumeGroup>,
    /// Directories of file, shared file and Gluster disks.
    pub dirs: Vec<Space>,
    /// Ceph pools, where `ceph` or `rbd` answers.
    pub pools: Vec<Space>,
}

/// One place for disks, in MiB.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Space {
    /// Path of the directory, or name of the pool.
    pub name: String,
    /// The disk template it is for: `file`, `sharedfile`, `gluster`, `rbd`.
    pub template: String,
    /// Its size.
    pub total: u64,
    /// What is free of it.
    pub free: u64,
    /// Why its size is not known, in words; empty if it is.
    pub why: String,
}

/// An LVM volume group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct VolumeGroup {
    /// Name. Two groups of one name are two entries.
    pub name: String,
    /// UUID.
    pub uuid: String,
    /// Size, MiB.
    pub total: u64,
    /// What is free of it, MiB.
    pub free: u64,
    /// Attributes as LVM prints them, such as `wz--n-` (`p` in the fourth place: partial).
    pub attr: String,
    /// Size of an extent, KiB.
    pub extent_kib: u64,
    /// Physical volumes.
    pub pvs: u32,
    /// Of those, missing.
    pub missing_pvs: u32,
    /// Logical volumes.
    pub lvs: u32,
    /// Tags.
    pub tags: Vec<String>,
}

/// What LVM has on a node, one by one. Read after something changed, and seldom otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Lvm {
    /// Physical volumes.
    pub pvs: Vec<PhysicalVolume>,
    /// Logical volumes.
    pub lvs: Vec<LogicalVolume>,
    /// What LVM's programs complained about, line by line.
    pub complaints: Vec<String>,
}

/// A physical volume.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PhysicalVolume {
    /// Device, or `[unknown]` if it is missing.
    pub name: String,
    /// UUID.
    pub uuid: String,
    /// Its volume group; empty if it is in none.
    pub vg: String,
    /// Size, MiB.
    pub total: u64,
    /// What is free of it, MiB.
    pub free: u64,
    /// Attributes as LVM prints them, such as `a--` (`m` in the third place: missing).
    pub attr: String,
    /// It is missing.
    pub missing: bool,
    /// Tags.
    pub tags: Vec<String>,
}

/// A logical volume.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LogicalVolume {
    /// Name within its group.
    pub name: String,
    /// Its volume group.
    pub vg: String,
    /// UUID.
    pub uuid: String,
    /// Size, bytes.
    pub bytes: u64,
    /// Attributes as LVM prints them, such as `-wi-ao----`.
    pub attr: String,
    /// Minor of its device-mapper device; absent if it is not active.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dm_minor: Option<u32>,
    /// Physical volumes that it lies on.
    pub pvs: Vec<String>,
    /// The volume that it is a snapshot of, or the pool that it is thin in; empty if neither.
    pub origin: String,
    /// Tags; Ganeti's is `originstname+INSTANCE`.
    pub tags: Vec<String>,
}

/// What a disk says of its own health.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DiskHealth {
    /// Kernel name (`sda`).
    pub name: String,
    /// Model as the disk names itself.
    pub model: String,
    /// SMART's overall word: `true` passed, `false` failed, absent if it does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passed: Option<bool>,
    /// Why there is no word.
    pub why: String,
}
