//! The agent of this machine itself, started as a child: `gantry --local`.

use std::io;
use std::pin::Pin;
use std::process::Stdio;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use super::dial::Opened;
use super::why::Why;

/// So much of what the agent says on its standard error is kept.
const WORDS: u64 = 4_096;

/// A child's standard input and output. The child is killed when this is dropped.
struct Pipes {
    _child: Child,
    input: ChildStdin,
    output: ChildStdout,
}

/// Starts the agent here.
///
/// # Errors
/// [`Why::NoAgent`] if it cannot be started.
pub fn open<H>(command: &str) -> Result<Opened<H>, Why> {
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
    let last_words = Box::pin(async move {
        let mut said = Vec::new();
        // Whatever could be read is all there is to tell.
        let _ = errors.take(WORDS).read_to_end(&mut said).await;
        String::from_utf8_lossy(&said).trim().to_owned()
    });
    Ok(Opened {
        stream: Box::new(Pipes {
            _child: child,
            input,
            output,
        }),
        host: None,
        last_words,
    })
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
    use crate::link::session;

    #[tokio::test]
    async fn a_child_that_is_no_agent_says_so() {
        let mut opened = open::<()>("echo no such luck >&2; exit 3").unwrap();
        let greeting = session::greet(
            &mut opened.stream,
            &mut gantry_wire::frame::Lines::default(),
        )
        .await;
        assert!(matches!(greeting, Err(Why::Ended(_))), "{greeting:?}");
        assert_eq!(opened.last_words.await, "no such luck");
    }
}
