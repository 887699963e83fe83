//! What jobs are made of: the opcodes that the simulated cluster knows.

use gantry_wire::operation::Backend;

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
    /// One that only somebody at a console asks for.
    Asked(Asked),
}

/// Opcodes that nobody who lives here submits by himself.
#[derive(Clone, Debug)]
pub enum Asked {
    /// `OP_INSTANCE_MIGRATE` or `OP_INSTANCE_FAILOVER` of an instance without disks.
    Relocate {
        /// Which.
        instance: InstanceId,
        /// Where to.
        to: NodeId,
        /// Migrate.
        live: bool,
    },
    /// `OP_INSTANCE_MIGRATE` with `cleanup`.
    Cleanup(InstanceId),
    /// `OP_INSTANCE_REPLACE_DISKS` of whichever half is faulty.
    ReplaceAuto(InstanceId),
    /// `OP_INSTANCE_DEACTIVATE_DISKS`
    DeactivateDisks {
        /// Which.
        instance: InstanceId,
        /// Without a look whether it runs.
        force: bool,
    },
    /// `OP_INSTANCE_GROW_DISK`
    GrowDisk {
        /// Which.
        instance: InstanceId,
        /// Index of the disk.
        disk: usize,
        /// By how much, or to how much, MiB.
        amount: u64,
        /// To how much.
        absolute: bool,
    },
    /// `OP_INSTANCE_MOVE`
    Move {
        /// Which.
        instance: InstanceId,
        /// Where to.
        to: NodeId,
    },
    /// `OP_INSTANCE_RECREATE_DISKS`
    RecreateDisks(InstanceId),
    /// `OP_INSTANCE_SET_PARAMS` with backend parameters.
    Modify {
        /// Which.
        instance: InstanceId,
        /// What changes.
        backend: Backend,
    },
    /// `OP_INSTANCE_RENAME`
    Rename {
        /// Which.
        instance: InstanceId,
        /// The new name.
        new_name: String,
    },
    /// `OP_NODE_SET_PARAMS` with `offline`.
    Offline {
        /// Which.
        node: NodeId,
        /// Set or cleared.
        offline: bool,
    },
    /// `OP_NODE_SET_PARAMS` with `master_candidate`.
    Candidate {
        /// Which.
        node: NodeId,
        /// Set or cleared.
        candidate: bool,
    },
    /// `OP_NODE_EVACUATE`
    Evacuate {
        /// Which.
        node: NodeId,
        /// Those that run there; else those that have their second half there.
        primaries: bool,
        /// Where to; whoever has room if not said.
        to: Option<NodeId>,
    },
    /// `OP_NODE_POWERCYCLE`
    Powercycle(NodeId),
    /// `OP_CLUSTER_VERIFY` with error codes, of one group or all.
    Verify(Option<usize>),
    /// `OP_CLUSTER_VERIFY_GROUP` with error codes.
    VerifyGroup(usize),
    /// `OP_CLUSTER_VERIFY_DISKS`
    VerifyDisks(Option<usize>),
    /// `OP_TAGS_SET` or `OP_TAGS_DEL`
    Tags {
        /// Whose.
        of: Tagged,
        /// Which.
        tags: Vec<String>,
        /// Set or removed.
        set: bool,
    },
    /// One that fails as soon as it has its turn.
    Vain {
        /// The line in `gnt-job list`.
        summary: String,
        /// What it fails with.
        error: String,
    },
}

/// What has tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tagged {
    /// The cluster.
    Cluster,
    /// A group.
    Group(usize),
    /// A node.
    Node(NodeId),
    /// An instance.
    Instance(InstanceId),
}

impl Asked {
    fn summary(&self, cluster: &Cluster) -> String {
        let instance = |id: &InstanceId| cluster.instance_name(*id).to_owned();
        let node = |id: &NodeId| cluster.node_name(*id).to_owned();
        let (name, of) = match self {
            Asked::Relocate {
                instance: id,
                live: true,
                ..
            }
            | Asked::Cleanup(id) => ("INSTANCE_MIGRATE", instance(id)),
            Asked::Relocate { instance: id, .. } => ("INSTANCE_FAILOVER", instance(id)),
            Asked::ReplaceAuto(id) => ("INSTANCE_REPLACE_DISKS", instance(id)),
            Asked::DeactivateDisks { instance: id, .. } => {
                ("INSTANCE_DEACTIVATE_DISKS", instance(id))
            }
            Asked::GrowDisk { instance: id, .. } => ("INSTANCE_GROW_DISK", instance(id)),
            Asked::Move { instance: id, .. } => ("INSTANCE_MOVE", instance(id)),
            Asked::RecreateDisks(id) => ("INSTANCE_RECREATE_DISKS", instance(id)),
            Asked::Modify { instance: id, .. } => ("INSTANCE_SET_PARAMS", instance(id)),
            Asked::Rename { instance: id, .. } => ("INSTANCE_RENAME", instance(id)),
            Asked::Offline { node: id, .. } | Asked::Candidate { node: id, .. } => {
                ("NODE_SET_PARAMS", node(id))
            }
            Asked::Evacuate { node: id, .. } => ("NODE_EVACUATE", node(id)),
            Asked::Powercycle(id) => ("NODE_POWERCYCLE", node(id)),
            Asked::Verify(_) => return "CLUSTER_VERIFY".to_owned(),
            Asked::VerifyGroup(group) => (
                "CLUSTER_VERIFY_GROUP",
                cluster.group_name(*group).to_owned(),
            ),
            Asked::VerifyDisks(_) => return "CLUSTER_VERIFY_DISKS".to_owned(),
            Asked::Tags { of, set, .. } => {
                let name = if *set { "TAGS_SET" } else { "TAGS_DEL" };
                let of = match of {
                    Tagged::Cluster => return name.to_owned(),
                    Tagged::Group(group) => cluster.group_name(*group).to_owned(),
                    Tagged::Node(id) => node(id),
                    Tagged::Instance(id) => instance(id),
                };
                (name, of)
            }
            Asked::Vain { summary, .. } => return summary.clone(),
        };
        format!("{name}({of})")
    }

    fn instance(&self) -> Option<InstanceId> {
        match self {
            Asked::Relocate { instance, .. }
            | Asked::Cleanup(instance)
            | Asked::ReplaceAuto(instance)
            | Asked::DeactivateDisks { instance, .. }
            | Asked::GrowDisk { instance, .. }
            | Asked::Move { instance, .. }
            | Asked::RecreateDisks(instance)
            | Asked::Modify { instance, .. }
            | Asked::Rename { instance, .. }
            | Asked::Tags {
                of: Tagged::Instance(instance),
                ..
            } => Some(*instance),
            _ => None,
        }
    }

    /// The node that it is about, or to which something goes.
    pub fn node(&self) -> Option<NodeId> {
        match self {
            Asked::Relocate { to, .. } | Asked::Move { to, .. } => Some(*to),
            Asked::Offline { node, .. }
            | Asked::Candidate { node, .. }
            | Asked::Evacuate { node, .. }
            | Asked::Powercycle(node)
            | Asked::Tags {
                of: Tagged::Node(node),
                ..
            } => Some(*node),
            _ => None,
        }
    }

    /// Whether nobody else may have the node's lock.
    fn is_alone(&self) -> bool {
        matches!(self, Asked::Offline { .. } | Asked::Candidate { .. })
    }
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
            Opcode::Asked(asked) => asked.summary(cluster),
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
            Opcode::Asked(asked) => asked.instance(),
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
            Opcode::Asked(asked) if asked.node().is_some() => {
                let node = asked.node().unwrap_or_default();
                claim(
                    format!("node/{}", cluster.node_name(node)),
                    asked.is_alone(),
                );
            }
            Opcode::GroupVerify(group) | Opcode::Asked(Asked::VerifyGroup(group)) => {
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
            Opcode::Asked(asked) => nodes.extend(asked.node()),
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
