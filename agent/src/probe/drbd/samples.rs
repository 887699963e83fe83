//! Texts that tests read: ours, and other people's where there are any.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::probe::command::PATH;
use crate::waker::Waker;

/// Our captures of `/proc/drbd`.
pub const PROC: &[&str] = &[
    "proc-drbd-connected.txt",
    "proc-drbd-diskless.txt",
    "proc-drbd-paused-sync.txt",
    "proc-drbd-peer-killed.txt",
    "proc-drbd-resync-slow-source.txt",
    "proc-drbd-split-brain.txt",
    "proc-drbd-syncsource.txt",
    "proc-drbd-synctarget.txt",
    "proc-drbd-verify-source.txt",
    "proc-drbd-wfconnection.txt",
];

/// One of our captures.
pub fn captured(name: &str) -> String {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/drbd");
    std::fs::read_to_string(here.join(name)).unwrap()
}

/// All files of a directory of the reference, with their names; none where there is no reference.
pub fn reference(directory: &str) -> Vec<(String, Vec<u8>)> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/reference");
    let root = std::env::var_os("GANTRY_REFERENCE").map_or_else(beside, PathBuf::from);
    let Ok(entries) = std::fs::read_dir(root.join(directory)) else {
        println!("no reference, {directory} is not read");
        return Vec::new();
    };
    let mut files: Vec<_> = entries
        .map(|entry| entry.unwrap())
        .map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            (name, std::fs::read(entry.path()).unwrap())
        })
        .collect();
    files.sort();
    files
}

/// A program that stands for `drbdsetup`, in a directory of its own.
pub struct Script(PathBuf);

impl Script {
    /// It does this, in the shell's words.
    pub fn new(test: &str, body: &str) -> Script {
        let directory = format!("gantry-drbdsetup-{test}-{}", std::process::id());
        let directory = std::env::temp_dir().join(directory);
        std::fs::create_dir_all(&directory).unwrap();
        std::fs::write(directory.join("drbdsetup.does"), body).unwrap();
        // A link to a file that nobody writes: one that is open for writing cannot be run.
        let stand_in = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/stand-in");
        std::os::unix::fs::symlink(stand_in, directory.join("drbdsetup")).unwrap();
        Script(directory)
    }

    /// A file beside it.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Where it is found.
    pub fn path(&self) -> String {
        format!("{}:{PATH}", self.0.display())
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Waits until the agent is woken and something holds.
pub fn until(waker: &Waker, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !holds() {
        let left = Timespec::try_from(end.saturating_duration_since(Instant::now())).unwrap();
        assert!(poll(&mut [PollFd::new(waker, PollFlags::IN)], Some(&left)).unwrap() > 0);
        waker.clear();
    }
}
