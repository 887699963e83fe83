//! DRBD in an archive: `/proc/drbd` leads where there is one, and `drbdsetup events2` adds to it.

use std::collections::BTreeMap;

use gantry_wire::drbd::{Device, Drbd};
use gantry_wire::ssconf::Ssconf;

use super::files::Files;
use crate::probe::drbd::facts::{Fact, Subject, dress};
use crate::probe::drbd::kernel::Log;
use crate::probe::drbd::owner::Finder;
use crate::probe::drbd::show::{self, Shown};
use crate::probe::drbd::{Seen, events, proc};
use crate::probe::system::boot_time;

/// Where the kernel's view is.
const PROC: &str = "proc/drbd";
/// What `drbdsetup events2` printed.
const EVENTS: &str = "commands/drbdsetup-events2";

/// What `drbdsetup show` printed; empty if that is not there.
pub fn shown(files: &Files) -> Vec<Shown> {
    let text = files.output("drbdsetup-show");
    text.map(|text| show::parse(&text)).unwrap_or_default()
}

/// All devices, dressed with whatever else is there; `None` if there is neither of the two.
pub fn read(files: &Files, ssconf: Option<&Ssconf>, node: &str, shown: &[Shown]) -> Option<Drbd> {
    let kernel = files.bytes(PROC).map(|bytes| proc::parse(&bytes, PROC));
    let said = files.text(EVENTS);
    let said = said.map(|text| events::parse(&text, EVENTS).seen());
    let mut seen = match (kernel, said) {
        (Ok(kernel), Ok(said)) => join(kernel, said),
        (kernel, said) => kernel.or(said).ok()?,
    };
    let log = log(files);
    let minors: Vec<u32> = seen.devices.iter().map(|device| device.minor).collect();
    let owners = Finder::new(None).find(files.place(), None, node, &minors, 0);
    let shown: BTreeMap<u32, &Shown> = shown.iter().map(|shown| (shown.minor, shown)).collect();
    for device in &mut seen.devices {
        let Some(subject) = Subject::of(device, 0) else {
            continue;
        };
        let shown = shown.get(&device.minor).copied().cloned();
        let owner = owners.get(&device.minor).cloned();
        let log = log.as_ref().map(|(log, boot)| (log, *boot));
        let (owner, shown) = (owner.unwrap_or_default(), shown.unwrap_or_default());
        let fact = Fact::of(&subject, owner, shown, ssconf, log);
        dress(device, &subject, &fact);
    }
    Some(Drbd {
        whole: true,
        version: seen.version,
        devices: seen.devices,
        unread: seen.unread,
        ..Drbd::default()
    })
}

/// The kernel's log, and when its clock began, if both are known.
fn log(files: &Files) -> Option<(Log, f64)> {
    let boot = boot_time(&files.text("proc/stat").ok()?);
    let text = files.text("commands/dmesg").ok()?;
    let mut log = Log::default();
    text.lines().for_each(|line| log.line(line));
    (boot > 0).then_some((log, boot as f64))
}

/// What the second says of devices that the first does not have, or says less of.
fn join(mut first: Seen, second: Seen) -> Seen {
    for other in second.devices {
        let at = first
            .devices
            .binary_search_by_key(&other.minor, |it| it.minor);
        match at {
            Ok(at) => {
                if let Some(device) = first.devices.get_mut(at) {
                    add(device, &other);
                }
            }
            Err(at) => first.devices.insert(at, other),
        }
    }
    first.unread.extend(second.unread);
    first
}

fn add(device: &mut Device, other: &Device) {
    macro_rules! if_not_said {
        ($($field:ident),*) => { $( if device.$field.is_empty() { device.$field.clone_from(&other.$field); } )* };
    }
    if_not_said!(
        connection, role, peer_role, disk, peer_disk, peer, paused_by
    );
    // A minor that the kernel knew as free at its time has no figures.
    if device.connection == "Unconfigured" {
        return;
    }
    device.oos_kib = device.oos_kib.or(other.oos_kib);
    // The two were printed at different times: progress belongs to what is going on.
    if device.progress.is_none() && device.connection == other.connection {
        device.progress.clone_from(&other.progress);
    }
}
