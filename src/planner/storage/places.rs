//! What each place for disks holds, and what it promised.

use std::collections::HashMap;

use gantry_wire::storage::{Space, VolumeGroup};

use crate::model::{Cluster, Node};

use super::forecast::full_in_s;
use super::volumes::Wants;
use super::{Owner, Place, PlaceKind, Volume};

/// Why nothing is known of a volume group that the node told of, had it been there.
pub(crate) const NO_GROUP: &str = "no such volume group";

/// All places for disks, by node.
pub fn places(cluster: &Cluster) -> Vec<Place> {
    let wants = Wants::of(cluster, None);
    let files = Files::of(cluster);
    let mut places = Vec::new();
    for node in cluster.nodes_sorted() {
        of_node(cluster, node, &wants, &files, &mut places);
    }
    places
}

fn of_node(cluster: &Cluster, node: &Node, wants: &Wants, files: &Files, places: &mut Vec<Place>) {
    let own = cluster.conf.as_ref().map(|conf| conf.volume_group.as_str());
    let own = own.filter(|own| !own.is_empty());
    let storage = node.facts.storage.as_ref();
    let told = storage.map_or(&[][..], |storage| storage.vgs.as_slice());
    let volumes = wants.volumes(node);
    let tallies = volumes.as_deref().map(tallies);
    let nothing = Tally::default();
    for vg in told {
        let place = Place {
            is_ganetis: own == Some(vg.name.as_str()),
            why: unheard(node, "lvm").unwrap_or_default(),
            ..empty(node, PlaceKind::VolumeGroup, &vg.name)
        };
        let tally = tallies
            .as_ref()
            .map(|tallies| tallies.get(vg.name.as_str()).unwrap_or(&nothing));
        places.push(group(cluster, node, wants, vg, tally, place));
    }
    if let Some(own) = own
        && !told.iter().any(|vg| vg.name == own)
        && node.conf.as_ref().is_none_or(|conf| conf.vm_capable)
    {
        let why = match storage {
            Some(_) => unheard(node, "lvm").unwrap_or_else(|| NO_GROUP.to_owned()),
            None => unheard(node, "lvm").unwrap_or_else(|| "not told yet".into()),
        };
        places.push(Place {
            is_ganetis: true,
            promised: promised(node, wants, own, 1),
            why,
            ..empty(node, PlaceKind::VolumeGroup, own)
        });
    }
    let Some(storage) = storage else { return };
    let dirs = storage.dirs.iter().map(|dir| (PlaceKind::Directory, dir));
    let pools = storage.pools.iter().map(|pool| (PlaceKind::Pool, pool));
    for (kind, space) in dirs.chain(pools) {
        places.push(plain(cluster, node, files, kind, space));
    }
}

/// A place of which nothing is known.
fn empty(node: &Node, kind: PlaceKind, name: &str) -> Place {
    Place {
        node: node.name.clone(),
        kind,
        name: name.to_owned(),
        is_ganetis: false,
        fresh: node.fresh() && (kind != PlaceKind::VolumeGroup || node.missing("lvm").is_none()),
        offline: node.offline(),
        total: None,
        free: None,
        instances: None,
        metadata: None,
        others: None,
        promised: None,
        missing_pvs: 0,
        orphans: 0,
        orphans_size: 0,
        missing: 0,
        wrong_sizes: 0,
        full_in_s: None,
        why: String::new(),
    }
}

/// Why a node says nothing of a part now.
fn unheard(node: &Node, part: &str) -> Option<String> {
    if node.offline() {
        return Some("offline".to_owned());
    }
    if !node.fresh() {
        let why = node.reach.why().or(node.trouble.as_deref());
        return Some(why.unwrap_or("not reached").to_owned());
    }
    node.missing(part).map(|missing| missing.why.clone())
}

/// What the volumes of one group come to. Sizes in bytes.
#[derive(Clone, Debug, Default)]
struct Tally {
    instances: u64,
    metadata: u64,
    orphans: usize,
    orphans_size: u64,
    missing: usize,
    wrong_sizes: usize,
    /// Nobody knows whose one of them is.
    unknown: bool,
}

/// Counts a node's volumes in one pass, by volume group.
fn tallies(volumes: &[Volume]) -> HashMap<&str, Tally> {
    let mut tallies: HashMap<&str, Tally> = HashMap::new();
    for volume in volumes {
        let tally = tallies.entry(&volume.vg).or_default();
        let bytes = volume.found.as_ref().map_or(0, |found| found.bytes);
        match volume.owner {
            Owner::Data(..) => tally.instances = tally.instances.saturating_add(bytes),
            Owner::Meta(..) => tally.metadata = tally.metadata.saturating_add(bytes),
            Owner::Orphan => {
                tally.orphans += 1;
                tally.orphans_size = tally.orphans_size.saturating_add(bytes);
            }
            // What has just come is known soon.
            Owner::Unknown => tally.unknown |= volume.text.is_empty(),
            Owner::Job(_) | Owner::Reserved | Owner::NotGanetis => {}
        }
        let wrong = !volume.text.is_empty();
        tally.missing += usize::from(wrong && volume.found.is_none());
        let has_both = volume.found.is_some() && volume.wanted.is_some();
        tally.wrong_sizes += usize::from(wrong && has_both);
    }
    tallies
}

fn group(
    cluster: &Cluster,
    node: &Node,
    wants: &Wants,
    vg: &VolumeGroup,
    tally: Option<&Tally>,
    place: Place,
) -> Place {
    // One volume of which nobody knows whose it is makes every sum a guess.
    let known = tally.is_some_and(|tally| !tally.unknown);
    let tally = tally.cloned().unwrap_or_default();
    let (instances, metadata) = (tally.instances >> 20, tally.metadata >> 20);
    let used = vg.total.saturating_sub(vg.free);
    let others = used.saturating_sub(instances.saturating_add(metadata));
    let changes = node
        .spaces
        .changes(PlaceKind::VolumeGroup, &vg.name, cluster.now.at);
    Place {
        total: Some(vg.total),
        free: Some(vg.free),
        instances: known.then_some(instances),
        metadata: known.then_some(metadata),
        others: known.then_some(others),
        promised: promised(node, wants, &vg.name, vg.extent_kib / 1024),
        missing_pvs: vg.missing_pvs,
        orphans: tally.orphans,
        orphans_size: tally.orphans_size >> 20,
        missing: tally.missing,
        wrong_sizes: tally.wrong_sizes,
        full_in_s: full_in_s(&changes, vg.free).filter(|_| place.fresh),
        ..place
    }
}

/// What the configuration wants in a volume group on a node, each volume in whole extents of so
/// many MiB.
fn promised(node: &Node, wants: &Wants, vg: &str, extent: u64) -> Option<u64> {
    if !wants.all_placed_on(node) {
        return None;
    }
    let here = wants.on(&node.name).iter();
    let sizes = here.filter(|want| want.volume.vg == vg).map(|want| {
        let size = want.volume.size;
        size.checked_next_multiple_of(extent.max(1)).unwrap_or(size)
    });
    Some(sizes.fold(0, u64::saturating_add))
}

/// A directory or a pool.
fn plain(cluster: &Cluster, node: &Node, files: &Files, kind: PlaceKind, space: &Space) -> Place {
    let conf = cluster.conf.as_ref();
    let enabled = conf.is_some_and(|conf| conf.disk_templates.contains(&space.template));
    let dir = conf.map(|conf| match space.template.as_str() {
        "file" => conf.file_storage_dir.as_str(),
        "sharedfile" => conf.shared_file_storage_dir.as_str(),
        _ => space.name.as_str(),
    });
    let known = space.why.is_empty();
    let changes = node.spaces.changes(kind, &space.name, cluster.now.at);
    let place = empty(node, kind, &space.name);
    Place {
        is_ganetis: enabled && dir == Some(space.name.as_str()),
        total: known.then_some(space.total),
        free: known.then_some(space.free),
        promised: cluster
            .conf_seen
            .is_some()
            .then(|| files.promised(node, space)),
        full_in_s: full_in_s(&changes, space.free).filter(|_| place.fresh && known),
        why: match unheard(node, "") {
            Some(why) => why,
            None => space.why.clone(),
        },
        ..place
    }
}

/// Sizes of disks that are files or images, by template, node and directory, MiB. What is shared
/// is on no node of its own.
struct Files<'a>(HashMap<(&'a str, &'a str), Vec<(&'a str, u64)>>);

impl<'a> Files<'a> {
    fn of(cluster: &'a Cluster) -> Files<'a> {
        let mut files: HashMap<_, Vec<_>> = HashMap::new();
        for instance in cluster.instances.values() {
            let conf = &instance.conf;
            for disk in &conf.disks {
                let template = instance.template_of(disk);
                let node = match template {
                    "file" => conf.primary.as_str(),
                    "sharedfile" | "gluster" | "rbd" => "",
                    _ => continue,
                };
                let path = disk.layout.as_ref().map_or("", |layout| &layout.path);
                let here = files.entry((template, node)).or_default();
                here.push((path, disk.size));
            }
        }
        Files(files)
    }

    fn promised(&self, node: &Node, space: &Space) -> u64 {
        let on: &str = if space.template == "file" {
            &node.name
        } else {
            ""
        };
        let disks = self.0.get(&(space.template.as_str(), on));
        let inside = |path: &str| {
            let in_dir = path
                .strip_prefix(space.name.as_str())
                .is_some_and(|rest| rest.starts_with('/'));
            in_dir || !path.starts_with('/')
        };
        let sizes = disks.into_iter().flatten();
        let sizes = sizes
            .filter(|(path, _)| inside(path))
            .map(|(_, size)| *size);
        sizes.fold(0, u64::saturating_add)
    }
}
