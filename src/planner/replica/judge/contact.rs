//! Pairs by how their ends talk to each other: not at all, apart, or together.

use crate::model::drbd::connected;
use crate::model::words::{age, mib};
use crate::planner::Severity;
use crate::planner::replica::{Seen, State};

use super::Verdict;
use super::case::{Case, End, Said, calm, disk, earliest, latest};

/// No end says anything now.
pub(super) fn silent(case: &Case) -> Verdict {
    let [a, b] = &case.ends;
    let absent = |end: &End| end.half.seen == Seen::Absent;
    let since = a.since().into_iter().chain(b.since());
    let since = since.max_by(f64::total_cmp);
    if absent(a) && case.runs {
        let severity = case.unless_busy(Severity::Critical, a.since());
        return Verdict {
            state: State::Degraded,
            severity: Some(severity),
            text: format!("not active on {}, though it runs", a.node()),
            since: a.since(),
        };
    }
    if absent(a) && (absent(b) || b.half.seen == Seen::Offline) {
        return calm(State::Down, since);
    }
    let lost: Vec<String> = case
        .ends
        .iter()
        .filter_map(|end| match end.half.seen {
            Seen::Was(at) => {
                let ago = age(case.at.since(at) as f64 / 1e3);
                Some(format!("{} lost {ago}", end.node()))
            }
            Seen::Offline => Some(format!("{} is offline", end.node())),
            _ => None,
        })
        .collect();
    Verdict {
        text: lost.join(", "),
        ..calm(State::Unknown, None)
    }
}

/// The ends do not talk to each other.
pub(super) fn apart(case: &Case, said: &[Said]) -> Option<Verdict> {
    let away: Vec<&Said> = said
        .iter()
        .filter(|said| !connected(&said.device.connection))
        .collect();
    let first = away.first()?;
    let since = earliest(away.iter().copied());
    let for_long = case.for_long(since);
    let waits = |said: &&&Said| said.device.connection == "WFConnection";
    let Some(waiting) = away.iter().find(waits) else {
        let word = &first.device.connection;
        let severity = case.passing(since);
        let state = match word.as_str() {
            "Unconnected" | "Timeout" | "BrokenPipe" | "NetworkFailure" | "ProtocolError"
            | "TearDown" | "Disconnecting" | "WFReportParams" => State::Connecting,
            _ => State::Unknown,
        };
        return Some(Verdict {
            state,
            severity: Some(severity),
            text: format!("{} says {word}{for_long}", first.end.node()),
            since,
        });
    };
    let (node, other) = (waiting.end.node(), waiting.other);
    let peer = other.node();
    let text = match other.half.seen {
        Seen::Now => match away.as_slice() {
            [_, _] if away.iter().all(|it| it.device.connection == "WFConnection") => {
                format!("{node} and {peer} do not reach each other{for_long}")
            }
            _ => format!("{node} waits for {peer}{for_long}"),
        },
        Seen::Absent => format!("{peer} has no such device, {node} waits{for_long}"),
        Seen::Offline => format!("peer {peer} is offline{for_long}"),
        Seen::Was(_) | Seen::Unknown => format!("peer {peer} is away{for_long}"),
    };
    // With its own node the instance is down, and what is left is one copy. A secondary's node that
    // is lost does not pass by itself either.
    let lost = other.lost && matches!(other.half.seen, Seen::Was(_) | Seen::Unknown);
    let severity = if lost && std::ptr::eq(other, &case.ends[0]) && case.wanted {
        Severity::Critical
    } else if lost {
        Severity::Warning
    } else {
        case.passing(since)
    };
    Some(Verdict {
        state: State::Degraded,
        severity: Some(case.unless_busy(severity, since)),
        text,
        since,
    })
}

/// The ends talk to each other, and nothing is under way.
pub(super) fn together(case: &Case, said: &[Said]) -> Verdict {
    let [a, b] = &case.ends;
    let since = latest(said);
    let missing = said.iter().filter_map(|said| said.device.oos_kib).max();
    let missing = missing.filter(|kib| *kib > 0);
    let kib = |kib: u64| mib(kib.div_ceil(1024));
    let bad = [(a, disk(a, b)), (b, disk(b, a))]
        .into_iter()
        .find(|(_, word)| !matches!(*word, "UpToDate" | "" | "DUnknown"));
    let of = |word: &str| said.iter().find(|said| said.device.connection == word);
    let shakes = said.iter().any(|said| {
        !matches!(
            said.device.connection.as_str(),
            "Connected" | "Ahead" | "Behind"
        )
    });
    let behind = of("Behind").map(|said| said.end);
    let behind = behind.or(of("Ahead").map(|said| said.other));
    let (state, severity, text) = if let Some(end) = behind {
        let much = missing.map_or_else(String::new, |much| format!(": {}", kib(much)));
        let text = format!("{} is behind{much}", end.node());
        (State::Degraded, case.passing(since), text)
    } else if shakes || bad.is_some_and(|(_, it)| matches!(it, "Attaching" | "Negotiating")) {
        let word = said.first().map_or("", |said| &said.device.connection);
        let text = format!("{word}{}", case.for_long(since));
        (State::Connecting, case.passing(since), text)
    } else if let Some((end, word)) = bad {
        let much = missing.map_or_else(String::new, |much| format!(": {} missing", kib(much)));
        let text = format!("{word} on {}{much}", end.node());
        (State::Degraded, case.passing(since), text)
    } else if let Some(much) = missing.filter(|_| case.settled()) {
        let text = format!("{} differ (found by verify?)", kib(much));
        (State::Disagrees, Severity::Warning, text)
    } else if [disk(a, b), disk(b, a)] == ["UpToDate"; 2] {
        return calm(State::Healthy, since);
    } else {
        return calm(State::Unknown, since);
    };
    Verdict {
        state,
        severity: Some(case.unless_busy(severity, since)),
        text,
        since,
    }
}
