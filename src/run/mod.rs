//! Run modes: the live console, the headless commands; the only room that knows everyone.
