#![no_main]
//! What `drbdsetup show-gi` prints.

use gantry_agent::probe::drbd::gi::{parse, uuids};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    parse(text);
    uuids(text);
});
