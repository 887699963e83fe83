//! The way to agents that gantry itself goes: SSH, or a child process on this machine.

use std::sync::{Arc, Mutex, PoisonError};

use super::ask::{Answer, AskKind, Asker};
use super::connector::{Connector, Dial, Progress};
use super::deploy::AgentFile;
use super::dial::{Call, Dialer, Opened, To};
use super::host::Host;
use super::local;
use super::ssh_config::Local;
use super::starter::Starter;
use super::terminal::{Terminal, Wanted};
use super::why::Why;
use crate::config::{Destination, LinkOptions, Target};

/// Opens ways to agents as the options say.
pub struct Ssh {
    options: LinkOptions,
    connector: Connector,
    starter: Starter,
    asker: Asker,
    /// The node that this machine is, once that is known.
    here: Mutex<Option<String>>,
    /// A key that wants a touch for each use, if the first host was entered by one.
    touch: Mutex<Option<String>>,
    /// What the operator said to using it for all nodes.
    touched: tokio::sync::Mutex<Option<bool>>,
}

impl Ssh {
    /// For the operator who runs this process.
    pub fn new(options: LinkOptions, asker: Asker) -> Ssh {
        Ssh::for_operator(options, asker, Local::read(), AgentFile::directories())
    }

    /// For another operator, with the directories in which agents to copy are looked for.
    pub fn for_operator(
        options: LinkOptions,
        asker: Asker,
        local: Local,
        directories: Vec<std::path::PathBuf>,
    ) -> Ssh {
        let command = options.agent_command.clone();
        Ssh {
            connector: Connector::with_local(&options, asker.clone(), local),
            starter: Starter::new(command, options.deploy, asker.clone(), directories),
            options,
            asker,
            here: Mutex::default(),
            touch: Mutex::default(),
            touched: tokio::sync::Mutex::default(),
        }
    }

    /// What was noticed since the last call that the operator should know, such as options of
    /// ssh_config that gantry cannot honour.
    pub fn notes(&self) -> Vec<String> {
        self.connector.notes()
    }

    /// Whom to connect to for a call; nobody if it is this machine itself.
    fn dial(&self, call: &Call<Host>) -> Option<Dial> {
        let (destination, like, addresses) = match (&call.to, &self.options.target) {
            (To::Typed, Target::Local) => return None,
            (To::Typed, Target::Ssh(typed)) => (typed.clone(), None, Vec::new()),
            (To::Node { name, .. }, _) if self.is_here(name) => return None,
            (To::Node { name, addresses }, target) => {
                let node = Destination {
                    host: name.clone(),
                    port: addresses
                        .first()
                        .map(|(_, port)| *port)
                        .filter(|port| *port != 22),
                    user: None,
                };
                let like = match target {
                    Target::Ssh(typed) => typed.clone(),
                    Target::Local => node.clone(),
                };
                (node, Some(like), addresses.clone())
            }
        };
        Some(Dial {
            destination,
            like,
            typed: call.wanted,
            addresses,
            via: call.via.clone(),
            cluster: call.cluster.clone(),
        })
    }

    fn is_here(&self, name: &str) -> bool {
        self.here
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_deref()
            == Some(name)
    }

    async fn open_here(&self) -> Result<Opened<Host>, Why> {
        let command = self.options.agent_command.as_deref();
        let agent = local::open(command.unwrap_or("gantry-agent serve")).await?;
        let mut here = self.here.lock().unwrap_or_else(PoisonError::into_inner);
        *here = Some(agent.hello.node.clone());
        Ok(Opened { agent, host: None })
    }

    /// A key that wants a touch for each use must not surprise its owner with forty of them: it is
    /// asked for once before it is used for the nodes that the cluster named.
    async fn may_touch(&self, nodes: usize) -> Result<(), Why> {
        let key = self
            .touch
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let Some(key) = key else { return Ok(()) };
        let mut said = self.touched.lock().await;
        let yes = match *said {
            Some(yes) => yes,
            None => {
                let nodes = nodes.saturating_sub(1);
                let kind = AskKind::Touch {
                    key: key.clone(),
                    nodes,
                };
                self.asker.ask(&key, kind).await == Answer::Yes
            }
        };
        *said = Some(yes);
        if yes {
            Ok(())
        } else {
            Err(Why::NotAnswered(format!(
                "may {key} be used for each node?"
            )))
        }
    }

    async fn ask_again(&self) {
        self.connector.ask_again().await;
        self.starter.ask_again().await;
        let mut said = self.touched.lock().await;
        if *said == Some(false) {
            *said = None;
        }
    }
}

impl Dialer for Ssh {
    type Host = Host;

    async fn open(
        &self,
        call: Call<Host>,
        progress: impl Fn(&'static str) + Send + Sync,
    ) -> Result<Opened<Host>, Why> {
        let Some(dial) = self.dial(&call) else {
            return self.open_here().await;
        };
        if call.again {
            self.ask_again().await;
        }
        if dial.like.is_some() && !call.wanted {
            self.may_touch(call.nodes).await?;
        }
        let connecting = self.connector.connect(&dial, |stage| {
            progress(match stage {
                Progress::Connecting => "connecting",
                Progress::Authenticating => "authenticating",
            });
        });
        let host = Arc::new(connecting.await?);
        if dial.like.is_none() {
            let mut touch = self.touch.lock().unwrap_or_else(PoisonError::into_inner);
            touch.clone_from(&host.proof.touch);
        }
        let agent = self.starter.start(&host, &progress).await?;
        Ok(Opened {
            agent,
            host: Some(host),
        })
    }

    async fn terminal(&self, host: Option<Arc<Host>>, wanted: Wanted) -> Result<Terminal, Why> {
        match host {
            Some(host) => host.terminal(&wanted).await,
            None => Err(Why::Ssh(format!(
                "there is no SSH connection to {}: on the node itself gnt-instance console does it",
                wanted.node
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::config::{Deploy, SshOptions};

    #[tokio::test]
    async fn a_key_that_wants_a_touch_is_asked_for_once_before_it_serves_all_nodes() {
        let (asker, mut questions) = Asker::new();
        let options = LinkOptions {
            target: Target::Local,
            ssh: SshOptions::default(),
            deploy: Deploy::No,
            agent_command: None,
            sample_ms: 1000,
        };
        let ssh = Ssh::for_operator(options, asker.clone(), Local::default(), Vec::new());
        ssh.may_touch(40).await.unwrap();
        *ssh.touch.lock().unwrap() = Some("agent key token".to_owned());
        let (one, two, ask) = tokio::join!(ssh.may_touch(40), ssh.may_touch(40), async {
            let ask = questions.recv().await.unwrap();
            asker.answer(ask.id, Answer::No);
            ask
        });
        assert!(one.is_err_and(|why| why.is_final()) && two.is_err());
        assert!(matches!(ask.kind, AskKind::Touch { nodes: 39, .. }));
        ssh.ask_again().await;
        let (again, ()) = tokio::join!(ssh.may_touch(40), async {
            asker.answer(questions.recv().await.unwrap().id, Answer::Yes);
        });
        again.unwrap();
        ssh.may_touch(40).await.unwrap();
    }
}
