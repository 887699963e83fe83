//! What only consoles ask for.

use super::moving;
use super::{Act, Step, act, both, disks, known, memory, say};
use crate::sim::drbd::mirror::Mirror;
use crate::sim::instance::{Admin, Instance, InstanceId, Template};
use crate::sim::node::{NodeId, Role};
use crate::sim::opcode::{Asked, Opcode};
use crate::sim::{Cluster, verify};

/// How fast a disk is copied to another node, MiB a second.
const COPY: u64 = 110;

/// The script of an opcode that was asked for.
///
/// # Errors
/// What Ganeti says when a prerequisite is not met.
pub fn write(cluster: &mut Cluster, asked: &Asked) -> Result<Vec<Step>, String> {
    match asked {
        Asked::Relocate { instance, to, live } => relocate(cluster, *instance, *to, *live),
        Asked::Cleanup(id) => cleanup(cluster, *id),
        Asked::ReplaceAuto(id) => replace_auto(cluster, *id),
        Asked::DeactivateDisks { instance, force } => {
            let found = known(cluster, *instance)?;
            if found.runs() && !force {
                return Err(format!(
                    "Instance {} is running, cannot shutdown block devices (wrong_state)",
                    found.name
                ));
            }
            Ok(vec![act(1800, Act::Deactivate(*instance))])
        }
        Asked::GrowDisk {
            instance,
            disk,
            amount,
            absolute,
        } => grow(cluster, *instance, *disk, *amount, *absolute),
        Asked::Move { instance, to } => moved(cluster, *instance, *to),
        Asked::RecreateDisks(id) => {
            let found = stopped(cluster, *id, "recreate disks")?;
            let name = &found.name;
            let line = format!("* creating disks for instance '{name}'");
            Ok(vec![say(900, line), act(5200, Act::None)])
        }
        Asked::Modify { instance, backend } => {
            let found = known(cluster, *instance)?;
            let min = backend.minmem.unwrap_or(found.minmem);
            let max = backend.maxmem.unwrap_or(found.memory);
            if min > max {
                let why = "Minimum memory is larger than maximum memory (wrong_input)";
                return Err(why.to_owned());
            }
            Ok(vec![act(1100, Act::Modify(*instance, backend.clone()))])
        }
        Asked::Rename { instance, new_name } => {
            stopped(cluster, *instance, "rename")?;
            let rename = Act::Rename(*instance, new_name.clone());
            Ok(vec![
                act(1300, rename),
                say(900, "Running the instance OS rename script..."),
            ])
        }
        Asked::Offline { node, offline } => flag(cluster, *node, |before, role| match offline {
            true => Role::Offline,
            false if role == Role::Offline => before,
            false => role,
        }),
        Asked::Candidate { node, candidate } => flag(cluster, *node, |_, role| match candidate {
            true => Role::Candidate,
            false if role == Role::Candidate => Role::Regular,
            false => role,
        }),
        Asked::Evacuate {
            node,
            primaries,
            to,
        } => Ok(evacuate(cluster, *node, *primaries, *to)),
        Asked::Powercycle(node) if *node == cluster.master() => Err(
            "The node is the master and the force parameter was not set (wrong_input)".to_owned(),
        ),
        Asked::Powercycle(node) => Ok(vec![act(1500, Act::Reset(*node))]),
        Asked::Verify(only) => {
            let mut jobs = Vec::new();
            if only.is_none() {
                jobs.push(vec![Opcode::ClusterVerifyConfig]);
            }
            let all =
                (0..cluster.groups.len()).filter(|group| only.is_none_or(|one| one == *group));
            jobs.extend(all.map(|group| vec![Opcode::Asked(Asked::VerifyGroup(group))]));
            Ok(vec![act(700, Act::Submit(jobs))])
        }
        Asked::VerifyGroup(group) => Ok(verify::coded(verify::group(cluster, *group))),
        Asked::VerifyDisks(only) => {
            let all =
                (0..cluster.groups.len()).filter(|group| only.is_none_or(|one| one == *group));
            let jobs = all.map(|group| vec![Opcode::GroupVerifyDisks(group)]);
            Ok(vec![act(600, Act::Submit(jobs.collect()))])
        }
        Asked::Tags { of, tags, set } => Ok(vec![act(500, Act::Tags(*of, tags.clone(), *set))]),
        Asked::Vain { error, .. } => Err(error.clone()),
    }
}

fn stopped(cluster: &Cluster, id: InstanceId, doing: &str) -> Result<Instance, String> {
    let found = known(cluster, id)?;
    if found.admin == Admin::Up {
        return Err(format!(
            "Instance \"{}\" is marked to be up, cannot {doing} (wrong_state)",
            found.name
        ));
    }
    Ok(found)
}

/// Instances without disks go wherever there is memory.
fn relocate(
    cluster: &Cluster,
    id: InstanceId,
    to: NodeId,
    live: bool,
) -> Result<Vec<Step>, String> {
    let instance = known(cluster, id)?;
    let target = cluster.node_name(to).to_owned();
    if to == instance.primary {
        return Err(format!(
            "Cannot migrate/failover instance {} to its current node (wrong_input)",
            instance.name
        ));
    }
    if !cluster
        .nodes
        .get(to)
        .is_some_and(|node| node.takes_instances())
    {
        return Err(format!("Can't use drained node: {target} (wrong_state)"));
    }
    if live && !instance.runs() {
        return Err(moving::not_running(&instance));
    }
    let what = format!("failing over instance {}", instance.name);
    memory(cluster, to, &what, instance.minmem)?;
    if live {
        return Ok(vec![
            say(1200, format!("Migrating instance {}", instance.name)),
            say(700, format!("* preparing {target} to accept the instance")),
            say(1500, format!("* migrating instance to {target}")),
            say(600, "* starting memory transfer"),
            both(6000, "* memory transfer complete", Act::Rehouse(id, to)),
            say(700, "* done"),
        ]);
    }
    let mut steps = vec![
        say(900, format!("Failover instance {}", instance.name)),
        say(800, "* shutting down instance on source node"),
        act(if instance.runs() { 9000 } else { 400 }, Act::Stop(id)),
        act(900, Act::Rehouse(id, to)),
    ];
    if instance.admin == Admin::Up {
        steps.push(say(
            900,
            format!("* starting the instance on the target node {target}"),
        ));
        steps.push(act(2400, Act::Start(id)));
    }
    Ok(steps)
}

fn cleanup(cluster: &Cluster, id: InstanceId) -> Result<Vec<Step>, String> {
    let instance = known(cluster, id)?;
    let node = cluster.node_name(instance.primary);
    Ok(vec![
        say(1200, format!("Migrating instance {}", instance.name)),
        say(
            900,
            "* checking where the instance actually runs (if this hangs, the hypervisor might be \
             in a bad state)",
        ),
        say(
            1500,
            format!("* instance confirmed to be running on its primary node ({node})"),
        ),
        say(1100, "* changing disks into single-master mode"),
        say(700, "* done"),
    ])
}

fn replace_auto(cluster: &Cluster, id: InstanceId) -> Result<Vec<Step>, String> {
    let instance = known(cluster, id)?;
    if matches!(instance.mirror, Mirror::Diskless { .. }) {
        return disks::renew_disks(cluster, id);
    }
    if instance.template != Template::Drbd {
        let why = "Can only run replace disks for DRBD8-based instances (wrong_input)";
        return Err(why.to_owned());
    }
    let line = format!("No disks need replacement for instance '{}'", instance.name);
    Ok(vec![say(1500, line)])
}

fn grow(
    cluster: &Cluster,
    id: InstanceId,
    disk: usize,
    amount: u64,
    absolute: bool,
) -> Result<Vec<Step>, String> {
    let instance = known(cluster, id)?;
    let Some(found) = instance.disks.get(disk) else {
        return Err(format!(
            "Invalid disk index {disk}: instance {} has {} disk(s) (wrong_input)",
            instance.name,
            instance.disks.len()
        ));
    };
    let by = match absolute {
        true => amount.checked_sub(found.size).ok_or_else(|| {
            format!(
                "Requested size ({amount}M) is smaller than current disk size ({}M) (wrong_state)",
                found.size
            )
        })?,
        false => amount,
    };
    for node in instance.nodes() {
        let free = cluster.disk_free(node);
        if by > free {
            return Err(format!(
                "Not enough disk space on target node {} vg xenvg: required {by} MiB, available \
                 {free} MiB (insufficient_resources)",
                cluster.node_name(node)
            ));
        }
    }
    let to = found.size.saturating_add(by);
    let line = format!(
        "Growing disk {disk} of instance '{}' by {by}M to {to}M",
        instance.name
    );
    let mut steps = vec![both(1400, line, Act::Grow(id, disk, by))];
    if instance.in_step() && instance.active {
        steps.push(act(900, Act::AwaitSync(id)));
    }
    Ok(steps)
}

fn moved(cluster: &Cluster, id: InstanceId, to: NodeId) -> Result<Vec<Step>, String> {
    let instance = known(cluster, id)?;
    if !matches!(instance.template, Template::Plain | Template::File) {
        return Err(format!(
            "Instance disk layout '{}' does not allow moving (wrong_state)",
            instance.template.word()
        ));
    }
    let (source, target) = (cluster.node_name(instance.primary), cluster.node_name(to));
    if to == instance.primary {
        return Err(format!(
            "Instance {} is already on the node {target} (wrong_state)",
            instance.name
        ));
    }
    memory(cluster, to, "moving", instance.memory)?;
    cluster.volumes_fit(to, instance.volume_size())?;
    let mut steps = vec![
        say(
            900,
            format!(
                "Shutting down instance {} on source node {source}",
                instance.name
            ),
        ),
        act(if instance.runs() { 9000 } else { 400 }, Act::Stop(id)),
    ];
    for (n, disk) in instance.disks.iter().enumerate() {
        let line = format!("Copying data for disk {n}");
        steps.push(both(disk.size * 1000 / COPY, line, Act::None));
    }
    steps.push(act(1200, Act::Rehouse(id, to)));
    if instance.admin == Admin::Up {
        let line = format!("Starting instance {} on node {target}", instance.name);
        steps.extend([say(900, line), act(2400, Act::Start(id))]);
    }
    Ok(steps)
}

/// One of a node's flags, by what it was before it was drained and what it is.
fn flag(
    cluster: &Cluster,
    node: NodeId,
    after: impl Fn(Role, Role) -> Role,
) -> Result<Vec<Step>, String> {
    let Some(found) = cluster.nodes.get(node) else {
        return Err("Node not known (unknown_entity)".to_owned());
    };
    if found.role == Role::Master {
        return Err(format!(
            "The master role can be changed only via master-failover: {} (wrong_input)",
            found.name
        ));
    }
    let role = after(found.role_before, found.role);
    Ok(vec![act(1500, Act::Role(node, role))])
}

fn evacuate(cluster: &Cluster, node: NodeId, primaries: bool, to: Option<NodeId>) -> Vec<Step> {
    let Some(found) = cluster.nodes.get(node) else {
        return Vec::new();
    };
    let ids = if primaries {
        &found.primaries
    } else {
        &found.secondaries
    };
    let name = |id: &InstanceId| cluster.instance_name(*id).to_owned();
    let all: Vec<String> = ids.iter().map(name).collect();
    let line = format!(
        " - INFO: Evacuating instances from node '{}': {}",
        found.name,
        all.join(", ")
    );
    let job = |id: &InstanceId| {
        let instance = cluster.instances.get(id)?;
        Some(vec![match (primaries, instance.runs()) {
            (true, true) => {
                instance.secondary?;
                Opcode::Migrate(*id)
            }
            (true, false) => {
                instance.secondary?;
                Opcode::Failover {
                    instance: *id,
                    ignore_consistency: false,
                }
            }
            (false, _) => Opcode::ReplaceDisks {
                instance: *id,
                to: to.or_else(|| cluster.roomiest(*id, &[instance.primary, node]))?,
            },
        }])
    };
    let jobs: Vec<_> = ids.iter().filter_map(job).collect();
    vec![say(2400, line), act(5000, Act::Submit(jobs))]
}
