#![no_main]
//! `/proc/drbd`, whole or half-written.

use gantry_agent::probe::drbd::proc::parse;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    parse(bytes, "proc/drbd");
});
