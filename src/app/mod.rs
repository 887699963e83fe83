//! The screen as data: state, messages, the one update function, effects.
