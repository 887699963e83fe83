//! Whether a host is who it says it is.

use std::borrow::Cow;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use russh::client;
use russh::keys::{Algorithm, HashAlg, PublicKey, PublicKeyOrCertificate};

use super::dial::ClusterKeys;
use super::known_hosts::{Known, KnownHosts, Names};
use super::ssh_config::HostConfig;
use super::why::Why;

/// All that a host key is judged by.
pub(super) struct Trust {
    known: KnownHosts,
    names: Names,
    host: String,
    verified: Vec<PublicKey>,
}

/// What became of a host key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Trusted,
    /// Nobody has said anything about it.
    Unknown(PublicKey),
    Refused(Why),
}

impl Trust {
    /// Gathers it for a host that is reached at an address. Returns also what could not be read.
    pub fn gather(
        config: &HostConfig,
        at: (&str, u16),
        cluster: Option<&ClusterKeys>,
    ) -> (Trust, Vec<String>) {
        let files = [
            config.user_known_hosts.as_slice(),
            &config.global_known_hosts,
        ]
        .concat();
        let (mut known, complaints) = KnownHosts::load(&files);
        let mut names = match &config.host_key_alias {
            Some(alias) => Names::alias(alias),
            None => Names::of(&config.host_name, config.port),
        };
        if let Some(cluster) = cluster {
            let source = format!("known_hosts of {}", cluster.alias);
            // What it holds that cannot be read is the cluster's affair.
            known.add(&cluster.known_hosts, Path::new(&source));
            names = names
                .or(Names::alias(&cluster.alias))
                .or(Names::of(at.0, at.1));
        }
        let trust = Trust {
            known,
            names,
            host: config.host_name.clone(),
            verified: Vec::new(),
        };
        (trust, complaints)
    }

    /// The names it is known under, the first being the one to record.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// Adds keys that are as good as recorded.
    pub fn accept(&mut self, keys: &[PublicKey]) {
        self.verified.extend_from_slice(keys);
    }

    /// Judges what the host has shown.
    pub fn judge(&self, shown: &PublicKeyOrCertificate) -> Verdict {
        if let Some(certificate) = shown.certificate() {
            return match self
                .known
                .check_certificate(&self.names, &self.host, certificate)
            {
                Ok(()) => Verdict::Trusted,
                Err(why) => Verdict::Refused(Why::HostCertificate(why)),
            };
        }
        let key = shown.public_key();
        match self.known.check(&self.names, &key) {
            Known::Yes => Verdict::Trusted,
            Known::No(_) if self.verified.iter().any(|k| k.key_data() == key.key_data()) => {
                Verdict::Trusted
            }
            Known::No(_) => Verdict::Unknown(key),
            Known::Changed(place) => Verdict::Refused(Why::HostKeyChanged {
                fingerprint: fingerprint(&key),
                recorded: place.to_string(),
            }),
            Known::Revoked(place) => Verdict::Refused(Why::HostKeyRevoked {
                fingerprint: fingerprint(&key),
                recorded: place.to_string(),
            }),
        }
    }

    /// Algorithms in the order in which they are asked for: first those whose keys are known, so
    /// that a host with several keys shows the one that can be checked.
    pub fn preferred(&self) -> russh::Preferred {
        let mut preferred = russh::Preferred::default();
        let mut known = self.known.algorithms(&self.names);
        known.extend(self.verified.iter().map(PublicKey::algorithm));
        let is_known = |algorithm: &Algorithm| {
            known
                .iter()
                .any(|k| k == algorithm || (is_rsa(k) && is_rsa(algorithm)))
        };
        let mut keys = preferred.key.to_vec();
        keys.sort_by_key(|algorithm| !is_known(algorithm));
        if self.known.has_authority(&self.names) {
            preferred.host_key_certificates = Cow::Owned(keys.clone());
        }
        preferred.key = Cow::Owned(keys);
        preferred
    }
}

/// An RSA key signs with any of several hashes, each an algorithm of its own.
fn is_rsa(algorithm: &Algorithm) -> bool {
    matches!(algorithm, Algorithm::Rsa { .. })
}

/// `SHA256:...`, as ssh-keygen prints it.
pub(super) fn fingerprint(key: &PublicKey) -> String {
    key.fingerprint(HashAlg::Sha256).to_string()
}

/// What a host said before anybody logged in.
#[derive(Clone, Debug, Default)]
pub(super) struct Shown {
    pub verdict: Option<Verdict>,
    pub key: Option<PublicKey>,
    /// The banner it wants shown, cut to a page.
    pub banner: String,
}

/// Receives what russh has to ask and to tell.
pub(super) struct Verifier {
    pub trust: Trust,
    pub shown: Arc<Mutex<Shown>>,
}

impl Verifier {
    fn shown(&self) -> std::sync::MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl client::Handler for Verifier {
    type Error = russh::Error;

    async fn check_server_key(
        &mut self,
        shown: &PublicKeyOrCertificate,
    ) -> Result<bool, russh::Error> {
        let verdict = self.trust.judge(shown);
        let trusted = verdict == Verdict::Trusted;
        let mut record = self.shown();
        record.verdict = Some(verdict);
        record.key = Some(shown.public_key());
        Ok(trusted)
    }

    async fn auth_banner(
        &mut self,
        banner: &str,
        _: &mut client::Session,
    ) -> Result<(), russh::Error> {
        const PAGE: usize = 2000;
        self.shown().banner = banner.chars().take(PAGE).collect();
        Ok(())
    }
}
