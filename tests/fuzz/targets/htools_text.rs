#![no_main]
//! A cluster in the htools' text format: read, written and read again, reckoned with and balanced.

use gantry::planner::htools::balance::{Balancer, Options, Scope};
use gantry::planner::htools::text::{read, write};
use gantry::planner::htools::{Cluster, N1Rule, Setup, check};
use gantry::planner::n1::{N1, Report};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let Ok(data) = read(text) else { return };
    let written = write(&data);
    let again = read(&written).expect("what is written can be read");
    assert_eq!(write(&again), written);
    if let Ok(mut n1) = N1::of(data.clone(), N1Rule::Reported) {
        Report::made(&mut n1);
    }
    if let Ok(mut cluster) = Cluster::new(data, &Setup::default()) {
        check::check(&cluster, true);
        let options = Options {
            max_length: 3,
            ..Options::default()
        };
        let scope = Scope::group(&cluster, 0);
        Balancer::new(&mut cluster, &scope, &options).for_each(drop);
    }
});
