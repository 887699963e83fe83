//! gantry's node agent.

use std::io::Write;
use std::process::ExitCode;

use gantry_agent::args::{self, Command, Serve};
use gantry_agent::machine::Machine;
use gantry_agent::place::Place;
use gantry_agent::waker::Waker;
use gantry_agent::{archive, panics, serve, snapshot, terminal};

fn main() -> ExitCode {
    let command = match args::parse(std::env::args().skip(1)) {
        Ok(command) => {
            let original = std::env::var("SSH_ORIGINAL_COMMAND").ok();
            args::as_asked(command, original.as_deref())
        }
        Err(error) => {
            eprintln!("gantry-agent: {error}\n\n{}", args::USAGE);
            return ExitCode::from(2);
        }
    };
    match run(command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("gantry-agent: {error}");
            ExitCode::FAILURE
        }
    }
}

/// An agent that refused what was asked for on a terminal.
const REFUSED: u8 = gantry_wire::terminal::REFUSED as u8;

fn run(command: Command) -> Result<ExitCode, String> {
    match command {
        Command::Version => print(&format!("gantry-agent {}\n", env!("CARGO_PKG_VERSION")))?,
        Command::Help => print(&format!("{}\n", args::USAGE))?,
        Command::Snapshot { json, root } => {
            let snapshot = match root {
                Some(root) => archive::read(&root)?,
                None => snapshot::take(machine(Serve::default())?.0),
            };
            if json {
                let text = serde_json::to_string_pretty(&snapshot).map_err(|e| e.to_string())?;
                print(&(text + "\n"))?;
            } else {
                print(&snapshot.words())?;
            }
        }
        Command::Terminal { serve, wish } => {
            let place = Place::from_environment()?;
            // It comes back only if it is not done.
            let refused = terminal::become_it(&place, &serve, &wish);
            eprint!("{refused}\r\n");
            return Ok(ExitCode::from(REFUSED));
        }
        Command::Serve(options) => {
            panics::silence();
            let (machine, waker) = machine(options)?;
            match serve::serve(machine, &waker).map_err(|error| error.to_string())? {
                None => {}
                Some(ended) => return Err(ended.to_string()),
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Unlike `print!`, no panic when nobody reads.
fn print(text: &str) -> Result<(), String> {
    std::io::stdout()
        .write_all(text.as_bytes())
        .map_err(|error| error.to_string())
}

fn machine(options: Serve) -> Result<(Machine, Waker), String> {
    let waker = Waker::new().map_err(|error| error.to_string())?;
    let machine = Machine::new(Place::from_environment()?, options, waker.clone());
    Ok((machine, waker))
}
