//! What whole-program tests share: programs, the demo and the lab, and a terminal to look at.

pub mod table;
pub mod terminal;
pub mod wait;
