//! What can be measured on this node: one probe for each part of a sample.

pub mod all;
pub mod background;
pub mod cpu;
pub mod daemons;
pub mod disks;
pub mod drbd;
pub mod guests;
pub mod load;
pub mod memory;
pub mod net;
pub mod process;
pub mod storage;
pub mod system;

use std::os::fd::AsFd;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// Waits until there is something to read (or the end), `false` if not before `end`.
///
/// # Errors
/// As the system says.
pub fn readable(fd: &impl AsFd, end: Instant) -> std::io::Result<bool> {
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let mut fds = [PollFd::new(fd, PollFlags::IN)];
        let timeout = Timespec::try_from(left).unwrap_or_default();
        match poll(&mut fds, Some(&timeout)) {
            Ok(n) => return Ok(n > 0),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
