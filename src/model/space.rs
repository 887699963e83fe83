//! How free space went over the last hour, place by place.

use std::collections::BTreeMap;

use gantry_wire::storage::{Space, Storage};

use super::Time;
use super::history::History;

/// Places followed of one node.
const KEPT: usize = 64;

/// What kind of place for disks it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PlaceKind {
    /// An LVM volume group.
    VolumeGroup,
    /// A directory for file disks.
    Directory,
    /// A pool of Ceph.
    Pool,
}

/// The free space of a node's places over the last hour.
#[derive(Clone, Debug, Default)]
pub struct Spaces(BTreeMap<(PlaceKind, String), Course>);

/// How one place's free space went. A history is exact to half a percent, which is much of what
/// a large place has free: the change since the beginning is remembered instead.
#[derive(Clone, Debug)]
struct Course {
    began_at: u64,
    past: History,
}

impl Spaces {
    /// Takes what is free now.
    pub(super) fn remember(&mut self, storage: &Storage, now: Time) {
        let known = |kind| {
            move |space: &Space| {
                let known = space.why.is_empty();
                known.then(|| (kind, space.name.clone(), space.free))
            }
        };
        let vgs = storage.vgs.iter();
        let vgs = vgs.map(|vg| (PlaceKind::VolumeGroup, vg.name.clone(), vg.free));
        let dirs = storage.dirs.iter().filter_map(known(PlaceKind::Directory));
        let pools = storage.pools.iter().filter_map(known(PlaceKind::Pool));
        for (kind, name, free) in vgs.chain(dirs).chain(pools).take(KEPT) {
            if self.0.len() >= KEPT && !self.0.contains_key(&(kind, name.clone())) {
                continue;
            }
            let course = self.0.entry((kind, name)).or_insert_with(|| Course {
                began_at: free,
                past: History::default(),
            });
            let change = free as f64 - course.began_at as f64;
            course.past.push(now, change as f32);
        }
    }

    /// How much what is free, MiB, differed from what it was when first seen, in steps of
    /// [`super::history::STEP`], oldest first.
    pub fn changes(&self, kind: PlaceKind, name: &str, now: Time) -> Vec<Option<f32>> {
        let course = self.0.get(&(kind, name.to_owned()));
        course.map_or_else(Vec::new, |course| {
            course.past.last(super::history::POINTS, now)
        })
    }
}
