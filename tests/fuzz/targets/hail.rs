#![no_main]
//! A request to the instance allocator.

use gantry::planner::htools::ialloc::read;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = read(text);
    }
});
