#![no_main]
//! Frames as they come from the other side, cut anywhere.

use gantry_wire::frame::{Lines, report, request};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, &[u8])| {
    let (size, bytes) = input;
    let mut lines = Lines::default();
    for piece in bytes.chunks(usize::from(size).max(1)) {
        lines.push(piece);
        while let Ok(Some(line)) = lines.next_line() {
            let _ = request(line);
            let _ = report(line);
        }
    }
    let _ = lines.finish();
});
