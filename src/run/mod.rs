//! Run modes: the live console, the headless commands; the only room that knows everyone.

mod change;
mod demo;
pub mod htools;
mod links;
pub mod list;
mod live;
mod log;
mod once;
mod picture;
mod prompt;
mod records;
pub mod status;
mod store;
mod think;
mod through;
mod tty;
mod whoami;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use tokio::runtime::Runtime;

use links::Links;
use live::Look;

use crate::config::args::{Command, HELP};
use crate::config::{Htool, Invocation, LinkOptions, Settings, Target};
use crate::model::Cluster;

/// Runs what was asked for; its exit status.
pub fn run(invocation: Invocation) -> ExitCode {
    match mode(invocation) {
        Ok(status) => ExitCode::from(status),
        Err(why) => {
            eprintln!("gantry: {why}");
            ExitCode::from(status::UNKNOWN)
        }
    }
}

fn mode(invocation: Invocation) -> Result<u8, String> {
    let log = invocation.log.as_deref();
    if let Some(path) = log {
        log::start(path)?;
    }
    let settings = load(&invocation)?;
    let options = |target: &Target| link_options(&invocation, &settings, target.clone());
    match &invocation.command {
        Command::Help => say(HELP),
        Command::Version => say(concat!("gantry ", env!("CARGO_PKG_VERSION"), "\n")),
        Command::Htool(tool) => match tool.target() {
            None => htool(tool, None),
            Some(target) => {
                let options = options(target);
                let cluster = runtime()?.block_on(async {
                    let watcher = once::Watcher::new(Links::start(&options), &name(target));
                    watcher.cluster().await
                });
                htool(tool, Some(&cluster))
            }
        },
        Command::Console(target) => {
            let look = Look::new(&invocation, &settings)?;
            let options = options(target);
            runtime()?.block_on(async {
                live::run(Links::start(&options), &name(target), look, log).await
            })
        }
        Command::Serial { target, instance } => {
            let mut look = Look::new(&invocation, &settings)?;
            look.only = Some(instance.clone());
            let options = options(target);
            runtime()?.block_on(async {
                live::run(Links::start(&options), &name(target), look, log).await
            })
        }
        Command::Demo(demo) => match (demo.serve, &demo.picture) {
            (Some(address), _) => runtime()?.block_on(demo::serve(demo, address)),
            (None, Some(path)) => runtime()?.block_on(demo::picture(demo, path)),
            (None, None) => {
                runtime()?.block_on(demo::show(demo, Look::new(&invocation, &settings)?, log))
            }
        },
        Command::Status { target, json } => {
            let options = options(target);
            let look = runtime()?.block_on(async {
                let watcher = once::Watcher::new(Links::start(&options), &name(target));
                watcher.status(*json).await
            });
            say(&look.text)?;
            Ok(look.exit)
        }
        Command::Do(change) => {
            let options = options(&change.target);
            let read_only = invocation.read_only;
            Ok(runtime()?.block_on(async {
                let watcher = once::Watcher::new(Links::start(&options), &name(&change.target));
                watcher.change(change, read_only).await
            }))
        }
        Command::List {
            list,
            target,
            json,
            watch,
        } => {
            let options = options(target);
            runtime()?.block_on(async {
                let watcher = once::Watcher::new(Links::start(&options), &name(target));
                let printed = watcher
                    .list(*list, *json, *watch, &mut std::io::stdout())
                    .await;
                printed.or_else(unless_closed)
            })
        }
    }
}

/// One of Ganeti's htools, on a file or on a live cluster.
fn htool(tool: &Htool, live: Option<&Cluster>) -> Result<u8, String> {
    let mut out = std::io::BufWriter::new(std::io::stdout());
    let mut err = std::io::stderr();
    let mut output = htools::Output {
        out: &mut out,
        err: &mut err,
    };
    let status = htools::run(tool, live, &mut output);
    status
        .and_then(|status| out.flush().map(|()| status))
        .or_else(unless_closed)
}

/// What the links are told, from flags and file; flags win.
fn link_options(invocation: &Invocation, settings: &Settings, target: Target) -> LinkOptions {
    LinkOptions {
        target,
        ssh: invocation.ssh.clone(),
        deploy: match invocation.deploy {
            crate::config::Deploy::Ask => settings.agent.deploy,
            said => said,
        },
        agent_command: settings.agent.command.clone(),
        sample_ms: settings
            .agent
            .interval_ms
            .map_or(1_000, |interval| interval.0),
    }
}

fn load(invocation: &Invocation) -> Result<Settings, String> {
    let path = |name| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let (home, xdg) = (path("HOME"), path("XDG_CONFIG_HOME"));
    Settings::load(
        invocation.config.as_deref(),
        home.as_deref(),
        xdg.as_deref(),
    )
}

fn name(target: &Target) -> String {
    match target {
        Target::Local => "this node".to_owned(),
        Target::Ssh(destination) => destination.host.clone(),
    }
}

/// The screen has the main thread, the links have one other: they wait far more than they work, and
/// each thread more is one more to be woken for every sample.
fn runtime() -> Result<Runtime, String> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| format!("cannot start: {error}"))
}

fn say(text: &str) -> Result<u8, String> {
    let mut out = std::io::stdout();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map(|()| 0)
        .or_else(unless_closed)
}

/// A reader that has seen enough is no error.
fn unless_closed(error: std::io::Error) -> Result<u8, String> {
    match error.kind() {
        std::io::ErrorKind::BrokenPipe => Ok(0),
        _ => Err(format!("cannot print: {error}")),
    }
}
