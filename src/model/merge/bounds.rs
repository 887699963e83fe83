//! How much of what one node tells is kept. Honest nodes are far below; a compromised one must not fill the
//! console's memory or take its time. What is beyond is counted, so that it can be said.

use std::collections::BTreeMap;

use gantry_wire::drbd::{Device, Drbd};
use gantry_wire::node::Sample;

use crate::model::drbd::KEPT;

/// Things of a node that were told beyond what is kept, by what they are called.
pub type Beyond = BTreeMap<&'static str, usize>;

/// Logical volumes kept of a node.
const VOLUMES: usize = 20_000;
/// Physical volumes kept.
const DISKS: usize = 1_024;
/// Volume groups kept, and as many directories and pools.
const PLACES: usize = 64;
/// Lines of complaint kept.
const LINES: usize = 20;
/// Tags, flags and the like kept of one thing.
const FEW: usize = 64;
/// Bytes of a word, and of a path, a name or a sentence.
const WORD: usize = 64;
const TEXT: usize = 512;

/// Cuts a sample to what is kept of one, and counts what it cut anew.
pub fn bound(sample: &mut Sample, beyond: &mut Beyond) {
    if let Some(storage) = &mut sample.storage {
        cut(&mut storage.vgs, PLACES, "volume group", beyond);
        cut(&mut storage.dirs, PLACES, "directory", beyond);
        cut(&mut storage.pools, PLACES, "pool", beyond);
        for vg in &mut storage.vgs {
            texts([&mut vg.name, &mut vg.uuid, &mut vg.attr]);
            few(&mut vg.tags);
        }
        for space in storage.dirs.iter_mut().chain(&mut storage.pools) {
            texts([&mut space.name, &mut space.template, &mut space.why]);
        }
    }
    if let Some(lvm) = &mut sample.lvm {
        cut(&mut lvm.lvs, VOLUMES, "logical volume", beyond);
        cut(&mut lvm.pvs, DISKS, "physical volume", beyond);
        cut(&mut lvm.complaints, LINES, "complaint of LVM", beyond);
        lvm.complaints.iter_mut().for_each(|line| clip(line, TEXT));
        for lv in &mut lvm.lvs {
            texts([&mut lv.name, &mut lv.vg, &mut lv.uuid]);
            texts([&mut lv.attr, &mut lv.origin]);
            few(&mut lv.pvs);
            few(&mut lv.tags);
        }
        for pv in &mut lvm.pvs {
            texts([&mut pv.name, &mut pv.uuid, &mut pv.vg]);
            clip(&mut pv.attr, WORD);
            few(&mut pv.tags);
        }
    }
    if let Some(disks) = &mut sample.health {
        cut(disks, DISKS, "disk", beyond);
        for disk in disks {
            texts([&mut disk.name, &mut disk.model, &mut disk.why]);
        }
    }
    if let Some(missing) = &mut sample.missing {
        missing.truncate(FEW);
        missing
            .iter_mut()
            .for_each(|it| texts([&mut it.part, &mut it.why]));
    }
    if let Some(drbd) = &mut sample.drbd {
        devices(drbd, beyond);
    }
}

/// Devices come in order and each once; those with the lowest minors are kept.
fn devices(drbd: &mut Drbd, beyond: &mut Beyond) {
    if !drbd.devices.is_sorted_by(|a, b| a.minor < b.minor) {
        drbd.devices.sort_by_key(|device| device.minor);
        // Of two with one minor the later word counts.
        drbd.devices.reverse();
        drbd.devices.dedup_by_key(|device| device.minor);
        drbd.devices.reverse();
    }
    if drbd.whole || drbd.devices.len() > KEPT {
        cut(&mut drbd.devices, KEPT, "DRBD device", beyond);
    }
    drbd.gone.sort_unstable();
    drbd.gone.dedup();
    drbd.gone.truncate(KEPT);
    drbd.unread.truncate(LINES);
    drbd.unread.iter_mut().for_each(|line| clip(line, TEXT));
    clip(&mut drbd.version, WORD);
    drbd.devices.iter_mut().for_each(device);
}

fn device(device: &mut Device) {
    for word in [
        &mut device.connection,
        &mut device.role,
        &mut device.peer_role,
        &mut device.disk,
        &mut device.peer_disk,
        &mut device.protocol,
        &mut device.flags,
        &mut device.counters.wo,
    ] {
        clip(word, WORD);
    }
    texts([&mut device.instance, &mut device.peer]);
    texts([&mut device.data_dev, &mut device.meta_dev]);
    device.paused_by.truncate(LINES);
    device.paused_by.iter_mut().for_each(|by| clip(by, WORD));
    let both = [&mut device.generation, &mut device.peer_generation];
    for generation in both.into_iter().flatten() {
        clip(&mut generation.current, WORD);
        clip(&mut generation.bitmap, WORD);
        for list in [&mut generation.history, &mut generation.flags] {
            list.truncate(LINES);
            list.iter_mut().for_each(|word| clip(word, WORD));
        }
    }
    // A moment before time began is none.
    for at in [&mut device.changed_at, &mut device.split_brain_at] {
        *at = at.filter(|at| at.is_finite() && *at >= 0.0);
    }
}

/// Keeps so many, and notes how many there were beyond.
fn cut<T>(list: &mut Vec<T>, most: usize, what: &'static str, beyond: &mut Beyond) {
    match list.len().checked_sub(most) {
        Some(over @ 1..) => {
            list.truncate(most);
            list.shrink_to_fit();
            beyond.insert(what, over);
        }
        _ => {
            beyond.remove(what);
        }
    }
}

fn few(list: &mut Vec<String>) {
    list.truncate(FEW);
    list.iter_mut().for_each(|text| clip(text, TEXT));
}

fn texts<const N: usize>(all: [&mut String; N]) {
    all.into_iter().for_each(|text| clip(text, TEXT));
}

/// Cuts a text to so many bytes, at a character's border.
fn clip(text: &mut String, most: usize) {
    if text.len() > most {
        let mut end = most;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use gantry_wire::storage::{LogicalVolume, Lvm};

    use super::*;

    #[test]
    fn what_is_beyond_is_counted_until_it_is_not() {
        let lvs = |n| Sample {
            lvm: Some(Lvm {
                lvs: vec![LogicalVolume::default(); n],
                ..Lvm::default()
            }),
            ..Sample::default()
        };
        let mut beyond = Beyond::new();
        let mut sample = lvs(VOLUMES + 3);
        bound(&mut sample, &mut beyond);
        assert_eq!(sample.lvm.map(|lvm| lvm.lvs.len()), Some(VOLUMES));
        assert_eq!(beyond, Beyond::from([("logical volume", 3)]));
        bound(&mut lvs(7), &mut beyond);
        assert_eq!(beyond, Beyond::new());
    }

    #[test]
    fn devices_are_kept_in_order_each_once_and_of_a_size() {
        let device = |minor, word: &str| Device {
            minor,
            connection: word.into(),
            changed_at: Some(-1.0),
            ..Device::default()
        };
        let long = "ß".repeat(1_000);
        let mut sample = Sample {
            drbd: Some(Drbd {
                devices: vec![device(7, "old"), device(1, &long), device(7, "new")],
                gone: (0..2 * KEPT as u32).rev().collect(),
                ..Drbd::default()
            }),
            ..Sample::default()
        };
        bound(&mut sample, &mut Beyond::new());
        let drbd = sample.drbd.unwrap_or_default();
        let kept: Vec<(u32, usize)> = drbd
            .devices
            .iter()
            .map(|it| (it.minor, it.connection.len()))
            .collect();
        assert_eq!(kept, [(1, WORD), (7, 3)]);
        assert_eq!(drbd.devices[1].connection, "new");
        assert_eq!(drbd.devices[1].changed_at, None);
        assert_eq!(drbd.gone.len(), KEPT);
    }
}
