//! Operations in words for operators, and how loudly each has to be asked for.

use gantry_wire::operation::{
    Evacuated, MigrationMode, Modify, Operation, RebootType, ReplaceMode, Subject, TagsOf,
};

use crate::model::words::{duration, mib};

/// What it takes to confirm an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Danger {
    /// Nobody notices, or it can be put back at once: Enter.
    Harmless,
    /// Somebody notices: `y`.
    Disruptive,
    /// Something is lost, or a check of Ganeti's is overruled: the subject's name is typed.
    Destructive,
}

/// What it takes to confirm an operation.
pub fn danger(operation: &Operation) -> Danger {
    use Danger::{Destructive, Disruptive, Harmless};
    use Operation as O;
    // Forced variants have a permission of their own: each overrules what Ganeti would refuse.
    let permission = operation.permission().word();
    let falls_back = matches!(operation, O::Migrate(_));
    if permission != operation.name() && !falls_back {
        return Destructive;
    }
    match operation {
        // What is on disk, or in the guest's memory, is gone.
        // Every job that runs breaks off, and the whole cluster follows.
        O::MasterFailover(_) => Destructive,
        O::Kill(_) | O::RecreateDisks(_) | O::Remove(_) | O::NodePowercycle(_) => Destructive,
        // KVM resets the guest in the same breath as it asks it, and KVM is what most run.
        O::Reboot(it) if it.reboot_type == RebootType::Soft => Destructive,
        // The guest stops for a while. A live migration pauses it at its end, and may not converge.
        O::Migrate(_) | O::Failover(_) | O::Shutdown(_) | O::Reboot(_) | O::Move(_) => Disruptive,
        // Redundancy is given up for a while, or room is taken that cannot be given back.
        O::ReplaceDisks(_) | O::DeactivateDisks(_) | O::GrowDisk(_) | O::NodeEvacuate(_) => {
            Disruptive
        }
        // Ganeti treats the node differently from now on: an offline one is not asked any more, and
        // one that comes back starts what it has.
        O::NodeDrain(_) | O::NodeOffline(_) | O::NodeOnline(_) | O::NodeDemote(_) => Disruptive,
        // Others notice: their job, or every new job.
        O::JobCancel(_) | O::QueueDrain {} => Disruptive,
        // Everything that knows the instance by its name has to follow.
        O::Rename(_) => Disruptive,
        // The recorded size is what keeps a disk from being cut off.
        O::ActivateDisks(it) if it.ignore_size => Disruptive,
        O::Modify(it) if it.ignore_ipolicy => Disruptive,
        O::ActivateDisks(_)
        | O::Start(_)
        | O::Modify(_)
        | O::NodeUndrain(_)
        | O::NodePromote(_)
        | O::Verify(_)
        | O::VerifyDisks(_)
        | O::Console(_)
        | O::AddTags(_)
        | O::RemoveTags(_)
        | O::JobPriority(_)
        | O::JobArchive(_)
        | O::QueueUndrain {}
        | O::WatcherPause(_)
        | O::WatcherContinue {} => Harmless,
    }
}

/// The subject's name: what is typed to confirm a destructive operation.
pub fn name_of(operation: &Operation) -> String {
    match operation.subject() {
        Subject::Cluster => "cluster".to_owned(),
        Subject::Group(name) | Subject::Node(name) | Subject::Instance(name) => name.to_owned(),
        Subject::Job(id) => id.to_string(),
        Subject::Queue => "queue".to_owned(),
        Subject::Watcher => "watcher".to_owned(),
    }
}

/// What is done to whom: `fail over web7`, `drain node3`.
pub fn title(operation: &Operation) -> String {
    let subject = match operation.subject() {
        Subject::Cluster => return format!("{} the cluster", verb(operation)),
        Subject::Group(name) => format!("group {name}"),
        Subject::Job(id) => format!("job {id}"),
        Subject::Queue => "the queue".to_owned(),
        Subject::Watcher => "the watcher".to_owned(),
        Subject::Node(name) | Subject::Instance(name) => name.to_owned(),
    };
    match operation {
        Operation::AddTags(_) | Operation::RemoveTags(_) => {
            format!("{} {subject}", verb(operation))
        }
        _ => format!("{} {subject}{}", verb(operation), rest(operation)),
    }
}

/// What is done, to be followed by whom it is done to: `fail over`.
pub fn verb(operation: &Operation) -> String {
    use Operation as O;
    let word = match operation {
        O::Migrate(it) if it.cleanup => "clean up after the migration of",
        O::Migrate(it) if it.mode == Some(MigrationMode::NonLive) => "migrate, paused,",
        O::Migrate(_) => "migrate",
        O::Failover(it) if it.ignore_consistency => "force the failover of",
        O::Failover(_) => "fail over",
        O::ReplaceDisks(it) => match it.mode {
            ReplaceMode::OnPrimary => "replace the disks on the primary of",
            ReplaceMode::OnSecondary => "replace the disks on the secondary of",
            ReplaceMode::Auto => "replace the faulty disks of",
            ReplaceMode::NewSecondary(_) => "choose a new secondary for",
        },
        O::ActivateDisks(_) => "activate the disks of",
        O::DeactivateDisks(it) if it.force => "force the disks down of",
        O::DeactivateDisks(_) => "deactivate the disks of",
        O::Start(it) if it.force => "force the start of",
        O::Start(_) => "start",
        O::Shutdown(it) if it.ignore_offline_nodes => "shut down, or record as down,",
        O::Shutdown(_) => "shut down",
        O::Kill(_) => "kill",
        O::Reboot(it) => match it.reboot_type {
            RebootType::Soft => "reset",
            RebootType::Hard => "reboot",
            RebootType::Full => "fully reboot",
        },
        O::GrowDisk(it) => return format!("grow disk {} of", it.disk),
        O::Move(it) if it.ignore_consistency => "force the move of",
        O::Move(_) => "move",
        O::RecreateDisks(_) => "recreate, empty, the disks of",
        O::Modify(_) => "modify",
        O::Rename(_) => "rename",
        O::Remove(it) if it.ignore_failures => "remove, whatever fails,",
        O::Remove(_) => "remove",
        O::Console(_) => "open the console of",
        O::NodeDrain(_) => "drain",
        O::NodeUndrain(_) => "undrain",
        O::NodeOffline(_) => "mark offline",
        O::NodeOnline(_) => "mark online",
        O::NodePromote(_) => "make a master candidate of",
        O::NodeDemote(_) => "make no master candidate any more of",
        O::NodeEvacuate(it) => match it.mode {
            Evacuated::PrimaryOnly => "evacuate the primary instances of",
            Evacuated::SecondaryOnly => "evacuate the secondary instances of",
        },
        O::NodePowercycle(_) => "powercycle",
        O::Verify(_) => "verify",
        O::VerifyDisks(_) => "verify the disks of",
        O::MasterFailover(it) if it.no_voting => "force the master role onto",
        O::MasterFailover(_) => "move the master role to",
        O::AddTags(it) => return format!("add {} to", tags(&it.tags)),
        O::RemoveTags(it) => return format!("remove {} from", tags(&it.tags)),
        O::JobCancel(_) => "cancel",
        O::JobPriority(it) => return format!("set priority {} for", it.priority),
        O::JobArchive(_) => "archive",
        O::QueueDrain {} => "drain",
        O::QueueUndrain {} => "undrain",
        O::WatcherPause(_) => "pause",
        O::WatcherContinue {} => "continue",
    };
    word.to_owned()
}

fn tags(tags: &[String]) -> String {
    let s = if tags.len() == 1 { "" } else { "s" };
    format!("tag{s} {}", tags.join(", "))
}

/// What follows the subject.
fn rest(operation: &Operation) -> String {
    use Operation as O;
    match operation {
        O::Migrate(it) => to(it.target_node.as_deref()),
        O::Failover(it) => to(it.target_node.as_deref()),
        O::Move(it) => to(Some(&it.target_node)),
        O::GrowDisk(it) if it.absolute => format!(" to {}", mib(it.amount)),
        O::GrowDisk(it) => format!(" by {}", mib(it.amount)),
        O::Rename(it) => to(Some(&it.new_name)),
        O::Modify(it) => format!(": {}", changes(it).join(", ")),
        O::WatcherPause(it) => format!(" for {}", duration(f64::from(it.seconds))),
        _ => String::new(),
    }
}

fn to(name: Option<&str>) -> String {
    name.map_or_else(String::new, |name| format!(" to {name}"))
}

/// What a modification sets, as Ganeti writes it: `vcpus=2`.
pub(super) fn changes(it: &Modify) -> Vec<String> {
    let be = &it.backend;
    let number = |name: &str, value: Option<u64>| value.map(|value| format!("{name}={value}"));
    let flag = |name: &str, value: Option<bool>| value.map(|value| format!("{name}={value}"));
    let all = [
        number("vcpus", be.vcpus.map(u64::from)),
        number("maxmem", be.maxmem),
        number("minmem", be.minmem),
        flag("auto_balance", be.auto_balance),
        flag("always_failover", be.always_failover),
        number("spindle_use", be.spindle_use.map(u64::from)),
    ];
    all.into_iter().flatten().collect()
}

/// What is done to all of a marked set: `fail over 3 instances: web1, web2, web3`; the title if it is one.
pub fn summary(operations: &[Operation]) -> String {
    let (first, count) = match operations {
        [] => return "do nothing".to_owned(),
        [one] => return title(one),
        [first, ..] => (first, operations.len()),
    };
    let same_verb = operations.iter().all(|it| verb(it) == verb(first));
    if !same_verb {
        let titles: Vec<String> = operations.iter().map(title).collect();
        return format!("{count} changes: {}", titles.join("; "));
    }
    let kind = match first.subject() {
        Subject::Instance(_) => "instances",
        Subject::Node(_) => "nodes",
        Subject::Group(_) => "groups",
        Subject::Job(_) => "jobs",
        Subject::Cluster | Subject::Queue | Subject::Watcher => "things",
    };
    let same_kind = operations.iter().all(|it| {
        std::mem::discriminant(&it.subject()) == std::mem::discriminant(&first.subject())
    });
    let kind = if same_kind { kind } else { "things" };
    let names: Vec<String> = operations.iter().map(name_of).collect();
    format!("{} {count} {kind}: {}", verb(first), names.join(", "))
}

/// Whose tags they are, as gnt-* calls such a thing.
pub(super) fn tool(of: &TagsOf) -> &'static str {
    match of {
        TagsOf::Cluster => "gnt-cluster",
        TagsOf::Group(_) => "gnt-group",
        TagsOf::Node(_) => "gnt-node",
        TagsOf::Instance(_) => "gnt-instance",
    }
}

#[cfg(test)]
mod tests;
