//! The fields of each form, with their defaults.

use crate::action::fit::{Mirror, mirror};
use crate::action::forecast::can_be_master;
use crate::model::{Cluster, Instance, Node, natural};

use super::{Field, Kind, Object, Value};

/// What an option begins with that leaves the choice to an iallocator.
pub const IALLOCATOR: &str = "iallocator ";

/// The iallocator that comes with Ganeti, where the cluster has no default one.
const HAIL: &str = "hail";

/// How a migration moves memory; the first is what the hypervisor is set to.
pub const MODES: [&str; 3] = ["as the hypervisor is set", "live", "non-live"];

/// Which half is made anew.
pub const REPLACE: [&str; 4] = ["on-secondary", "on-primary", "auto", "new-secondary"];

/// Reboot types in this order: full, hard, soft.
const REBOOT: [&str; 3] = [
    "full (stop, take disks down and up, start)",
    "hard (stop and start on its node)",
    "soft (by the hypervisor)",
];

/// The last one on KVM: it asks the guest and kills it in the same breath.
const REBOOT_KVM: [&str; 3] = [
    "full (stop, take disks down and up, start)",
    "hard (stop and start on its node)",
    "soft (on KVM a hard reset: the guest is not waited for)",
];

/// Whose instances leave a node.
pub const EVACUATED: [&str; 2] = ["primary-only", "secondary-only"];

/// What stays as it is, is set, or is not.
pub const KEEP: [&str; 3] = ["unchanged", "yes", "no"];

/// The fields of a form.
pub fn fields(kind: Kind, object: &Object, cluster: &Cluster) -> Vec<Field> {
    let instance = match object {
        Object::Instance(name) | Object::Pair(name, _) => cluster.instances.get(name),
        _ => None,
    };
    match kind {
        Kind::Migrate => {
            let mut fields = target(instance, cluster);
            fields.extend([
                field(
                    "mode",
                    "mode",
                    "Live while it runs, or paused while its memory is moved.",
                    options(&MODES),
                ),
                flag(
                    "allow_failover",
                    "or fail over",
                    "Fails over if it is down or cannot be migrated.",
                ),
                flag(
                    "cleanup",
                    "clean up",
                    "Migrates nothing: repairs what a broken migration left.",
                ),
                ipolicy(),
            ]);
            fields
        }
        Kind::Failover => {
            let mut fields = target(instance, cluster);
            fields.extend([
                flag("ignore_consistency", "ignore consistency", "Goes although the other half is not known to be whole, or it cannot be shut down. Loses data."),
                shutdown_timeout(),
                ipolicy(),
            ]);
            fields
        }
        Kind::ReplaceDisks => replace_disks(object, instance, cluster),
        Kind::ActivateDisks => vec![
            flag(
                "wait_for_sync",
                "wait for sync",
                "The job lasts until the disks are in sync.",
            ),
            flag(
                "ignore_size",
                "ignore size",
                "Does not care that a disk is not as large as recorded.",
            ),
        ],
        Kind::DeactivateDisks => vec![flag(
            "force",
            "force",
            "Does not look whether the instance runs.",
        )],
        Kind::Start => vec![flag(
            "force",
            "force",
            "Although the disks on its secondary cannot be assembled.",
        )],
        Kind::Shutdown => vec![
            number(
                "timeout",
                "timeout",
                "Seconds that it may take before it is destroyed; 120 if left out.",
            ),
            flag(
                "ignore_offline_nodes",
                "ignore offline node",
                "Records it as down although its node is marked offline.",
            ),
        ],
        Kind::Reboot => vec![
            field(
                "reboot_type",
                "type",
                "How it is restarted.",
                options(match instance {
                    Some(instance) if instance.conf.hypervisor == "kvm" => &REBOOT_KVM,
                    _ => &REBOOT,
                }),
            ),
            shutdown_timeout(),
            flag(
                "ignore_secondaries",
                "ignore secondaries",
                "Although the disks on its secondary cannot be assembled.",
            ),
        ],
        Kind::GrowDisk => vec![
            field(
                "disk",
                "disk",
                "Which of its disks.",
                disks(object, instance),
            ),
            number("amount", "size", "MiB."),
            flag(
                "absolute",
                "absolute",
                "The size is what it grows to, not by.",
            ),
            flag(
                "no_wait_for_sync",
                "do not wait",
                "The job does not last until the new part is in sync.",
            ),
            ipolicy(),
        ],
        Kind::Move => vec![
            field(
                "target_node",
                "to",
                "The node that its disks are copied to.",
                some(candidates(instance, cluster)),
            ),
            shutdown_timeout(),
            flag(
                "ignore_consistency",
                "ignore consistency",
                "Goes although it cannot be shut down.",
            ),
            ipolicy(),
        ],
        Kind::RecreateDisks => vec![
            text(
                "disks",
                "disks",
                "Their indices, with commas between; all if left out.",
            ),
            text(
                "nodes",
                "on nodes",
                "Primary, then secondary; where they were if left out. Only for all disks.",
            ),
        ],
        Kind::Modify => vec![
            number(
                "vcpus",
                "vcpus",
                "Virtual processors; unchanged if left out.",
            ),
            number(
                "maxmem",
                "maxmem",
                "Memory that it starts with, MiB; unchanged if left out.",
            ),
            number(
                "minmem",
                "minmem",
                "Memory that it needs at least, MiB; unchanged if left out.",
            ),
            field(
                "auto_balance",
                "auto balance",
                "Counts for N+1 and is moved by the balance.",
                options(&KEEP),
            ),
            field(
                "always_failover",
                "always fail over",
                "Is failed over whenever it would be migrated.",
                options(&KEEP),
            ),
            number(
                "spindle_use",
                "spindle use",
                "How much it uses of a node's spindles; unchanged if left out.",
            ),
            ipolicy(),
        ],
        Kind::Rename => vec![
            text("new_name", "new name", "Its full name."),
            flag(
                "name_check",
                "check name",
                "The resolver must know the new name. Ganeti 3.0 checks it by default, gantry only if told to.",
            ),
            flag(
                "ip_check",
                "check address",
                "The new name's address must not answer; wants the name checked.",
            ),
        ],
        Kind::Remove => vec![
            shutdown_timeout(),
            flag(
                "ignore_failures",
                "ignore failures",
                "Goes on although something of it cannot be removed.",
            ),
        ],
        Kind::NodeDrain | Kind::NodeOffline | Kind::NodeDemote => vec![flag(
            "auto_promote",
            "auto promote",
            "Another node becomes a master candidate if there would be too few. Locks all nodes.",
        )],
        Kind::NodeEvacuate => vec![
            field(
                "mode",
                "which",
                "Those that run here, or those that have their second half here.",
                options(&EVACUATED),
            ),
            field(
                "to",
                "to",
                "Who chooses where to; a node can be given only for secondary instances.",
                targets(object, cluster),
            ),
            flag(
                "early_release",
                "early release",
                "Gives old halves back before the new ones are in sync.",
            ),
            flag(
                "ignore_soft_errors",
                "ignore soft errors",
                "Although N+1 does not hold afterwards.",
            ),
        ],
        Kind::MasterFailover => vec![
            field(
                "to",
                "new master",
                "A master candidate that could take over now; it does so itself.",
                some(new_masters(cluster)),
            ),
            flag(
                "no_voting",
                "no voting",
                "Asks no other node who the master is: for when most of them are dead.",
            ),
        ],
        Kind::AddTags => vec![text("tags", "tags", "With blanks between.")],
        Kind::RemoveTags => vec![text(
            "tags",
            "tags",
            "Those to be removed, with blanks between.",
        )],
        Kind::JobPriority => vec![number(
            "priority",
            "priority",
            "-20 first, 0 normal, 19 last.",
        )],
        Kind::WatcherPause => vec![field(
            "minutes",
            "minutes",
            "For how long from now.",
            Value::Number(Some(60)),
        )],
        Kind::Kill
        | Kind::NodeUndrain
        | Kind::NodeOnline
        | Kind::NodePromote
        | Kind::NodePowercycle
        | Kind::Verify
        | Kind::VerifyDisks
        | Kind::JobCancel
        | Kind::JobArchive
        | Kind::QueueDrain
        | Kind::QueueUndrain
        | Kind::WatcherContinue => Vec::new(),
    }
}

fn replace_disks(object: &Object, instance: Option<&Instance>, cluster: &Cluster) -> Vec<Field> {
    let chosen = match object {
        Object::Pair(_, disk) => disk.to_string(),
        _ => String::new(),
    };
    let mut to = vec![format!("{IALLOCATOR}{}", iallocator(cluster))];
    to.extend(candidates(instance, cluster));
    vec![
        field(
            "mode",
            "which half",
            "On the secondary or the primary, there; whichever is faulty (auto); or on a new secondary.",
            options(&REPLACE),
        ),
        field(
            "to",
            "new secondary",
            "Who chooses it, or which node it is. Only for a new secondary.",
            some(to),
        ),
        Field {
            value: Value::Text(chosen),
            ..text(
                "disks",
                "disks",
                "Their indices, with commas between; all if left out. Only for the same nodes.",
            )
        },
        flag(
            "early_release",
            "early release",
            "Gives the old half back before the new one is in sync.",
        ),
        ipolicy(),
    ]
}

fn field(name: &'static str, label: &'static str, help: &'static str, value: Value) -> Field {
    Field {
        name,
        label,
        help,
        value,
    }
}

fn flag(name: &'static str, label: &'static str, help: &'static str) -> Field {
    field(name, label, help, Value::Flag(false))
}

fn number(name: &'static str, label: &'static str, help: &'static str) -> Field {
    field(name, label, help, Value::Number(None))
}

fn text(name: &'static str, label: &'static str, help: &'static str) -> Field {
    field(name, label, help, Value::Text(String::new()))
}

fn shutdown_timeout() -> Field {
    number(
        "shutdown_timeout",
        "shutdown timeout",
        "Seconds that it may take to shut down; 120 if left out.",
    )
}

fn ipolicy() -> Field {
    flag(
        "ignore_ipolicy",
        "ignore ipolicy",
        "Goes even where the group's instance policy forbids it.",
    )
}

fn options(words: &[&str]) -> Value {
    some(words.iter().map(|word| (*word).to_owned()).collect())
}

fn some(options: Vec<String>) -> Value {
    Value::Pick { options, at: 0 }
}

fn iallocator(cluster: &Cluster) -> &str {
    let own = cluster
        .conf
        .as_ref()
        .map(|conf| conf.default_iallocator.as_str());
    own.filter(|name| !name.is_empty()).unwrap_or(HAIL)
}

/// Where to, if there is a choice: DRBD has its secondary.
fn target(instance: Option<&Instance>, cluster: &Cluster) -> Vec<Field> {
    let Some(instance) = instance else {
        return Vec::new();
    };
    if mirror(instance) != Ok(Mirror::External) {
        return Vec::new();
    }
    let mut to = vec![format!("{IALLOCATOR}{}", iallocator(cluster))];
    to.extend(candidates(Some(instance), cluster));
    vec![field(
        "to",
        "to",
        "Who chooses the node, or which it is.",
        some(to),
    )]
}

/// Who chooses where to, or another node of the group.
fn targets(object: &Object, cluster: &Cluster) -> Value {
    let mut to = vec![format!("{IALLOCATOR}{}", iallocator(cluster))];
    if let Object::Node(name) = object
        && let Some(own) = cluster.nodes.get(name)
    {
        to.extend(
            takers(own.group(), cluster)
                .filter(|it| **it != **name)
                .map(str::to_owned),
        );
    }
    some(to)
}

/// The nodes that an instance is not on and that may take it: those of its group first.
fn candidates(instance: Option<&Instance>, cluster: &Cluster) -> Vec<String> {
    let Some(instance) = instance else {
        return Vec::new();
    };
    let group = cluster
        .nodes
        .get(instance.conf.primary.as_str())
        .map_or("?", Node::group);
    let groups = cluster.groups.keys().filter(|it| ***it != *group);
    let groups = std::iter::once(group).chain(groups.map(|it| &**it));
    let nodes = groups.flat_map(|group| takers(group, cluster));
    let others = nodes.filter(|node| !instance.lives_on(node));
    others.map(str::to_owned).collect()
}

/// Nodes of a group that take instances, in Ganeti's order.
fn takers<'a>(group: &str, cluster: &'a Cluster) -> impl Iterator<Item = &'a str> {
    let takes = |node: &&Node| {
        let conf = node.conf.as_ref();
        conf.is_some_and(|conf| {
            conf.vm_capable && conf.group == group && !matches!(conf.role.as_str(), "O" | "D")
        })
    };
    let mut nodes: Vec<&Node> = cluster.nodes.values().filter(takes).collect();
    nodes.sort_by(|a, b| natural::compare(&a.name, &b.name));
    nodes.into_iter().map(|node| &*node.name)
}

/// Nodes that could be made the master, in Ganeti's order.
fn new_masters(cluster: &Cluster) -> Vec<String> {
    let nodes = cluster.nodes_sorted().into_iter();
    let fit = nodes.filter(|node| can_be_master(node, cluster).is_ok());
    fit.map(|node| node.name.to_string()).collect()
}

/// The indices of an instance's disks, that of the object first.
fn disks(object: &Object, instance: Option<&Instance>) -> Value {
    let count = instance.map_or(0, |instance| instance.conf.disks.len());
    let options: Vec<String> = (0..count.max(1)).map(|at| at.to_string()).collect();
    let at = match object {
        Object::Pair(_, disk) => options.iter().position(|it| *it == disk.to_string()),
        _ => None,
    };
    Value::Pick {
        options,
        at: at.unwrap_or(0),
    }
}
