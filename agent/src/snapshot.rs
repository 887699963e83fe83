//! One sample of everything, for a person or a program.

use std::fmt::Write;
use std::time::{Duration, Instant};

use gantry_wire::drbd::{Drbd, Row};
use gantry_wire::node::Sample;
use gantry_wire::report::Hello;
use gantry_wire::ssconf::Ssconf;
use gantry_wire::storage::{Lvm, Space};
use serde::Serialize;

use crate::machine::Machine;
use crate::serve::now;
use crate::session::Node;

/// Rates are taken over this long.
const INTERVAL: Duration = Duration::from_millis(500);
/// How long slow parts are waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a snapshot has.
#[derive(Debug, Serialize)]
pub struct Snapshot {
    /// Who this is.
    pub hello: Hello,
    /// What the node knows of its cluster.
    pub ssconf: Option<Ssconf>,
    /// What was measured.
    pub sample: Sample,
    /// Its DRBD devices, one by one.
    pub drbd: Vec<Row>,
}

/// Measures once, which takes half a second and more if volume groups take longer.
pub fn take(mut machine: Machine) -> Snapshot {
    let hello = machine.hello();
    let ssconf = machine.ssconf(now());
    machine.sample(now());
    // Before the sample that is told, which says what of it is missing.
    let latest = drbd(&mut machine);
    let mut sample = Sample::default();
    let mut waited = Duration::ZERO;
    // What cannot be had is missing for a reason.
    let waits = |sample: &Sample| {
        let misses = |part: &str| sample.missing.iter().flatten().any(|it| it.part == part);
        let has_lvm = sample.lvm.is_some() || misses("lvm");
        sample.storage.is_none() || !has_lvm
    };
    while waits(&sample) && waited < PATIENCE {
        std::thread::sleep(INTERVAL);
        waited += INTERVAL;
        sample = machine.sample(now());
    }
    sample.drbd = machine.drbd(now()).or(latest);
    let at = now();
    (sample.mono_ms, sample.wall_ms) = (at.mono_ms, at.wall_ms);
    let devices = sample.drbd.iter().flat_map(|drbd| &drbd.devices);
    Snapshot {
        drbd: devices
            .map(|device| Row::new(&hello.node, device))
            .collect(),
        hello,
        ssconf,
        sample,
    }
}

/// DRBD, once what takes longer is found out as well.
fn drbd(machine: &mut Machine) -> Option<Drbd> {
    let mut latest = machine.drbd(now());
    let end = Instant::now() + PATIENCE;
    while machine.drbd_is_asked() && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(20));
        latest = machine.drbd(now()).or(latest);
    }
    latest
}

impl Snapshot {
    /// For a person.
    pub fn words(&self) -> String {
        let mut out = String::new();
        // Writing into a text does not fail.
        let _ = self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        let Hello { node, version, .. } = &self.hello;
        let user = if self.hello.root { "root" } else { "not root" };
        writeln!(
            out,
            "node      {node} ({}, agent {version}, {user})",
            self.hello.arch
        )?;
        match &self.ssconf {
            Some(conf) => writeln!(
                out,
                "cluster   {}, Ganeti {}, master {}, {} nodes, {}",
                conf.cluster_name,
                conf.release_version,
                conf.master_node,
                conf.nodes.len(),
                conf.hypervisors.join(" ")
            )?,
            None => writeln!(out, "cluster   none: this node has no ssconf")?,
        }
        self.write_machine(out)?;
        self.write_rates(out)?;
        self.write_drbd(out)?;
        self.write_guests(out)?;
        for missing in self.sample.missing.iter().flatten() {
            writeln!(out, "missing   {}: {}", missing.part, missing.why)?;
        }
        Ok(())
    }

    fn write_machine(&self, out: &mut String) -> std::fmt::Result {
        let sample = &self.sample;
        if let Some(system) = &sample.system {
            writeln!(
                out,
                "system    Linux {}, {} x {}",
                system.kernel, system.cpus, system.cpu_model
            )?;
            let up = (sample.wall_ms / 1000).saturating_sub(system.booted);
            writeln!(
                out,
                "up        {} days {} hours",
                up / 86_400,
                up % 86_400 / 3600
            )?;
        }
        if let Some(cpu) = &sample.cpu {
            let part = |thousandths: u16| f64::from(thousandths) / 10.0;
            writeln!(
                out,
                "cpu       {:.1} % busy: {:.1} user, {:.1} system, {:.1} stolen; {:.1} waiting",
                part(cpu.busy),
                part(cpu.user),
                part(cpu.system),
                part(cpu.steal),
                part(cpu.iowait)
            )?;
        }
        if let Some(load) = &sample.load {
            let part = |hundredths: u32| f64::from(hundredths) / 100.0;
            let (one, five, fifteen) = (part(load.one), part(load.five), part(load.fifteen));
            writeln!(out, "load      {one:.2} {five:.2} {fifteen:.2}")?;
        }
        if let Some(memory) = &sample.memory {
            writeln!(
                out,
                "memory    {} MiB, mfree {}, mnode {}, available {}, swap {} free of {}",
                memory.total,
                memory.free,
                memory.node,
                memory.available,
                memory.swap_free,
                memory.swap_total
            )?;
        }
        if let Some(storage) = &sample.storage {
            let vgs = storage.vgs.iter();
            let vgs = vgs.map(|vg| (&vg.name, vg.free, vg.total, vg.missing_pvs));
            let known = |space: &&Space| space.why.is_empty();
            let spaces = storage.dirs.iter().chain(&storage.pools).filter(known);
            let spaces = spaces.map(|space| (&space.name, space.free, space.total, 0));
            for (name, free, total, missing) in vgs.chain(spaces) {
                write!(out, "storage   {name}: {free} MiB free of {total}")?;
                if missing > 0 {
                    write!(out, ", physical volumes missing: {missing}")?;
                }
                writeln!(out)?;
            }
        }
        self.write_disks(out)?;
        for daemon in sample.daemons.iter().flatten() {
            let answers = match (daemon.runs, daemon.answers) {
                (false, _) => "does not run",
                (true, None) => "runs",
                (true, Some(true)) => "runs and answers",
                (true, Some(false)) => "runs and does not answer",
            };
            writeln!(out, "daemon    {} {answers}", daemon.name)?;
        }
        Ok(())
    }

    fn write_disks(&self, out: &mut String) -> std::fmt::Result {
        if let Some(Lvm {
            pvs,
            lvs,
            complaints,
        }) = &self.sample.lvm
        {
            if !lvs.is_empty() {
                writeln!(out, "lvm       {} logical volumes", lvs.len())?;
            }
            if !pvs.is_empty() {
                let missing = pvs.iter().filter(|pv| pv.missing).count();
                writeln!(
                    out,
                    "lvm       {} physical volumes, {missing} missing",
                    pvs.len()
                )?;
            }
            for complaint in complaints {
                writeln!(out, "lvm       {complaint}")?;
            }
        }
        for disk in self.sample.health.iter().flatten() {
            let word = match disk.passed {
                Some(true) => "says that it is well",
                Some(false) => "says that it fails",
                None => &disk.why,
            };
            writeln!(out, "health    {} {}: {word}", disk.name, disk.model)?;
        }
        Ok(())
    }

    fn write_rates(&self, out: &mut String) -> std::fmt::Result {
        for disk in self.sample.disks.iter().flatten() {
            writeln!(
                out,
                "disk      {}: {} B/s read, {} B/s written, {:.1} % busy",
                disk.name,
                disk.read,
                disk.write,
                f64::from(disk.busy) / 10.0
            )?;
        }
        for net in self.sample.net.iter().flatten() {
            writeln!(
                out,
                "net       {}: {} B/s in, {} B/s out",
                net.name, net.rx, net.tx
            )?;
        }
        Ok(())
    }

    fn write_drbd(&self, out: &mut String) -> std::fmt::Result {
        let Some(drbd) = &self.sample.drbd else {
            return Ok(());
        };
        if !drbd.version.is_empty() {
            writeln!(out, "drbd      version {}", drbd.version)?;
        }
        for device in &drbd.devices {
            write!(out, "drbd      {}: {}", device.minor, device.connection)?;
            if !device.role.is_empty() {
                let (role, peers) = (&device.role, &device.peer_role);
                write!(out, ", {role}/{peers} {}/{}", device.disk, device.peer_disk)?;
            }
            if let Some(progress) = &device.progress {
                write!(out, ", {:.1} %", progress.percent)?;
            }
            if let Some(index) = device.disk_index {
                write!(out, ", {} disk/{index}", device.instance)?;
            }
            if !device.peer.is_empty() {
                write!(out, ", peer {}", device.peer)?;
            }
            writeln!(out)?;
        }
        for line in &drbd.unread {
            writeln!(out, "unread    {line}")?;
        }
        Ok(())
    }

    fn write_guests(&self, out: &mut String) -> std::fmt::Result {
        let Some(guests) = &self.sample.guests else {
            return Ok(());
        };
        if guests.hypervisors.is_empty() {
            return writeln!(out, "guests    no hypervisor that can be read here");
        }
        writeln!(
            out,
            "guests    {} under {}",
            guests.list.len(),
            guests.hypervisors.join(" ")
        )?;
        for guest in &guests.list {
            if guest.shut_down {
                writeln!(out, "guest     {}: shut down from inside", guest.name)?;
                continue;
            }
            writeln!(
                out,
                "guest     {}: pid {}, {} vcpus, {} MiB, rss {} MiB, {:.1} % cpu",
                guest.name,
                guest.pid,
                guest.vcpus,
                guest.memory,
                guest.rss,
                f64::from(guest.cpu) / 10.0
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use gantry_wire::storage::{DiskHealth, LogicalVolume, PhysicalVolume, Storage};

    use super::*;

    #[test]
    fn what_is_known_of_disks_is_told_in_words() {
        let space = |name: &str, why: &str| Space {
            name: name.into(),
            total: 100,
            free: 40,
            why: why.into(),
            ..Space::default()
        };
        let health = |name: &str, passed| DiskHealth {
            name: name.into(),
            model: "DISK 4000".into(),
            passed,
            why: "asleep".into(),
        };
        let lost = PhysicalVolume {
            missing: true,
            ..PhysicalVolume::default()
        };
        let snapshot = Snapshot {
            drbd: Vec::new(),
            hello: Hello::default(),
            ssconf: None,
            sample: Sample {
                storage: Some(Storage {
                    dirs: vec![space("/srv/a", ""), space("/srv/b", "does not answer")],
                    pools: vec![space("rbd", "")],
                    ..Storage::default()
                }),
                lvm: Some(Lvm {
                    pvs: vec![PhysicalVolume::default(), lost],
                    lvs: vec![LogicalVolume::default()],
                    complaints: vec!["WARNING: oh".into()],
                }),
                health: Some(vec![
                    health("sda", Some(true)),
                    health("sdb", Some(false)),
                    health("sdc", None),
                ]),
                ..Sample::default()
            },
        };
        let words = snapshot.words();
        let lines: Vec<&str> = words.lines().skip(2).collect();
        assert_eq!(
            lines,
            [
                "storage   /srv/a: 40 MiB free of 100",
                "storage   rbd: 40 MiB free of 100",
                "lvm       1 logical volumes",
                "lvm       2 physical volumes, 1 missing",
                "lvm       WARNING: oh",
                "health    sda DISK 4000: says that it is well",
                "health    sdb DISK 4000: says that it fails",
                "health    sdc DISK 4000: asleep",
            ]
        );
    }
}
