//! Secrets that were typed once and serve as long as gantry runs.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use russh::keys::{Certificate, PrivateKey, PublicKey};
use zeroize::Zeroizing;

use super::ask::{Answer, AskKind, Asker};

/// How often a passphrase may be mistyped.
const PASSPHRASE_TRIES: usize = 3;

/// What a key file holds.
pub(super) enum KeyFile {
    /// A key that can be used at once.
    Open(Arc<PrivateKey>),
    /// A key behind a passphrase, and its public half if it can be had without.
    Locked(Option<PublicKey>),
    /// Only a public key: the SSH agent may hold the other half.
    Public(PublicKey),
    /// A security key, which only the SSH agent can use.
    SecurityKey(PublicKey),
    /// There is no such file.
    Absent,
    /// What is wrong with it, in words.
    Bad(String),
}

impl KeyFile {
    /// Reads a file.
    pub fn read(path: &Path) -> KeyFile {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => Zeroizing::new(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return KeyFile::Absent,
            Err(error) => return KeyFile::Bad(super::stream::plain(&error)),
        };
        if let Ok(key) = PublicKey::from_openssh(&text) {
            return KeyFile::Public(key);
        }
        // This form shows its public half without the passphrase.
        if let Ok(key) = PrivateKey::from_openssh(text.as_bytes()) {
            let public = key.public_key().clone();
            return match (is_security_key(&public), key.is_encrypted()) {
                (true, _) => KeyFile::SecurityKey(public),
                (false, true) => KeyFile::Locked(Some(public)),
                (false, false) => KeyFile::Open(Arc::new(key)),
            };
        }
        match russh::keys::decode_secret_key(&text, None) {
            Ok(key) => KeyFile::Open(Arc::new(key)),
            Err(_) if text.contains("ENCRYPTED") => KeyFile::Locked(public_beside(path)),
            Err(error) => KeyFile::Bad(error.to_string()),
        }
    }

    /// Its public half, where that is known.
    pub fn public(&self) -> Option<&PublicKey> {
        match self {
            KeyFile::Open(key) => Some(key.public_key()),
            KeyFile::Public(key) | KeyFile::SecurityKey(key) => Some(key),
            KeyFile::Locked(key) => key.as_ref(),
            KeyFile::Absent | KeyFile::Bad(_) => None,
        }
    }
}

/// The key wants a touch for each use.
pub(super) fn is_security_key(key: &PublicKey) -> bool {
    use russh::keys::Algorithm::{SkEcdsaSha2NistP256, SkEd25519};
    matches!(key.algorithm(), SkEd25519 | SkEcdsaSha2NistP256)
}

/// The public key that ssh-keygen left beside a private one.
pub(super) fn public_beside(path: &Path) -> Option<PublicKey> {
    russh::keys::load_public_key(beside(path, ".pub")).ok()
}

/// The certificate that ssh-keygen left beside a private key.
pub(super) fn certificate_beside(path: &Path) -> Option<Certificate> {
    Certificate::read_file(&beside(path, "-cert.pub")).ok()
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Secrets that were typed. They are kept because a link that breaks at night must come back
/// without anybody there; they are never written and never shown.
#[derive(Default)]
pub(super) struct Keyring {
    /// Opened keys; `None` where the operator would not give the passphrase.
    keys: tokio::sync::Mutex<HashMap<PathBuf, Option<Arc<PrivateKey>>>>,
    passwords: Mutex<HashMap<String, Zeroizing<String>>>,
}

impl Keyring {
    /// The key of a file, after asking for its passphrase if nobody has yet. Others who want the
    /// same key meanwhile wait for that answer.
    pub async fn unlock(&self, path: &Path, host: &str, asker: &Asker) -> Option<Arc<PrivateKey>> {
        let mut keys = self.keys.lock().await;
        if let Some(known) = keys.get(path) {
            return known.clone();
        }
        let text = Zeroizing::new(std::fs::read_to_string(path).ok()?);
        let mut found = None;
        for attempt in 0..PASSPHRASE_TRIES {
            let kind = AskKind::Passphrase {
                file: path.display().to_string(),
                again: attempt > 0,
            };
            let Answer::Text(mut typed) = asker.ask(host, kind).await else {
                break;
            };
            let passphrase = Zeroizing::new(typed.pop().unwrap_or_default());
            let text = text.clone();
            // Made slow on purpose by whoever made the key: not on a thread that others wait for.
            let opened = tokio::task::spawn_blocking(move || {
                russh::keys::decode_secret_key(&text, Some(passphrase.as_str())).ok()
            });
            if let Ok(Some(key)) = opened.await {
                found = Some(Arc::new(key));
                break;
            }
        }
        keys.insert(path.to_owned(), found.clone());
        found
    }

    /// Lets what was refused be asked for again.
    pub async fn ask_again(&self) {
        self.keys.lock().await.retain(|_, key| key.is_some());
    }

    /// The password that was right for this login before.
    pub fn password(&self, login: &str) -> Option<Zeroizing<String>> {
        self.passwords().get(login).cloned()
    }

    /// Keeps a password that was right, or drops one that no longer is.
    pub fn set_password(&self, login: &str, password: Option<Zeroizing<String>>) {
        match password {
            Some(password) => self.passwords().insert(login.to_owned(), password),
            None => self.passwords().remove(login),
        };
    }

    fn passwords(&self) -> std::sync::MutexGuard<'_, HashMap<String, Zeroizing<String>>> {
        self.passwords
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
