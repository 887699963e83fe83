//! Ganeti's htools as gantry has them: on small clusters of our own, and on everything that was recorded of the real ones.

mod broken;
mod hail;
mod recorded;
mod small;
mod space;

use std::path::Path;
use std::process::Command;

/// What a command did: exit status and both outputs.
#[derive(Debug, PartialEq, Eq)]
pub struct Done {
    pub exit: i32,
    pub out: String,
    pub err: String,
}

/// Runs gantry in a folder.
pub fn gantry<'a>(folder: &Path, words: impl IntoIterator<Item = &'a str>) -> Done {
    let done = Command::new(env!("CARGO_BIN_EXE_gantry"))
        .args(words)
        .current_dir(folder)
        .output()
        .unwrap();
    Done {
        exit: done.status.code().unwrap_or(-1),
        out: String::from_utf8(done.stdout).unwrap(),
        err: String::from_utf8(done.stderr).unwrap(),
    }
}
