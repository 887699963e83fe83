//! Arguments to a run mode, exit status.

use std::process::ExitCode;

use gantry::config::Invocation;
use gantry::run;

fn main() -> ExitCode {
    match Invocation::parse(std::env::args_os().skip(1)) {
        Ok(invocation) => run::run(invocation),
        Err(why) => {
            eprintln!("gantry: {why}\nTry 'gantry --help'.");
            ExitCode::from(run::status::UNKNOWN)
        }
    }
}
