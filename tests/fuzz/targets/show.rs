#![no_main]
//! What `drbdsetup show` prints.

use gantry_agent::probe::drbd::show::parse;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    parse(text);
});
