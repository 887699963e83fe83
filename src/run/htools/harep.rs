//! `gantry harep --dry-run`

use super::{Output, Stop};
use crate::config::htools::Options;
use crate::model;

/// Runs it; its exit status.
pub fn run(
    options: &Options,
    live: Option<&model::Cluster>,
    output: &mut Output<'_>,
) -> Result<u8, Stop> {
    let _ = (options, live, output);
    Err(Stop::Error("not there".to_owned()))
}
