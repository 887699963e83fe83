//! What jobs are made of: the opcodes that the simulated cluster knows.

use super::instance::{Instance, InstanceId};
use super::node::NodeId;
use super::{Cluster, short};

/// One opcode with what it is about.
#[derive(Clone, Debug)]
pub enum Opcode {
    /// `OP_INSTANCE_STARTUP`
    Startup(InstanceId),
    /// `OP_INSTANCE_SHUTDOWN`; by the user when the watcher finds a guest that shut itself down.
    Shutdown {
        /// Which.
        instance: InstanceId,
        /// `admin_state_source` is `user`.
        by_user: bool,
    },
    /// `OP_INSTANCE_REBOOT`
    Reboot(InstanceId),
    /// `OP_INSTANCE_MIGRATE` to the secondary.
    Migrate(InstanceId),
    /// `OP_INSTANCE_FAILOVER` to the secondary.
    Failover {
        /// Which.
        instance: InstanceId,
        /// Although the source cannot be asked.
        ignore_consistency: bool,
    },
    /// `OP_INSTANCE_REPLACE_DISKS` to a new secondary.
    ReplaceDisks {
        /// Which.
        instance: InstanceId,
        /// New secondary.
        to: NodeId,
    },
    /// `OP_INSTANCE_REPLACE_DISKS` on the same secondary.
    RenewDisks(InstanceId),
    /// `OP_INSTANCE_ACTIVATE_DISKS`
    ActivateDisks(InstanceId),
    /// `OP_INSTANCE_CREATE`
    Create(Box<Instance>),
    /// `OP_INSTANCE_REMOVE`
    Remove(InstanceId),
    /// `OP_INSTANCE_REINSTALL`
    Reinstall(InstanceId),
    /// `OP_BACKUP_EXPORT`
    Export {
        /// Which.
        instance: InstanceId,
        /// Where to.
        to: NodeId,
    },
    /// `OP_NODE_SET_PARAMS` with `drained`.
    Drain {
        /// Which.
        node: NodeId,
        /// Set or cleared.
        drained: bool,
    },
    /// `OP_NODE_MIGRATE`: all primaries away.
    NodeMigrate(NodeId),
    /// `OP_CLUSTER_VERIFY`
    ClusterVerify,
    /// `OP_CLUSTER_VERIFY_CONFIG`
    ClusterVerifyConfig,
    /// `OP_CLUSTER_VERIFY_GROUP`
    GroupVerify(usize),
    /// `OP_GROUP_VERIFY_DISKS`
    GroupVerifyDisks(usize),
}

/// A lock that a job needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// As Ganeti names it, with the object's name in place of its UUID.
    pub lock: String,
    /// Nobody else may have it.
    pub exclusive: bool,
}

impl Claim {
    /// Whether both can be had together.
    pub fn agrees_with(&self, other: &Claim) -> bool {
        self.lock != other.lock || !(self.exclusive || other.exclusive)
    }
}

impl Opcode {
    /// The line in `gnt-job list`.
    pub fn summary(&self, cluster: &Cluster) -> String {
        let instance = |id: &InstanceId| cluster.instance_name(*id);
        match self {
            Opcode::Startup(id) => format!("INSTANCE_STARTUP({})", instance(id)),
            Opcode::Shutdown { instance: id, .. } => {
                format!("INSTANCE_SHUTDOWN({})", instance(id))
            }
            Opcode::Reboot(id) => format!("INSTANCE_REBOOT({})", instance(id)),
            Opcode::Migrate(id) => format!("INSTANCE_MIGRATE({})", instance(id)),
            Opcode::Failover { instance: id, .. } => {
                format!("INSTANCE_FAILOVER({})", instance(id))
            }
            Opcode::ReplaceDisks { instance: id, .. } | Opcode::RenewDisks(id) => {
                format!("INSTANCE_REPLACE_DISKS({})", instance(id))
            }
            Opcode::ActivateDisks(id) => format!("INSTANCE_ACTIVATE_DISKS({})", instance(id)),
            Opcode::Create(made) => format!("INSTANCE_CREATE({})", made.name),
            Opcode::Remove(id) => format!("INSTANCE_REMOVE({})", instance(id)),
            Opcode::Reinstall(id) => format!("INSTANCE_REINSTALL({})", instance(id)),
            Opcode::Export { instance: id, .. } => format!("BACKUP_EXPORT({})", instance(id)),
            Opcode::Drain { node, .. } => format!("NODE_SET_PARAMS({})", cluster.node_name(*node)),
            Opcode::NodeMigrate(node) => format!("NODE_MIGRATE({})", cluster.node_name(*node)),
            Opcode::ClusterVerify => "CLUSTER_VERIFY".to_owned(),
            Opcode::ClusterVerifyConfig => "CLUSTER_VERIFY_CONFIG".to_owned(),
            Opcode::GroupVerify(group) => {
                format!("CLUSTER_VERIFY_GROUP({})", cluster.group_name(*group))
            }
            Opcode::GroupVerifyDisks(group) => {
                format!("GROUP_VERIFY_DISKS({})", cluster.group_uuid(*group))
            }
        }
    }

    /// The instance it is about, if it is about one that exists.
    pub fn instance(&self) -> Option<InstanceId> {
        match self {
            Opcode::Startup(id)
            | Opcode::Reboot(id)
            | Opcode::Migrate(id)
            | Opcode::ActivateDisks(id)
            | Opcode::RenewDisks(id)
            | Opcode::Remove(id)
            | Opcode::Reinstall(id)
            | Opcode::Shutdown { instance: id, .. }
            | Opcode::Failover { instance: id, .. }
            | Opcode::ReplaceDisks { instance: id, .. }
            | Opcode::Export { instance: id, .. } => Some(*id),
            _ => None,
        }
    }

    /// The locks that it takes.
    pub fn claims(&self, cluster: &Cluster) -> Vec<Claim> {
        let mut claims = vec![Claim {
            lock: "cluster/BGL".to_owned(),
            exclusive: false,
        }];
        let mut claim = |lock: String, exclusive| claims.push(Claim { lock, exclusive });
        if let Some(id) = self.instance() {
            claim(format!("instance/{}", cluster.instance_name(id)), true);
        }
        match self {
            Opcode::Migrate(id)
            | Opcode::Failover { instance: id, .. }
            | Opcode::Remove(id)
            | Opcode::ActivateDisks(id) => {
                for node in cluster.instance_nodes(*id) {
                    claim(format!("node/{}", cluster.node_name(node)), false);
                }
            }
            Opcode::ReplaceDisks { instance: id, to } => {
                for node in cluster.instance_nodes(*id).into_iter().chain([*to]) {
                    claim(format!("node-res/{}", cluster.node_name(node)), false);
                }
            }
            Opcode::RenewDisks(id) => {
                for node in cluster.instance_nodes(*id) {
                    claim(format!("node-res/{}", cluster.node_name(node)), false);
                }
            }
            Opcode::Export { to, .. } => {
                claim(format!("node-res/{}", cluster.node_name(*to)), false);
            }
            Opcode::Create(made) => {
                claim(format!("instance/{}", made.name), true);
                for node in made.nodes() {
                    claim(format!("node-res/{}", cluster.node_name(node)), true);
                }
            }
            Opcode::Drain { node, .. } => {
                claim(format!("node/{}", cluster.node_name(*node)), true);
            }
            Opcode::GroupVerify(group) => {
                claim(format!("nodegroup/{}", cluster.group_name(*group)), false);
                for node in cluster.nodes.iter().filter(|node| node.group == *group) {
                    claim(format!("node/{}", node.name), false);
                }
            }
            _ => {}
        }
        claims
    }

    /// The nodes on which it changes something.
    pub fn touches(&self, cluster: &Cluster) -> Vec<NodeId> {
        let mut nodes: Vec<NodeId> = self
            .instance()
            .map(|id| cluster.instance_nodes(id))
            .unwrap_or_default();
        match self {
            Opcode::ReplaceDisks { to, .. } | Opcode::Export { to, .. } => nodes.push(*to),
            Opcode::Create(made) => nodes.extend(made.nodes()),
            Opcode::Drain { node, .. } | Opcode::NodeMigrate(node) => nodes.push(*node),
            _ => {}
        }
        nodes
    }

    /// The nodes without which it cannot go on.
    pub fn needs(&self, cluster: &Cluster) -> Vec<NodeId> {
        let both = |id: &InstanceId| cluster.instance_nodes(*id);
        let primary = |id: &InstanceId| both(id).into_iter().take(1).collect();
        match self {
            Opcode::Migrate(id) | Opcode::RenewDisks(id) => both(id),
            Opcode::Startup(id)
            | Opcode::Reboot(id)
            | Opcode::Shutdown { instance: id, .. }
            | Opcode::ActivateDisks(id)
            | Opcode::Remove(id) => primary(id),
            Opcode::Failover {
                instance: id,
                ignore_consistency: false,
            } => both(id),
            Opcode::Failover { .. } => Vec::new(),
            Opcode::ReplaceDisks { instance: id, to } => {
                primary(id).into_iter().chain([*to]).collect()
            }
            Opcode::Export { instance: id, to } => primary(id).into_iter().chain([*to]).collect(),
            Opcode::Create(made) => made.nodes().collect(),
            _ => Vec::new(),
        }
    }

    /// What it fails with when a node that it needs stops answering.
    pub fn lost(&self, node: &str) -> String {
        let silent = format!("Error 28: Connection timed out after 5001 milliseconds ({node})");
        match self {
            Opcode::Migrate(_) => format!("Could not migrate instance: {silent}"),
            Opcode::Startup(_) => format!("Could not start instance: {silent}"),
            Opcode::Failover { .. } => format!("Could not shutdown instance: {silent}"),
            Opcode::ReplaceDisks { .. } | Opcode::RenewDisks(_) => {
                format!("Can't replace disks: {silent}")
            }
            Opcode::ActivateDisks(_) => "Cannot activate block devices".to_owned(),
            Opcode::Export { .. } => format!("Export failed on node {}: {silent}", short(node)),
            _ => format!("Node {node} does not answer: {silent}"),
        }
    }
}
