//! SSH to the node agents; nothing else opens sockets.

pub mod ask;
pub mod dial;
pub mod fleet;
pub mod inbox;
pub mod known_hosts;
pub mod local;
pub mod session;
pub mod ssh_config;
pub mod why;
