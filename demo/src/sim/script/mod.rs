//! What each opcode does, step by step: the line it writes to the job's log and what it changes.
//!
//! Each script begins with the checks that Ganeti makes once it has the locks; what they refuse
//! ends with the code that an `OpPrereqError` carries. Lines and their order are those of Ganeti 3.0.

mod asked;
mod disks;
mod making;
mod moving;
mod state;

use gantry_wire::operation::Backend;

use super::instance::{Admin, Instance, InstanceId};
use super::node::{NodeId, Role};
use super::opcode::{Opcode, Tagged};
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
    /// The devices of its disks are taken down.
    Deactivate(InstanceId),
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
    /// New volumes on the secondary node, to which everything must be copied.
    Renew(InstanceId),
    /// The volumes that were replaced are removed.
    Sweep(InstanceId),
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
    /// Primary node and home of one without a mirror change.
    Rehouse(InstanceId, NodeId),
    /// A disk gets so much larger, MiB.
    Grow(InstanceId, usize, u64),
    /// Backend parameters change.
    Modify(InstanceId, Backend),
    /// An instance gets another name.
    Rename(InstanceId, String),
    /// Tags are set or removed.
    Tags(Tagged, Vec<String>, bool),
    /// A node's machine is reset.
    Reset(NodeId),
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
        Opcode::Startup(id) => state::startup(cluster, *id),
        Opcode::Shutdown { instance, by_user } => state::shutdown(cluster, *instance, *by_user),
        Opcode::Reboot(id) => state::reboot(cluster, *id),
        Opcode::Migrate(id) => moving::migrate(cluster, *id),
        Opcode::Failover {
            instance,
            ignore_consistency,
        } => moving::failover(cluster, *instance, *ignore_consistency),
        Opcode::ReplaceDisks { instance, to } => disks::replace_disks(cluster, *instance, *to),
        Opcode::RenewDisks(id) => disks::renew_disks(cluster, *id),
        Opcode::ActivateDisks(id) => {
            known(cluster, *id)?;
            Ok(vec![act(2500, Act::Connect(*id))])
        }
        Opcode::Create(made) => making::create(cluster, made),
        Opcode::Remove(id) => {
            known(cluster, *id)?;
            Ok(vec![act(3000, Act::Stop(*id)), act(4000, Act::Remove(*id))])
        }
        Opcode::Reinstall(id) => state::reinstall(cluster, *id),
        Opcode::Export { instance, to } => disks::export(cluster, *instance, *to),
        Opcode::Drain { node, drained } => Ok(drain(cluster, *node, *drained)),
        Opcode::NodeMigrate(node) => Ok(moving::node_migrate(cluster, *node)),
        Opcode::ClusterVerify => Ok(verify::cluster(cluster)),
        Opcode::ClusterVerifyConfig => Ok(verify::config(cluster)),
        Opcode::GroupVerify(group) => Ok(verify::group(cluster, *group)),
        Opcode::GroupVerifyDisks(_) => Ok(vec![act(2200, Act::None)]),
        Opcode::Asked(asked) => asked::write(cluster, asked),
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
