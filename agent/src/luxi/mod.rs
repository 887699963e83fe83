//! LUXI, the language in which luxid on the master answers: JSON messages over a Unix socket,
//! each ended by the byte 0x03.

pub mod client;
pub mod connection;
pub mod error;
#[cfg(test)]
pub mod fake;
pub mod row;

pub use client::Client;
pub use error::Error;
pub use row::Row;
