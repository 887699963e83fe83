//! What lies on each node's storage: the volumes of instances' disks, those that belong to no
//! disk, and the disks below them. Everything adds up: what is free is what no volume has.

use gantry_wire::storage::{
    DiskHealth, LogicalVolume, Lvm, PhysicalVolume, Space, Storage, VolumeGroup,
};

use super::Cluster;
use super::chance::mix;
use super::instance::{Instance, InstanceId, META, Template};
use super::layout::{data_name, meta_name, plain_name};
use super::node::{Node, NodeId};
use super::oddity::Stray;

/// The instances' volume group.
pub const VOLUME_GROUP: &str = "xenvg";
/// The directory for file disks.
pub const FILE_DIR: &str = "/srv/ganeti/file-storage";
/// The cluster's `reserved_lvs`.
pub const RESERVED: &str = "xenvg/scratch-.*";
/// The system's own volume group.
const SYSTEM_GROUP: &str = "debian-vg";
/// Its volumes, MiB.
const SYSTEM_VOLUMES: [(&str, u64); 2] = [("root", 40 * 1024), ("swap_1", 8 * 1024)];
/// Its size, MiB.
const SYSTEM_SIZE: u64 = 56 * 1024;
/// Size of an extent, MiB.
const EXTENT: u64 = 4;
/// The volume that fills a group.
const SCRATCH: &str = "scratch-spool";
/// It grows so often, ms, by so much, MiB.
const SCRATCH_STEP: (u64, u64) = (20_000, 512);
/// After so many steps it is emptied.
const SCRATCH_STEPS: u64 = 360;
/// It leaves so much of the group free, MiB.
const SCRATCH_LEAVES: u64 = 8 * 1024;

/// A logical volume, before it is put on physical ones.
struct Volume<'a> {
    name: String,
    mib: u64,
    open: bool,
    origin: &'a str,
}

impl Cluster {
    /// What the volumes on a node that belong to no disk take, MiB, less what is missing.
    fn other_volumes(&self, node: NodeId) -> (u64, u64) {
        let strays = self.strays.iter().filter(|stray| stray.node == node);
        (strays.map(|stray| stray.mib).sum(), self.missing_mib(node))
    }

    /// Size of the volume that is missing on a node, MiB.
    fn missing_mib(&self, node: NodeId) -> u64 {
        self.missing_volume(node).map_or(0, |(_, mib)| mib)
    }

    /// Name and size of the volume that the configuration names and that is not on this node.
    pub(super) fn missing_volume(&self, node: NodeId) -> Option<(String, u64)> {
        let (_, id) = self.oddities.missing_lv.filter(|(at, _)| *at == node)?;
        let instance = self.instances.get(&id).filter(|i| !i.active)?;
        if !instance.nodes().any(|home| home == node) {
            return None;
        }
        let disk = instance.disks.first()?;
        match instance.template {
            Template::Plain => Some((plain_name(disk, 0), disk.size)),
            Template::Drbd => Some((data_name(disk, 0), disk.size)),
            Template::File | Template::Diskless => None,
        }
    }

    /// The volumes of a mirrored instance on a node are not those of its disks any more; a mark
    /// is added to their names. They stay until its job is done.
    pub(super) fn leave_volumes(&mut self, id: InstanceId, node: NodeId, mark: &str) {
        let Some(instance) = self.instances.get(&id) else {
            return;
        };
        let disks = instance.disks.iter().enumerate();
        let left: Vec<Stray> = disks
            .flat_map(|(index, disk)| {
                [
                    (data_name(disk, index), disk.size),
                    (meta_name(disk, index), META),
                ]
            })
            .map(|(name, mib)| Stray {
                node,
                name: name + mark,
                mib,
                job_of: Some(id),
                origin: instance.name.clone(),
            })
            .collect();
        self.strays.extend(left);
    }

    /// Removes the volumes that an instance left.
    pub(super) fn sweep(&mut self, id: InstanceId) {
        let (swept, kept) = std::mem::take(&mut self.strays)
            .into_iter()
            .partition::<Vec<Stray>, _>(|stray| stray.job_of == Some(id));
        self.strays = kept;
        for stray in swept {
            if let Some(node) = self.nodes.get_mut(stray.node) {
                node.stir += 1;
            }
        }
    }

    /// Free space in a node's volume group, MiB, before the spool that fills it has its share.
    fn free_but_scratch(&self, node: NodeId) -> u64 {
        let Some(found) = self.nodes.get(node) else {
            return 0;
        };
        let volumes = found.primaries.union(&found.secondaries);
        let used: u64 = volumes
            .filter_map(|id| self.instances.get(id))
            .map(Instance::volume_size)
            .sum();
        let (strays, missing) = self.other_volumes(node);
        (found.disk + missing).saturating_sub(used + strays)
    }

    /// Size of the spool that fills a node's volume group, MiB; 0 on other nodes.
    fn scratch(&self, node: NodeId) -> u64 {
        if self.oddities.fills != Some(node) {
            return 0;
        }
        let (every, more) = SCRATCH_STEP;
        let steps = self.now / every % SCRATCH_STEPS;
        let room = self.free_but_scratch(node).saturating_sub(SCRATCH_LEAVES);
        let most = room / EXTENT * EXTENT;
        // It ends the day where the room ends.
        let start = most.saturating_sub(more * SCRATCH_STEPS);
        (start + more * steps).min(most)
    }

    /// Free space in a node's volume group, MiB.
    pub fn disk_free(&self, node: NodeId) -> u64 {
        self.free_but_scratch(node)
            .saturating_sub(self.scratch(node))
    }

    /// Changes whenever something on a node's storage may have changed.
    pub fn storage_stamp(&self, node: NodeId) -> (u64, u64) {
        let stir = self.nodes.get(node).map_or(0, |node| node.stir);
        (stir, self.scratch(node))
    }

    /// Places for disks on a node.
    pub(super) fn storage(&self, node: NodeId) -> Storage {
        let Some(found) = self.nodes.get(node) else {
            return Storage::default();
        };
        let files: u64 = found
            .primaries
            .iter()
            .filter_map(|id| self.instances.get(id))
            .filter(|instance| instance.template == Template::File)
            .map(Instance::disk_size)
            .sum();
        let missing = self.oddities.missing_pv == Some(node);
        let mut vgs = vec![VolumeGroup {
            name: VOLUME_GROUP.to_owned(),
            uuid: lvm_uuid(found.seed, "vg"),
            total: found.disk,
            free: self.disk_free(node),
            attr: if missing { "wz-pn-" } else { "wz--n-" }.to_owned(),
            extent_kib: EXTENT * 1024,
            pvs: devices(missing).len() as u32,
            missing_pvs: u32::from(missing),
            lvs: self.volume_count(node) as u32,
            tags: Vec::new(),
        }];
        if has_system_group(found) {
            let used: u64 = SYSTEM_VOLUMES.iter().map(|(_, mib)| mib).sum();
            vgs.push(VolumeGroup {
                name: SYSTEM_GROUP.to_owned(),
                uuid: lvm_uuid(found.seed, SYSTEM_GROUP),
                total: SYSTEM_SIZE,
                free: SYSTEM_SIZE - used,
                attr: "wz--n-".to_owned(),
                extent_kib: EXTENT * 1024,
                pvs: 1,
                lvs: SYSTEM_VOLUMES.len() as u32,
                ..VolumeGroup::default()
            });
        }
        Storage {
            vgs,
            dirs: vec![Space {
                name: FILE_DIR.to_owned(),
                total: found.dir,
                free: found.dir.saturating_sub(files),
                template: "file".to_owned(),
                ..Space::default()
            }],
            pools: Vec::new(),
        }
    }

    /// How many volumes there are in a node's group for instances.
    fn volume_count(&self, node: NodeId) -> usize {
        let Some(found) = self.nodes.get(node) else {
            return 0;
        };
        let homes = found.primaries.union(&found.secondaries);
        let of_instances: usize = homes
            .filter_map(|id| self.instances.get(id))
            .map(|instance| match instance.template {
                Template::Drbd => 2 * instance.disks.len(),
                Template::Plain => instance.disks.len(),
                Template::File | Template::Diskless => 0,
            })
            .sum();
        let strays = self.strays.iter().filter(|stray| stray.node == node);
        let missing = usize::from(self.missing_volume(node).is_some());
        of_instances + strays.count() + usize::from(self.scratch(node) > 0) - missing
    }

    /// The volumes in a node's group for instances, those of instances first.
    fn volumes(&self, node: NodeId) -> Vec<Volume<'_>> {
        let Some(found) = self.nodes.get(node) else {
            return Vec::new();
        };
        let gone = self.missing_volume(node).map(|(name, _)| name);
        let mut list = Vec::new();
        let homes = found.primaries.union(&found.secondaries);
        for instance in homes.filter_map(|id| self.instances.get(id)) {
            let open = self.is_set_up(instance, node);
            let mut volume = |name: String, mib| {
                if gone.as_ref() != Some(&name) {
                    let origin = instance.name.as_str();
                    list.push(Volume {
                        name,
                        mib,
                        open,
                        origin,
                    });
                }
            };
            for (index, disk) in instance.disks.iter().enumerate() {
                match instance.template {
                    Template::Drbd => {
                        volume(data_name(disk, index), disk.size);
                        volume(meta_name(disk, index), META);
                    }
                    Template::Plain => volume(plain_name(disk, index), disk.size),
                    Template::File | Template::Diskless => {}
                }
            }
        }
        let strays = self.strays.iter().filter(|stray| stray.node == node);
        list.extend(strays.map(|stray| Volume {
            name: stray.name.clone(),
            mib: stray.mib,
            open: false,
            origin: &stray.origin,
        }));
        let scratch = self.scratch(node);
        if scratch > 0 {
            list.push(Volume {
                name: SCRATCH.to_owned(),
                mib: scratch,
                open: true,
                origin: "",
            });
        }
        list
    }

    /// LVM's volumes on a node, one by one.
    pub fn lvm(&self, node: NodeId) -> Lvm {
        let Some(found) = self.nodes.get(node) else {
            return Lvm::default();
        };
        let missing = self.oddities.missing_pv == Some(node);
        let mut pvs = physical(found, missing);
        let mut lvs: Vec<LogicalVolume> = Vec::new();
        for (index, volume) in self.volumes(node).into_iter().enumerate() {
            lvs.push(LogicalVolume {
                uuid: lvm_uuid(found.seed, &volume.name),
                vg: VOLUME_GROUP.to_owned(),
                bytes: volume.mib << 20,
                attr: if volume.open {
                    "-wi-ao----"
                } else {
                    "-wi-a-----"
                }
                .to_owned(),
                dm_minor: Some(index as u32 + 2),
                pvs: place(&mut pvs, &volume),
                origin: String::new(),
                tags: match volume.origin {
                    "" => Vec::new(),
                    name => vec![format!("originstname+{name}")],
                },
                name: volume.name,
            });
        }
        if has_system_group(found) {
            let (pv, volumes) = system(found);
            pvs.push(pv);
            lvs.extend(volumes);
        }
        let complaints = match pvs.iter().find(|pv| pv.missing) {
            Some(pv) => vec![
                format!("WARNING: Couldn't find device with uuid {}.", pv.uuid),
                format!("WARNING: VG {VOLUME_GROUP} is missing PV {}.", pv.uuid),
            ],
            None => Vec::new(),
        };
        Lvm {
            pvs,
            lvs,
            complaints,
        }
    }

    /// What a node's disks say of their own health.
    pub fn disk_health(&self, node: NodeId) -> Vec<DiskHealth> {
        let failing = self.oddities.failing == Some(node);
        ["nvme0n1", "nvme1n1"]
            .map(|name| DiskHealth {
                name: name.to_owned(),
                model: "SAMSUNG MZQL23T8HCLS-00A07".to_owned(),
                passed: Some(!(failing && name == "nvme1n1")),
                why: String::new(),
            })
            .into()
    }
}

fn has_system_group(node: &Node) -> bool {
    node.seed.is_multiple_of(3)
}

/// The devices below the instances' group, with their shares of it in percent.
fn devices(missing: bool) -> &'static [(&'static str, u64)] {
    match missing {
        true => &[
            ("/dev/nvme0n1p3", 45),
            ("/dev/nvme1n1p1", 45),
            ("[unknown]", 10),
        ],
        false => &[("/dev/nvme0n1p3", 50), ("/dev/nvme1n1p1", 50)],
    }
}

/// The physical volumes of the instances' group, still empty.
fn physical(node: &Node, missing: bool) -> Vec<PhysicalVolume> {
    let list = devices(missing);
    let mut rest = node.disk;
    list.iter()
        .enumerate()
        .map(|(index, (name, share))| {
            let total = match index + 1 == list.len() {
                true => rest,
                false => node.disk * share / 100 / EXTENT * EXTENT,
            };
            rest -= total.min(rest);
            let missing = *name == "[unknown]";
            PhysicalVolume {
                name: (*name).to_owned(),
                uuid: lvm_uuid(node.seed, &format!("pv{index}")),
                vg: VOLUME_GROUP.to_owned(),
                total,
                free: total,
                attr: if missing { "a-m" } else { "a--" }.to_owned(),
                missing,
                tags: Vec::new(),
            }
        })
        .collect()
}

/// Takes a volume's room from physical volumes, from one of its own liking first, from a missing
/// one last; the answer is their names.
fn place(pvs: &mut [PhysicalVolume], volume: &Volume<'_>) -> Vec<String> {
    let present = pvs.iter().filter(|pv| !pv.missing).count().max(1);
    let first = (hash(0, &volume.name) % present as u64) as usize;
    let mut order: Vec<usize> = (0..pvs.len()).collect();
    order.sort_by_key(|&index| (pvs[index].missing, index != first, index));
    let mut rest = volume.mib;
    let mut names = Vec::new();
    for index in order {
        let pv = &mut pvs[index];
        let part = rest.min(pv.free);
        if part > 0 {
            pv.free -= part;
            rest -= part;
            names.push(pv.name.clone());
        }
    }
    names
}

fn system(node: &Node) -> (PhysicalVolume, Vec<LogicalVolume>) {
    let used: u64 = SYSTEM_VOLUMES.iter().map(|(_, mib)| mib).sum();
    let pv = PhysicalVolume {
        name: "/dev/nvme0n1p2".to_owned(),
        uuid: lvm_uuid(node.seed, "pv-system"),
        vg: SYSTEM_GROUP.to_owned(),
        total: SYSTEM_SIZE,
        free: SYSTEM_SIZE - used,
        attr: "a--".to_owned(),
        ..PhysicalVolume::default()
    };
    let volumes = SYSTEM_VOLUMES
        .iter()
        .enumerate()
        .map(|(n, (name, mib))| LogicalVolume {
            name: (*name).to_owned(),
            vg: SYSTEM_GROUP.to_owned(),
            uuid: lvm_uuid(node.seed, name),
            bytes: mib << 20,
            attr: "-wi-ao----".to_owned(),
            dm_minor: Some(n as u32),
            pvs: vec![pv.name.clone()],
            ..LogicalVolume::default()
        });
    let volumes = volumes.collect();
    (pv, volumes)
}

fn hash(seed: u64, text: &str) -> u64 {
    text.bytes()
        .fold(seed, |hash, byte| mix(hash ^ u64::from(byte)))
}

/// An identifier as LVM writes them.
fn lvm_uuid(seed: u64, of: &str) -> String {
    const LETTERS: &[u8; 62] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let mut bits = hash(seed, of);
    let mut out = String::with_capacity(38);
    for n in 0..32 {
        if matches!(n, 6 | 10 | 14 | 18 | 22 | 26) {
            out.push('-');
        }
        bits = mix(bits.wrapping_add(n));
        out.push(char::from(LETTERS[(bits % 62) as usize]));
    }
    out
}

#[cfg(test)]
#[path = "storage_tests.rs"]
mod tests;
