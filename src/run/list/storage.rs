//! `gantry storage`

use serde_json::{Value, json};

use super::{Row, age_s, fields, or_unknown};
use crate::model::Cluster;
use crate::model::words::{duration, mib};
use crate::planner::storage::{Owner, Place, PlaceKind, Volume, physical, places, volumes};

pub const TITLES: &[&str] = &[
    "NODE",
    "PLACE",
    "TOTAL",
    "FREE",
    "INSTANCES",
    "METADATA",
    "OTHERS",
    "PROMISED",
    "ORPHANS",
    "MISSING",
    "FULL IN",
    "PROBLEM",
];

pub fn rows(cluster: &Cluster) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut of_node: Option<(&str, Option<Vec<Volume>>)> = None;
    let places = places(cluster);
    for place in &places {
        // Places come by node.
        let volumes = match &of_node {
            Some((node, volumes)) if *node == &*place.node => volumes,
            _ => {
                let volumes = volumes(cluster, &place.node);
                &of_node.insert((&place.node, volumes)).1
            }
        };
        rows.push(row(cluster, place, volumes.as_deref()));
    }
    rows
}

fn row(cluster: &Cluster, place: &Place, volumes: Option<&[Volume]>) -> Row {
    let kind = match place.kind {
        PlaceKind::VolumeGroup => "volume_group",
        PlaceKind::Directory => "directory",
        PlaceKind::Pool => "pool",
    };
    let is_group = place.kind == PlaceKind::VolumeGroup;
    let pvs = physical(cluster, &place.node).filter(|_| is_group);
    let pvs: Option<Vec<Value>> = pvs.map(|pvs| {
        let here = pvs.iter().filter(|pv| pv.vg == place.name);
        here.map(|pv| {
            json!({"name": pv.name, "total": pv.total, "free": pv.free, "attr": pv.attr,
                   "missing": pv.missing, "tags": pv.tags})
        })
        .collect()
    });
    let volumes: Option<Vec<Value>> = volumes.filter(|_| is_group).map(|volumes| {
        let here = volumes.iter().filter(|volume| volume.vg == place.name);
        here.map(volume).collect()
    });
    let heard = cluster.nodes.get(&place.node).and_then(|node| node.heard);
    let age = heard
        .filter(|_| place.total.is_some())
        .map(|at| age_s(cluster, at));
    let problem = Some(&place.why).filter(|why| !why.is_empty());
    let fields = fields(json!({
        "node": &*place.node,
        "kind": kind,
        "name": place.name,
        "ganetis": place.is_ganetis,
        "total": place.total,
        "free": place.free,
        "instances": place.instances,
        "metadata": place.metadata,
        "others": place.others,
        "promised": place.promised,
        "missing_pvs": place.total.map(|_| place.missing_pvs),
        "orphans": volumes.as_ref().map(|_| place.orphans),
        "orphans_size": volumes.as_ref().map(|_| place.orphans_size),
        "missing": volumes.as_ref().map(|_| place.missing),
        "wrong_sizes": volumes.as_ref().map(|_| place.wrong_sizes),
        "full_in_s": place.full_in_s.map(|left| left as u64),
        "age_s": age,
        "problem": problem,
        "pvs": pvs,
        "volumes": volumes,
    }));
    let counted = |n: usize| or_unknown(volumes.as_ref().map(|_| n));
    let size = |size: Option<u64>| or_unknown(size.map(mib));
    let cells = vec![
        place.node.to_string(),
        place.name.clone(),
        size(place.total),
        size(place.free),
        size(place.instances),
        size(place.metadata),
        size(place.others),
        size(place.promised),
        counted(place.orphans),
        counted(place.missing),
        place.full_in_s.map_or_else(|| "-".to_owned(), duration),
        problem.cloned().unwrap_or_default(),
    ];
    Row {
        key: format!("{}/{kind}/{}", place.node, place.name),
        fields,
        cells,
    }
}

fn volume(volume: &Volume) -> Value {
    let (owner, disk, job) = match &volume.owner {
        Owner::Data(name, index) => ("data", Some((name, index)), None),
        Owner::Meta(name, index) => ("meta", Some((name, index)), None),
        Owner::Job(id) => ("job", None, Some(id)),
        Owner::Reserved => ("reserved", None, None),
        Owner::NotGanetis => ("other", None, None),
        Owner::Orphan => ("orphan", None, None),
        Owner::Unknown => ("unknown", None, None),
    };
    let found = volume.found.as_ref();
    json!({
        "name": volume.name,
        "size": found.map(|lv| lv.bytes >> 20),
        "wanted": volume.wanted,
        "owner": owner,
        "instance": disk.map(|(name, _)| &**name),
        "disk_index": disk.map(|(_, index)| index),
        "job": job,
        "attr": found.map(|lv| &lv.attr),
        "tags": found.map(|lv| &lv.tags),
        "problem": Some(&volume.text).filter(|text| !text.is_empty()),
    })
}
