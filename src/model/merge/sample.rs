//! A node's own facts, and who runs where by them.

use std::sync::Arc;

use gantry_wire::guest::Guests;
use gantry_wire::node::Sample;

use crate::model::drbd::{KEPT, Moment};
use crate::model::node::Lately;
use crate::model::time::Now;
use crate::model::{Cluster, Name, Node, natural};

use super::bounds;

impl Cluster {
    pub(super) fn sampled(&mut self, from: &str, mut sample: Sample) {
        let now = self.now;
        if let Some(guests) = &mut sample.guests {
            guests
                .list
                .sort_by(|a, b| natural::compare(&a.name, &b.name));
        }
        let node = self.node(from);
        node.clock_ahead = Some(sample.wall_ms as f64 / 1_000.0 - now.wall);
        let before = sample.guests.is_some().then(|| node.facts.guests.take());
        let fails = sample.missing.is_some() && sample.missing != node.facts.missing;
        let mut drbd = fails;
        let mut storage = fails
            || sample.storage.is_some() && sample.storage != node.facts.storage
            || sample.lvm.is_some() && sample.lvm != node.facts.lvm;
        let known = node.facts.drbd.is_some();
        let news = sample.drbd.take();
        sample.drbd = news.and_then(|news| node.courses.complete(news, known));
        bounds::bound(&mut sample, &mut node.beyond);
        if let Some(lvm) = &sample.lvm {
            match (&mut node.lately, &node.facts.lvm) {
                (Some(lately), Some(before)) => lately.told(before, lvm, now.at),
                _ => node.lately = Some(Lately::default()),
            }
        }
        if let Some(news) = &sample.drbd {
            let moment = Moment {
                now,
                mono_ms: sample.mono_ms,
                clock_ahead: node.clock_ahead.unwrap_or_default(),
            };
            drbd |= node.courses.told(news, moment);
            let told = node.facts.drbd.as_ref();
            drbd |= told.is_none_or(|told| told.version != news.version);
            // Devices that are told for the first time may say whose volumes are.
            storage |= news.whole;
        }
        node.facts.absorb(sample);
        if let Some(drbd) = &mut node.facts.drbd
            && drbd.devices.len() > KEPT
        {
            let over = drbd.devices.len() - KEPT;
            let beyond = node.beyond.entry("DRBD device").or_default();
            *beyond = over.max(*beyond);
            drbd.devices.truncate(KEPT);
        }
        remember(node, now);
        self.drbd += u64::from(drbd);
        self.storage += u64::from(storage);
        if let Some(before) = before {
            self.found_on(from, before.unwrap_or_default());
        }
        self.remember_guests(from);
    }

    /// A node told its guests anew: notes who runs where and settles what that changes.
    fn found_on(&mut self, from: &str, before: Guests) {
        let Some(node) = self.nodes.get(from) else {
            return;
        };
        let Some(guests) = &node.facts.guests else {
            return;
        };
        let same = guests.hypervisors == before.hypervisors
            && guests.list.len() == before.list.len()
            && guests
                .list
                .iter()
                .zip(&before.list)
                .all(|(a, b)| (&a.name, a.shut_down) == (&b.name, b.shut_down));
        if same {
            return;
        }
        let name = node.name.clone();
        let listed: Vec<Name> = guests
            .list
            .iter()
            .map(|guest| Arc::from(guest.name.as_str()))
            .collect();
        self.not_found_on(&name, &before);
        for guest in &listed {
            self.found
                .entry(guest.clone())
                .or_default()
                .push(name.clone());
        }
        before
            .list
            .iter()
            .for_each(|guest| self.settle(&guest.name));
        self.settle_node(from);
    }

    /// Who ran on a node is not known any more, until it says so anew.
    pub(super) fn forget_guests(&mut self, from: &str, before: Option<Guests>) {
        let Some(before) = before else { return };
        let Some((name, _)) = self.nodes.get_key_value(from) else {
            return;
        };
        let name = name.clone();
        self.not_found_on(&name, &before);
        before
            .list
            .iter()
            .for_each(|guest| self.settle(&guest.name));
    }

    fn not_found_on(&mut self, name: &Name, before: &Guests) {
        for guest in &before.list {
            if let Some(nodes) = self.found.get_mut(guest.name.as_str()) {
                nodes.retain(|node| node != name);
                if nodes.is_empty() {
                    self.found.remove(guest.name.as_str());
                }
            }
        }
    }

    fn remember_guests(&mut self, from: &str) {
        let now = self.now.at;
        let Some(node) = self.nodes.get(from) else {
            return;
        };
        let Some(guests) = &node.facts.guests else {
            return;
        };
        for guest in &guests.list {
            if let Some(instance) = self.instances.get_mut(guest.name.as_str())
                && instance.conf.primary == from
            {
                let past = &mut instance.past;
                past.cpu.push(now, guest.cpu as f32 / 10.0);
                if let (Some(read), Some(write)) = (guest.read, guest.write) {
                    past.io.push(now, read.saturating_add(write) as f32);
                }
                if let (Some(rx), Some(tx)) = (guest.rx, guest.tx) {
                    past.net.push(now, rx.saturating_add(tx) as f32);
                }
            }
        }
    }
}

/// Puts a node's present numbers into its past.
fn remember(node: &mut Node, now: Now) {
    let facts = &node.facts;
    let past = &mut node.past;
    if let Some(cpu) = &facts.cpu {
        past.cpu.push(now.at, f32::from(cpu.busy) / 10.0);
    }
    if let Some(memory) = &facts.memory
        && memory.total > 0
    {
        let used = memory.total.saturating_sub(memory.available);
        past.memory
            .push(now.at, used as f32 * 100.0 / memory.total as f32);
    }
    if let Some(load) = &facts.load {
        past.load.push(now.at, load.one as f32 / 100.0);
    }
    if let Some(net) = &facts.net {
        let sum = net.iter().fold(0_u64, |sum, i| {
            sum.saturating_add(i.rx).saturating_add(i.tx)
        });
        past.net.push(now.at, sum as f32);
    }
    if let Some(storage) = &facts.storage {
        node.spaces.remember(storage, now.at);
    }
    if let Some(disks) = &facts.disks {
        let sum = disks.iter().fold(0_u64, |sum, d| {
            sum.saturating_add(d.read).saturating_add(d.write)
        });
        past.disk.push(now.at, sum as f32);
    }
}
