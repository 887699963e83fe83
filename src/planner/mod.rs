//! Thinking ahead: pure reasoning over the model.

pub mod findings;

pub use findings::{Finding, Severity, Subject, findings};
