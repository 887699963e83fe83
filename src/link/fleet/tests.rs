#![allow(clippy::unwrap_used, clippy::panic)]

mod changes;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gantry_wire::act::{ActId, Acted, Outcome};
use gantry_wire::report::{Answer, AnswerBody, Hello, MasterState, Pong};
use gantry_wire::request::Question;
use gantry_wire::ssconf::{SsNode, Ssconf};
use gantry_wire::{PROTOCOL, Report, Request, frame};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::timeout;

use super::{Clock, Fleet, acts};
use crate::link::ask::Asker;
use crate::link::dial::{Call, Dialer, Greeted, Opened, To};
use crate::link::inbox::{Event, Inbox};
use crate::link::session::greet;
use crate::link::terminal::{Terminal, Wanted};
use crate::link::why::Why;
use crate::model::Reach;

/// A cluster as the links see it: who can be reached, and who was asked for what.
#[derive(Default)]
struct World {
    master: String,
    candidates: Vec<String>,
    /// Nodes that are marked offline.
    offline: BTreeSet<String>,
    dead: BTreeSet<String>,
    /// Nodes whose ssconf is out of date, with the master they know.
    stale: BTreeMap<String, String>,
    /// Masters that do not answer.
    silent: BTreeSet<String>,
    /// Alive, but only through another node.
    unroutable: BTreeSet<String>,
    /// Whoever is called so, another one answers.
    swapped: BTreeMap<String, String>,
    /// Nodes that were asked for the configuration.
    speakers: BTreeSet<String>,
    /// Calls: node, and whether it was through another.
    calls: Vec<(String, bool)>,
    /// Ways that were opened: node, and the one it went through.
    opened: Vec<(String, Option<String>)>,
    /// Changes that nodes were asked for.
    acts: Vec<(String, ActId)>,
    /// Nodes that were asked what became of one.
    recovers: Vec<String>,
    /// Whoever is asked for a change dies before the answer.
    dies_of_acts: bool,
    /// Calls that knew the cluster's keys.
    with_keys: BTreeSet<String>,
}

#[derive(Clone, Default)]
struct Net(Arc<Mutex<World>>);

const NODES: [&str; 3] = ["node1", "node2", "node3"];

impl Dialer for Net {
    type Host = String;

    async fn open(
        &self,
        call: Call<String>,
        progress: impl Fn(&'static str) + Send + Sync,
    ) -> Result<Opened<String>, Why> {
        progress("authenticating");
        let name = match &call.to {
            To::Typed => "node1".to_owned(),
            To::Node { name, addresses } => {
                assert_eq!(addresses[0].1, 22);
                name.clone()
            }
        };
        let name = self.admit(name, &call)?;
        let (mut stream, theirs) = duplex(1 << 20);
        tokio::spawn(agent(self.clone(), name.clone(), theirs));
        let mut lines = frame::Lines::default();
        let hello = greet(&mut stream, &mut lines).await?;
        Ok(Opened {
            agent: Greeted {
                stream: Box::new(stream),
                lines,
                hello,
                last_words: Box::pin(async { "last words".to_owned() }),
            },
            host: Some(Arc::new(name)),
        })
    }

    async fn terminal(&self, _: Option<Arc<Self::Host>>, wanted: Wanted) -> Result<Terminal, Why> {
        Err(Why::Ended(format!("no terminal on {}", wanted.node)))
    }
}

impl Net {
    /// Who answers a call, if anybody does.
    fn admit(&self, name: String, call: &Call<String>) -> Result<String, Why> {
        let mut world = self.0.lock().unwrap();
        world.calls.push((name.clone(), call.via.is_some()));
        if world.dead.contains(&name) || world.unroutable.contains(&name) && call.via.is_none() {
            return Err(Why::Unreachable("no route to host".into()));
        }
        let name = world.swapped.get(&name).cloned().unwrap_or(name);
        let via = call.via.as_ref().map(|via| (**via).clone());
        world.opened.push((name.clone(), via));
        if call.cluster.is_some() {
            world.with_keys.insert(name.clone());
        }
        Ok(name)
    }
}

/// An agent as far as the links need one. It falls silent once its node is dead.
async fn agent(net: Net, name: String, mut stream: DuplexStream) {
    let mut lines = frame::Lines::default();
    let mut buffer = vec![0; 4096];
    loop {
        let Ok(count @ 1..) = stream.read(&mut buffer).await else {
            return;
        };
        lines.push(&buffer[..count]);
        while let Some(line) = lines.next_line().unwrap() {
            let request = frame::request(line).unwrap().unwrap();
            let replies = reply(&net, &name, request);
            if net.0.lock().unwrap().dead.contains(&name) {
                std::future::pending::<()>().await;
            }
            for report in replies {
                stream.write_all(&frame::encode(&report)).await.unwrap();
            }
        }
    }
}

fn reply(net: &Net, name: &str, request: Request) -> Vec<Report> {
    let mut world = net.0.lock().unwrap();
    match request {
        Request::Hello(_) => {
            let node = |name: &&str| SsNode {
                name: (*name).into(),
                primary_ip: "192.0.2.1".into(),
                offline: world.offline.contains(*name),
                ..SsNode::default()
            };
            let ssconf = Ssconf {
                cluster_name: "cluster".into(),
                master_node: believed(&world, name),
                master_candidates: world.candidates.clone(),
                nodes: NODES.iter().map(node).collect(),
                // It is written anew when somebody is marked.
                written: world.offline.len() as _,
                ..Ssconf::default()
            };
            let hello = Hello {
                protocol: PROTOCOL,
                node: name.into(),
                ganeti: true,
                ..Hello::default()
            };
            vec![Report::Hello(hello), Report::Ssconf(Box::new(ssconf))]
        }
        Request::Ping(ping) => vec![Report::Pong(Pong { n: ping.n })],
        Request::Ask(ask) => {
            assert_eq!(ask.question, Question::KnownHosts);
            vec![Report::Answer(Answer {
                id: ask.id,
                answer: AnswerBody::KnownHosts("cluster key".into()),
            })]
        }
        Request::Watch(watch) if watch.master => {
            world.speakers.insert(name.into());
            let ask = believed(&world, name);
            vec![Report::Master(if world.silent.contains(name) {
                MasterState::Silent {
                    why: "luxid does not answer".into(),
                }
            } else if ask == name {
                MasterState::Serving
            } else {
                MasterState::NotMaster { ask }
            })]
        }
        Request::Watch(_) => {
            world.speakers.remove(name);
            vec![]
        }
        Request::Act(act) => {
            world.acts.push((name.into(), act.id.clone()));
            match world.dies_of_acts {
                true => {
                    world.dead.insert(name.into());
                    vec![]
                }
                false => vec![acted(&act.id, 7)],
            }
        }
        Request::Recover(recover) => {
            world.recovers.push(name.into());
            vec![acted(&recover.id, 7)]
        }
    }
}

fn acted(id: &ActId, job: u64) -> Report {
    let outcome = Outcome::Submitted { job };
    Report::Acted(acts::told(id, outcome))
}

fn believed(world: &World, name: &str) -> String {
    world.stale.get(name).unwrap_or(&world.master).clone()
}

struct Console {
    net: Net,
    fleet: Fleet,
    inbox: Inbox,
    first: Reach,
    reach: BTreeMap<String, Reach>,
    acted: Vec<Acted>,
}

impl Console {
    fn start(net: &Net) -> Console {
        let (fleet, inbox) = Fleet::start(net.clone(), Asker::new(), 1_000, Clock::start());
        Console {
            net: net.clone(),
            fleet,
            inbox,
            first: Reach::Idle,
            reach: BTreeMap::new(),
            acted: Vec::new(),
        }
    }

    /// Takes events until this holds.
    async fn until(&mut self, what: &str, holds: impl Fn(&Console) -> bool) {
        let waiting = async {
            while !holds(self) {
                let look = timeout(Duration::from_millis(500), self.inbox.recv());
                for event in look.await.unwrap_or_default() {
                    match event {
                        Event::First(reach) => self.first = reach,
                        Event::Linked { node, reach } => drop(self.reach.insert(node, reach)),
                        Event::Acted(acted) => self.acted.push(acted),
                        Event::Said { .. } | Event::Asked(_) => {}
                    }
                }
            }
        };
        if timeout(Duration::from_secs(600), waiting).await.is_err() {
            panic!("never came: {what}; {:?}", self.reach);
        }
    }

    fn up(&self, name: &str) -> bool {
        self.reach.get(name).is_some_and(Reach::is_up)
    }

    fn all_up(&self) -> bool {
        NODES.iter().all(|name| self.up(name))
    }
}

fn net(master: &str) -> Net {
    let net = Net::default();
    net.0.lock().unwrap().master = master.into();
    net.0.lock().unwrap().candidates = vec!["node1".into(), "node2".into()];
    net
}

#[tokio::test(start_paused = true)]
async fn one_destination_leads_to_the_whole_cluster() {
    let net = net("node2");
    let mut console = Console::start(&net);
    console.until("all nodes up", Console::all_up).await;
    console
        .until("the master is asked", |console| {
            console.net.0.lock().unwrap().speakers.contains("node2")
        })
        .await;
    let world = net.0.lock().unwrap();
    assert_eq!(world.speakers.len(), 1, "{:?}", world.speakers);
    assert_eq!(
        world.with_keys,
        BTreeSet::from(["node2".to_owned(), "node3".to_owned()])
    );
    assert_eq!(world.opened.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_dead_node_is_noticed_in_time_and_disturbs_no_other() {
    let net = net("node1");
    let mut console = Console::start(&net);
    console.until("all nodes up", Console::all_up).await;
    net.0.lock().unwrap().dead.insert("node3".into());
    let begun = tokio::time::Instant::now();
    console
        .until("node3 waits", |console| {
            matches!(console.reach["node3"], Reach::Waiting { .. })
        })
        .await;
    assert!(
        begun.elapsed() <= Duration::from_secs(15),
        "{:?}",
        begun.elapsed()
    );
    console
        .until("it is tried again and again", |console| {
            matches!(console.reach["node3"], Reach::Waiting { attempts: 3, .. })
        })
        .await;
    assert!(console.up("node1") && console.up("node2"));
    assert_eq!(net.0.lock().unwrap().opened.len(), 3);
    net.0.lock().unwrap().dead.clear();
    console.fleet.reconnect(Some("node3".into()));
    console
        .until("node3 is back", |console| console.up("node3"))
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_node_that_is_marked_offline_is_called_only_if_somebody_wants_it() {
    let net = net("node1");
    net.0.lock().unwrap().offline.insert("node3".into());
    let mut console = Console::start(&net);
    let others = |console: &Console| console.up("node1") && console.up("node2");
    console.until("the others are up", others).await;
    let called = |(name, _): &(String, bool)| name == "node3";
    assert!(!net.0.lock().unwrap().calls.iter().any(called));
    console.fleet.reconnect(Some("node3".into()));
    let wanted = |console: &Console| console.up("node3");
    console.until("node3 is up", wanted).await;
}

#[tokio::test(start_paused = true)]
async fn a_node_that_is_not_routable_is_reached_through_another_and_the_same_way_again() {
    let net = net("node1");
    net.0.lock().unwrap().unroutable.insert("node3".into());
    let mut console = Console::start(&net);
    console.until("all nodes up", Console::all_up).await;
    let ways = |net: &Net| {
        let world = net.0.lock().unwrap();
        let calls = world.calls.iter().filter(|(name, _)| name == "node3");
        calls.map(|(_, via)| *via).collect::<Vec<_>>()
    };
    assert_eq!(ways(&net), [false, true]);
    net.0.lock().unwrap().dead.insert("node3".into());
    let waits = |console: &Console| matches!(console.reach["node3"], Reach::Waiting { .. });
    console.until("node3 is lost", waits).await;
    net.0.lock().unwrap().dead.clear();
    net.0.lock().unwrap().calls.clear();
    console.fleet.reconnect(Some("node3".into()));
    console
        .until("node3 is back", |console| console.up("node3"))
        .await;
    assert_eq!(ways(&net), [true]);
}

#[tokio::test(start_paused = true)]
async fn with_the_master_dead_a_candidate_speaks_until_it_is_back() {
    let net = net("node2");
    net.0.lock().unwrap().dead.insert("node2".into());
    let mut console = Console::start(&net);
    console
        .until("node1 is asked", |console| {
            console.net.0.lock().unwrap().speakers.contains("node1")
        })
        .await;
    net.0.lock().unwrap().dead.clear();
    console
        .until("node2 is back", |console| console.up("node2"))
        .await;
    let only = |console: &Console| {
        console.net.0.lock().unwrap().speakers == BTreeSet::from(["node2".to_owned()])
    };
    console.until("node2 alone is asked", only).await;
}

#[tokio::test(start_paused = true)]
async fn an_old_master_that_came_back_does_not_speak_for_the_cluster() {
    let net = net("node2");
    {
        let mut world = net.0.lock().unwrap();
        world.stale.insert("node1".into(), "node1".into());
        world.candidates = vec!["node1".into(), "node3".into()];
        world.silent.insert("node2".into());
    }
    let mut console = Console::start(&net);
    console.until("all nodes up", Console::all_up).await;
    let right = |console: &Console| {
        console.net.0.lock().unwrap().speakers
            == BTreeSet::from(["node2".to_owned(), "node3".to_owned()])
    };
    console
        .until("a node that knows the master speaks", right)
        .await;
}

#[tokio::test(start_paused = true)]
async fn whoever_answers_in_the_name_of_another_is_not_taken_for_it() {
    let net = net("node1");
    net.0
        .lock()
        .unwrap()
        .swapped
        .insert("node3".into(), "node2".into());
    let mut console = Console::start(&net);
    let refused = |console: &Console| match console.reach.get("node3") {
        Some(Reach::Waiting { why, .. }) => why.contains("node2 answers there"),
        _ => false,
    };
    console.until("node3 is refused", refused).await;
    assert!(console.up("node2"));
}

#[tokio::test(start_paused = true)]
async fn a_destination_that_cannot_be_reached_says_so_and_is_tried_again() {
    let net = net("node1");
    net.0.lock().unwrap().dead.insert("node1".into());
    let mut console = Console::start(&net);
    console
        .until("it waits", |console| {
            matches!(console.first, Reach::Waiting { attempts: 2, .. })
        })
        .await;
    net.0.lock().unwrap().dead.clear();
    console.until("all nodes up", Console::all_up).await;
}
