//! Logical volumes.

use std::collections::HashMap;

use gantry_wire::storage::LogicalVolume;

use super::Parsed;
use super::report::{Complaints, Kind, rows};
use super::row::Row;

/// What `lvs` is asked. With the devices there is a row for each segment.
pub const ARGS: &[&str] = &[
    "--reportformat",
    "json",
    "--units",
    "b",
    "--nosuffix",
    "-o",
    "lv_name,vg_name,lv_uuid,lv_size,lv_attr,lv_kernel_minor,origin,pool_lv,lv_tags,devices",
];

const KIND: Kind = Kind {
    program: "lvs",
    lists: &["lv", "seg"],
    name: "lv_name",
    attr: "lv_attr",
    sizes: &["lv_size"],
    tables: &[
        &["lv_name", "vg_name", "lv_attr", "lv_size"],
        // Ganeti's own.
        &["vg_name", "lv_name", "lv_size", "lv_attr"],
        &["vg_name", "lv_name", "lv_size", "lv_attr", "lv_tags"],
        &["lv_name", "lv_size", "devices", "vg_name"],
        &[
            "lv_uuid",
            "lv_name",
            "lv_attr",
            "lv_major",
            "lv_minor",
            "lv_kernel_major",
            "lv_kernel_minor",
            "lv_size",
            "seg_count",
            "lv_tags",
            "modules",
            "vg_uuid",
            "vg_name",
            "segtype",
            "seg_start",
            "seg_start_pe",
            "seg_size",
            "seg_tags",
            "seg_pe_ranges",
            "devices",
        ],
    ],
};

/// Reads what `lvs` printed.
pub fn parse(text: &str) -> Parsed<LogicalVolume> {
    let mut complaints = Complaints::default();
    let rows = rows(text, &KIND, &mut complaints);
    let mut list: Vec<LogicalVolume> = Vec::new();
    let mut known = HashMap::new();
    for row in rows {
        let volume = volume(&row, &mut complaints);
        // The segments of a volume are rows of their own. Groups of one name may both have a
        // volume of one name.
        let key = (
            volume.uuid.clone(),
            row.text("vg_uuid").to_owned(),
            volume.vg.clone(),
            volume.name.clone(),
            volume.bytes,
        );
        let at = *known.entry(key).or_insert(list.len());
        match list.get_mut(at) {
            Some(first) => {
                for pv in volume.pvs {
                    if !first.pvs.contains(&pv) {
                        first.pvs.push(pv);
                    }
                }
            }
            None => list.push(volume),
        }
    }
    Parsed {
        list,
        complaints: complaints.into_list(),
    }
}

fn volume(row: &Row, complaints: &mut Complaints) -> LogicalVolume {
    let origin = match row.text("origin") {
        "" => row.text("pool_lv"),
        origin => origin,
    };
    let mut pvs: Vec<String> = Vec::new();
    for device in row.list("devices") {
        // With the extent where it begins, as in `/dev/sda5(16)`.
        let name = device
            .rsplit_once('(')
            .map_or(device.as_str(), |(name, _)| name);
        if !pvs.iter().any(|known| known == name) {
            pvs.push(name.to_owned());
        }
    }
    LogicalVolume {
        name: bare(row.text("lv_name")),
        vg: row.text("vg_name").to_owned(),
        uuid: row.text("lv_uuid").to_owned(),
        bytes: KIND.size(row, "lv_size", complaints),
        attr: row.text("lv_attr").to_owned(),
        // -1 is no device.
        dm_minor: row.count("lv_kernel_minor"),
        pvs,
        origin: bare(origin),
        tags: row.list("lv_tags"),
    }
}

/// LVM prints volumes that are hidden inside others in brackets.
fn bare(name: &str) -> String {
    let inside = name
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    inside.unwrap_or(name).to_owned()
}

#[cfg(test)]
#[path = "lvs_tests.rs"]
mod tests;
