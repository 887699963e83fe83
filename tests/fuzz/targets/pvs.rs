#![no_main]
//! What `pvs` prints, in any form.

use gantry_agent::probe::lvm::pvs::parse;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let parsed = parse(text);
    assert!(parsed.complaints.len() <= 21, "complaints are bounded");
    assert!(parsed.list.iter().all(|it| !it.name.is_empty()), "what has no name is nothing");
});
