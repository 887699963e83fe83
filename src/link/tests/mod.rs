//! The way to a host against OpenSSH's own server, and against hosts that misbehave.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod agents;
mod faults;
mod human;
mod login;
mod server;
mod sshd;
