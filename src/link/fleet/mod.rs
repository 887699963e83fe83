//! From one destination to the whole cluster: one link a node, and who is asked for what.

mod acts;
mod backoff;
mod lead;
mod single;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Instant;

use gantry_wire::act::Act;
use tokio::sync::{mpsc, oneshot};

use super::ask::{Answer, AskId, Asker};
use super::dial::Dialer;
use super::inbox::{Inbox, Outbox, inbox};
use super::terminal::{Terminal, Wanted};
use super::why::Why;
use crate::model::Time;

/// What the console tells the links.
#[derive(Debug)]
enum Command {
    Reconnect(Option<String>),
    Follow(Vec<u64>),
    AskLog(u64),
    Act(Box<Act>),
    Terminal(Box<Wanted>, oneshot::Sender<Result<Terminal, Why>>),
}

/// All links of one cluster. They end when this is dropped.
pub struct Fleet {
    commands: mpsc::UnboundedSender<Command>,
    asker: Asker,
    lead: tokio::task::JoinHandle<()>,
}

/// The console's monotonic clock.
#[derive(Clone, Copy, Debug)]
pub struct Clock(Instant);

impl Clock {
    /// A clock that starts now. It starts above zero, so that nothing is older than the console.
    pub fn start() -> Clock {
        Clock(Instant::now())
    }

    /// The present moment.
    pub fn now(&self) -> Time {
        Time(1_000 + self.0.elapsed().as_millis() as u64)
    }
}

impl Fleet {
    /// Starts with the first link; the others follow by themselves. Questions come out of the
    /// inbox and are answered through [`Fleet::answer`].
    pub fn start<D: Dialer>(
        dialer: D,
        asker: (Asker, mpsc::UnboundedReceiver<super::ask::Ask>),
        sample_ms: u32,
        clock: Clock,
    ) -> (Fleet, Inbox) {
        let (outbox, inbox) = inbox();
        let (commands, orders) = mpsc::unbounded_channel();
        let (asker, questions) = asker;
        let lead = lead::Lead::new(Arc::new(dialer), outbox.clone(), sample_ms, clock);
        let lead = tokio::spawn(async move {
            tokio::join!(lead.run(orders), pass_on(questions, outbox));
        });
        (
            Fleet {
                commands,
                asker,
                lead,
            },
            inbox,
        )
    }

    /// Answers a question.
    pub fn answer(&self, id: AskId, answer: Answer) {
        self.asker.answer(id, answer);
    }

    /// Whether a question still waits for its answer.
    pub fn is_open(&self, id: AskId) -> bool {
        self.asker.is_open(id)
    }

    /// Tries a node that is waited for at once, or all of them.
    pub fn reconnect(&self, node: Option<String>) {
        self.tell(Command::Reconnect(node));
    }

    /// Follows these jobs' logs from now on, and no others.
    pub fn follow(&self, jobs: Vec<u64>) {
        self.tell(Command::Follow(jobs));
    }

    /// Asks the master for a change, or the node that does it itself, once. What becomes of it comes out of the inbox.
    pub fn act(&self, act: Act) {
        self.tell(Command::Act(Box::new(act)));
    }

    /// Opens a terminal on a node over its own link.
    pub fn terminal(&self, wanted: Wanted) -> oneshot::Receiver<Result<Terminal, Why>> {
        let (reply, opened) = oneshot::channel();
        self.tell(Command::Terminal(Box::new(wanted), reply));
        opened
    }

    /// Asks for a job's whole log, once.
    pub fn ask_log(&self, job: u64) {
        self.tell(Command::AskLog(job));
    }

    fn tell(&self, command: Command) {
        // The lead ends only with this handle.
        let _ = self.commands.send(command);
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        self.lead.abort();
    }
}

async fn pass_on(mut questions: mpsc::UnboundedReceiver<super::ask::Ask>, outbox: Outbox) {
    while let Some(ask) = questions.recv().await {
        outbox.ask(ask);
    }
}
