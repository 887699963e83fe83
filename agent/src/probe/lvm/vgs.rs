//! Volume groups.

use gantry_wire::storage::VolumeGroup;

use super::Parsed;
use super::report::{Complaints, Kind, rows};
use super::row::Row;
use super::size::mib;

/// What `vgs` is asked. The sequence number counts the changes of a group, so that any shows.
pub const ARGS: &[&str] = &[
    "--reportformat",
    "json",
    "--units",
    "b",
    "--nosuffix",
    "-o",
    "vg_name,vg_uuid,vg_size,vg_free,vg_attr,vg_extent_size,pv_count,vg_missing_pv_count,lv_count,vg_tags,vg_seqno",
];

const KIND: Kind = Kind {
    program: "vgs",
    lists: &["vg"],
    name: "vg_name",
    attr: "vg_attr",
    sizes: &["vg_size", "vg_free", "vg_extent_size"],
    tables: &[
        &[
            "vg_name",
            "pv_count",
            "lv_count",
            "snap_count",
            "vg_attr",
            "vg_size",
            "vg_free",
        ],
        // Ganeti's own.
        &["vg_name", "vg_free", "vg_size"],
        &["vg_name", "vg_size"],
    ],
};

/// Reads what `vgs` printed.
pub fn parse(text: &str) -> Parsed<VolumeGroup> {
    let mut complaints = Complaints::default();
    let rows = rows(text, &KIND, &mut complaints);
    let mut list: Vec<VolumeGroup> = Vec::new();
    for row in rows {
        let group = group(&row, &mut complaints);
        // A report may have a group once for each of its volumes.
        let is_known = |known: &VolumeGroup| !known.uuid.is_empty() && known.uuid == group.uuid;
        if !list.iter().any(is_known) {
            list.push(group);
        }
    }
    Parsed {
        list,
        complaints: complaints.into_list(),
    }
}

fn group(row: &Row, complaints: &mut Complaints) -> VolumeGroup {
    let mut size = |field| KIND.size(row, field, complaints);
    let attr = row.text("vg_attr").to_owned();
    // Not every report counts what is missing, but the attributes say that something is.
    let least = u32::from(attr.as_bytes().get(3) == Some(&b'p'));
    VolumeGroup {
        name: row.text("vg_name").to_owned(),
        uuid: row.text("vg_uuid").to_owned(),
        total: mib(size("vg_size")),
        free: mib(size("vg_free")),
        extent_kib: size("vg_extent_size") / 1024,
        pvs: row.count("pv_count").unwrap_or(0),
        missing_pvs: row.count("vg_missing_pv_count").unwrap_or(0).max(least),
        lvs: row.count("lv_count").unwrap_or(0),
        tags: row.list("vg_tags"),
        attr,
    }
}

#[cfg(test)]
#[path = "vgs_tests.rs"]
mod tests;
