//! One node's link over its whole life: calls, talks, waits, calls again.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use gantry_wire::Report;
use gantry_wire::act::Acted;
use gantry_wire::report::{AnswerBody, Hello, MasterState};
use gantry_wire::ssconf::{SsNode, Ssconf};
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, timeout};

use super::Clock;
use super::backoff;
use crate::link::dial::{Call, ClusterKeys, Dialer, Greeted, Opened, To};
use crate::link::inbox::Outbox;
use crate::link::session::{self, Take, Wants};
use crate::link::why::Why;
use crate::model::Reach;

/// A link that lasted so long begins anew with short waits.
const LASTED: Duration = Duration::from_secs(30);

/// What an agent said last is waited for so long.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Hosts that calls may go through: those whose links are up.
pub type Hosts<H> = Arc<Mutex<Vec<(String, Weak<H>)>>>;

/// What a link tells the lead.
pub enum Note {
    /// The first link found out where it leads.
    Named(String),
    /// A link's state changed.
    Reach(String, Reach),
    /// A node's word on the cluster.
    Ssconf(String, Box<Ssconf>),
    /// A node's word on whether it can speak for the cluster.
    Master(String, MasterState),
    /// What a node says became of a change.
    Acted(String, Acted),
    /// The cluster's own `known_hosts`, and who told it.
    KnownHosts(String, String),
}

/// One link.
pub struct Single<D: Dialer> {
    pub dialer: Arc<D>,
    pub outbox: Outbox,
    pub clock: Clock,
    pub notes: mpsc::UnboundedSender<Note>,
    pub hosts: Hosts<D::Host>,
    /// Cuts a wait short.
    pub kick: Arc<Notify>,
    pub wants: Wants,
    /// The node's name; not known on the first link until its agent greets.
    pub name: Option<String>,
    /// Where to call; the lead keeps it up to date.
    pub book: tokio::sync::watch::Receiver<Book>,
    /// What the operator typed leads here too.
    pub typed: bool,
    /// The operator wants the next call.
    pub wanted: bool,
    /// The way that was good last.
    pub way: Way,
}

/// A way to a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Way {
    /// By its name or its address.
    #[default]
    Direct,
    /// Through another node: it is not routable from here.
    Via,
    /// By what the operator typed.
    Typed,
}

/// How to call a node.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Book {
    /// Addresses and ports.
    pub addresses: Vec<(String, u16)>,
    /// The cluster's keys.
    pub cluster: Option<Arc<ClusterKeys>>,
    /// How many nodes the cluster has.
    pub nodes: usize,
}

/// Where a node can be reached when its name leads nowhere.
pub fn addresses(node: &SsNode) -> Vec<(String, u16)> {
    let port = if node.ssh_port == 0 {
        22
    } else {
        node.ssh_port
    };
    vec![(node.primary_ip.clone(), port)]
}

impl<D: Dialer> Single<D> {
    /// Runs until it is dropped.
    pub async fn run(mut self) {
        let mut attempts = 0;
        loop {
            let begun = Instant::now();
            let talked = self.once().await;
            let lasted = talked.is_ok() && begun.elapsed() > LASTED;
            let (Ok(why) | Err(why)) = talked;
            tracing::info!(node = self.name.as_deref().unwrap_or("(first)"), %why, "link ended");
            attempts = if lasted { 1 } else { attempts + 1 };
            let wait = backoff::wait(attempts, why.is_final() || why.is_no_agent());
            self.tell(match &why {
                why if why.is_no_agent() => Reach::NoAgent {
                    why: why.to_string(),
                },
                why if why.is_final() => Reach::Refused {
                    why: why.to_string(),
                },
                why => self.waiting(why, attempts, wait),
            });
            // Either the time is over or somebody wants it now.
            self.wanted = timeout(wait, self.kick.notified()).await.is_ok();
        }
    }

    fn tell(&self, reach: Reach) {
        match &self.name {
            None => self.outbox.first(reach),
            Some(name) => {
                self.outbox.linked(name, reach.clone());
                // The lead lives as long as its links.
                let _ = self.notes.send(Note::Reach(name.clone(), reach));
            }
        }
    }

    fn waiting(&self, why: &Why, attempts: u32, wait: Duration) -> Reach {
        Reach::Waiting {
            until: self.clock.now().plus(wait.as_millis() as u64),
            attempts,
            why: why.to_string(),
            host_answers: why.host_answers(),
        }
    }

    /// Calls by every way there is, and talks over the first that opens. `Ok` once a conversation
    /// was had: why it ended. `Err` if it never came to one.
    async fn once(&mut self) -> Result<Why, Why> {
        let mut first = None;
        for way in self.ways() {
            let why = match self.by(way).await {
                None => continue,
                Some(Ok(ended)) => {
                    self.way = way;
                    return Ok(ended);
                }
                Some(Err(why)) => why,
            };
            if self.name.is_none() || (why.host_answers() && way != Way::Via) {
                return Err(why);
            }
            if first.is_none() {
                // The other ways may take long: that this one failed is told at once.
                self.tell(self.waiting(&why, 0, Duration::ZERO));
                first = Some(why);
            }
        }
        Err(first.unwrap_or(Why::TimedOut("looking for a way")))
    }

    /// All ways, beginning with the one that was good before.
    fn ways(&self) -> Vec<Way> {
        if self.to() == To::Typed {
            return vec![Way::Typed];
        }
        let mut ways = vec![Way::Direct, Way::Via];
        if self.typed {
            ways.push(Way::Typed);
        }
        ways.sort_by_key(|way| *way != self.way);
        ways
    }

    /// Calls by one way, if there is such a way now.
    async fn by(&mut self, way: Way) -> Option<Result<Why, Why>> {
        match way {
            Way::Direct => Some(self.talk_to(self.to(), None).await),
            Way::Typed => Some(self.talk_to(To::Typed, None).await),
            Way::Via => {
                let mut last = None;
                for via in self.vias() {
                    last = Some(self.talk_to(self.to(), Some(via)).await);
                    if matches!(last, Some(Ok(_))) {
                        break;
                    }
                }
                last
            }
        }
    }

    /// Two other hosts to go through.
    fn vias(&self) -> Vec<Arc<D::Host>> {
        let hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        hosts
            .iter()
            .filter(|(name, _)| Some(name) != self.name.as_ref())
            .filter_map(|(_, host)| host.upgrade())
            .take(2)
            .collect()
    }

    fn to(&self) -> To {
        match &self.name {
            Some(name) if !self.book.borrow().addresses.is_empty() => To::Node {
                name: name.clone(),
                addresses: self.book.borrow().addresses.clone(),
            },
            _ => To::Typed,
        }
    }

    /// `Ok` once a conversation was had: why it ended. `Err` if it never came to one.
    async fn talk_to(&mut self, to: To, via: Option<Arc<D::Host>>) -> Result<Why, Why> {
        self.tell(Reach::Connecting("connecting"));
        let Book { cluster, nodes, .. } = self.book.borrow().clone();
        let call = Call {
            to,
            via,
            cluster,
            wanted: self.typed || self.wanted,
            again: self.wanted,
            nodes,
        };
        let opening = self
            .dialer
            .open(call, |what| self.tell(Reach::Connecting(what)));
        let Opened { agent, host } = opening.await?;
        let Greeted {
            stream,
            lines,
            hello,
            last_words,
        } = agent;
        let name = self.check(&hello)?;
        if let Some(host) = &host {
            let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
            hosts.retain(|(known, _)| *known != name);
            hosts.push((name.clone(), Arc::downgrade(host)));
        }
        self.wants.forget_acts();
        self.tell(Reach::Up {
            since: self.clock.now(),
        });
        self.outbox.said(&name, Report::Hello(hello)).await;
        let mut take = Pass {
            node: name,
            outbox: self.outbox.clone(),
            notes: self.notes.clone(),
        };
        let why = session::talk(stream, lines, &mut self.wants, &mut take).await;
        // Other calls go through this host only as long as its own link lives.
        drop(host);
        Ok(match why {
            Why::Ended(said) if said.is_empty() => {
                Why::Ended(timeout(LAST_WORDS, last_words).await.unwrap_or_default())
            }
            why => why,
        })
    }

    /// Whether this is the node that was called; on the first link, which one it is.
    fn check(&mut self, hello: &Hello) -> Result<String, Why> {
        if !hello.ganeti {
            return Err(Why::NoGaneti);
        }
        match &self.name {
            Some(name) if *name == hello.node => {}
            Some(_) => {
                return Err(Why::OtherNode {
                    name: hello.node.clone(),
                });
            }
            None => {
                self.name = Some(hello.node.clone());
                self.outbox.first(Reach::Up {
                    since: self.clock.now(),
                });
                let _ = self.notes.send(Note::Named(hello.node.clone()));
            }
        }
        Ok(hello.node.clone())
    }
}

/// Passes reports on to the console, and to the lead what it must know too.
struct Pass {
    node: String,
    outbox: Outbox,
    notes: mpsc::UnboundedSender<Note>,
}

impl Take for Pass {
    async fn take(&mut self, report: Report) {
        // Only the lead knows who was asked for what.
        if let Report::Acted(acted) = report {
            let _ = self.notes.send(Note::Acted(self.node.clone(), acted));
            return;
        }
        let note = match &report {
            Report::Ssconf(ssconf) => Some(Note::Ssconf(self.node.clone(), ssconf.clone())),
            Report::Master(state) => Some(Note::Master(self.node.clone(), state.clone())),
            Report::Answer(answer) => match &answer.answer {
                AnswerBody::KnownHosts(text) => {
                    Some(Note::KnownHosts(self.node.clone(), text.clone()))
                }
                _ => None,
            },
            _ => None,
        };
        if let Some(note) = note {
            let _ = self.notes.send(note);
        }
        self.outbox.said(&self.node, report).await;
    }
}
