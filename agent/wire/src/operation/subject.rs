//! What an operation acts on.

use super::{Operation, TagsOf};

/// One object of the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject<'a> {
    /// The cluster as a whole.
    Cluster,
    /// A node group, by name.
    Group(&'a str),
    /// A node, by name.
    Node(&'a str),
    /// An instance, by name.
    Instance(&'a str),
    /// A job, by id.
    Job(u64),
    /// The job queue.
    Queue,
    /// The watcher.
    Watcher,
}

impl std::fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Subject::Cluster => write!(f, "the cluster"),
            Subject::Group(name) => write!(f, "group {name}"),
            Subject::Node(name) => write!(f, "node {name}"),
            Subject::Instance(name) => write!(f, "instance {name}"),
            Subject::Job(id) => write!(f, "job {id}"),
            Subject::Queue => write!(f, "the queue"),
            Subject::Watcher => write!(f, "the watcher"),
        }
    }
}

impl TagsOf {
    /// Whose tags they are.
    pub fn subject(&self) -> Subject<'_> {
        match self {
            TagsOf::Cluster => Subject::Cluster,
            TagsOf::Group(name) => Subject::Group(name),
            TagsOf::Node(name) => Subject::Node(name),
            TagsOf::Instance(name) => Subject::Instance(name),
        }
    }
}

impl Operation {
    /// What it acts on.
    pub fn subject(&self) -> Subject<'_> {
        use Operation as O;
        use Subject::{Cluster, Group, Instance, Job, Node, Queue, Watcher};
        match self {
            O::Migrate(it) => Instance(&it.instance),
            O::Failover(it) => Instance(&it.instance),
            O::ReplaceDisks(it) => Instance(&it.instance),
            O::ActivateDisks(it) => Instance(&it.instance),
            O::DeactivateDisks(it) => Instance(&it.instance),
            O::Start(it) => Instance(&it.instance),
            O::Shutdown(it) => Instance(&it.instance),
            O::Kill(it) => Instance(&it.instance),
            O::Reboot(it) => Instance(&it.instance),
            O::GrowDisk(it) => Instance(&it.instance),
            O::Move(it) => Instance(&it.instance),
            O::RecreateDisks(it) => Instance(&it.instance),
            O::Modify(it) => Instance(&it.instance),
            O::Rename(it) => Instance(&it.instance),
            O::Remove(it) => Instance(&it.instance),
            O::Console(it) => Instance(&it.instance),
            O::NodeDrain(it) => Node(&it.node),
            O::NodeUndrain(it) => Node(&it.node),
            O::NodeOffline(it) => Node(&it.node),
            O::NodeOnline(it) => Node(&it.node),
            O::NodePromote(it) => Node(&it.node),
            O::NodeDemote(it) => Node(&it.node),
            O::NodeEvacuate(it) => Node(&it.node),
            O::NodePowercycle(it) => Node(&it.node),
            O::Verify(it) => it.group.as_deref().map_or(Cluster, Group),
            O::VerifyDisks(it) => it.group.as_deref().map_or(Cluster, Group),
            O::MasterFailover(it) => Node(&it.node),
            O::AddTags(it) => it.of.subject(),
            O::RemoveTags(it) => it.of.subject(),
            O::JobCancel(it) => Job(it.job),
            O::JobPriority(it) => Job(it.job),
            O::JobArchive(it) => Job(it.job),
            O::QueueDrain {} | O::QueueUndrain {} => Queue,
            O::WatcherPause(_) | O::WatcherContinue {} => Watcher,
        }
    }
}
