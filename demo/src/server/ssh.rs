//! A simulated node's sshd: one client's connection.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use gantry_agent::args::Serve;
use russh::keys::PublicKey;
use russh::server::{Auth, ChannelOpenHandle, Handler, Msg, Session, VerifiedPublicKey};
use russh::{Channel, ChannelId, ChannelOpenFailure, Pty};
use tokio::net::TcpStream;

use super::agent;
use super::shell::{self, Outcome, Understood};
use super::terminal;
use crate::sim::node::NodeId;
use crate::world::World;

/// The user that the demo knows.
pub const USER: &str = "root";

/// One connection to one node.
pub struct Connection {
    world: Arc<World>,
    node: NodeId,
    /// The key that is let in.
    client: PublicKey,
    /// Channels on which nothing runs yet.
    waiting: HashMap<ChannelId, Channel<Msg>>,
}

impl Connection {
    /// A connection to this node, for the owner of this key.
    pub fn new(world: Arc<World>, node: NodeId, client: PublicKey) -> Self {
        Connection {
            world,
            node,
            client,
            waiting: HashMap::new(),
        }
    }

    /// The address that a name or an address means to this node: only the cluster's own nodes
    /// can be reached from here.
    fn sibling(&self, host: &str, port: u32) -> Option<SocketAddr> {
        let cluster = self.world.cluster();
        (0..cluster.nodes.len())
            .filter(|&node| {
                let name = cluster.node_name(node);
                name == host || crate::sim::short(name) == host || cluster.address(node).0 == host
            })
            .filter_map(|node| cluster.addresses.get(node).copied())
            .find(|address| u32::from(address.port()) == port)
    }
}

impl Handler for Connection {
    type Error = russh::Error;

    async fn auth_publickey(
        &mut self,
        user: &str,
        key: VerifiedPublicKey<'_>,
    ) -> Result<Auth, Self::Error> {
        let known = key.public_key.key_data() == self.client.key_data();
        Ok(match known && user == USER {
            true => Auth::Accept,
            false => Auth::reject(),
        })
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        self.waiting.insert(channel.id(), channel);
        reply.accept().await;
        Ok(())
    }

    async fn pty_request(
        &mut self,
        id: ChannelId,
        _: &str,
        _: u32,
        _: u32,
        _: u32,
        _: u32,
        _: &[(Pty, u32)],
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        session.channel_success(id)
    }

    async fn exec_request(
        &mut self,
        id: ChannelId,
        command: &[u8],
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        let Some(channel) = self.waiting.remove(&id) else {
            return session.channel_failure(id);
        };
        session.channel_success(id)?;
        let command = String::from_utf8_lossy(command);
        let world = Arc::clone(&self.world);
        let no_agent = world.health(self.node).borrow().no_agent;
        match shell::understand(&command) {
            Understood::Serve(_) if no_agent => {
                tokio::spawn(agent::answer(channel, Outcome::not_found("gantry-agent")));
            }
            Understood::Serve(options) => {
                tokio::spawn(agent::serve(channel, world, self.node, options));
            }
            Understood::Terminal(options, wish) => {
                tokio::spawn(terminal::become_it(
                    channel, world, self.node, options, wish,
                ));
            }
            Understood::ServeCopy(copy) if world.has_copy(self.node, &copy.0) => {
                tokio::spawn(agent::serve(channel, world, self.node, Serve::default()));
            }
            Understood::ServeCopy(_) => {
                let missing = Outcome {
                    status: 127,
                    ..Outcome::default()
                };
                tokio::spawn(agent::answer(channel, missing));
            }
            Understood::Receive(copy, sum) => {
                tokio::spawn(agent::receive(channel, world, self.node, copy.0, sum));
            }
            Understood::Done(outcome) => {
                tokio::spawn(agent::answer(channel, outcome));
            }
        }
        Ok(())
    }

    async fn channel_open_direct_tcpip(
        &mut self,
        channel: Channel<Msg>,
        host: &str,
        port: u32,
        _: &str,
        _: u32,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        let Some(address) = self.sibling(host, port) else {
            reply.reject(ChannelOpenFailure::ConnectFailed).await;
            return Ok(());
        };
        // Not awaited here: a sibling that hangs must not hang this connection too.
        tokio::spawn(async move {
            match TcpStream::connect(address).await {
                Ok(mut socket) => {
                    reply.accept().await;
                    let mut channel = channel.into_stream();
                    // However it ends, it has ended.
                    let _ = tokio::io::copy_bidirectional(&mut channel, &mut socket).await;
                }
                Err(_) => reply.reject(ChannelOpenFailure::ConnectFailed).await,
            }
        });
        Ok(())
    }
}
