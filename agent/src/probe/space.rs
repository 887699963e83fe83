//! Directories for instances' disks, by statvfs. Each has a thread of its own, so that a server
//! that does not answer hides its own directory only.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use gantry_wire::node::Missing;
use gantry_wire::storage::Space;

use super::background::Background;
use super::clock;
use crate::place::Place;
use crate::session::Moment;
use crate::ssconf::Directory;
use crate::waker::Waker;

/// How often each is looked at, milliseconds.
const INTERVAL_MS: u64 = 60_000;
/// After this long without an answer it is said, milliseconds.
const PATIENCE_MS: u64 = 10_000;

/// Size and what is free of it, MiB; none where there is no such directory.
type Found = Result<Option<(u64, u64)>, String>;

/// All directories.
#[derive(Debug, Default)]
pub struct Probe {
    looks: Vec<Look>,
}

/// One directory and its thread.
#[derive(Debug)]
struct Look {
    directory: Directory,
    background: Background<Found>,
    /// It is still to be told. One that is not stays until its thread has answered: the same
    /// directory may come back, and must not hang twice.
    wanted: bool,
}

impl Probe {
    /// Takes up new directories and lets go of those that are not in the list any more.
    ///
    /// # Errors
    /// In words, if there can be no more threads.
    pub fn look_at(
        &mut self,
        place: &Place,
        directories: &[Directory],
        waker: &Waker,
    ) -> Result<(), String> {
        self.start(directories, waker, |directory| {
            let path = place.prefixed(&directory.path);
            // Its path is there always, and means something only while it is mounted.
            let is_mount = directory.template == "gluster";
            move || measure(&path, is_mount)
        })
    }

    fn start<W: FnMut() -> Found + Send + 'static>(
        &mut self,
        directories: &[Directory],
        waker: &Waker,
        mut work: impl FnMut(&Directory) -> W,
    ) -> Result<(), String> {
        for look in &mut self.looks {
            look.wanted = directories.contains(&look.directory);
        }
        self.looks
            .retain(|look| look.wanted || look.background.waits());
        for directory in directories {
            if self.looks.iter().any(|look| look.directory == *directory) {
                continue;
            }
            let waker = waker.clone();
            let tell = move || waker.wake();
            let background = Background::start("statvfs", INTERVAL_MS, work(directory), tell)
                .map_err(|error| format!("no thread: {error}"))?;
            self.looks.push(Look {
                directory: directory.clone(),
                background,
                wanted: true,
            });
        }
        Ok(())
    }

    /// The directories that exist; `None` until all have answered or should have. Whatever cannot
    /// be had is added to `missing` and says why in its place.
    pub fn read(&mut self, now: Moment, missing: &mut Vec<Missing>) -> Option<Vec<Space>> {
        let mut spaces = Vec::new();
        let mut all = true;
        for look in &mut self.looks {
            if !look.wanted {
                continue;
            }
            let mut space = Space {
                name: look.directory.path.clone(),
                template: look.directory.template.into(),
                ..Space::default()
            };
            let hangs = match look.background.read(now, PATIENCE_MS) {
                Ok(None) => {
                    all = false;
                    continue;
                }
                // ssconf names directories that a cluster without file disks never makes.
                Ok(Some(Ok(None))) => continue,
                Ok(Some(Ok(Some((total, free))))) => {
                    (space.total, space.free) = (*total, *free);
                    spaces.push(space);
                    continue;
                }
                Ok(Some(Err(why))) => {
                    space.why.clone_from(why);
                    false
                }
                Err(_) => {
                    let since = look.background.asked().unwrap_or(now);
                    space.why = format!("does not answer since {}", clock(since));
                    true
                }
            };
            missing.push(Missing {
                part: "storage".into(),
                why: format!("{}: {}", space.name, space.why),
                hangs,
            });
            spaces.push(space);
        }
        all.then_some(spaces)
    }
}

fn measure(path: &Path, is_mount: bool) -> Found {
    const MIB: u64 = 1024 * 1024;
    if is_mount {
        let device = |path: &Path| std::fs::metadata(path).ok().map(|meta| meta.dev());
        if path
            .parent()
            .is_some_and(|parent| device(parent) == device(path))
        {
            return Ok(None);
        }
    }
    match rustix::fs::statvfs(path) {
        Ok(stat) => Ok(Some((
            stat.f_blocks.saturating_mul(stat.f_frsize) / MIB,
            stat.f_bavail.saturating_mul(stat.f_frsize) / MIB,
        ))),
        Err(rustix::io::Errno::NOENT) => Ok(None),
        Err(error) => Err(std::io::Error::from(error).to_string()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::mpsc::channel;
    use std::sync::{Arc, Mutex};

    use super::*;

    fn at(mono_ms: u64) -> Moment {
        Moment {
            mono_ms,
            wall_ms: mono_ms,
        }
    }

    fn directory(path: &str) -> Directory {
        Directory {
            template: "sharedfile",
            path: path.into(),
        }
    }

    fn read(probe: &mut Probe, now: u64) -> (Vec<Space>, Vec<Missing>) {
        loop {
            let mut missing = Vec::new();
            if let Some(spaces) = probe.read(at(now), &mut missing) {
                return (spaces, missing);
            }
            std::thread::yield_now();
        }
    }

    #[test]
    fn one_that_hangs_does_not_hide_the_others_and_is_not_asked_twice() {
        let mut probe = Probe::default();
        let waker = Waker::new().unwrap();
        let (go, gate) = channel::<()>();
        let gate = Arc::new(Mutex::new(gate));
        let started = Arc::new(Mutex::new(Vec::new()));
        let work = |directory: &Directory| {
            started.lock().unwrap().push(directory.path.clone());
            let hangs = (directory.path == "/nfs").then(|| gate.clone());
            move || {
                if let Some(gate) = &hangs {
                    let _ = gate.lock().unwrap().recv();
                }
                Ok(Some((100, 50)))
            }
        };
        let both = [directory("/nfs"), directory("/good")];
        probe.start(&both, &waker, work).unwrap();
        assert_eq!(probe.read(at(1000), &mut Vec::new()), None, "not yet");
        // The good one has answered once this one is told.
        let (spaces, missing) = loop {
            let (spaces, missing) = read(&mut probe, 12_000);
            if spaces.len() == 2 && spaces[1].why.is_empty() {
                break (spaces, missing);
            }
        };
        assert_eq!(spaces[0].why, "does not answer since 00:00:01 UTC");
        assert_eq!((spaces[1].total, spaces[1].free), (100, 50));
        assert_eq!((missing.len(), missing[0].hangs), (1, true));
        assert!(missing[0].why.starts_with("/nfs: does not answer"));
        // Gone from the configuration and back again.
        probe.start(&both[1..], &waker, work).unwrap();
        let (spaces, missing) = read(&mut probe, 20_000);
        assert_eq!((spaces.len(), missing.len()), (1, 0));
        probe.start(&both, &waker, work).unwrap();
        assert_eq!(
            *started.lock().unwrap(),
            ["/nfs", "/good"],
            "no thread beside the hanging one"
        );
        go.send(()).unwrap();
        while !read(&mut probe, 21_000).1.is_empty() {}
    }

    #[test]
    fn directories_that_are_not_there_are_not_counted() {
        let place = Place::new("/".into(), None);
        let waker = Waker::new().unwrap();
        let mut probe = Probe::default();
        let directories = [
            directory("/"),
            directory("/nonexistent/storage"),
            directory("/dev/null/x"),
        ];
        probe.look_at(&place, &directories, &waker).unwrap();
        let (spaces, missing) = read(&mut probe, 0);
        let seen: Vec<_> = spaces
            .iter()
            .map(|space| (space.name.as_str(), space.total > 0))
            .collect();
        assert_eq!(seen, [("/", true), ("/dev/null/x", false)]);
        assert_eq!(
            (spaces[0].template.as_str(), missing.len()),
            ("sharedfile", 1)
        );
        assert!(missing[0].why.contains("Not a directory") && !missing[0].hangs);
        assert_eq!(
            measure(Path::new("/dev/pts/../.."), true).map(|it| it.is_some()),
            Ok(true)
        );
        assert_eq!(
            measure(Path::new("/usr/bin"), true),
            Ok(None),
            "not mounted"
        );
    }
}
