//! Operations as Ganeti's opcodes. luxid refuses a whole request for one key that it does not know,
//! so only what differs from that version's default is sent.

use serde_json::{Map, Value, json};

use super::{
    AddTags, Backend, Chosen, Evacuated, Migrate, MigrationMode, NodeEvacuate, Operation,
    RebootType, RecreateDisks, RemoveTags, Rename, ReplaceDisks, ReplaceMode, TagsOf, Version,
};

/// The opcode of an operation that becomes a job, without its reason trail.
///
/// # Errors
/// In words, if this version of Ganeti has no such thing.
pub fn of(operation: &Operation, version: Version) -> Result<Value, String> {
    use Operation as O;
    let instance = |name: &str, id| Opcode::new(id).set("instance_name", name);
    let node = |name: &str, id| Opcode::new(id).set("node_name", name);
    let flag = |name: &str, key, value: bool| node(name, "OP_NODE_SET_PARAMS").set(key, value);
    let opcode = match operation {
        O::Migrate(it) => migrate(it),
        O::Failover(it) => instance(&it.instance, "OP_INSTANCE_FAILOVER")
            .flag("ignore_consistency", it.ignore_consistency)
            .some("target_node", it.target_node.as_deref())
            .some("iallocator", it.iallocator.as_deref())
            .some("shutdown_timeout", it.shutdown_timeout)
            .flag("ignore_ipolicy", it.ignore_ipolicy),
        O::ReplaceDisks(it) => replace_disks(it),
        O::ActivateDisks(it) => instance(&it.instance, "OP_INSTANCE_ACTIVATE_DISKS")
            .flag("ignore_size", it.ignore_size)
            .flag("wait_for_sync", it.wait_for_sync),
        O::DeactivateDisks(it) => {
            instance(&it.instance, "OP_INSTANCE_DEACTIVATE_DISKS").flag("force", it.force)
        }
        O::Start(it) => instance(&it.instance, "OP_INSTANCE_STARTUP").flag("force", it.force),
        O::Shutdown(it) => instance(&it.instance, "OP_INSTANCE_SHUTDOWN")
            .some("timeout", it.timeout)
            .flag("ignore_offline_nodes", it.ignore_offline_nodes),
        O::Kill(it) => instance(&it.instance, "OP_INSTANCE_SHUTDOWN").set("timeout", 0),
        O::Reboot(it) => instance(&it.instance, "OP_INSTANCE_REBOOT")
            .set(
                "reboot_type",
                match it.reboot_type {
                    RebootType::Soft => "soft",
                    RebootType::Hard => "hard",
                    RebootType::Full => "full",
                },
            )
            .some("shutdown_timeout", it.shutdown_timeout)
            .flag("ignore_secondaries", it.ignore_secondaries),
        O::GrowDisk(it) => {
            let opcode = instance(&it.instance, "OP_INSTANCE_GROW_DISK")
                .set("disk", it.disk)
                .set("amount", it.amount)
                .flag("absolute", it.absolute)
                .flag("ignore_ipolicy", it.ignore_ipolicy);
            opcode.some("wait_for_sync", it.no_wait_for_sync.then_some(false))
        }
        O::Move(it) => instance(&it.instance, "OP_INSTANCE_MOVE")
            .set("target_node", it.target_node.as_str())
            .some("shutdown_timeout", it.shutdown_timeout)
            .flag("ignore_consistency", it.ignore_consistency)
            .flag("ignore_ipolicy", it.ignore_ipolicy),
        O::RecreateDisks(it) => recreate_disks(it),
        O::Modify(it) => instance(&it.instance, "OP_INSTANCE_SET_PARAMS")
            .set("beparams", backend(&it.backend))
            .flag("ignore_ipolicy", it.ignore_ipolicy),
        O::Rename(it) => rename(it, version),
        O::Remove(it) => instance(&it.instance, "OP_INSTANCE_REMOVE")
            .some("shutdown_timeout", it.shutdown_timeout)
            .flag("ignore_failures", it.ignore_failures),
        O::NodeDrain(it) => flag(&it.node, "drained", true).flag("auto_promote", it.auto_promote),
        O::NodeUndrain(it) => flag(&it.node, "drained", false),
        O::NodeOffline(it) => flag(&it.node, "offline", true).flag("auto_promote", it.auto_promote),
        O::NodeOnline(it) => flag(&it.node, "offline", false),
        O::NodePromote(it) => flag(&it.node, "master_candidate", true),
        O::NodeDemote(it) => {
            flag(&it.node, "master_candidate", false).flag("auto_promote", it.auto_promote)
        }
        O::NodeEvacuate(it) => evacuate(it),
        O::NodePowercycle(it) => node(&it.node, "OP_NODE_POWERCYCLE"),
        O::Verify(it) => Opcode::new("OP_CLUSTER_VERIFY")
            .set("error_codes", true)
            .some("group_name", it.group.as_deref()),
        O::VerifyDisks(it) if it.group.is_some() && !version.is_since(2, 16) => {
            return Err(format!(
                "Ganeti {version} verifies the disks of all groups only"
            ));
        }
        O::VerifyDisks(it) => {
            Opcode::new("OP_CLUSTER_VERIFY_DISKS").some("group_name", it.group.as_deref())
        }
        O::AddTags(AddTags { of, tags }) => self::tags("OP_TAGS_SET", of, tags),
        O::RemoveTags(RemoveTags { of, tags }) => self::tags("OP_TAGS_DEL", of, tags),
        O::Console(_)
        | O::MasterFailover(_)
        | O::JobCancel(_)
        | O::JobPriority(_)
        | O::JobArchive(_)
        | O::QueueDrain {}
        | O::QueueUndrain {}
        | O::WatcherPause(_)
        | O::WatcherContinue {} => return Err(format!("{} is no job", operation.name())),
    };
    Ok(Value::Object(opcode.0))
}

fn migrate(it: &Migrate) -> Opcode {
    let mode = it.mode.map(|mode| match mode {
        MigrationMode::Live => "live",
        MigrationMode::NonLive => "non-live",
    });
    Opcode::new("OP_INSTANCE_MIGRATE")
        .set("instance_name", it.instance.as_str())
        .some("mode", mode)
        .flag("cleanup", it.cleanup)
        .flag("allow_failover", it.allow_failover)
        .some("target_node", it.target_node.as_deref())
        .some("iallocator", it.iallocator.as_deref())
        .flag("ignore_ipolicy", it.ignore_ipolicy)
}

fn replace_disks(it: &ReplaceDisks) -> Opcode {
    let (mode, to) = match &it.mode {
        ReplaceMode::OnPrimary => ("replace_on_primary", None),
        ReplaceMode::OnSecondary => ("replace_on_secondary", None),
        ReplaceMode::Auto => ("replace_auto", None),
        ReplaceMode::NewSecondary(to) => ("replace_new_secondary", Some(to)),
    };
    Opcode::new("OP_INSTANCE_REPLACE_DISKS")
        .set("instance_name", it.instance.as_str())
        .set("mode", mode)
        .chosen(to)
        .list("disks", &it.disks)
        .flag("early_release", it.early_release)
        .flag("ignore_ipolicy", it.ignore_ipolicy)
}

fn recreate_disks(it: &RecreateDisks) -> Opcode {
    Opcode::new("OP_INSTANCE_RECREATE_DISKS")
        .set("instance_name", it.instance.as_str())
        .list("disks", &it.disks)
        .list("nodes", &it.nodes)
        .some("iallocator", it.iallocator.as_deref())
}

fn backend(it: &Backend) -> Value {
    Value::Object(
        Opcode(Map::new())
            .some("vcpus", it.vcpus)
            .some("maxmem", it.maxmem)
            .some("minmem", it.minmem)
            .some("auto_balance", it.auto_balance)
            .some("always_failover", it.always_failover)
            .some("spindle_use", it.spindle_use)
            .0,
    )
}

/// Up to 3.0 both checks are made if nothing is said.
fn rename(it: &Rename, version: Version) -> Opcode {
    let default = !version.is_since(3, 1);
    let unlike = |check: bool| (check != default).then_some(check);
    Opcode::new("OP_INSTANCE_RENAME")
        .set("instance_name", it.instance.as_str())
        .set("new_name", it.new_name.as_str())
        .some("name_check", unlike(it.name_check))
        .some("ip_check", unlike(it.ip_check))
}

fn evacuate(it: &NodeEvacuate) -> Opcode {
    let mode = match it.mode {
        Evacuated::PrimaryOnly => "primary-only",
        Evacuated::SecondaryOnly => "secondary-only",
    };
    Opcode::new("OP_NODE_EVACUATE")
        .set("node_name", it.node.as_str())
        .set("mode", mode)
        .chosen(it.to.as_ref())
        .flag("early_release", it.early_release)
        .flag("ignore_soft_errors", it.ignore_soft_errors)
}

fn tags(id: &str, of: &TagsOf, tags: &[String]) -> Opcode {
    let (kind, name) = match of {
        TagsOf::Cluster => ("cluster", None),
        TagsOf::Group(name) => ("nodegroup", Some(name.as_str())),
        TagsOf::Node(name) => ("node", Some(name.as_str())),
        TagsOf::Instance(name) => ("instance", Some(name.as_str())),
    };
    Opcode::new(id)
        .set("kind", kind)
        .some("name", name)
        .set("tags", tags)
}

/// An opcode in the making.
struct Opcode(Map<String, Value>);

impl Opcode {
    fn new(id: &str) -> Opcode {
        Opcode(Map::new()).set("OP_ID", id)
    }

    fn set(mut self, key: &str, value: impl Into<Value>) -> Opcode {
        self.0.insert(key.to_owned(), value.into());
        self
    }

    /// A flag whose default is false.
    fn flag(self, key: &str, value: bool) -> Opcode {
        self.some(key, value.then_some(true))
    }

    fn some(self, key: &str, value: Option<impl Into<Value>>) -> Opcode {
        match value {
            Some(value) => self.set(key, value),
            None => self,
        }
    }

    /// A list whose default is empty.
    fn list<T: serde::Serialize>(self, key: &str, list: &[T]) -> Opcode {
        self.some(key, (!list.is_empty()).then(|| json!(list)))
    }

    fn chosen(self, chosen: Option<&Chosen>) -> Opcode {
        match chosen {
            Some(Chosen::Node(name)) => self.set("remote_node", name.as_str()),
            Some(Chosen::Iallocator(name)) => self.set("iallocator", name.as_str()),
            None => self,
        }
    }
}
