//! Thinking ahead: pure reasoning over the model.

pub mod findings;
pub mod replica;
pub mod storage;
pub mod work;

pub use findings::{Finding, Severity, Subject, findings};
