//! Files and flags to one value.
