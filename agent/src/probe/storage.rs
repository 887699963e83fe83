//! Space for instances' disks: LVM's volume groups, directories and Ceph's pools. Whatever may
//! hang is asked in threads of its own.

use gantry_wire::node::Missing;
use gantry_wire::storage::{Lvm, Storage};

use super::command::PATH;
use super::{ceph, lvm, space};
use crate::place::Place;
use crate::session::Moment;
use crate::ssconf::Directory;
use crate::waker::Waker;

/// All that is asked.
#[derive(Debug)]
pub struct Probe {
    lvm: lvm::watch::Probe,
    spaces: space::Probe,
    ceph: Option<ceph::Probe>,
}

impl Probe {
    /// Starts the threads; directories are taken up when they are known.
    ///
    /// # Errors
    /// In words, if there can be no more threads.
    pub fn start(place: &Place, waker: &Waker) -> Result<Probe, String> {
        let root = rustix::process::geteuid().is_root();
        Ok(Probe {
            lvm: lvm::watch::Probe::start(PATH, root, waker)?,
            spaces: space::Probe::default(),
            ceph: ceph::Probe::start(place, waker)?,
        })
    }

    /// From now on these directories are looked at.
    ///
    /// # Errors
    /// In words, if there can be no more threads.
    pub fn look_at(
        &mut self,
        place: &Place,
        directories: &[Directory],
        waker: &Waker,
    ) -> Result<(), String> {
        self.spaces.look_at(place, directories, waker)
    }

    /// What is known of the space and of LVM's volumes; whatever cannot be had is added to
    /// `missing`. The space is absent until everything has answered or should have.
    pub fn read(
        &mut self,
        place: &Place,
        now: Moment,
        missing: &mut Vec<Missing>,
    ) -> (Option<Storage>, Option<Lvm>) {
        let seen = self.lvm.read(place, now, missing);
        let dirs = self.spaces.read(now, missing);
        let pools = match &mut self.ceph {
            Some(ceph) => ceph.read(now, missing),
            None => Some(Vec::new()),
        };
        let storage = match (seen.groups, dirs, pools) {
            (Some(vgs), Some(dirs), Some(pools)) => Some(Storage { vgs, dirs, pools }),
            _ => None,
        };
        (storage, seen.lvm)
    }
}
