//! Waiting for facts. A test says what it waits for; time only bounds how long a failure takes to show.

use std::thread;
use std::time::{Duration, Instant};

/// Asks again and again until the answer is there; fails with what was waited for and the last answer.
pub fn until<T>(what: &str, within: Duration, mut ask: impl FnMut() -> Result<T, String>) -> T {
    let end = Instant::now() + within;
    loop {
        match ask() {
            Ok(answer) => return answer,
            Err(last) if Instant::now() >= end => {
                panic!("waited {within:?} for {what}; the last that was seen: {last}")
            }
            Err(_) => thread::sleep(Duration::from_millis(50)),
        }
    }
}
