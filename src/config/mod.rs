//! Files and flags to one value.

pub mod args;
pub mod file;
pub mod htools;
pub mod target;

pub use args::{Command, Do, Invocation};
pub use file::{Desktop, NotifyBy, Settings};
pub use htools::Htool;
pub use target::{Deploy, Destination, LinkOptions, SshOptions, Target};
