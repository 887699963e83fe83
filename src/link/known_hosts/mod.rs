//! Which host keys are known: known_hosts files as sshd(8) describes them.
//!
//! russh's own check knows neither markers nor patterns and takes a file that it cannot read for
//! an empty one; so only its reading of keys is used here.

mod entry;

use std::fmt;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use russh::keys::ssh_key::Fingerprint;
use russh::keys::ssh_key::certificate::CertType;
use russh::keys::{Algorithm, Certificate, HashAlg, PublicKey};

use entry::{Entry, Marker};

/// Where an entry stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The file, or the node whose answer it was.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.line)
    }
}

/// What the files say about a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// It is this host's.
    Yes,
    /// Nothing; but keys of these other types are known for the host.
    No(Vec<String>),
    /// Another key of the same type is known for the host.
    Changed(Place),
    /// It was revoked.
    Revoked(Place),
}

/// The names under which one host may be known, the best first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names(Vec<String>);

impl Names {
    /// A name and a port as known_hosts writes them.
    pub fn of(host: &str, port: u16) -> Names {
        Names(vec![written(host, port)])
    }

    /// An alias, which never carries a port.
    pub fn alias(name: &str) -> Names {
        Names(vec![name.to_lowercase()])
    }

    /// Both are about the same host: the name to record is the same.
    pub fn same_host(&self, other: &Names) -> bool {
        self.0.first() == other.0.first()
    }

    /// Adds one more name.
    pub fn or(mut self, other: Names) -> Names {
        self.0.extend(other.0);
        self
    }
}

/// Entries of one or more files.
#[derive(Clone, Debug, Default)]
pub struct KnownHosts {
    entries: Vec<Entry>,
}

impl KnownHosts {
    /// Reads files; one that does not exist is empty. Says what could not be read: a line that
    /// makes no sense binds nothing, but a file that cannot be read may hide a changed key.
    pub fn load(files: &[PathBuf]) -> (KnownHosts, Vec<String>) {
        let mut known = KnownHosts::default();
        let mut complaints = Vec::new();
        for file in files {
            match std::fs::read(file) {
                Ok(bytes) => complaints.extend(known.add(&String::from_utf8_lossy(&bytes), file)),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => complaints.push(format!("{}: {error}", file.display())),
            }
        }
        (known, complaints)
    }

    /// Adds the lines of a text; returns what is wrong with lines of it.
    pub fn add(&mut self, text: &str, file: &Path) -> Vec<String> {
        let mut complaints = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let place = Place {
                file: file.to_owned(),
                line: index + 1,
            };
            match Entry::read(line, &place) {
                Ok(Some(entry)) => self.entries.push(entry),
                Ok(None) => {}
                Err(why) => complaints.push(format!("{place}: {why}")),
            }
        }
        complaints
    }

    /// What is known about a key that a host has shown. One good name is enough, but a name for
    /// which another key of that type is known outweighs the names after it.
    pub fn check(&self, names: &Names, key: &PublicKey) -> Known {
        let key = key.key_data();
        let revoked = self
            .of_marker(Marker::Revoked)
            .find(|e| e.key.key_data() == key && e.names_any(&names.0));
        if let Some(entry) = revoked {
            return Known::Revoked(entry.place.clone());
        }
        let mut others = Vec::new();
        for name in &names.0 {
            let of_name: Vec<&Entry> = self
                .of_marker(Marker::None)
                .filter(|e| e.names(name))
                .collect();
            if of_name.iter().any(|e| e.key.key_data() == key) {
                return Known::Yes;
            }
            if let Some(entry) = of_name
                .iter()
                .find(|e| e.key.algorithm() == key.algorithm())
            {
                return Known::Changed(entry.place.clone());
            }
            others.extend(
                of_name
                    .iter()
                    .map(|e| e.key.algorithm().as_str().to_owned()),
            );
        }
        others.sort();
        others.dedup();
        Known::No(others)
    }

    /// Whether an authority that is trusted for this host vouches for it with this certificate.
    ///
    /// # Errors
    /// Why not, in words.
    pub fn check_certificate(
        &self,
        names: &Names,
        host: &str,
        certificate: &Certificate,
    ) -> Result<(), String> {
        let authority = PublicKey::new(certificate.signature_key().clone(), "");
        for key in [
            &authority,
            &PublicKey::new(certificate.public_key().clone(), ""),
        ] {
            if let Known::Revoked(place) = self.check(names, key) {
                return Err(format!("a key of its certificate was revoked ({place})"));
            }
        }
        let trusted: Vec<Fingerprint> = self
            .authorities(names)
            .map(|key| key.fingerprint(HashAlg::Sha256))
            .collect();
        if !trusted.contains(&authority.fingerprint(HashAlg::Sha256)) {
            return Err(
                "no @cert-authority line names the one that signed its certificate".to_owned(),
            );
        }
        if certificate.cert_type() != CertType::Host {
            return Err("its certificate is a user's, not a host's".to_owned());
        }
        if !certificate.critical_options().is_empty() {
            return Err("its certificate has conditions that gantry does not know".to_owned());
        }
        let principals = certificate.valid_principals();
        let host = host.to_lowercase();
        if !principals.is_empty()
            && !principals
                .iter()
                .any(|p| super::ssh_config::pattern::fits(&p.to_lowercase(), &host))
        {
            return Err(format!("its certificate is for {}", principals.join(", ")));
        }
        certificate
            .validate(&trusted)
            .map_err(|_| "its certificate is not valid now, or badly signed".to_owned())
    }

    /// The algorithms of the keys that are known for a host, so that the server is asked for one
    /// of those.
    pub fn algorithms(&self, names: &Names) -> Vec<Algorithm> {
        let known = self
            .of_marker(Marker::None)
            .filter(|e| e.names_any(&names.0));
        let mut algorithms: Vec<Algorithm> = known.map(|e| e.key.algorithm()).collect();
        algorithms.dedup();
        algorithms
    }

    /// Whether an authority is trusted for a host.
    pub fn has_authority(&self, names: &Names) -> bool {
        self.authorities(names).next().is_some()
    }

    fn authorities(&self, names: &Names) -> impl Iterator<Item = &PublicKey> {
        self.of_marker(Marker::Authority)
            .filter(|e| e.names_any(&names.0))
            .map(|e| &e.key)
    }

    fn of_marker(&self, marker: Marker) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |e| e.marker == marker)
    }
}

/// A host and a port as known_hosts writes them.
fn written(host: &str, port: u16) -> String {
    let host = host.to_lowercase();
    match port {
        22 => host,
        port => format!("[{host}]:{port}"),
    }
}

/// Appends one key to a file, which is made if need be. With `hashed` the name is not readable
/// from the file.
///
/// # Errors
/// The file cannot be written.
pub fn append(file: &Path, names: &Names, key: &PublicKey, hashed: bool) -> std::io::Result<()> {
    let Some(name) = names.0.first() else {
        return Ok(());
    };
    let name = if hashed {
        entry::hashed(name)
    } else {
        name.clone()
    };
    let key = PublicKey::new(key.key_data().clone(), "");
    let key = key.to_openssh().map_err(std::io::Error::other)?;
    if let Some(dir) = file.parent() {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(dir)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.read(true).append(true).create(true);
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(file)?;
    // A last line that lacks its newline must not swallow ours.
    let mut last = *b"\n";
    if file.seek(SeekFrom::End(-1)).is_ok() {
        file.read_exact(&mut last)?;
    }
    let gap = if last == *b"\n" { "" } else { "\n" };
    // One write, so that several consoles may append at once.
    file.write_all(format!("{gap}{name} {key}\n").as_bytes())
}

#[cfg(test)]
mod tests;
