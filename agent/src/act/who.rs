//! Who is at the other end, as far as this side can know.

use base64ct::{Base64, Base64Unpadded, Encoding};
use sha2::{Digest, Sha256};

use crate::place::Place;

/// Set by sshd for a session's own eyes, where `ExposeAuthInfo` is on.
const VARIABLE: &str = "SSH_USER_AUTH";

/// The name that the key's command gives, and the key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Who {
    name: String,
    key: Option<String>,
}

impl Who {
    /// With the fingerprint of the key, if it is known.
    pub fn new(name: &str, key: Option<String>) -> Who {
        Who {
            name: name.to_owned(),
            key,
        }
    }

    /// Of this process's session.
    pub fn of_session(place: &Place, name: &str) -> Who {
        let file = std::env::var_os(VARIABLE);
        let text = file.and_then(|file| place.text(file.as_ref()).ok());
        Who::new(name, text.and_then(|text| fingerprint(&text)))
    }
}

impl std::fmt::Display for Who {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "as={:?} ", self.name)?;
        match &self.key {
            Some(key) => write!(f, "key={key}"),
            None => write!(f, "key=unknown"),
        }
    }
}

/// The first key's fingerprint as ssh-keygen prints it, from lines such as
/// `publickey ssh-ed25519 AAAAC3...`.
fn fingerprint(text: &str) -> Option<String> {
    let key = text
        .lines()
        .find_map(|line| line.strip_prefix("publickey "))?;
    let blob = Base64::decode_vec(key.split_whitespace().nth(1)?).ok()?;
    let digest = Base64Unpadded::encode_string(&Sha256::digest(blob));
    Some(format!("SHA256:{digest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_that_of_ssh_keygen() {
        let text = "password\npublickey ssh-ed25519 \
            AAAAC3NzaC1lZDI1NTE5AAAAIJ+9AYwY+IYOZ2wUQRSPbLVAnUWDdDYwyGj4CDA7qhWp\n";
        let expected = "SHA256:DTHqbQuXhG8MfMWa+OLP+pfulFWZeZpflMu1ANV79l4";
        assert_eq!(fingerprint(text).as_deref(), Some(expected));
        for odd in [
            "",
            "password\n",
            "publickey ssh-rsa",
            "publickey ssh-rsa %%%",
        ] {
            assert_eq!(fingerprint(odd), None, "{odd}");
        }
    }
}
