//! The terminal; nothing else touches it.
