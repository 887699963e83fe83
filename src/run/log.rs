//! The log: to a file, never to the screen.

use std::fs::OpenOptions;
use std::path::Path;
use std::sync::Mutex;

use tracing_subscriber::EnvFilter;

/// Starts logging to a file, appending; `RUST_LOG` chooses what, `gantry=info` without.
///
/// # Errors
/// Names the file that could not be opened, or the filter that could not be read.
pub fn start(path: &Path) -> Result<(), String> {
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .map_err(|error| format!("log {}: {error}", path.display()))?;
    let filter = match std::env::var("RUST_LOG") {
        Ok(text) => {
            EnvFilter::try_new(&text).map_err(|error| format!("RUST_LOG {text:?}: {error}"))?
        }
        Err(_) => EnvFilter::new("gantry=info"),
    };
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .with_writer(Mutex::new(file))
        .try_init()
        .map_err(|error| format!("log {}: {error}", path.display()))
}
