//! Where all links put what they hear: the newest of each kind for each node, not a queue. A
//! console that takes nothing for an hour finds one cluster's worth of facts, not an hour's.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gantry_wire::Report;
use gantry_wire::act::Acted;
use gantry_wire::config::ConfigPart;
use gantry_wire::job::JobsPart;
use tokio::sync::Notify;

use super::ask::Ask;
use super::merge;
use crate::model::Reach;

/// Pieces that may wait for one node; a link with more is made to wait itself.
const BACKLOG: usize = 512;

/// Something that links tell the console.
#[derive(Debug, PartialEq)]
pub enum Event {
    /// How the first link fares, while it is not known to whom it leads.
    First(Reach),
    /// How a node's link fares.
    Linked {
        /// The node.
        node: String,
        /// Its new state.
        reach: Reach,
    },
    /// An agent said something.
    Said {
        /// The node.
        node: String,
        /// What.
        report: Report,
    },
    /// A question to the human.
    Asked(Ask),
    /// What became of a change.
    Acted(Acted),
}

/// The console's end.
pub struct Inbox {
    shared: Arc<Shared>,
}

/// A link's end. Cheap to clone.
#[derive(Clone)]
pub struct Outbox {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    held: Mutex<Held>,
    /// Something came.
    came: Notify,
    /// Something was taken.
    taken: Notify,
}

#[derive(Default)]
struct Held {
    first: Option<Reach>,
    nodes: BTreeMap<String, Slot>,
    asks: Vec<Ask>,
    acted: Vec<Acted>,
}

/// What waits for the console from one node.
#[derive(Default)]
struct Slot {
    reach: Option<Reach>,
    reports: Vec<Report>,
}

/// Both ends of a new inbox.
pub fn inbox() -> (Outbox, Inbox) {
    let shared = Arc::new(Shared::default());
    (
        Outbox {
            shared: shared.clone(),
        },
        Inbox { shared },
    )
}

impl Shared {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inbox {
    /// Waits until something came, and takes all of it.
    pub async fn recv(&self) -> Vec<Event> {
        loop {
            // Asked for before looking, so that nothing that comes in between is missed.
            let came = self.shared.came.notified();
            let events = self.take();
            if !events.is_empty() {
                return events;
            }
            came.await;
        }
    }

    /// Takes all that came.
    pub fn take(&self) -> Vec<Event> {
        let held = std::mem::take(&mut *self.shared.held());
        self.shared.taken.notify_waiters();
        let mut events: Vec<Event> = held.first.into_iter().map(Event::First).collect();
        for (node, slot) in held.nodes {
            let said = slot.reports.into_iter().map(|report| Event::Said {
                node: node.clone(),
                report,
            });
            // A link that came up did so before it spoke; one that went down did so afterwards.
            let (before, after) = match slot.reach {
                Some(up @ Reach::Up { .. }) => (Some(up), None),
                down => (None, down),
            };
            let linked = |reach| Event::Linked {
                node: node.clone(),
                reach,
            };
            events.extend(before.map(linked));
            events.extend(said);
            events.extend(after.map(linked));
        }
        events.extend(held.asks.into_iter().map(Event::Asked));
        events.extend(held.acted.into_iter().map(Event::Acted));
        events
    }
}

impl Outbox {
    /// The first link's state.
    pub fn first(&self, reach: Reach) {
        self.shared.held().first = Some(reach);
        self.shared.came.notify_one();
    }

    /// A node's link changed its state.
    pub fn linked(&self, node: &str, reach: Reach) {
        self.shared
            .held()
            .nodes
            .entry(node.to_owned())
            .or_default()
            .reach = Some(reach);
        self.shared.came.notify_one();
    }

    /// A question to the human.
    pub fn ask(&self, ask: Ask) {
        self.shared.held().asks.push(ask);
        self.shared.came.notify_one();
    }

    /// Something became of a change.
    pub fn acted(&self, acted: Acted) {
        self.shared.held().acted.push(acted);
        self.shared.came.notify_one();
    }

    /// A node's agent said something. Waits while too much of that node lies untaken.
    pub async fn said(&self, node: &str, report: Report) {
        // That it is alive is the link's business, and nobody is woken for it.
        if matches!(report, Report::Pong(_)) {
            return;
        }
        loop {
            let taken = self.shared.taken.notified();
            {
                let mut held = self.shared.held();
                let slot = held.nodes.entry(node.to_owned()).or_default();
                if slot.reports.len() < BACKLOG {
                    put(&mut slot.reports, report);
                    break;
                }
            }
            taken.await;
        }
        self.shared.came.notify_one();
    }
}

/// Puts a report where the newest of its kind is enough, or else behind the others.
fn put(reports: &mut Vec<Report>, report: Report) {
    match report {
        // A new greeting makes all that came over the link before it void.
        Report::Hello(_) => {
            reports.clear();
            reports.push(report);
        }
        Report::Sample(newer) => match reports.iter_mut().rev().find_map(as_sample) {
            Some(sample) => sample.absorb(*newer),
            None => reports.push(Report::Sample(newer)),
        },
        Report::Pong(_) => {}
        Report::Ssconf(_) | Report::Master(_) | Report::Queue(_) | Report::Locks(_) => {
            let kind = std::mem::discriminant(&report);
            reports.retain(|before| std::mem::discriminant(before) != kind);
            reports.push(report);
        }
        Report::Config(part) if part.whole => {
            reports.retain(|before| !matches!(before, Report::Config(_)));
            reports.push(Report::Config(part));
        }
        // Pieces of one revision come close together; only what is complete is folded.
        Report::Config(part) => match reports.iter_mut().rev().find_map(as_config) {
            Some(before) if before.last => merge::config(before, *part),
            _ => reports.push(Report::Config(part)),
        },
        Report::Jobs(part) if part.whole => {
            reports.retain(|before| !matches!(before, Report::Jobs(_)));
            reports.push(Report::Jobs(part));
        }
        Report::Jobs(part) => match reports.iter_mut().rev().find_map(as_jobs) {
            Some(before) => merge::jobs(before, part),
            None => reports.push(Report::Jobs(part)),
        },
        Report::Live(live) => {
            reports.retain(
                |before| !matches!(before, Report::Live(before) if merge::outdated(before, &live)),
            );
            reports.push(Report::Live(live));
        }
        Report::Problem(problem) => {
            reports.retain(|before| !matches!(before, Report::Problem(before) if before.about == problem.about));
            reports.push(Report::Problem(problem));
        }
        Report::Logs(_) | Report::Answer(_) | Report::Acted(_) => reports.push(report),
    }
}

fn as_config(report: &mut Report) -> Option<&mut ConfigPart> {
    match report {
        Report::Config(part) => Some(part),
        _ => None,
    }
}

fn as_jobs(report: &mut Report) -> Option<&mut JobsPart> {
    match report {
        Report::Jobs(part) => Some(part),
        _ => None,
    }
}

fn as_sample(report: &mut Report) -> Option<&mut gantry_wire::node::Sample> {
    match report {
        Report::Sample(sample) => Some(sample),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use gantry_wire::config::ConfigPart;
    use gantry_wire::node::{Load, Memory, Sample};
    use gantry_wire::report::{Answer, AnswerBody, Hello, MasterState};

    use super::*;
    use crate::model::Time;

    fn sample(seq: u64, one: Option<u32>) -> Report {
        let load = one.map(|one| Load {
            one,
            ..Load::default()
        });
        let memory = (seq == 1).then(Memory::default);
        Report::Sample(Box::new(Sample {
            seq,
            load,
            memory,
            ..Sample::default()
        }))
    }

    #[tokio::test]
    async fn a_console_that_was_away_finds_one_sample_not_a_thousand() {
        let (outbox, inbox) = inbox();
        for seq in 1..=1_000 {
            outbox
                .said("node1", sample(seq, (seq % 2 == 0).then_some(seq as u32)))
                .await;
        }
        let events = inbox.recv().await;
        let [
            Event::Said {
                report: Report::Sample(only),
                ..
            },
        ] = events.as_slice()
        else {
            unreachable!("{events:?}")
        };
        assert_eq!((only.seq, only.load.as_ref().unwrap().one), (1_000, 1_000));
        assert!(
            only.memory.is_some(),
            "a part that did not change again was lost"
        );
        assert!(inbox.take().is_empty());
    }

    #[tokio::test]
    async fn a_state_stands_where_it_belongs() {
        let (outbox, inbox) = inbox();
        outbox.linked("node1", Reach::Connecting("connecting"));
        outbox.linked("node1", Reach::Up { since: Time(1) });
        outbox
            .said("node1", Report::Master(MasterState::Serving))
            .await;
        let events = inbox.take();
        assert!(
            matches!(events[..], [Event::Linked { .. }, Event::Said { .. }]),
            "{events:?}"
        );
        outbox.said("node1", sample(1, None)).await;
        outbox.linked("node1", Reach::Refused { why: "x".into() });
        let events = inbox.take();
        assert!(
            matches!(events[..], [Event::Said { .. }, Event::Linked { .. }]),
            "{events:?}"
        );
    }

    #[tokio::test]
    async fn a_new_greeting_and_a_whole_configuration_replace_what_lay_there() {
        let (outbox, inbox) = inbox();
        let config = |revision, whole| {
            Report::Config(Box::new(ConfigPart {
                revision,
                whole,
                ..ConfigPart::default()
            }))
        };
        for (revision, whole) in [(1, true), (1, false), (2, false), (3, true), (3, false)] {
            outbox.said("node1", config(revision, whole)).await;
        }
        assert_eq!(inbox.take().len(), 2);
        outbox.said("node1", config(4, false)).await;
        outbox.said("node1", Report::Hello(Hello::default())).await;
        assert_eq!(inbox.take().len(), 1);
    }

    #[tokio::test]
    async fn changes_that_nobody_took_become_one() {
        let (outbox, inbox) = inbox();
        for revision in 1..=BACKLOG as u64 * 2 {
            let part = ConfigPart {
                revision,
                whole: revision == 1,
                last: true,
                ..ConfigPart::default()
            };
            outbox.said("node1", Report::Config(Box::new(part))).await;
            let jobs = JobsPart {
                gone: vec![revision],
                ..JobsPart::default()
            };
            outbox.said("node1", Report::Jobs(jobs)).await;
        }
        let events = inbox.take();
        assert_eq!(events.len(), 2, "{events:?}");
        let whole = |event: &Event| matches!(event, Event::Said { report: Report::Config(part), .. } if part.whole && part.revision == 1_024);
        assert!(events.iter().any(whole));
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_waits_for_the_console_and_loses_nothing() {
        let (outbox, inbox) = inbox();
        let flood = tokio::spawn(async move {
            for n in 0..BACKLOG * 2 {
                let answer = Answer {
                    id: n as u64,
                    answer: AnswerBody::Failed(String::new()),
                };
                outbox.said("node1", Report::Answer(answer)).await;
            }
        });
        let mut seen = 0;
        while seen < BACKLOG * 2 {
            let events = inbox.recv().await;
            assert!(events.len() <= BACKLOG);
            seen += events.len();
        }
        flood.await.unwrap();
    }
}
