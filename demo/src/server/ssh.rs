//! A simulated node's sshd: one client's connection.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use gantry_agent::args::{self, Command, Serve};
use russh::keys::PublicKey;
use russh::server::{Auth, ChannelOpenHandle, Handler, Msg, Session, VerifiedPublicKey};
use russh::{Channel, ChannelId, ChannelOpenFailure};
use tokio::net::TcpStream;

use super::agent::{self, Outcome};
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

/// What a command line asks of a node.
enum Understood {
    /// Its agent shall answer the console.
    Serve(Serve),
    /// Something that is over at once.
    Done(Outcome),
}

/// Understands what consoles send; everything else a shell would not find.
fn understand(command: &str, no_agent: bool) -> Understood {
    let outcome = |stdout: &str, stderr: &str, status| {
        Understood::Done(Outcome {
            stdout: stdout.to_owned(),
            stderr: stderr.to_owned(),
            status,
        })
    };
    let mut words = command.split_whitespace().map(str::to_owned);
    let is_agent = |word: &String| word.ends_with("gantry-agent");
    if !no_agent && words.by_ref().any(|word| is_agent(&word)) {
        return match args::parse(words) {
            Ok(Command::Serve(options)) => Understood::Serve(options),
            Ok(Command::Version) => {
                let version = concat!("gantry-agent ", env!("CARGO_PKG_VERSION"), "\n");
                outcome(version, "", 0)
            }
            Ok(_) => outcome("", "a simulated agent only serves\n", 1),
            Err(error) => outcome("", &format!("gantry-agent: {error}\n"), 2),
        };
    }
    if command == "uname -sm" {
        return outcome("Linux x86_64\n", "", 0);
    }
    let program = command.split_whitespace().next().unwrap_or_default();
    let text = format!("bash: line 1: {program}: command not found\n");
    outcome("", &text, 127)
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
        let command = String::from_utf8_lossy(command).into_owned();
        let no_agent = self.world.health(self.node).borrow().no_agent;
        match understand(&command, no_agent) {
            Understood::Serve(options) => {
                let world = Arc::clone(&self.world);
                tokio::spawn(agent::serve(channel, world, self.node, options));
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
