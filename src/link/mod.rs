//! SSH to the node agents; nothing else opens sockets.

pub mod ask;
pub mod ssh_config;
pub mod why;
