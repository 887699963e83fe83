//! How a pair is, from what its ends say now. An end that is lost says nothing: the other end's
//! word counts.

mod case;
mod contact;
mod contradiction;
mod copies;
mod progress;
mod split;

use crate::planner::Severity;

use super::State;

pub(super) use case::Case;
use contact::{apart, silent, together};
use contradiction::contradiction;
use copies::{diskless, no_copy};
use progress::going;
use split::split;

/// What should pass by itself is a warning after so many seconds.
pub(crate) const LONG: f64 = 300.0;

/// Ends may tell of one change at different times: they contradict each other only if neither has
/// changed for so many milliseconds.
pub(super) const SETTLED: u64 = 10_000;

/// How it is.
pub(super) struct Verdict {
    pub state: State,
    pub severity: Option<Severity>,
    pub text: String,
    pub since: Option<f64>,
}

/// How it is.
pub(super) fn judge(case: &Case) -> Verdict {
    let said = case.said();
    let mut verdict = if said.is_empty() {
        silent(case)
    } else {
        split(case, &said)
            .or_else(|| diskless(case, &said))
            .or_else(|| contradiction(case, &said))
            .or_else(|| no_copy(case, &said))
            .or_else(|| going(case, &said))
            .or_else(|| apart(case, &said))
            .unwrap_or_else(|| together(case, &said))
    };
    let held: Vec<&str> = said
        .iter()
        .filter(|said| said.device.io_suspended)
        .map(|said| said.end.node())
        .collect();
    if !held.is_empty() {
        let rest = match verdict.text.as_str() {
            "" => String::new(),
            text => format!(", {text}"),
        };
        verdict.text = format!("I/O suspended on {}{rest}", held.join(" and "));
        verdict.severity = Some(Severity::Critical);
        verdict.state = verdict.state.max(State::Degraded);
    }
    verdict
}
