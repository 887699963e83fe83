//! The configuration from `config.data`, which every master candidate has: for when there is no
//! master. Its secrets are not even read.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufReader, Read};

use gantry_wire::config::{Cluster, ConfigPart, Disk, Group, Instance, Network, Nic, Node, Source};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::changes::Known;
use crate::config_data::FileDisk;
use crate::luxi::row::whole;
use crate::place::{Place, Stamp, Unread};
use crate::session::Moment;

/// Changes are read at most this often, milliseconds.
const INTERVAL_MS: u64 = 2_000;

type Dict = Map<String, Value>;

/// Reads the file when it changed.
#[derive(Debug, Default)]
pub struct Reader {
    file: Stamp,
    not_before_ms: u64,
    known: Known,
}

impl Reader {
    /// Tells everything anew the next time.
    pub fn forget(&mut self) {
        self.file = Stamp::default();
        self.known.forget();
    }

    /// What changed since the call before; everything the first time, nothing on a node that has
    /// no such file. The part's time is when the file was written.
    ///
    /// # Errors
    /// In words, if it may not be read or is not understood.
    pub fn refresh(&mut self, place: &Place, now: Moment) -> Result<Option<ConfigPart>, String> {
        let path = place.data("config.data");
        let file = Stamp::of(&path);
        if file == self.file || now.mono_ms < self.not_before_ms {
            return Ok(None);
        }
        self.not_before_ms = now.mono_ms + INTERVAL_MS;
        let read = match File::open(&path).map_err(Unread::from) {
            Ok(file) => file,
            Err(Unread::Absent) => return Ok(None),
            Err(why) => return Err(format!("config.data: {why}")),
        };
        let told = parse(read)?;
        self.file = file;
        let begun = self.known.begin();
        let mut part = ConfigPart {
            at: file.seconds(),
            revision: begun.revision,
            whole: begun.whole,
            ..told
        };
        self.known.keep_news(&mut part);
        Ok(self.known.end(part, false))
    }
}

/// What a `config.data` says, as one part without a revision.
///
/// # Errors
/// In words, if it is not understood.
pub fn parse(file: impl Read) -> Result<ConfigPart, String> {
    let reader = BufReader::with_capacity(64 * 1024, file);
    let config: Config = serde_json::from_reader(reader)
        .map_err(|error| format!("config.data is not understood: {error}"))?;
    Ok(config.part())
}

/// The file, as far as it is used. Objects are keyed by uuid.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Config {
    cluster: FileCluster,
    nodegroups: BTreeMap<String, FileGroup>,
    nodes: BTreeMap<String, FileNode>,
    instances: BTreeMap<String, FileInstance>,
    networks: BTreeMap<String, FileNetwork>,
    disks: HashMap<String, FileDisk>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct FileCluster {
    cluster_name: Option<String>,
    uuid: Option<String>,
    master_node: Option<String>,
    enabled_hypervisors: Option<Vec<String>>,
    enabled_disk_templates: Option<Vec<String>>,
    volume_group_name: Option<String>,
    file_storage_dir: Option<String>,
    shared_file_storage_dir: Option<String>,
    candidate_pool_size: Option<u32>,
    max_running_jobs: Option<u32>,
    default_iallocator: Option<String>,
    reserved_lvs: Option<Vec<String>>,
    tags: Option<Vec<String>>,
    maintain_node_health: Option<bool>,
    /// By profile, of which there is one, `default`.
    beparams: HashMap<String, Dict>,
    nicparams: HashMap<String, Dict>,
    ndparams: Dict,
    ipolicy: Dict,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct FileGroup {
    name: Option<String>,
    alloc_policy: Option<String>,
    ipolicy: Dict,
    ndparams: Dict,
    /// By uuid of the network.
    networks: Dict,
    tags: Option<Vec<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct FileNode {
    name: Option<String>,
    group: Option<String>,
    primary_ip: Option<String>,
    secondary_ip: Option<String>,
    master_candidate: Option<bool>,
    master_capable: Option<bool>,
    vm_capable: Option<bool>,
    offline: Option<bool>,
    drained: Option<bool>,
    powered: Option<bool>,
    ndparams: Dict,
    tags: Option<Vec<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct FileInstance {
    name: Option<String>,
    primary_node: Option<String>,
    admin_state: Option<String>,
    admin_state_source: Option<String>,
    hypervisor: Option<String>,
    os: Option<String>,
    disks: Vec<String>,
    nics: Vec<FileNic>,
    beparams: Dict,
    network_port: Option<u16>,
    disks_active: Option<bool>,
    forthcoming: Option<bool>,
    tags: Option<Vec<String>>,
    ctime: Option<f64>,
    mtime: Option<f64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct FileNic {
    mac: Option<String>,
    ip: Option<String>,
    network: Option<String>,
    nicparams: Dict,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct FileNetwork {
    name: Option<String>,
    network: Option<String>,
    gateway: Option<String>,
    /// One digit for each address, `1` if it is taken by an instance.
    reservations: Option<String>,
    /// The same, taken by something else.
    ext_reservations: Option<String>,
}

impl Config {
    fn part(self) -> ConfigPart {
        ConfigPart {
            source: Source::File,
            cluster: Some(Box::new(self.cluster())),
            groups: self
                .nodegroups
                .iter()
                .map(|(uuid, group)| self.group(uuid, group))
                .collect(),
            nodes: self
                .nodes
                .iter()
                .map(|(uuid, node)| self.node(uuid, node))
                .collect(),
            instances: self
                .instances
                .iter()
                .map(|(uuid, instance)| self.instance(uuid, instance))
                .collect(),
            networks: self
                .networks
                .iter()
                .map(|(uuid, net)| self.network(uuid, net))
                .collect(),
            ..ConfigPart::default()
        }
    }

    fn cluster(&self) -> Cluster {
        let cluster = &self.cluster;
        let master = cluster.master_node.as_deref().unwrap_or_default();
        Cluster {
            name: text(&cluster.cluster_name),
            uuid: text(&cluster.uuid),
            master: self.node_name(master),
            // The file has the configuration's version and not the software's.
            software_version: String::new(),
            hypervisors: list(&cluster.enabled_hypervisors),
            disk_templates: list(&cluster.enabled_disk_templates),
            volume_group: text(&cluster.volume_group_name),
            file_storage_dir: text(&cluster.file_storage_dir),
            shared_file_storage_dir: text(&cluster.shared_file_storage_dir),
            candidate_pool_size: cluster.candidate_pool_size.unwrap_or(0),
            max_running_jobs: cluster.max_running_jobs.unwrap_or(0),
            default_iallocator: text(&cluster.default_iallocator),
            reserved_lvs: list(&cluster.reserved_lvs),
            tags: tags(&cluster.tags),
            maintain_node_health: cluster.maintain_node_health.unwrap_or(false),
            ipolicy: Value::Object(cluster.ipolicy.clone()),
        }
    }

    fn group(&self, uuid: &str, group: &FileGroup) -> Group {
        let mut ipolicy = filled(&[&self.cluster.ipolicy, &group.ipolicy]);
        // All of a policy is replaced as a whole but this part.
        if let (Some(Value::Object(default)), Some(Value::Object(own))) =
            (self.cluster.ipolicy.get("std"), group.ipolicy.get("std"))
        {
            ipolicy.insert("std".into(), Value::Object(filled(&[default, own])));
        }
        Group {
            name: text(&group.name),
            uuid: uuid.to_owned(),
            alloc_policy: text(&group.alloc_policy),
            ipolicy: Value::Object(ipolicy),
            tags: tags(&group.tags),
        }
    }

    fn node(&self, uuid: &str, node: &FileNode) -> Node {
        let group = node
            .group
            .as_deref()
            .and_then(|uuid| self.nodegroups.get(uuid));
        let none = Dict::new();
        let group_params = group.map_or(&none, |group| &group.ndparams);
        let params = filled(&[&self.cluster.ndparams, group_params, &node.ndparams]);
        let is = |flag: Option<bool>| flag == Some(true);
        let role = if self.cluster.master_node.as_deref() == Some(uuid) {
            "M"
        } else if is(node.offline) {
            "O"
        } else if is(node.drained) {
            "D"
        } else if is(node.master_candidate) {
            "C"
        } else {
            "R"
        };
        let has_power = params
            .get("oob_program")
            .and_then(Value::as_str)
            .is_some_and(|program| !program.is_empty());
        Node {
            name: text(&node.name),
            uuid: uuid.to_owned(),
            group: group.map(|group| text(&group.name)).unwrap_or_default(),
            role: role.into(),
            master_capable: node.master_capable.unwrap_or(true),
            vm_capable: node.vm_capable.unwrap_or(true),
            primary_ip: text(&node.primary_ip),
            secondary_ip: text(&node.secondary_ip),
            ssh_port: number(&params, "ssh_port").unwrap_or(0),
            powered: node.powered.filter(|_| has_power),
            spindle_count: number(&params, "spindle_count").unwrap_or(0),
            exclusive_storage: flag(&params, "exclusive_storage"),
            cpu_speed: params
                .get("cpu_speed")
                .and_then(Value::as_f64)
                .unwrap_or(1.0),
            tags: tags(&node.tags),
        }
    }

    fn instance(&self, uuid: &str, instance: &FileInstance) -> Instance {
        let disks: Vec<&FileDisk> = instance
            .disks
            .iter()
            .filter_map(|uuid| self.disks.get(uuid))
            .collect();
        let primary = instance.primary_node.as_deref().unwrap_or_default();
        let params = self.filled_by_default(&self.cluster.beparams, &instance.beparams);
        Instance {
            name: text(&instance.name),
            uuid: uuid.to_owned(),
            primary: self.node_name(primary),
            secondaries: self.secondaries(primary, &disks),
            admin_state: text(&instance.admin_state),
            admin_state_source: text(&instance.admin_state_source),
            hypervisor: text(&instance.hypervisor),
            os: text(&instance.os),
            disk_template: template(&disks),
            disks: disks
                .iter()
                .map(|disk| Disk {
                    size: whole(&disk.size).unwrap_or(0),
                    uuid: text(&disk.uuid),
                    name: text(&disk.name),
                    template: text(&disk.dev_type),
                    spindles: whole(&disk.spindles).and_then(|n| u32::try_from(n).ok()),
                    layout: Some(Box::new(disk.layout(|uuid| self.node_name(uuid)))),
                })
                .collect(),
            nics: instance.nics.iter().map(|nic| self.nic(nic)).collect(),
            vcpus: number(&params, "vcpus").unwrap_or(0),
            minmem: number(&params, "minmem").unwrap_or(0),
            maxmem: number(&params, "maxmem").unwrap_or(0),
            auto_balance: flag(&params, "auto_balance"),
            always_failover: flag(&params, "always_failover"),
            spindle_use: number(&params, "spindle_use").unwrap_or(0),
            network_port: instance.network_port.unwrap_or(0),
            disks_active: instance.disks_active.unwrap_or(false),
            tags: tags(&instance.tags),
            forthcoming: instance.forthcoming.unwrap_or(false),
            ctime: instance.ctime.unwrap_or(0.0),
            mtime: instance.mtime.unwrap_or(0.0),
        }
    }

    /// The other node of each DRBD disk.
    fn secondaries(&self, primary: &str, disks: &[&FileDisk]) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for disk in disks {
            for uuid in disk.ends().into_iter().flatten() {
                let name = self.node_name(uuid);
                if uuid != primary && !name.is_empty() && !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        names
    }

    fn nic(&self, nic: &FileNic) -> Nic {
        let params = self.filled_by_default(&self.cluster.nicparams, &nic.nicparams);
        let param = |key: &str| {
            let value = params.get(key).and_then(Value::as_str);
            value.unwrap_or_default().to_owned()
        };
        let network = nic
            .network
            .as_deref()
            .and_then(|uuid| self.networks.get(uuid));
        Nic {
            mac: text(&nic.mac),
            ip: text(&nic.ip),
            mode: param("mode"),
            link: param("link"),
            vlan: param("vlan"),
            network: network
                .map(|network| text(&network.name))
                .unwrap_or_default(),
        }
    }

    fn network(&self, uuid: &str, network: &FileNetwork) -> Network {
        let taken = |bits: &Option<String>, at: usize| {
            bits.as_deref().and_then(|bits| bits.as_bytes().get(at)) == Some(&b'1')
        };
        let size = network.reservations.as_deref().map_or(0, str::len);
        let reserved = (0..size)
            .filter(|at| taken(&network.reservations, *at) || taken(&network.ext_reservations, *at))
            .count();
        let groups = self.nodegroups.values();
        Network {
            name: text(&network.name),
            uuid: uuid.to_owned(),
            network: text(&network.network),
            gateway: text(&network.gateway),
            free: (size - reserved) as u64,
            reserved: reserved as u64,
            groups: groups
                .filter(|group| group.networks.contains_key(uuid))
                .map(|group| text(&group.name))
                .collect(),
        }
    }

    fn node_name(&self, uuid: &str) -> String {
        self.nodes
            .get(uuid)
            .map(|node| text(&node.name))
            .unwrap_or_default()
    }

    fn filled_by_default(&self, profiles: &HashMap<String, Dict>, own: &Dict) -> Dict {
        match profiles.get("default") {
            Some(default) => filled(&[default, own]),
            None => own.clone(),
        }
    }
}

/// Later ones win.
fn filled(layers: &[&Dict]) -> Dict {
    let mut all = Dict::new();
    for layer in layers {
        for (key, value) in *layer {
            all.insert(key.clone(), value.clone());
        }
    }
    all
}

/// As Ganeti names an instance's disks together.
fn template(disks: &[&FileDisk]) -> String {
    let mut types = disks.iter().map(|disk| text(&disk.dev_type));
    match types.next() {
        None => "diskless".into(),
        Some(first) if types.all(|other| other == first) => first,
        Some(_) => "mixed".into(),
    }
}

fn number<T: TryFrom<u64>>(params: &Dict, key: &str) -> Option<T> {
    T::try_from(whole(params.get(key)?)?).ok()
}

fn flag(params: &Dict, key: &str) -> bool {
    params.get(key).and_then(Value::as_bool).unwrap_or(false)
}

fn text(text: &Option<String>) -> String {
    text.clone().unwrap_or_default()
}

fn list(list: &Option<Vec<String>>) -> Vec<String> {
    list.clone().unwrap_or_default()
}

/// Tags have no order of their own.
fn tags(tags: &Option<Vec<String>>) -> Vec<String> {
    let mut tags = list(tags);
    tags.sort();
    tags
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
