//! What a link needs of the way to a node; SSH is one, a child process another, and tests have
//! their own.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use gantry_wire::frame::Lines;
use gantry_wire::report::Hello;
use tokio::io::{AsyncRead, AsyncWrite};

use super::terminal::{Terminal, Wanted};
use super::why::Why;

/// A stream of bytes to an agent and back.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// Where a call goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum To {
    /// To what the operator named.
    Typed,
    /// To a node that the cluster named.
    Node {
        /// Its name.
        name: String,
        /// Addresses and ports to try when the name leads nowhere.
        addresses: Vec<(String, u16)>,
    },
}

/// The cluster's own `known_hosts`: Ganeti gives all its nodes one key under the cluster's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterKeys {
    /// The name that the keys are recorded under.
    pub alias: String,
    /// Text of the file.
    pub known_hosts: String,
}

/// One call.
pub struct Call<H> {
    /// Where to.
    pub to: To,
    /// Through this host, where the node is not routable from here.
    pub via: Option<Arc<H>>,
    /// The cluster's keys, once they are known.
    pub cluster: Option<Arc<ClusterKeys>>,
    /// The operator named this node, or wants it called now: it may ask for passwords.
    pub wanted: bool,
    /// The operator wants it called now: what was refused before may be asked for again.
    pub again: bool,
    /// How many nodes the cluster has, as far as is known.
    pub nodes: usize,
}

/// An agent that has answered the console's greeting.
pub struct Greeted {
    /// Its standard input and output.
    pub stream: Box<dyn Stream>,
    /// What came after the greeting already.
    pub lines: Lines,
    /// Its greeting.
    pub hello: Hello,
    /// What it said on its standard error, once it has ended.
    pub last_words: BoxFuture<'static, String>,
}

/// An agent that was started.
pub struct Opened<H> {
    /// The agent.
    pub agent: Greeted,
    /// The host it runs on, if other calls can go through it.
    pub host: Option<Arc<H>>,
}

/// Opens ways to agents.
pub trait Dialer: Send + Sync + 'static {
    /// A host that other calls can go through.
    type Host: Send + Sync + 'static;

    /// Starts an agent and greets it; tells what it is doing on the way.
    fn open(
        &self,
        call: Call<Self::Host>,
        progress: impl Fn(&'static str) + Send + Sync,
    ) -> impl Future<Output = Result<Opened<Self::Host>, Why>> + Send;

    /// Starts the agent on a host once more, on a terminal; without a host on this machine.
    fn terminal(
        &self,
        host: Option<Arc<Self::Host>>,
        wanted: Wanted,
    ) -> impl Future<Output = Result<Terminal, Why>> + Send;
}

impl<D: Dialer> Dialer for Arc<D> {
    type Host = D::Host;

    async fn open(
        &self,
        call: Call<Self::Host>,
        progress: impl Fn(&'static str) + Send + Sync,
    ) -> Result<Opened<Self::Host>, Why> {
        (**self).open(call, progress).await
    }

    async fn terminal(
        &self,
        host: Option<Arc<Self::Host>>,
        wanted: Wanted,
    ) -> Result<Terminal, Why> {
        (**self).terminal(host, wanted).await
    }
}
