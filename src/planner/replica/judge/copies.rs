//! Disks that are gone, and pairs without a good copy.

use crate::planner::Severity;
use crate::planner::replica::State;

use super::Verdict;
use super::case::{Case, End, Said, beside, disk, latest};

/// A disk that is gone or going.
fn lost_disk(word: &str) -> bool {
    matches!(word, "Diskless" | "Failed" | "Detaching")
}

/// An end has lost its disk.
pub(super) fn diskless(case: &Case, said: &[Said]) -> Option<Verdict> {
    let [a, b] = &case.ends;
    let lost: Vec<(&End, &str)> = [(a, disk(a, b)), (b, disk(b, a))]
        .into_iter()
        .filter(|(_, word)| lost_disk(word))
        .collect();
    let (end, word) = lost.first()?;
    let (where_, on_primary) = match lost.as_slice() {
        [_, _] => (format!("{} and {}", a.node(), b.node()), true),
        _ => {
            let acts = match end.half.now() {
                Some(device) => device.role == "Primary",
                None => said.iter().any(|said| said.device.peer_role == "Primary"),
            };
            (end.node().to_owned(), acts || std::ptr::eq(*end, a))
        }
    };
    let since = end.since().or(latest(said));
    let severity = if on_primary {
        Severity::Critical
    } else {
        Severity::Warning
    };
    Some(Verdict {
        state: State::Diskless,
        severity: Some(case.unless_busy(severity, since)),
        text: format!("{word} on {where_}{}", case.for_long(since)),
        since,
    })
}

/// No end has a good copy, or the one that may have it is not seen.
pub(super) fn no_copy(case: &Case, said: &[Said]) -> Option<Verdict> {
    let [a, b] = &case.ends;
    let words = [(a, disk(a, b)), (b, disk(b, a))];
    let good = |word: &str| word == "UpToDate";
    let passing = |word: &str| matches!(word, "Attaching" | "Negotiating");
    let known = |word: &str| !matches!(word, "" | "DUnknown");
    if words.iter().any(|(_, word)| good(word) || passing(word))
        || !words.iter().any(|(_, word)| known(word))
    {
        return None;
    }
    let since = latest(said);
    let bad: Vec<String> = words
        .iter()
        .filter(|(_, word)| known(word))
        .map(|(end, word)| format!("{word} on {}", end.node()))
        .collect();
    let (text, severity) = match words.iter().find(|(_, word)| !known(word)) {
        None => (
            format!("no good copy: {}", bad.join(", ")),
            Severity::Critical,
        ),
        Some((end, _)) if said.len() == 1 => (
            format!("{}, {}", bad.join(", "), beside(end)),
            Severity::Warning,
        ),
        Some(_) => (bad.join(", "), Severity::Warning),
    };
    Some(Verdict {
        state: State::Degraded,
        severity: Some(case.unless_busy(severity, since)),
        text,
        since,
    })
}
