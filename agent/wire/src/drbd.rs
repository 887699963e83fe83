//! DRBD as a node's kernel has it, and whose devices they are.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde::{Deserialize, Serialize};

/// The DRBD devices of one node: all of them, or those that changed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Drbd {
    /// All devices are listed, and what was told before is void; otherwise those that changed.
    pub whole: bool,
    /// More devices of this whole follow in the next news: none that is not listed is gone yet.
    #[serde(skip_serializing_if = "is_default")]
    pub more: bool,
    /// The kernel module's version (`8.4.11`); empty if none is loaded.
    pub version: String,
    /// Changes are told as they happen (`drbdsetup events2` runs), not with the next sample.
    pub pushed: bool,
    /// Devices by minor, ascending.
    pub devices: Vec<Device>,
    /// Minors that are gone.
    pub gone: Vec<u32>,
    /// Lines that could not be read: where, and why.
    pub unread: Vec<String>,
}

impl Drbd {
    /// Folds newer news in, so that both together say what the two said one after the other.
    pub fn absorb(&mut self, newer: Drbd) {
        if newer.whole {
            *self = newer;
            // As it should be, but it comes from elsewhere.
            self.devices.sort_by_key(|device| device.minor);
            self.devices.dedup_by_key(|device| device.minor);
            return;
        }
        self.more = newer.more;
        self.version = newer.version;
        self.pushed = newer.pushed;
        self.unread = newer.unread;
        // One pass whatever the peer sends: what is gone, then what is there, the later word counts.
        let gone: HashSet<u32> = newer.gone.into_iter().collect();
        let old = std::mem::take(&mut self.devices).into_iter();
        let kept = old.filter(|device| !gone.contains(&device.minor));
        let mut devices: BTreeMap<u32, Device> = kept.map(|it| (it.minor, it)).collect();
        devices.extend(newer.devices.into_iter().map(|it| (it.minor, it)));
        if !self.whole {
            let all: BTreeSet<u32> = self.gone.drain(..).chain(gone).collect();
            let away = all.into_iter().filter(|it| !devices.contains_key(it));
            self.gone = away.collect();
        }
        self.devices = devices.into_values().collect();
    }

    /// A device by its minor.
    pub fn device(&self, minor: u32) -> Option<&Device> {
        let at = self
            .devices
            .binary_search_by_key(&minor, |device| device.minor);
        at.ok().map(|at| &self.devices[at])
    }
}

/// Whether a field has nothing to say: readers take that for one which is absent.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// One device: one half of a replicated disk. State words are DRBD's own; an empty one was not
/// said. Of a cluster's thousands most are well and have little to say, so that only that is sent:
///
/// ```text
/// {"minor":0,"connection":"Connected","role":"Primary","peer_role":"Secondary","disk":"UpToDate",
///  "peer_disk":"UpToDate","protocol":"C","flags":"r-----","oos_kib":0,
///  "counters":{"sent":2048,"written":2048,"read":412,"al":4,"ep":1,"wo":"f"},
///  "instance":"web1.example.com","disk_index":0,"peer":"node2.example.com"}
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Device {
    /// Minor number on this node.
    pub minor: u32,
    /// Connection and replication state (`cs:`): `Connected`, `StandAlone`, `SyncSource`, ...;
    /// `Unconfigured` for a minor that is free.
    #[serde(skip_serializing_if = "is_default")]
    pub connection: String,
    /// This node's role: `Primary`, `Secondary`, `Unknown`.
    #[serde(skip_serializing_if = "is_default")]
    pub role: String,
    /// The peer's role, as this node last heard.
    #[serde(skip_serializing_if = "is_default")]
    pub peer_role: String,
    /// State of this node's disk: `UpToDate`, `Inconsistent`, `Diskless`, ...
    #[serde(skip_serializing_if = "is_default")]
    pub disk: String,
    /// State of the peer's disk, as this node last heard.
    #[serde(skip_serializing_if = "is_default")]
    pub peer_disk: String,
    /// Replication protocol: `A`, `B`, `C`; empty while StandAlone.
    #[serde(skip_serializing_if = "is_default")]
    pub protocol: String,
    /// The flags as printed, such as `r--u--`.
    #[serde(skip_serializing_if = "is_default")]
    pub flags: String,
    /// What holds a resync back, of `dependency`, `peer` and `user`.
    #[serde(skip_serializing_if = "is_default")]
    pub paused_by: Vec<String>,
    /// Input and output are held back (flag `s`): for whoever uses the device it hangs.
    #[serde(skip_serializing_if = "is_default")]
    pub io_suspended: bool,
    /// How far a resync or a verify is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
    /// What differs from the peer, KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oos_kib: Option<u64>,
    /// Counters. Told with every other change, and by themselves every 10 s.
    #[serde(skip_serializing_if = "is_default")]
    pub counters: Counters,
    /// This end's data generations, while it is not connected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generation: Option<Generation>,
    /// The peer's when the two last met, by the kernel's log, while it is not connected. Its flags
    /// are not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer_generation: Option<Generation>,
    /// When connection or disk last changed by the kernel's log, seconds since the epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<f64>,
    /// When the kernel's log last told of a split brain of this device, seconds since the epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split_brain_at: Option<f64>,
    /// Its instance, empty if that is not known on this node.
    #[serde(skip_serializing_if = "is_default")]
    pub instance: String,
    /// Which of the instance's disks it is, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disk_index: Option<u32>,
    /// The node with the other half, by name if known, else by address; empty if not known.
    #[serde(skip_serializing_if = "is_default")]
    pub peer: String,
    /// The device below it with the data (`/dev/xenvg/...disk0_data`).
    #[serde(skip_serializing_if = "is_default")]
    pub data_dev: String,
    /// The device below it with the metadata.
    #[serde(skip_serializing_if = "is_default")]
    pub meta_dev: String,
    /// Port of its connection, 0 if not known.
    #[serde(skip_serializing_if = "is_default")]
    pub port: u16,
    /// Resync rate that was set, KiB a second; 0 if not known.
    #[serde(skip_serializing_if = "is_default")]
    pub rate_kib: u64,
}

/// How far a resync or a verify is, as the kernel prints it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// A verify and not a resync.
    #[serde(skip_serializing_if = "is_default")]
    pub verify: bool,
    /// Percent done.
    pub percent: f64,
    /// Left to do, KiB; 0 if not printed.
    #[serde(skip_serializing_if = "is_default")]
    pub left_kib: u64,
    /// All that there was to do, KiB; 0 if not printed.
    #[serde(skip_serializing_if = "is_default")]
    pub total_kib: u64,
    /// Seconds until the end at the present speed; absent if not printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eta_s: Option<u64>,
    /// Speed now, KiB a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speed_kib: Option<u64>,
    /// Mean speed since the start, KiB a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean_kib: Option<u64>,
    /// Speed that the controller aims at, KiB a second (targets only).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub want_kib: Option<u64>,
    /// The kernel itself calls it stalled.
    #[serde(skip_serializing_if = "is_default")]
    pub stalled: bool,
}

/// The counters of `/proc/drbd`. Sizes in KiB; since the device was set up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counters {
    /// `ns`: sent to the peer.
    #[serde(skip_serializing_if = "is_default")]
    pub sent: u64,
    /// `nr`: received from the peer.
    #[serde(skip_serializing_if = "is_default")]
    pub received: u64,
    /// `dw`: written to the disk.
    #[serde(skip_serializing_if = "is_default")]
    pub written: u64,
    /// `dr`: read from the disk.
    #[serde(skip_serializing_if = "is_default")]
    pub read: u64,
    /// `al`: updates of the activity log.
    #[serde(skip_serializing_if = "is_default")]
    pub al: u64,
    /// `bm`: updates of the bitmap.
    #[serde(skip_serializing_if = "is_default")]
    pub bm: u64,
    /// `lo`: requests open to the disk.
    #[serde(skip_serializing_if = "is_default")]
    pub lo: u64,
    /// `pe`: requests sent that the peer has not answered.
    #[serde(skip_serializing_if = "is_default")]
    pub pe: u64,
    /// `ua`: requests received and not yet acknowledged.
    #[serde(skip_serializing_if = "is_default")]
    pub ua: u64,
    /// `ap`: requests of the device's user that are not done.
    #[serde(skip_serializing_if = "is_default")]
    pub ap: u64,
    /// `ep`: epochs, from 8.3 on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ep: Option<u64>,
    /// `wo`: write order, `b`, `f`, `d` or `n`; empty if not printed.
    #[serde(skip_serializing_if = "is_default")]
    pub wo: String,
}

/// A device's data generations, as `drbdsetup get-gi` prints them: hexadecimal, 0 for none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Generation {
    /// The current one; its lowest bit is set on a primary.
    pub current: String,
    /// That since which blocks are noted as out of sync.
    #[serde(skip_serializing_if = "is_default")]
    pub bitmap: String,
    /// Older ones.
    #[serde(skip_serializing_if = "is_default")]
    pub history: Vec<String>,
    /// Flags that are set, of `consistent`, `was-up-to-date`, `primary`, `crashed-primary`,
    /// `connected`, `full-sync`, `peer-outdated`.
    #[serde(skip_serializing_if = "is_default")]
    pub flags: Vec<String>,
}

/// One device in a list for scripts: of `gantry drbd --json` and `gantry-agent snapshot --json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The node that says so.
    pub node: String,
    /// Minor number there.
    pub minor: u32,
    /// Connection and replication state.
    pub connection: Option<String>,
    /// Its role.
    pub role: Option<String>,
    /// The peer's role.
    pub peer_role: Option<String>,
    /// State of its disk.
    pub disk: Option<String>,
    /// State of the peer's disk.
    pub peer_disk: Option<String>,
    /// Percent of a resync or a verify that is done.
    pub percent: Option<f64>,
    /// Its speed now, KiB a second.
    pub speed_kib: Option<u64>,
    /// Seconds until its end.
    pub eta_s: Option<u64>,
    /// What differs from the peer, KiB.
    pub oos_kib: Option<u64>,
    /// The flags as printed.
    pub flags: Option<String>,
    /// Its instance.
    pub instance: Option<String>,
    /// Which of the instance's disks.
    pub disk_index: Option<u32>,
    /// The node with the other half.
    pub peer: Option<String>,
}

impl Row {
    /// The row of a device of `node`.
    pub fn new(node: &str, device: &Device) -> Row {
        let said = |word: &String| (!word.is_empty()).then(|| word.clone());
        let progress = device.progress.as_ref();
        Row {
            node: node.to_owned(),
            minor: device.minor,
            connection: said(&device.connection),
            role: said(&device.role),
            peer_role: said(&device.peer_role),
            disk: said(&device.disk),
            peer_disk: said(&device.peer_disk),
            percent: progress.map(|progress| progress.percent),
            speed_kib: progress.and_then(|progress| progress.speed_kib),
            eta_s: progress.and_then(|progress| progress.eta_s),
            oos_kib: device.oos_kib,
            flags: said(&device.flags),
            instance: said(&device.instance),
            disk_index: device.disk_index,
            peer: said(&device.peer),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn device(minor: u32, oos: u64) -> Device {
        Device {
            minor,
            oos_kib: Some(oos),
            ..Device::default()
        }
    }

    prop_compose! {
        fn news()(
            whole in any::<bool>(),
            more in any::<bool>(),
            told in proptest::collection::btree_map(0_u32..6, 0_u64..9, 0..5),
            gone in proptest::collection::btree_set(0_u32..6, 0..3),
        ) -> Drbd {
            Drbd {
                whole,
                more,
                gone: if whole { Vec::new() } else {
                    gone.into_iter().filter(|minor| !told.contains_key(minor)).collect()
                },
                devices: told.into_iter().map(|(minor, oos)| device(minor, oos)).collect(),
                ..Drbd::default()
            }
        }
    }

    prop_compose! {
        fn progress()(
            verify in any::<bool>(),
            stalled in any::<bool>(),
            tenths in 0..=1000_u32,
            kib in 0..3_u64,
            eta_s in proptest::option::of(0..3_u64),
        ) -> Progress {
            Progress {
                verify,
                percent: f64::from(tenths) / 10.0,
                left_kib: kib,
                total_kib: kib * 2,
                eta_s,
                speed_kib: eta_s,
                mean_kib: eta_s.map(|n| n * 3),
                want_kib: eta_s.filter(|n| n % 2 == 0),
                stalled,
            }
        }
    }

    prop_compose! {
        fn counters()(n in proptest::array::uniform10(0..3_u64), ep in proptest::option::of(0..2_u64), wo in "[bf]?") -> Counters {
            let [sent, received, written, read, al, bm, lo, pe, ua, ap] = n;
            Counters { sent, received, written, read, al, bm, lo, pe, ua, ap, ep, wo }
        }
    }

    prop_compose! {
        fn generation()(words in proptest::array::uniform2("[0-9A-F]{0,2}"), lists in proptest::array::uniform2(words())) -> Generation {
            let [current, bitmap] = words;
            let [history, flags] = lists;
            Generation { current, bitmap, history, flags }
        }
    }

    fn words() -> impl Strategy<Value = Vec<String>> {
        proptest::collection::vec("[a-z]?", 0..3)
    }

    prop_compose! {
        /// A device with any of its fields empty.
        fn any_device()(
            minor in 0..3_u32,
            words in proptest::array::uniform11("[A-Za-z\"\u{e9}]{0,2}"),
            paused_by in words(),
            io_suspended in any::<bool>(),
            progress in proptest::option::of(progress()),
            counters in counters(),
            generations in proptest::array::uniform2(proptest::option::of(generation())),
            times_ms in proptest::array::uniform2(proptest::option::of(0..4_000_000_000_000_u64)),
            numbers in proptest::array::uniform2(proptest::option::of(0..3_u32)),
            port in 0..3_u16,
            rate_kib in 0..3_u64,
        ) -> Device {
            let [connection, role, peer_role, disk, peer_disk, protocol, flags, instance, peer, data_dev, meta_dev] = words;
            let [generation, peer_generation] = generations;
            let [changed_at, split_brain_at] = times_ms.map(|ms| ms.map(|ms| ms as f64 / 1000.0));
            let [disk_index, oos] = numbers;
            Device {
                minor, connection, role, peer_role, disk, peer_disk, protocol, flags, paused_by,
                io_suspended, progress, oos_kib: oos.map(u64::from), counters, generation,
                peer_generation, changed_at, split_brain_at, instance, disk_index, peer, data_dev,
                meta_dev, port, rate_kib,
            }
        }
    }

    proptest! {
        #[test]
        fn a_device_is_the_same_after_its_way(device in any_device()) {
            let text = serde_json::to_string(&device).unwrap();
            prop_assert_eq!(serde_json::from_str::<Device>(&text).unwrap(), device);
        }

        /// What waits for a slow console says the same as if it had been taken piece by piece.
        #[test]
        fn news_folded_first_say_the_same(first in news(), second in news(), third in news()) {
            let mut one_by_one = Drbd { whole: true, ..Drbd::default() };
            one_by_one.absorb(first.clone());
            let mut at_once = one_by_one.clone();
            one_by_one.absorb(second.clone());
            one_by_one.absorb(third.clone());
            let mut folded = second;
            folded.absorb(third);
            at_once.absorb(folded);
            prop_assert_eq!(&one_by_one.devices, &at_once.devices);
            prop_assert_eq!(one_by_one.more, at_once.more);
        }
    }

    #[test]
    fn what_has_nothing_to_say_is_not_sent() {
        let text = serde_json::to_string(&device(3, 0)).unwrap();
        assert_eq!(text, r#"{"minor":3,"oos_kib":0}"#);
    }

    #[test]
    fn a_row_says_null_for_what_was_not_said() {
        let row = Row::new("node1", &device(3, 7));
        let json = serde_json::to_value(&row).unwrap();
        assert_eq!(json["oos_kib"], 7);
        assert!(json["peer"].is_null() && json["percent"].is_null());
    }
}
