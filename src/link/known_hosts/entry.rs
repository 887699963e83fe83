//! One line of a known_hosts file.

use hmac::{Hmac, KeyInit, Mac};
use russh::keys::PublicKey;
use russh::keys::ssh_encoding::base64::{Base64, Encoding};
use sha1::Sha1;

use super::Place;
use crate::link::ssh_config::pattern::any_fits;

/// What a line says about its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Marker {
    /// It is the key of these hosts.
    None,
    /// It signs the certificates of these hosts.
    Authority,
    /// It must never be taken.
    Revoked,
}

/// One line.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub marker: Marker,
    pub key: PublicKey,
    pub place: Place,
    hosts: Hosts,
}

/// Whom a line is about.
#[derive(Clone, Debug)]
enum Hosts {
    Patterns(Vec<String>),
    Hashed { salt: Vec<u8>, hash: Vec<u8> },
}

impl Entry {
    /// Reads a line; `None` for a blank one or a comment.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn read(line: &str, place: &Place) -> Result<Option<Entry>, String> {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return Ok(None);
        }
        let mut fields = line.split_ascii_whitespace();
        let mut field = |what: &str| fields.next().ok_or_else(|| format!("no {what}"));
        let mut first = field("host")?;
        let marker = match first {
            "@cert-authority" => Marker::Authority,
            "@revoked" => Marker::Revoked,
            other if other.starts_with('@') => return Err(format!("unknown marker {other:?}")),
            _ => Marker::None,
        };
        if marker != Marker::None {
            first = field("host")?;
        }
        let hosts = match first.strip_prefix("|1|") {
            Some(rest) => hashed_host(rest).ok_or("a hashed name that cannot be read")?,
            None => Hosts::Patterns(first.split(',').map(str::to_lowercase).collect()),
        };
        let kind = field("key type")?;
        let key = field("key")?;
        let key = russh::keys::parse_public_key_base64(key)
            .map_err(|error| format!("its key: {error}"))?;
        if key.algorithm().as_str() != kind {
            return Err(format!(
                "a key of type {} under the name of {kind}",
                key.algorithm().as_str()
            ));
        }
        Ok(Some(Entry {
            marker,
            key,
            place: place.clone(),
            hosts,
        }))
    }

    /// Whether the line is about the host of this name, as known_hosts writes it.
    pub fn names(&self, name: &str) -> bool {
        match &self.hosts {
            Hosts::Patterns(patterns) => any_fits(patterns.iter().map(String::as_str), name),
            Hosts::Hashed { salt, hash } => {
                digest(salt, name).is_some_and(|mac| mac.verify_slice(hash).is_ok())
            }
        }
    }

    /// Whether the line is about the host of any of these names.
    pub fn names_any(&self, names: &[String]) -> bool {
        names.iter().any(|name| self.names(name))
    }
}

fn hashed_host(text: &str) -> Option<Hosts> {
    let (salt, hash) = text.split_once('|')?;
    let salt = Base64::decode_vec(salt).ok()?;
    let hash = Base64::decode_vec(hash).ok()?;
    Some(Hosts::Hashed { salt, hash })
}

fn digest(salt: &[u8], name: &str) -> Option<Hmac<Sha1>> {
    // Any length of key will do for an HMAC: this does not fail.
    let mac = Hmac::<Sha1>::new_from_slice(salt).ok()?;
    Some(mac.chain_update(name.as_bytes()))
}

/// A name as `HashKnownHosts` writes it; the name itself should that ever fail.
pub(super) fn hashed(name: &str) -> String {
    let salt: [u8; 20] = super::super::random();
    match digest(&salt, name) {
        Some(mac) => {
            let hash = mac.finalize().into_bytes();
            format!(
                "|1|{}|{}",
                Base64::encode_string(&salt),
                Base64::encode_string(&hash)
            )
        }
        None => name.to_owned(),
    }
}
