//! DRBD on this node: its state from `/proc/drbd`, told as it changes by `drbdsetup events2`, and
//! whose devices they are.

pub mod events;
pub mod facts;
pub mod gi;
pub mod kernel;
pub mod owner;
pub mod probe;
pub mod proc;
#[cfg(test)]
mod samples;
pub mod show;
mod unread;
pub mod watch;

use gantry_wire::drbd::Device;

use unread::Unread;

/// What one source says of DRBD.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    /// The module's version; empty if it does not say.
    pub version: String,
    /// Devices by minor, ascending.
    pub devices: Vec<Device>,
    /// Lines that could not be read: where, and why.
    pub unread: Vec<String>,
}
