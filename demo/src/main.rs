//! `gantry-demo`: serves a simulated cluster, as `gantry demo --serve` does.

use std::net::SocketAddr;
use std::process::ExitCode;

use gantry_demo::{Options, serve};
use lexopt::Parser;
use lexopt::prelude::*;

const HELP: &str = "\
gantry-demo: a simulated Ganeti cluster behind real SSH servers

  --serve ADDR       where the first node listens (127.77.0.1, any free port); the others follow
  --nodes N          how many nodes (12)
  --instances N      how many instances (60)
  --seed N           another cluster
  --speed X          its time runs X times as fast (1)
  --frozen           nothing moves
  --calm             nothing happens, but loads move
  --story NAME       this happens and nothing else: resync, stall, pause, dependency, verify,
                     split-brain, standalone, diskless, node-death, vgs-hang, migration
";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("gantry-demo: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let Some(options) = arguments(Parser::from_env())? else {
        print!("{HELP}");
        return Ok(());
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(serve(options))?;
    Ok(())
}

/// What the arguments ask for; nothing for help.
fn arguments(mut parser: Parser) -> Result<Option<Options>, lexopt::Error> {
    let mut options = Options::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("serve") => options.listen = Some(parser.value()?.parse::<SocketAddr>()?),
            Long("nodes") => options.nodes = parser.value()?.parse()?,
            Long("instances") => options.instances = parser.value()?.parse()?,
            Long("seed") => options.seed = parser.value()?.parse()?,
            Long("speed") => options.speed = parser.value()?.parse()?,
            Long("frozen") => options.frozen = true,
            Long("calm") => options.calm = true,
            Long("story") => options.story = Some(parser.value()?.parse()?),
            Short('h') | Long("help") => return Ok(None),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Some(options))
}
