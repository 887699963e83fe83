//! Every change that can be asked for: its parameters, its name, its permission, what it acts on,
//! and how Ganeti is told.
//!
//! Names and parameters are Ganeti's own words. A parameter that is absent takes the default of
//! Ganeti's newest `gnt-*` commands, whatever the cluster's version: of [`Rename`]'s checks older
//! ones have another. One that is not known makes the whole request be refused.
//!
//! ```text
//! {"failover":{"instance":"web1.example.com"}}
//! {"replace-disks":{"instance":"web1.example.com","mode":{"new-secondary":{"node":"node3.example.com"}}}}
//! {"node-drain":{"node":"node2.example.com"}}
//! {"add-tags":{"of":{"instance":"web1.example.com"},"tags":["hotspare"]}}
//! {"queue-drain":{}}
//! ```

mod carriage;
mod check;
mod cluster;
mod instance;
mod node;
mod opcode;
mod permission;
mod subject;
mod version;

use serde::{Deserialize, Serialize};

pub use carriage::{Carriage, Method, NodeCommand};
pub use check::BadField;
pub(crate) use check::text;
pub use cluster::{
    AddTags, JobArchive, JobCancel, JobPriority, MasterFailover, RemoveTags, TagsOf, Verify,
    VerifyDisks, WatcherPause,
};
pub use instance::{
    ActivateDisks, Backend, Console, DeactivateDisks, Failover, GrowDisk, Kill, Migrate,
    MigrationMode, Modify, Move, Reboot, RebootType, RecreateDisks, Remove, Rename, ReplaceDisks,
    ReplaceMode, Shutdown, Start,
};
pub use node::{
    Evacuated, NodeDemote, NodeDrain, NodeEvacuate, NodeOffline, NodeOnline, NodePowercycle,
    NodePromote, NodeUndrain,
};
pub use permission::Permission;
pub use subject::Subject;
pub use version::Version;

/// One change. [`Operation::name`] is its word on the wire and in lists of permissions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Operation {
    /// Moves a running instance to its other node.
    Migrate(Migrate),
    /// Stops an instance and starts it on its other node.
    Failover(Failover),
    /// Makes a DRBD disk's half anew.
    ReplaceDisks(ReplaceDisks),
    /// Assembles an instance's disks on its nodes.
    ActivateDisks(ActivateDisks),
    /// Takes an instance's disks down.
    DeactivateDisks(DeactivateDisks),
    /// Starts an instance.
    Start(Start),
    /// Asks an instance to shut down, and destroys it once its time is over.
    Shutdown(Shutdown),
    /// Destroys an instance's processes at once.
    Kill(Kill),
    /// Restarts an instance.
    Reboot(Reboot),
    /// Makes a disk larger.
    GrowDisk(GrowDisk),
    /// Copies an instance that has one node to another one.
    Move(Move),
    /// Makes an instance's disks anew, empty.
    RecreateDisks(RecreateDisks),
    /// Changes an instance's parameters.
    Modify(Modify),
    /// Gives an instance another name.
    Rename(Rename),
    /// Removes an instance with its disks.
    Remove(Remove),
    /// Opens an instance's serial console.
    Console(Console),

    /// No new instances for a node.
    NodeDrain(NodeDrain),
    /// New instances for a node again.
    NodeUndrain(NodeUndrain),
    /// Ganeti does not talk to a node any more.
    NodeOffline(NodeOffline),
    /// Ganeti talks to a node again.
    NodeOnline(NodeOnline),
    /// Makes a node a master candidate.
    NodePromote(NodePromote),
    /// Makes a node a candidate no more.
    NodeDemote(NodeDemote),
    /// Moves instances off a node.
    NodeEvacuate(NodeEvacuate),
    /// Resets a node's machine at once, without writing its disks' caches.
    NodePowercycle(NodePowercycle),

    /// Lets Ganeti look for contradictions in the cluster or one group.
    Verify(Verify),
    /// Lets Ganeti look for disks that are not as they should be, and activates them.
    VerifyDisks(VerifyDisks),
    /// Makes another node the master.
    MasterFailover(MasterFailover),
    /// Adds tags.
    AddTags(AddTags),
    /// Removes tags.
    RemoveTags(RemoveTags),

    /// Takes a job back that does not run yet.
    JobCancel(JobCancel),
    /// Lets a job that waits come earlier or later.
    JobPriority(JobPriority),
    /// Puts a finished job away.
    JobArchive(JobArchive),
    /// No new jobs for the queue.
    QueueDrain {},
    /// New jobs for the queue again.
    QueueUndrain {},
    /// The watcher does nothing for a while.
    WatcherPause(WatcherPause),
    /// The watcher works again.
    WatcherContinue {},
}

impl Operation {
    /// Its word on the wire, in words for operators and in lists of permissions.
    pub fn name(&self) -> &'static str {
        match self {
            Operation::Migrate(_) => "migrate",
            Operation::Failover(_) => "failover",
            Operation::ReplaceDisks(_) => "replace-disks",
            Operation::ActivateDisks(_) => "activate-disks",
            Operation::DeactivateDisks(_) => "deactivate-disks",
            Operation::Start(_) => "start",
            Operation::Shutdown(_) => "shutdown",
            Operation::Kill(_) => "kill",
            Operation::Reboot(_) => "reboot",
            Operation::GrowDisk(_) => "grow-disk",
            Operation::Move(_) => "move",
            Operation::RecreateDisks(_) => "recreate-disks",
            Operation::Modify(_) => "modify",
            Operation::Rename(_) => "rename",
            Operation::Remove(_) => "remove",
            Operation::Console(_) => "console",
            Operation::NodeDrain(_) => "node-drain",
            Operation::NodeUndrain(_) => "node-undrain",
            Operation::NodeOffline(_) => "node-offline",
            Operation::NodeOnline(_) => "node-online",
            Operation::NodePromote(_) => "node-promote",
            Operation::NodeDemote(_) => "node-demote",
            Operation::NodeEvacuate(_) => "node-evacuate",
            Operation::NodePowercycle(_) => "node-powercycle",
            Operation::Verify(_) => "verify",
            Operation::VerifyDisks(_) => "verify-disks",
            Operation::MasterFailover(_) => "master-failover",
            Operation::AddTags(_) => "add-tags",
            Operation::RemoveTags(_) => "remove-tags",
            Operation::JobCancel(_) => "job-cancel",
            Operation::JobPriority(_) => "job-priority",
            Operation::JobArchive(_) => "job-archive",
            Operation::QueueDrain {} => "queue-drain",
            Operation::QueueUndrain {} => "queue-undrain",
            Operation::WatcherPause(_) => "watcher-pause",
            Operation::WatcherContinue {} => "watcher-continue",
        }
    }
}

/// Who is chosen as an instance's new secondary node, and by whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Chosen {
    /// This node.
    Node(String),
    /// Whichever this iallocator says; `.` is the cluster's default one.
    Iallocator(String),
}

/// Whether a parameter is as if it was not given, and need not be sent.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
