//! Run modes: the live console, the headless commands; the only room that knows everyone.

pub mod list;
pub mod log;
pub mod status;
