//! One SSH connection to one host.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use russh::client::{self, Handle};
use russh::keys::PublicKey;
use russh::{ChannelMsg, ChannelOpenFailure, Disconnect};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::auth::Proof;
use super::dial::Stream;
use super::exec::{Ended, Exec};
use super::ssh_config::HostConfig;
use super::terminal::{self, Terminal, Wanted};
use super::trust::Verifier;
use super::why::Why;

/// How long a host may take to open a channel or to start a program.
const OPEN: Duration = Duration::from_secs(15);

/// Signs of life are asked of the server at least this often, and three in a row may be missed:
/// a dead peer is noticed within 15 s.
const ALIVE: Duration = Duration::from_secs(5);

/// A connection on which the login is done. It closes when it is dropped.
pub struct Host {
    name: String,
    handle: Handle<Verifier>,
    /// What the host took for a login.
    pub proof: Proof,
    /// The key by which the host was verified.
    pub key: Option<PublicKey>,
    /// What the host wanted shown before the login.
    pub banner: String,
    /// The command that the agent answered to.
    agent: OnceLock<String>,
    /// The host through which this connection goes stays connected as long as this one is there.
    _via: Option<Arc<Host>>,
}

/// What a program wrote, and how it ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// How it ended.
    pub ended: Ended,
    /// What it wrote, cut to a bound.
    pub stdout: Vec<u8>,
}

impl Host {
    pub(super) fn new(
        name: String,
        handle: Handle<Verifier>,
        proof: Proof,
        shown: super::trust::Shown,
        via: Option<Arc<Host>>,
    ) -> Host {
        Host {
            name,
            handle,
            proof,
            key: shown.key,
            banner: shown.banner,
            agent: OnceLock::new(),
            _via: via,
        }
    }

    /// The host as it was named.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The connection has ended.
    pub fn closed(&self) -> bool {
        self.handle.is_closed()
    }

    /// Notes the command that the agent answered to.
    pub(super) fn has_agent(&self, command: &str) {
        // Only one agent is started on a connection.
        let _ = self.agent.set(command.to_owned());
    }

    /// Starts the agent once more, on a terminal, as something else.
    ///
    /// # Errors
    /// The connection broke, or the host has no terminal for us.
    pub async fn terminal(self: Arc<Host>, wanted: &Wanted) -> Result<Terminal, Why> {
        let Some(agent) = self.agent.get() else {
            return Err(Why::NoAgent(
                "none has answered on this connection".to_owned(),
            ));
        };
        let command = terminal::command(agent, &wanted.act);
        let (columns, rows) = wanted.size;
        let (columns, rows) = (u32::from(columns), u32::from(rows));
        let starting = async {
            let mut channel = self.handle.channel_open_session().await?;
            let term = wanted.term.as_str();
            channel
                .request_pty(true, term, columns, rows, 0, 0, &[])
                .await?;
            if !granted(&mut channel).await? {
                return Ok(None);
            }
            channel.exec(true, command).await?;
            Ok(granted(&mut channel).await?.then_some(channel))
        };
        match tokio::time::timeout(OPEN, starting).await {
            Ok(Ok(Some(channel))) => Ok(Terminal::on_channel(channel, Arc::clone(&self))),
            Ok(Ok(None)) => Err(terminal::refused()),
            Ok(Err(error)) => Err(no_session(&error)),
            Err(_) => Err(Why::TimedOut("opening a terminal")),
        }
    }

    /// Starts a program.
    ///
    /// # Errors
    /// The connection broke, or the host will not start programs.
    pub async fn exec(&self, command: &str) -> Result<Exec, Why> {
        let starting = async {
            let mut channel = self.handle.channel_open_session().await?;
            channel.exec(true, command).await?;
            Ok(granted(&mut channel).await?.then_some(channel))
        };
        match tokio::time::timeout(OPEN, starting).await {
            Ok(Ok(Some(channel))) => Ok(Exec::on_channel(channel)),
            Ok(Ok(None)) => Err(Why::NoAgent(
                "the host starts no programs for this user".to_owned(),
            )),
            Ok(Err(error)) => Err(no_session(&error)),
            Err(_) => Err(Why::TimedOut("starting a program")),
        }
    }

    /// Runs a program to its end: writes `stdin`, then reads at most `bound` bytes of output. The
    /// limit is for each step without progress, not for all.
    ///
    /// # Errors
    /// The connection broke, or nothing moved for the limit.
    pub async fn run(
        &self,
        command: &str,
        stdin: &[u8],
        bound: usize,
        limit: Duration,
    ) -> Result<Output, Why> {
        const PIECE: usize = 32 * 1024;
        let Exec { mut pipes, ending } = self.exec(command).await?;
        let stuck = || Why::TimedOut("running a program");
        for piece in stdin.chunks(PIECE) {
            let writing = tokio::time::timeout(limit, pipes.write_all(piece)).await;
            // A program that wants no more has ended or is about to: its status says more.
            if writing.map_err(|_| stuck())?.is_err() {
                break;
            }
        }
        // One that has ended already has no input to close.
        let _ = pipes.shutdown().await;
        let mut stdout = Vec::new();
        let mut block = [0; 4096];
        loop {
            match tokio::time::timeout(limit, pipes.read(&mut block)).await {
                Ok(Ok(0) | Err(_)) => break,
                Ok(Ok(n)) => {
                    let room = bound.saturating_sub(stdout.len());
                    stdout.extend_from_slice(&block[..n.min(room)]);
                }
                Err(_) => return Err(stuck()),
            }
        }
        let ended = tokio::time::timeout(limit, ending.wait())
            .await
            .map_err(|_| stuck())?;
        Ok(Output { ended, stdout })
    }

    /// Opens a TCP connection from the host to somewhere else.
    ///
    /// # Errors
    /// The host will not or cannot.
    pub(super) async fn forward(&self, to: &str, port: u16) -> Result<Box<dyn Stream>, Why> {
        let opening = self
            .handle
            .channel_open_direct_tcpip(to, u32::from(port), "127.0.0.1", 0);
        let refused = |why: &str| Why::Forward {
            via: self.name.clone(),
            why: why.to_owned(),
        };
        match tokio::time::timeout(OPEN, opening).await {
            Ok(Ok(channel)) => Ok(Box::new(channel.into_stream())),
            Ok(Err(russh::Error::ChannelOpenFailure(
                ChannelOpenFailure::AdministrativelyProhibited,
            ))) => Err(refused("it does not allow TCP forwarding")),
            Ok(Err(russh::Error::ChannelOpenFailure(_))) => Err(refused("it cannot connect there")),
            Ok(Err(error)) => Err(refused(&error.to_string())),
            Err(_) => Err(refused("it does not answer")),
        }
    }

    /// Says goodbye. Dropping the host closes the connection too, but less politely.
    pub async fn disconnect(&self) {
        let _ = self
            .handle
            .disconnect(Disconnect::ByApplication, "", "en")
            .await;
    }
}

/// Whether the host did what was asked for on a channel.
async fn granted(channel: &mut russh::Channel<client::Msg>) -> Result<bool, russh::Error> {
    while let Some(message) = channel.wait().await {
        match message {
            ChannelMsg::Success => return Ok(true),
            ChannelMsg::Failure => return Ok(false),
            _ => {}
        }
    }
    Err(russh::Error::Disconnect)
}

fn no_session(error: &russh::Error) -> Why {
    Why::Ssh(format!("no session: {error}"))
}

/// How russh is to behave towards a host.
pub(super) fn client_config(
    config: &HostConfig,
    preferred: russh::Preferred,
) -> Arc<client::Config> {
    let interval = config
        .alive_interval
        .map_or(ALIVE, |interval| interval.min(ALIVE));
    Arc::new(client::Config {
        client_id: russh::SshId::Standard(
            concat!("SSH-2.0-gantry_", env!("CARGO_PKG_VERSION")).into(),
        ),
        preferred,
        keepalive_interval: Some(interval),
        // To russh, none at all means without end.
        keepalive_max: if config.alive_count_max < 3 { 1 } else { 2 },
        nodelay: true,
        ..client::Config::default()
    })
}

/// What verifying left behind, for those that hold it in common with russh.
pub(super) type SharedShown = Arc<Mutex<super::trust::Shown>>;
