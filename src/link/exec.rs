//! A program that runs on a host, or here: its output, its input and how it ended.

use std::io;
use std::pin::Pin;
use std::process::Stdio;
use std::task::{Context, Poll};

use russh::ChannelMsg;
use russh::client::Msg;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf};
use tokio::process::{Child, Command};
use tokio::sync::oneshot;

use super::stream::plain;
use super::why::Why;

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
    /// In words: what it said, or else its status.
    pub fn words(&self) -> String {
        match (self.stderr.trim(), &self.signal, self.status) {
            ("", Some(signal), _) => format!("signal {signal}"),
            ("", None, Some(status)) => format!("exit status {status}"),
            ("", None, None) => "without a word".to_owned(),
            (said, _, _) => said.to_owned(),
        }
    }
}

/// A running program. Reading gives its output, writing its input; dropping it ends it.
pub struct Exec {
    output: Box<dyn AsyncRead + Send + Unpin>,
    input: Option<Pin<Box<dyn AsyncWrite + Send>>>,
    ended: oneshot::Receiver<Ended>,
    end: Option<Ended>,
}

impl Exec {
    /// Around a channel on which a program was started.
    pub(super) fn on_channel(channel: russh::Channel<Msg>) -> Exec {
        let (output, sink) = tokio::io::duplex(BUFFER);
        let input = Box::pin(channel.make_writer());
        let (done, ended) = oneshot::channel();
        tokio::spawn(pump(channel, sink, done));
        Exec {
            output: Box::new(output),
            input: Some(input),
            ended,
            end: None,
        }
    }

    /// Starts a program on this machine.
    ///
    /// # Errors
    /// [`Why::NoAgent`] if it cannot be started.
    pub fn local(program: &str, args: &[&str]) -> Result<Exec, Why> {
        let failed = |error: io::Error| Why::NoAgent(format!("{program}: {}", plain(&error)));
        let mut child = Command::new(program)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(failed)?;
        let gone = || failed(io::Error::from(io::ErrorKind::BrokenPipe));
        let input = child.stdin.take().ok_or_else(gone)?;
        let output = child.stdout.take().ok_or_else(gone)?;
        let (done, ended) = oneshot::channel();
        tokio::spawn(wait(child, done));
        Ok(Exec {
            output: Box::new(output),
            input: Some(Box::pin(input)),
            ended,
            end: None,
        })
    }

    /// Waits for its end. To be called once its output has ended, or it may wait for a reader.
    pub async fn ended(&mut self) -> Ended {
        if self.end.is_none() {
            self.end = Some((&mut self.ended).await.unwrap_or_default());
        }
        self.end.clone().unwrap_or_default()
    }

    /// Ends its input.
    pub async fn close_input(&mut self) {
        if let Some(mut input) = self.input.take() {
            let _ = input.shutdown().await;
        }
    }
}

impl AsyncRead for Exec {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.output).poll_read(cx, buf)
    }
}

impl AsyncWrite for Exec {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.input {
            Some(input) => input.as_mut().poll_write(cx, bytes),
            None => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.input {
            Some(input) => input.as_mut().poll_flush(cx),
            None => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.input {
            Some(input) => input.as_mut().poll_shutdown(cx),
            None => Poll::Ready(Ok(())),
        }
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

/// Waits for a child to end; kills it once nobody waits for that any more.
async fn wait(mut child: Child, mut done: oneshot::Sender<Ended>) {
    let stderr = child.stderr.take();
    let ending = async {
        let mut kept = Vec::new();
        if let Some(mut stderr) = stderr {
            let mut block = [0; 1024];
            while let Ok(n @ 1..) = stderr.read(&mut block).await {
                keep_end(&mut kept, &block[..n]);
            }
        }
        (child.wait().await.ok(), kept)
    };
    tokio::select! {
        (status, stderr) = ending => {
            let status = status.unwrap_or_default();
            let signal = std::os::unix::process::ExitStatusExt::signal(&status);
            let _ = done.send(Ended {
                status: status.code().and_then(|code| u32::try_from(code).ok()),
                signal: signal.map(|number| number.to_string()),
                stderr: String::from_utf8_lossy(&stderr).into_owned(),
            });
        }
        () = done.closed() => {}
    }
}

/// Keeps the last [`STDERR`] bytes.
fn keep_end(kept: &mut Vec<u8>, more: &[u8]) {
    kept.extend_from_slice(more);
    let surplus = kept.len().saturating_sub(STDERR);
    kept.drain(..surplus);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test]
    async fn a_local_program_is_read_written_and_waited_for() {
        let mut cat = Exec::local("/bin/sh", &["-c", "cat; echo enough >&2; exit 3"]).unwrap();
        cat.write_all(b"hello").await.unwrap();
        cat.close_input().await;
        let mut text = String::new();
        cat.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "hello");
        let ended = cat.ended().await;
        assert_eq!((ended.status, ended.words().as_str()), (Some(3), "enough"));
    }

    #[tokio::test]
    async fn a_program_that_is_not_there_is_no_agent() {
        let why = Exec::local("/no/such/gantry-agent", &[]).err().unwrap();
        assert_eq!(
            why.to_string(),
            "no agent: /no/such/gantry-agent: no such file or directory"
        );
    }

    #[tokio::test]
    async fn a_program_ends_when_nobody_holds_it_any_more() {
        let mut sleeper = Exec::local("/bin/sh", &["-c", "echo $$; exec sleep 1000"]).unwrap();
        let mut line = [0; 32];
        let n = sleeper.read(&mut line).await.unwrap();
        let pid: u32 = String::from_utf8_lossy(&line[..n]).trim().parse().unwrap();
        drop(sleeper);
        let gone = async {
            while std::path::Path::new(&format!("/proc/{pid}/cwd")).exists() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(20), gone)
            .await
            .unwrap();
    }

    #[test]
    fn only_the_end_of_a_long_complaint_is_kept() {
        let mut kept = Vec::new();
        keep_end(&mut kept, &[b'a'; STDERR]);
        keep_end(&mut kept, b"end");
        assert_eq!(kept.len(), STDERR);
        assert!(kept.ends_with(b"aend"));
    }
}
