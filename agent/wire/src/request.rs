//! What the console says to an agent.

use serde::{Deserialize, Serialize};

use crate::act::{Act, Recover};

/// One frame from the console.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Always first. `{"hello":{"protocol":1,"version":"0.1.0"}}`
    Hello(Hello),
    /// What to send from now on. `{"watch":{"sample_ms":1000,"master":true}}`
    Watch(Watch),
    /// Answered by a pong with the same number; 30 s without any frame end the agent.
    /// `{"ping":{"n":7}}`
    Ping(Ping),
    /// A question that is answered once. `{"ask":{"id":3,"question":"known_hosts"}}`
    Ask(Ask),
    /// A change, answered by an `acted`. `{"act":{"id":"5f0c...e1","operation":{...}, ...}}`
    Act(Box<Act>),
    /// What became of a change, answered by an `acted`. `{"recover":{"id":"5f0c...e1","age_s":90}}`
    Recover(Recover),
}

/// The console's side of the greeting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hello {
    /// [`crate::PROTOCOL`] of the console.
    pub protocol: u32,
    /// The console's own version, for the agent's log.
    #[serde(default)]
    pub version: String,
}

/// What the console wants to be told without asking again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Watch {
    /// Milliseconds between samples of this node; 0 sends none. The agent holds it to 200..=60000.
    #[serde(default)]
    pub sample_ms: u32,
    /// Send the configuration, the jobs and the state of the queue, if this node can.
    #[serde(default)]
    pub master: bool,
    /// Ask LUXI for the live state of instances whose hypervisor no agent reads (`fake`, `xen-*`,
    /// `lxc`, `chroot`), every 30 s.
    #[serde(default)]
    pub live_status: bool,
    /// Nodes without an agent, whose live figures LUXI is asked for, every 60 s.
    #[serde(default)]
    pub live_nodes: Vec<String>,
    /// Jobs whose log the console shows: new lines are sent as they are written.
    #[serde(default)]
    pub follow: Vec<u64>,
}

/// A sign of life.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ping {
    /// Echoed in the pong.
    pub n: u64,
}

/// A question with a number, which its answer carries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ask {
    /// Chosen by the console, echoed in the answer.
    pub id: u64,
    /// What is asked.
    pub question: Question,
}

/// What can be asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// The cluster's own `known_hosts` (every node has it).
    KnownHosts,
    /// The log of one job from the given serial on. Master only.
    JobLog {
        /// Job id.
        job: u64,
        /// Lines with a higher serial are wanted; 0 for all.
        #[serde(default)]
        after: u64,
    },
}
