//! Proving to a host who the operator is: keys of the SSH agent, key files, certificates, what the
//! host asks, and a password last.

mod candidates;
mod ssh_agent;

use std::collections::VecDeque;
use std::future::Future;
use std::time::Duration;

use russh::client::{AuthResult, Handle, KeyboardInteractiveAuthResponse as Reply};
use russh::keys::{HashAlg, PrivateKeyWithHashAlg, PublicKey};
use russh::{MethodKind, MethodSet};
use zeroize::Zeroizing;

use super::ask::{Answer, AskKind, Asker};
use super::keyring::Keyring;
use super::ssh_config::HostConfig;
use super::trust::Verifier;
use super::why::Why;
use candidates::Candidate;
use ssh_agent::{SshAgent, Unsigned};

/// How long the host may take for each step.
const STEP: Duration = Duration::from_secs(20);

/// How long the SSH agent may take: somebody may have to find and touch a key.
const SIGN: Duration = Duration::from_secs(60);

/// How often a password may be mistyped, and a dialogue begun anew.
const TRIES: usize = 3;

/// Everything that a login needs.
pub(super) struct Login<'a> {
    pub config: &'a HostConfig,
    /// The operator named or confirmed this host: it may ask for secrets.
    pub typed: bool,
    pub keyring: &'a Keyring,
    pub asker: &'a Asker,
}

/// What the host took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// In words: `key node_key`, `password`, ...
    pub by: String,
    /// The key wants a touch for each use; its name.
    pub touch: Option<String>,
}

/// Logs in.
///
/// # Errors
/// [`Why::AuthRefused`] with all that was tried, or how the conversation broke.
pub(super) async fn login(handle: &mut Handle<Verifier>, login: &Login<'_>) -> Result<Proof, Why> {
    let mut it = Attempt {
        handle,
        login,
        offered: Vec::new(),
        tried: Vec::new(),
        hash: None,
    };
    let user = login.config.user.as_str();
    let result = step(it.handle.authenticate_none(user)).await?;
    if it.took(result) == Step::In {
        return Ok(proof("nothing".to_owned()));
    }
    let mut agent = None;
    let mut keys = VecDeque::new();
    if login.config.pubkey && it.offers(MethodKind::PublicKey) {
        agent = SshAgent::connect(login.config, it.handle).await;
        keys = candidates::gather(login.config, agent.as_ref());
    }
    // A host may want several proofs, each in its turn: go round while it takes one.
    loop {
        match it.round(&mut keys, agent.as_mut()).await? {
            Round::In(proof) => return Ok(proof),
            Round::Partial => {}
            Round::Refused => return Err(it.refused()),
        }
    }
}

/// The state of one login.
struct Attempt<'a> {
    handle: &'a mut Handle<Verifier>,
    login: &'a Login<'a>,
    /// What the host would still take.
    offered: Vec<MethodKind>,
    /// What it did not, in words.
    tried: Vec<String>,
    /// The hash for RSA signatures, once it was worked out.
    hash: Option<HashAlg>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    In,
    Partial,
    Refused,
}

enum Round {
    In(Proof),
    Partial,
    Refused,
}

impl Attempt<'_> {
    async fn round(
        &mut self,
        keys: &mut VecDeque<Candidate>,
        mut agent: Option<&mut SshAgent>,
    ) -> Result<Round, Why> {
        while self.offers(MethodKind::PublicKey) {
            let Some(key) = keys.pop_front() else { break };
            let name = key.name();
            match self.key(key, agent.as_deref_mut()).await? {
                Step::In => return Ok(Round::In(self.by_key(name))),
                Step::Partial => return Ok(Round::Partial),
                Step::Refused => self.tried.push(name.text),
            }
        }
        if self.login.config.batch {
            return Ok(Round::Refused);
        }
        if self.login.config.interactive && self.offers(MethodKind::KeyboardInteractive) {
            match self.dialogue().await? {
                Step::In => return Ok(Round::In(proof("keyboard-interactive".to_owned()))),
                Step::Partial => return Ok(Round::Partial),
                Step::Refused => {}
            }
        }
        if self.login.config.password && self.offers(MethodKind::Password) {
            match self.password().await? {
                Step::In => return Ok(Round::In(proof("password".to_owned()))),
                Step::Partial => return Ok(Round::Partial),
                Step::Refused => {}
            }
        }
        Ok(Round::Refused)
    }

    fn by_key(&self, name: candidates::Name) -> Proof {
        Proof {
            touch: name.touch.then(|| name.text.clone()),
            by: name.text,
        }
    }

    /// Tries one key.
    async fn key(&mut self, key: Candidate, agent: Option<&mut SshAgent>) -> Result<Step, Why> {
        let user = self.login.config.user.clone();
        let result = match (key, agent) {
            (Candidate::Agent { key, .. }, Some(agent)) => {
                let hash = self.hash_for(&key).await;
                let signing = self
                    .handle
                    .authenticate_publickey_with(user, key, hash, agent);
                signed(within(SIGN, signing).await?)
            }
            (Candidate::AgentCertificate { certificate, .. }, Some(agent)) => {
                let hash = self
                    .hash_for(&PublicKey::new(certificate.public_key().clone(), ""))
                    .await;
                let signing =
                    self.handle
                        .authenticate_certificate_with(user, *certificate, hash, agent);
                signed(within(SIGN, signing).await?)
            }
            (
                Candidate::Open {
                    key,
                    certificate: Some(certificate),
                    ..
                },
                _,
            ) => {
                let proving = self
                    .handle
                    .authenticate_openssh_cert(user, key, *certificate);
                Some(step(proving).await?)
            }
            (
                Candidate::Open {
                    key,
                    certificate: None,
                    ..
                },
                _,
            ) => {
                let hash = self.hash_for(key.public_key()).await;
                let key = PrivateKeyWithHashAlg::new(key, hash);
                Some(step(self.handle.authenticate_publickey(user, key)).await?)
            }
            (
                Candidate::Locked {
                    file,
                    public,
                    certificate,
                },
                _,
            ) => {
                return self.locked(&file, public, certificate).await;
            }
            (
                Candidate::Agent { .. }
                | Candidate::AgentCertificate { .. }
                | Candidate::Useless(_),
                _,
            ) => None,
        };
        Ok(result.map_or(Step::Refused, |result| self.took(result)))
    }

    /// Tries a key whose passphrase is not known yet. The host is asked first whether it would
    /// take the key at all, so that nobody types a passphrase for nothing.
    async fn locked(
        &mut self,
        file: &std::path::Path,
        public: Option<PublicKey>,
        certificate: Option<Box<russh::keys::Certificate>>,
    ) -> Result<Step, Why> {
        let user = self.login.config.user.clone();
        if let Some(public) = public
            && certificate.is_none()
        {
            let hash = self.hash_for(&public).await;
            let mut unsigned = Unsigned;
            let asking = self
                .handle
                .authenticate_publickey_with(user, public, hash, &mut unsigned);
            if let Ok(result) = within(STEP, asking).await? {
                return Ok(self.took(result));
            }
        }
        if self.login.config.batch {
            return Ok(Step::Refused);
        }
        let host = self.login.config.original.as_str();
        match self
            .login
            .keyring
            .unlock(file, host, self.login.asker)
            .await
        {
            Some(key) => {
                let file = file.to_owned();
                let open = Candidate::Open {
                    file,
                    key,
                    certificate,
                };
                Box::pin(self.key(open, None)).await
            }
            None => Ok(Step::Refused),
        }
    }

    /// Answers what the host asks.
    async fn dialogue(&mut self) -> Result<Step, Why> {
        let user = self.login.config.user.clone();
        for _ in 0..TRIES {
            let starting = self
                .handle
                .authenticate_keyboard_interactive_start(user.clone(), None);
            let mut reply = step(starting).await?;
            loop {
                let answers = match reply {
                    Reply::Success => return Ok(Step::In),
                    Reply::Failure {
                        remaining_methods,
                        partial_success,
                    } => {
                        let step = self.left(remaining_methods, partial_success);
                        if step == Step::Partial || !self.offers(MethodKind::KeyboardInteractive) {
                            return Ok(step);
                        }
                        break;
                    }
                    Reply::InfoRequest {
                        name,
                        instructions,
                        prompts,
                    } => {
                        let prompts = prompts.into_iter().map(|p| (p.prompt, p.echo)).collect();
                        match self.answers(name, instructions, prompts).await {
                            Some(answers) => answers,
                            // Nothing would come of asking the same again.
                            None => return Ok(Step::Refused),
                        }
                    }
                };
                let answering = self
                    .handle
                    .authenticate_keyboard_interactive_respond(answers);
                reply = step(answering).await?;
            }
            if !self.tried.iter().any(|t| t == "keyboard-interactive") {
                self.tried.push("keyboard-interactive".to_owned());
            }
        }
        Ok(Step::Refused)
    }

    async fn answers(
        &mut self,
        name: String,
        instructions: String,
        prompts: Vec<(String, bool)>,
    ) -> Option<Vec<String>> {
        if prompts.is_empty() {
            return Some(Vec::new());
        }
        if !self.login.typed {
            self.tried
                .push("questions are answered only to hosts that were named".to_owned());
            return None;
        }
        let wanted = prompts.len();
        let kind = AskKind::Interactive {
            name,
            instructions,
            prompts,
        };
        match self
            .login
            .asker
            .ask_unless_declined(&self.login.config.original, kind)
            .await
        {
            Answer::Text(mut answers) => {
                answers.resize(wanted, String::new());
                Some(answers)
            }
            Answer::Yes | Answer::No => {
                self.tried
                    .push("keyboard-interactive not answered".to_owned());
                None
            }
        }
    }

    async fn password(&mut self) -> Result<Step, Why> {
        let config = self.login.config;
        let account = format!("{}@{}:{}", config.user, config.host_name, config.port);
        if !self.login.typed {
            self.tried
                .push("passwords go only to hosts that were named".to_owned());
            return Ok(Step::Refused);
        }
        let mut kept = self.login.keyring.password(&account);
        for attempt in 0..TRIES {
            let password = match kept.take() {
                Some(password) => password,
                None => {
                    let kind = AskKind::Password {
                        user: config.user.clone(),
                        again: attempt > 0,
                    };
                    match self
                        .login
                        .asker
                        .ask_unless_declined(&config.original, kind)
                        .await
                    {
                        Answer::Text(mut typed) => Zeroizing::new(typed.pop().unwrap_or_default()),
                        Answer::Yes | Answer::No => {
                            self.tried.push("no password given".to_owned());
                            return Ok(Step::Refused);
                        }
                    }
                }
            };
            let proving = self
                .handle
                .authenticate_password(config.user.clone(), password.as_str());
            let result = step(proving).await?;
            match self.took(result) {
                Step::Refused => self.login.keyring.set_password(&account, None),
                taken => {
                    self.login.keyring.set_password(&account, Some(password));
                    return Ok(taken);
                }
            }
            if !self.offers(MethodKind::Password) {
                break;
            }
        }
        self.tried.push("password".to_owned());
        Ok(Step::Refused)
    }

    /// The hash to sign with: only RSA keys have a choice.
    async fn hash_for(&mut self, key: &PublicKey) -> Option<HashAlg> {
        if !key.algorithm().is_rsa() {
            return None;
        }
        if self.hash.is_none() {
            let best = tokio::time::timeout(STEP, self.handle.best_supported_rsa_hash()).await;
            let best = best.ok().and_then(Result::ok).flatten().flatten();
            self.hash = best.or(Some(HashAlg::Sha256));
        }
        self.hash
    }

    fn took(&mut self, result: AuthResult) -> Step {
        match result {
            AuthResult::Success => Step::In,
            AuthResult::Failure {
                remaining_methods,
                partial_success,
            } => self.left(remaining_methods, partial_success),
        }
    }

    fn left(&mut self, remaining: MethodSet, partial: bool) -> Step {
        self.offered = remaining.to_vec();
        if partial {
            Step::Partial
        } else {
            Step::Refused
        }
    }

    fn offers(&self, method: MethodKind) -> bool {
        !self.handle.is_closed() && self.offered.contains(&method)
    }

    /// Why nothing helped, in words.
    fn refused(self) -> Why {
        let mut tried = match self.tried.as_slice() {
            [] => "there was no key to try".to_owned(),
            tried => tried.join(", "),
        };
        if self.handle.is_closed() {
            tried.push_str("; then the host hung up: too many keys? see IdentitiesOnly");
        } else {
            let offered: Vec<String> = self.offered.iter().map(String::from).collect();
            tried.push_str(&format!("; the host takes {}", offered.join(", ")));
        }
        Why::AuthRefused {
            user: self.login.config.user.clone(),
            tried,
        }
    }
}

fn proof(by: String) -> Proof {
    Proof { by, touch: None }
}

/// The result of a key that somebody else had to sign with; nothing if they would not.
fn signed(result: Result<AuthResult, russh::AgentAuthError>) -> Option<AuthResult> {
    result
        .inspect_err(|error| tracing::debug!(%error, "the SSH agent did not sign"))
        .ok()
}

/// One step of the conversation.
async fn step<T>(doing: impl Future<Output = Result<T, russh::Error>>) -> Result<T, Why> {
    within(STEP, doing)
        .await?
        .map_err(|error| Why::Ssh(format!("while logging in: {error}")))
}

async fn within<T>(limit: Duration, doing: impl Future<Output = T>) -> Result<T, Why> {
    tokio::time::timeout(limit, doing)
        .await
        .map_err(|_| Why::TimedOut("logging in"))
}
