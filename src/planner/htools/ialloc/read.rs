//! An iallocator message: the cluster as its nodes, groups and instances, and what is asked of it.

use std::collections::HashMap;

use super::fields::{self, Object, integer, list, real, truth, words};
use super::json::{self, Json};
use super::request::{Allocation, Mode, Request};
use super::show::{self, Nic, Parts};
use crate::planner::htools::data::{Data, Group, Instance, Node, Status};
use crate::planner::htools::policy::Policy;

/// A whole message.
#[derive(Clone, Debug)]
pub struct Message {
    /// The cluster.
    pub data: Data,
    /// What is asked.
    pub request: Request,
    /// The hypervisor of new instances, if any.
    pub hypervisor: Option<&'static str>,
    /// Disks and interfaces of each instance.
    pub(super) parts: Vec<Parts>,
}

/// Hypervisors that Ganeti knows.
const HYPERVISORS: [&str; 6] = ["kvm", "xen-pvm", "chroot", "xen-hvm", "lxc", "fake"];

/// Ways of a network interface to the network, and the real tool's names for them.
const NIC_MODES: [(&str, &str); 3] = [
    ("bridged", "Bridged"),
    ("routed", "Routed"),
    ("openvswitch", "OpenVSwitch"),
];

/// Reads a message.
///
/// # Errors
/// In the words of the real tool: what it finds first.
pub fn read(text: &str) -> Result<Message, String> {
    let parsing = |why| format!("Parsing input IAllocator message: {why}");
    let whole = json::read(text).map_err(parsing)?;
    let whole = Object::of(&whole).map_err(parsing)?;
    let message = |why: String| format!("invalid iallocator message: {why}");
    let object = |key: &str| whole.read(key, Object::of).map_err(message);
    let request = object("request")?;
    let groups = object("nodegroups")?.0.iter();
    let groups: Vec<Group> = groups
        .map(|(uuid, value)| group(uuid, value))
        .collect::<Result<_, _>>()?;
    let group_index: HashMap<&str, usize> = index(groups.iter().map(|it| it.uuid.as_str()));
    let nodes = object("nodes")?.0.iter();
    let nodes: Vec<Node> = nodes
        .map(|(name, value)| node(name, value, &group_index))
        .collect::<Result<_, _>>()?;
    let node_index: HashMap<&str, usize> = index(nodes.iter().map(|it| it.name.as_str()));
    let instances = object("instances")?.0.iter();
    let (instances, parts) = instances
        .map(|(name, value)| loaded(name, value, &node_index))
        .collect::<Result<(Vec<Instance>, Vec<Parts>), String>>()?;
    let tags = whole.read("cluster_tags", list).map_err(message)?;
    let hypervisors = |value| {
        let known = |it| fields::one_of(it, "Hypervisor", &HYPERVISORS);
        fields::array(value)?.iter().map(known).collect()
    };
    let hypervisors: Vec<&'static str> = whole
        .read("enabled_hypervisors", hypervisors)
        .map_err(message)?;
    let data = Data {
        groups,
        nodes,
        instances: instances.into(),
        tags,
        policy: Policy::default(),
    };
    Ok(Message {
        request: asked(request, &data)?,
        hypervisor: hypervisors.first().copied(),
        parts,
        data,
    })
}

impl Message {
    /// The cluster with what nodes of KVM keep for themselves, MiB; 0 takes what they report.
    pub fn counted(&self, node_memory: i64) -> Data {
        let mut data = self.data.clone();
        if self.hypervisor == Some("kvm") && node_memory > 0 {
            for node in &mut data.nodes {
                node.node_memory = node_memory;
            }
        }
        data
    }
}

impl Message {
    /// Networks that the instances need.
    pub fn networks(&self) -> Vec<Vec<String>> {
        let parts = self.parts.iter();
        parts.map(Parts::networks).collect()
    }
}

/// Where each name stands; the last of equal ones counts.
fn index<'a>(names: impl Iterator<Item = &'a str>) -> HashMap<&'a str, usize> {
    names.enumerate().map(|(at, name)| (name, at)).collect()
}

fn group(uuid: &str, value: &Json) -> Result<Group, String> {
    let object = Object::entry(value)?;
    let read = || {
        Ok(Group {
            name: object.read("name", words)?,
            uuid: uuid.to_owned(),
            alloc_policy: object.read("alloc_policy", fields::alloc_policy)?,
            networks: object.read("networks", list)?,
            policy: object.read("ipolicy", fields::policy)?,
            tags: object.read("tags", list)?,
        })
    };
    read().map_err(|why: String| format!("invalid data for group '{uuid}': {why}"))
}

fn node(name: &str, value: &Json, groups: &HashMap<&str, usize>) -> Result<Node, String> {
    let object = Object::entry(value)?;
    let wrong = |why: String| format!("invalid data for node '{name}': {why}");
    let offline = object.read("offline", truth).map_err(wrong)?;
    let drained = object.read("drained", truth).map_err(wrong)?;
    let group = object.read("group", words).map_err(wrong)?;
    let capable = object.maybe("vm_capable", truth).map_err(wrong)?;
    let parameters = Object::entry(object.need("ndparams").map_err(wrong)?)?;
    let exclusive = parameters.read("exclusive_storage", truth).map_err(wrong)?;
    let live = !offline && capable.unwrap_or(true);
    let whole = |key: &str| {
        let found = live.then(|| object.read(key, integer).map_err(wrong));
        found.unwrap_or(Ok(0))
    };
    let part = |key: &str| {
        let found = live.then(|| object.read(key, real).map_err(wrong));
        found.unwrap_or(Ok(0.0))
    };
    let group = *groups
        .get(group.as_str())
        .ok_or_else(|| format!("Unknown group '{group}' for node {name}"))?;
    let spindles = if exclusive {
        whole("total_spindles")?
    } else {
        parameters.read("spindle_count", integer).map_err(wrong)?
    };
    Ok(Node {
        name: name.to_owned(),
        free_spindles: whole("free_spindles")?,
        total_memory: part("total_memory")?,
        node_memory: whole("reserved_memory")?,
        free_memory: whole("free_memory")?,
        total_disk: part("total_disk")?,
        free_disk: whole("free_disk")?,
        total_cpus: part("total_cpus")?,
        node_cpus: whole("reserved_cpus")?,
        offline: !live || drained,
        master: false,
        group,
        spindles,
        tags: object.maybe("tags", list)?.unwrap_or_default(),
        exclusive_storage: exclusive,
        cpu_speed: 1.0,
    })
}

/// Items of a list, read.
fn each<'a, T>(
    object: Object<'a>,
    key: &str,
    wrong: impl Fn(String) -> String,
    read: impl Fn(&'a Json) -> Result<T, String>,
) -> Result<Vec<T>, String> {
    let value = object.need(key).map_err(wrong)?;
    let parts = fields::array(value).map_err(|_| {
        let shown = json::written(value);
        format!("Invalid input, expected array but got {shown}")
    })?;
    parts.iter().map(read).collect()
}

/// What the request and the cluster say alike of an instance.
struct Told {
    instance: Instance,
    parts: Parts,
}

fn told(name: &str, value: &Json) -> Result<Told, String> {
    let object = Object::entry(value)?;
    let wrong = |why: String| format!("invalid data for instance '{name}': {why}");
    let disk = object.read("disk_space_total", integer).map_err(wrong)?;
    let disks = each(object, "disks", wrong, |value| {
        let object = Object::entry(value)?;
        let size = object.read("size", integer).map_err(wrong)?;
        let spindles = object.maybe("spindles", integer).map_err(wrong)?;
        Ok((size, spindles))
    })?;
    let memory = object.read("memory", integer).map_err(wrong)?;
    let vcpus = object.read("vcpus", integer).map_err(wrong)?;
    let tags = object.read("tags", list).map_err(wrong)?;
    let template = object
        .read("disk_template", fields::template)
        .map_err(wrong)?;
    let spindle_use = object.read("spindle_use", integer).map_err(wrong)?;
    let nics = each(object, "nics", wrong, |value| nic(name, value))?;
    // What is no word of these is as if it were not there.
    let state = object.get("admin_state").and_then(|it| words(it).ok());
    let forthcoming = object.get("forthcoming").and_then(|it| truth(it).ok());
    let spindles = disks.iter().map(|(_, spindles)| *spindles);
    let instance = Instance {
        name: name.to_owned(),
        memory,
        disk,
        vcpus,
        status: match state.as_deref() {
            Some("down") => Status::AdminDown,
            Some("offline") => Status::AdminOffline,
            _ => Status::Running,
        },
        auto_balance: true,
        primary: 0,
        secondary: None,
        template,
        tags,
        spindle_use,
        spindles: spindles.sum(),
        disks: disks.iter().map(|(size, _)| *size).collect(),
        forthcoming: forthcoming.unwrap_or(false),
    };
    Ok(Told {
        instance,
        parts: Parts { disks, nics },
    })
}

fn nic(instance: &str, value: &Json) -> Result<Nic, String> {
    let object = Object::entry(value)?;
    let (mac, ip) = (object.maybe("mac", words)?, object.maybe("ip", words)?);
    let mode = match object.maybe("mode", words)?.as_deref() {
        None => None,
        Some(word) => {
            let known = NIC_MODES.iter().find(|(name, _)| *name == word);
            let known = known.ok_or_else(|| format!("invalid NIC mode in instance {instance}"))?;
            Some(known.1)
        }
    };
    Ok(Nic {
        mac,
        ip,
        mode,
        link: object.maybe("link", words)?,
        bridge: object.maybe("bridge", words)?,
        network: object.maybe("network", words)?,
    })
}

fn loaded(
    name: &str,
    value: &Json,
    nodes: &HashMap<&str, usize>,
) -> Result<(Instance, Parts), String> {
    let Told {
        mut instance,
        parts,
    } = told(name, value)?;
    let object = Object::entry(value)?;
    let own = object.read("nodes", fields::array)?;
    let find = |value: &Json| {
        let Json::Text(node) = value else {
            return Err("Wrong JSON type".to_owned());
        };
        let found = nodes.get(node.as_str()).copied();
        found.ok_or_else(|| format!("Unknown node '{node}' for instance {name}"))
    };
    let Some(primary) = own.first() else {
        return Err(format!("empty node list for instance {name}"));
    };
    instance.primary = find(primary)?;
    instance.secondary = own.get(1).map(find).transpose()?;
    Ok((instance, parts))
}

/// Finds one thing by its name.
fn find<'a>(names: impl Iterator<Item = &'a str>, name: &str) -> Option<usize> {
    let mut found = names.enumerate().filter(|(_, it)| *it == name);
    found.next().map(|(at, _)| at)
}

/// What is said of a name that nothing has.
pub fn nobody(name: &str) -> String {
    format!("Wrong number of elems found with name {name}")
}

fn asked(request: Object<'_>, data: &Data) -> Result<Request, String> {
    let wrong = |why: String| format!("invalid request dict: {why}");
    let instance = |name: &str| find(data.instances.iter().map(|it| it.name.as_str()), name);
    let instances = || {
        let names = request.read("instances", list).map_err(wrong)?;
        let find = |name: &String| instance(name).ok_or_else(|| nobody(name));
        names.iter().map(find).collect::<Result<Vec<usize>, _>>()
    };
    let one = || {
        let name = request.read("name", words).map_err(wrong)?;
        instance(&name).ok_or_else(|| format!("Unknown instance '{name}'"))
    };
    let kind = request.read("type", words).map_err(wrong)?;
    Ok(match kind.as_str() {
        "allocate" => Request::Allocate(Box::new(allocation(request, data, true)?)),
        "multi-allocate" => {
            let parts = request.read("instances", |value| {
                fields::array(value)?.iter().map(Object::of).collect()
            });
            let parts: Vec<Object<'_>> = parts.map_err(wrong)?;
            let all = parts.into_iter().map(|it| allocation(it, data, false));
            Request::MultiAllocate(all.collect::<Result<_, _>>()?)
        }
        "allocate-secondary" => Request::AllocateSecondary(one()?),
        "relocate" => {
            let instance = one()?;
            let from = request.read("relocate_from", list).map_err(wrong)?;
            let known = || data.nodes.iter().map(|it| it.name.as_str());
            let find = |name: &String| find(known(), name).ok_or_else(|| nobody(name));
            Request::Relocate {
                instance,
                from: from.iter().map(find).collect::<Result<_, _>>()?,
                wanted: request.read("required_nodes", integer).map_err(wrong)?,
            }
        }
        "node-evacuate" => {
            let instances = instances()?;
            let known = Mode::ALL.map(Mode::word);
            let mode = |value| fields::one_of(value, "EvacMode", &known);
            let word = request.read("evac_mode", mode).map_err(wrong)?;
            let mode = Mode::ALL.into_iter().find(|it| it.word() == word);
            Request::NodeEvacuate(instances, mode.unwrap_or(Mode::All))
        }
        "change-group" => {
            let instances = instances()?;
            let targets = request.read("target_groups", list).map_err(wrong)?;
            let find = |name: &String| {
                let named = |it: &Group| it.uuid == *name || it.name == *name;
                let found = data.groups.iter().position(named);
                found.ok_or_else(|| nobody(name))
            };
            let targets = targets.iter().map(find);
            Request::ChangeGroup(instances, targets.collect::<Result<_, _>>()?)
        }
        other => return Err(format!("Invalid request type '{other}'")),
    })
}

/// A new instance. One of several is not told where it may go.
fn allocation(request: Object<'_>, data: &Data, alone: bool) -> Result<Allocation, String> {
    let wrong = |why: String| format!("invalid request dict: {why}");
    let name = request.read("name", words).map_err(wrong)?;
    let (mut group, mut nodes) = (None, None);
    if alone {
        group = request.maybe("group_name", words)?;
        nodes = request.maybe("restrict-to-nodes", list)?;
    }
    let wanted = request.read("required_nodes", integer).map_err(wrong)?;
    let whole = Json::Object(request.0.to_vec());
    let told = told(&name, &whole)?;
    Ok(Allocation {
        networks: told.parts.networks(),
        shown: show::newcomer(&told.instance, &told.parts, &data.tags),
        instance: told.instance,
        wanted,
        group,
        nodes,
    })
}
