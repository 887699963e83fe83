//! What each opcode does, step by step: the line it writes to the job's log and what it changes.
//!
//! Each script begins with the checks that Ganeti makes once it has the locks; what they refuse is
//! an `OpPrereqError`. Lines and their order are those of Ganeti 3.0.

use super::instance::{Admin, Instance, InstanceId, Mirror, Template};
use super::node::{NodeId, Role};
use super::opcode::Opcode;
use super::{Cluster, verify};

/// What a step changes.
#[derive(Clone, Debug)]
pub enum Act {
    /// Nothing; it only takes its time or says its line.
    None,
    /// The guest's process starts on the primary node.
    Start(InstanceId),
    /// The guest's process ends.
    Stop(InstanceId),
    /// The administrator's (or the user's) wish is recorded.
    Admin(InstanceId, Admin, bool),
    /// A process waits on the secondary node for the guest's memory.
    Receive(InstanceId),
    /// The guest runs on; primary and secondary have changed places.
    Arrive(InstanceId),
    /// Primary and secondary change places; the guest does not run.
    Swap(InstanceId),
    /// A new secondary node, to which everything must be copied.
    Secondary(InstanceId, NodeId),
    /// The halves of the mirror are connected again.
    Connect(InstanceId),
    /// Waits until the mirror is in step and says how far it is.
    AwaitSync(InstanceId),
    /// A new instance.
    Add(InstanceId, Box<Instance>),
    /// An instance goes.
    Remove(InstanceId),
    /// A node gets another role.
    Role(NodeId, Role),
    /// Further jobs.
    Submit(Vec<Vec<Opcode>>),
    /// The opcode fails here.
    Fail(String),
}

/// One step of a script.
#[derive(Clone, Debug)]
pub struct Step {
    /// How long after the step before, ms.
    pub after: u64,
    /// What it writes to the log.
    pub line: Option<String>,
    /// What it changes.
    pub act: Act,
}

/// A step with a line only.
pub fn say(after: u64, line: impl Into<String>) -> Step {
    Step {
        after,
        line: Some(line.into()),
        act: Act::None,
    }
}

/// A step without a line.
pub fn act(after: u64, act: Act) -> Step {
    Step {
        after,
        line: None,
        act,
    }
}

/// A step with both.
fn both(after: u64, line: impl Into<String>, act: Act) -> Step {
    Step {
        after,
        line: Some(line.into()),
        act,
    }
}

/// The script of an opcode.
///
/// # Errors
/// What Ganeti says when a prerequisite is not met.
pub fn write(cluster: &mut Cluster, code: &Opcode) -> Result<Vec<Step>, String> {
    match code {
        Opcode::Startup(id) => startup(cluster, *id),
        Opcode::Shutdown { instance, by_user } => shutdown(cluster, *instance, *by_user),
        Opcode::Reboot(id) => reboot(cluster, *id),
        Opcode::Migrate(id) => migrate(cluster, *id),
        Opcode::Failover {
            instance,
            ignore_consistency,
        } => failover(cluster, *instance, *ignore_consistency),
        Opcode::ReplaceDisks { instance, to } => replace_disks(cluster, *instance, *to),
        Opcode::ActivateDisks(id) => {
            known(cluster, *id)?;
            Ok(vec![act(2500, Act::Connect(*id))])
        }
        Opcode::Create(made) => create(cluster, made),
        Opcode::Remove(id) => {
            known(cluster, *id)?;
            Ok(vec![act(3000, Act::Stop(*id)), act(4000, Act::Remove(*id))])
        }
        Opcode::Reinstall(id) => reinstall(cluster, *id),
        Opcode::Export { instance, to } => export(cluster, *instance, *to),
        Opcode::Drain { node, drained } => Ok(drain(cluster, *node, *drained)),
        Opcode::NodeMigrate(node) => Ok(node_migrate(cluster, *node)),
        Opcode::ClusterVerify => Ok(verify::cluster(cluster)),
        Opcode::ClusterVerifyConfig => Ok(verify::config(cluster)),
        Opcode::GroupVerify(group) => Ok(verify::group(cluster, *group)),
        Opcode::GroupVerifyDisks(_) => Ok(vec![act(2200, Act::None)]),
    }
}

fn known(cluster: &Cluster, id: InstanceId) -> Result<Instance, String> {
    match cluster.instances.get(&id) {
        Some(instance) => Ok(instance.clone()),
        None => Err("Instance not known (unknown_entity)".to_owned()),
    }
}

/// Ganeti's check of a node's free memory.
fn memory(cluster: &Cluster, node: NodeId, what: &str, needed: u64) -> Result<(), String> {
    let free = cluster.uncommitted(node);
    if needed <= free {
        return Ok(());
    }
    Err(format!(
        "Not enough memory on node {} for {what}: needed {needed} MiB, available {free} MiB \
         (insufficient_resources)",
        cluster.node_name(node)
    ))
}

fn startup(cluster: &Cluster, id: InstanceId) -> Result<Vec<Step>, String> {
    let instance = known(cluster, id)?;
    let name = &instance.name;
    if instance.admin == Admin::Offline {
        return Err(format!(
            "Instance \"{name}\" is marked to be offline, cannot start (wrong_state)"
        ));
    }
    if !instance.runs() {
        let what = format!("starting instance {name}");
        memory(cluster, instance.primary, &what, instance.minmem)?;
    }
    Ok(vec![
        act(600, Act::Admin(id, Admin::Up, false)),
        act(1400, Act::Connect(id)),
        act(2200, Act::Start(id)),
    ])
}

fn shutdown(cluster: &Cluster, id: InstanceId, by_user: bool) -> Result<Vec<Step>, String> {
    let instance = known(cluster, id)?;
    // A guest that is asked takes a while; one that is down already does not.
    let takes = if instance.runs() { 9000 } else { 400 };
    Ok(vec![
        act(500, Act::Admin(id, Admin::Down, by_user)),
        act(takes, Act::Stop(id)),
        act(1500, Act::None),
    ])
}

fn reboot(cluster: &Cluster, id: InstanceId) -> Result<Vec<Step>, String> {
    known(cluster, id)?;
    Ok(vec![act(7000, Act::Stop(id)), act(2500, Act::Start(id))])
}

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

/// How fast a guest's memory goes over the wire, MiB a second.
const TRANSFER: u64 = 110;

fn migrate(cluster: &mut Cluster, id: InstanceId) -> Result<Vec<Step>, String> {
    let instance = known(cluster, id)?;
    let target = secondary(cluster, &instance, "migrating")?;
    if !instance.runs() {
        return Err(format!(
            "Instance {} is not running, can't migrate: please use failover (wrong_state)",
            instance.name
        ));
    }
    let source = cluster.node_name(instance.primary).to_owned();
    let target = cluster.node_name(target).to_owned();
    let mut steps = vec![
        say(1200, format!("Migrating instance {}", instance.name)),
        say(600, "* checking disk consistency between source and target"),
    ];
    if instance.mirror != Mirror::InStep {
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

fn failover(
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
        if instance.mirror != Mirror::InStep && !ignore_consistency {
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

fn replace_disks(cluster: &Cluster, id: InstanceId, to: NodeId) -> Result<Vec<Step>, String> {
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
    Ok(steps)
}

fn create(cluster: &mut Cluster, made: &Instance) -> Result<Vec<Step>, String> {
    let name = &made.name;
    if cluster.instances.values().any(|i| i.name == *name) {
        return Err(format!(
            "Instance '{name}' is already in the cluster (already_exists)"
        ));
    }
    memory(
        cluster,
        made.primary,
        &format!("creating instance {name}"),
        made.minmem,
    )?;
    let needed = made.volume_size();
    for node in made.nodes() {
        let free = cluster.disk_free(node);
        if free < needed {
            return Err(format!(
                "Not enough disk space on target node {} vg xenvg: required {needed} MiB, \
                 available {free} MiB (insufficient_resources)",
                cluster.node_name(node)
            ));
        }
    }
    let id = cluster.next_instance;
    cluster.next_instance += 1;
    let mut steps = Vec::new();
    if !made.disks.is_empty() {
        steps.push(say(2500, "* creating instance disks..."));
    }
    steps.push(both(
        6000,
        format!("adding instance {name} to cluster config"),
        Act::Add(id, Box::new(made.clone())),
    ));
    if !made.disks.is_empty() {
        steps.push(say(900, "adding disks to cluster config"));
    }
    if made.template == Template::Drbd {
        steps.push(say(700, "* checking mirrors status"));
        steps.push(say(900, "* pausing disk sync to install instance OS"));
    }
    if !made.disks.is_empty() {
        steps.push(say(800, "* running the instance OS create scripts..."));
    }
    if made.template == Template::Drbd {
        steps.push(say(9000, "* resuming disk sync"));
    }
    steps.push(both(4000, "* starting instance...", Act::None));
    steps.push(act(2500, Act::Start(id)));
    Ok(steps)
}

fn reinstall(cluster: &Cluster, id: InstanceId) -> Result<Vec<Step>, String> {
    let instance = known(cluster, id)?;
    if instance.admin == Admin::Up {
        return Err(format!(
            "Instance \"{}\" is marked to be up, cannot reinstall (wrong_state)",
            instance.name
        ));
    }
    Ok(vec![
        say(1500, "Running the instance OS create scripts..."),
        act(25_000, Act::None),
    ])
}

/// How fast an export goes, MiB a second.
const EXPORT: u64 = 180;

fn export(cluster: &mut Cluster, id: InstanceId, to: NodeId) -> Result<Vec<Step>, String> {
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

fn drain(cluster: &Cluster, node: NodeId, drained: bool) -> Vec<Step> {
    let (was, before) = match cluster.nodes.get(node) {
        Some(found) => (found.role, found.role_before),
        None => return Vec::new(),
    };
    let role = match (was, drained) {
        (Role::Master | Role::Offline, _) => was,
        (_, true) => Role::Drained,
        (Role::Drained, false) => before,
        (_, false) => was,
    };
    vec![act(1500, Act::Role(node, role))]
}

fn node_migrate(cluster: &Cluster, node: NodeId) -> Vec<Step> {
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
