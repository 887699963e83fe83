//! One conversation with one agent over a stream of bytes, until it ends.

use std::time::Duration;

use gantry_wire::request::{self, Ask, Ping, Watch};
use gantry_wire::{PROTOCOL, Report, Request, frame, report};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};

use super::why::Why;

/// The console pings this often; an agent ends after 30 s without a frame.
const PING: Duration = Duration::from_secs(5);

/// A peer that says nothing for so long is dead. Pings make a living one speak every 5 s.
const SILENCE: Duration = Duration::from_secs(14);

/// An agent that was started greets within this time.
const GREETING: Duration = Duration::from_secs(10);

/// What a link wants from its agent; both sides may change while it talks.
pub struct Wants {
    /// What to send without being asked.
    pub watch: watch::Receiver<Watch>,
    /// Questions as they come.
    pub asks: mpsc::Receiver<Ask>,
    /// Changes, and questions what became of them.
    pub acts: mpsc::Receiver<Request>,
}

impl Wants {
    /// Lets go of changes that nobody took to the agent in time. To be done before anybody is told that there is a link
    /// again: what comes over it is then asked for anew or asked about.
    pub fn forget_acts(&mut self) {
        while self.acts.try_recv().is_ok() {}
    }
}

/// Where a conversation's reports go.
pub trait Take: Send {
    /// Takes one. It may make the link wait: that is how a slow console slows an agent down
    /// rather than grow.
    fn take(&mut self, report: Report) -> impl Future<Output = ()> + Send;
}

/// Greets the agent and waits for its greeting.
///
/// # Errors
/// Why this is no agent to talk to.
pub async fn greet<S>(stream: &mut S, lines: &mut frame::Lines) -> Result<report::Hello, Why>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let hello = request::Hello {
        protocol: PROTOCOL,
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    // What has ended already takes no greeting; the end of its output says so better.
    let _ = send(stream, &Request::Hello(hello)).await;
    let first = timeout(GREETING, next(stream, lines)).await;
    match first.map_err(|_| Why::TimedOut("waiting for the agent's greeting"))?? {
        Report::Hello(hello) if hello.protocol == PROTOCOL => Ok(hello),
        Report::Hello(hello) => Err(Why::Protocol {
            theirs: hello.protocol,
            version: hello.version,
        }),
        Report::Problem(problem) => Err(Why::Ended(problem.text)),
        _ => Err(Why::Garbage("it did not greet first".to_owned())),
    }
}

/// Talks until the conversation ends, and says why it did.
pub async fn talk<S, T>(stream: S, mut lines: frame::Lines, wants: &mut Wants, take: &mut T) -> Why
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
    T: Take,
{
    let (mut input, mut output) = tokio::io::split(stream);
    let mut pings = interval(PING);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut n = 0;
    let mut heard = Instant::now();
    let mut buffer = vec![0; 64 * 1024];
    // The first value counts as a change: it is what the agent is told to begin with.
    wants.watch.mark_changed();
    loop {
        // In this order: what has come is read before silence is judged, as after a console's
        // process was stopped for a while.
        let request = tokio::select! {
            biased;
            _ = pings.tick() => {
                n += 1;
                Request::Ping(Ping { n })
            }
            Ok(()) = wants.watch.changed() => Request::Watch(wants.watch.borrow_and_update().clone()),
            Some(request) = wants.acts.recv() => request,
            Some(ask) = wants.asks.recv() => Request::Ask(ask),
            read = input.read(&mut buffer) => {
                let end = match read {
                    Ok(0) => Some(match lines.finish() {
                        Ok(()) => Why::Ended(String::new()),
                        Err(error) => Why::Ended(error.to_string()),
                    }),
                    Ok(count) => {
                        heard = Instant::now();
                        lines.push(&buffer[..count]);
                        take_all(&mut lines, take).await.err()
                    }
                    Err(error) => Some(Why::Ssh(error.to_string())),
                };
                match end {
                    Some(why) => return why,
                    None => continue,
                }
            }
            () = sleep_until(heard + SILENCE) => return Why::Silent(SILENCE.as_secs()),
            else => return Why::Ended("the console is leaving".to_owned()),
        };
        // A peer that takes nothing must not hold the link for ever.
        match timeout(SILENCE, send(&mut output, &request)).await {
            Ok(Ok(())) => {}
            Ok(Err(why)) => return why,
            Err(_) => return Why::Silent(SILENCE.as_secs()),
        }
    }
}

async fn take_all<T: Take>(lines: &mut frame::Lines, take: &mut T) -> Result<(), Why> {
    while let Some(line) = lines.next_line().map_err(garbage)? {
        match frame::report(line).map_err(garbage)? {
            Some(Report::Problem(problem)) if problem.about == "protocol" => {
                return Err(Why::Ended(problem.text));
            }
            Some(report) => take.take(report).await,
            None => {}
        }
    }
    Ok(())
}

/// The next report; kinds from another age are passed over.
async fn next<S: AsyncRead + Unpin>(
    stream: &mut S,
    lines: &mut frame::Lines,
) -> Result<Report, Why> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        while let Some(line) = lines.next_line().map_err(garbage)? {
            if let Some(report) = frame::report(line).map_err(|_| not_an_agent(line))? {
                return Ok(report);
            }
        }
        match stream.read(&mut buffer).await {
            Ok(0) => return Err(Why::Ended(String::new())),
            Ok(count) => lines.push(&buffer[..count]),
            Err(error) => return Err(Why::Ssh(error.to_string())),
        }
    }
}

async fn send<S: AsyncWrite + Unpin>(stream: &mut S, request: &Request) -> Result<(), Why> {
    let sent = async {
        stream.write_all(&frame::encode(request)).await?;
        stream.flush().await
    };
    sent.await.map_err(|error| Why::Ended(error.to_string()))
}

fn garbage(error: frame::Error) -> Why {
    Why::Garbage(error.to_string())
}

/// What stood there instead of a greeting, such as a banner or `This account is not available`.
fn not_an_agent(line: &[u8]) -> Why {
    let text: String = String::from_utf8_lossy(line)
        .chars()
        .filter(|c| !c.is_control())
        .take(80)
        .collect();
    Why::Garbage(format!("it says {text:?}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use gantry_wire::report::{Hello, Pong};
    use tokio::io::{DuplexStream, duplex};

    use super::*;

    fn hello(protocol: u32) -> Vec<u8> {
        frame::encode(&Report::Hello(Hello {
            protocol,
            node: "node1".into(),
            ..Hello::default()
        }))
    }

    /// What becomes of a console whose agent sends these bytes and ends.
    async fn fate(bytes: &[u8]) -> Result<Hello, Why> {
        let (mut console, mut agent) = duplex(1 << 20);
        agent.write_all(bytes).await.unwrap();
        agent.shutdown().await.unwrap();
        greet(&mut console, &mut frame::Lines::default()).await
    }

    #[tokio::test]
    async fn each_wrong_greeting_has_its_own_words() {
        assert_eq!(fate(&hello(PROTOCOL)).await.unwrap().node, "node1");
        assert!(matches!(
            fate(&hello(99)).await,
            Err(Why::Protocol { theirs: 99, .. })
        ));
        assert!(matches!(fate(b"").await, Err(Why::Ended(_))));
        assert!(matches!(fate(b"Welcome!\n").await, Err(Why::Garbage(_))));
        assert!(matches!(
            fate(br#"{"hello":{"proto"#).await,
            Err(Why::Ended(_))
        ));
        let pong = frame::encode(&Report::Pong(Pong { n: 1 }));
        assert!(matches!(fate(&pong).await, Err(Why::Garbage(_))));
    }

    #[tokio::test(start_paused = true)]
    async fn an_agent_that_never_greets_is_given_up() {
        let (mut console, _agent) = duplex(1 << 20);
        let why = greet(&mut console, &mut frame::Lines::default()).await;
        assert!(matches!(why, Err(Why::TimedOut(_))));
    }

    impl Take for Vec<Report> {
        async fn take(&mut self, report: Report) {
            self.push(report);
        }
    }

    struct Ends {
        wants: Wants,
        _watch: watch::Sender<Watch>,
        _asks: mpsc::Sender<Ask>,
        _acts: mpsc::Sender<Request>,
    }

    fn wants() -> Ends {
        let (watch_in, watch) = watch::channel(Watch {
            sample_ms: 1_000,
            ..Watch::default()
        });
        let (asks_in, asks) = mpsc::channel(4);
        let (acts_in, acts) = mpsc::channel(4);
        Ends {
            wants: Wants { watch, asks, acts },
            _watch: watch_in,
            _asks: asks_in,
            _acts: acts_in,
        }
    }

    async fn talked(console: DuplexStream) -> (Why, Vec<Report>) {
        let mut seen = Vec::new();
        let mut ends = wants();
        let why = talk(console, frame::Lines::default(), &mut ends.wants, &mut seen).await;
        (why, seen)
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_falls_silent_is_dead_within_15_seconds() {
        let (console, _agent) = duplex(1 << 20);
        let begun = Instant::now();
        let (why, _) = talked(console).await;
        assert!(matches!(why, Why::Silent(_)), "{why}");
        assert!(begun.elapsed() < Duration::from_secs(15));
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_takes_nothing_is_dead_too() {
        let (console, _agent) = duplex(8);
        let (why, _) = talked(console).await;
        assert!(matches!(why, Why::Silent(_)), "{why}");
    }

    #[tokio::test]
    async fn the_agent_is_told_what_to_watch_and_frames_may_come_byte_by_byte() {
        let (console, mut agent) = duplex(1 << 20);
        let talking = tokio::spawn(talked(console));
        let mut lines = frame::Lines::default();
        let mut buffer = [0; 512];
        let watched = loop {
            let count = agent.read(&mut buffer).await.unwrap();
            lines.push(&buffer[..count]);
            if let Some(line) = lines.next_line().unwrap()
                && let Some(Request::Watch(watch)) = frame::request(line).unwrap()
            {
                break watch;
            }
        };
        assert_eq!(watched.sample_ms, 1_000);
        for byte in frame::encode(&Report::Pong(Pong { n: 7 })) {
            agent.write_all(&[byte]).await.unwrap();
        }
        agent
            .write_all(b"{\"weather\":{}}\nrubbish\n")
            .await
            .unwrap();
        let (why, seen) = talking.await.unwrap();
        assert_eq!(seen, [Report::Pong(Pong { n: 7 })]);
        assert!(matches!(why, Why::Garbage(_)), "{why}");
    }

    #[tokio::test]
    async fn an_endless_line_ends_the_link() {
        let (console, mut agent) = duplex(1 << 16);
        let talking = tokio::spawn(talked(console));
        let block = vec![b'x'; 1 << 16];
        while agent.write_all(&block).await.is_ok() {}
        let (why, _) = talking.await.unwrap();
        assert!(matches!(why, Why::Garbage(_)), "{why}");
    }
}
