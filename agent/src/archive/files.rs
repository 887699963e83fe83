//! The files of an archive. A link that leads out of it is as good as no file: it would be the
//! running machine's.

use std::path::{Path, PathBuf};

use crate::place::{Place, Unread, text};

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
        let root = root.canonicalize().map_err(words)?;
        if !root.is_dir() {
            return Err(format!("{}: not a directory", root.display()));
        }
        let place = Place::archived(&root);
        Ok(Files { root, place })
    }

    /// Where Ganeti's files and `/proc` are.
    pub fn place(&self) -> &Place {
        &self.place
    }

    fn path(&self, name: &str) -> Result<PathBuf, Unread> {
        let path = self.root.join(name).canonicalize()?;
        if path.starts_with(&self.root) {
            Ok(path)
        } else {
            Err(Unread::Absent)
        }
    }

    /// Whether there is such a file.
    pub fn has(&self, name: &str) -> bool {
        self.path(name).is_ok_and(|path| path.is_file())
    }

    /// A file as it is.
    ///
    /// # Errors
    /// Says whether it is absent, forbidden or broken.
    pub fn bytes(&self, name: &str) -> Result<Vec<u8>, Unread> {
        Ok(std::fs::read(self.path(name)?)?)
    }

    /// A file as text, whatever its bytes.
    ///
    /// # Errors
    /// Says whether it is absent, forbidden or broken.
    pub fn text(&self, name: &str) -> Result<String, Unread> {
        text(&self.path(name)?)
    }

    /// What a command printed, without the line that names it.
    ///
    /// # Errors
    /// Says whether it is absent, forbidden or broken.
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
