//! gantry's node agent as a library: the real agent, and what simulated nodes share with it.

pub mod pieces;
pub mod session;
