//! The bytes below SSH: TCP, a command's input and output, or a channel through another host.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::process::Stdio;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::task::JoinSet;

use super::ssh_config::Family;
use super::why::Why;

/// How long one address is given before the next is tried beside it.
const STAGGER: Duration = Duration::from_millis(250);

/// The addresses of a name.
pub(super) async fn lookup(host: &str, port: u16, family: Family) -> Result<Vec<SocketAddr>, Why> {
    let unresolved = || Why::Unresolved {
        host: host.to_owned(),
    };
    let found = tokio::net::lookup_host((host, port)).await;
    let addresses: Vec<SocketAddr> = found
        .map_err(|_| unresolved())?
        .filter(|address| match family {
            Family::Any => true,
            Family::Inet => address.is_ipv4(),
            Family::Inet6 => address.is_ipv6(),
        })
        .collect();
    if addresses.is_empty() {
        return Err(unresolved());
    }
    Ok(addresses)
}

/// Connects by TCP. All addresses are tried, each a little after the one before, and the first
/// that answers is taken: one dead address delays nothing.
pub(super) async fn tcp(addresses: Vec<SocketAddr>) -> Result<TcpStream, Why> {
    let mut tries = JoinSet::new();
    for (place, address) in (0u32..).zip(addresses) {
        tries.spawn(async move {
            tokio::time::sleep(STAGGER.saturating_mul(place)).await;
            TcpStream::connect(address).await
        });
    }
    let mut last = "no address".to_owned();
    while let Some(done) = tries.join_next().await {
        match done {
            Ok(Ok(stream)) => {
                // Frames are small and somebody waits for each.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => last = plain(&error),
            Err(_) => {}
        }
    }
    Err(Why::Unreachable(last))
}

/// An I/O error without the system's number.
pub(super) fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error") {
        Some((text, _)) => text.to_lowercase(),
        None => text,
    }
}

/// A command whose output is read and whose input is written; it is killed when this is dropped.
pub(super) struct Piped {
    input: ChildStdin,
    output: ChildStdout,
    _child: Child,
}

impl Piped {
    /// Starts what `ProxyCommand` names, as ssh does.
    pub fn start(command: &str) -> Result<Piped, Why> {
        let started = Piped::spawn(command, Stdio::null());
        let (piped, _) = started
            .map_err(|error| Why::Unreachable(format!("ProxyCommand: {}", plain(&error))))?;
        Ok(piped)
    }

    /// Starts a command of the shell. Its standard error goes where `errors` says, and comes
    /// along if that is a pipe.
    pub fn spawn(command: &str, errors: Stdio) -> io::Result<(Piped, Option<ChildStderr>)> {
        let mut child = Command::new("/bin/sh")
            .arg("-c")
            .arg(format!("exec {command}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(errors)
            .kill_on_drop(true)
            .spawn()?;
        let errors = child.stderr.take();
        match (child.stdin.take(), child.stdout.take()) {
            (Some(input), Some(output)) => Ok((
                Piped {
                    input,
                    output,
                    _child: child,
                },
                errors,
            )),
            _ => Err(io::Error::other("no pipes")),
        }
    }
}

impl AsyncRead for Piped {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.output).poll_read(cx, buf)
    }
}

impl AsyncWrite for Piped {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.input).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.input).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.input).poll_shutdown(cx)
    }
}
