//! A Ganeti cluster that does not exist: any size, any fault, behind real SSH servers on loopback,
//! speaking the agent's protocol. The same seed gives the same cluster and the same days.
//!
//! [`start`] brings one up; [`Started`] says how to connect, and makes faults on demand.

mod act;
mod node;
mod serve;
mod server;
pub mod sim;
mod world;

use std::net::SocketAddr;

pub use serve::{Files, serve};
pub use server::{Started, start};
pub use sim::node::Outage;
pub use sim::trouble::Story;

/// What to start.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// How many nodes.
    pub nodes: usize,
    /// How many instances.
    pub instances: usize,
    /// Another seed, another cluster.
    pub seed: u64,
    /// How many times as fast as real time.
    pub speed: f64,
    /// Nothing changes at all, but for what [`Started`] is asked to do.
    pub frozen: bool,
    /// Nothing happens by itself, but loads move.
    pub calm: bool,
    /// This happens and nothing else, and has begun when somebody first looks.
    pub story: Option<Story>,
    /// Where the first node listens; the others follow. Without it an ephemeral port on loopback.
    pub listen: Option<SocketAddr>,
}

impl Default for Options {
    fn default() -> Self {
        let sim::Options {
            nodes,
            instances,
            seed,
            ..
        } = sim::Options::default();
        Options {
            nodes,
            instances,
            seed,
            speed: 1.0,
            frozen: false,
            calm: false,
            story: None,
            listen: None,
        }
    }
}
