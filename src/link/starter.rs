//! Getting an agent to answer on a host: the installed one, a copied one, or one copied now.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use gantry_wire::frame::Lines;
use tokio::time::timeout;

use super::ask::{Answer, AskKind, Asker};
use super::deploy::{AgentFile, Machine, tidy};
use super::dial::{Greeted, Stream};
use super::exec::{Ended, Exec};
use super::host::Host;
use super::session;
use super::why::Why;
use crate::config::Deploy;

/// What is run on a host where the configuration names nothing else. It is always the first thing
/// that is asked for: a key that is bound to the agent answers this like any other command.
const COMMAND: &str = "gantry-agent serve";

/// A program that has closed its output ends within this time.
const ENDING: Duration = Duration::from_secs(2);

/// Starts agents, and copies them where that is wanted.
pub struct Starter {
    command: Option<String>,
    deploy: Deploy,
    asker: Asker,
    directories: Vec<PathBuf>,
    /// Agents to copy, by architecture, as they were read once.
    files: Mutex<HashMap<String, Arc<AgentFile>>>,
    /// What the operator said about copying, which holds for all nodes.
    said: tokio::sync::Mutex<Option<bool>>,
    /// Hosts without an agent so far.
    lacking: Mutex<BTreeSet<String>>,
}

/// What became of one attempt.
enum Attempt {
    Greeted(Greeted),
    /// There is no such program.
    Missing(String),
    Failed(Why),
}

impl Starter {
    /// With the command that the configuration names, if any, and the directories in which agents
    /// to copy are looked for.
    pub fn new(
        command: Option<String>,
        deploy: Deploy,
        asker: Asker,
        directories: Vec<PathBuf>,
    ) -> Starter {
        Starter {
            command,
            deploy,
            asker,
            directories,
            files: Mutex::default(),
            said: tokio::sync::Mutex::default(),
            lacking: Mutex::default(),
        }
    }

    /// Starts an agent on a host, and greets it.
    ///
    /// # Errors
    /// Why none answers.
    pub async fn start(
        &self,
        host: &Host,
        progress: impl Fn(&'static str),
    ) -> Result<Greeted, Why> {
        progress("starting the agent");
        let command = self.command.as_deref().unwrap_or(COMMAND);
        let lack = match attempt(host, command).await? {
            Attempt::Greeted(greeted) => return Ok(greeted),
            Attempt::Missing(said) => Why::NoAgent(said),
            // The console's own agent is of the console's own age.
            Attempt::Failed(why @ Why::Protocol { .. }) => why,
            Attempt::Failed(why) => return Err(why),
        };
        // Whoever named a command wants that one, and a copied program under sudo would be a hole.
        if self.command.is_some() {
            return Err(lack);
        }
        let file = match Machine::ask(host).await {
            Ok(machine) => self.file(&machine.arch),
            Err(why) => Err(why),
        };
        let file = match (file, lack) {
            (Ok(file), _) => file,
            // An agent is there, and nothing better: the old one's own words say more.
            (Err(_), lack @ Why::Protocol { .. }) => return Err(lack),
            (Err(why), _) => return Err(why),
        };
        let command = file.command();
        if let Attempt::Greeted(greeted) = attempt(host, &command).await? {
            return Ok(greeted);
        }
        self.permit(host, &file).await?;
        progress("copying an agent");
        file.copy_to(host).await?;
        tidy(host).await;
        progress("starting the agent");
        match attempt(host, &command).await? {
            Attempt::Greeted(greeted) => Ok(greeted),
            Attempt::Missing(said) => {
                Err(Why::NoAgent(format!("the copied one does not run: {said}")))
            }
            Attempt::Failed(why) => Err(why),
        }
    }

    fn file(&self, arch: &str) -> Result<Arc<AgentFile>, Why> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = files.get(arch) {
            return Ok(Arc::clone(file));
        }
        let file = Arc::new(AgentFile::find(&self.directories, arch)?);
        files.insert(arch.to_owned(), Arc::clone(&file));
        Ok(file)
    }

    /// Whether an agent may be copied. It is asked once for all nodes; those that come meanwhile
    /// wait for the answer.
    async fn permit(&self, host: &Host, file: &AgentFile) -> Result<(), Why> {
        let nodes: Vec<String> = {
            let mut lacking = self.lacking.lock().unwrap_or_else(PoisonError::into_inner);
            lacking.insert(host.name().to_owned());
            lacking.iter().cloned().collect()
        };
        let refused = |who: &str| {
            Err(Why::NoAgent(format!(
                "there is none on the host, and {who}"
            )))
        };
        match self.deploy {
            Deploy::Yes => return Ok(()),
            Deploy::No => {
                return refused(
                    "none is to be copied (--no-deploy): install it as /usr/local/bin/gantry-agent",
                );
            }
            Deploy::Ask => {}
        }
        let mut said = self.said.lock().await;
        let yes = match *said {
            Some(yes) => yes,
            None => {
                let kind = AskKind::Deploy {
                    nodes,
                    path: format!("~/.cache/{}", file.place()),
                    size: file.bytes.len() as u64,
                };
                self.asker.ask(host.name(), kind).await == Answer::Yes
            }
        };
        *said = Some(yes);
        if yes {
            Ok(())
        } else {
            refused("none was allowed to be copied")
        }
    }

    /// Lets what was refused be asked for again.
    pub async fn ask_again(&self) {
        let mut said = self.said.lock().await;
        if *said == Some(false) {
            *said = None;
        }
    }
}

/// Runs a command and greets what answers.
///
/// # Errors
/// The connection itself broke.
async fn attempt(host: &Host, command: &str) -> Result<Attempt, Why> {
    let Exec { mut pipes, ending } = host.exec(command).await?;
    let mut lines = Lines::default();
    let why = match session::greet(&mut pipes, &mut lines).await {
        Ok(hello) => {
            host.has_agent(command);
            let stream: Box<dyn Stream> = Box::new(pipes);
            let last_words = Box::pin(async move { ending.wait().await.last_words() });
            return Ok(Attempt::Greeted(Greeted {
                stream,
                lines,
                hello,
                last_words,
            }));
        }
        Err(why @ Why::Ended(_)) => why,
        Err(why) => return Ok(Attempt::Failed(why)),
    };
    let ended = timeout(ENDING, ending.wait()).await.unwrap_or_default();
    Ok(match why {
        _ if is_missing(&ended) => Attempt::Missing(ended.words()),
        Why::Ended(said) if said.is_empty() => Attempt::Failed(Why::Ended(ended.last_words())),
        why => Attempt::Failed(why),
    })
}

/// The shell could not start the program: sh(1) exits with 127 or 126; others say so.
fn is_missing(ended: &Ended) -> bool {
    let said = ended.stderr.to_lowercase();
    matches!(ended.status, Some(126 | 127)) || said.contains("command not found")
}
