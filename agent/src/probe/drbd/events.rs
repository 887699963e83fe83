//! `drbdsetup events2`: what exists, and then each change as it happens. DRBD 8.4's tools print it
//! as version 9 does, with one peer that is called `peer`.
//!
//! A line is `[TIME] VERB OBJECT key:value...`; `exists -` ends what there was at the start.

use std::collections::{BTreeMap, BTreeSet};

use gantry_wire::drbd::{Device, Progress};

use super::{Seen, Unread};

/// All that was told so far.
#[derive(Debug)]
pub struct Events {
    resources: BTreeMap<String, Resource>,
    /// All that existed at the start was told.
    complete: bool,
    /// It said that it left something out.
    skipped: bool,
    /// How often something was set up otherwise since then.
    set_up: u64,
    /// Minors of devices that were made or destroyed since it was asked last.
    made: BTreeSet<u32>,
    lines: usize,
    unread: Unread,
}

type Fields = BTreeMap<String, String>;

#[derive(Debug, Default)]
struct Resource {
    fields: Fields,
    /// By volume number.
    devices: BTreeMap<String, Fields>,
    /// By the peer's node id, or by the connection's name where there is none.
    connections: BTreeMap<String, Connection>,
}

#[derive(Debug, Default)]
struct Connection {
    fields: Fields,
    /// The peer's devices by volume number.
    devices: BTreeMap<String, Fields>,
}

impl Events {
    /// Nothing yet of `file`, as it is called where a line could not be read.
    pub fn new(file: &str) -> Events {
        Events {
            resources: BTreeMap::new(),
            complete: false,
            skipped: false,
            set_up: 0,
            made: BTreeSet::new(),
            lines: 0,
            unread: Unread::new(file),
        }
    }

    /// Whether all that existed at the start was told.
    pub fn complete(&self) -> bool {
        self.complete
    }

    /// Whether something was left out, as too much happened at once.
    pub fn skipped(&self) -> bool {
        self.skipped
    }

    /// Counts up when something was set up otherwise: made, destroyed, attached, detached, connected
    /// elsewhere.
    pub fn set_up(&self) -> u64 {
        self.set_up
    }

    /// Minors of devices that were made or destroyed since the call before.
    pub fn take_made(&mut self) -> BTreeSet<u32> {
        std::mem::take(&mut self.made)
    }

    /// Takes one line.
    pub fn line(&mut self, line: &str) {
        self.lines = self.lines.saturating_add(1);
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return;
        }
        if self.take(line).is_none() {
            let why = format!("not understood: {line}");
            self.unread.line(self.lines, &why);
        }
    }

    /// `None` if it is not understood.
    fn take(&mut self, line: &str) -> Option<()> {
        let mut words = line.split_whitespace().peekable();
        // A time stands before the verb if it was asked for; the first tools had a number there.
        words.next_if(|word| word.starts_with(|c: char| c.is_ascii_digit()));
        let verb = words.next()?;
        let object = words.next()?;
        match verb {
            "exists" | "create" | "change" | "destroy" => {}
            // Programs that are run, and names that nobody shows.
            "call" | "response" | "rename" => return Some(()),
            // `- skipped N`: too much happened at once.
            "-" => {
                self.skipped = true;
                return Some(());
            }
            _ => return None,
        }
        if object == "-" {
            self.complete = true;
            return Some(());
        }
        let fields: Fields = words
            .filter_map(|word| word.split_once(':'))
            .map(|(key, value)| {
                // With `--diff` the value before stands before the one now.
                let now = value.rsplit_once("->").map_or(value, |(_, now)| now);
                (key.to_owned(), now.to_owned())
            })
            .collect();
        if self.complete {
            self.note(matches!(verb, "create" | "destroy"), object, &fields);
        }
        self.apply(verb == "destroy", object, fields)
    }

    /// Notes what changes more than a state.
    fn note(&mut self, makes: bool, object: &str, fields: &Fields) {
        let says = |key: &str, words: &[&str]| {
            let word = fields.get(key);
            word.is_some_and(|word| words.contains(&word.as_str()))
        };
        if makes && object == "device" {
            self.made.extend(number::<u32>(fields, "minor"));
        }
        let otherwise = makes
            || object == "path"
            || object == "connection" && says("connection", &["StandAlone", "Unconnected"])
            || object == "device" && says("disk", &["Diskless", "Attaching", "Detaching"]);
        self.set_up = self.set_up.saturating_add(u64::from(otherwise));
    }

    fn apply(&mut self, destroy: bool, object: &str, fields: Fields) -> Option<()> {
        if object == "path" || object == "helper" {
            return Some(());
        }
        let name = fields.get("name")?.clone();
        if destroy && object == "resource" {
            self.resources.remove(&name);
            return Some(());
        }
        if destroy && !self.resources.contains_key(&name) {
            return Some(());
        }
        let resource = self.resources.entry(name).or_default();
        let volume = || fields.get("volume").cloned();
        let peer = || {
            let keys = ["peer-node-id", "conn-name", "peer"];
            keys.iter().find_map(|key| fields.get(*key)).cloned()
        };
        match (object, destroy) {
            ("resource", _) => resource.fields.extend(fields),
            ("device", true) => drop(resource.devices.remove(&volume()?)),
            ("device", false) => resource
                .devices
                .entry(volume()?)
                .or_default()
                .extend(fields),
            ("connection", true) => drop(resource.connections.remove(&peer()?)),
            ("connection", false) => {
                let connection = resource.connections.entry(peer()?).or_default();
                connection.fields.extend(fields);
            }
            ("peer-device", true) => {
                let connection = resource.connections.get_mut(&peer()?);
                let volume = volume()?;
                if let Some(connection) = connection {
                    connection.devices.remove(&volume);
                }
            }
            ("peer-device", false) => {
                let connection = resource.connections.entry(peer()?).or_default();
                let device = connection.devices.entry(volume()?).or_default();
                if fields.contains_key("replication") {
                    // These are printed only while it is under way.
                    for key in ["done", "eta", "dbdt1"] {
                        device.remove(key);
                    }
                }
                device.extend(fields);
            }
            _ => return None,
        }
        Some(())
    }

    /// The devices as they are now.
    pub fn seen(&self) -> Seen {
        let mut devices: Vec<Device> = self.resources.values().flat_map(devices).collect();
        devices.sort_by_key(|device| device.minor);
        devices.dedup_by_key(|device| device.minor);
        Seen {
            version: String::new(),
            devices,
            unread: self.unread.lines(),
        }
    }
}

/// Reads a whole text.
pub fn parse(text: &str, file: &str) -> Events {
    let mut events = Events::new(file);
    for line in text.lines() {
        events.line(line);
    }
    events
}

fn devices(resource: &Resource) -> impl Iterator<Item = Device> {
    resource.devices.iter().filter_map(|(volume, fields)| {
        let mut device = Device {
            minor: number(fields, "minor")?,
            role: text(&resource.fields, "role"),
            disk: text(fields, "disk"),
            io_suspended: !matches!(text(&resource.fields, "suspended").as_str(), "" | "no"),
            ..Device::default()
        };
        let counters = &mut device.counters;
        counters.read = number(fields, "read").unwrap_or(0);
        counters.written = number(fields, "written").unwrap_or(0);
        counters.al = number(fields, "al-writes").unwrap_or(0);
        counters.bm = number(fields, "bm-writes").unwrap_or(0);
        counters.ap = number(fields, "upper-pending").unwrap_or(0);
        counters.lo = number(fields, "lower-pending").unwrap_or(0);
        let order = text(&resource.fields, "write-ordering");
        counters.wo = order.chars().take(1).collect();
        // Of several peers the one that is worst off is shown, and named.
        let worst = resource
            .connections
            .values()
            .max_by_key(|connection| trouble(connection, volume));
        match worst {
            Some(connection) => peer(&mut device, connection, volume),
            None => {
                device.connection = "StandAlone".into();
                device.peer_role = "Unknown".into();
                device.peer_disk = "DUnknown".into();
            }
        }
        Some(device)
    })
}

fn peer(device: &mut Device, connection: &Connection, volume: &str) {
    let none = Fields::new();
    let fields = connection.devices.get(volume).unwrap_or(&none);
    let name = text(&connection.fields, "conn-name");
    // Version 8.4 knows no name.
    if name != "peer" {
        device.peer = name;
    }
    device.connection = word(connection, fields);
    device.peer_role = text(&connection.fields, "role");
    device.peer_disk = peer_disk(fields);
    device.oos_kib = number(fields, "out-of-sync");
    device.paused_by = text(fields, "resync-suspended")
        .split(',')
        .filter(|cause| !matches!(*cause, "" | "no"))
        .map(str::to_owned)
        .collect();
    let counters = &mut device.counters;
    counters.sent = number(fields, "sent").unwrap_or(0);
    counters.received = number(fields, "received").unwrap_or(0);
    counters.pe = number(fields, "pending").unwrap_or(0);
    counters.ua = number(fields, "unacked").unwrap_or(0);
    let percent = text(fields, "done").parse().ok();
    device.progress = percent
        .filter(|percent: &f64| percent.is_finite())
        .map(|percent| Progress {
            verify: device.connection.starts_with("Verify"),
            percent: percent.clamp(0.0, 100.0),
            left_kib: device.oos_kib.unwrap_or(0),
            eta_s: number(fields, "eta"),
            // Printed in MiB a second.
            speed_kib: text(fields, "dbdt1")
                .parse::<f64>()
                .ok()
                .map(|mib| (mib * 1024.0).round() as u64),
            ..Progress::default()
        });
}

/// One word for connection and replication, as version 8 has it.
fn word(connection: &Connection, fields: &Fields) -> String {
    let state = text(&connection.fields, "connection");
    let replication = text(fields, "replication");
    match (state.as_str(), replication.as_str()) {
        ("Connected", "Established" | "Off" | "") => state,
        ("Connected", _) => replication,
        _ => state,
    }
}

/// How bad it is about a peer's half; more is worse.
fn trouble(connection: &Connection, volume: &str) -> u8 {
    let none = Fields::new();
    let fields = connection.devices.get(volume).unwrap_or(&none);
    let state = word(connection, fields);
    let disk = peer_disk(fields);
    match (state.as_str(), disk.as_str()) {
        ("Connected", "UpToDate") => 0,
        ("Connected", _) => 1,
        ("StandAlone", _) => 4,
        _ if text(&connection.fields, "connection") == "Connected" => 2,
        _ => 3,
    }
}

/// The peer's disk, which the first tools called as they do one's own.
fn peer_disk(fields: &Fields) -> String {
    let words = fields.get("peer-disk").or(fields.get("disk"));
    words.cloned().unwrap_or_default()
}

fn text(fields: &Fields, key: &str) -> String {
    fields.get(key).cloned().unwrap_or_default()
}

fn number<T: std::str::FromStr>(fields: &Fields, key: &str) -> Option<T> {
    fields.get(key)?.parse().ok()
}

#[cfg(test)]
#[path = "events_tests.rs"]
mod tests;
