//! A serial console: the terminal is left to the guest, its bytes go both ways as they are, and
//! Ctrl-] comes back to gantry as it was.

use std::collections::BTreeMap;
use std::time::Duration;

use gantry_wire::operation::Operation;
use gantry_wire::terminal::REFUSED;
use ratatui::layout::Size;
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, timeout};

use super::list::printable;
use super::live::{Live, PACE, Signals, next};
use crate::action::guard::Request;
use crate::app::Msg;
use crate::link::terminal::{News, Terminal, Wanted};
use crate::link::why::Why;
use crate::term::{Event, Tail};

/// Ctrl-].
const LEAVE: u8 = 0x1d;

/// So much may be typed, or pasted, before it opens, bytes.
const TYPED: usize = 64 * 1024;

/// How long a terminal may take for the last piece of what a guest wrote.
const SLOW: Duration = Duration::from_secs(10);

/// Consoles of which the end is kept.
const KEPT: usize = 32;

/// What a session ended with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The operator left it.
    Left,
    /// It was refused, or could not be had.
    Refused(String),
    /// The other side ended it.
    Over(String),
    /// gantry is to end.
    Stop,
}

/// The ends of the consoles that were looked at, by instance.
#[derive(Debug, Default)]
pub struct Tails(BTreeMap<String, Tail>);

impl Tails {
    fn of(&mut self, instance: &str) -> &mut Tail {
        if self.0.len() >= KEPT && !self.0.contains_key(instance) {
            self.0.pop_first();
        }
        self.0.entry(instance.to_owned()).or_default()
    }
}

/// A session on its way.
enum Line {
    Opening(oneshot::Receiver<Result<Terminal, Why>>),
    Open(Terminal),
}

impl Line {
    async fn next(&mut self) -> Result<News, Why> {
        match self {
            Line::Open(terminal) => Ok(terminal.next().await),
            Line::Opening(opened) => {
                let opened = opened.await;
                let gone = |_| Err(Why::Ended("the links ended".to_owned()));
                *self = Line::Open(opened.unwrap_or_else(gone)?);
                Ok(News::Bytes(Vec::new()))
            }
        }
    }
}

impl Live {
    /// Leaves the terminal to an instance's console until it ends or is left.
    ///
    /// # Errors
    /// The terminal takes nothing any more.
    pub(super) async fn through(
        &mut self,
        request: &Request,
        signals: &mut Signals,
        stop: &Notify,
    ) -> std::io::Result<End> {
        let act = request.act().clone();
        let Operation::Console(it) = &act.operation else {
            return Ok(End::Refused("that is no console".to_owned()));
        };
        let (instance, node) = (it.instance.clone(), it.node.clone());
        self.screen.lend();
        self.events.as_they_are(true);
        let size = self.screen.size();
        let wanted = Wanted {
            node: node.clone(),
            act,
            term: self.term.clone(),
            size: (size.width, size.height),
        };
        let mut line = Line::Opening(self.links.fleet.terminal(wanted));
        let mut waiting = self.tails.of(&instance).replay();
        let (name, node) = (printable(&instance), printable(&node));
        let hello = format!("\r\n[gantry: console of {name} on {node}; Ctrl-] leaves]\r\n");
        waiting.extend(hello.as_bytes());
        let end = self
            .carry(&mut line, waiting, &instance, signals, stop)
            .await;
        drop(line);
        // What the guest wrote last is taken first, by a terminal that takes anything.
        let _ = timeout(SLOW, self.screen.ready()).await;
        self.events.as_they_are(false);
        self.screen.reclaim()?;
        let size = self.screen.size();
        self.tell(Msg::Resize(size.width, size.height)).await;
        self.tell(Msg::Notice(match &end {
            End::Left | End::Stop => format!("left the console of {instance}; c returns to it"),
            End::Refused(why) => format!("no console of {instance}: {why}"),
            End::Over(why) => format!("the console of {instance} ended: {why}"),
        }))
        .await;
        Ok(end)
    }

    /// Carries bytes both ways. Facts are folded in meanwhile, and nothing is drawn.
    async fn carry(
        &mut self,
        line: &mut Line,
        mut waiting: Vec<u8>,
        instance: &str,
        signals: &mut Signals,
        stop: &Notify,
    ) -> End {
        let mut folded = Instant::now();
        // A size that it has had since it was asked for.
        let mut resized: Option<Size> = None;
        // What was typed and is not sent yet.
        let mut typed = Vec::new();
        // What was said since it opened, for what it ends with.
        let mut said = Vec::new();
        loop {
            if let Line::Open(terminal) = &*line {
                if let Some(size) = resized.take() {
                    terminal.resize(size.width, size.height);
                }
                if !typed.is_empty() {
                    terminal.send(std::mem::take(&mut typed));
                }
            }
            tokio::select! {
                biased;
                () = stop.notified() => return End::Stop,
                () = signals.ended() => return End::Stop,
                event = self.events.next() => match event {
                    Event::Raw(bytes) => {
                        let leave = bytes.iter().position(|byte| *byte == LEAVE);
                        let before = bytes.get(..leave.unwrap_or(bytes.len()));
                        if typed.len() < TYPED {
                            typed.extend_from_slice(before.unwrap_or_default());
                        }
                        if leave.is_some() {
                            if let Line::Open(terminal) = &*line {
                                terminal.send(typed);
                            }
                            return End::Left;
                        }
                    }
                    Event::Resize(size) => resized = Some(size),
                    Event::Gone => return End::Stop,
                    _ => {}
                },
                () = self.screen.ready(), if !waiting.is_empty() => {
                    self.screen.pass(&waiting);
                    waiting.clear();
                }
                news = line.next(), if waiting.is_empty() => match news {
                    Ok(News::Bytes(bytes)) => {
                        self.tails.of(instance).push(&bytes);
                        keep(&mut said, &bytes);
                        waiting = bytes;
                    }
                    Ok(News::Ended(Some(REFUSED))) => return End::Refused(last_line(&said)),
                    Ok(News::Ended(_)) => return End::Over(last_line(&said)),
                    Err(why) => return End::Refused(why.to_string()),
                },
                events = next(&self.links.inbox, folded + PACE) => {
                    folded = Instant::now();
                    self.fold_in(events).await;
                }
            }
        }
    }
}

/// Keeps the last line, about.
fn keep(said: &mut Vec<u8>, bytes: &[u8]) {
    const LINE: usize = 1024;
    said.extend_from_slice(bytes);
    let surplus = said.len().saturating_sub(LINE);
    said.drain(..surplus);
}

/// The last line that says something, without what only moves the cursor.
fn last_line(said: &[u8]) -> String {
    let mut tail = Tail::default();
    tail.push(said);
    let text = String::from_utf8_lossy(&tail.replay()).replace("\x1b[m", "");
    let mut lines = text.split(['\r', '\n']).map(str::trim);
    let last = lines.rfind(|line| !line.is_empty());
    let last = last.unwrap_or("it said nothing");
    printable(last.strip_prefix("gantry-agent: ").unwrap_or(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_last_is_told_in_plain_words() {
        let mut said = Vec::new();
        keep(
            &mut said,
            b"\x1b[31mold\x1b[m\r\nit is \x1b[31mheld\x1b[m by anna\r\n\r\n",
        );
        assert!(last_line(&said).contains("held"));
        assert!(!last_line(&said).contains("old"));
        assert_eq!(last_line(b""), "it said nothing");
        assert_eq!(last_line(b"gantry-agent: web1: no\r\n"), "web1: no");
        keep(&mut said, &[b'x'; 5000]);
        assert_eq!(said.len(), 1024);
    }

    #[test]
    fn the_ends_of_so_many_consoles_are_kept() {
        let mut tails = Tails::default();
        for n in 0..100 {
            tails.of(&format!("web{n}")).push(b"login: ");
        }
        assert!(tails.0.len() <= KEPT);
        assert!(tails.0.contains_key("web99"));
    }
}
