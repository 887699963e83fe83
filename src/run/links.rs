//! Starts the links to a cluster.

use std::sync::Arc;

use crate::config::LinkOptions;
use crate::link::ask::Asker;
use crate::link::fleet::{Clock, Fleet};
use crate::link::inbox::Inbox;
use crate::link::ssh::Ssh;

/// The links of a cluster.
pub struct Links {
    /// What can be told to them.
    pub fleet: Fleet,
    /// What they tell.
    pub inbox: Inbox,
    /// Their clock.
    pub clock: Clock,
    ssh: Arc<Ssh>,
}

impl Links {
    /// Starts all links of a cluster. Needs the runtime of tokio.
    pub fn start(options: &LinkOptions) -> Links {
        let (asker, questions) = Asker::new();
        let ssh = Arc::new(Ssh::new(options.clone(), asker.clone()));
        let clock = Clock::start();
        let (fleet, inbox) =
            Fleet::start(ssh.clone(), (asker, questions), options.sample_ms, clock);
        Links {
            fleet,
            inbox,
            clock,
            ssh,
        }
    }

    /// What the operator should know of the files that were read since this was last asked, such
    /// as a `Match` of ssh_config that is not honoured.
    pub fn notes(&self) -> Vec<String> {
        let notes = self.ssh.notes();
        notes.iter().for_each(|note| tracing::warn!("{note}"));
        notes
    }
}
