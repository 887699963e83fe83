//! Thinking ahead: pure reasoning over the model.
