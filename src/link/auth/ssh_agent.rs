//! The operator's SSH agent: it holds keys that it never shows.

use std::time::Duration;

use russh::client::Handle;
use russh::keys::agent::AgentIdentity;
use russh::keys::agent::client::AgentClient;
use russh::keys::{HashAlg, PublicKey};
use russh::{AgentAuthError, Signer};
use tokio::net::UnixStream;

use crate::link::ssh_config::HostConfig;
use crate::link::trust::Verifier;

/// How long the agent may take to say what it holds.
const ANSWER: Duration = Duration::from_secs(10);

/// A connection to the agent, bound to one SSH connection.
pub(super) struct SshAgent {
    client: AgentClient<UnixStream>,
    /// What it holds.
    pub identities: Vec<AgentIdentity>,
}

impl SshAgent {
    /// Connects, if there is an agent that answers.
    pub async fn connect(config: &HostConfig, handle: &Handle<Verifier>) -> Option<SshAgent> {
        let socket = config.identity_agent.as_ref()?;
        let talking = async {
            let mut client = AgentClient::connect_uds(socket).await?;
            // Keys that may be used for certain destinations only are not shown without this; an
            // agent that does not know it says so, and that is no harm.
            if let Some(binding) = handle.agent_session_binding() {
                let _ = client.bind_session(binding, false).await;
            }
            let identities = client.request_identities().await?;
            Ok::<_, russh::keys::Error>(SshAgent { client, identities })
        };
        match tokio::time::timeout(ANSWER, talking).await {
            Ok(Ok(agent)) => Some(agent),
            Ok(Err(error)) => {
                tracing::warn!(socket = %socket.display(), %error, "no SSH agent");
                None
            }
            Err(_) => {
                tracing::warn!(socket = %socket.display(), "the SSH agent does not answer");
                None
            }
        }
    }

    fn holds(&self, wanted: &AgentIdentity) -> bool {
        self.identities.iter().any(|held| match (held, wanted) {
            (
                AgentIdentity::Certificate { certificate: a, .. },
                AgentIdentity::Certificate { certificate: b, .. },
            ) => a.to_bytes().ok() == b.to_bytes().ok(),
            (AgentIdentity::PublicKey { key: a, .. }, AgentIdentity::PublicKey { key: b, .. }) => {
                a.key_data() == b.key_data()
            }
            _ => false,
        })
    }
}

impl Signer for SshAgent {
    type Error = AgentAuthError;

    async fn auth_sign(
        &mut self,
        key: &AgentIdentity,
        hash: Option<HashAlg>,
        data: Vec<u8>,
    ) -> Result<Vec<u8>, AgentAuthError> {
        // A certificate from a file is not known to the agent, but the key below it is.
        let plain;
        let key = match key {
            AgentIdentity::Certificate { certificate, .. } if !self.holds(key) => {
                plain = AgentIdentity::from(PublicKey::new(certificate.public_key().clone(), ""));
                &plain
            }
            key => key,
        };
        Ok(self.client.sign_request(key, hash, data).await?)
    }
}

/// Signs nothing: whoever gets as far as being asked knows that the host would take the key.
pub(super) struct Unsigned;

impl Signer for Unsigned {
    type Error = AgentAuthError;

    async fn auth_sign(
        &mut self,
        _: &AgentIdentity,
        _: Option<HashAlg>,
        _: Vec<u8>,
    ) -> Result<Vec<u8>, AgentAuthError> {
        Err(russh::keys::Error::KeyIsEncrypted.into())
    }
}
