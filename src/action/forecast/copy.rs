//! How long it takes to copy data, by what was measured or by an assumption that is said.

use crate::model::words::{duration, kib, mib};
use crate::planner::replica::Pair;

/// What Ganeti sets a resync to where nothing else is said (`resync-rate`), KiB a second.
const RESYNC_KIB: f64 = 61_440.0;

/// What Ganeti sets a migration of KVM to where nothing else is said (`migration_bandwidth`), MiB a
/// second.
const MIGRATION_MIB: f64 = 32.0;

/// What a copy over the network is taken to make where nothing says so, MiB a second.
const COPY_MIB: f64 = 60.0;

/// `10.0G to copy, about 2m 51s at 60.0M/s (...)`: a resync to or from one of these nodes.
pub fn resync(size: u64, nodes: &[&str], pairs: &[Pair]) -> String {
    let measured = |near: bool| {
        let moving = pairs.iter().filter(|pair| {
            let on = |node: &str| nodes.contains(&node);
            !near || on(&pair.primary.node) || on(&pair.secondary.node)
        });
        let speeds = moving.filter_map(|pair| {
            let going = pair.going.as_ref().filter(|going| !going.verify)?;
            going.speed_kib.filter(|speed| *speed >= 1.0)
        });
        speeds.max_by(f64::total_cmp)
    };
    let (speed, whence) = match (measured(true), measured(false)) {
        (Some(speed), _) => (speed, "as a resync there makes now"),
        (None, Some(speed)) => (speed, "as a resync elsewhere makes now"),
        (None, None) => (RESYNC_KIB, "Ganeti's usual resync-rate, assumed"),
    };
    let seconds = size as f64 * 1024.0 / speed;
    told(size, seconds, &kib(speed as u64), whence)
}

/// Memory of a migration.
pub fn memory(size: u64) -> String {
    let seconds = size as f64 / MIGRATION_MIB;
    let whence = "Ganeti's usual migration_bandwidth, assumed; longer if it writes much";
    told(size, seconds, &mib(MIGRATION_MIB as u64), whence)
}

/// Disks that are copied whole.
pub fn disks(size: u64) -> String {
    told(
        size,
        size as f64 / COPY_MIB,
        &mib(COPY_MIB as u64),
        "assumed",
    )
}

fn told(size: u64, seconds: f64, speed: &str, whence: &str) -> String {
    format!(
        "{} to copy, about {} at {speed}/s ({whence})",
        mib(size),
        duration(seconds)
    )
}
