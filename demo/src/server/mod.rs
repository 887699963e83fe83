//! The simulated cluster behind real SSH servers on loopback.

mod agent;
mod keys;
mod line;
mod listen;
mod shell;
mod ssh;
mod terminal;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use russh::keys::PrivateKey;
use russh::server::Config;
use tokio::task::JoinSet;

use crate::Options;
use crate::sim::Cluster;
use crate::sim::node::{NodeId, Outage};
use crate::world::{Health, Pace, World, wall_clock_ms};
use keys::Keys;
use listen::Sshd;

/// How often the lines are made to follow the cluster, ms.
const LOOK_MS: u64 = 200;

/// A demo that runs; it ends when this is dropped.
pub struct Started {
    /// Where the master's sshd listens.
    pub address: SocketAddr,
    /// Whom to log in as.
    pub user: &'static str,
    /// The key to log in with.
    pub client_key: PrivateKey,
    /// The same as a file for `ssh -i`.
    pub client_key_file: String,
    /// All nodes' host key: type and base64.
    pub host_key: String,
    /// A `known_hosts` line for all nodes, by the cluster's name and by address.
    pub known_hosts: String,
    /// Names and addresses of all nodes.
    pub nodes: Vec<(String, SocketAddr)>,
    world: Arc<World>,
    _tasks: JoinSet<()>,
}

/// Starts a demo.
///
/// # Errors
/// No address to listen on, or no random numbers for the keys.
pub async fn start(options: Options) -> io::Result<Started> {
    listen::raise_file_limit();
    let keys = Arc::new(Keys::generate()?);
    let host_key = keys.host_line()?;
    let mut cluster = Cluster::new(crate::sim::Options {
        nodes: options.nodes,
        instances: options.instances,
        seed: options.seed,
        calm: options.calm,
        story: options.story,
        epoch_ms: wall_clock_ms(),
    });
    let listeners =
        listen::bind(options.listen.unwrap_or(listen::FIRST), cluster.nodes.len()).await?;
    let addresses = listeners
        .iter()
        .map(tokio::net::TcpListener::local_addr)
        .collect::<io::Result<Vec<_>>>()?;
    cluster.addresses.clone_from(&addresses);
    let names: Vec<String> = cluster.nodes.iter().map(|node| node.name.clone()).collect();
    let name = cluster.name.clone();
    let master = cluster.master();
    let pace = match options.frozen {
        true => Pace::Frozen,
        false => Pace::Times(options.speed),
    };
    let world = World::new(cluster, pace, format!("{name} {host_key}\n"));
    let config = Arc::new(Config {
        keys: vec![keys.host.clone()],
        auth_rejection_time: Duration::from_millis(100),
        auth_rejection_time_initial: Some(Duration::ZERO),
        inactivity_timeout: None,
        ..Config::default()
    });
    let mut tasks = JoinSet::new();
    for (node, listener) in listeners.into_iter().enumerate() {
        let sshd = Sshd {
            world: Arc::clone(&world),
            node,
            config: Arc::clone(&config),
            keys: Arc::clone(&keys),
        };
        tasks.spawn(sshd.run(listener));
    }
    if world.moves() {
        tasks.spawn(follow(Arc::clone(&world)));
    }
    Ok(Started {
        address: addresses.get(master).copied().unwrap_or(listen::FIRST),
        user: ssh::USER,
        client_key: keys.client.clone(),
        client_key_file: keys.client_file()?,
        known_hosts: keys::known_hosts_line(&name, &addresses, &host_key),
        host_key,
        nodes: names.into_iter().zip(addresses).collect(),
        world,
        _tasks: tasks,
    })
}

/// Nodes that drop out in the simulation drop out of the network.
async fn follow(world: Arc<World>) {
    let mut clock = tokio::time::interval(Duration::from_millis(LOOK_MS));
    loop {
        clock.tick().await;
        world.look();
    }
}

impl Started {
    /// Looks at the cluster or changes it.
    pub fn with<T>(&self, change: impl FnOnce(&mut Cluster) -> T) -> T {
        self.world.change(change)
    }

    /// Lets a frozen cluster's time pass, ms.
    pub fn advance(&self, ms: u64) {
        self.world.advance(ms);
    }

    /// The node goes off or is cut off, until [`Started::revive`].
    pub fn kill(&self, node: NodeId, outage: Outage) {
        self.with(|cluster| cluster.lose(node, outage));
    }

    /// The node is back.
    pub fn revive(&self, node: NodeId) {
        self.with(|cluster| cluster.regain(node));
    }

    /// Another node becomes the master.
    pub fn master_failover(&self, to: NodeId) {
        self.with(|cluster| cluster.master_failover(to));
    }

    /// One of Ganeti's daemons on a node stops or runs again.
    pub fn daemon(&self, node: NodeId, daemon: &str, runs: bool) {
        self.with(|cluster| cluster.set_daemon(node, daemon, runs));
    }

    /// The node sends no more than so many bytes a second; without a number as many as it can.
    pub fn slow(&self, node: NodeId, bytes_per_second: Option<u64>) {
        self.health(node, |health| health.bytes_per_second = bytes_per_second);
    }

    /// Nothing goes in or out of the node, and nothing is cut.
    pub fn hang(&self, node: NodeId, hangs: bool) {
        self.health(node, |health| health.hangs = hangs);
    }

    /// The node's agent writes what is no frame.
    pub fn garbage(&self, node: NodeId, garbage: bool) {
        self.health(node, |health| health.garbage = garbage);
    }

    /// The node has no agent: the shell does not find one.
    pub fn without_agent(&self, node: NodeId, without: bool) {
        self.health(node, |health| health.no_agent = without);
    }

    /// The node's agent may not do what needs root.
    pub fn without_root(&self, node: NodeId, without: bool) {
        self.health(node, |health| health.no_root = without);
    }

    /// The node's wall clock is wrong by so much, ms.
    pub fn skew(&self, node: NodeId, ahead_ms: i64) {
        self.health(node, |health| health.clock_ahead_ms = ahead_ms);
    }

    fn health(&self, node: NodeId, change: impl FnOnce(&mut Health)) {
        self.world.set_health(node, change);
    }
}
