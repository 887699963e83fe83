//! `gantry instances`

use serde_json::{Value, json};

use super::{Row, age_s, fields, or_unknown};
use crate::model::words::mib;
use crate::model::{Cluster, Instance, Status};

pub const TITLES: &[&str] = &[
    "INSTANCE",
    "STATUS",
    "PRIMARY",
    "SECONDARY",
    "TEMPLATE",
    "VCPUS",
    "MEMORY",
    "DISK",
    "CPU%",
    "OS",
];

pub fn rows(cluster: &Cluster) -> Vec<Row> {
    cluster
        .instances_sorted()
        .into_iter()
        .map(|instance| row(cluster, instance))
        .collect()
}

fn row(cluster: &Cluster, instance: &Instance) -> Row {
    let conf = &instance.conf;
    let guest = cluster.guest(instance);
    let status = instance.status.word().map_or("?", |word| word.text());
    let (known_by, status_at) = match instance.status {
        Status::Now(_) => ("agent", Some(cluster.now.at)),
        Status::Asked(_, at) => ("luxi", Some(at)),
        Status::Was(_, at) => ("lost", Some(at)),
        Status::Unknown => ("unknown", None),
    };
    let cpu = guest.map(|guest| f64::from(guest.cpu) / 10.0);
    let uptime = guest.map(|guest| {
        let node = cluster.nodes.get(conf.primary.as_str());
        let ahead = node.and_then(|node| node.clock_ahead).unwrap_or(0.0);
        cluster.seconds_since(guest.started as f64 - ahead) as u64
    });
    let sizes: Vec<u64> = conf.disks.iter().map(|disk| disk.size).collect();
    let nics: Vec<Value> = conf
        .nics
        .iter()
        .map(|nic| {
            json!({"mac": nic.mac, "ip": text(&nic.ip), "mode": nic.mode, "link": nic.link,
                   "vlan": text(&nic.vlan), "network": text(&nic.network)})
        })
        .collect();
    let fields = fields(json!({
        "name": &*instance.name,
        "status": status,
        "status_from": known_by,
        "status_age_s": status_at.map(|at| age_s(cluster, at)),
        "last_status": instance.status.last_word().map(|word| word.text()),
        "admin_state": conf.admin_state,
        "primary": conf.primary,
        "secondaries": conf.secondaries,
        "hypervisor": conf.hypervisor,
        "os": conf.os,
        "disk_template": conf.disk_template,
        "disk_sizes": sizes,
        "disk_total": instance.disk_size(),
        "nics": nics,
        "vcpus": conf.vcpus,
        "memory": conf.maxmem,
        "memory_min": conf.minmem,
        "auto_balance": conf.auto_balance,
        "cpu_percent": cpu,
        "rss": guest.map(|guest| guest.rss),
        "disk_read_bps": guest.and_then(|guest| guest.read),
        "disk_write_bps": guest.and_then(|guest| guest.write),
        "net_rx_bps": guest.and_then(|guest| guest.rx),
        "net_tx_bps": guest.and_then(|guest| guest.tx),
        "uptime_s": uptime,
        "tags": conf.tags,
    }));
    let cells = vec![
        instance.name.to_string(),
        status.to_owned(),
        conf.primary.clone(),
        if conf.secondaries.is_empty() {
            "-".to_owned()
        } else {
            conf.secondaries.join(",")
        },
        conf.disk_template.clone(),
        conf.vcpus.to_string(),
        mib(conf.maxmem),
        if conf.disks.is_empty() {
            "-".to_owned()
        } else {
            mib(instance.disk_size())
        },
        match cpu {
            Some(cpu) => format!("{cpu:.0}"),
            None if instance.status.word().is_some_and(|word| !word.is_up()) => "-".to_owned(),
            None => or_unknown(None::<u8>),
        },
        conf.os.clone(),
    ];
    Row {
        key: instance.name.to_string(),
        fields,
        cells,
    }
}

/// Empty text is no value.
fn text(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}
