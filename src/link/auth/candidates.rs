//! Which keys are tried, and in which order.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use russh::keys::agent::AgentIdentity;
use russh::keys::{Certificate, PrivateKey, PublicKey};

use super::ssh_agent::SshAgent;
use crate::link::keyring::{KeyFile, certificate_beside, is_security_key};
use crate::link::ssh_config::HostConfig;
use crate::link::trust::fingerprint;

/// A key to try.
pub(super) enum Candidate {
    /// The SSH agent signs.
    Agent { key: PublicKey, comment: String },
    /// The SSH agent signs below a certificate.
    AgentCertificate {
        certificate: Box<Certificate>,
        comment: String,
    },
    /// A key from a file, with the certificate that belongs to it.
    Open {
        file: PathBuf,
        key: Arc<PrivateKey>,
        certificate: Option<Box<Certificate>>,
    },
    /// A key from a file that wants its passphrase.
    Locked {
        file: PathBuf,
        public: Option<PublicKey>,
        certificate: Option<Box<Certificate>>,
    },
    /// A named file that is of no use, and why.
    Useless(String),
}

/// How a key is called in front of the operator.
pub(super) struct Name {
    pub text: String,
    pub touch: bool,
}

impl Candidate {
    pub fn name(&self) -> Name {
        let (text, touch) = match self {
            Candidate::Agent { key, comment } => (agent_name(key, comment), is_security_key(key)),
            Candidate::AgentCertificate {
                certificate,
                comment,
            } => {
                let key = PublicKey::new(certificate.public_key().clone(), "");
                (
                    format!("certificate of {}", agent_name(&key, comment)),
                    is_security_key(&key),
                )
            }
            Candidate::Open {
                file,
                certificate: None,
                ..
            }
            | Candidate::Locked {
                file,
                certificate: None,
                ..
            } => (format!("key {}", file.display()), false),
            Candidate::Open { file, .. } | Candidate::Locked { file, .. } => {
                (format!("certificate of {}", file.display()), false)
            }
            Candidate::Useless(why) => (why.clone(), false),
        };
        Name { text, touch }
    }
}

fn agent_name(key: &PublicKey, comment: &str) -> String {
    match comment {
        "" => format!("agent key {}", fingerprint(key)),
        comment => format!("agent key {comment}"),
    }
}

/// All keys in the order of ssh(1): those of the SSH agent that the files name, its others, then
/// the files themselves. Certificates go before their keys.
pub(super) fn gather(config: &HostConfig, agent: Option<&SshAgent>) -> VecDeque<Candidate> {
    let files: Vec<(&PathBuf, KeyFile)> = config
        .identity_files
        .iter()
        .map(|file| (file, KeyFile::read(file)))
        .collect();
    let held = agent
        .map(|agent| agent.identities.clone())
        .unwrap_or_default();
    let mut keys = VecDeque::new();
    let named = named_certificates(config, &mut keys);
    agent_keys(config, &files, &held, &named, &mut keys);
    for (path, file) in files {
        let in_agent = file
            .public()
            .is_some_and(|key| held.iter().any(|id| is_key(id, key)));
        if !in_agent {
            file_keys(config, path, file, &named, &mut keys);
        }
    }
    keys
}

/// The certificates that `CertificateFile` names.
fn named_certificates(config: &HostConfig, keys: &mut VecDeque<Candidate>) -> Vec<Certificate> {
    let mut named = Vec::new();
    for file in &config.certificate_files {
        match Certificate::read_file(file) {
            Ok(certificate) => named.push(certificate),
            Err(error) => {
                keys.push_back(Candidate::Useless(format!("{}: {error}", file.display())))
            }
        }
    }
    named
}

fn agent_keys(
    config: &HostConfig,
    files: &[(&PathBuf, KeyFile)],
    held: &[AgentIdentity],
    named: &[Certificate],
    keys: &mut VecDeque<Candidate>,
) {
    let is_named = |id: &AgentIdentity| {
        files
            .iter()
            .filter_map(|(_, file)| file.public())
            .any(|key| is_key(id, key))
            || named
                .iter()
                .any(|c| id.public_key().key_data() == c.public_key())
    };
    let mut order: Vec<&AgentIdentity> = held.iter().filter(|id| is_named(id)).collect();
    if !config.identities_only {
        order.extend(held.iter().filter(|id| !is_named(id)));
    }
    for id in order {
        let comment = id.comment().to_owned();
        match id {
            AgentIdentity::Certificate { certificate, .. } => {
                keys.push_back(Candidate::AgentCertificate {
                    certificate: Box::new(certificate.clone()),
                    comment,
                })
            }
            AgentIdentity::PublicKey { key, .. } => {
                for certificate in certificates_of(key, named) {
                    keys.push_back(Candidate::AgentCertificate {
                        certificate: Box::new(certificate),
                        comment: comment.clone(),
                    });
                }
                keys.push_back(Candidate::Agent {
                    key: key.clone(),
                    comment,
                });
            }
        }
    }
}

fn file_keys(
    config: &HostConfig,
    path: &Path,
    file: KeyFile,
    named: &[Certificate],
    keys: &mut VecDeque<Candidate>,
) {
    let public = file.public().cloned();
    let mut certificates: Vec<Certificate> = Vec::new();
    if let Some(public) = &public {
        certificates.extend(certificates_of(public, named));
        certificates
            .extend(certificate_beside(path).filter(|c| c.public_key() == public.key_data()));
    }
    let certificates = certificates
        .into_iter()
        .map(|c| Some(Box::new(c)))
        .chain([None]);
    let name = path.display();
    let useless = match file {
        KeyFile::Open(key) => {
            keys.extend(certificates.map(|certificate| Candidate::Open {
                file: path.to_owned(),
                key: Arc::clone(&key),
                certificate,
            }));
            return;
        }
        KeyFile::Locked(_) => {
            keys.extend(certificates.map(|certificate| Candidate::Locked {
                file: path.to_owned(),
                public: public.clone(),
                certificate,
            }));
            return;
        }
        KeyFile::Public(_) => {
            format!("{name} is only a public key, and the SSH agent has not the other half")
        }
        KeyFile::SecurityKey(_) => {
            format!("{name} is a security key: ssh-add it, gantry uses those through the SSH agent")
        }
        KeyFile::Absent => format!("{name} does not exist"),
        KeyFile::Bad(why) => format!("{name}: {why}"),
    };
    // Of the customary files most are never there, and nobody wants to hear of it.
    if config.identities_named {
        keys.push_back(Candidate::Useless(useless));
    }
}

fn certificates_of(key: &PublicKey, named: &[Certificate]) -> Vec<Certificate> {
    let of_key = named.iter().filter(|c| c.public_key() == key.key_data());
    of_key.cloned().collect()
}

fn is_key(id: &AgentIdentity, key: &PublicKey) -> bool {
    id.public_key().key_data() == key.key_data()
}
