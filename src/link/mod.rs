//! SSH to the node agents; nothing else opens sockets.

pub mod ask;
pub mod known_hosts;
pub mod session;
pub mod ssh_config;
pub mod why;
