//! One directory as if it were all there is. What somebody sent may have links that lead anywhere,
//! pipes that never say anything and files that never end: links are followed as if the directory
//! were `/`, and only files of a sane size are opened. What is refused is noted.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rustix::fs::{Dir, FileType, Mode, OFlags, Stat, fstat, openat, readlinkat};
use rustix::io::Errno;

use crate::place::Unread;

/// So many links are followed for one path, as the kernel does it.
const LINKS: usize = 40;
/// Entries that are read of one directory: there are some of each minor.
const NAMES: usize = 20_000;
/// Refusals that are noted.
const NOTED: usize = 100;

/// The directory, and what of it was refused.
#[derive(Debug)]
pub struct Rooted {
    root: OwnedFd,
    path: PathBuf,
    refused: Mutex<Vec<String>>,
}

/// Where a path leads.
struct Found {
    /// The directories below the root on the way to it.
    way: Vec<OwnedFd>,
    /// Its name in the last of them; empty for the root itself.
    name: OsString,
    /// Its place, not opened.
    fd: Option<OwnedFd>,
    stat: Stat,
}

impl Rooted {
    /// The directory at `path`.
    ///
    /// # Errors
    /// If there is none that can be read.
    pub fn new(path: &Path) -> std::io::Result<Rooted> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Rooted {
            root: rustix::fs::open(path, flags, Mode::empty())?,
            path: path.to_owned(),
            refused: Mutex::default(),
        })
    }

    /// Opens a file for reading, if it is one and has not more than `limit` bytes.
    ///
    /// # Errors
    /// Why not. All but that it is not there is noted.
    pub fn open(&self, path: &Path, limit: u64) -> Result<std::io::Take<File>, Unread> {
        let file = self.open_file(path, limit);
        if let Err(why) = &file {
            self.refuse(path, why);
        }
        file
    }

    fn open_file(&self, path: &Path, limit: u64) -> Result<std::io::Take<File>, Unread> {
        let no_file = || Unread::Other("not a regular file".into());
        let found = self.find(path, true).map_err(std::io::Error::from)?;
        // Opening anything else may wait, or do something.
        if !found.is(FileType::RegularFile) {
            return Err(no_file());
        }
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
        let flags = flags | OFlags::CLOEXEC;
        let file = openat(self.last(&found.way), &found.name, flags, Mode::empty());
        let file = file.map_err(std::io::Error::from)?;
        let stat = fstat(&file).map_err(std::io::Error::from)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(no_file());
        }
        if u64::try_from(stat.st_size).unwrap_or(u64::MAX) > limit {
            return Err(too_long(limit));
        }
        Ok(File::from(file).take(limit))
    }

    /// The names in a directory that are text; none where there is no directory.
    pub fn names(&self, path: &Path) -> Vec<String> {
        let names = self.entries(path);
        match names {
            Ok(names) => names,
            Err(error) => {
                self.refuse(path, &Unread::from(std::io::Error::from(error)));
                Vec::new()
            }
        }
    }

    fn entries(&self, path: &Path) -> Result<Vec<String>, Errno> {
        let found = self.find(path, true)?;
        let place = found.fd.as_ref().map_or(self.root.as_fd(), AsFd::as_fd);
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = Dir::new(openat(place, ".", flags, Mode::empty())?)?;
        let mut names = Vec::new();
        for entry in directory {
            if names.len() >= NAMES {
                let why = format!("more than {NAMES} entries, the others are not read");
                self.refuse(path, &Unread::Other(why));
                break;
            }
            if let Ok(name) = entry?.file_name().to_str()
                && name != "."
                && name != ".."
            {
                names.push(name.to_owned());
            }
        }
        Ok(names)
    }

    /// Where a link says that it leads; `None` if it is none.
    pub fn link(&self, path: &Path) -> Option<PathBuf> {
        let found = self.find(path, false).ok()?;
        let target = readlinkat(self.last(&found.way), &found.name, Vec::new()).ok()?;
        Some(OsString::from_vec(target.into_bytes()).into())
    }

    /// What the system says of a file, without opening it; `None` if there is none.
    pub fn stat(&self, path: &Path) -> Option<Stat> {
        self.find(path, true).ok().map(|found| found.stat)
    }

    /// Whether a path leads to a directory.
    pub fn is_directory(&self, path: &Path) -> bool {
        let found = self.find(path, true);
        found.is_ok_and(|found| found.is(FileType::Directory))
    }

    /// Notes why a file was not read, unless it is not there.
    pub fn refuse(&self, path: &Path, why: &Unread) {
        if *why == Unread::Absent {
            return;
        }
        let name = path.strip_prefix(&self.path).unwrap_or(path);
        // Whoever made the archive chose the names, and a terminal may show them.
        let words = format!("{}: {why}", name.display());
        let printable = |c: char| if c.is_control() { '?' } else { c };
        let words: String = words.chars().take(300).map(printable).collect();
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.len() < NOTED && !refused.contains(&words) {
            refused.push(words);
        }
    }

    /// Files that were not read since the call before, and why.
    pub fn refused(&self) -> Vec<String> {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut refused)
    }

    fn last<'a>(&'a self, way: &'a [OwnedFd]) -> BorrowedFd<'a> {
        way.last().map_or(self.root.as_fd(), AsFd::as_fd)
    }

    /// Goes from directory to directory, so that nothing can lead out.
    fn find(&self, path: &Path, follow: bool) -> Result<Found, Errno> {
        let path = path.strip_prefix(&self.path).unwrap_or(path);
        // What is left to go, the next last.
        let mut left = steps(path);
        let mut way: Vec<OwnedFd> = Vec::new();
        let mut links = 0;
        while let Some(step) = left.pop() {
            if step == ".." {
                // Above the root is the root.
                way.pop();
                continue;
            }
            let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let fd = openat(self.last(&way), &step, flags, Mode::empty())?;
            let stat = fstat(&fd)?;
            match FileType::from_raw_mode(stat.st_mode) {
                FileType::Symlink if follow || !left.is_empty() => {
                    links += 1;
                    if links > LINKS {
                        return Err(Errno::LOOP);
                    }
                    let target = readlinkat(self.last(&way), &step, Vec::new())?;
                    let target = PathBuf::from(OsString::from_vec(target.into_bytes()));
                    if target.is_absolute() {
                        way.clear();
                    }
                    left.extend(steps(&target));
                }
                FileType::Directory if !left.is_empty() => way.push(fd),
                _ if !left.is_empty() => return Err(Errno::NOTDIR),
                _ => {
                    return Ok(Found {
                        way,
                        name: step,
                        fd: Some(fd),
                        stat,
                    });
                }
            }
        }
        // It ended with `..` or is the root.
        let fd = way.pop();
        let stat = fstat(fd.as_ref().map_or(self.root.as_fd(), AsFd::as_fd))?;
        Ok(Found {
            way,
            name: OsString::new(),
            fd,
            stat,
        })
    }
}

impl Found {
    fn is(&self, kind: FileType) -> bool {
        FileType::from_raw_mode(self.stat.st_mode) == kind
    }
}

/// The steps of a path below a directory, the first last.
fn steps(path: &Path) -> Vec<OsString> {
    let steps = path.components().rev().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some(OsStr::new("..").to_owned()),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    });
    steps.collect()
}

/// That a file has more bytes than are read.
pub fn too_long(limit: u64) -> Unread {
    Unread::Other(match limit >> 20 {
        0 => format!("longer than {} KiB", limit >> 10),
        mib => format!("longer than {mib} MiB"),
    })
}

#[cfg(test)]
#[path = "rooted_tests.rs"]
mod tests;
