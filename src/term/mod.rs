//! The terminal; nothing else touches it.

pub mod paint;
mod pen;
mod picture;
mod shift;
mod sign;

pub use paint::Painter;
