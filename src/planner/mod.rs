//! Thinking ahead: pure reasoning over the model.

pub mod findings;
pub mod htools;
pub mod locks;
pub mod n1;
pub mod phases;
pub mod present;
pub mod replica;
pub mod storage;
pub mod think;
pub mod verify;
pub mod whatif;
pub mod work;

#[cfg(test)]
pub(crate) mod fixture;

pub use findings::{Finding, Severity, Subject, findings};
pub use present::Present;
