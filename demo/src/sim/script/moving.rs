//! Instances that go to their secondary node, with their guests running or not.

use super::{Act, Step, act, both, known, memory, say};
use crate::sim::Cluster;
use crate::sim::instance::{Admin, Instance, InstanceId};
use crate::sim::node::{NodeId, Role};
use crate::sim::opcode::Opcode;

/// What migration and failover have in common: a mirrored instance and a fit secondary node.
fn secondary(cluster: &Cluster, instance: &Instance, doing: &str) -> Result<NodeId, String> {
    let Some(target) = instance.secondary else {
        return Err(format!(
            "Instance's disk layout '{}' does not allow {doing} (wrong_state)",
            instance.template.word()
        ));
    };
    let name = cluster.node_name(target);
    match cluster.nodes.get(target).map(|node| node.role) {
        Some(Role::Offline) => return Err(format!("Can't use offline node: {name} (wrong_state)")),
        Some(Role::Drained) => return Err(format!("Can't use drained node: {name} (wrong_state)")),
        _ => {}
    }
    let what = format!("{doing} instance {}", instance.name);
    memory(cluster, target, &what, instance.minmem)?;
    Ok(target)
}

/// What a migration says of a guest that does not run.
pub fn not_running(instance: &Instance) -> String {
    format!(
        "Instance {} is not running, can't migrate: please use failover (wrong_state)",
        instance.name
    )
}

/// How fast a guest's memory goes over the wire, MiB a second.
const TRANSFER: u64 = 110;

/// `OP_INSTANCE_MIGRATE`
pub fn migrate(cluster: &mut Cluster, id: InstanceId) -> Result<Vec<Step>, String> {
    let instance = known(cluster, id)?;
    let target = secondary(cluster, &instance, "migrating")?;
    if !instance.runs() {
        return Err(not_running(&instance));
    }
    let source = cluster.node_name(instance.primary).to_owned();
    let target = cluster.node_name(target).to_owned();
    let mut steps = vec![
        say(1200, format!("Migrating instance {}", instance.name)),
        say(600, "* checking disk consistency between source and target"),
    ];
    if !instance.mirror.is_whole() {
        steps.push(act(
            900,
            Act::Fail(
                "Disk 0 is degraded or not fully synchronized on target node, aborting migration"
                    .to_owned(),
            ),
        ));
        return Ok(steps);
    }
    let other = |line: &str, node: &str| format!("* {line} node {node}");
    steps.extend([
        say(1500, other("closing instance disks on", &target)),
        say(500, "* changing into standalone mode"),
        say(1300, "* changing disks into dual-master mode"),
        say(2400, "* wait until resync is done"),
        say(
            1500,
            other("opening instance disks on", &source) + " in shared mode",
        ),
        say(
            900,
            other("opening instance disks on", &target) + " in shared mode",
        ),
        both(
            700,
            format!("* preparing {target} to accept the instance"),
            Act::Receive(id),
        ),
        say(1500, format!("* migrating instance to {target}")),
        say(600, "* starting memory transfer"),
    ]);
    // A guest that writes makes some of its memory go twice.
    let takes = instance.memory * 1000 * cluster.chance.between(105, 140) / 100 / TRANSFER;
    for at in (10_000..takes).step_by(10_000) {
        let done = 100.0 * at as f64 / takes as f64;
        steps.push(say(
            10_000,
            format!("* memory transfer progress: {done:.2} %"),
        ));
    }
    steps.extend([
        both(
            takes % 10_000,
            "* memory transfer complete",
            Act::Arrive(id),
        ),
        say(1800, other("closing instance disks on", &source)),
        say(900, "* wait until resync is done"),
        say(1600, "* changing into standalone mode"),
        say(800, "* changing disks into single-master mode"),
        say(1100, "* wait until resync is done"),
        say(700, "* done"),
    ]);
    Ok(steps)
}

/// `OP_INSTANCE_FAILOVER`
pub fn failover(
    cluster: &Cluster,
    id: InstanceId,
    ignore_consistency: bool,
) -> Result<Vec<Step>, String> {
    let instance = known(cluster, id)?;
    let target = secondary(cluster, &instance, "failing over")?;
    let name = cluster.node_name(target).to_owned();
    let mut steps = vec![say(900, format!("Failover instance {}", instance.name))];
    if instance.runs() {
        steps.push(say(
            600,
            "* checking disk consistency between source and target",
        ));
        if !instance.mirror.is_whole() && !ignore_consistency {
            steps.push(act(
                700,
                Act::Fail("Disk 0 is degraded on target node, aborting failover".to_owned()),
            ));
            return Ok(steps);
        }
    } else {
        steps.push(say(
            600,
            "* not checking disk consistency as instance is not running",
        ));
    }
    steps.push(both(
        800,
        "* shutting down instance on source node",
        Act::None,
    ));
    // Up to the shutdown timeout; most guests are quicker.
    let down = if instance.runs() { 11_000 } else { 400 };
    steps.extend([
        act(down, Act::Stop(id)),
        say(300, "* deactivating the instance's disks on source node"),
        act(1500, Act::Swap(id)),
    ]);
    if instance.admin == Admin::Up {
        steps.extend([
            say(
                600,
                format!("* activating the instance's disks on target node {name}"),
            ),
            both(
                2600,
                format!("* starting the instance on the target node {name}"),
                Act::None,
            ),
            act(2400, Act::Start(id)),
        ]);
    }
    Ok(steps)
}

/// `OP_NODE_MIGRATE`
pub fn node_migrate(cluster: &Cluster, node: NodeId) -> Vec<Step> {
    let Some(found) = cluster.nodes.get(node) else {
        return Vec::new();
    };
    let run = |id: &InstanceId| {
        let instance = cluster.instances.get(id);
        instance.is_some_and(|i| i.runs() && i.in_step())
    };
    let ids = found.primaries.iter().copied().filter(run).collect();
    let jobs = cluster
        .with_room(ids)
        .into_iter()
        .map(|id| vec![Opcode::Migrate(id)])
        .collect();
    vec![act(1200, Act::Submit(jobs))]
}
