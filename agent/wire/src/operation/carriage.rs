//! How an operation is carried out.

use serde_json::Value;

use super::{Operation, Version, opcode};

/// Who is told, and what.
#[derive(Clone, Debug, PartialEq)]
pub enum Carriage {
    /// A job of this opcode, to which the reason trail is still to be added.
    Job(Value),
    /// A method of LUXI's, without a job.
    Method(Method),
    /// A command that the node itself runs.
    Command(NodeCommand),
    /// What an agent on a terminal of its own becomes, see [`crate::terminal`].
    Terminal,
}

/// Commands that a node's agent runs there. The agent knows their arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeCommand {
    /// Makes this node the master.
    MasterFailover {
        /// Without asking the other nodes.
        no_voting: bool,
    },
}

/// Methods of LUXI's that change something. Each can be read back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Takes a job back.
    CancelJob(u64),
    /// Sets a job's priority.
    ChangeJobPriority(u64, i8),
    /// Puts a job away.
    ArchiveJob(u64),
    /// Whether new jobs are refused.
    SetDrainFlag(bool),
    /// The watcher rests for so many seconds, or not any more.
    SetWatcherPause(Option<u32>),
}

impl Operation {
    /// What this version of Ganeti is told.
    ///
    /// # Errors
    /// In words, if it does not know such a thing.
    pub fn carriage(&self, version: Version) -> Result<Carriage, String> {
        if let Some(command) = self.node_command() {
            return Ok(Carriage::Command(command));
        }
        if let Operation::Console(_) = self {
            return Ok(Carriage::Terminal);
        }
        Ok(Carriage::Method(match self {
            Operation::JobCancel(it) => Method::CancelJob(it.job),
            Operation::JobPriority(it) => Method::ChangeJobPriority(it.job, it.priority),
            Operation::JobArchive(it) => Method::ArchiveJob(it.job),
            Operation::QueueDrain {} => Method::SetDrainFlag(true),
            Operation::QueueUndrain {} => Method::SetDrainFlag(false),
            Operation::WatcherPause(it) => Method::SetWatcherPause(Some(it.seconds)),
            Operation::WatcherContinue {} => Method::SetWatcherPause(None),
            job => return opcode::of(job, version).map(Carriage::Job),
        }))
    }

    /// The command that it is, on the node that it is about.
    pub fn node_command(&self) -> Option<NodeCommand> {
        match self {
            Operation::MasterFailover(it) => Some(NodeCommand::MasterFailover {
                no_voting: it.no_voting,
            }),
            _ => None,
        }
    }

    /// The node whose own agent is asked; the master is for everything else.
    pub fn own_node(&self) -> Option<&str> {
        match self {
            Operation::MasterFailover(it) => Some(&it.node),
            Operation::Console(it) => Some(&it.node),
            _ => None,
        }
    }

    /// Whether it becomes a job.
    pub fn is_job(&self) -> bool {
        !matches!(
            self,
            Operation::Console(_)
                | Operation::MasterFailover(_)
                | Operation::JobCancel(_)
                | Operation::JobPriority(_)
                | Operation::JobArchive(_)
                | Operation::QueueDrain {}
                | Operation::QueueUndrain {}
                | Operation::WatcherPause(_)
                | Operation::WatcherContinue {}
        )
    }
}
