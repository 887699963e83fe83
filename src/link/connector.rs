//! The way to a host: ssh_config, jump hosts, host key, login. Shared by all links.

use std::collections::{HashMap, HashSet, VecDeque};
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use russh::client;
use russh::keys::PublicKey;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout};

use super::ask::{Answer, AskKind, Asker};
use super::auth::{self, Login};
use super::dial::{ClusterKeys, Stream};
use super::host::{Host, client_config};
use super::keyring::Keyring;
use super::known_hosts;
use super::ssh_config::{HostConfig, Local, SshConfig, Strict};
use super::stream::{self, Piped};
use super::trust::{Trust, Verdict, Verifier, fingerprint};
use super::why::Why;
use crate::config::{Destination, LinkOptions};

/// sshd's MaxStartups begins to drop connections at 10 that have not logged in.
const UNAUTHENTICATED: usize = 8;

const SLOW_NAME: Why = Why::TimedOut("looking up its name");

/// A host that is up takes a connection within this time, and a resolver that is answers.
const PROMPT: Duration = Duration::from_secs(1);

/// For so long a jump host that failed is not tried again for the sake of the next link.
const JUMP_REST: Duration = Duration::from_secs(3);

/// Jump hosts may themselves be reached by jump hosts, but not without end.
const MAX_JUMPS: usize = 8;

/// Whom to connect to.
#[derive(Clone, Default)]
pub struct Dial {
    /// What ssh_config is asked for.
    pub destination: Destination,
    /// For a node that the cluster named: the destination that led to the cluster. Its user, keys
    /// and jumps serve where ssh_config has none for the node.
    pub like: Option<Destination>,
    /// The operator named or confirmed this host: it may ask for passwords.
    pub typed: bool,
    /// Tried in order after ssh_config's own HostName.
    pub addresses: Vec<(String, u16)>,
    /// Go through this host.
    pub via: Option<Arc<Host>>,
    /// The cluster's own known_hosts.
    pub cluster: Option<Arc<ClusterKeys>>,
}

/// How far connecting has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Getting through to the host, up to its key.
    Connecting,
    /// Logging in.
    Authenticating,
}

/// Makes connections. Jump connections, secrets and what the operator said are shared by all.
pub struct Connector {
    config: SshConfig,
    asker: Asker,
    keyring: Keyring,
    gate: Semaphore,
    jumps: Mutex<HashMap<String, Arc<tokio::sync::Mutex<Jump>>>>,
    /// Keys that were accepted in this run, by the name they were accepted for: the file may be
    /// one that forgets, such as /dev/null.
    accepted: Mutex<Vec<(known_hosts::Names, PublicKey)>>,
    /// Keys by which hosts that the operator named were verified. Ganeti gives all nodes of a
    /// cluster one key: a node that proves to hold the first one's is not asked about.
    verified: Mutex<Vec<PublicKey>>,
    notes: Mutex<Notes>,
}

#[derive(Default)]
struct Jump {
    host: Option<Arc<Host>>,
    failed: Option<(Instant, Why)>,
}

#[derive(Default)]
struct Notes {
    said: HashSet<String>,
    fresh: Vec<String>,
}

impl Connector {
    /// Reads nothing yet.
    pub fn new(options: &LinkOptions, asker: Asker) -> Connector {
        Connector::with_local(options, asker, Local::read())
    }

    /// For another operator than the one who runs this process.
    pub fn with_local(options: &LinkOptions, asker: Asker, local: Local) -> Connector {
        Connector {
            config: SshConfig::new(options.ssh.clone(), local),
            asker,
            keyring: Keyring::default(),
            gate: Semaphore::new(UNAUTHENTICATED),
            jumps: Mutex::default(),
            accepted: Mutex::default(),
            verified: Mutex::default(),
            notes: Mutex::default(),
        }
    }

    /// What was noticed since the last call that the operator should know: options that gantry
    /// cannot honour, files that cannot be read.
    pub fn notes(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.notes).fresh)
    }

    /// Lets questions that the operator would not answer be asked again.
    pub async fn ask_again(&self) {
        self.asker.ask_again();
        self.keyring.ask_again().await;
        for jump in lock(&self.jumps).values() {
            if let Ok(mut jump) = jump.try_lock() {
                jump.failed = None;
            }
        }
    }

    /// Connects and logs in.
    ///
    /// # Errors
    /// Why not, after every address was tried.
    pub async fn connect(
        &self,
        dial: &Dial,
        progress: impl Fn(Progress) + Send + Sync,
    ) -> Result<Host, Why> {
        let resolved = match &dial.like {
            Some(like) => self.config.node(&dial.destination, like),
            None => self.config.destination(&dial.destination),
        };
        let (config, notices) = resolved.map_err(Why::Ssh)?;
        self.note(notices.iter().map(ToString::to_string));
        let via = match &dial.via {
            Some(via) => Some(Arc::clone(via)),
            None if config.jumps.is_empty() => None,
            None => Some(self.jump(&config.jumps, 0).await?),
        };
        let mut places = VecDeque::from([(config.host_name.clone(), config.port)]);
        for place in &dial.addresses {
            if !places.contains(place) {
                places.push_back(place.clone());
            }
        }
        // Where an address is known too, a name that is slow to resolve comes last.
        let mut patience = if places.len() > 1 {
            PROMPT
        } else {
            config.connect_timeout
        };
        let mut failed: Option<Why> = None;
        while let Some((host, port)) = places.pop_front() {
            let way = Way {
                config: &config,
                at: (&host, port),
                lookup: std::mem::replace(&mut patience, config.connect_timeout),
                via: via.as_ref(),
                typed: dial.typed,
                node: dial.like.is_some(),
                cluster: dial.cluster.as_deref(),
            };
            let hurried = way.lookup < config.connect_timeout;
            match self.connect_by(&way, &progress).await {
                Err(why) if !why.host_answers() => {
                    tracing::debug!(host, port, %why, "no connection");
                    if hurried && why == SLOW_NAME {
                        places.push_back((host, port));
                        continue;
                    }
                    // That a name has no address says less than what became of another try.
                    if !matches!((&failed, &why), (Some(_), Why::Unresolved { .. })) {
                        failed = Some(why);
                    }
                }
                Ok(host) if dial.like.is_none() => {
                    self.remember(host.key.as_ref());
                    return Ok(host);
                }
                done => return done,
            }
        }
        Err(failed.unwrap_or(Why::Unresolved {
            host: config.host_name,
        }))
    }

    /// The connection to the last of these jump hosts, which all that go this way share.
    fn jump<'a>(
        &'a self,
        hops: &'a [Destination],
        depth: usize,
    ) -> Pin<Box<dyn Future<Output = Result<Arc<Host>, Why>> + Send + 'a>> {
        Box::pin(async move {
            let Some((last, before)) = hops.split_last() else {
                return Err(Why::Ssh("no jump host".to_owned()));
            };
            let wrap = |why: Why| match why {
                // Its own words name the hop that failed.
                Why::Jump { .. } => why,
                why => Why::Jump {
                    host: last.to_string(),
                    why: Box::new(why),
                },
            };
            if depth >= MAX_JUMPS {
                return Err(wrap(Why::Ssh("jump hosts without end".to_owned())));
            }
            let way: Vec<String> = hops.iter().map(ToString::to_string).collect();
            let slot = Arc::clone(lock(&self.jumps).entry(way.join(",")).or_default());
            let mut slot = slot.lock().await;
            if let Some(host) = slot.host.as_ref().filter(|host| !host.closed()) {
                return Ok(Arc::clone(host));
            }
            slot.host = None;
            if let Some((at, why)) = &slot.failed
                && at.elapsed() < JUMP_REST
            {
                return Err(why.clone());
            }
            let made = self.connect_jump(last, before, depth).await.map_err(wrap);
            slot.failed = made.as_ref().err().map(|why| (Instant::now(), why.clone()));
            slot.host = made.as_ref().ok().map(Arc::clone);
            made
        })
    }

    async fn connect_jump(
        &self,
        last: &Destination,
        before: &[Destination],
        depth: usize,
    ) -> Result<Arc<Host>, Why> {
        let (config, notices) = self.config.jump(last);
        self.note(notices.iter().map(ToString::to_string));
        // What the operator wrote stands in front; only the first hop may have a way of its own.
        let before = if before.is_empty() {
            config.jumps.as_slice()
        } else {
            before
        };
        let via = match before {
            [] => None,
            hops => Some(self.jump(hops, depth + 1).await?),
        };
        let way = Way {
            config: &config,
            at: (&config.host_name, config.port),
            lookup: config.connect_timeout,
            via: via.as_ref(),
            typed: true,
            node: false,
            cluster: None,
        };
        self.connect_by(&way, &|_| ()).await.map(Arc::new)
    }

    /// Connects to one address. An unknown host key ends the connection; the operator is asked
    /// while there is none, so that the host does not lose its patience, and it is made anew.
    async fn connect_by(
        &self,
        way: &Way<'_>,
        progress: &(impl Fn(Progress) + Send + Sync),
    ) -> Result<Host, Why> {
        loop {
            progress(Progress::Connecting);
            let trust = self.trust(way);
            let names = trust.names().clone();
            let limit = way.config.connect_timeout;
            let addresses = way.lookup().await?;
            let mut permit = self.permit().await?;
            let mut connecting = std::pin::pin!(timeout(limit, way.stream(addresses)));
            let stream = match timeout(PROMPT, &mut connecting).await {
                Ok(stream) => stream,
                // A host that is down must not keep those that are up waiting.
                Err(_) => {
                    drop(permit);
                    let stream = connecting.await;
                    permit = self.permit().await?;
                    stream
                }
            };
            let stream = stream.map_err(|_| Why::TimedOut("connecting"))??;
            let client = client_config(way.config, trust.preferred());
            let shown = super::host::SharedShown::default();
            let verifier = Verifier {
                trust,
                shown: Arc::clone(&shown),
            };
            let shaking = timeout(limit, client::connect_stream(client, stream, verifier)).await;
            let shaking = shaking.map_err(|_| Why::TimedOut("waiting for SSH to answer"))?;
            let verdict = lock(&shown).verdict.take();
            let mut handle = match (shaking, verdict) {
                (Ok(handle), _) => handle,
                (Err(_), Some(Verdict::Refused(why))) => return Err(why),
                (Err(_), Some(Verdict::Unknown(key))) => {
                    drop(permit);
                    self.introduce(way.config, &names, &key).await?;
                    continue;
                }
                (Err(error), _) => return Err(Why::Ssh(words(&error))),
            };
            progress(Progress::Authenticating);
            let login = Login {
                config: way.config,
                typed: way.typed,
                keyring: &self.keyring,
                asker: &self.asker,
            };
            let proof = auth::login(&mut handle, &login).await?;
            let shown = lock(&shown).clone();
            let name = way.config.original.clone();
            return Ok(Host::new(name, handle, proof, shown, way.via.cloned()));
        }
    }

    async fn permit(&self) -> Result<SemaphorePermit<'_>, Why> {
        let permit = self.gate.acquire().await;
        permit.map_err(|_| Why::Ssh("shut down".to_owned()))
    }

    fn trust(&self, way: &Way<'_>) -> Trust {
        let (mut trust, complaints) = Trust::gather(way.config, way.at, way.cluster);
        self.note(complaints);
        let accepted = lock(&self.accepted);
        let of_name = accepted
            .iter()
            .filter(|(names, _)| names.same_host(trust.names()));
        let keys: Vec<PublicKey> = of_name.map(|(_, key)| key.clone()).collect();
        trust.accept(&keys);
        if way.node {
            trust.accept(&lock(&self.verified));
        }
        trust
    }

    /// Asks about an unknown host key, and records it.
    async fn introduce(
        &self,
        config: &HostConfig,
        names: &known_hosts::Names,
        key: &PublicKey,
    ) -> Result<(), Why> {
        let unknown = || Why::HostKeyUnknown {
            fingerprint: fingerprint(key),
        };
        let file = config.user_known_hosts.first();
        match config.strict {
            Strict::Yes => return Err(unknown()),
            Strict::Ask if config.batch => return Err(unknown()),
            Strict::Ask => {
                let kind = AskKind::HostKey {
                    key_type: key.algorithm().as_str().to_owned(),
                    fingerprint: fingerprint(key),
                    recorded_in: file
                        .map(|file| file.display().to_string())
                        .unwrap_or_default(),
                };
                if self.asker.ask_unless_declined(&config.original, kind).await != Answer::Yes {
                    return Err(unknown());
                }
            }
            Strict::AcceptNew => {}
        }
        lock(&self.accepted).push((names.clone(), key.clone()));
        if let Some(file) = file
            && let Err(error) = known_hosts::append(file, names, key, config.hash_known_hosts)
        {
            self.note([format!("{}: {}", file.display(), stream::plain(&error))]);
        }
        Ok(())
    }

    fn remember(&self, key: Option<&PublicKey>) {
        let mut verified = lock(&self.verified);
        if let Some(key) = key.filter(|key| !verified.contains(key)) {
            verified.push(key.clone());
        }
    }

    fn note(&self, texts: impl IntoIterator<Item = String>) {
        let mut notes = lock(&self.notes);
        for text in texts {
            if notes.said.insert(text.clone()) {
                notes.fresh.push(text);
            }
        }
    }
}

/// One way to one host.
struct Way<'a> {
    config: &'a HostConfig,
    at: (&'a str, u16),
    /// How long the name may take to resolve.
    lookup: Duration,
    via: Option<&'a Arc<Host>>,
    typed: bool,
    /// A node that the cluster named.
    node: bool,
    cluster: Option<&'a ClusterKeys>,
}

impl Way<'_> {
    /// The addresses that are connected to from here; none where something else connects.
    async fn lookup(&self) -> Result<Vec<SocketAddr>, Why> {
        if self.via.is_some() || self.config.proxy_command.is_some() {
            return Ok(Vec::new());
        }
        let (host, port) = self.at;
        let found = stream::lookup(host, port, self.config.address_family);
        timeout(self.lookup, found).await.map_err(|_| SLOW_NAME)?
    }

    async fn stream(&self, addresses: Vec<SocketAddr>) -> Result<Box<dyn Stream>, Why> {
        let (host, port) = self.at;
        match (self.via, &self.config.proxy_command) {
            (Some(via), _) => via.forward(host, port).await,
            (None, Some(command)) => Ok(Box::new(Piped::start(command)?)),
            (None, None) => Ok(Box::new(stream::tcp(addresses).await?)),
        }
    }
}

/// What russh says, in an operator's words.
fn words(error: &russh::Error) -> String {
    match error {
        russh::Error::Version => "what answers there is not SSH".to_owned(),
        russh::Error::Disconnect | russh::Error::HUP => "the host hung up".to_owned(),
        russh::Error::IO(error) => stream::plain(error),
        russh::Error::NoCommonAlgo { kind, theirs, .. } => {
            format!(
                "no common {kind:?} algorithm; the host has {}",
                theirs.join(", ")
            )
        }
        other => other.to_string(),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
