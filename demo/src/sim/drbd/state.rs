//! The words and figures of one half, by the state of its mirror.

use gantry_wire::drbd::{Device, Progress};

use super::RATE_KIB;
use super::chance::{mix, wander};
use super::mirror::{Hold, Mirror, Resync};
use crate::sim::instance::Instance;

/// Which half.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// That of the instance's primary node.
    Primary,
    /// The other one.
    Secondary,
}

/// The kernel calls it stalled when nothing moved for so long, ms.
const STALLED_AFTER: u64 = 180_000;

const UP_TO_DATE: &str = "UpToDate";
const INCONSISTENT: &str = "Inconsistent";
const UNKNOWN_DISK: &str = "DUnknown";

/// What one half of a disk, with this share of its instance's room, says of itself and the other.
pub fn of(instance: &Instance, side: Side, index: usize, share: f64, now: u64) -> Device {
    let here = side == Side::Primary;
    let (connection, disk, peer_disk) = words(&instance.mirror, here);
    // While a guest migrates, it may write on both nodes.
    let is_primary = |here: bool| here || instance.incoming.is_some();
    let role = |is: bool| if is { "Primary" } else { "Secondary" };
    let connected = instance.mirror.is_connected();
    let (flags, paused_by) = hold(&instance.mirror, here);
    Device {
        connection: connection.to_owned(),
        role: role(is_primary(here)).to_owned(),
        peer_role: match connected {
            true => role(is_primary(!here)),
            false => "Unknown",
        }
        .to_owned(),
        disk: disk.to_owned(),
        peer_disk: peer_disk.to_owned(),
        protocol: if connection == "StandAlone" { "" } else { "C" }.to_owned(),
        flags: flags.to_owned(),
        paused_by: paused_by.iter().map(|&word| word.to_owned()).collect(),
        progress: progress(instance, here, index, share, now),
        oos_kib: Some(out_of_sync(instance, here, share, now)),
        ..Device::default()
    }
}

/// Connection, own disk, peer's disk.
fn words(mirror: &Mirror, here: bool) -> (&'static str, &'static str, &'static str) {
    let ends = |source, target| if here { source } else { target };
    match mirror {
        Mirror::InStep => ("Connected", UP_TO_DATE, UP_TO_DATE),
        Mirror::Verify(_) => (ends("VerifyS", "VerifyT"), UP_TO_DATE, UP_TO_DATE),
        Mirror::Resync(resync) => (
            match resync.hold {
                Some(_) => ends("PausedSyncS", "PausedSyncT"),
                None => ends("SyncSource", "SyncTarget"),
            },
            ends(UP_TO_DATE, INCONSISTENT),
            ends(INCONSISTENT, UP_TO_DATE),
        ),
        Mirror::Cut { torn: true, .. } => {
            ("WFConnection", ends(UP_TO_DATE, INCONSISTENT), UNKNOWN_DISK)
        }
        Mirror::Cut { .. } => ("WFConnection", UP_TO_DATE, UNKNOWN_DISK),
        Mirror::StandAlone { .. } => (ends("StandAlone", "WFConnection"), UP_TO_DATE, UNKNOWN_DISK),
        Mirror::Split(_) => ("StandAlone", UP_TO_DATE, UNKNOWN_DISK),
        Mirror::Diskless { .. } => (
            "Connected",
            ends(UP_TO_DATE, "Diskless"),
            ends("Diskless", UP_TO_DATE),
        ),
    }
}

/// The flags, and what holds a resync back in words.
fn hold(mirror: &Mirror, here: bool) -> (&'static str, &'static [&'static str]) {
    match (mirror.going().and_then(|going| going.hold), here) {
        (None, _) => ("r-----", &[]),
        (Some(Hold::User), true) => ("r--u--", &["user"]),
        (Some(Hold::Dependency(_)), false) => ("ra----", &["dependency"]),
        (Some(_), _) => ("r-p---", &["peer"]),
    }
}

fn progress(
    instance: &Instance,
    here: bool,
    index: usize,
    share: f64,
    now: u64,
) -> Option<Progress> {
    let going = instance.mirror.going()?;
    // A resync that is held back has no second line.
    if going.hold.is_some() {
        return None;
    }
    let kib = |mib: f64| (mib * share * 1024.0) as u64;
    let (left, total) = (kib(going.left(now)), kib(going.total as f64));
    let speed = speed(going, instance.seed ^ index as u64, now);
    Some(Progress {
        verify: matches!(instance.mirror, Mirror::Verify(_)),
        percent: (going.percent(now) * 10.0).floor() / 10.0,
        left_kib: left,
        total_kib: total,
        eta_s: match kib(speed) {
            0 => None,
            speed => Some(left / speed),
        },
        speed_kib: Some(kib(speed)),
        mean_kib: Some(mean(going, share, now)),
        want_kib: (!here).then_some(RATE_KIB),
        stalled: going.rate == 0.0 && now.saturating_sub(going.since) > STALLED_AFTER,
    })
}

/// MiB a second at the moment: it is never quite even.
fn speed(going: &Resync, seed: u64, now: u64) -> f64 {
    going.rate * (0.9 + 0.2 * wander(mix(seed ^ 0x5350), now, 3_000))
}

/// KiB a second since the beginning.
fn mean(going: &Resync, share: f64, now: u64) -> u64 {
    let took = now.saturating_sub(going.begun).max(1000) as f64 / 1000.0;
    let done = going.total as f64 - going.left(now);
    (done.max(0.0) * share * 1024.0 / took) as u64
}

/// What this half counts as different from the other, KiB.
fn out_of_sync(instance: &Instance, here: bool, share: f64, now: u64) -> u64 {
    let mib = match (&instance.mirror, here) {
        (Mirror::Split(split), false) => split.astray,
        // Whoever is behind does not know how far.
        (Mirror::Cut { torn: false, .. } | Mirror::StandAlone { .. }, false) => 0.0,
        (Mirror::Diskless { .. }, _) => 0.0,
        _ => instance.behind(now),
    };
    // Blocks of 4 KiB.
    (mib * share * 256.0).ceil() as u64 * 4
}
