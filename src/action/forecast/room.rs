//! Free memory and disk of the nodes that change, before and after.

use crate::model::Instance;
use crate::model::words::mib;

use super::Tone;
use super::draft::Draft;
use super::facts::silence;

/// What DRBD takes besides for its metadata, MiB a disk.
const META: u64 = 128;

/// Memory that is free on a node now and after what was told before, MiB.
pub fn memory_on(draft: &Draft, node: &str) -> Option<(u64, i64)> {
    let free = draft.cluster.nodes.get(node)?.memory()?.free;
    let change = draft.memory.get(node).copied().unwrap_or(0);
    let after = i64::try_from(free).ok()?.saturating_add(change);
    Some((free, after))
}

/// Whether so much memory is free on a node; refuses it if not. Ganeti asks the same of what the
/// node reports.
pub fn needs_memory(draft: &mut Draft, node: &str, needed: u64, what: &str) {
    draft.rests_on.insert(node.to_owned());
    let Some((_, free)) = memory_on(draft, node) else {
        let text = format!("not known, {} ({what}) are needed", mib(needed));
        draft.say(format!("{node} memory free"), text, Tone::Warn);
        return;
    };
    if free < i64::try_from(needed).unwrap_or(i64::MAX) {
        let free = mib(u64::try_from(free).unwrap_or(0));
        let why = format!(
            "{node} has {free} of memory free, and {} ({what}) are needed",
            mib(needed)
        );
        // What a node said before it fell silent refuses nothing.
        if silence(node, draft.cluster).is_some() {
            draft.say(format!("{node} memory free"), why, Tone::Warn);
        } else {
            draft.refuse(why);
        }
    }
}

/// Whether all of the memory that an instance may have is free on a node. If not it can run there,
/// but a migration takes memory from it, and a start may make the node swap.
pub fn wants_memory(draft: &mut Draft, node: &str, wanted: u64) {
    let Some((_, free)) = memory_on(draft, node) else {
        return;
    };
    if !draft.is_refused() && free < i64::try_from(wanted).unwrap_or(i64::MAX) {
        let (free, wanted) = (size(free), mib(wanted));
        let text =
            format!("{free} free is less than its maxmem, {wanted}: it gets less, or {node} swaps");
        draft.say(format!("{node} memory free"), text, Tone::Warn);
    }
}

/// Notes that memory is taken on a node or given back, MiB.
pub fn take_memory(draft: &mut Draft, node: &str, change: i64) {
    let all = draft.memory.entry(node.to_owned()).or_default();
    *all = all.saturating_add(change);
}

/// Where a disk of an instance lies on its nodes, and what it takes there, MiB.
pub struct Place {
    /// Its volume group, or the directory of file disks; empty where it lies on no node.
    pub vg: String,
    /// With metadata.
    pub size: u64,
}

/// Where the disks of an instance lie: those of these indices, or all.
pub fn places(draft: &Draft, instance: &Instance, indices: &[u8]) -> Vec<Place> {
    let conf = draft.cluster.conf.as_ref();
    let usual = conf.map_or("", |conf| conf.volume_group.as_str());
    let directory = conf.map_or("", |conf| conf.file_storage_dir.as_str());
    let disks = instance.conf.disks.iter().enumerate();
    let chosen = disks.filter(|(at, _)| {
        indices.is_empty() || indices.iter().any(|index| usize::from(*index) == *at)
    });
    let place = |disk: &gantry_wire::config::Disk| {
        let template = instance.template_of(disk);
        let volume = disk.layout.as_ref().and_then(|layout| layout.data.as_ref());
        Place {
            vg: match (template, volume) {
                (_, Some(volume)) => volume.vg.clone(),
                ("drbd" | "plain", None) => usual.to_owned(),
                ("file", None) => directory.to_owned(),
                _ => String::new(),
            },
            size: match template {
                "drbd" => disk.size.saturating_add(META),
                _ => disk.size,
            },
        }
    };
    chosen.map(|(_, disk)| place(disk)).collect()
}

/// What is free of a volume group or directory on a node now, MiB.
fn free_in(draft: &Draft, node: &str, vg: &str) -> Option<u64> {
    let node = draft.cluster.nodes.get(node)?;
    let storage = node.facts.storage.as_ref();
    let group = storage.and_then(|it| it.vgs.iter().find(|group| group.name == vg));
    if let Some(group) = group {
        return Some(group.free);
    }
    let directory = storage.and_then(|it| it.dirs.iter().find(|dir| dir.name == vg));
    if let Some(directory) = directory {
        return directory.why.is_empty().then_some(directory.free);
    }
    let usual = draft
        .cluster
        .conf
        .as_ref()
        .map(|conf| conf.volume_group.as_str());
    let usual = usual == Some(vg);
    usual.then(|| node.disk(draft.cluster.conf.as_ref()).map(|(_, free)| free))?
}

/// Takes room for disks on a node, and refuses it if there is not enough.
pub fn needs_disk(draft: &mut Draft, node: &str, places: &[Place]) {
    draft.rests_on.insert(node.to_owned());
    for place in places.iter().filter(|place| !place.vg.is_empty()) {
        let change = i64::try_from(place.size).unwrap_or(i64::MAX);
        take_disk(draft, node, &place.vg, change.saturating_neg());
    }
    let groups: Vec<String> = draft
        .disk
        .keys()
        .filter(|(on, _)| on == node)
        .map(|(_, vg)| vg.clone())
        .collect();
    for vg in groups {
        let change = draft.disk.get(&(node.to_owned(), vg.clone()));
        let change = change.copied().unwrap_or(0);
        let label = format!("{node} disk free");
        match free_in(draft, node, &vg) {
            None if change < 0 => {
                let text = format!(
                    "not known in {vg}, {} are needed",
                    mib(change.unsigned_abs())
                );
                draft.say(label, text, Tone::Warn);
            }
            Some(free) if change < 0 && change.unsigned_abs() > free => {
                let why = format!(
                    "{node} has {} free in {vg}, and {} are needed",
                    mib(free),
                    mib(change.unsigned_abs())
                );
                if silence(node, draft.cluster).is_some() {
                    draft.say(label, why, Tone::Warn);
                } else {
                    draft.refuse(why);
                }
            }
            _ => {}
        }
    }
}

/// Gives room for disks on a node back.
pub fn frees_disk(draft: &mut Draft, node: &str, places: &[Place]) {
    for place in places.iter().filter(|place| !place.vg.is_empty()) {
        let change = i64::try_from(place.size).unwrap_or(i64::MAX);
        take_disk(draft, node, &place.vg, change);
    }
}

fn take_disk(draft: &mut Draft, node: &str, vg: &str, change: i64) {
    let all = draft
        .disk
        .entry((node.to_owned(), vg.to_owned()))
        .or_default();
    *all = all.saturating_add(change);
}

/// Says what becomes of the room on each node.
pub fn tell(draft: &mut Draft) {
    let memory: Vec<(String, i64)> = draft.memory.iter().map(|(a, b)| (a.clone(), *b)).collect();
    for (node, change) in memory.into_iter().filter(|(_, change)| *change != 0) {
        draft.rests_on.insert(node.clone());
        let label = format!("{node} memory free");
        match memory_on(draft, &node) {
            Some((before, after)) => {
                let text = format!("{} -> {}", mib(before), size(after));
                let tone = if after < 0 { Tone::Bad } else { Tone::Plain };
                draft.say(label, text, tone);
            }
            None => draft.say(
                label,
                format!("not known, {} of it", by(change)),
                Tone::Warn,
            ),
        }
    }
    let disk: Vec<((String, String), i64)> =
        draft.disk.iter().map(|(a, b)| (a.clone(), *b)).collect();
    for ((node, vg), change) in disk.into_iter().filter(|(_, change)| *change != 0) {
        draft.rests_on.insert(node.clone());
        let label = format!("{node} disk free");
        let free = free_in(draft, &node, &vg).and_then(|free| i64::try_from(free).ok());
        match free {
            Some(free) => {
                let after = free.saturating_add(change);
                let text = format!("{} -> {} ({vg})", size(free), size(after));
                let tone = if after < 0 { Tone::Bad } else { Tone::Plain };
                draft.say(label, text, tone);
            }
            None => draft.say(
                label,
                format!("not known, {} ({vg})", by(change)),
                Tone::Warn,
            ),
        }
    }
}

fn size(size: i64) -> String {
    let sign = if size < 0 { "-" } else { "" };
    format!("{sign}{}", mib(size.unsigned_abs()))
}

fn by(change: i64) -> String {
    let way = if change < 0 { "less" } else { "more" };
    format!("{} {way}", mib(change.unsigned_abs()))
}
