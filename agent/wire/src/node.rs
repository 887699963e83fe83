//! One node's own facts, measured on it.

use serde::{Deserialize, Serialize};

use crate::drbd::Drbd;
use crate::guest::Guests;
use crate::storage::{DiskHealth, Lvm, Storage};

/// What changed on a node since its last sample. An absent part is unchanged, not unknown; a part
/// that cannot be had is named in [`Sample::missing`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sample {
    /// Counts up by one for each sample of a link.
    pub seq: u64,
    /// The node's monotonic clock, milliseconds.
    pub mono_ms: u64,
    /// The node's wall clock, milliseconds since the epoch.
    pub wall_ms: u64,
    /// Processor time since the sample before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu: Option<Cpu>,
    /// Memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<Memory>,
    /// Load averages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load: Option<Load>,
    /// What changes only with a boot, and the uptime's start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<System>,
    /// Network interfaces and their rates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub net: Option<Vec<NetRate>>,
    /// Block devices and their rates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disks: Option<Vec<DiskRate>>,
    /// Space for instances' disks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage: Option<Storage>,
    /// LVM's volumes one by one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lvm: Option<Lvm>,
    /// What the disks say of their own health.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health: Option<Vec<DiskHealth>>,
    /// DRBD: all devices or those that changed. Also told between samples, when it changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drbd: Option<Drbd>,
    /// Instances found running here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guests: Option<Guests>,
    /// Ganeti's daemons.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub daemons: Option<Vec<Daemon>>,
    /// Parts that cannot be had, with the reason (`needs root`, `no /proc/diskstats`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<Vec<Missing>>,
}

impl Sample {
    /// Folds a newer sample in: its parts win, the others stay.
    pub fn absorb(&mut self, newer: Sample) {
        self.seq = newer.seq;
        self.mono_ms = newer.mono_ms;
        self.wall_ms = newer.wall_ms;
        macro_rules! newest {
            ($($part:ident),*) => { $( if newer.$part.is_some() { self.$part = newer.$part; } )* };
        }
        newest!(
            cpu, memory, load, system, net, disks, storage, lvm, health, guests, daemons, missing
        );
        if let Some(newer) = newer.drbd {
            self.drbd.get_or_insert_default().absorb(newer);
        }
    }
}

/// Processor time, in thousandths of all processors together over the time since the last sample.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cpu {
    /// Not idle and not waiting for I/O.
    pub busy: u16,
    /// User and nice time, guests included.
    pub user: u16,
    /// System, interrupt and soft interrupt time.
    pub system: u16,
    /// Waiting for I/O.
    pub iowait: u16,
    /// Taken by a hypervisor above this node.
    pub steal: u16,
    /// Busy thousandths of each processor.
    pub cores: Vec<u16>,
}

/// Memory in MiB, counted as the node's Ganeti version counts it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    /// `mtotal`: MemTotal.
    pub total: u64,
    /// `mfree`: up to 3.0 MemFree + Buffers + Cached, from 3.1 on MemAvailable.
    pub free: u64,
    /// `mnode`: up to 3.0 Active, from 3.1 on MemTotal - MemAvailable.
    pub node: u64,
    /// MemAvailable, whatever the version.
    pub available: u64,
    /// SwapTotal.
    pub swap_total: u64,
    /// SwapFree.
    pub swap_free: u64,
}

/// Load averages in hundredths.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Load {
    /// Over 1 minute.
    pub one: u32,
    /// Over 5 minutes.
    pub five: u32,
    /// Over 15 minutes.
    pub fifteen: u32,
}

/// What changes only with a boot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct System {
    /// Boot time by the node's wall clock, seconds since the epoch.
    pub booted: u64,
    /// Kernel release.
    pub kernel: String,
    /// Processors that the kernel counts.
    pub cpus: u32,
    /// The processor's name.
    pub cpu_model: String,
    /// Random id of this boot.
    pub boot_id: String,
}

/// One network interface's rates, bytes a second.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NetRate {
    /// Interface name.
    pub name: String,
    /// Received.
    pub rx: u64,
    /// Sent.
    pub tx: u64,
}

/// One block device's rates.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DiskRate {
    /// Kernel name (`sda`, `nvme0n1`).
    pub name: String,
    /// Bytes read a second.
    pub read: u64,
    /// Bytes written a second.
    pub write: u64,
    /// Thousandths of the time with a request under way.
    pub busy: u16,
}

/// One of Ganeti's daemons on this node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Daemon {
    /// Its name, such as `ganeti-noded`.
    pub name: String,
    /// Its process lives.
    pub runs: bool,
    /// It takes a connection; absent where it has nothing to connect to or that needs root.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answers: Option<bool>,
}

/// A part of a sample that cannot be had.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Missing {
    /// The part's name in [`Sample`].
    pub part: String,
    /// Why, in words.
    pub why: String,
    /// It was asked and does not answer: something on the node hangs.
    pub hangs: bool,
}
