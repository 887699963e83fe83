//! Files and flags to one value.

pub mod args;
pub mod file;
pub mod target;

pub use args::{Command, Invocation};
pub use file::Settings;
pub use target::{Deploy, Destination, LinkOptions, SshOptions, Target};
