//! All probes together make a sample. A probe that fails or panics costs its own part only.

use std::panic::{AssertUnwindSafe, catch_unwind};

use gantry_wire::drbd::Drbd;
use gantry_wire::guest::Guests;
use gantry_wire::node::{Daemon, Missing, Sample, System};
use gantry_wire::ssconf::Ssconf;
use gantry_wire::storage::{DiskHealth, Lvm, Storage};

use super::{cpu, daemons, disks, drbd, guests, health, load, memory, net, storage, system};
use crate::place::Place;
use crate::session::Moment;
use crate::ssconf::{Directory, at_least};
use crate::waker::Waker;

/// How often the daemons are looked at, milliseconds.
const DAEMONS_MS: u64 = 5_000;
/// How often it is checked what changes only with a boot, milliseconds.
const SYSTEM_MS: u64 = 60_000;
/// DRBD's probe begins anew so long after it panicked, milliseconds.
const AGAIN_MS: u64 = 60_000;

/// The probes and what they remember.
#[derive(Debug)]
pub struct Probes {
    waker: Waker,
    units: guests::Units,
    cpu: cpu::Probe,
    net: net::Probe,
    disks: disks::Probe,
    guests: guests::Probe,
    storage: Option<storage::Probe>,
    drbd: drbd::probe::Probe,
    /// When that one panicked, and its words; it is left alone for a while then.
    drbd_lost: Option<(Moment, String)>,
    /// Absent where there is no program to ask.
    health: Option<Option<health::Probe>>,
    daemons: Now<Result<Vec<Daemon>, String>>,
    system: Now<Result<System, String>>,
}

/// What the probes have to know of the cluster.
#[derive(Debug)]
pub struct Cluster<'a> {
    /// ssconf, if there is any.
    pub ssconf: Option<&'a Ssconf>,
    /// The directories that it has for disks.
    pub directories: &'a [Directory],
    /// This node is the master by its ssconf.
    pub master: bool,
}

/// Something that is read seldom.
#[derive(Debug)]
struct Now<T>(Option<(Moment, T)>);

impl<T: Clone> Now<T> {
    fn read(&mut self, now: Moment, interval_ms: u64, read: impl FnOnce() -> T) -> T {
        match &self.0 {
            Some((at, value)) if now.mono_ms.saturating_sub(at.mono_ms) < interval_ms => {
                value.clone()
            }
            _ => {
                let value = read();
                self.0 = Some((now, value.clone()));
                value
            }
        }
    }
}

impl Probes {
    /// Probes that have read nothing yet; `waker` is woken when a slow one has.
    pub fn new(waker: Waker) -> Probes {
        Probes {
            drbd: drbd::probe::Probe::new(waker.clone()),
            drbd_lost: None,
            waker,
            units: guests::Units::of_this_machine(),
            cpu: cpu::Probe::default(),
            net: net::Probe::default(),
            disks: disks::Probe::default(),
            guests: guests::Probe::default(),
            storage: None,
            health: None,
            daemons: Now(None),
            system: Now(None),
        }
    }

    /// Reads all that can be had.
    pub fn sample(&mut self, place: &Place, cluster: &Cluster<'_>, now: Moment) -> Sample {
        let mut missing = Vec::new();
        let by_available = cluster
            .ssconf
            .is_some_and(|ssconf| at_least(&ssconf.release_version, 3, 1));
        let system = attempt(&mut missing, "system", || {
            let read = || system::read(place);
            self.system.read(now, SYSTEM_MS, read).map(Some)
        });
        let booted = system.as_ref().map_or(0, |system| system.booted);
        self.drbd.sampled();
        match &self.drbd_lost {
            Some((_, why)) => missing.push(miss("drbd", why.clone())),
            None => self.drbd.missing(now, &mut missing),
        }
        // Before the guests, which are measured by these counters too.
        let net = attempt(&mut missing, "net", || self.net.read(place, now));
        let (storage, lvm) = self.storage(place, cluster, now, &mut missing);
        Sample {
            cpu: attempt(&mut missing, "cpu", || self.cpu.read(place)),
            memory: attempt(&mut missing, "memory", || {
                memory::read(place, by_available).map(Some)
            }),
            load: attempt(&mut missing, "load", || load::read(place).map(Some)),
            disks: attempt(&mut missing, "disks", || self.disks.read(place, now)),
            guests: attempt(&mut missing, "guests", || {
                self.guests(place, cluster, now, booted).map(Some)
            }),
            daemons: attempt(&mut missing, "daemons", || {
                let read = || daemons::read(place, cluster.master);
                match cluster.ssconf {
                    Some(_) => self.daemons.read(now, DAEMONS_MS, read).map(Some),
                    None => Ok(None),
                }
            }),
            health: self.health(now, &mut missing),
            storage,
            lvm,
            system,
            net,
            missing: Some(missing),
            ..Sample::default()
        }
    }

    /// DRBD as it is, if anything may have changed since the call before; `node` gives this node's
    /// name.
    pub fn drbd(
        &mut self,
        place: &Place,
        ssconf: Option<&Ssconf>,
        node: impl FnOnce() -> String,
        now: Moment,
    ) -> Option<Drbd> {
        self.drbd_by(now, |probe| probe.read(place, ssconf, node, now))
    }

    /// What `read` reads; a panic is noted, and the devices are not known then.
    fn drbd_by(
        &mut self,
        now: Moment,
        read: impl FnOnce(&mut drbd::probe::Probe) -> Option<Drbd>,
    ) -> Option<Drbd> {
        if let Some((at, _)) = &self.drbd_lost
            && now.mono_ms.saturating_sub(at.mono_ms) < AGAIN_MS
        {
            return None;
        }
        match catch_unwind(AssertUnwindSafe(|| read(&mut self.drbd))) {
            Ok(read) => {
                self.drbd_lost = None;
                read
            }
            Err(panic) => {
                self.drbd_lost = Some((now, crate::panics::words(panic.as_ref())));
                // Who knows what it was in the middle of.
                self.drbd = drbd::probe::Probe::new(self.waker.clone());
                Some(Drbd {
                    whole: true,
                    ..Drbd::default()
                })
            }
        }
    }

    /// Something about DRBD's devices is being found out.
    pub fn drbd_is_asked(&self) -> bool {
        self.drbd.is_asked()
    }

    fn guests(
        &mut self,
        place: &Place,
        cluster: &Cluster<'_>,
        now: Moment,
        booted: u64,
    ) -> Result<Guests, String> {
        let hypervisors = cluster.ssconf.map(|ssconf| ssconf.hypervisors.as_slice());
        if hypervisors.is_some_and(|list| list.iter().any(|name| name == guests::KVM)) {
            let traffic = self.net.counters();
            self.guests.read(place, now, self.units, booted, traffic)
        } else {
            Ok(Guests::default())
        }
    }

    fn storage(
        &mut self,
        place: &Place,
        cluster: &Cluster<'_>,
        now: Moment,
        missing: &mut Vec<Missing>,
    ) -> (Option<Storage>, Option<Lvm>) {
        if self.storage.is_none() {
            self.storage = attempt(missing, "storage", || {
                storage::Probe::start(place, &self.waker).map(Some)
            });
        }
        let Some(storage) = self.storage.as_mut() else {
            return (None, None);
        };
        let read = attempt(missing, "storage", || {
            storage.look_at(place, cluster.directories, &self.waker)?;
            let mut more = Vec::new();
            let read = storage.read(place, now, &mut more);
            Ok(Some((read, more)))
        });
        let (read, more) = read.unwrap_or_default();
        missing.extend(more);
        read
    }

    fn health(&mut self, now: Moment, missing: &mut Vec<Missing>) -> Option<Vec<DiskHealth>> {
        if self.health.is_none() {
            self.health = attempt(missing, "health", || {
                health::Probe::start(&self.waker).map(Some)
            });
        }
        let health = self.health.as_mut()?.as_mut()?;
        health.read(self.disks.physical(), now, missing)
    }
}

/// Runs one probe; whatever goes wrong is said in `missing`.
fn attempt<T>(
    missing: &mut Vec<Missing>,
    part: &str,
    read: impl FnOnce() -> Result<Option<T>, String>,
) -> Option<T> {
    let why = match catch_unwind(AssertUnwindSafe(read)) {
        Ok(Ok(part)) => return part,
        Ok(Err(why)) => why,
        Err(panic) => crate::panics::words(panic.as_ref()),
    };
    missing.push(miss(part, why));
    None
}

fn miss(part: &str, why: String) -> Missing {
    Missing {
        part: part.into(),
        why,
        hangs: false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    #[test]
    fn a_probe_that_panics_costs_its_own_part_only() {
        let mut missing = Vec::new();
        let lost: Option<u32> = attempt(&mut missing, "cpu", || panic!("index out of bounds"));
        let had = attempt(&mut missing, "load", || Ok(Some(1)));
        assert_eq!((lost, had), (None, Some(1)));
        assert_eq!(missing.len(), 1);
        assert_eq!(missing[0].part, "cpu");
        assert!(missing[0].why.contains("index out of bounds"));
    }

    #[test]
    fn drbds_probe_that_panics_says_so_and_begins_anew_later() {
        let place = Place::new("/nonexistent".into(), None);
        let mut probes = Probes::new(Waker::new().unwrap());
        let at = |mono_ms| Moment {
            mono_ms,
            wall_ms: 0,
        };
        let missing = |probes: &mut Probes, mono_ms| {
            let cluster = Cluster {
                ssconf: None,
                directories: &[],
                master: false,
            };
            let sample = probes.sample(&place, &cluster, at(mono_ms));
            let missing = sample.missing.into_iter().flatten();
            let of_drbd = missing.filter(|missing| missing.part == "drbd");
            of_drbd.map(|missing| missing.why).collect::<Vec<_>>()
        };
        let empty = Some(Drbd {
            whole: true,
            ..Drbd::default()
        });
        assert_eq!(
            probes.drbd_by(at(0), |_| panic!("index out of bounds")),
            empty
        );
        let why = missing(&mut probes, 0);
        assert!(
            why.len() == 1 && why[0].contains("index out of bounds"),
            "{why:?}"
        );
        assert_eq!(
            probes.drbd_by(at(59_999), |_| panic!("too soon")),
            None,
            "it is left alone"
        );
        let full = Some(Drbd {
            version: "8.4.11".into(),
            ..Drbd::default()
        });
        assert_eq!(probes.drbd_by(at(60_000), |_| full.clone()), full);
        assert_eq!(missing(&mut probes, 60_000), [""; 0]);
    }

    #[test]
    fn a_machine_without_ganeti_is_measured_all_the_same() {
        let place = Place::new("/nonexistent".into(), None);
        let mut probes = Probes::new(Waker::new().unwrap());
        let cluster = Cluster {
            ssconf: None,
            directories: &[],
            master: false,
        };
        let now = Moment {
            mono_ms: 1000,
            wall_ms: 0,
        };
        let sample = probes.sample(&place, &cluster, now);
        assert!(sample.memory.is_some_and(|memory| memory.total > 0));
        assert!(sample.load.is_some() && sample.system.is_some());
        assert_eq!(sample.guests, Some(Guests::default()));
        assert_eq!(sample.daemons, None);
    }
}
