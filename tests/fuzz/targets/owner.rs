#![no_main]
//! What Ganeti notes of whose a device is, in a file and in the name of a link.

use gantry_agent::probe::drbd::owner::noted::{link, note};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    note(text);
    link(text);
});
