//! The files of an archive. All are read through its place, which lets nothing else be read.

use std::path::{Path, PathBuf};

use crate::place::{Place, Unread, lossy};

/// The most that is read of what one command printed or the kernel said, bytes: as much as the
/// running agent takes of a command.
const LIMIT: u64 = 16 * 1024 * 1024;

/// The files below one directory.
#[derive(Debug)]
pub struct Files {
    root: PathBuf,
    place: Place,
}

impl Files {
    /// Those below this directory.
    ///
    /// # Errors
    /// In words, if it is none.
    pub fn below(root: &Path) -> Result<Files, String> {
        let words = |error: std::io::Error| format!("{}: {error}", root.display());
        let place = Place::archived(root).map_err(words)?;
        Ok(Files {
            root: root.to_owned(),
            place,
        })
    }

    /// Where Ganeti's files and `/proc` are.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Whether there is such a file.
    pub fn has(&self, name: &str) -> bool {
        self.place.has(&self.root.join(name))
    }

    /// A file as it is.
    ///
    /// # Errors
    /// Says whether it is absent, forbidden, too long or broken.
    pub fn bytes(&self, name: &str) -> Result<Vec<u8>, Unread> {
        self.place.bytes(&self.root.join(name), LIMIT)
    }

    /// A file as text, whatever its bytes.
    ///
    /// # Errors
    /// Says whether it is absent, forbidden, too long or broken.
    pub fn text(&self, name: &str) -> Result<String, Unread> {
        self.bytes(name).map(lossy)
    }

    /// What a command printed, without the line that names it.
    ///
    /// # Errors
    /// Says whether it is absent, forbidden, too long or broken.
    pub fn output(&self, command: &str) -> Result<String, Unread> {
        let text = self.text(&format!("commands/{command}"))?;
        let rest = text
            .strip_prefix('#')
            .map(|rest| match rest.split_once('\n') {
                Some((_, rest)) => rest.to_owned(),
                None => String::new(),
            });
        Ok(rest.unwrap_or(text))
    }
}
