//! The cluster in the words of the protocol: what ssconf and LUXI would say.

use std::collections::{BTreeMap, BTreeSet};

use gantry_wire::config;
use gantry_wire::job::{JobLog, Lock, Pending, QueueState};
use gantry_wire::ssconf::{SsNode, Ssconf};

use super::instance::{Admin, Guest, Instance, InstanceId};
use super::node::{Node, NodeId, Role};
use super::storage::{FILE_DIR, RESERVED, VOLUME_GROUP};
use super::{Cluster, Group, build, job, seconds};

/// Ganeti's version in the demo.
pub const RELEASE: &str = "3.0.2";

impl Cluster {
    /// Where a node's sshd listens.
    pub fn address(&self, node: NodeId) -> (String, u16) {
        match self.addresses.get(node) {
            Some(address) => (address.ip().to_string(), address.port()),
            None => (format!("192.0.2.{}", node % 254 + 1), 22),
        }
    }

    /// What every node has in its ssconf files.
    pub fn ssconf(&self) -> Ssconf {
        let master = self.master();
        Ssconf {
            cluster_name: self.name.clone(),
            master_node: self.node_name(master).to_owned(),
            master_ip: self.address(master).0,
            release_version: RELEASE.to_owned(),
            master_candidates: self
                .nodes
                .iter()
                .filter(|node| matches!(node.role, Role::Master | Role::Candidate))
                .map(|node| node.name.clone())
                .collect(),
            nodes: (0..self.nodes.len()).map(|id| self.ss_node(id)).collect(),
            groups: self
                .groups
                .iter()
                .map(|group| (group.uuid.clone(), group.name.clone()))
                .collect(),
            hypervisors: vec!["kvm".to_owned()],
            file_storage_dir: FILE_DIR.to_owned(),
            written: self.ssconf_written / 1000,
        }
    }

    fn ss_node(&self, id: NodeId) -> SsNode {
        let (primary_ip, ssh_port) = self.address(id);
        SsNode {
            name: self.node_name(id).to_owned(),
            primary_ip,
            secondary_ip: secondary_ip(id),
            ssh_port,
            offline: self.nodes.get(id).is_some_and(|n| n.role == Role::Offline),
        }
    }

    /// The cluster's own settings.
    pub fn cluster_facts(&self) -> config::Cluster {
        config::Cluster {
            name: self.name.clone(),
            uuid: self.uuid.clone(),
            master: self.node_name(self.master()).to_owned(),
            software_version: RELEASE.to_owned(),
            hypervisors: vec!["kvm".to_owned()],
            disk_templates: ["drbd", "plain", "file", "diskless"]
                .map(str::to_owned)
                .into(),
            volume_group: VOLUME_GROUP.to_owned(),
            file_storage_dir: FILE_DIR.to_owned(),
            shared_file_storage_dir: String::new(),
            candidate_pool_size: build::CANDIDATE_POOL as u32 + 1,
            max_running_jobs: job::MAX_RUNNING as u32,
            default_iallocator: "hail".to_owned(),
            reserved_lvs: vec![RESERVED.to_owned()],
            tags: self.tags.clone(),
            maintain_node_health: false,
            ipolicy: ipolicy(),
        }
    }

    /// A group's configuration.
    pub fn group_facts(&self, group: &Group) -> config::Group {
        config::Group {
            name: group.name.clone(),
            uuid: group.uuid.clone(),
            alloc_policy: "preferred".to_owned(),
            ipolicy: ipolicy(),
            tags: group.tags.clone(),
        }
    }

    /// A node's configuration.
    pub fn node_facts(&self, id: NodeId, node: &Node) -> config::Node {
        let (primary_ip, ssh_port) = self.address(id);
        config::Node {
            name: node.name.clone(),
            uuid: node.uuid.clone(),
            group: self.group_name(node.group).to_owned(),
            role: node.role.letter().to_owned(),
            master_capable: true,
            vm_capable: true,
            primary_ip,
            secondary_ip: secondary_ip(id),
            ssh_port,
            powered: None,
            spindle_count: 1,
            exclusive_storage: false,
            cpu_speed: 1.0,
            tags: node.tags.clone(),
        }
    }

    /// An instance's configuration.
    pub fn instance_facts(&self, instance: &Instance) -> config::Instance {
        config::Instance {
            name: instance.name.clone(),
            uuid: instance.uuid.clone(),
            primary: self.node_name(instance.primary).to_owned(),
            secondaries: instance
                .secondary
                .map(|node| self.node_name(node).to_owned())
                .into_iter()
                .collect(),
            admin_state: instance.admin.word().to_owned(),
            admin_state_source: if instance.by_user { "user" } else { "admin" }.to_owned(),
            hypervisor: "kvm".to_owned(),
            os: instance.os.clone(),
            disk_template: instance.template.word().to_owned(),
            disks: instance
                .disks
                .iter()
                .enumerate()
                .map(|(index, disk)| config::Disk {
                    size: disk.size,
                    uuid: disk.uuid.clone(),
                    name: String::new(),
                    template: instance.template.word().to_owned(),
                    spindles: None,
                    layout: self.layout(instance, index),
                })
                .collect(),
            nics: vec![config::Nic {
                mac: instance.mac.clone(),
                ip: instance.ip.clone(),
                mode: "bridged".to_owned(),
                link: "br0".to_owned(),
                vlan: String::new(),
                network: String::new(),
            }],
            vcpus: instance.vcpus,
            minmem: instance.minmem,
            maxmem: instance.memory,
            auto_balance: instance.auto_balance,
            always_failover: false,
            spindle_use: 1,
            network_port: instance.port,
            disks_active: instance.admin == Admin::Up,
            tags: instance.tags.clone(),
            forthcoming: false,
            ctime: seconds(instance.created),
            mtime: seconds(instance.modified),
        }
    }

    /// The queue's and the watcher's state.
    pub fn queue_facts(&self) -> QueueState {
        QueueState {
            drained: self.queue.drained,
            watcher_paused_until: self.watcher_paused_until.map(seconds),
            filters: Vec::new(),
        }
    }

    /// The locks that jobs hold or wait for; only while a job waits. Locks are taken in order: a
    /// waiting job holds those before the first that it cannot have, and wants only that one.
    pub fn lock_facts(&self) -> Vec<Lock> {
        if self.queue.claims().all(|(_, holds, _)| holds) {
            return Vec::new();
        }
        let mut locks: BTreeMap<&str, Lock> = BTreeMap::new();
        let mut stopped = BTreeSet::new();
        let (have, want): (Vec<_>, Vec<_>) = self.queue.claims().partition(|(_, holds, _)| *holds);
        for (job, holds, claim) in have.into_iter().chain(want) {
            if stopped.contains(&job) {
                continue;
            }
            let lock = locks.entry(&claim.lock).or_insert_with(|| Lock {
                name: claim.lock.clone(),
                ..Lock::default()
            });
            let mode = if claim.exclusive {
                "exclusive"
            } else {
                "shared"
            };
            let free = lock.owners.is_empty() || lock.mode == "shared" && !claim.exclusive;
            if holds || free {
                lock.mode = mode.to_owned();
                lock.owners.push(job);
            } else {
                stopped.insert(job);
                lock.pending.push(Pending {
                    mode: mode.to_owned(),
                    jobs: vec![job],
                });
            }
        }
        locks.into_values().collect()
    }

    /// Lines of a job's log with a higher serial; nothing for a job that is not in the queue.
    pub fn job_log(&self, job: u64, after: u64) -> Option<JobLog> {
        let found = self.queue.jobs.get(&job)?;
        let newer = found.log.iter().filter(|line| line.serial > after);
        Some(JobLog {
            job,
            lines: newer.cloned().collect(),
        })
    }

    /// Ganeti's `status` word of an instance.
    pub fn status(&self, instance: InstanceId) -> &'static str {
        let Some(found) = self.instances.get(&instance) else {
            return "";
        };
        let Some(node) = self.nodes.get(found.primary) else {
            return "";
        };
        if node.role == Role::Offline {
            return "ERROR_nodeoffline";
        }
        if !node.answers() {
            return "ERROR_nodedown";
        }
        match (found.admin, found.guest) {
            (Admin::Up, Guest::Running { .. }) => "running",
            (Admin::Up, Guest::ShutDown) => "USER_down",
            (Admin::Up, Guest::Stopped) => "ERROR_down",
            (_, Guest::Running { .. }) => "ERROR_up",
            (Admin::Down, _) if found.by_user => "USER_down",
            (Admin::Down, _) => "ADMIN_down",
            (Admin::Offline, _) => "ADMIN_offline",
        }
    }
}

fn secondary_ip(node: NodeId) -> String {
    format!("198.51.{}.{}", 100 + node / 250, node % 250 + 1)
}

/// The instance policy that Ganeti has from the start, with room for larger instances.
fn ipolicy() -> serde_json::Value {
    let spec = |cpus, memory, disk, disks, nics, spindles| {
        serde_json::json!({
            "cpu-count": cpus, "memory-size": memory, "disk-size": disk,
            "disk-count": disks, "nic-count": nics, "spindle-use": spindles,
        })
    };
    serde_json::json!({
        "minmax": [{
            "min": spec(1, 128, 1024, 0, 1, 1),
            "max": spec(16, 65_536, 1_048_576, 16, 8, 12),
        }],
        "std": spec(1, 2048, 20_480, 1, 1, 1),
        "disk-templates": ["drbd", "plain", "file", "diskless"],
        "vcpu-ratio": 4.0,
        "spindle-ratio": 32.0,
        "memory-ratio": 1.0,
    })
}
