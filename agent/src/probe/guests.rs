//! Instances found running here: those of KVM, by their processes. Their QMP and monitor sockets
//! serve one client at a time, which is Ganeti: they are never opened.

use std::collections::{HashMap, HashSet};

use gantry_wire::guest::{Guest, Guests};

use super::net::Traffic;
use super::process;
use crate::place::{Place, Unread, text};
use crate::rate::{elapsed_ms, per_second};
use crate::session::Moment;

/// The hypervisor that is read here, in Ganeti's word.
pub const KVM: &str = "kvm";

/// The machine's own measures, which processes are measured with.
#[derive(Clone, Copy, Debug)]
pub struct Units {
    /// Clock ticks a second.
    pub ticks: u64,
    /// Bytes of a page.
    pub page: u64,
}

impl Units {
    /// As this machine has them.
    pub fn of_this_machine() -> Units {
        Units {
            ticks: rustix::param::clock_ticks_per_second().max(1),
            page: rustix::param::page_size() as u64,
        }
    }
}

/// Remembers the guests and the counters of the reading before.
#[derive(Debug, Default)]
pub struct Probe {
    before: Option<Moment>,
    known: HashMap<String, Known>,
}

/// What does not change while a guest lives, and its counters when they were read last.
#[derive(Debug)]
struct Known {
    pid: u32,
    start: u64,
    given: Given,
    taps: Vec<String>,
    ticks: u64,
    disk: Option<(u64, u64)>,
    traffic: Option<Traffic>,
}

/// What a guest was started with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Given {
    vcpus: u32,
    memory: u64,
}

impl Probe {
    /// The guests of KVM. `traffic` has the counters of all interfaces, `booted` when the machine
    /// was booted, seconds since the epoch.
    ///
    /// # Errors
    /// In words, if this user may not see the guests.
    pub fn read(
        &mut self,
        place: &Place,
        now: Moment,
        units: Units,
        booted: u64,
        traffic: &HashMap<String, Traffic>,
    ) -> Result<Guests, String> {
        let pids = pids(place)?;
        let elapsed = self.before.and_then(|before| elapsed_ms(before, now));
        let mut list = Vec::new();
        let mut alive = HashMap::new();
        for (name, pid) in pids {
            let Some(stat) = process::stat(place, pid) else {
                continue;
            };
            let before = self
                .known
                .remove(&name)
                .filter(|known| known.pid == pid && known.start == stat.start);
            let (given, taps) = match &before {
                Some(known) => (known.given, known.taps.clone()),
                None => match given(&process::arguments(place, pid), &name) {
                    Some(given) => (given, taps(place, &name)),
                    // Another process has the number by now.
                    None => continue,
                },
            };
            let guest = Known {
                pid,
                start: stat.start,
                given,
                traffic: sum(&taps, traffic),
                taps,
                ticks: stat.ticks,
                disk: process::disk_bytes(place, pid),
            };
            let rate = Rate {
                known: before.as_ref(),
                elapsed,
            };
            list.push(Guest {
                hypervisor: KVM.into(),
                shut_down: false,
                pid,
                vcpus: given.vcpus,
                memory: given.memory,
                rss: stat.pages * units.page / (1024 * 1024),
                cpu: rate.of(|known| Some(known.ticks * 1000 / units.ticks), &guest),
                started: booted + stat.start / units.ticks,
                read: rate.bytes(|known| Some(known.disk?.0), &guest),
                write: rate.bytes(|known| Some(known.disk?.1), &guest),
                // What the host sends into a tap is what the guest receives.
                rx: rate.bytes(|known| Some(known.traffic?.tx), &guest),
                tx: rate.bytes(|known| Some(known.traffic?.rx), &guest),
                name: name.clone(),
            });
            alive.insert(name, guest);
        }
        let shut_down = shut_down(place)
            .into_iter()
            .filter(|name| !alive.contains_key(name));
        list.extend(shut_down.map(|name| Guest {
            name,
            hypervisor: KVM.into(),
            shut_down: true,
            ..Guest::default()
        }));
        list.sort_by(|a, b| a.name.cmp(&b.name));
        self.before = Some(now);
        self.known = alive;
        Ok(Guests {
            hypervisors: vec![KVM.into()],
            list,
        })
    }
}

/// The counters before and the time since.
struct Rate<'a> {
    known: Option<&'a Known>,
    elapsed: Option<u64>,
}

impl Rate<'_> {
    /// A second's growth of a counter; `None` if it cannot be had at all, 0 the first time.
    fn bytes(&self, counter: impl Fn(&Known) -> Option<u64>, now: &Known) -> Option<u64> {
        let after = counter(now)?;
        let rate = self.known.and_then(&counter).zip(self.elapsed);
        Some(rate.map_or(0, |(before, elapsed)| per_second(before, after, elapsed)))
    }

    fn of(&self, counter: impl Fn(&Known) -> Option<u64>, now: &Known) -> u32 {
        u32::try_from(self.bytes(counter, now).unwrap_or(0)).unwrap_or(u32::MAX)
    }
}

/// Each guest's name and the process id that QEMU wrote for it.
fn pids(place: &Place) -> Result<Vec<(String, u32)>, String> {
    let directory = place.run("kvm-hypervisor/pid");
    let entries = match std::fs::read_dir(&directory).map_err(Unread::from) {
        Ok(entries) => entries,
        // Made by noded when it starts: before that there is no guest.
        Err(Unread::Absent) => return Ok(Vec::new()),
        Err(why) => return Err(why.to_string()),
    };
    let mut pids = Vec::new();
    for entry in entries.flatten() {
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        match text(&entry.path()) {
            Ok(text) => {
                if let Ok(pid) = text.trim().parse() {
                    pids.push((name, pid));
                }
            }
            // It ended just now.
            Err(Unread::Absent) => {}
            Err(why) => return Err(why.to_string()),
        }
    }
    Ok(pids)
}

/// What these arguments give the guest `name`; `None` if they are not its own. As Ganeti does it.
fn given(arguments: &[String], name: &str) -> Option<Given> {
    let after = |flag: &str| {
        arguments
            .iter()
            .position(|argument| argument == flag)
            .and_then(|at| arguments.get(at + 1))
            // Options may follow: `-name web1,debug-threads=on`, `-smp 4,sockets=1`.
            .and_then(|value| value.split(',').next())
    };
    (after("-name") == Some(name)).then(|| Given {
        vcpus: after("-smp").and_then(|n| n.parse().ok()).unwrap_or(0),
        memory: after("-m").and_then(|n| n.parse().ok()).unwrap_or(0),
    })
}

/// The host's side of a guest's network interfaces.
fn taps(place: &Place, name: &str) -> Vec<String> {
    let directory = place.run("kvm-hypervisor/nic").join(name);
    let mut taps: Vec<String> = std::fs::read_dir(directory)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| text(&entry.path()).ok())
        .map(|tap| tap.trim().to_owned())
        .collect();
    taps.sort();
    taps
}

/// All of a guest's traffic; `None` if it has no interface that can be measured.
fn sum(taps: &[String], traffic: &HashMap<String, Traffic>) -> Option<Traffic> {
    let found = taps.iter().filter_map(|tap| traffic.get(tap));
    found.copied().reduce(|a, b| Traffic {
        rx: a.rx.saturating_add(b.rx),
        tx: a.tx.saturating_add(b.tx),
    })
}

/// Guests that left word that they were shut down from inside.
fn shut_down(place: &Place) -> HashSet<String> {
    std::fs::read_dir(place.run("kvm-hypervisor/ctrl"))
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter_map(|name| name.strip_suffix(".shutdown").map(str::to_owned))
        .collect()
}

#[cfg(test)]
#[path = "guests_tests.rs"]
mod tests;
