//! All operations as menus list them.

/// A menu: what can be done to one sort of object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Menu {
    /// An instance.
    Instance,
    /// A DRBD disk of an instance.
    Pair,
    /// A node.
    Node,
    /// A node group.
    Group,
    /// A job.
    Job,
    /// The cluster, its queue and its watcher.
    Cluster,
}

impl Menu {
    /// All of them.
    pub const ALL: [Menu; 6] = [
        Menu::Instance,
        Menu::Pair,
        Menu::Node,
        Menu::Group,
        Menu::Job,
        Menu::Cluster,
    ];

    /// What it is for, with its article.
    pub fn word(self) -> &'static str {
        match self {
            Menu::Instance => "an instance",
            Menu::Pair => "a DRBD disk",
            Menu::Node => "a node",
            Menu::Group => "a group",
            Menu::Job => "a job",
            Menu::Cluster => "the cluster",
        }
    }

    /// Several of what it is for.
    pub fn words(self) -> &'static str {
        match self {
            Menu::Instance => "instances",
            Menu::Pair => "DRBD disks",
            Menu::Node => "nodes",
            Menu::Group => "groups",
            Menu::Job => "jobs",
            Menu::Cluster => "clusters",
        }
    }

    /// Its lines in their order.
    pub fn kinds(self) -> impl Iterator<Item = Kind> {
        let rows = ROWS.iter().filter(move |row| row.menus.contains(&self));
        rows.map(|row| row.kind)
    }
}

/// One operation, whatever its parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Move a running instance to its other node.
    Migrate,
    /// Stop an instance and start it on its other node.
    Failover,
    /// Make a half of DRBD disks anew.
    ReplaceDisks,
    /// Assemble disks.
    ActivateDisks,
    /// Take disks down.
    DeactivateDisks,
    /// Start an instance.
    Start,
    /// Ask an instance to shut down.
    Shutdown,
    /// Destroy an instance's processes.
    Kill,
    /// Restart an instance.
    Reboot,
    /// Make a disk larger.
    GrowDisk,
    /// Copy an instance to another node.
    Move,
    /// Make disks anew, empty.
    RecreateDisks,
    /// Change parameters.
    Modify,
    /// Give another name.
    Rename,
    /// Remove an instance with its disks.
    Remove,
    /// No new instances for a node.
    NodeDrain,
    /// New instances for a node again.
    NodeUndrain,
    /// Ganeti does not talk to a node any more.
    NodeOffline,
    /// Ganeti talks to a node again.
    NodeOnline,
    /// Make a node a master candidate.
    NodePromote,
    /// Make a node no candidate any more.
    NodeDemote,
    /// Move instances off a node.
    NodeEvacuate,
    /// Reset a node's machine.
    NodePowercycle,
    /// Look for contradictions.
    Verify,
    /// Look for disks that are not as they should be.
    VerifyDisks,
    /// Make another node the master.
    MasterFailover,
    /// Add tags.
    AddTags,
    /// Remove tags.
    RemoveTags,
    /// Take a job back.
    JobCancel,
    /// Let a job come earlier or later.
    JobPriority,
    /// Put a finished job away.
    JobArchive,
    /// No new jobs.
    QueueDrain,
    /// New jobs again.
    QueueUndrain,
    /// The watcher rests.
    WatcherPause,
    /// The watcher works again.
    WatcherContinue,
}

/// One line of the table.
struct Row {
    kind: Kind,
    name: &'static str,
    letter: char,
    menus: &'static [Menu],
    what: &'static str,
}

const INSTANCE: &[Menu] = &[Menu::Instance];
const DISKS: &[Menu] = &[Menu::Instance, Menu::Pair];
const NODE: &[Menu] = &[Menu::Node];
const JOB: &[Menu] = &[Menu::Job];
const CLUSTER: &[Menu] = &[Menu::Cluster];
const WHOLE: &[Menu] = &[Menu::Cluster, Menu::Group];
const TAGGED: &[Menu] = &[Menu::Instance, Menu::Node, Menu::Group, Menu::Cluster];

/// Every kind once, in the order of the menus.
#[rustfmt::skip]
const ROWS: &[Row] = &[
    row(Kind::Migrate,         "migrate",          'm', DISKS,    "Moves it to its other node while it runs."),
    row(Kind::Failover,        "failover",         'f', DISKS,    "Shuts it down and starts it on its other node."),
    row(Kind::ReplaceDisks,    "replace-disks",    'r', DISKS,    "Makes one half of its DRBD disks anew, there or on another node."),
    row(Kind::ActivateDisks,   "activate-disks",   'a', DISKS,    "Assembles its disks on its nodes; halves that lost each other connect again."),
    row(Kind::DeactivateDisks, "deactivate-disks", 'd', DISKS,    "Takes its disks down on its nodes."),
    row(Kind::Start,           "start",            's', INSTANCE, "Starts it on its primary node."),
    row(Kind::Shutdown,        "shutdown",         'h', INSTANCE, "Asks it to shut down, and destroys it once its time is over."),
    row(Kind::Reboot,          "reboot",           'b', INSTANCE, "Restarts it where it is."),
    row(Kind::Kill,            "kill",             'K', INSTANCE, "Destroys it at once, as if its power was cut."),
    row(Kind::GrowDisk,        "grow-disk",        'g', DISKS,    "Makes one of its disks larger; it can never be made smaller."),
    row(Kind::Move,            "move",             'v', INSTANCE, "Shuts it down, copies its disks to another node and starts it there."),
    row(Kind::Modify,          "modify",           'e', INSTANCE, "Changes its memory, processors and the like, from its next start on."),
    row(Kind::Rename,          "rename",           'n', INSTANCE, "Gives it another name; it must be down."),
    row(Kind::RecreateDisks,   "recreate-disks",   'R', INSTANCE, "Makes its disks anew, empty: what was on them is lost."),
    row(Kind::Remove,          "remove",           'X', INSTANCE, "Removes it with its disks for ever."),
    row(Kind::NodeDrain,       "node-drain",       'd', NODE,     "Puts no new instances there; those that are there stay."),
    row(Kind::NodeUndrain,     "node-undrain",     'u', NODE,     "Puts new instances there again."),
    row(Kind::NodeEvacuate,    "node-evacuate",    'e', NODE,     "Moves its primary or its secondary instances to other nodes."),
    row(Kind::NodeOffline,     "node-offline",     'o', NODE,     "Ganeti does not talk to it any more, as it is down or about to be."),
    row(Kind::NodeOnline,      "node-online",      'n', NODE,     "Ganeti talks to it again."),
    row(Kind::NodePromote,     "node-promote",     'p', NODE,     "Makes it a master candidate: it keeps a copy of the configuration."),
    row(Kind::NodeDemote,      "node-demote",      'r', NODE,     "Makes it no master candidate any more."),
    row(Kind::NodePowercycle,  "node-powercycle",  'P', NODE,     "Resets its machine at once, without writing what its disks' caches hold."),
    row(Kind::JobCancel,       "job-cancel",       'c', JOB,      "Takes it back, as long as it does not run yet."),
    row(Kind::JobPriority,     "job-priority",     'p', JOB,      "Lets it come earlier or later, as long as it waits."),
    row(Kind::JobArchive,      "job-archive",      'a', JOB,      "Puts it away, once it is over."),
    row(Kind::Verify,          "verify",           'v', WHOLE,    "Looks for contradictions between configuration and nodes."),
    row(Kind::VerifyDisks,     "verify-disks",     'k', WHOLE,    "Looks for instances whose disks are not all active or not all there."),
    row(Kind::QueueDrain,      "queue-drain",      'q', CLUSTER,  "Takes no new jobs; those in the queue go on."),
    row(Kind::QueueUndrain,    "queue-undrain",    'u', CLUSTER,  "Takes new jobs again."),
    row(Kind::WatcherPause,    "watcher-pause",    'w', CLUSTER,  "The watcher restarts and repairs nothing for a while."),
    row(Kind::WatcherContinue, "watcher-continue", 'c', CLUSTER,  "The watcher restarts and repairs again."),
    row(Kind::MasterFailover,  "master-failover",  'm', CLUSTER,  "Makes another node the master."),
    row(Kind::AddTags,         "add-tags",         't', TAGGED,   "Adds tags."),
    row(Kind::RemoveTags,      "remove-tags",      'T', TAGGED,   "Removes tags."),
];

const fn row(
    kind: Kind,
    name: &'static str,
    letter: char,
    menus: &'static [Menu],
    what: &'static str,
) -> Row {
    Row {
        kind,
        name,
        letter,
        menus,
        what,
    }
}

impl Kind {
    /// All, in the order of the menus.
    pub fn all() -> impl Iterator<Item = Kind> {
        ROWS.iter().map(|row| row.kind)
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Kind> {
        let row = ROWS.iter().find(|row| row.name == name);
        row.map(|row| row.kind)
    }

    fn row(self) -> Option<&'static Row> {
        ROWS.iter().find(|row| row.kind == self)
    }

    /// The operation's name: its word on the wire, on the command line and in permissions.
    pub fn name(self) -> &'static str {
        self.row().map_or("", |row| row.name)
    }

    /// A node's own agent does it, with a master or without.
    pub fn is_nodes_own(self) -> bool {
        self == Kind::MasterFailover
    }

    /// Its key in each menu that it is in.
    pub fn letter(self) -> char {
        self.row().map_or('?', |row| row.letter)
    }

    /// A sentence on what it does.
    pub fn what(self) -> &'static str {
        self.row().map_or("", |row| row.what)
    }

    /// The menus that it is in.
    pub fn applies_to(self) -> &'static [Menu] {
        self.row().map_or(&[], |row| row.menus)
    }
}
