//! The agent of this machine itself, started as a child: `gantry --local`.

use std::io;
use std::pin::Pin;
use std::process::Stdio;
use std::task::{Context, Poll};

use gantry_wire::frame::Lines;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use super::dial::Greeted;
use super::session;
use super::why::Why;

/// So much of what the agent says on its standard error is kept.
const WORDS: u64 = 4_096;

/// A child's standard input and output. The child is killed when this is dropped.
struct Pipes {
    _child: Child,
    input: ChildStdin,
    output: ChildStdout,
}

/// Starts the agent here, and greets it.
///
/// # Errors
/// [`Why::NoAgent`] if it cannot be started, or why what was started is no agent.
pub async fn open(command: &str) -> Result<Greeted, Why> {
    let no_agent = |why: String| Why::NoAgent(format!("{command}: {why}"));
    let mut child = Command::new("/bin/sh")
        .args(["-c", &format!("exec {command}")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| no_agent(error.to_string()))?;
    let (Some(input), Some(output), Some(errors)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(no_agent("no pipes to it".to_owned()));
    };
    let last_words = async move {
        let mut said = Vec::new();
        // Whatever could be read is all there is to tell.
        let _ = errors.take(WORDS).read_to_end(&mut said).await;
        String::from_utf8_lossy(&said).trim().to_owned()
    };
    let mut stream = Box::new(Pipes {
        _child: child,
        input,
        output,
    });
    let mut lines = Lines::default();
    match session::greet(&mut stream, &mut lines).await {
        Ok(hello) => Ok(Greeted {
            stream,
            lines,
            hello,
            last_words: Box::pin(last_words),
        }),
        Err(Why::Ended(said)) if said.is_empty() => Err(no_agent(last_words.await)),
        Err(why) => Err(why),
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
        Pin::new(&mut self.input).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.input).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.input).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test]
    async fn a_child_that_is_no_agent_says_so() {
        let why = open("echo no such luck >&2; exit 3").await.err().unwrap();
        assert!(
            why.is_no_agent() && why.to_string().contains("no such luck"),
            "{why}"
        );
        let why = open("/no/such/agent serve").await.err().unwrap();
        assert!(
            why.is_no_agent() && why.to_string().contains("not found"),
            "{why}"
        );
    }
}
