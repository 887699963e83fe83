//! Opcodes as a client sends them. As with luxid, one key that is not known refuses the request;
//! what is not there or cannot be makes a job that fails.

use gantry_wire::operation::Backend;
use serde_json::{Map, Value};

use crate::sim::Cluster;
use crate::sim::instance::{Instance, InstanceId, Template};
use crate::sim::node::NodeId;
use crate::sim::opcode::{Asked, Opcode, Tagged};

/// Why an opcode is none.
enum Wrong {
    /// luxid does not understand it.
    Parse(String),
    /// The job fails.
    Job(String),
}

/// Reads one opcode.
///
/// # Errors
/// In words, if luxid would not understand it.
pub fn read(cluster: &Cluster, opcode: &Value) -> Result<Opcode, String> {
    let Some(all) = opcode.as_object() else {
        return Err("an opcode is an object".into());
    };
    let mut keys = Keys {
        cluster,
        left: all.clone(),
    };
    let id = keys.text("OP_ID").unwrap_or_default();
    if keys
        .left
        .remove("reason")
        .is_none_or(|reason| !reason.is_array())
    {
        return Err(format!("{id}: key reason"));
    }
    let code = match keys.opcode(&id) {
        Err(Wrong::Parse(why)) => return Err(why),
        Err(Wrong::Job(error)) => {
            // What is left is not looked at any more: the object itself is not there.
            let of = ["instance_name", "node_name", "name"];
            let of = of.into_iter().find_map(|key| all.get(key)?.as_str());
            let name = id.trim_start_matches("OP_");
            let summary = match of {
                Some(of) => format!("{name}({of})"),
                None => name.to_owned(),
            };
            return Ok(Opcode::Asked(Asked::Vain { summary, error }));
        }
        Ok(code) => code,
    };
    match keys.left.keys().next() {
        Some(key) => Err(format!("{id}: key {key}")),
        None => Ok(code),
    }
}

/// The keys of an opcode that were not read yet.
struct Keys<'a> {
    cluster: &'a Cluster,
    left: Map<String, Value>,
}

impl Keys<'_> {
    fn opcode(&mut self, id: &str) -> Result<Opcode, Wrong> {
        match id {
            "OP_INSTANCE_MIGRATE" => self.migrate(),
            "OP_INSTANCE_FAILOVER" => self.failover(),
            "OP_INSTANCE_REPLACE_DISKS" => self.replace_disks(),
            "OP_INSTANCE_STARTUP" => {
                self.flag("force");
                self.instance().map(Opcode::Startup)
            }
            "OP_INSTANCE_SHUTDOWN" => {
                self.number("timeout");
                self.flag("ignore_offline_nodes");
                let instance = self.instance()?;
                Ok(Opcode::Shutdown {
                    instance,
                    by_user: false,
                })
            }
            "OP_INSTANCE_REBOOT" => {
                self.number("shutdown_timeout");
                self.flag("ignore_secondaries");
                self.wanted("reboot_type")?;
                self.instance().map(Opcode::Reboot)
            }
            "OP_INSTANCE_ACTIVATE_DISKS" => {
                self.flag("ignore_size");
                self.flag("wait_for_sync");
                self.instance().map(Opcode::ActivateDisks)
            }
            "OP_INSTANCE_REMOVE" => {
                self.number("shutdown_timeout");
                self.flag("ignore_failures");
                self.instance().map(Opcode::Remove)
            }
            "OP_NODE_SET_PARAMS" => self.node_flag(),
            _ => self.asked(id).map(Opcode::Asked),
        }
    }

    fn asked(&mut self, id: &str) -> Result<Asked, Wrong> {
        Ok(match id {
            "OP_INSTANCE_DEACTIVATE_DISKS" => Asked::DeactivateDisks {
                force: self.flag("force"),
                instance: self.instance()?,
            },
            "OP_INSTANCE_GROW_DISK" => {
                self.left.remove("wait_for_sync");
                self.flag("ignore_ipolicy");
                Asked::GrowDisk {
                    disk: self.number("disk").unwrap_or(0) as usize,
                    amount: self.number("amount").unwrap_or(0),
                    absolute: self.flag("absolute"),
                    instance: self.instance()?,
                }
            }
            "OP_INSTANCE_MOVE" => {
                self.number("shutdown_timeout");
                self.flag("ignore_consistency");
                self.flag("ignore_ipolicy");
                Asked::Move {
                    to: self.node("target_node")?,
                    instance: self.instance()?,
                }
            }
            "OP_INSTANCE_RECREATE_DISKS" => {
                for key in ["disks", "nodes", "iallocator"] {
                    self.left.remove(key);
                }
                Asked::RecreateDisks(self.instance()?)
            }
            "OP_INSTANCE_SET_PARAMS" => {
                self.flag("ignore_ipolicy");
                let backend = self.left.remove("beparams").unwrap_or_default();
                let backend: Backend = serde_json::from_value(backend)
                    .map_err(|error| Wrong::Parse(format!("beparams: {error}")))?;
                Asked::Modify {
                    backend,
                    instance: self.instance()?,
                }
            }
            "OP_INSTANCE_RENAME" => {
                self.left.remove("name_check");
                self.left.remove("ip_check");
                Asked::Rename {
                    new_name: self.wanted("new_name")?,
                    instance: self.instance()?,
                }
            }
            "OP_NODE_EVACUATE" => {
                self.flag("early_release");
                self.flag("ignore_soft_errors");
                self.text("iallocator");
                let to = match self.left.contains_key("remote_node") {
                    true => Some(self.node("remote_node")?),
                    false => None,
                };
                Asked::Evacuate {
                    primaries: self.wanted("mode")? == "primary-only",
                    to,
                    node: self.node("node_name")?,
                }
            }
            "OP_NODE_POWERCYCLE" => Asked::Powercycle(self.node("node_name")?),
            "OP_CLUSTER_VERIFY" => {
                self.flag("error_codes");
                Asked::Verify(self.group("group_name")?)
            }
            "OP_CLUSTER_VERIFY_DISKS" => Asked::VerifyDisks(self.group("group_name")?),
            "OP_TAGS_SET" | "OP_TAGS_DEL" => Asked::Tags {
                of: self.tagged()?,
                tags: self.texts("tags"),
                set: id == "OP_TAGS_SET",
            },
            other => return Err(Wrong::Parse(format!("unknown opcode {other}"))),
        })
    }

    fn migrate(&mut self) -> Result<Opcode, Wrong> {
        self.text("mode");
        self.flag("ignore_ipolicy");
        let (cleanup, allow_failover) = (self.flag("cleanup"), self.flag("allow_failover"));
        let id = self.instance()?;
        let target = self.target(id)?;
        let stopped = self.cluster.instances.get(&id).is_some_and(|i| !i.runs());
        let live = !(allow_failover && stopped);
        Ok(match target {
            _ if cleanup => Opcode::Asked(Asked::Cleanup(id)),
            Some(to) => Opcode::Asked(Asked::Relocate {
                instance: id,
                to,
                live,
            }),
            None if live => Opcode::Migrate(id),
            None => Opcode::Failover {
                instance: id,
                ignore_consistency: false,
            },
        })
    }

    fn failover(&mut self) -> Result<Opcode, Wrong> {
        self.number("shutdown_timeout");
        self.flag("ignore_ipolicy");
        let ignore_consistency = self.flag("ignore_consistency");
        let instance = self.instance()?;
        Ok(match self.target(instance)? {
            Some(to) => Opcode::Asked(Asked::Relocate {
                instance,
                to,
                live: false,
            }),
            None => Opcode::Failover {
                instance,
                ignore_consistency,
            },
        })
    }

    fn replace_disks(&mut self) -> Result<Opcode, Wrong> {
        self.left.remove("disks");
        self.flag("early_release");
        self.flag("ignore_ipolicy");
        let mode = self.wanted("mode")?;
        let node = match self.left.contains_key("remote_node") {
            true => Some(self.node("remote_node")?),
            false => None,
        };
        let iallocator = self.text("iallocator");
        let instance = self.instance()?;
        match mode.as_str() {
            "replace_on_secondary" => Ok(Opcode::RenewDisks(instance)),
            "replace_auto" => Ok(Opcode::Asked(Asked::ReplaceAuto(instance))),
            "replace_new_secondary" => {
                let nodes = self.cluster.instance_nodes(instance);
                let chosen = iallocator.and_then(|_| self.cluster.roomiest(instance, &nodes));
                let to = node.or(chosen).ok_or_else(|| {
                    Wrong::Job("Can't compute nodes using iallocator 'hail': no solution".into())
                })?;
                Ok(Opcode::ReplaceDisks { instance, to })
            }
            "replace_on_primary" => Err(Wrong::Job(
                "A simulated mirror copies from its primary only (wrong_input)".into(),
            )),
            other => Err(Wrong::Parse(format!("mode {other}"))),
        }
    }

    fn node_flag(&mut self) -> Result<Opcode, Wrong> {
        self.flag("auto_promote");
        let set = ["drained", "offline", "master_candidate"];
        let set = set.map(|key| self.left.remove(key).and_then(|value| value.as_bool()));
        let node = self.node("node_name")?;
        match set {
            [Some(drained), None, None] => Ok(Opcode::Drain { node, drained }),
            [None, Some(offline), None] => Ok(Opcode::Asked(Asked::Offline { node, offline })),
            [None, None, Some(candidate)] => {
                Ok(Opcode::Asked(Asked::Candidate { node, candidate }))
            }
            _ => Err(Wrong::Job(
                "Please pass one modification (wrong_input)".into(),
            )),
        }
    }

    /// Where an instance without a mirror is to go; one with a mirror has its secondary.
    fn target(&mut self, id: InstanceId) -> Result<Option<NodeId>, Wrong> {
        let iallocator = self.text("iallocator");
        let node = match self.left.contains_key("target_node") {
            true => Some(self.node("target_node")?),
            false => None,
        };
        let instance = self.cluster.instances.get(&id);
        match instance.map(|instance| instance.template) {
            Some(Template::Diskless) => {
                let primary = instance.map(|instance| instance.primary);
                let but: Vec<NodeId> = primary.into_iter().collect();
                let to = node.or_else(|| self.cluster.roomiest(id, &but));
                let why = "Can't compute nodes using iallocator 'hail': no solution";
                to.map(Some).ok_or_else(|| Wrong::Job(why.into()))
            }
            Some(Template::Drbd) if node.is_some() || iallocator.is_some() => Err(Wrong::Job(
                "Instances with disk template drbd cannot be migrated or failed over to arbitrary \
                 nodes (wrong_input)"
                    .into(),
            )),
            _ => Ok(None),
        }
    }

    fn tagged(&mut self) -> Result<Tagged, Wrong> {
        Ok(match self.wanted("kind")?.as_str() {
            "cluster" => Tagged::Cluster,
            "nodegroup" => match self.group("name")? {
                Some(group) => Tagged::Group(group),
                None => return Err(Wrong::Parse("key name".into())),
            },
            "node" => Tagged::Node(self.node("name")?),
            "instance" => Tagged::Instance(self.instance_in("name")?),
            other => return Err(Wrong::Parse(format!("kind {other}"))),
        })
    }

    fn instance(&mut self) -> Result<InstanceId, Wrong> {
        self.instance_in("instance_name")
    }

    fn instance_in(&mut self, key: &str) -> Result<InstanceId, Wrong> {
        let name = self.wanted(key)?;
        let mut all = self.cluster.instances.iter();
        let found = all.find(|(_, instance): &(_, &Instance)| instance.name == name);
        let unknown = || Wrong::Job(format!("Instance '{name}' not known (unknown_entity)"));
        found.map(|(id, _)| *id).ok_or_else(unknown)
    }

    fn node(&mut self, key: &str) -> Result<NodeId, Wrong> {
        let name = self.wanted(key)?;
        let found = self.cluster.nodes.iter().position(|node| node.name == name);
        found.ok_or_else(|| Wrong::Job(format!("Node '{name}' not known (unknown_entity)")))
    }

    fn group(&mut self, key: &str) -> Result<Option<usize>, Wrong> {
        let Some(name) = self.text(key) else {
            return Ok(None);
        };
        let found = self
            .cluster
            .groups
            .iter()
            .position(|group| group.name == name);
        let unknown = || Wrong::Job(format!("Group '{name}' not known (unknown_entity)"));
        found.map(Some).ok_or_else(unknown)
    }

    fn wanted(&mut self, key: &str) -> Result<String, Wrong> {
        self.text(key)
            .ok_or_else(|| Wrong::Parse(format!("key {key}")))
    }

    fn text(&mut self, key: &str) -> Option<String> {
        match self.left.remove(key) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    fn texts(&mut self, key: &str) -> Vec<String> {
        let list = self.left.remove(key).unwrap_or_default();
        let texts = list.as_array().into_iter().flatten();
        texts
            .filter_map(|text| text.as_str().map(str::to_owned))
            .collect()
    }

    fn number(&mut self, key: &str) -> Option<u64> {
        self.left.remove(key).and_then(|value| value.as_u64())
    }

    fn flag(&mut self, key: &str) -> bool {
        self.left.remove(key).and_then(|value| value.as_bool()) == Some(true)
    }
}
