#![no_main]
//! What `ceph df --format json` prints.

use gantry_agent::probe::ceph::parse;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = parse(text);
});
