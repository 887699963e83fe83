//! SSH to the node agents; nothing else opens sockets.

pub mod ask;
mod auth;
pub mod connector;
mod deploy;
pub mod dial;
pub mod exec;
pub mod fleet;
pub mod host;
pub mod inbox;
mod keyring;
pub mod known_hosts;
pub mod local;
mod merge;
pub mod session;
pub mod ssh;
pub mod ssh_config;
mod starter;
mod stream;
pub mod terminal;
mod trust;
pub mod why;

pub use auth::Proof;

#[cfg(test)]
mod tests;

use russh::keys::key::safe_rng;

/// Random bytes from the system.
fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    russh::keys::ssh_key::rand_core::Rng::fill_bytes(&mut safe_rng(), &mut bytes);
    bytes
}
