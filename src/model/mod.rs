//! What is known of a cluster: facts only, no I/O, no clock.
