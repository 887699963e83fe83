//! Whose the logical volumes of a node are.

use std::collections::{HashMap, HashSet};

use gantry_wire::config;
use gantry_wire::storage::LogicalVolume;
use regex_lite::Regex;

use crate::model::words::mib;
use crate::model::{Cluster, Instance, Node, natural};
use crate::planner::work::Work;

use super::{Owner, Volume};

/// Size of an extent where the volume group does not say, KiB.
const EXTENT: u64 = 4_096;

/// What volumes a cluster's configuration wants, and what else bears on whose one is.
pub(super) struct Wants<'a> {
    cluster: &'a Cluster,
    work: Work<'a>,
    reserved: Vec<Regex>,
    by_node: HashMap<&'a str, Vec<Want<'a>>>,
    /// Instances with a disk on LVM of which it is not known where it lies.
    open: HashSet<&'a str>,
}

/// A volume that the configuration wants on a node.
#[derive(Clone, Copy)]
pub(super) struct Want<'a> {
    instance: &'a Instance,
    index: u32,
    meta: bool,
    pub volume: &'a config::Volume,
}

impl Want<'_> {
    fn owner(&self) -> Owner {
        let name = self.instance.name.clone();
        if self.meta {
            Owner::Meta(name, self.index)
        } else {
            Owner::Data(name, self.index)
        }
    }
}

impl<'a> Wants<'a> {
    /// What all nodes should have, or one of them.
    pub fn of(cluster: &'a Cluster, node: Option<&str>) -> Wants<'a> {
        let reserved = cluster.conf.iter().flat_map(|conf| &conf.reserved_lvs);
        let mut wants = Wants {
            cluster,
            work: Work::of(cluster),
            reserved: reserved
                .filter_map(|pattern| anchored(pattern).ok())
                .collect(),
            by_node: HashMap::new(),
            open: HashSet::new(),
        };
        for instance in cluster.instances.values() {
            for (index, disk) in (0..).zip(&instance.conf.disks) {
                wants.add(instance, index, disk, node);
            }
        }
        wants
    }

    fn add(
        &mut self,
        instance: &'a Instance,
        index: u32,
        disk: &'a config::Disk,
        only: Option<&str>,
    ) {
        let Some(layout) = &disk.layout else {
            if matches!(instance.template_of(disk), "drbd" | "plain" | "mixed" | "") {
                self.open.insert(&instance.name);
            }
            return;
        };
        let ends = layout.ends.iter().map(|end| end.node.as_str());
        // A plain disk lies on the primary alone.
        let primary = layout
            .ends
            .is_empty()
            .then_some(instance.conf.primary.as_str());
        for node in ends.chain(primary) {
            if only.is_some_and(|only| only != node) {
                continue;
            }
            let volumes = [(false, &layout.data), (true, &layout.meta)];
            for (meta, volume) in volumes {
                if let Some(volume) = volume {
                    self.by_node.entry(node).or_default().push(Want {
                        instance,
                        index,
                        meta,
                        volume,
                    });
                }
            }
        }
    }

    /// What a node should have.
    pub fn on(&self, node: &str) -> &[Want<'a>] {
        self.by_node.get(node).map_or(&[], Vec::as_slice)
    }

    /// All disks of all instances that this node has to do with are placed.
    pub fn all_placed_on(&self, node: &Node) -> bool {
        let mut names = node.primaries.iter().chain(&node.secondaries);
        self.cluster.conf_seen.is_some() && names.all(|name| !self.open.contains(&**name))
    }

    /// The volumes of a node, there and missing, in no order; `None` if it has not told them.
    pub fn volumes(&self, node: &Node) -> Option<Vec<Volume>> {
        let lvm = node.facts.lvm.as_ref()?;
        let wants: HashMap<(&str, &str), Want> = self
            .on(&node.name)
            .iter()
            .map(|want| ((want.volume.vg.as_str(), want.volume.name.as_str()), *want))
            .collect();
        let claims = self.claims(node);
        let extents = extents(node);
        let mut found = HashSet::new();
        let mut volumes = Vec::with_capacity(lvm.lvs.len());
        for lv in &lvm.lvs {
            let at = (lv.vg.as_str(), lv.name.as_str());
            found.insert(at);
            volumes.push(match wants.get(&at) {
                Some(want) => Volume {
                    wanted: Some(want.volume.size),
                    owner: want.owner(),
                    text: self.wrong_size(&extents, want, lv),
                    ..volume(lv)
                },
                None => {
                    let claimed = claims.get(&at).cloned();
                    let owner = claimed.unwrap_or_else(|| self.owner(lv));
                    let now = self.cluster.now.at;
                    let new = || node.lately.as_ref().is_some_and(|it| it.has(lv, now));
                    let (owner, text) = match owner {
                        Owner::Orphan if new() => (Owner::Unknown, "new, in no configuration yet"),
                        Owner::Orphan => (Owner::Orphan, "in no configuration"),
                        owner => (owner, ""),
                    };
                    Volume {
                        owner,
                        text: text.to_owned(),
                        ..volume(lv)
                    }
                }
            });
        }
        for (at, want) in &wants {
            if !found.contains(at) {
                let text = if self.busy(want.instance) {
                    ""
                } else {
                    "missing"
                };
                volumes.push(Volume {
                    vg: want.volume.vg.clone(),
                    name: want.volume.name.clone(),
                    found: None,
                    wanted: Some(want.volume.size),
                    owner: want.owner(),
                    text: text.to_owned(),
                });
            }
        }
        Some(volumes)
    }

    fn busy(&self, instance: &Instance) -> bool {
        self.work.job(&instance.name).is_some()
    }

    /// Volumes below DRBD devices of disks that the configuration does not place.
    fn claims(&self, node: &'a Node) -> HashMap<(&'a str, &'a str), Owner> {
        let mut claims = HashMap::new();
        for device in node.facts.drbd.iter().flat_map(|drbd| &drbd.devices) {
            let instance = self.cluster.instances.get(device.instance.as_str());
            let instance = instance.filter(|instance| instance.lives_on(&node.name));
            let (Some(instance), Some(index)) = (instance, device.disk_index) else {
                continue;
            };
            if !self.open.contains(&*instance.name) {
                continue;
            }
            let name = || instance.name.clone();
            if let Some(at) = of_path(&device.data_dev) {
                claims.insert(at, Owner::Data(name(), index));
            }
            if let Some(at) = of_path(&device.meta_dev) {
                claims.insert(at, Owner::Meta(name(), index));
            }
        }
        claims
    }

    /// Whose a volume is that no configuration names.
    fn owner(&self, lv: &LogicalVolume) -> Owner {
        let Some(conf) = self.cluster.conf.as_ref() else {
            return Owner::Unknown;
        };
        if lv.vg != conf.volume_group || inner(lv) {
            return Owner::NotGanetis;
        }
        let path = format!("{}/{}", lv.vg, lv.name);
        if self
            .reserved
            .iter()
            .any(|reserved| reserved.is_match(&path))
        {
            return Owner::Reserved;
        }
        let tagged = lv
            .tags
            .iter()
            .find_map(|tag| tag.strip_prefix("originstname+"));
        if let Some(job) = tagged.and_then(|instance| self.work.job(instance)) {
            return Owner::Job(job);
        }
        let open = match tagged {
            Some(instance) if self.cluster.instances.contains_key(instance) => {
                self.open.contains(instance)
            }
            Some(_) => false,
            None => !self.open.is_empty(),
        };
        if open || self.cluster.conf_seen.is_none() {
            Owner::Unknown
        } else {
            Owner::Orphan
        }
    }

    /// A volume is of another size than wanted. LVM rounds up to whole extents, on each of the
    /// stripes.
    fn wrong_size(&self, extents: &Extents, want: &Want, lv: &LogicalVolume) -> String {
        let extent = extents.get(lv.vg.as_str()).copied().unwrap_or(EXTENT);
        let extent = extent.saturating_mul(1024);
        let size = want.volume.size.saturating_mul(1 << 20);
        let stripes = lv.pvs.len().max(1) as u64;
        let most = size
            .checked_next_multiple_of(extent.saturating_mul(stripes))
            .unwrap_or(u64::MAX);
        if size == 0 || (size..=most).contains(&lv.bytes) || self.busy(want.instance) {
            return String::new();
        }
        let (is, should) = (mib(lv.bytes >> 20), mib(want.volume.size));
        let what = if want.meta { "metadata is" } else { "is" };
        if is == should {
            return format!("{what} {} bytes and not {size}", lv.bytes);
        }
        format!("{what} {is} and not {should}")
    }
}

/// Size of an extent by volume group, KiB.
type Extents<'a> = HashMap<&'a str, u64>;

/// The extents of a node's volume groups; of two of one name the first counts.
fn extents(node: &Node) -> Extents<'_> {
    let vgs = node.facts.storage.iter().flat_map(|storage| &storage.vgs);
    let mut extents = Extents::new();
    for vg in vgs.filter(|vg| vg.extent_kib > 0) {
        extents.entry(&vg.name).or_insert(vg.extent_kib);
    }
    extents
}

fn volume(lv: &LogicalVolume) -> Volume {
    Volume {
        vg: lv.vg.clone(),
        name: lv.name.clone(),
        found: Some(lv.clone()),
        wanted: None,
        owner: Owner::Unknown,
        text: String::new(),
    }
}

/// Volume group and name of `/dev/xenvg/name`.
fn of_path(path: &str) -> Option<(&str, &str)> {
    path.strip_prefix("/dev/")?.split_once('/')
}

/// A snapshot, a thin volume, or a part of another volume. The first attribute is the volume's
/// type (lvs(8)); a plain one is `-`, one with snapshots `o`.
fn inner(lv: &LogicalVolume) -> bool {
    let whole = |kind: char| matches!(kind, '-' | 'o' | 'O' | 'm' | 'M' | 'r' | 'R' | 'C' | 'c');
    !lv.origin.is_empty()
        || lv.name.starts_with('[')
        || lv.attr.chars().next().is_some_and(|kind| !whole(kind))
}

/// A pattern as Ganeti matches it: against the whole of `group/volume`.
fn anchored(pattern: &str) -> Result<Regex, regex_lite::Error> {
    Regex::new(&format!("^(?:{pattern})$"))
}

/// The patterns of `reserved_lvs` that are no regular expressions, with the reason.
pub fn broken_reserved(cluster: &Cluster) -> Vec<(&str, String)> {
    let patterns = cluster.conf.iter().flat_map(|conf| &conf.reserved_lvs);
    let broken = patterns.filter_map(|pattern| {
        let why = anchored(pattern).err()?;
        Some((pattern.as_str(), why.to_string()))
    });
    broken.collect()
}

/// The logical volumes on a node, wrong ones first; `None` if it has not told them.
pub fn volumes(cluster: &Cluster, node: &str) -> Option<Vec<Volume>> {
    let node = cluster.nodes.get(node)?;
    let mut volumes = Wants::of(cluster, Some(&node.name)).volumes(node)?;
    volumes.sort_by(|a, b| {
        let wrong = |volume: &Volume| volume.text.is_empty();
        wrong(a)
            .cmp(&wrong(b))
            .then_with(|| natural::compare(&a.vg, &b.vg))
            .then_with(|| natural::compare(&a.name, &b.name))
    });
    Some(volumes)
}
