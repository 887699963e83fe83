//! What is done about a mistake in this program: it costs the part it is in, and is told.

use std::any::Any;

/// Keeps panics from standard error, which nobody may read: a full channel would stop the agent.
/// They are told to the console instead.
pub fn silence() {
    std::panic::set_hook(Box::new(|_| {}));
}

/// A caught panic in words for the operator.
pub fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no reason given");
    format!("a mistake in gantry-agent, please report it: {text}")
}
