//! `gantry demo`: a simulated cluster, and the console on it over real SSH.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use std::time::Duration;

use gantry_demo::{Files, Options, Started};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tokio::time::{Instant, timeout_at};

use super::links::Links;
use super::live::{self, Look};
use super::once::{fold, now};
use super::picture::svg;
use crate::app::{Msg, State, update};
use crate::config::args::Demo;
use crate::config::{Deploy, Destination, LinkOptions, SshOptions, Target};
use crate::input::Keymap;
use crate::model::Cluster;
use crate::theme::{Depth, Theme, glyph};
use crate::view;

/// Columns and rows of a picture.
const PICTURE: (u16, u16) = (150, 20);

/// A picture is taken after so long: enough for the graphs to have something to show.
const WHILE: Duration = Duration::from_secs(75);

/// Serves a cluster and shows nothing, until interrupted.
///
/// # Errors
/// If it cannot listen there.
pub async fn serve(demo: &Demo, address: SocketAddr) -> Result<u8, String> {
    gantry_demo::serve(options(demo, Some(address))?)
        .await
        .map_err(|error| format!("demo on {address}: {error}"))?;
    Ok(0)
}

/// Starts a cluster and the console on it.
///
/// # Errors
/// If the cluster cannot be started, or there is no terminal.
pub async fn show(demo: &Demo, look: Look, log: Option<&Path>) -> Result<u8, String> {
    let here = Here::start(demo).await?;
    let look = look.without_keeping();
    live::run(Links::start(&here.options()), "demo", look, log).await
}

/// Watches a cluster for a while and writes a picture of its nodes.
///
/// # Errors
/// If the cluster cannot be started or the picture cannot be written.
pub async fn picture(demo: &Demo, path: &Path) -> Result<u8, String> {
    let here = Here::start(demo).await?;
    let links = Links::start(&here.options());
    let mut cluster = Cluster::new("demo");
    let mut state = State::new(Keymap::default(), PICTURE);
    let until = Instant::now() + WHILE;
    while let Ok(events) = timeout_at(until, links.inbox.recv()).await {
        fold(&mut cluster, events, now(links.clock));
        update(&mut state, &cluster, Msg::Data);
    }
    let mut buffer = Buffer::empty(Rect::new(0, 0, PICTURE.0, PICTURE.1));
    view::draw(
        &state,
        &cluster,
        &Theme::builtin(Depth::Rgb, &glyph::UNICODE),
        &mut buffer,
    );
    std::fs::write(path, svg(&buffer)).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(0)
}

/// A demo that runs in this process, and how to get there.
struct Here {
    started: Started,
    files: Files,
}

impl Here {
    async fn start(demo: &Demo) -> Result<Here, String> {
        let failed = |error: std::io::Error| format!("demo: {error}");
        let started = gantry_demo::start(options(demo, None)?)
            .await
            .map_err(failed)?;
        let files = Files::write(&started).map_err(failed)?;
        Ok(Here { started, files })
    }

    fn options(&self) -> LinkOptions {
        let destination = Destination {
            user: Some(self.started.user.to_owned()),
            host: self.started.address.ip().to_string(),
            port: Some(self.started.address.port()),
        };
        let known_hosts = self.files.known_hosts().to_string_lossy().into_owned();
        LinkOptions {
            target: Target::Ssh(destination),
            ssh: SshOptions {
                identities: vec![self.files.key()],
                // The operator's own files and keys are none of a demo's business.
                config: Some(PathBuf::from("none")),
                options: [
                    ("UserKnownHostsFile", known_hosts.as_str()),
                    ("IdentitiesOnly", "yes"),
                ]
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .to_vec(),
                ..SshOptions::default()
            },
            deploy: Deploy::No,
            agent_command: None,
            sample_ms: 1_000,
        }
    }
}

fn options(demo: &Demo, listen: Option<SocketAddr>) -> Result<Options, String> {
    let story = demo.story.as_deref().map(str::parse).transpose();
    Ok(Options {
        nodes: demo.nodes,
        instances: demo.instances,
        seed: demo.seed,
        speed: demo.speed,
        frozen: demo.frozen,
        story: story.map_err(|error: String| format!("--story: {error}"))?,
        listen,
        ..Options::default()
    })
}
