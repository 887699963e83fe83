//! Places for disks that are full, broken or not as they are configured.

use std::collections::{BTreeMap, HashSet};

use crate::model::words::{duration, mib};
use crate::model::{Cluster, Instance, Name, Node, natural};
use crate::planner::storage::{
    NO_GROUP, Owner, Place, PlaceKind, Volume, broken_reserved, volumes,
};

use super::{Found, NAMED, Severity, Subject, count};

/// Percent in use from which on a place is nearly full, and from which on that is trouble now.
const NEARLY: u64 = 90;
const FULL: u64 = 97;

/// A place that will be full within this many seconds is a warning.
const SOON: f64 = 86_400.0;

/// One that will be full within this many seconds is trouble now.
const NOW: f64 = 3_600.0;

/// Places for disks, what lies in them, and the disks below them.
pub(super) fn storage(cluster: &Cluster, places: &[Place], found: &mut Found) {
    fill(cluster, places, found);
    let ours = |place: &&Place| place.fresh && place.is_ganetis;
    for place in places.iter().filter(ours) {
        broken(place, found);
    }
    unlike(cluster, places, found);
    hanging(cluster, found);
    for node in fresh(cluster) {
        partial(cluster, node, found);
        failing(node, found);
    }
    for (pattern, why) in broken_reserved(cluster) {
        let why = why.lines().next_back().unwrap_or_default();
        let text = format!("reserved_lvs: `{pattern}` is not understood: {why}");
        found.add(Severity::Warning, Subject::Cluster, text);
    }
}

fn fresh(cluster: &Cluster) -> impl Iterator<Item = &Node> {
    let nodes = cluster.nodes_sorted().into_iter();
    nodes.filter(|node| node.fresh() && !node.offline())
}

/// What is added once by name, or counted.
fn add_few(
    found: &mut Found,
    severity: Severity,
    all: Vec<(Subject, String)>,
    many: impl Fn(usize) -> String,
) {
    if let [(first, _), ..] = all.as_slice()
        && all.len() > NAMED
    {
        found.add(severity, first.clone(), many(all.len()));
        return;
    }
    for (subject, text) in all {
        found.add(severity, subject, text);
    }
}

/// Places for new disks that are full, or soon will be.
fn fill(cluster: &Cluster, places: &[Place], found: &mut Found) {
    let shared = cluster
        .conf
        .as_ref()
        .map(|conf| conf.shared_file_storage_dir.as_str());
    let mut seen: HashSet<(PlaceKind, &str)> = HashSet::new();
    let mut full: BTreeMap<Severity, Vec<(Subject, String)>> = BTreeMap::new();
    let mut filling = Vec::new();
    for place in places
        .iter()
        .filter(|place| place.fresh && place.is_ganetis)
    {
        // What all nodes share is one place.
        let is_shared = place.kind == PlaceKind::Pool || shared == Some(place.name.as_str());
        if is_shared && !seen.insert((place.kind, &place.name)) {
            continue;
        }
        let (Some(total @ 1..), Some(free)) = (place.total, place.free) else {
            continue;
        };
        let used = u128::from(total.saturating_sub(free)) * 100 / u128::from(total);
        let filled = place.full_in_s.filter(|left| *left < SOON).map(|left| {
            // In steps, so that the words hold for a while.
            match left < NOW {
                true => "within the hour".to_owned(),
                false => format!("in {}", duration((left / 3_600.0).ceil() * 3_600.0)),
            }
        });
        let severity = match used as u64 {
            FULL.. => Severity::Critical,
            NEARLY.. => Severity::Warning,
            _ => {
                if let Some(when) = &filled {
                    let text = format!("{} will be full {when}", called(place));
                    filling.push((Subject::Storage(place.node.clone()), text));
                }
                continue;
            }
        };
        let soon = place.full_in_s.is_some_and(|left| left < NOW);
        let severity = if soon { Severity::Critical } else { severity };
        let when = filled.map_or_else(String::new, |when| format!(", all {when}"));
        let text = format!("{} {used}% full, {} free{when}", called(place), mib(free));
        let named = full.entry(severity).or_default();
        named.push((Subject::Storage(place.node.clone()), text));
    }
    for (severity, all) in full.into_iter().rev() {
        add_few(found, severity, all, |n| match severity {
            Severity::Critical => format!("{n} places for disks full or about to be"),
            _ => format!("{n} places for disks over {NEARLY}% full"),
        });
    }
    add_few(found, Severity::Warning, filling, |n| {
        format!("{n} places for disks will be full within a day")
    });
}

/// `xenvg on node2`.
fn called(place: &Place) -> String {
    format!("{} on {}", place.name, place.node)
}

/// A place for new disks that cannot be used, or has lost a part.
fn broken(place: &Place, found: &mut Found) {
    let subject = Subject::Storage(place.node.clone());
    if place.kind == PlaceKind::VolumeGroup && place.why == NO_GROUP {
        let text = format!("{} has no volume group {}", place.node, place.name);
        found.add(Severity::Critical, subject, text);
    } else if place.kind != PlaceKind::VolumeGroup && !place.why.is_empty() {
        let text = format!("{}: {}", called(place), place.why);
        found.add(Severity::Warning, subject, text);
    }
}

/// Volumes that are missing, nobody's, or of another size than configured.
fn unlike(cluster: &Cluster, places: &[Place], found: &mut Found) {
    let of = |has: fn(&Place) -> usize| {
        places
            .iter()
            .filter(move |place| place.fresh && has(place) > 0)
    };
    let lost = of(|place| place.missing).map(|place| {
        let text = format!(
            "{} missing on {}: {}",
            count(place.missing, "volume"),
            place.node,
            lacking(cluster, place)
        );
        (Subject::Storage(place.node.clone()), text)
    });
    add_few(found, Severity::Critical, lost.collect(), |n| {
        format!("volumes missing on {n} nodes")
    });
    let wrong: Vec<&Place> = of(|place| place.wrong_sizes).collect();
    let total: usize = wrong.iter().map(|place| place.wrong_sizes).sum();
    let named = match wrong.as_slice() {
        few if total <= NAMED => {
            let mut nodes: Vec<&Name> = few.iter().map(|place| &place.node).collect();
            nodes.dedup();
            let volumes = nodes.into_iter().flat_map(|node| sizes(cluster, node));
            volumes.collect()
        }
        _ => wrong
            .iter()
            .map(|place| {
                let volumes = count(place.wrong_sizes, "volume");
                let text = format!(
                    "{volumes} on {} of another size than configured",
                    place.node
                );
                (Subject::Storage(place.node.clone()), text)
            })
            .collect(),
    };
    add_few(found, Severity::Warning, named, |n| {
        format!("{total} volumes on {n} nodes of another size than configured")
    });
    let orphans: Vec<&Place> = of(|place| place.orphans).collect();
    let all: usize = orphans.iter().map(|place| place.orphans).sum();
    let named = orphans.iter().map(|place| {
        let volumes = count(place.orphans, "orphan volume");
        let text = format!("{volumes} on {}, {}", place.node, mib(place.orphans_size));
        (Subject::Storage(place.node.clone()), text)
    });
    let named = named.collect();
    add_few(found, Severity::Warning, named, |n| {
        format!("{all} orphan volumes on {n} nodes")
    });
}

/// Disks of which a volume is missing in a place, by name or counted.
fn lacking(cluster: &Cluster, place: &Place) -> String {
    let volumes = volumes(cluster, &place.node).unwrap_or_default();
    let missing = volumes
        .into_iter()
        .filter(|it| it.vg == place.name && it.found.is_none());
    let disks = missing.filter_map(|volume| match volume.owner {
        Owner::Data(name, index) | Owner::Meta(name, index) => Some(format!("{name}/{index}")),
        _ => None,
    });
    let mut disks: Vec<String> = disks.collect();
    disks.sort_by(|a, b| natural::compare(a, b));
    disks.dedup();
    match disks.len() {
        0 => "disks not known".to_owned(),
        n if n > NAMED => format!("of {}", count(n, "disk")),
        _ => disks.join(", "),
    }
}

/// The volumes of a node that are of another size than configured, in words.
fn sizes(cluster: &Cluster, node: &Name) -> Vec<(Subject, String)> {
    let wrong = |volume: &Volume| volume.found.is_some() && volume.wanted.is_some();
    let volumes = volumes(cluster, node).unwrap_or_default();
    let volumes = volumes
        .into_iter()
        .filter(|volume| wrong(volume) && !volume.text.is_empty());
    volumes
        .filter_map(|volume| match volume.owner {
            Owner::Data(name, index) | Owner::Meta(name, index) => {
                let text = format!("{name}/{index} on {node}: {}", volume.text);
                Some((Subject::Disk(name, index), text))
            }
            _ => None,
        })
        .collect()
}

/// What was asked and does not answer.
fn hanging(cluster: &Cluster, found: &mut Found) {
    let mut all = Vec::new();
    for node in fresh(cluster) {
        let mut said = HashSet::new();
        for missing in node.facts.missing.iter().flatten().filter(|it| it.hangs) {
            if said.insert(&missing.why) {
                let text = format!("{}: {}", node.name, missing.why);
                all.push((Subject::Node(node.name.clone()), text));
            }
        }
    }
    add_few(found, Severity::Warning, all, |n| {
        format!("{n} programs or files that nodes were asked for do not answer")
    });
}

/// Volume groups with a part missing.
fn partial(cluster: &Cluster, node: &Node, found: &mut Found) {
    let vgs = node.facts.storage.iter().flat_map(|storage| &storage.vgs);
    for vg in vgs {
        let text = match vg.missing_pvs {
            0 if vg.attr.chars().nth(3) == Some('p') => format!("{} is partial", vg.name),
            0 => continue,
            n => format!("{} lacks {}", vg.name, count(n as usize, "physical volume")),
        };
        let disks = cluster
            .instances
            .values()
            .filter(|it| lies_on(it, node))
            .count();
        let whose = match disks {
            0 => String::new(),
            n => format!(", under disks of {}", count(n, "instance")),
        };
        let text = format!("{}: {text}{whose}", node.name);
        found.add(
            Severity::Critical,
            Subject::Storage(node.name.clone()),
            text,
        );
    }
}

/// An instance has this node, and its disks are on LVM.
fn lies_on(instance: &Instance, node: &Node) -> bool {
    let lvm = matches!(
        instance.conf.disk_template.as_str(),
        "drbd" | "plain" | "mixed"
    );
    let names = [&node.primaries, &node.secondaries];
    lvm && names.iter().any(|it| it.contains(&instance.name))
}

/// Disks that say of themselves that they fail.
fn failing(node: &Node, found: &mut Found) {
    let disks = node.facts.health.iter().flatten();
    let failed: Vec<&str> = disks
        .filter(|disk| disk.passed == Some(false))
        .map(|disk| disk.name.as_str())
        .collect();
    if let [first, rest @ ..] = failed.as_slice() {
        let more = match rest.len() {
            0 => String::new(),
            n => format!(" and {n} more"),
        };
        let text = format!("{}: {first}{more} failed its own health test", node.name);
        found.add(Severity::Warning, Subject::Storage(node.name.clone()), text);
    }
}

#[cfg(test)]
mod tests;
