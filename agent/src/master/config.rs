//! The configuration, by queries that cause no RPC to nodes.

use std::collections::HashMap;
use std::time::Instant;

use gantry_wire::config::{Cluster, ConfigPart, Disk, Group, Instance, Network, Nic, Node, Source};
use serde_json::{Value, json};

use super::changes::Known;
use super::layout;
use crate::luxi::row::whole;
use crate::luxi::{Client, Error, Row};
use crate::place::{Place, Stamp};
use crate::session::Moment;

/// Changes are asked for at most this often, milliseconds.
const INTERVAL_MS: u64 = 2_000;
/// And so that luxid is busy for us at most one part in this many of the time.
const SHARE: u64 = 20;
/// So many instances are asked about at once: an agent may use little memory.
const TOGETHER: usize = 250;
/// luxid itself notices a change late: it is asked once more after this long, milliseconds.
const AGAIN_MS: u64 = 5_000;

const GROUP_FIELDS: &[&str] = &["name", "uuid", "alloc_policy", "ipolicy", "tags"];
const NODE_FIELDS: &[&str] = &[
    "name",
    "uuid",
    "group",
    "role",
    "master_capable",
    "vm_capable",
    "pip",
    "sip",
    "ndp/ssh_port",
    "powered",
    "ndp/spindle_count",
    "ndp/exclusive_storage",
    "ndp/cpu_speed",
    "tags",
];
const INSTANCE_FIELDS: &[&str] = &[
    "name",
    "uuid",
    "pnode",
    "snodes",
    "admin_state",
    "admin_state_source",
    "hypervisor",
    "os",
    "disk_template",
    "disk.sizes",
    "disk.uuids",
    "disk.names",
    "disk.spindles",
    "nic.macs",
    "nic.ips",
    "nic.modes",
    "nic.links",
    "nic.vlans",
    "nic.networks.names",
    "be/vcpus",
    "be/minmem",
    "be/maxmem",
    "be/auto_balance",
    "be/always_failover",
    "be/spindle_use",
    "network_port",
    "disks_active",
    "tags",
    "forthcoming",
    "ctime",
    "mtime",
];
const NETWORK_FIELDS: &[&str] = &[
    "name",
    "uuid",
    "network",
    "gateway",
    "free_count",
    "reserved_count",
    "group_list",
];

/// Asks for the configuration when `config.data` changed.
#[derive(Debug, Default)]
pub struct Reader {
    file: Option<Stamp>,
    /// When to ask, by the monotonic clock.
    due_ms: Option<u64>,
    /// When luxid is asked once more for the same change.
    again_ms: Option<u64>,
    not_before_ms: u64,
    known: Known,
    layouts: layout::Reader,
    /// Names by uuid, of what locks are named after.
    names: HashMap<String, String>,
}

impl Reader {
    /// Tells what changed since the call before, the whole configuration the first time; in
    /// several parts if it is large.
    ///
    /// # Errors
    /// Any of LUXI's; everything is told anew later.
    pub fn refresh(
        &mut self,
        client: &mut Client,
        place: &Place,
        now: Moment,
        tell: &mut dyn FnMut(ConfigPart),
    ) -> Result<(), Error> {
        let file = Some(Stamp::of(&place.data("config.data")));
        if file != self.file {
            self.file = file;
            self.due_ms.get_or_insert(now.mono_ms);
            self.again_ms = Some(now.mono_ms + AGAIN_MS);
        }
        if self.again_ms.is_some_and(|again| now.mono_ms >= again) {
            self.again_ms = None;
            self.due_ms.get_or_insert(now.mono_ms);
        }
        if self.due_ms.is_none() || now.mono_ms < self.not_before_ms {
            return Ok(());
        }
        let began = Instant::now();
        self.not_before_ms = now.mono_ms + INTERVAL_MS;
        self.layouts.refresh(place);
        if let Err(error) = self.look(client, now, tell) {
            // Not all that was seen was told.
            self.known.forget();
            return Err(error);
        }
        let took = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.not_before_ms = now.mono_ms + INTERVAL_MS.max(took.saturating_mul(SHARE));
        self.due_ms = None;
        Ok(())
    }

    fn look(
        &mut self,
        client: &mut Client,
        now: Moment,
        tell: &mut dyn FnMut(ConfigPart),
    ) -> Result<(), Error> {
        let mut part = ConfigPart {
            source: Source::Luxi,
            at: now.wall_ms as f64 / 1000.0,
            ..self.known.begin()
        };
        ask(client, &mut part)?;
        self.learn_names(&part);
        self.known.keep_news(&mut part);
        let mut more = false;
        let mut names = Vec::new();
        client.query("instance", &["name"], &Value::Null, |row| {
            names.push(row.text("name"))
        })?;
        for together in names.chunks(TOGETHER) {
            let mut found = ConfigPart {
                instances: instances(client, together)?,
                ..ConfigPart::default()
            };
            for disk in found.instances.iter_mut().flat_map(|it| &mut it.disks) {
                self.layouts.fill(disk);
            }
            self.known.keep_news(&mut found);
            part.instances.append(&mut found.instances);
            if part.instances.len() >= TOGETHER {
                let next = ConfigPart {
                    revision: part.revision,
                    at: part.at,
                    ..ConfigPart::default()
                };
                tell(std::mem::replace(&mut part, next));
                more = true;
            }
        }
        if let Some(last) = self.known.end(part, more) {
            tell(last);
        }
        Ok(())
    }

    /// Why it is not known where disks lie, which LUXI does not say, if that is so.
    pub fn layout_trouble(&self) -> Option<&str> {
        self.layouts.trouble()
    }

    /// The name of a node, group or network with this uuid.
    pub fn name(&self, uuid: &str) -> Option<&str> {
        self.names.get(uuid).map(String::as_str)
    }

    /// Tells everything anew the next time.
    pub fn forget(&mut self) {
        self.file = None;
        self.known.forget();
    }

    fn learn_names(&mut self, part: &ConfigPart) {
        let nodes = part.nodes.iter().map(|node| (&node.uuid, &node.name));
        let groups = part.groups.iter().map(|group| (&group.uuid, &group.name));
        let networks = part.networks.iter().map(|net| (&net.uuid, &net.name));
        self.names = nodes
            .chain(groups)
            .chain(networks)
            .map(|(uuid, name)| (uuid.clone(), name.clone()))
            .collect();
    }
}

/// Everything but the instances.
fn ask(client: &mut Client, part: &mut ConfigPart) -> Result<(), Error> {
    let info = client.call("QueryClusterInfo", &json!([]))?;
    part.cluster = Some(Box::new(cluster(&info)));
    let all = Value::Null;
    client.query("group", GROUP_FIELDS, &all, |row| {
        part.groups.push(group(&row))
    })?;
    client.query("node", NODE_FIELDS, &all, |row| part.nodes.push(node(&row)))?;
    client.query("network", NETWORK_FIELDS, &all, |row| {
        part.networks.push(network(&row))
    })
}

/// These instances, without those that are gone meanwhile.
fn instances(client: &mut Client, names: &[String]) -> Result<Vec<Instance>, Error> {
    let rows = client.call("QueryInstances", &json!([names, INSTANCE_FIELDS, false]))?;
    let Value::Array(rows) = rows else {
        return Ok(Vec::new());
    };
    let rows = rows.into_iter().filter_map(|row| match row {
        Value::Array(values) => Some(instance(&Row::bare(INSTANCE_FIELDS, values))),
        _ => None,
    });
    Ok(rows.collect())
}

fn cluster(info: &Value) -> Cluster {
    let text = |key: &str| info[key].as_str().unwrap_or_default().to_owned();
    let texts = |key: &str| -> Vec<String> {
        let list = info[key].as_array().map(Vec::as_slice);
        let list = list.unwrap_or_default().iter();
        list.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let number = |key: &str| {
        let number = whole(&info[key]).unwrap_or(0);
        u32::try_from(number).unwrap_or(u32::MAX)
    };
    Cluster {
        name: text("name"),
        uuid: text("uuid"),
        master: text("master"),
        software_version: text("software_version"),
        hypervisors: texts("enabled_hypervisors"),
        disk_templates: texts("enabled_disk_templates"),
        volume_group: text("volume_group_name"),
        file_storage_dir: text("file_storage_dir"),
        shared_file_storage_dir: text("shared_file_storage_dir"),
        candidate_pool_size: number("candidate_pool_size"),
        max_running_jobs: number("max_running_jobs"),
        default_iallocator: text("default_iallocator"),
        reserved_lvs: texts("reserved_lvs"),
        tags: texts("tags"),
        maintain_node_health: info["maintain_node_health"].as_bool().unwrap_or(false),
        ipolicy: info["ipolicy"].clone(),
    }
}

fn group(row: &Row<'_>) -> Group {
    Group {
        name: row.text("name"),
        uuid: row.text("uuid"),
        alloc_policy: row.text("alloc_policy"),
        ipolicy: row.value("ipolicy").cloned().unwrap_or_default(),
        tags: sorted(row.texts("tags")),
    }
}

fn node(row: &Row<'_>) -> Node {
    Node {
        name: row.text("name"),
        uuid: row.text("uuid"),
        group: row.text("group"),
        role: row.text("role"),
        master_capable: row.flag("master_capable"),
        vm_capable: row.flag("vm_capable"),
        primary_ip: row.text("pip"),
        secondary_ip: row.text("sip"),
        ssh_port: row.number("ndp/ssh_port").unwrap_or(0),
        powered: row.value("powered").and_then(Value::as_bool),
        spindle_count: row.number("ndp/spindle_count").unwrap_or(0),
        exclusive_storage: row.flag("ndp/exclusive_storage"),
        cpu_speed: row.float("ndp/cpu_speed"),
        tags: sorted(row.texts("tags")),
    }
}

fn instance(row: &Row<'_>) -> Instance {
    let uuids = row.texts("disk.uuids");
    let names = row.texts("disk.names");
    let spindles = row.list("disk.spindles");
    let disks = row.list("disk.sizes").iter().enumerate();
    let disks = disks.map(|(n, size)| Disk {
        size: whole(size).unwrap_or(0),
        uuid: uuids.get(n).cloned().unwrap_or_default(),
        name: names.get(n).cloned().unwrap_or_default(),
        spindles: spindles.get(n).and_then(count),
        ..Disk::default()
    });
    let [ips, modes, links, vlans, networks] = [
        "nic.ips",
        "nic.modes",
        "nic.links",
        "nic.vlans",
        "nic.networks.names",
    ]
    .map(|field| row.texts(field));
    let nics = row.texts("nic.macs").into_iter().enumerate();
    let nics = nics.map(|(n, mac)| {
        let of = |list: &[String]| list.get(n).cloned().unwrap_or_default();
        Nic {
            mac,
            ip: of(&ips),
            mode: of(&modes),
            link: of(&links),
            vlan: of(&vlans),
            network: of(&networks),
        }
    });
    Instance {
        name: row.text("name"),
        uuid: row.text("uuid"),
        primary: row.text("pnode"),
        secondaries: row.texts("snodes"),
        admin_state: row.text("admin_state"),
        admin_state_source: row.text("admin_state_source"),
        hypervisor: row.text("hypervisor"),
        os: row.text("os"),
        disk_template: row.text("disk_template"),
        disks: disks.collect(),
        nics: nics.collect(),
        vcpus: row.number("be/vcpus").unwrap_or(0),
        minmem: row.number("be/minmem").unwrap_or(0),
        maxmem: row.number("be/maxmem").unwrap_or(0),
        auto_balance: row.flag("be/auto_balance"),
        always_failover: row.flag("be/always_failover"),
        spindle_use: row.number("be/spindle_use").unwrap_or(0),
        network_port: row.number("network_port").unwrap_or(0),
        disks_active: row.flag("disks_active"),
        tags: sorted(row.texts("tags")),
        forthcoming: row.flag("forthcoming"),
        ctime: row.float("ctime"),
        mtime: row.float("mtime"),
    }
}

fn network(row: &Row<'_>) -> Network {
    let groups = row.list("group_list").iter();
    // Each is [group, mode, link, vlan].
    let groups = groups.filter_map(|group| Some(group.get(0)?.as_str()?.to_owned()));
    Network {
        name: row.text("name"),
        uuid: row.text("uuid"),
        network: row.text("network"),
        gateway: row.text("gateway"),
        free: row.number("free_count").unwrap_or(0),
        reserved: row.number("reserved_count").unwrap_or(0),
        groups: groups.collect(),
    }
}

/// A number that fits, if it is one.
fn count(value: &Value) -> Option<u32> {
    u32::try_from(whole(value)?).ok()
}

/// Tags have no order of their own, and the one they come in would look like a change.
fn sorted(mut tags: Vec<String>) -> Vec<String> {
    tags.sort();
    tags
}

#[cfg(test)]
#[path = "config_tests.rs"]
pub(super) mod tests;
