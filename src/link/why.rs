//! Why there is no link, in words for the operator.

use std::fmt;

/// Why a link could not be made or did not last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The name has no address.
    Unresolved {
        /// The name.
        host: String,
    },
    /// No TCP connection; the system's word for it.
    Unreachable(String),
    /// Nothing came back in time; says what was being waited for.
    TimedOut(&'static str),
    /// A jump host on the way failed.
    Jump {
        /// Which.
        host: String,
        /// Why.
        why: Box<Why>,
    },
    /// A host through which the way leads would not open it.
    Forward {
        /// Which.
        via: String,
        /// Its reason.
        why: String,
    },
    /// The SSH conversation itself failed.
    Ssh(String),
    /// The host's key is not the one that is recorded.
    HostKeyChanged {
        /// Fingerprint of the key that was shown.
        fingerprint: String,
        /// Where the other one is recorded.
        recorded: String,
    },
    /// The host's key is one that must never be taken again.
    HostKeyRevoked {
        /// Fingerprint of the key that was shown.
        fingerprint: String,
        /// Where it is recorded as revoked.
        recorded: String,
    },
    /// The host showed a certificate that does not hold; why.
    HostCertificate(String),
    /// The host's key is not known and was not accepted.
    HostKeyUnknown {
        /// Fingerprint of the key that was shown.
        fingerprint: String,
    },
    /// No way of proving who we are was accepted.
    AuthRefused {
        /// As whom.
        user: String,
        /// What was tried, in words.
        tried: String,
    },
    /// The operator did not answer a question that had to be.
    NotAnswered(String),
    /// There is no agent on the host.
    NoAgent(String),
    /// The agent cannot run there.
    WrongArch {
        /// The host's architecture.
        host: String,
        /// Architectures that agents were found for.
        have: String,
    },
    /// What answered does not speak the agent's protocol.
    Garbage(String),
    /// The agent speaks another version of the protocol.
    Protocol {
        /// The agent's protocol.
        theirs: u32,
        /// The agent's own version.
        version: String,
    },
    /// The host has an agent, but no Ganeti.
    NoGaneti,
    /// Another node than the one expected answered.
    OtherNode {
        /// Which one.
        name: String,
    },
    /// Nothing was heard for this many seconds.
    Silent(u64),
    /// The agent ended; what it said last.
    Ended(String),
}

impl Why {
    /// Trying again by itself would not help: somebody has to change something.
    pub fn is_final(&self) -> bool {
        match self {
            Why::HostKeyChanged { .. }
            | Why::HostKeyRevoked { .. }
            | Why::HostCertificate(_)
            | Why::HostKeyUnknown { .. }
            | Why::AuthRefused { .. }
            | Why::NotAnswered(_)
            | Why::NoGaneti
            | Why::WrongArch { .. }
            | Why::Protocol { .. } => true,
            Why::Jump { why, .. } => why.is_final(),
            _ => false,
        }
    }

    /// The host itself answered before it failed.
    pub fn host_answers(&self) -> bool {
        !matches!(
            self,
            Why::Unresolved { .. }
                | Why::Unreachable(_)
                | Why::TimedOut(_)
                | Why::Jump { .. }
                | Why::Forward { .. }
                | Why::Silent(_)
        )
    }

    /// There is a host, but no agent that could be started.
    pub fn is_no_agent(&self) -> bool {
        matches!(self, Why::NoAgent(_))
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::Unresolved { host } => write!(f, "no address for {host}"),
            Why::Unreachable(why) => write!(f, "{why}"),
            Why::TimedOut(what) => write!(f, "no answer while {what}"),
            Why::Jump { host, why } => write!(f, "jump host {host}: {why}"),
            Why::Forward { via, why } => write!(f, "not reachable through {via}: {why}"),
            Why::Ssh(why) => write!(f, "SSH failed: {why}"),
            Why::HostKeyChanged {
                fingerprint,
                recorded,
            } => write!(
                f,
                "HOST KEY CHANGED to {fingerprint}: somebody may be listening, or the host was installed anew; \
                 if so, remove the old key from {recorded}"
            ),
            Why::HostKeyRevoked {
                fingerprint,
                recorded,
            } => write!(
                f,
                "host key {fingerprint} was REVOKED ({recorded}): whoever answers is not to be trusted"
            ),
            Why::HostCertificate(why) => write!(f, "the host's certificate does not hold: {why}"),
            Why::HostKeyUnknown { fingerprint } => write!(
                f,
                "host key {fingerprint} is not known and was not accepted"
            ),
            Why::AuthRefused { user, tried } => write!(f, "refused as {user} ({tried})"),
            Why::NotAnswered(what) => write!(f, "no answer to: {what}"),
            Why::NoAgent(why) => write!(f, "no agent: {why}"),
            Why::WrongArch { host, have } => {
                write!(f, "no agent for {host} machines (there is one for {have})")
            }
            Why::Garbage(why) => write!(f, "what answers is no gantry agent: {why}"),
            Why::Protocol { theirs, version } => write!(
                f,
                "the agent there is version {version} with protocol {theirs}, this console speaks {}: install the same version",
                gantry_wire::PROTOCOL
            ),
            Why::NoGaneti => write!(f, "there is no Ganeti on that host"),
            Why::OtherNode { name } => write!(f, "{name} answers there"),
            Why::Silent(seconds) => write!(f, "silent for {seconds} s"),
            Why::Ended(said) if said.is_empty() => write!(f, "the agent ended"),
            Why::Ended(said) => write!(f, "the agent ended: {said}"),
        }
    }
}

impl std::error::Error for Why {}
