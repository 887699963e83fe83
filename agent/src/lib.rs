//! gantry's node agent as a library: the real agent, and what simulated nodes share with it.

pub mod act;
pub mod archive;
pub mod args;
pub mod config_data;
pub mod drbd_news;
pub mod luxi;
pub mod machine;
pub mod master;
pub mod panics;
pub mod pieces;
pub mod place;
pub mod probe;
pub mod rate;
mod rooted;
pub mod serve;
pub mod session;
pub mod snapshot;
pub mod ssconf;
pub mod terminal;
pub mod waker;
