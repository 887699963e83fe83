//! What an agent says to the console.

use serde::{Deserialize, Serialize};

use crate::act::Acted;
use crate::config::ConfigPart;
use crate::job::{JobLog, JobsPart, Lock, QueueState};
use crate::live::Live;
use crate::node::Sample;
use crate::ssconf::Ssconf;

/// One frame from an agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Report {
    /// The answer to the console's hello, always first.
    Hello(Hello),
    /// The answer to a ping.
    Pong(Pong),
    /// What changed on this node since the last sample.
    Sample(Box<Sample>),
    /// What every node knows of its cluster; after the hello and on each change.
    Ssconf(Box<Ssconf>),
    /// Whether this node can speak for the cluster, on each change.
    Master(MasterState),
    /// The configuration, whole or what changed.
    Config(Box<ConfigPart>),
    /// The jobs, all or those that changed.
    Jobs(JobsPart),
    /// New lines of followed jobs' logs.
    Logs(Vec<JobLog>),
    /// The queue's and the watcher's state, on each change.
    Queue(QueueState),
    /// The locks held and waited for; sent while a job waits and once empty afterwards.
    Locks(Vec<Lock>),
    /// What LUXI's live queries said.
    Live(Box<Live>),
    /// The answer to a question.
    Answer(Answer),
    /// What became of a change.
    Acted(Acted),
    /// Something that the agent could not do, in words for the operator.
    Problem(Problem),
}

/// The agent's side of the greeting.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Hello {
    /// [`crate::PROTOCOL`] of the agent.
    pub protocol: u32,
    /// The agent's own version.
    #[serde(default)]
    pub version: String,
    /// The node's name as Ganeti has it (`GANETI_HOSTNAME`, ssconf, or the host's full name).
    #[serde(default)]
    pub node: String,
    /// Whether this node has Ganeti (an ssconf) at all.
    #[serde(default)]
    pub ganeti: bool,
    /// The agent's effective user id is 0.
    #[serde(default)]
    pub root: bool,
    /// Machine architecture as `uname -m` prints it.
    #[serde(default)]
    pub arch: String,
    /// Random id of this boot, from the kernel.
    #[serde(default)]
    pub boot_id: String,
    /// The name given by `--as`, empty without.
    #[serde(default)]
    pub name: String,
    /// The key or the command line allows reading only.
    #[serde(default)]
    pub read_only: bool,
    /// The permissions that are given ([`crate::operation::Permission`]): what is not in it is
    /// refused. Empty from an agent that changes nothing.
    #[serde(default)]
    pub permits: Vec<String>,
    /// Process id on the node.
    #[serde(default)]
    pub pid: u32,
}

/// The answer to a ping.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pong {
    /// The ping's number.
    pub n: u64,
}

/// Whether a node can speak for the cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum MasterState {
    /// LUXI answers here.
    Serving,
    /// Another node is the master, by this node's ssconf.
    NotMaster {
        /// Whom to ask; empty if ssconf does not say.
        ask: String,
    },
    /// This node is the master by its ssconf, but LUXI does not answer.
    Silent {
        /// Why, in words.
        why: String,
    },
    /// No master: the configuration comes from this candidate's `config.data`.
    Candidate {
        /// Seconds since the epoch at which that file was written.
        written: f64,
    },
}

/// The answer to a question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The question's number.
    pub id: u64,
    /// What was found.
    pub answer: AnswerBody,
}

/// What a question was answered with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerBody {
    /// The text of the cluster's `known_hosts` file.
    KnownHosts(String),
    /// A job's log.
    JobLog(JobLog),
    /// It could not be answered, and why.
    Failed(String),
}

/// Something that the agent could not do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The probe or the part it is about: `guests`, `storage`, `luxi`, ...
    pub about: String,
    /// Words for the operator; empty once it is mended.
    pub text: String,
}
