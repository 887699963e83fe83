#![no_main]
//! What `drbdsetup events2` prints.

use gantry_agent::probe::drbd::events::parse;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    parse(text, "events2").seen();
});
