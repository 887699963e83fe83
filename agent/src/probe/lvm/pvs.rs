//! Physical volumes.

use gantry_wire::storage::PhysicalVolume;

use super::Parsed;
use super::report::{Complaints, Kind, rows};
use super::row::Row;
use super::size::mib;

/// What `pvs` is asked.
pub const ARGS: &[&str] = &[
    "--reportformat",
    "json",
    "--units",
    "b",
    "--nosuffix",
    "-o",
    "pv_name,pv_uuid,vg_name,pv_size,pv_free,pv_attr,pv_tags",
];

/// How LVM names a device that it does not find.
const UNKNOWN: &str = "[unknown]";

const KIND: Kind = Kind {
    program: "pvs",
    lists: &["pv", "pvseg"],
    name: "pv_name",
    attr: "pv_attr",
    sizes: &["pv_size", "pv_free"],
    tables: &[
        &[
            "pv_name", "vg_name", "pv_fmt", "pv_attr", "pv_size", "pv_free",
        ],
        // One that is in no group.
        &["pv_name", "pv_fmt", "pv_attr", "pv_size", "pv_free"],
        // Ganeti's own.
        &["pv_name", "vg_name", "pv_free", "pv_attr", "pv_size"],
    ],
};

/// Reads what `pvs` printed.
pub fn parse(text: &str) -> Parsed<PhysicalVolume> {
    let mut complaints = Complaints::default();
    let rows = rows(text, &KIND, &mut complaints);
    let mut list: Vec<PhysicalVolume> = Vec::new();
    for row in rows {
        let volume = volume(&row, &mut complaints);
        // A report may have a volume once for each of its segments.
        let is_known = |known: &PhysicalVolume| !known.uuid.is_empty() && known.uuid == volume.uuid;
        if !list.iter().any(is_known) {
            list.push(volume);
        }
    }
    Parsed {
        list,
        complaints: complaints.into_list(),
    }
}

fn volume(row: &Row, complaints: &mut Complaints) -> PhysicalVolume {
    let mut size = |field| mib(KIND.size(row, field, complaints));
    let attr = row.text("pv_attr").to_owned();
    let name = match row.text("pv_name") {
        "unknown device" => UNKNOWN,
        name => name,
    };
    let is_marked = attr.as_bytes().get(2) == Some(&b'm') || row.text("pv_missing") == "missing";
    PhysicalVolume {
        name: name.to_owned(),
        uuid: row.text("pv_uuid").to_owned(),
        vg: row.text("vg_name").to_owned(),
        total: size("pv_size"),
        free: size("pv_free"),
        missing: is_marked || name == UNKNOWN,
        tags: row.list("pv_tags"),
        attr,
    }
}

#[cfg(test)]
#[path = "pvs_tests.rs"]
mod tests;
