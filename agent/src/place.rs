//! Where Ganeti keeps its files on this node, and reading them.

use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

/// The roots under which everything is looked for. In a virtual cluster Ganeti's files have a
/// prefix, while `/proc` is always the machine's.
#[derive(Clone, Debug)]
pub struct Place {
    root: PathBuf,
    /// Ganeti's local state directory below the root.
    state: &'static str,
    /// Ganeti's run directory below the root.
    run: PathBuf,
    hostname: Option<String>,
    /// `/proc`, elsewhere only in tests.
    pub proc: PathBuf,
    /// `/sys`, elsewhere only in tests.
    pub sys: PathBuf,
    /// Where LVM writes its backups of each change, elsewhere only in tests.
    pub backup: PathBuf,
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
        Place {
            run: Path::new(state).join("run/ganeti"),
            root,
            state,
            hostname,
            proc: "/proc".into(),
            sys: "/sys".into(),
            backup: "/etc/lvm/backup".into(),
        }
    }

    /// A node's files that were copied below `root`, `/proc` and `/sys` as well.
    pub fn archived(root: &Path) -> Place {
        let mut place = Place::new(root.to_owned(), None);
        // `/var/run` is a link on most systems, which would lead to this machine's own.
        let linked = std::fs::symlink_metadata(root.join(place.state).join("run"))
            .is_ok_and(|meta| meta.is_symlink());
        if linked || !root.join(&place.run).is_dir() {
            place.run = "run/ganeti".into();
        }
        place.proc = root.join("proc");
        place.sys = root.join("sys");
        place
    }

    /// The name that `GANETI_HOSTNAME` gives this node.
    pub fn hostname(&self) -> Option<&str> {
        self.hostname.as_deref()
    }

    /// A file of Ganeti's data directory (`/var/lib/ganeti`).
    pub fn data(&self, name: &str) -> PathBuf {
        self.root.join(self.state).join("lib/ganeti").join(name)
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
        text(&self.proc.join(name)).map_err(|why| match why {
            Unread::Absent => format!("no /proc/{name}"),
            why => format!("/proc/{name}: {why}"),
        })
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
/// Says whether it is absent, forbidden or broken.
pub fn text(path: &Path) -> Result<String, Unread> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?
        .take(TEXT_LIMIT)
        .read_to_end(&mut bytes)?;
    Ok(match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    })
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
        use std::os::unix::fs::MetadataExt;
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
