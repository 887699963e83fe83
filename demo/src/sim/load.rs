//! What a node measures on itself at a moment. Nothing here is remembered: every figure is a
//! function of the cluster's state, a seed and the time, so that the same moment always looks the
//! same, and a cluster that stands still stands still.

use gantry_wire::guest::{Guest as Found, Guests};
use gantry_wire::node::{Cpu, Daemon, DiskRate, Load, Memory, Missing, NetRate, Sample, System};

use super::Cluster;
use super::chance::{mix, wander};
use super::drbd::mirror::Mirror;
use super::instance::{Guest, Instance, InstanceId, Template};
use super::node::{Node, NodeId, Role};

const MIB: f64 = 1024.0 * 1024.0;

impl Cluster {
    /// Everything that a node's agent could say of the node now; sequence number and clocks are
    /// for the caller to fill in.
    pub fn sample(&self, node: NodeId) -> Sample {
        let Some(found) = self.nodes.get(node) else {
            return Sample::default();
        };
        let busy: Vec<Busy> = self
            .guests(node)
            .map(|(id, instance)| Busy::of(id, instance, node, self.now))
            .collect();
        let cores = busy.iter().map(|guest| guest.cpu).sum::<f64>() + found.own_load(self.now);
        // Guests cannot have more than there is.
        let squeeze = (f64::from(found.cpus) * 0.97 / cores.max(0.01)).min(1.0);
        let copy = self.copying(node);
        Sample {
            cpu: Some(self.cpu(found, cores * squeeze)),
            memory: Some(self.memory(node)),
            load: Some(self.load(node)),
            system: Some(System {
                booted: found.booted / 1000,
                kernel: "6.1.0-28-amd64".to_owned(),
                cpus: found.cpus,
                cpu_model: "AMD EPYC 7443P 24-Core Processor".to_owned(),
                boot_id: found.boot_id.clone(),
            }),
            net: Some(nets(&busy, copy)),
            disks: Some(disks(found, &busy, copy)),
            // What was told of volume groups stays, for lack of better.
            storage: (!found.vgs_hang).then(|| self.storage(node)),
            health: Some(self.disk_health(node)),
            guests: Some(Guests {
                hypervisors: vec!["kvm".to_owned()],
                list: self.found_guests(node, squeeze),
            }),
            daemons: Some(daemons(found)),
            missing: Some(match found.vgs_hang {
                true => ["storage", "lvm"].map(hangs).into(),
                false => Vec::new(),
            }),
            ..Sample::default()
        }
    }

    /// Free memory as Ganeti counts it, MiB: what neither the node nor the guests' processes
    /// hold.
    pub fn memory_free(&self, node: NodeId) -> u64 {
        let held: u64 = self
            .guests(node)
            .map(|(_, instance)| resident(instance, node, self.now))
            .sum();
        self.nodes
            .get(node)
            .map_or(0, |node| node.memory.saturating_sub(node.own_memory + held))
    }

    fn memory(&self, node: NodeId) -> Memory {
        let Some(found) = self.nodes.get(node) else {
            return Memory::default();
        };
        let free = self.memory_free(node);
        Memory {
            total: found.memory,
            free,
            node: found.own_memory,
            available: free,
            swap_total: 8192,
            swap_free: 8192 - found.seed % 300,
        }
    }

    fn cpu(&self, node: &Node, cores: f64) -> Cpu {
        let share = cores / f64::from(node.cpus.max(1));
        let busy = (share * 1000.0).clamp(1.0, 1000.0) as u16;
        let system = busy / 7;
        Cpu {
            busy,
            user: busy - system,
            system,
            iowait: (wander(node.seed ^ 3, self.now, 9_000) * 14.0) as u16,
            steal: 0,
            cores: (0..u64::from(node.cpus))
                .map(|core| {
                    let uneven = 0.4 + 1.2 * wander(node.seed ^ mix(core), self.now, 6_000);
                    (f64::from(busy) * uneven).min(1000.0) as u16
                })
                .collect(),
        }
    }

    fn load(&self, node: NodeId) -> Load {
        // An average over a time lags by half of it and is smoother.
        let over = |seconds: u64| {
            let at = self.now.saturating_sub(seconds * 500);
            let guests: f64 = self
                .guests(node)
                .map(|(_, instance)| demand(instance, at, false))
                .sum();
            let own = self.nodes.get(node).map_or(0.0, |node| node.own_load(at));
            ((guests + own) * 100.0) as u32
        };
        Load {
            one: over(60),
            five: over(300),
            fifteen: over(900),
        }
    }

    /// Bytes a second that resyncs bring to and take from a node.
    fn copying(&self, node: NodeId) -> Copying {
        let Some(found) = self.nodes.get(node) else {
            return Copying::default();
        };
        let rate = |id: &InstanceId| match self.instances.get(id).map(|i| i.mirror) {
            Some(Mirror::Resync(resync)) => resync.rate * MIB,
            _ => 0.0,
        };
        Copying {
            out: found.primaries.iter().map(rate).sum(),
            into: found.secondaries.iter().map(rate).sum(),
        }
    }

    fn found_guests(&self, node: NodeId, squeeze: f64) -> Vec<Found> {
        let mut list: Vec<Found> = self
            .guests(node)
            .map(|(id, instance)| self.found_guest(id, instance, node, squeeze))
            .collect();
        // A guest that shut itself down leaves its process until Ganeti tidies up.
        let here = self.nodes.get(node).into_iter().flat_map(|n| &n.primaries);
        let shut_down = here
            .filter_map(|id| self.instances.get(id))
            .filter(|instance| instance.guest == Guest::ShutDown);
        list.extend(shut_down.map(|instance| Found {
            name: instance.name.clone(),
            hypervisor: "kvm".to_owned(),
            shut_down: true,
            vcpus: instance.vcpus,
            memory: instance.memory,
            ..Found::default()
        }));
        list.sort_by(|a, b| a.name.cmp(&b.name));
        list
    }

    fn found_guest(
        &self,
        id: InstanceId,
        instance: &Instance,
        node: NodeId,
        squeeze: f64,
    ) -> Found {
        let busy = Busy::of(id, instance, node, self.now);
        let (started, pid) = match instance.guest {
            Guest::Running { started, pid } => (started, pid),
            _ => (self.now, 0),
        };
        let whole = |rate: f64| Some(rate as u64);
        Found {
            name: instance.name.clone(),
            hypervisor: "kvm".to_owned(),
            shut_down: false,
            pid: if instance.primary == node {
                pid
            } else {
                pid + 7
            },
            vcpus: instance.vcpus,
            memory: instance.memory,
            rss: resident(instance, node, self.now),
            cpu: (busy.cpu * squeeze * 1000.0) as u32,
            started: started / 1000,
            read: whole(busy.read),
            write: whole(busy.write),
            rx: whole(busy.rx),
            tx: whole(busy.tx),
        }
    }
}

impl Node {
    /// Processors that the node itself keeps busy.
    fn own_load(&self, at: u64) -> f64 {
        0.15 + 0.3 * wander(self.seed, at, 40_000)
    }
}

#[derive(Clone, Copy, Default)]
struct Copying {
    out: f64,
    into: f64,
}

/// What one guest does: processors, bytes a second.
struct Busy {
    cpu: f64,
    read: f64,
    write: f64,
    rx: f64,
    tx: f64,
    /// Its writes go to another node too.
    mirrored: bool,
}

impl Busy {
    fn of(_: InstanceId, instance: &Instance, node: NodeId, at: u64) -> Busy {
        if instance.primary != node {
            // It only waits for its memory.
            return Busy {
                cpu: 0.2,
                read: 0.0,
                write: 0.0,
                rx: 0.0,
                tx: 0.0,
                mirrored: false,
            };
        }
        let cpu = demand(instance, at, true);
        let flow = |which: u64, most: f64| {
            // Quiet most of the time, with gusts.
            let gust = wander(instance.seed ^ mix(which), at, 15_000).powi(4);
            cpu * most * (0.05 + gust) * (1.0 + (instance.seed >> which) as u8 as f64 / 64.0)
        };
        let disks = if instance.disks.is_empty() { 0.0 } else { 1.0 };
        Busy {
            cpu,
            read: flow(1, 3.0 * MIB) * disks,
            write: flow(2, 2.0 * MIB) * disks,
            rx: flow(3, 2.0 * MIB),
            tx: flow(4, 4.0 * MIB),
            mirrored: instance.template == Template::Drbd,
        }
    }
}

/// Processors that a guest wants: a level of its own, hours that are busier than others, and for
/// the moment some unrest.
fn demand(instance: &Instance, at: u64, unrest: bool) -> f64 {
    let own = (instance.seed % 1000) as f64 / 1000.0;
    // Most guests idle, a few work.
    let level = 0.02 + 0.85 * own.powi(3);
    let tide = 0.5 + wander(instance.seed, at, 1_200_000);
    let moment = match unrest {
        true => {
            let slow = wander(instance.seed ^ 5, at, 8_000);
            let quick = wander(instance.seed ^ 7, at, 1_300);
            0.7 + 0.4 * slow + 0.2 * quick
        }
        false => 1.0,
    };
    f64::from(instance.vcpus) * (level * tide * moment).min(1.0)
}

/// What a guest's process holds of its memory, MiB. It grows in the first minutes and is never
/// all of it.
fn resident(instance: &Instance, node: NodeId, now: u64) -> u64 {
    if instance.primary != node {
        return instance.memory / 2;
    }
    let Guest::Running { started, .. } = instance.guest else {
        return 0;
    };
    let full = 0.80 + 0.17 * wander(instance.seed ^ 6, now, 1_800_000);
    let age = now.saturating_sub(started) as f64 / 120_000.0;
    let grown = (0.35 + 0.65 * age).min(1.0);
    (instance.memory as f64 * full * grown) as u64
}

/// A part that LVM's programs do not answer for.
fn hangs(part: &str) -> Missing {
    Missing {
        part: part.to_owned(),
        why: "vgs: no answer for 30 s".to_owned(),
        hangs: true,
    }
}

fn nets(busy: &[Busy], copy: Copying) -> Vec<NetRate> {
    let sum = |part: fn(&Busy) -> f64| busy.iter().map(part).sum::<f64>();
    let mirrored = |guest: &Busy| if guest.mirrored { guest.write } else { 0.0 };
    let net = |name: &str, rx: f64, tx: f64| NetRate {
        name: name.to_owned(),
        rx: rx as u64,
        tx: tx as u64,
    };
    vec![
        net("eth0", sum(|g| g.rx) + 900.0, sum(|g| g.tx) + 1400.0),
        net("eth1", copy.into, sum(mirrored) + copy.out),
    ]
}

fn disks(node: &Node, busy: &[Busy], copy: Copying) -> Vec<DiskRate> {
    let read = busy.iter().map(|guest| guest.read).sum::<f64>() + copy.out;
    let write = busy.iter().map(|guest| guest.write).sum::<f64>() + copy.into;
    // Two devices; the second carries a little less.
    [("nvme0n1", 0.55), ("nvme1n1", 0.45)]
        .map(|(name, share)| DiskRate {
            name: name.to_owned(),
            read: (read * share) as u64,
            write: (write * share) as u64,
            busy: ((read + 2.0 * write) * share / (1500.0 * MIB) * 1000.0 + (node.seed % 7) as f64)
                .min(1000.0) as u16,
        })
        .into()
}

fn daemons(node: &Node) -> Vec<Daemon> {
    let daemon = |name: &str, answers: Option<bool>| {
        let runs = !node.stopped.contains(name);
        Daemon {
            name: name.to_owned(),
            runs,
            answers: answers.map(|_| runs),
        }
    };
    let mut list = vec![
        daemon("ganeti-noded", Some(true)),
        daemon("ganeti-confd", None),
        daemon("ganeti-mond", Some(true)),
        daemon("ganeti-kvmd", None),
    ];
    if node.role == Role::Master {
        list.push(daemon("ganeti-luxid", Some(true)));
        list.push(daemon("ganeti-wconfd", None));
        list.push(daemon("ganeti-rapi", Some(true)));
    }
    list
}
