//! Disks that get another secondary node, and backups.

use super::{Act, Step, act, both, known, say};
use crate::sim::Cluster;
use crate::sim::instance::InstanceId;
use crate::sim::node::NodeId;

/// `OP_INSTANCE_REPLACE_DISKS`
pub fn replace_disks(cluster: &Cluster, id: InstanceId, to: NodeId) -> Result<Vec<Step>, String> {
    let instance = known(cluster, id)?;
    let Some(old) = instance.secondary else {
        return Err("Can only run replace disks for DRBD8-based instances (inval)".to_owned());
    };
    let name = cluster.node_name(to).to_owned();
    if to == instance.primary {
        return Err("The specified node is the primary node of the instance (inval)".to_owned());
    }
    if to == old {
        return Err(
            "The specified node is already the secondary node of the instance (inval)".to_owned(),
        );
    }
    let needed = instance.volume_size();
    if cluster.disk_free(to) < needed {
        return Err(format!(
            "Not enough disk space on target node {name} vg xenvg: required {needed} MiB, \
             available {} MiB (insufficient_resources)",
            cluster.disk_free(to)
        ));
    }
    let primary = cluster.node_name(instance.primary).to_owned();
    let secondary = cluster.node_name(old).to_owned();
    let disks: Vec<usize> = (0..instance.disks.len()).collect();
    let list = disks.iter().map(usize::to_string).collect::<Vec<_>>();
    let mut steps = vec![
        say(
            1400,
            format!(
                "Replacing disk(s) {} for instance '{}'",
                list.join(", "),
                instance.name
            ),
        ),
        say(40, format!("Current primary node: {primary}")),
        say(40, format!("Current secondary node: {secondary}")),
        say(30, "STEP 1/6 Check device existence"),
    ];
    let each = |after, line: &dyn Fn(usize) -> String| {
        let list: Vec<Step> = disks.iter().map(|&n| say(after, line(n))).collect();
        list
    };
    steps.extend(each(300, &|n| {
        format!(" - INFO: Checking disk/{n} on {primary}")
    }));
    steps.push(say(700, " - INFO: Checking volume groups"));
    steps.push(say(600, "STEP 2/6 Check peer consistency"));
    steps.extend(each(200, &|n| {
        format!(" - INFO: Checking disk/{n} consistency on node {primary}")
    }));
    steps.push(say(1100, "STEP 3/6 Allocate new storage"));
    steps.extend(each(300, &|n| {
        format!(" - INFO: Adding new local storage on {name} for disk/{n}")
    }));
    steps.push(say(1900, "STEP 4/6 Changing drbd configuration"));
    steps.extend(each(300, &|n| {
        format!(" - INFO: activating a new drbd on {name} for disk/{n}")
    }));
    steps.extend(each(1500, &|n| {
        format!(" - INFO: Shutting down drbd for disk/{n} on old node")
    }));
    steps.extend([
        say(
            900,
            " - INFO: Detaching primary drbds from the network (=> standalone)",
        ),
        both(
            600,
            " - INFO: Updating instance configuration",
            Act::Secondary(id, to),
        ),
        say(
            1200,
            " - INFO: Attaching primary drbds to new secondary (standalone => connected)",
        ),
        say(900, "STEP 5/6 Sync devices"),
        both(
            30,
            format!(
                " - INFO: Waiting for instance {} to sync disks",
                instance.name
            ),
            Act::AwaitSync(id),
        ),
        say(600, "STEP 6/6 Removing old storage"),
    ]);
    steps.extend(each(100, &|n| {
        format!(" - INFO: Remove logical volumes for {n}")
    }));
    steps.push(act(900, Act::Sweep(id)));
    Ok(steps)
}

/// `OP_INSTANCE_REPLACE_DISKS` with new volumes on the same secondary node.
pub fn renew_disks(cluster: &Cluster, id: InstanceId) -> Result<Vec<Step>, String> {
    let instance = known(cluster, id)?;
    let Some(secondary) = instance.secondary else {
        return Err("Can only run replace disks for DRBD8-based instances (inval)".to_owned());
    };
    let primary = cluster.node_name(instance.primary).to_owned();
    let name = cluster.node_name(secondary).to_owned();
    let mut steps = vec![say(
        1100,
        format!("Replacing disk(s) for instance '{}'", instance.name),
    )];
    let step = |number: u8, what: &str| say(700, format!("STEP {number}/6 {what}"));
    let each = |after, line: &dyn Fn(usize) -> String| -> Vec<Step> {
        (0..instance.disks.len())
            .map(|n| say(after, format!(" - INFO: {}", line(n))))
            .collect()
    };
    steps.push(step(1, "Check device existence"));
    for node in [&primary, &name] {
        steps.extend(each(200, &|n| format!("Checking disk/{n} on {node}")));
    }
    steps.push(step(2, "Check peer consistency"));
    steps.extend(each(200, &|n| {
        format!("Checking disk/{n} consistency on node {primary}")
    }));
    steps.push(step(3, "Allocate new storage"));
    steps.extend(each(600, &|n| {
        format!("Adding storage on {name} for disk/{n}")
    }));
    steps.push(step(4, "Changing drbd configuration"));
    steps.extend(each(300, &|n| {
        format!("Detaching disk/{n} drbd from local storage")
    }));
    steps.extend([
        say(300, " - INFO: Renaming the old LVs on the target node"),
        both(
            300,
            " - INFO: Renaming the new LVs on the target node",
            Act::Renew(id),
        ),
    ]);
    steps.extend(each(300, &|_| {
        format!("Adding new mirror component on {name}")
    }));
    steps.push(step(5, "Sync devices"));
    steps.push(both(
        30,
        format!(
            " - INFO: Waiting for instance {} to sync disks",
            instance.name
        ),
        Act::AwaitSync(id),
    ));
    steps.push(step(6, "Removing old storage"));
    steps.extend(each(100, &|n| format!("Remove logical volumes for {n}")));
    steps.push(act(900, Act::Sweep(id)));
    Ok(steps)
}

/// How fast an export goes, MiB a second.
const EXPORT: u64 = 180;

/// `OP_BACKUP_EXPORT`
pub fn export(cluster: &mut Cluster, id: InstanceId, to: NodeId) -> Result<Vec<Step>, String> {
    let instance = known(cluster, id)?;
    let source = cluster.node_name(instance.primary).to_owned();
    let target = cluster.node_name(to).to_owned();
    let mut steps = Vec::new();
    for (n, _) in instance.disks.iter().enumerate() {
        steps.push(say(
            1200,
            format!("Creating a snapshot of disk/{n} on node {source}"),
        ));
    }
    for (n, disk) in instance.disks.iter().enumerate() {
        steps.push(say(
            1500,
            format!("Exporting snapshot/{n} from {source} to {target}"),
        ));
        // Only what is in use goes over.
        let size = disk.size * cluster.chance.between(15, 45) / 100;
        let takes = size * 1000 / EXPORT;
        for at in (15_000..takes).step_by(15_000) {
            let sent = size * at / takes;
            steps.push(say(
                15_000,
                format!(
                    "snapshot/{n} sent {sent}M, {EXPORT}.0 MiB/s, {}%, ETA {}s",
                    100 * at / takes,
                    (takes - at) / 1000
                ),
            ));
        }
        steps.push(say(
            takes % 15_000 + 500,
            format!("snapshot/{n} finished sending data"),
        ));
    }
    steps.push(say(900, format!("Finalizing export on {target}")));
    for (n, _) in instance.disks.iter().enumerate() {
        steps.push(say(
            700,
            format!("Removing snapshot of disk/{n} on node {source}"),
        ));
    }
    Ok(steps)
}
