//! What a mirror's devices count. The counts are settled when something changes; in between they
//! follow from the time.

use gantry_wire::drbd::Counters;

use super::mirror::Mirror;
use crate::sim::chance::{mix, wander};
use crate::sim::instance::Instance;

/// The counts of both halves of all of an instance's disks together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tally {
    /// When they held, cluster's clock, ms.
    pub since: u64,
    /// On the primary's node.
    pub primary: Half,
    /// On the secondary's.
    pub secondary: Half,
}

/// One half's counts, KiB.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Half {
    /// Sent to the peer.
    pub sent: f64,
    /// Received from it.
    pub received: f64,
    /// Written to the disk.
    pub written: f64,
    /// Read from it.
    pub read: f64,
}

impl Half {
    fn plus(self, more: Half) -> Half {
        Half {
            sent: self.sent + more.sent,
            received: self.received + more.received,
            written: self.written + more.written,
            read: self.read + more.read,
        }
    }
}

impl Tally {
    /// That of a mirror that has been in use for a while.
    pub fn first(seed: u64, now: u64) -> Tally {
        let written = (mix(seed ^ 0x7461) % 90_000_000) as f64;
        Tally {
            since: now,
            primary: Half {
                sent: written,
                written,
                read: written * 1.7,
                received: 0.0,
            },
            secondary: Half {
                received: written,
                written,
                ..Half::default()
            },
        }
    }

    /// That of devices that are new.
    pub fn new(now: u64) -> Tally {
        Tally {
            since: now,
            primary: Half::default(),
            secondary: Half::default(),
        }
    }

    /// The counts at a moment, if nothing has changed since they were settled.
    pub fn at(&self, instance: &Instance, now: u64) -> Tally {
        let (from, to) = (self.since, now.max(self.since));
        let guest = (load(instance, to) - load(instance, from)) * 1024.0 * instance.write_rate();
        let mirror = &instance.mirror;
        let moved = mirror
            .going()
            .map_or(0.0, |it| (it.left(from) - it.left(to)) * 1024.0);
        let copied = if matches!(mirror, Mirror::Resync(_)) {
            moved
        } else {
            0.0
        };
        let over = if mirror.is_connected() { guest } else { 0.0 };
        let has_disk = !matches!(mirror, Mirror::Diskless { .. });
        Tally {
            since: now,
            primary: self.primary.plus(Half {
                sent: over + copied,
                received: 0.0,
                written: guest,
                read: guest * 1.7 + moved,
            }),
            secondary: self.secondary.plus(Half {
                sent: 0.0,
                received: over + copied,
                written: if has_disk { over + copied } else { 0.0 },
                read: moved - copied,
            }),
        }
    }
}

/// Seconds of average load up to a moment: now more, now less, and never back.
fn load(instance: &Instance, at: u64) -> f64 {
    const TIDE_S: f64 = 90.0;
    let seconds = at as f64 / 1000.0;
    let phase = (instance.seed % 628) as f64 / 100.0;
    let turn = std::f64::consts::TAU / TIDE_S;
    seconds + 0.7 / turn * (seconds * turn + phase).sin()
}

/// One disk's counters out of those of all disks of a half.
pub fn counters(half: &Half, share: f64, instance: &Instance, index: usize, now: u64) -> Counters {
    let part = |kib: f64| (kib * share) as u64;
    let busy = |salt: u64, most: f64| match instance.runs() || instance.mirror.going().is_some() {
        true => {
            let seed = instance.seed ^ mix(salt + 16 * index as u64);
            (wander(seed, now, 2_500).powi(4) * most) as u64
        }
        false => 0,
    };
    let copies = matches!(instance.mirror, Mirror::Resync(it) if it.rate > 0.0);
    let written = part(half.written);
    Counters {
        sent: part(half.sent),
        received: part(half.received),
        written,
        read: part(half.read),
        al: 8 + written / 3_000,
        bm: part(half.received + half.sent) / 400_000,
        lo: busy(1, 3.0) + u64::from(copies),
        pe: busy(2, 5.0) + if copies { 3 } else { 0 },
        ua: busy(3, 3.0),
        ap: busy(4, 4.0),
        ep: Some(1),
        wo: "f".to_owned(),
    }
}
