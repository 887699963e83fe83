//! `gantry hbal` and its sisters: Ganeti's tools of these names, for scripts and for comparison.

mod hail;
mod harep;
mod hbal;
mod hcheck;
mod hinfo;
mod hroller;
mod hscan;
mod hspace;
mod hsqueeze;
mod json;
mod keys;
mod load;

use std::io::{self, Write};

use crate::config::Htool;
use crate::config::htools::{Ask, Tool};
use crate::model::Cluster;

/// Where a tool's words go.
pub struct Output<'a> {
    /// Standard output.
    pub out: &'a mut dyn Write,
    /// Standard error.
    pub err: &'a mut dyn Write,
}

/// Why a tool ended before its end.
pub enum Stop {
    /// A sentence for standard error; exit status 1.
    Error(String),
    /// It cannot print.
    Output(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Stop {
        Stop::Output(error)
    }
}

impl From<String> for Stop {
    fn from(error: String) -> Stop {
        Stop::Error(error)
    }
}

/// Runs a tool; its exit status. `live` is the cluster that it was told to look at, if it was not told to read a file.
///
/// # Errors
/// When it cannot print.
pub fn run(tool: &Htool, live: Option<&Cluster>, output: &mut Output<'_>) -> io::Result<u8> {
    let options = match &tool.ask {
        Ask::Say(text) => {
            output.out.write_all(text.as_bytes())?;
            return Ok(0);
        }
        Ask::Refuse(text, status) => {
            output.err.write_all(text.as_bytes())?;
            return Ok(*status);
        }
        Ask::Run(options) => options,
    };
    let ended = match tool.tool {
        Tool::Hail => hail::run(options, output),
        Tool::Harep => harep::run(options, live, output),
        Tool::Hbal | Tool::Hcheck | Tool::Hinfo if options.json => {
            json::run(tool.tool, options, live, output)
        }
        Tool::Hbal => hbal::run(options, live, output),
        Tool::Hinfo => hinfo::run(options, live, output),
        Tool::Hcheck => hcheck::run(options, live, output),
        Tool::Hroller => hroller::run(options, live, output),
        Tool::Hscan => hscan::run(options, live, output),
        Tool::Hspace => hspace::run(options, live, output),
        Tool::Hsqueeze => hsqueeze::run(options, live, output),
    };
    match ended {
        Ok(status) => Ok(status),
        Err(Stop::Error(why)) => {
            output.out.flush()?;
            writeln!(output.err, "Error: {why}")?;
            Ok(1)
        }
        Err(Stop::Output(error)) => Err(error),
    }
}
