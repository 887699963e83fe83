//! Throwaway keys: made at the start, kept in memory.

use std::net::SocketAddr;

use russh::keys::ssh_key::LineEnding;
use russh::keys::{Algorithm, PrivateKey};

/// The keys of one demo.
#[derive(Clone, Debug)]
pub struct Keys {
    /// One for all nodes, as Ganeti has it.
    pub host: PrivateKey,
    /// The only one that is let in.
    pub client: PrivateKey,
}

impl Keys {
    /// New keys.
    ///
    /// # Errors
    /// The system has no random numbers to give.
    pub fn generate() -> std::io::Result<Keys> {
        let mut random = russh::keys::key::safe_rng();
        let mut key =
            || PrivateKey::random(&mut random, Algorithm::Ed25519).map_err(std::io::Error::other);
        Ok(Keys {
            host: key()?,
            client: key()?,
        })
    }

    /// The host key as `known_hosts` and `authorized_keys` have it: type and base64.
    ///
    /// # Errors
    /// The key cannot be written down.
    pub fn host_line(&self) -> std::io::Result<String> {
        self.host
            .public_key()
            .to_openssh()
            .map_err(std::io::Error::other)
    }

    /// The client's key as a file for `ssh -i`.
    ///
    /// # Errors
    /// The key cannot be written down.
    pub fn client_file(&self) -> std::io::Result<String> {
        self.client
            .to_openssh(LineEnding::LF)
            .map(|text| text.to_string())
            .map_err(std::io::Error::other)
    }
}

/// A `known_hosts` line by which the cluster's name and all its addresses are known.
pub fn known_hosts_line(cluster: &str, addresses: &[SocketAddr], host_key: &str) -> String {
    let mut names = vec![cluster.to_owned()];
    for address in addresses {
        names.push(match address.port() {
            22 => address.ip().to_string(),
            port => format!("[{}]:{port}", address.ip()),
        });
    }
    format!("{} {host_key}\n", names.join(","))
}
