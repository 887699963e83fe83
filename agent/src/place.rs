//! Where Ganeti keeps its files on this node, and reading them.

use std::fs::File;
use std::io::{ErrorKind, Read, Take};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::rooted::{Rooted, too_long};

/// The roots under which everything is looked for. In a virtual cluster Ganeti's files have a
/// prefix, while `/proc` is always the machine's.
#[derive(Clone, Debug)]
pub struct Place {
    root: PathBuf,
    /// Ganeti's data directory below the root.
    data: PathBuf,
    /// Ganeti's run directory below the root.
    run: PathBuf,
    hostname: Option<String>,
    /// `/proc`, elsewhere only in tests.
    pub proc: PathBuf,
    /// `/sys`, elsewhere only in tests.
    pub sys: PathBuf,
    /// Where LVM writes its backups of each change, elsewhere only in tests.
    pub backup: PathBuf,
    /// Where syslog takes lines, elsewhere only in tests.
    pub log: PathBuf,
    /// The door to an archive; a running node needs none.
    door: Option<Arc<Rooted>>,
}

impl Place {
    /// As `GANETI_ROOTDIR` and `GANETI_HOSTNAME` have it, which Ganeti wants both or none of.
    ///
    /// # Errors
    /// In words, if only one is set or the root is not absolute.
    pub fn from_environment() -> Result<Place, String> {
        let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        match (set("GANETI_ROOTDIR"), set("GANETI_HOSTNAME")) {
            (None, None) => Ok(Place::new(PathBuf::from("/"), None)),
            (Some(root), Some(name)) if root.starts_with('/') => {
                Ok(Place::new(PathBuf::from(root), Some(name)))
            }
            (Some(root), Some(_)) => Err(format!("GANETI_ROOTDIR is not absolute: {root}")),
            (Some(_), None) => Err("GANETI_ROOTDIR is set without GANETI_HOSTNAME".into()),
            (None, Some(_)) => Err("GANETI_HOSTNAME is set without GANETI_ROOTDIR".into()),
        }
    }

    /// Ganeti's files under `root`; `hostname` is the node's name if it is a virtual one.
    pub fn new(root: PathBuf, hostname: Option<String>) -> Place {
        // Distributions keep state in /var, a build from source in /usr/local/var.
        let states = ["var", "usr/local/var"];
        let state = states
            .into_iter()
            .find(|state| root.join(state).join("lib/ganeti").is_dir())
            .unwrap_or("var");
        let state = Path::new(state);
        Place {
            data: state.join("lib/ganeti"),
            run: state.join("run/ganeti"),
            root,
            hostname,
            proc: "/proc".into(),
            sys: "/sys".into(),
            backup: "/etc/lvm/backup".into(),
            log: "/dev/log".into(),
            door: None,
        }
    }

    /// A node's files that were copied below `root`; `/proc` and `/sys` as well. Nothing else is
    /// read through this place: links in it lead to what is below `root`, as they did on the node.
    ///
    /// # Errors
    /// If there is no such directory.
    pub fn archived(root: &Path) -> std::io::Result<Place> {
        let door = Arc::new(Rooted::new(root)?);
        let first = |of: &[&str]| {
            let mut paths = of.iter().map(PathBuf::from);
            paths.find(|path| door.is_directory(path))
        };
        let data = ["var/lib/ganeti", "usr/local/var/lib/ganeti"];
        let run = ["var/run/ganeti", "run/ganeti", "usr/local/var/run/ganeti"];
        let nowhere = || PathBuf::from("nowhere");
        Ok(Place {
            data: first(&data).unwrap_or_else(nowhere),
            run: first(&run).unwrap_or_else(nowhere),
            proc: root.join("proc"),
            sys: root.join("sys"),
            backup: root.join("etc/lvm/backup"),
            log: root.join("dev/log"),
            root: root.to_owned(),
            hostname: None,
            door: Some(door),
        })
    }

    /// The name that `GANETI_HOSTNAME` gives this node.
    pub fn hostname(&self) -> Option<&str> {
        self.hostname.as_deref()
    }

    /// A file of Ganeti's data directory (`/var/lib/ganeti`).
    pub fn data(&self, name: &str) -> PathBuf {
        self.root.join(&self.data).join(name)
    }

    /// A file of Ganeti's run directory (`/var/run/ganeti`).
    pub fn run(&self, name: &str) -> PathBuf {
        self.root.join(&self.run).join(name)
    }

    /// An absolute path of Ganeti's configuration as it is on this machine. In a virtual cluster
    /// some of its paths have the prefix already.
    pub fn prefixed(&self, path: &str) -> PathBuf {
        if Path::new(path).starts_with(&self.root) {
            return path.into();
        }
        self.root.join(path.trim_start_matches('/'))
    }

    /// A file of `/proc`, as text.
    ///
    /// # Errors
    /// In words for the operator.
    pub fn proc_text(&self, name: &str) -> Result<String, String> {
        self.text(&self.proc.join(name)).map_err(|why| match why {
            Unread::Absent => format!("no /proc/{name}"),
            why => format!("/proc/{name}: {why}"),
        })
    }

    /// Opens one of this place's files; not more than `limit` bytes of it are read.
    ///
    /// # Errors
    /// Says whether it is absent, forbidden or broken; of an archive also if it is longer.
    pub fn open(&self, path: &Path, limit: u64) -> Result<Take<File>, Unread> {
        match &self.door {
            Some(door) => door.open(path, limit),
            None => Ok(File::open(path)?.take(limit)),
        }
    }

    /// One of this place's files as text, whatever its bytes.
    ///
    /// # Errors
    /// Says whether it is absent, forbidden, too long or broken.
    pub fn text(&self, path: &Path) -> Result<String, Unread> {
        self.bytes(path, TEXT_LIMIT).map(lossy)
    }

    /// One of this place's files as it is.
    ///
    /// # Errors
    /// Says whether it is absent, forbidden, longer than `limit` bytes or broken.
    pub fn bytes(&self, path: &Path, limit: u64) -> Result<Vec<u8>, Unread> {
        match &self.door {
            Some(door) => whole(door.open(path, limit)?, limit),
            None => whole(File::open(path)?.take(limit.saturating_add(1)), limit),
        }
    }

    /// The names in one of this place's directories that are text; none where there is none.
    pub fn names(&self, directory: &Path) -> Vec<String> {
        if let Some(door) = &self.door {
            return door.names(directory);
        }
        let entries = std::fs::read_dir(directory).into_iter().flatten();
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        names.collect()
    }

    /// Where one of this place's links says that it leads; `None` if it is none.
    pub fn link(&self, path: &Path) -> Option<PathBuf> {
        match &self.door {
            Some(door) => door.link(path),
            None => std::fs::read_link(path).ok(),
        }
    }

    /// The present version of one of this place's files; an absent one has a stamp as well.
    pub fn stamp(&self, path: &Path) -> Stamp {
        let Some(door) = &self.door else {
            return Stamp::of(path);
        };
        let stat = door.stat(path);
        stat.map_or_else(Stamp::default, |stat| Stamp {
            mtime_ns: i128::from(stat.st_mtime) * 1_000_000_000 + i128::from(stat.st_mtime_nsec),
            inode: stat.st_ino,
            size: u64::try_from(stat.st_size).unwrap_or(0),
        })
    }

    /// Whether there is such a file that can be read, and not something else of its name.
    pub fn has(&self, path: &Path) -> bool {
        match &self.door {
            Some(door) => door.open(path, u64::MAX).is_ok(),
            None => path.is_file(),
        }
    }

    /// Notes what is wrong with a file of an archive.
    pub fn refuse(&self, path: &Path, why: String) {
        if let Some(door) = &self.door {
            door.refuse(path, &Unread::Other(why));
        }
    }

    /// Files of an archive that could not be read since the call before, and why.
    pub fn refused(&self) -> Vec<String> {
        self.door
            .as_ref()
            .map_or_else(Vec::new, |door| door.refused())
    }
}

/// Why a file could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unread {
    /// There is none.
    Absent,
    /// This user may not.
    Denied,
    /// Anything else, in the system's words.
    Other(String),
}

impl std::fmt::Display for Unread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Unread::Absent => write!(f, "not there"),
            Unread::Denied => write!(f, "needs root"),
            Unread::Other(why) => write!(f, "{why}"),
        }
    }
}

impl From<std::io::Error> for Unread {
    fn from(error: std::io::Error) -> Unread {
        match error.kind() {
            ErrorKind::NotFound => Unread::Absent,
            ErrorKind::PermissionDenied => Unread::Denied,
            _ => Unread::Other(error.to_string()),
        }
    }
}

/// The most that is read of any file of text, bytes: Ganeti's own limit of ssconf is 128 KiB,
/// and `/proc/stat` of a thousand processors has as much again.
const TEXT_LIMIT: u64 = 4 * 1024 * 1024;

/// A whole file as text, whatever its bytes.
///
/// # Errors
/// Says whether it is absent, forbidden, too long or broken.
pub fn text(path: &Path) -> Result<String, Unread> {
    whole(File::open(path)?.take(TEXT_LIMIT + 1), TEXT_LIMIT).map(lossy)
}

/// All of it, if it is not longer than `limit`.
fn whole(mut file: impl Read, limit: u64) -> Result<Vec<u8>, Unread> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > limit) {
        return Err(too_long(limit));
    }
    Ok(bytes)
}

/// Bytes as text, whatever they are.
pub fn lossy(bytes: Vec<u8>) -> String {
    match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    }
}

/// What tells one version of a file from another: its time of change, inode and size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    /// Modification time, nanoseconds since the epoch; 0 if there is no file.
    pub mtime_ns: i128,
    inode: u64,
    size: u64,
}

impl Stamp {
    /// The present version of a file; an absent one has a stamp as well.
    pub fn of(path: &Path) -> Stamp {
        std::fs::metadata(path).map_or_else(
            |_| Stamp::default(),
            |meta| Stamp {
                mtime_ns: i128::from(meta.mtime()) * 1_000_000_000 + i128::from(meta.mtime_nsec()),
                inode: meta.ino(),
                size: meta.size(),
            },
        )
    }

    /// Modification time in seconds since the epoch.
    pub fn seconds(&self) -> f64 {
        self.mtime_ns as f64 / 1e9
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_virtual_node_has_its_files_below_its_root() {
        let place = Place::new("/srv/vc/node1".into(), Some("node1".into()));
        let below = |path: &str| PathBuf::from(format!("/srv/vc/node1/{path}"));
        assert_eq!(
            place.data("ssconf_cluster_name"),
            below("var/lib/ganeti/ssconf_cluster_name")
        );
        assert_eq!(
            place.run("socket/ganeti-query"),
            below("var/run/ganeti/socket/ganeti-query")
        );
        assert_eq!(
            place.prefixed("/srv/ganeti/file-storage"),
            below("srv/ganeti/file-storage")
        );
        let whole = place.prefixed("/srv/vc/node1/srv/ganeti/file-storage");
        assert_eq!(whole, below("srv/ganeti/file-storage"));
    }

    #[test]
    fn absent_files_have_a_stamp_and_are_told_from_others() {
        let nowhere = Path::new("/nonexistent/file");
        assert_eq!(Stamp::of(nowhere), Stamp::default());
        assert_eq!(text(nowhere), Err(Unread::Absent));
        assert!(matches!(text(Path::new("/")), Err(Unread::Other(_))));
    }
}
