//! A program that runs on a host: its output, its input and how it ended.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use russh::ChannelMsg;
use russh::client::Msg;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf};
use tokio::sync::oneshot;

/// How much of what a program writes to its error output is kept, bytes.
const STDERR: usize = 4096;

/// How much output waits here for its reader before the program has to, bytes.
const BUFFER: usize = 64 * 1024;

/// How a program ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    /// Its exit status, if it had one.
    pub status: Option<u32>,
    /// The signal that ended it.
    pub signal: Option<String>,
    /// The end of what it wrote to its error output.
    pub stderr: String,
}

impl Ended {
    /// What it said last, or else its status; empty if there was neither.
    pub fn last_words(&self) -> String {
        if *self == Ended::default() {
            String::new()
        } else {
            self.words()
        }
    }

    /// In words: what it said, or else its status.
    pub fn words(&self) -> String {
        match (self.stderr.trim(), &self.signal, self.status) {
            ("", Some(signal), _) => format!("signal {signal}"),
            ("", None, Some(status)) => format!("exit status {status}"),
            ("", None, None) => "it said nothing".to_owned(),
            (said, _, _) => said.to_owned(),
        }
    }
}

/// A running program; dropping both parts ends it.
pub struct Exec {
    /// Reading gives its output, writing is its input.
    pub pipes: Pipes,
    /// Its end.
    pub ending: Ending,
}

/// A program's output and input.
pub struct Pipes {
    output: DuplexStream,
    input: Pin<Box<dyn AsyncWrite + Send>>,
}

/// The end of a program, to wait for. Its output must be read meanwhile.
pub struct Ending(oneshot::Receiver<Ended>);

impl Exec {
    /// Around a channel on which a program was started.
    pub(super) fn on_channel(channel: russh::Channel<Msg>) -> Exec {
        let (output, sink) = tokio::io::duplex(BUFFER);
        let input = Box::pin(channel.make_writer());
        let (done, ended) = oneshot::channel();
        tokio::spawn(pump(channel, sink, done));
        Exec {
            pipes: Pipes { output, input },
            ending: Ending(ended),
        }
    }
}

impl Ending {
    /// Waits for it.
    pub async fn wait(self) -> Ended {
        self.0.await.unwrap_or_default()
    }
}

impl AsyncRead for Pipes {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.output).poll_read(cx, into)
    }
}

impl AsyncWrite for Pipes {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.input.as_mut().poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.input.as_mut().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.input.as_mut().poll_shutdown(cx)
    }
}

/// Carries a channel's messages to whoever reads the output, until the channel ends or nobody
/// reads any more; then the channel is closed, which ends the program.
async fn pump(
    mut channel: russh::Channel<Msg>,
    mut sink: DuplexStream,
    mut done: oneshot::Sender<Ended>,
) {
    let mut ended = Ended::default();
    let mut stderr = Vec::new();
    loop {
        let message = tokio::select! {
            message = channel.wait() => message,
            // Nobody waits for the end: whoever started the program has gone.
            () = done.closed() => None,
        };
        match message {
            Some(ChannelMsg::Data { data }) => {
                if sink.write_all(&data).await.is_err() {
                    break;
                }
            }
            Some(ChannelMsg::ExtendedData { data, .. }) => keep_end(&mut stderr, &data),
            Some(ChannelMsg::ExitStatus { exit_status }) => ended.status = Some(exit_status),
            Some(ChannelMsg::ExitSignal { signal_name, .. }) => {
                ended.signal = Some(format!("{signal_name:?}"))
            }
            // The status comes after the end of the output, and before the close.
            Some(ChannelMsg::Eof) => {
                let _ = sink.shutdown().await;
            }
            Some(ChannelMsg::Close) | None => break,
            Some(_) => {}
        }
    }
    let _ = channel.close().await;
    ended.stderr = String::from_utf8_lossy(&stderr).into_owned();
    let _ = done.send(ended);
}

/// Keeps the last [`STDERR`] bytes.
fn keep_end(kept: &mut Vec<u8>, more: &[u8]) {
    kept.extend_from_slice(more);
    let surplus = kept.len().saturating_sub(STDERR);
    kept.drain(..surplus);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_of_a_long_complaint_is_kept() {
        let mut kept = Vec::new();
        keep_end(&mut kept, &[b'a'; STDERR]);
        keep_end(&mut kept, b"end");
        assert_eq!(kept.len(), STDERR);
        assert!(kept.ends_with(b"aend"));
    }
}
