//! A simulated instance and its mirror.

use super::drbd::mirror::Mirror;
use super::drbd::tally::Tally;
use super::node::NodeId;

/// Key of an instance in [`super::Cluster::instances`]; never used again.
pub type InstanceId = u32;

/// Where an instance's disks are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Template {
    /// Volumes on two nodes, mirrored.
    Drbd,
    /// Volumes on one node.
    Plain,
    /// Files on one node.
    File,
    /// No disks.
    Diskless,
}

impl Template {
    /// Ganeti's word.
    pub fn word(self) -> &'static str {
        match self {
            Template::Drbd => "drbd",
            Template::Plain => "plain",
            Template::File => "file",
            Template::Diskless => "diskless",
        }
    }
}

/// What the administrator wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admin {
    /// It should run.
    Up,
    /// It should not.
    Down,
    /// It does not even count.
    Offline,
}

impl Admin {
    /// Ganeti's word.
    pub fn word(self) -> &'static str {
        match self {
            Admin::Up => "up",
            Admin::Down => "down",
            Admin::Offline => "offline",
        }
    }
}

/// The guest itself, on its primary node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guest {
    /// No process.
    Stopped,
    /// A process.
    Running {
        /// When it started, cluster's clock, ms.
        started: u64,
        /// Its id.
        pid: u32,
    },
    /// It shut itself down from inside.
    ShutDown,
}

/// One disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disk {
    /// MiB.
    pub size: u64,
    /// UUID.
    pub uuid: String,
    /// What the names of its logical volumes or its file begin with.
    pub volume: String,
    /// Port of its DRBD connection, 0 without.
    pub port: u16,
    /// Its two halves in the configuration's order, of a mirrored one.
    pub ends: Option<[End; 2]>,
}

/// One half of a mirrored disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// Its node.
    pub node: NodeId,
    /// Its minor there.
    pub minor: u32,
}

impl Disk {
    /// Its minor on a node; nothing if no half of it is there.
    pub fn minor(&self, node: NodeId) -> Option<u32> {
        let ends = self.ends.iter().flatten();
        let mut here = ends.filter(|end| end.node == node);
        here.next().map(|end| end.minor)
    }
}

/// Size of the volume with DRBD's metadata, MiB.
pub const META: u64 = 128;

/// An instance.
#[derive(Clone, Debug)]
pub struct Instance {
    /// Full name.
    pub name: String,
    /// UUID.
    pub uuid: String,
    /// Primary node.
    pub primary: NodeId,
    /// Secondary node, of a mirrored one.
    pub secondary: Option<NodeId>,
    /// Disk template.
    pub template: Template,
    /// Disks in order.
    pub disks: Vec<Disk>,
    /// `maxmem` and what it is started with, MiB.
    pub memory: u64,
    /// `minmem`, MiB.
    pub minmem: u64,
    /// Virtual processors.
    pub vcpus: u32,
    /// Operating system definition.
    pub os: String,
    /// Tags.
    pub tags: Vec<String>,
    /// What the administrator wants.
    pub admin: Admin,
    /// The user did it, not the administrator.
    pub by_user: bool,
    /// The guest itself.
    pub guest: Guest,
    /// The node to which it migrates just now: a process waits there for its memory.
    pub incoming: Option<NodeId>,
    /// The state of its mirror; [`Mirror::InStep`] without one.
    pub mirror: Mirror,
    /// Its disks are active: their devices are set up on its nodes.
    pub active: bool,
    /// When that was done, cluster's clock, ms: a node that booted since has no device.
    pub configured: u64,
    /// When connection or disks of its mirror last changed, cluster's clock, ms; nothing if that
    /// was before anybody remembers.
    pub mirror_changed: Option<u64>,
    /// What its devices have counted.
    pub tally: Tally,
    /// Counted for N+1 and moved by the balancer.
    pub auto_balance: bool,
    /// Hardware address of its interface.
    pub mac: String,
    /// Address of its interface.
    pub ip: String,
    /// VNC port.
    pub port: u16,
    /// When it was created, cluster's clock, ms.
    pub created: u64,
    /// When its configuration last changed, cluster's clock, ms.
    pub modified: u64,
    /// Revision of the configuration in which it last changed.
    pub changed: u64,
    /// Its own seed for everything that wanders.
    pub seed: u64,
    /// How often the watcher tried to start it since it last ran.
    pub tries: u8,
    /// A throw-away that may be removed again.
    pub passing: bool,
}

impl Instance {
    /// Its disks together, MiB.
    pub fn disk_size(&self) -> u64 {
        self.disks.iter().map(|disk| disk.size).sum()
    }

    /// What it takes from a volume group of each of its nodes, MiB: DRBD keeps its own
    /// notes on a volume beside each disk.
    pub fn volume_size(&self) -> u64 {
        match self.template {
            Template::Plain => self.disk_size(),
            Template::Drbd => self.disk_size() + META * self.disks.len() as u64,
            Template::File | Template::Diskless => 0,
        }
    }

    /// Whether a process runs on its primary node.
    pub fn runs(&self) -> bool {
        matches!(self.guest, Guest::Running { .. })
    }

    /// Whether it could fail over this moment without losing data.
    pub fn in_step(&self) -> bool {
        self.template == Template::Drbd && self.mirror.is_whole()
    }

    /// What its guest writes, MiB a second on average: some hardly write, some much.
    pub fn write_rate(&self) -> f64 {
        match self.runs() {
            true => 0.3 + 10.0 * (self.seed % 97) as f64 / 97.0,
            false => 0.0,
        }
    }

    /// What the secondary's half does not have, MiB.
    pub fn behind(&self, now: u64) -> f64 {
        let grown = |since: u64| now.saturating_sub(since) as f64 / 1000.0 * self.write_rate();
        let size = self.disk_size() as f64;
        match self.mirror {
            Mirror::InStep | Mirror::Verify(_) => 0.0,
            Mirror::Resync(resync) => resync.left(now),
            Mirror::Diskless { .. } => size,
            Mirror::Cut { since, behind, .. } | Mirror::StandAlone { since, behind } => {
                (behind + grown(since)).min(size)
            }
            Mirror::Split(split) => (split.behind + grown(split.since)).min(size),
        }
    }

    /// Its nodes.
    pub fn nodes(&self) -> impl Iterator<Item = NodeId> {
        std::iter::once(self.primary).chain(self.secondary)
    }
}
