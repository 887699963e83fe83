#![no_main]
//! The kernel's log.

use gantry_agent::probe::drbd::kernel::Log;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut log = Log::default();
    for line in text.lines() {
        log.line(line);
    }
    log.of(0, "resource0");
});
