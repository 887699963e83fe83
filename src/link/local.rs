//! The agent of this machine itself, started as a child: `gantry --local`.

use std::process::Stdio;

use gantry_wire::frame::Lines;
use tokio::io::AsyncReadExt;

use super::dial::Greeted;
use super::session;
use super::stream::{Piped, plain};
use super::why::Why;

/// So much of what the agent says on its standard error is kept.
const WORDS: u64 = 4_096;

/// Starts the agent here, and greets it.
///
/// # Errors
/// [`Why::NoAgent`] if it cannot be started, or why what was started is no agent.
pub async fn open(command: &str) -> Result<Greeted, Why> {
    let no_agent = |why: String| Why::NoAgent(format!("{command}: {why}"));
    let started = Piped::spawn(command, Stdio::piped());
    let (piped, errors) = started.map_err(|error| no_agent(plain(&error)))?;
    let last_words = async move {
        let mut said = Vec::new();
        if let Some(errors) = errors {
            // Whatever could be read is all there is to tell.
            let _ = errors.take(WORDS).read_to_end(&mut said).await;
        }
        String::from_utf8_lossy(&said).trim().to_owned()
    };
    let mut stream = Box::new(piped);
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
