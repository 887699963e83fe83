//! What can be measured on this node: one probe for each part of a sample.

pub mod all;
pub mod background;
pub mod ceph;
pub mod command;
pub mod cpu;
pub mod daemons;
pub mod disks;
pub mod drbd;
pub mod guests;
pub mod health;
pub mod load;
pub mod lvm;
pub mod memory;
pub mod net;
pub mod process;
pub mod space;
pub mod storage;
pub mod system;

/// The time of day by the node's clock, as `03:12:04 UTC`: for something that does not change while
/// it is said again and again, as an age would.
pub fn clock(at: crate::session::Moment) -> String {
    let of_day = at.wall_ms / 1000 % 86_400;
    let (hours, minutes) = (of_day / 3600, of_day / 60 % 60);
    format!("{hours:02}:{minutes:02}:{:02} UTC", of_day % 60)
}
