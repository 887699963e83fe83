//! An instance: what it is configured to be, and what really runs.

use gantry_wire::config;

use super::history::History;
use super::{Name, Status, Time};

/// Everything known of one instance.
#[derive(Clone, Debug, Default)]
pub struct Instance {
    /// Name.
    pub name: Name,
    /// As the cluster's configuration has it.
    pub conf: config::Instance,
    /// Ganeti's status word, worked out from configuration and what runs.
    pub status: Status,
    /// When `status` last changed its word; absent for the first one seen.
    pub since: Option<Time>,
    /// What LUXI's live query said, and when.
    pub live: Option<(Time, gantry_wire::live::LiveInstance)>,
    /// Numbers over the last hour.
    pub past: Past,
}

/// An instance's numbers over time.
#[derive(Clone, Debug, Default)]
pub struct Past {
    /// Processor time, percent of one processor.
    pub cpu: History,
    /// Bytes a second to and from its disks.
    pub io: History,
    /// Bytes a second over its network interfaces.
    pub net: History,
}

impl Instance {
    /// Sum of its disks' sizes, MiB.
    pub fn disk_size(&self) -> u64 {
        self.conf
            .disks
            .iter()
            .fold(0, |sum, disk| sum.saturating_add(disk.size))
    }

    /// Its primary or one of its secondaries is this node.
    pub fn lives_on(&self, node: &str) -> bool {
        self.conf.primary == node || self.conf.secondaries.iter().any(|name| name == node)
    }

    /// The template of one of its disks: its own, or else the instance's.
    pub fn template_of<'a>(&'a self, disk: &'a config::Disk) -> &'a str {
        match disk.template.as_str() {
            "" => &self.conf.disk_template,
            template => template,
        }
    }
}
