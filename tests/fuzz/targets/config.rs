#![no_main]
//! A `config.data`, by both of its readers.

use gantry_agent::master::{file, layout::Layouts};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let (Ok(part), Ok(layouts)) = (file::parse(bytes), Layouts::read(bytes)) else {
        return;
    };
    for disk in part.instances.iter().flat_map(|instance| &instance.disks) {
        layouts.get(&disk.uuid);
    }
});
