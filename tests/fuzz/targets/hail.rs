#![no_main]
//! A request to the instance allocator: read, and answered.

use gantry::planner::htools::ialloc::{Ways, answer, read};
use gantry::planner::htools::{Cluster, Setup};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let Ok(message) = read(text) else { return };
    let data = message.counted(4_096);
    let Ok(mut cluster) = Cluster::new(data, &Setup::default()) else {
        return;
    };
    let ways = Ways {
        networks: message.networks(),
        ..Ways::default()
    };
    answer(&mut cluster, &message.request, &ways).text(&cluster);
});
