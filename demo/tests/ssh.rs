#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
//! The demo as a console meets it: over SSH, frame by frame.

use std::sync::Arc;
use std::time::Duration;

use gantry_demo::{Options, Outage, Started};
use gantry_wire::frame::{self, Lines};
use gantry_wire::node::Sample;
use gantry_wire::report::{AnswerBody, MasterState};
use gantry_wire::request::{Ask, Hello, Ping, Question, Watch};
use gantry_wire::{PROTOCOL, Report, Request};
use russh::keys::{PrivateKeyWithHashAlg, PublicKeyOrCertificate};
use russh::{Channel, ChannelMsg, client};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Nothing here takes that long; a test that waits for it has failed.
const PATIENCE: Duration = Duration::from_secs(60);

struct Trusting {
    host_key: String,
}

impl client::Handler for Trusting {
    type Error = russh::Error;

    async fn check_server_key(
        &mut self,
        key: &PublicKeyOrCertificate,
    ) -> Result<bool, Self::Error> {
        let PublicKeyOrCertificate::PublicKey { key, .. } = key else {
            return Ok(false);
        };
        Ok(key.to_openssh().unwrap() == self.host_key)
    }
}

/// A console's connection to one node.
struct Link {
    ssh: client::Handle<Trusting>,
}

impl Link {
    async fn over<S>(demo: &Started, stream: S, user: &str) -> Result<Link, russh::Error>
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    {
        let trusting = Trusting {
            host_key: demo.host_key.clone(),
        };
        let mut ssh = client::connect_stream(Arc::default(), stream, trusting).await?;
        let key = PrivateKeyWithHashAlg::new(Arc::new(demo.client_key.clone()), None);
        match ssh.authenticate_publickey(user, key).await?.success() {
            true => Ok(Link { ssh }),
            false => Err(russh::Error::NotAuthenticated),
        }
    }

    async fn to(demo: &Started, node: usize) -> Result<Link, russh::Error> {
        let socket = TcpStream::connect(demo.nodes[node].1).await?;
        Link::over(demo, socket, demo.user).await
    }

    async fn exec(&self, command: &str) -> Channel<client::Msg> {
        let channel = self.ssh.channel_open_session().await.unwrap();
        channel.exec(true, command).await.unwrap();
        channel
    }

    async fn agent(&self) -> Agent {
        Agent::greeted(self.exec("gantry-agent serve").await).await
    }
}

/// An agent at the other end of a channel.
struct Agent {
    channel: Channel<client::Msg>,
    lines: Lines,
}

impl Agent {
    async fn greeted(channel: Channel<client::Msg>) -> Agent {
        let mut agent = Agent {
            channel,
            lines: Lines::default(),
        };
        let hello = Hello {
            protocol: PROTOCOL,
            version: "test".to_owned(),
        };
        agent.say(Request::Hello(hello)).await;
        agent
    }

    async fn say(&mut self, request: Request) {
        self.channel
            .data_bytes(frame::encode(&request))
            .await
            .unwrap();
    }

    async fn watch(&mut self, master: bool) {
        let watch = Watch {
            sample_ms: 200,
            master,
            ..Watch::default()
        };
        self.say(Request::Watch(watch)).await;
    }

    /// The next line; nothing once the link is gone.
    async fn line(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(line) = self.lines.next_line().unwrap() {
                return Some(line.to_vec());
            }
            match timeout(PATIENCE, self.channel.wait()).await.unwrap()? {
                ChannelMsg::Data { data } => self.lines.push(&data),
                ChannelMsg::Eof | ChannelMsg::Close => return None,
                _ => {}
            }
        }
    }

    /// Reads until a report is what is wanted.
    async fn until<T>(&mut self, wanted: impl Fn(Report) -> Option<T>) -> T {
        loop {
            let line = self.line().await.expect("the link is gone");
            if let Some(found) = frame::report(&line).unwrap().and_then(&wanted) {
                return found;
            }
        }
    }

    async fn sample(&mut self) -> Sample {
        self.until(|report| match report {
            Report::Sample(sample) => Some(*sample),
            _ => None,
        })
        .await
    }
}

async fn frozen(nodes: usize, instances: usize) -> Started {
    let options = Options {
        nodes,
        instances,
        frozen: true,
        ..Options::default()
    };
    gantry_demo::start(options).await.unwrap()
}

#[tokio::test]
async fn a_node_greets_tells_of_its_cluster_and_sends_samples() {
    let demo = frozen(4, 20).await;
    let link = Link::to(&demo, 2).await.unwrap();
    let mut agent = link.agent().await;
    let hello = agent
        .until(|report| match report {
            Report::Hello(hello) => Some(hello),
            _ => None,
        })
        .await;
    assert_eq!(hello.node, "node3.example.test");
    assert!(hello.root && hello.ganeti && !hello.read_only);
    let ssconf = agent
        .until(|report| match report {
            Report::Ssconf(ssconf) => Some(*ssconf),
            _ => None,
        })
        .await;
    assert_eq!(ssconf.master_node, "node1.example.test");
    let addresses = ssconf.nodes.iter().zip(&demo.nodes);
    for (node, (name, address)) in addresses {
        assert_eq!(node.name, *name);
        assert_eq!(node.primary_ip, address.ip().to_string());
        assert_eq!(node.ssh_port, address.port());
    }
    agent.watch(false).await;
    let sample = agent.sample().await;
    let memory = sample.memory.unwrap();
    assert!(memory.free < memory.total);
    assert!(!sample.guests.unwrap().list.is_empty());
    // Time stands still: the next one is a mere heartbeat until somebody lets it pass.
    demo.advance(60_000);
    let moved = agent.until(|report| match report {
        Report::Sample(sample) => sample.cpu,
        _ => None,
    });
    moved.await;
}

#[tokio::test]
async fn the_master_tells_configuration_jobs_and_logs() {
    let demo = frozen(12, 60).await;
    let link = Link::to(&demo, 0).await.unwrap();
    let mut agent = link.agent().await;
    agent.watch(true).await;
    let state = agent.until(|report| match report {
        Report::Master(state) => Some(state),
        _ => None,
    });
    assert_eq!(state.await, MasterState::Serving);
    let config = agent.until(|report| match report {
        Report::Config(part) => Some(*part),
        _ => None,
    });
    let config = config.await;
    assert!(config.whole && config.last);
    assert_eq!(config.nodes.len(), 12);
    assert_eq!(
        config.instances.len(),
        demo.with(|cluster| cluster.instances.len())
    );
    let jobs = agent.until(|report| match report {
        Report::Jobs(part) => Some(part),
        _ => None,
    });
    let jobs = jobs.await.jobs;
    let running = |job: &&gantry_wire::job::Job| {
        job.status == "running" && job.ops[0].summary.starts_with("INSTANCE_MIGRATE")
    };
    let migration = jobs.iter().find(running).unwrap().id;
    let question = Question::JobLog {
        job: migration,
        after: 0,
    };
    agent.say(Request::Ask(Ask { id: 9, question })).await;
    let log = agent.until(|report| match report {
        Report::Answer(answer) if answer.id == 9 => Some(answer.answer),
        _ => None,
    });
    let AnswerBody::JobLog(log) = log.await else {
        panic!("no log");
    };
    assert!(log.lines[0].text.starts_with("Migrating instance "));
    let follow = Watch {
        master: true,
        follow: vec![migration],
        ..Watch::default()
    };
    agent.say(Request::Watch(follow)).await;
    demo.advance(120_000);
    let done = |line: &gantry_wire::job::LogLine| line.text == "* done";
    agent
        .until(|report| match report {
            Report::Logs(logs) => logs
                .iter()
                .any(|log| log.lines.iter().any(done))
                .then_some(()),
            _ => None,
        })
        .await;
}

#[tokio::test]
async fn a_node_that_dies_takes_its_links_along_and_comes_back() {
    let demo = frozen(3, 9).await;
    for outage in [Outage::Power, Outage::Network] {
        let link = Link::to(&demo, 1).await.unwrap();
        let mut agent = link.agent().await;
        agent.watch(false).await;
        let boot = agent.sample().await.system.unwrap().boot_id;
        demo.kill(1, outage);
        while agent.line().await.is_some() {}
        match outage {
            Outage::Power => {
                // The port closes a moment after the node went off.
                while TcpStream::connect(demo.nodes[1].1).await.is_ok() {
                    tokio::task::yield_now().await;
                }
                demo.revive(1);
            }
            Outage::Network => {
                // Nobody answers while the node is cut off.
                let (back, revived) = tokio::join!(Link::to(&demo, 1), async {
                    tokio::task::yield_now().await;
                    demo.revive(1);
                });
                assert!(back.is_ok());
                let () = revived;
            }
        }
        let link = loop {
            match Link::to(&demo, 1).await {
                Ok(link) => break link,
                Err(_) => tokio::task::yield_now().await,
            }
        };
        let mut agent = link.agent().await;
        agent.watch(false).await;
        let reboot = agent.sample().await.system.unwrap().boot_id;
        assert_eq!(reboot != boot, outage == Outage::Power);
    }
}

#[tokio::test]
async fn a_candidate_offers_its_own_configuration_and_takes_over() {
    let demo = frozen(4, 10).await;
    let link = Link::to(&demo, 1).await.unwrap();
    let mut agent = link.agent().await;
    agent.watch(true).await;
    let master = |report| match report {
        Report::Master(state) => Some(state),
        _ => None,
    };
    let ask = "node1.example.test".to_owned();
    assert_eq!(agent.until(master).await, MasterState::NotMaster { ask });
    let state = agent.until(master).await;
    assert!(matches!(state, MasterState::Candidate { .. }), "{state:?}");
    let source = agent.until(|report| match report {
        Report::Config(part) => Some(part.source),
        _ => None,
    });
    assert_eq!(source.await, gantry_wire::config::Source::File);
    demo.kill(0, Outage::Power);
    demo.master_failover(1);
    assert_eq!(agent.until(master).await, MasterState::Serving);
    let again = agent.until(|report| match report {
        Report::Config(part) => Some(part),
        _ => None,
    });
    let again = again.await;
    assert!(again.whole);
    assert_eq!(again.cluster.unwrap().master, "node2.example.test");
}

#[tokio::test]
async fn siblings_can_be_reached_through_a_node_and_nothing_else() {
    let demo = frozen(3, 3).await;
    let jump = Link::to(&demo, 0).await.unwrap();
    let (name, address) = &demo.nodes[2];
    let port = u32::from(address.port());
    for host in [address.ip().to_string(), name.clone()] {
        let tunnel = jump
            .ssh
            .channel_open_direct_tcpip(host, port, "127.0.0.1", 0)
            .await;
        let link = Link::over(&demo, tunnel.unwrap().into_stream(), "root")
            .await
            .unwrap();
        let mut agent = link.agent().await;
        let line = agent.line().await.unwrap();
        let Some(Report::Hello(hello)) = frame::report(&line).unwrap() else {
            panic!("no hello");
        };
        assert_eq!(hello.node, *name);
    }
    let elsewhere = jump
        .ssh
        .channel_open_direct_tcpip("192.0.2.1", 22, "127.0.0.1", 0);
    assert!(elsewhere.await.is_err());
}

#[tokio::test]
async fn only_the_demos_own_key_and_user_get_in() {
    let demo = frozen(1, 0).await;
    let mut stranger = frozen(1, 0).await;
    stranger.host_key.clone_from(&demo.host_key);
    let socket = TcpStream::connect(demo.address).await.unwrap();
    assert!(Link::over(&demo, socket, "nobody").await.is_err());
    let socket = TcpStream::connect(demo.address).await.unwrap();
    assert!(Link::over(&stranger, socket, "root").await.is_err());
}

#[tokio::test]
async fn a_node_without_an_agent_answers_like_a_shell() {
    let demo = frozen(1, 0).await;
    demo.without_agent(0, true);
    let link = Link::to(&demo, 0).await.unwrap();
    let mut channel = link.exec("gantry-agent serve").await;
    let (mut status, mut errors) = (None, String::new());
    while let Some(message) = channel.wait().await {
        match message {
            ChannelMsg::ExitStatus { exit_status } => status = Some(exit_status),
            ChannelMsg::ExtendedData { data, .. } => errors += &String::from_utf8_lossy(&data),
            _ => {}
        }
    }
    assert_eq!(status, Some(127));
    assert!(
        errors.contains("gantry-agent: command not found"),
        "{errors}"
    );
}

#[tokio::test]
async fn faults_of_a_line_come_and_go() {
    let demo = frozen(2, 4).await;
    let link = Link::to(&demo, 1).await.unwrap();
    let mut agent = link.agent().await;
    agent.line().await.unwrap();
    demo.hang(1, true);
    agent.say(Request::Ping(Ping { n: 1 })).await;
    tokio::select! {
        biased;
        _ = agent.until(|report| matches!(report, Report::Pong(_)).then_some(())) => {
            panic!("an answer came through a line that hangs");
        }
        () = tokio::time::sleep(Duration::from_millis(300)) => {}
    }
    demo.hang(1, false);
    agent
        .until(|report| matches!(report, Report::Pong(_)).then_some(()))
        .await;
    demo.garbage(1, true);
    agent.say(Request::Ping(Ping { n: 2 })).await;
    assert!(frame::report(&agent.line().await.unwrap()).is_err());
    demo.garbage(1, false);
    demo.slow(1, Some(2000));
    agent.say(Request::Ping(Ping { n: 3 })).await;
    agent
        .until(|report| matches!(report, Report::Pong(pong) if pong.n == 3).then_some(()))
        .await;
}

#[tokio::test]
async fn a_large_cluster_can_be_watched_whole() {
    let options = Options {
        nodes: 200,
        instances: 5000,
        ..Options::default()
    };
    let demo = gantry_demo::start(options).await.unwrap();
    let mut links = Vec::new();
    for node in (0..200).step_by(20) {
        let link = Link::to(&demo, node).await.unwrap();
        let mut agent = link.agent().await;
        agent.watch(node == 0).await;
        links.push((link, agent));
    }
    let mut instances = 0;
    let agent = &mut links[0].1;
    loop {
        let part = agent.until(|report| match report {
            Report::Config(part) => Some(part),
            _ => None,
        });
        let part = part.await;
        instances += part.instances.len();
        if part.last {
            break;
        }
    }
    assert!(instances >= 5000);
    for (_, agent) in &mut links {
        for _ in 0..3 {
            agent.sample().await;
        }
    }
}

#[tokio::test]
async fn a_master_whose_luxid_is_gone_says_so() {
    let demo = frozen(2, 4).await;
    let link = Link::to(&demo, 0).await.unwrap();
    let mut agent = link.agent().await;
    agent.watch(true).await;
    let master = |report| match report {
        Report::Master(state) => Some(state),
        _ => None,
    };
    assert_eq!(agent.until(master).await, MasterState::Serving);
    demo.daemon(0, "ganeti-luxid", false);
    let state = agent.until(master).await;
    assert!(matches!(state, MasterState::Silent { .. }), "{state:?}");
    demo.daemon(0, "ganeti-luxid", true);
    assert_eq!(agent.until(master).await, MasterState::Serving);
}

#[tokio::test]
async fn a_wall_is_read_only_by_its_agents_word() {
    let demo = frozen(1, 1).await;
    let link = Link::to(&demo, 0).await.unwrap();
    let channel = link
        .exec("/usr/local/bin/gantry-agent serve --as wall --read-only")
        .await;
    let mut agent = Agent::greeted(channel).await;
    let hello = agent.until(|report| match report {
        Report::Hello(hello) => Some(hello),
        _ => None,
    });
    let hello = hello.await;
    assert!(hello.read_only);
    assert_eq!(hello.name, "wall");
}

#[tokio::test]
async fn an_agent_can_be_copied_to_a_node_that_has_none() {
    let demo = frozen(1, 0).await;
    demo.without_agent(0, true);
    let link = Link::to(&demo, 0).await.unwrap();
    // SHA-256 of "agent".
    let sum = "d4f0bc5a29de06b510f9aa428f1eedba926012b591fef7a518e776a7c9bd1824";
    let place = "\"${XDG_CACHE_HOME:-$HOME/.cache}\"/'gantry/agent-1-2/gantry-agent'";
    let run = format!("sh -c 'a={place}; test -x \"$a\" || exit 127; exec \"$a\" serve'");
    assert_eq!(status(link.exec(&run).await).await, Some(127));
    let upload = format!("sh -c 'a={place}; cat >\"$t\"; test \"$1\" = {sum} || exit 65'");
    for (text, ended) in [("agens", 65), ("agent", 0)] {
        let channel = link.exec(&upload).await;
        channel.data_bytes(text.as_bytes().to_vec()).await.unwrap();
        channel.eof().await.unwrap();
        assert_eq!(status(channel).await, Some(ended));
    }
    let mut agent = Agent::greeted(link.exec(&run).await).await;
    agent
        .until(|report| matches!(report, Report::Hello(_)).then_some(()))
        .await;
}

async fn status(mut channel: Channel<client::Msg>) -> Option<u32> {
    let mut status = None;
    while let Some(message) = channel.wait().await {
        if let ChannelMsg::ExitStatus { exit_status } = message {
            status = Some(exit_status);
        }
    }
    status
}

#[tokio::test]
async fn an_agent_without_root_and_a_wrong_clock_are_told() {
    let demo = frozen(2, 6).await;
    demo.without_root(1, true);
    demo.skew(1, -600_000);
    let mut walls = Vec::new();
    for node in [0, 1] {
        let link = Link::to(&demo, node).await.unwrap();
        let mut agent = link.agent().await;
        let hello = agent.until(|report| match report {
            Report::Hello(hello) => Some(hello),
            _ => None,
        });
        assert_eq!(hello.await.root, node == 0);
        agent.watch(false).await;
        let sample = agent.sample().await;
        assert_eq!(sample.storage.unwrap().vgs.is_empty(), node == 1);
        assert_eq!(sample.missing.unwrap().is_empty(), node == 0);
        walls.push(sample.wall_ms);
    }
    assert!(walls[0] > walls[1] + 500_000);
}
