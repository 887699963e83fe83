//! Where the simulated nodes listen: each has an address of its own, because the console dials
//! what ssconf says, as it would in reality.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use russh::server::Config;
use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::keys::Keys;
use super::line;
use super::ssh::Connection;
use crate::sim::node::NodeId;
use crate::world::World;

/// Where the first node listens if nothing else is asked for; the others follow.
pub const FIRST: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 77, 0, 1)), 0);
/// An ephemeral port may be in use on another node's address; so often another one is tried.
const ATTEMPTS: usize = 10;

/// Allows as many open files as the system lets us have.
pub fn raise_file_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::debug!(%error, "the limit on open files stays");
    }
}

/// Binds all nodes. From a loopback address on, each node gets the next address and all the same
/// port, as real nodes have it; where that cannot be had, one address and a port each.
///
/// # Errors
/// Nothing can be bound; says where.
pub async fn bind(first: SocketAddr, nodes: usize) -> io::Result<Vec<TcpListener>> {
    if let IpAddr::V4(ip) = first.ip()
        && ip.is_loopback()
    {
        for _ in 0..ATTEMPTS {
            if let Ok(listeners) = bind_addresses(ip, first.port(), nodes).await {
                return Ok(listeners);
            }
            if first.port() != 0 {
                break;
            }
        }
    }
    let ip = match first == FIRST {
        // Some systems have no other loopback address than this.
        true => IpAddr::V4(Ipv4Addr::LOCALHOST),
        false => first.ip(),
    };
    bind_ports(SocketAddr::new(ip, first.port()), nodes).await
}

async fn bind_addresses(first: Ipv4Addr, port: u16, nodes: usize) -> io::Result<Vec<TcpListener>> {
    let mut port = port;
    let mut listeners = Vec::with_capacity(nodes);
    for number in 0..nodes as u32 {
        let ip = Ipv4Addr::from(u32::from(first).saturating_add(number));
        let listener = TcpListener::bind((ip, port)).await?;
        port = listener.local_addr()?.port();
        listeners.push(listener);
    }
    Ok(listeners)
}

async fn bind_ports(first: SocketAddr, nodes: usize) -> io::Result<Vec<TcpListener>> {
    let mut listeners = Vec::with_capacity(nodes);
    for number in 0..nodes {
        let port = match first.port() {
            0 => 0,
            port => u16::try_from(usize::from(port) + number)
                .map_err(|_| io::Error::other(format!("no port is left after {port}")))?,
        };
        let address = SocketAddr::new(first.ip(), port);
        let listener = TcpListener::bind(address)
            .await
            .map_err(|error| io::Error::new(error.kind(), format!("{address}: {error}")))?;
        listeners.push(listener);
    }
    Ok(listeners)
}

/// What a node's sshd needs.
#[derive(Clone)]
pub struct Sshd {
    /// The cluster.
    pub world: Arc<World>,
    /// Which node.
    pub node: NodeId,
    /// Settings of the SSH server.
    pub config: Arc<Config>,
    /// Its keys.
    pub keys: Arc<Keys>,
}

impl Sshd {
    /// Takes connections for ever. While the node is off its port is closed.
    pub async fn run(self, listener: TcpListener) {
        let Ok(address) = listener.local_addr() else {
            return;
        };
        let mut listener = Some(listener);
        let mut health = self.world.health(self.node);
        let mut connections = JoinSet::new();
        loop {
            if health.borrow_and_update().off {
                listener = None;
            } else if listener.is_none() {
                listener = TcpListener::bind(address).await.ok();
            }
            tokio::select! {
                accepted = accept(listener.as_ref()) => if let Ok((socket, _)) = accepted {
                    // A socket that will not hurry is used as it is.
                    let _ = socket.set_nodelay(true);
                    connections.spawn(self.clone().connection(socket));
                },
                changed = health.changed() => if changed.is_err() { return },
                Some(_) = connections.join_next() => {}
                // Somebody else had the port in the meantime: try again.
                () = tokio::time::sleep(Duration::from_millis(200)),
                    if listener.is_none() && !health.borrow().off => {}
            }
        }
    }

    async fn connection(self, socket: tokio::net::TcpStream) {
        let mut health = self.world.health(self.node);
        // To a node that is cut off nobody gets through, and nobody says so.
        if health.wait_for(|health| !health.cut_off).await.is_err() || health.borrow().off {
            return;
        }
        let (outside, inside) = line::pair();
        let client = self.keys.client.public_key().clone();
        let handler = Connection::new(Arc::clone(&self.world), self.node, client);
        let sshd = async {
            match russh::server::run_stream(self.config, inside, handler).await {
                Ok(session) => {
                    if let Err(error) = session.await {
                        tracing::debug!(node = self.node, %error, "a connection ended");
                    }
                }
                Err(error) => tracing::debug!(node = self.node, %error, "no connection"),
            }
        };
        tokio::join!(line::carry(socket, outside, health), sshd);
    }
}

/// The next connection; none ever without a listener.
async fn accept(listener: Option<&TcpListener>) -> io::Result<(tokio::net::TcpStream, SocketAddr)> {
    match listener {
        Some(listener) => listener.accept().await,
        None => std::future::pending().await,
    }
}
