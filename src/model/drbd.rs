//! What the console itself saw of a node's DRBD devices over time: since when they are as they
//! are, how fast a resync goes, when it last moved, who was primary when.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use gantry_wire::drbd::{Device, Drbd};

use super::Time;
use super::history::History;
use super::time::Now;

/// Devices kept of one node, those with the lowest minors.
pub const KEPT: usize = 4_096;

/// Changes of role kept of one device.
const ROLES: usize = 16;

/// What was measured so long ago counts half, seconds.
const HALF_LIFE: f64 = 15.0;

/// A speed counts once it was measured over so many seconds.
const MEASURED: f64 = 3.0;

/// Two measures closer than this say nothing of a speed, milliseconds.
const TOO_CLOSE: u64 = 200;

/// An end farther away than this is no forecast, seconds.
const TOO_FAR: f64 = 30.0 * 86_400.0;

/// A change that the kernel's log told may have come this much before it was seen, seconds.
const LATE: f64 = 60.0;

/// When and by which clocks a node said something.
#[derive(Clone, Copy, Debug, Default)]
pub struct Moment {
    /// The console's clocks.
    pub now: Now,
    /// The node's monotonic clock, milliseconds.
    pub mono_ms: u64,
    /// How far the node's wall clock is ahead of the console's, seconds.
    pub clock_ahead: f64,
}

/// What was seen of all devices of one node, since it booted.
#[derive(Clone, Debug, Default)]
pub struct Courses {
    /// The beginning of a whole whose other pieces have not come.
    coming: Option<Drbd>,
    by_minor: BTreeMap<u32, Course>,
    /// The node told its devices before.
    told: bool,
    /// When the words or the role of any of them were seen to change last.
    pub changed: Option<Time>,
}

/// What was seen of one device over time.
#[derive(Clone, Debug, Default)]
pub struct Course {
    /// What the node said of it last; absent if it is gone.
    pub device: Option<Arc<Device>>,
    /// When it appeared; absent if it was there when the node first told.
    pub came: Option<Time>,
    connection: String,
    disk: String,
    peer_disk: String,
    /// When connection, disks or role were seen to change last; absent if they are as first seen.
    pub changed: Option<Time>,
    /// Since when they are as they are, seconds since the epoch by the console's clock: by the
    /// kernel's log, or else as seen; absent if neither says.
    pub since: Option<f64>,
    /// When it was last seen connected, seconds since the epoch by the console's clock.
    pub connected: Option<f64>,
    /// Its roles as they were seen, oldest first.
    pub roles: VecDeque<RoleSeen>,
    /// The resync or verify that was seen last, under way or over.
    pub resync: Option<Box<Resync>>,
    /// When a resync was last seen to end well, seconds since the epoch by the console's clock.
    pub ended: Option<f64>,
}

/// A role that a device was seen in.
#[derive(Clone, Debug, PartialEq)]
pub struct RoleSeen {
    /// `Primary`, `Secondary`.
    pub role: String,
    /// Since when, seconds since the epoch by the console's clock; absent if it was so when first
    /// seen.
    pub since: Option<f64>,
}

/// How a resync or a verify went.
#[derive(Clone, Debug, Default)]
pub struct Resync {
    /// When it last got on, or began or was let go on.
    pub moved: Time,
    /// When it will be done at the present speed: moved only when the forecast changes much.
    pub ends: Option<Time>,
    /// All that there was to do, KiB, as far as it was told.
    pub total_kib: Option<u64>,
    /// KiB a second over the last hour.
    pub past: History,
    pace: Pace,
    /// The node's clock and what was left then, KiB.
    mark: Option<(u64, u64)>,
}

/// A speed that forgets: an exponential mean over time, exact from the first measure on as the
/// weight of what was never measured is taken out again.
#[derive(Clone, Copy, Debug, Default)]
struct Pace {
    sum: f64,
    weight: f64,
    seconds: f64,
}

impl Pace {
    fn add(&mut self, amount: f64, seconds: f64) {
        let keep = 0.5_f64.powf(seconds / HALF_LIFE);
        self.sum = self.sum * keep + amount / seconds * (1.0 - keep);
        self.weight = self.weight * keep + (1.0 - keep);
        self.seconds += seconds;
    }

    fn value(&self) -> Option<f64> {
        (self.seconds >= MEASURED && self.weight > 0.0).then(|| self.sum / self.weight)
    }
}

impl Courses {
    /// What was seen of a device.
    pub fn get(&self, minor: u32) -> Option<&Course> {
        self.by_minor.get(&minor)
    }

    /// What of a node's news can be taken: a whole once all of its pieces came, and a change of what
    /// is `known`.
    pub(super) fn complete(&mut self, news: Drbd, known: bool) -> Option<Drbd> {
        let all = match self.coming.take() {
            Some(mut coming) if !news.whole => {
                coming.absorb(news);
                coming
            }
            _ if news.whole || known => news,
            _ => return None,
        };
        // Nobody has so many; what came of them is taken.
        if all.whole && all.more && all.devices.len() <= 16 * KEPT {
            self.coming = Some(all);
            return None;
        }
        Some(all)
    }

    /// Another agent begins anew.
    pub(super) fn greeted(&mut self) {
        self.coming = None;
    }

    /// Takes what a node said; says whether more than counters of traffic is not as it was.
    pub(super) fn told(&mut self, news: &Drbd, moment: Moment) -> bool {
        let mut differs = false;
        if news.whole {
            let told: std::collections::HashSet<u32> =
                news.devices.iter().map(|device| device.minor).collect();
            for (minor, course) in &mut self.by_minor {
                if !told.contains(minor) {
                    differs |= course.gone(moment);
                }
            }
        }
        for minor in &news.gone {
            if let Some(course) = self.by_minor.get_mut(minor) {
                differs |= course.gone(moment);
            }
        }
        if self.by_minor.len() + news.devices.len() > KEPT {
            // Those that are gone make room first, then the highest.
            self.by_minor
                .retain(|_, course| !course.connection.is_empty());
        }
        for device in &news.devices {
            if !self.by_minor.contains_key(&device.minor) && self.by_minor.len() >= KEPT {
                let highest = self.by_minor.last_key_value().map(|(minor, _)| *minor);
                if highest < Some(device.minor) {
                    continue;
                }
                self.by_minor.pop_last();
            }
            let course = self.by_minor.entry(device.minor).or_default();
            if course.connection.is_empty() {
                course.came = self.told.then_some(moment.now.at);
            }
            differs |= course.told(device, moment);
        }
        self.told = true;
        let changed = self.by_minor.values().filter_map(|course| course.changed);
        self.changed = changed.max();
        differs
    }
}

impl Course {
    fn told(&mut self, device: &Device, moment: Moment) -> bool {
        let differs = self.renew(device);
        let first = self.connection.is_empty() && self.changed.is_none();
        let same = self.connection == device.connection
            && self.disk == device.disk
            && self.peer_disk == device.peer_disk;
        if !same && !first {
            self.changed = Some(moment.now.at);
            self.since = Some(moment.now.wall);
        }
        // The log may come to be read after the change was seen.
        if let Some(logged) = device.changed_at.map(|at| at - moment.clock_ahead)
            && logged <= moment.now.wall + LATE
            && self.since.is_none_or(|seen| logged >= seen - LATE)
        {
            self.since = Some(logged.min(moment.now.wall));
        }
        if connected(&device.connection) {
            self.connected = Some(moment.now.wall);
        }
        self.in_role(&device.role, first, moment);
        self.follow(device, moment);
        if !same {
            self.connection.clone_from(&device.connection);
            self.disk.clone_from(&device.disk);
            self.peer_disk.clone_from(&device.peer_disk);
        }
        differs
    }

    /// Keeps what was said if it is news; says whether it is more than counters of traffic.
    fn renew(&mut self, device: &Device) -> bool {
        let Some(kept) = &self.device else {
            self.device = Some(Arc::new(device.clone()));
            return true;
        };
        if **kept == *device {
            return false;
        }
        let mut but_counters = device.clone();
        but_counters.counters.clone_from(&kept.counters);
        let differs = **kept != but_counters;
        but_counters.counters.clone_from(&device.counters);
        self.device = Some(Arc::new(but_counters));
        differs
    }

    /// The device is there no more; says whether it was until now.
    fn gone(&mut self, moment: Moment) -> bool {
        let was = self.device.take().is_some();
        if self.connection.is_empty() {
            return was;
        }
        self.connection.clear();
        self.disk.clear();
        self.peer_disk.clear();
        self.changed = Some(moment.now.at);
        self.since = Some(moment.now.wall);
        was
    }

    fn in_role(&mut self, role: &str, first: bool, moment: Moment) {
        if role.is_empty() || self.roles.back().is_some_and(|last| last.role == role) {
            return;
        }
        if !first {
            self.changed = Some(moment.now.at);
        }
        if self.roles.len() >= ROLES {
            self.roles.pop_front();
        }
        self.roles.push_back(RoleSeen {
            role: role.to_owned(),
            since: (!first).then_some(moment.now.wall),
        });
    }

    /// Follows a resync or a verify.
    fn follow(&mut self, device: &Device, moment: Moment) {
        let now = moment.now.at;
        if !under_way(&device.connection) {
            let was_resync = under_way(&self.connection) && !verifies(&self.connection);
            if was_resync && device.connection == "Connected" && device.disk == "UpToDate" {
                self.ended = Some(moment.now.wall);
            }
            if let Some(resync) = &mut self.resync {
                resync.rest();
            }
            return;
        }
        let goes_on = under_way(&self.connection)
            && verifies(&self.connection) == verifies(&device.connection);
        let resync = self.resync.get_or_insert_default();
        if !goes_on {
            resync.rest();
            resync.total_kib = None;
        }
        if self.connection != device.connection {
            resync.mark = None;
            resync.moved = now;
        }
        if let Some(total) = device.progress.as_ref().map(|progress| progress.total_kib)
            && total > 0
        {
            resync.total_kib = Some(total);
        }
        if let Some(left) = left_kib(device) {
            resync.measure(left, moment);
        }
    }
}

impl Resync {
    /// Its speed, KiB a second, smoothed; absent until it was measured for some seconds.
    pub fn speed_kib(&self) -> Option<f64> {
        self.pace.value()
    }

    /// It is over: what was measured says nothing of the next one.
    fn rest(&mut self) {
        self.pace = Pace::default();
        self.mark = None;
        self.ends = None;
    }

    fn measure(&mut self, left: u64, moment: Moment) {
        let now = moment.now.at;
        let Some((then, before)) = self.mark else {
            self.mark = Some((moment.mono_ms, left));
            return;
        };
        let passed = moment.mono_ms.saturating_sub(then);
        if passed < TOO_CLOSE && moment.mono_ms >= then && left <= before {
            return;
        }
        self.mark = Some((moment.mono_ms, left));
        if left > before || passed == 0 {
            // New writes were noted, or the clock began anew: no measure of a speed.
            return;
        }
        let (done, seconds) = ((before - left) as f64, passed as f64 / 1e3);
        if left < before {
            self.moved = now;
        }
        self.pace.add(done, seconds);
        self.past.push(now, (done / seconds) as f32);
        self.forecast(left, now);
    }

    /// A forecast stays until another one is clearly different.
    fn forecast(&mut self, left: u64, now: Time) {
        let seconds = self.pace.value().map(|speed| left as f64 / speed);
        let Some(seconds) = seconds.filter(|seconds| *seconds < TOO_FAR) else {
            self.ends = None;
            return;
        };
        let ends = now.plus((seconds * 1e3) as u64);
        let off = self
            .ends
            .map(|held| ends.since(held).max(held.since(ends)) as f64 / 1e3);
        if off.is_none_or(|off| off > (seconds / 10.0).max(3.0)) {
            self.ends = Some(ends);
        }
    }
}

/// What is left of a resync or a verify, KiB. What differs is counted exactly, what is printed of
/// the progress may be rounded to MiB; a verify finds differences and goes on.
pub fn left_kib(device: &Device) -> Option<u64> {
    let printed = device
        .progress
        .as_ref()
        .filter(|progress| progress.total_kib > 0)
        .map(|progress| progress.left_kib);
    if verifies(&device.connection) {
        return printed;
    }
    device.oos_kib.or(printed)
}

/// The ends talk to each other, by the word of one of them.
pub fn connected(connection: &str) -> bool {
    under_way(connection)
        || matches!(
            connection,
            "Connected"
                | "Ahead"
                | "Behind"
                | "StartingSyncS"
                | "StartingSyncT"
                | "WFBitMapS"
                | "WFBitMapT"
                | "WFSyncUUID"
        )
}

/// A resync or a verify is under way, moving or not.
pub fn under_way(connection: &str) -> bool {
    verifies(connection)
        || matches!(
            connection,
            "SyncSource" | "SyncTarget" | "PausedSyncS" | "PausedSyncT"
        )
}

/// A verify is under way.
pub fn verifies(connection: &str) -> bool {
    matches!(connection, "VerifyS" | "VerifyT")
}
