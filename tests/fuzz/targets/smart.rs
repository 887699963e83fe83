#![no_main]
//! What `smartctl -H -i` prints, as JSON and in words.

use gantry_agent::probe::health::parse;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let health = parse(text);
    assert_eq!(health.passed.is_none(), !health.why.is_empty(), "a word, or why there is none");
});
