//! Serving without a console, for tests and load.

use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use tokio::signal::unix::{SignalKind, signal};

use crate::{Options, Started, start};

/// Serves a demo until it is interrupted; says on stdout how to connect. Key and `known_hosts`
/// lie in a directory of their own meanwhile.
///
/// # Errors
/// No address to listen on, or no place for the files.
pub async fn serve(options: Options) -> io::Result<()> {
    let started = start(options).await?;
    let files = Files::write(&started)?;
    let mut stdout = io::stdout();
    stdout.write_all(how_to_connect(&started, &files).as_bytes())?;
    stdout.flush()?;
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminated.recv() => Ok(()),
    }
}

fn how_to_connect(started: &Started, files: &Files) -> String {
    let (ip, port) = (started.address.ip(), started.address.port());
    format!(
        "Nodes served: {}. To watch them:\n\n  \
         gantry -i {} -o UserKnownHostsFile={} -p {port} {}@{ip}\n\n\
         Interrupt to end.\n",
        started.nodes.len(),
        files.key().display(),
        files.known_hosts().display(),
        started.user
    )
}

/// What ssh(1) and gantry need to connect, in a directory that only we can read; gone when this is
/// dropped.
pub struct Files(PathBuf);

impl Files {
    /// Writes key and `known_hosts` of a demo.
    ///
    /// # Errors
    /// The directory for temporary files cannot be written to.
    pub fn write(started: &Started) -> io::Result<Files> {
        let port = started.address.port();
        let name = format!("gantry-demo-{}-{port}", std::process::id());
        let files = Files(std::env::temp_dir().join(name));
        std::fs::DirBuilder::new().mode(0o700).create(&files.0)?;
        private(&files.key(), &started.client_key_file)?;
        private(&files.known_hosts(), &started.known_hosts)?;
        Ok(files)
    }

    /// The file for `-i`.
    pub fn key(&self) -> PathBuf {
        self.0.join("key")
    }

    /// The file for `-o UserKnownHostsFile=`.
    pub fn known_hosts(&self) -> PathBuf {
        self.0.join("known_hosts")
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        // What cannot be removed now is removed with the rest of the temporary files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn private(path: &Path, text: &str) -> io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())
}
