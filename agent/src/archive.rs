//! A node's files below a directory instead of the running node: a support archive that somebody
//! sent. Nothing is run, and nothing outside of the directory is read.
//!
//! `proc/drbd` and other files of `/proc`; `commands/drbdsetup-events2`, `drbdsetup-show`, `dmesg`,
//! `vgs`, `pvs` and `lvs` with what these printed; Ganeti's files below `var/lib/ganeti` and
//! `run/ganeti`. Whatever is not there costs its own part only, and only if nothing is there at all
//! that is an error: it will be the wrong directory. Files that are there and cannot be read, that are
//! none or too long are named with the reason.

mod drbd;
mod files;
mod lvm;

use std::path::Path;

use gantry_wire::PROTOCOL;
use gantry_wire::drbd::Row;
use gantry_wire::node::{Missing, Sample};
use gantry_wire::report::Hello;
use gantry_wire::ssconf::Ssconf;

use crate::machine::name_in;
use crate::probe::drbd::owner::node_of;
use crate::probe::drbd::show::Shown;
use crate::probe::{load, memory, system};
use crate::snapshot::Snapshot;
use crate::ssconf::{self, at_least};
use files::Files;

/// Reads everything that is there.
///
/// # Errors
/// In words, if there is no such directory, or nothing in it that is known.
pub fn read(root: &Path) -> Result<Snapshot, String> {
    let files = Files::below(root)?;
    let mut missing = Vec::new();
    let mut reader = ssconf::Reader::default();
    reader.refresh(files.place());
    refused(&files, &mut missing, "ssconf");
    let ssconf = reader.latest();
    let shown = drbd::shown(&files);
    refused(&files, &mut missing, "drbd");
    let node = node(&files, ssconf, &shown);
    refused(&files, &mut missing, "system");
    let drbd = drbd::read(&files, ssconf, &node, &shown);
    refused(&files, &mut missing, "drbd");
    let name = if node.is_empty() { "?" } else { &node };
    let rows = drbd.iter().flat_map(|drbd| &drbd.devices);
    let rows = rows.map(|device| Row::new(name, device)).collect();
    let (storage, lvm) = lvm::read(&files, &mut missing);
    let sample = Sample {
        drbd,
        storage,
        lvm,
        ..machine(&files, ssconf, &mut missing)
    };
    if sample == Sample::default() && ssconf.is_none() && missing.is_empty() {
        return Err(format!(
            "{}: none of a node's files is in it, such as proc/drbd, commands/drbdsetup-events2 \
             or commands/vgs",
            root.display()
        ));
    }
    Ok(Snapshot {
        hello: Hello {
            protocol: PROTOCOL,
            version: env!("CARGO_PKG_VERSION").into(),
            node: name.to_owned(),
            ganeti: ssconf.is_some(),
            ..Hello::default()
        },
        ssconf: ssconf.cloned(),
        sample: Sample {
            missing: Some(missing),
            ..sample
        },
        drbd: rows,
    })
}

/// What `/proc` says of the machine as it was.
fn machine(files: &Files, ssconf: Option<&Ssconf>, missing: &mut Vec<Missing>) -> Sample {
    let by_available = ssconf.is_some_and(|ssconf| at_least(&ssconf.release_version, 3, 1));
    let place = files.place();
    Sample {
        memory: part(files, missing, "memory", &["proc/meminfo"], || {
            memory::read(place, by_available)
        }),
        load: part(files, missing, "load", &["proc/loadavg"], || {
            load::read(place)
        }),
        system: part(
            files,
            missing,
            "system",
            &["proc/cpuinfo", "proc/stat"],
            || system::read(place),
        ),
        ..Sample::default()
    }
}

/// One part, if its files are there.
fn part<T>(
    files: &Files,
    missing: &mut Vec<Missing>,
    name: &str,
    needs: &[&str],
    read: impl FnOnce() -> Result<T, String>,
) -> Option<T> {
    let all = needs.iter().all(|file| files.has(file));
    let value = all.then(read);
    let before = missing.len();
    refused(files, missing, name);
    match value? {
        Ok(value) => Some(value),
        Err(why) if missing.len() == before => {
            miss(missing, name, why);
            None
        }
        // That is why.
        Err(_) => None,
    }
}

/// Notes the files that were there and could not be read.
fn refused(files: &Files, missing: &mut Vec<Missing>, part: &str) {
    for why in files.place().refused() {
        miss(missing, part, why);
    }
}

/// Notes a part that cannot be had.
fn miss(missing: &mut Vec<Missing>, part: &str, why: String) {
    missing.push(Missing {
        part: part.into(),
        why,
        hangs: false,
    });
}

/// The node's name: as the host calls itself, or as its address for replication says; empty if it
/// is not known.
fn node(files: &Files, ssconf: Option<&Ssconf>, shown: &[Shown]) -> String {
    let files_with_it = [
        "etc/hostname",
        "proc/sys/kernel/hostname",
        "commands/hostname",
    ];
    let host = files_with_it.iter().find_map(|file| {
        let text = files.text(file).ok()?;
        let line = text.lines().map(str::trim);
        let mut line = line.filter(|line| !line.is_empty() && !line.starts_with('#'));
        line.next().map(str::to_owned)
    });
    match (host, ssconf) {
        (Some(host), Some(ssconf)) => name_in(ssconf, host),
        (Some(host), None) => host,
        (None, Some(ssconf)) => {
            let mut ends = shown
                .iter()
                .filter_map(|shown| node_of(ssconf, &shown.local));
            ends.next().unwrap_or_default()
        }
        (None, None) => String::new(),
    }
}

#[cfg(test)]
#[path = "archive_tests.rs"]
mod tests;
