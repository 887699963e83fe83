//! What one end says and the other denies.

use crate::model::drbd::connected;
use crate::planner::Severity;
use crate::planner::replica::{Seen, State};

use super::Verdict;
use super::case::{Case, Said, beside, both_primary, latest, wrote_apart};

/// The ends contradict each other.
pub(super) fn contradiction(case: &Case, said: &[Said]) -> Option<Verdict> {
    if !case.settled() {
        return None;
    }
    let since = latest(said);
    let verdict = |severity, text| {
        Some(Verdict {
            state: State::Disagrees,
            severity: Some(severity),
            text,
            since,
        })
    };
    if both_primary(said) && !case.migrates {
        let in_role = |said: &Said| said.end.course?.roles.back()?.since;
        let since = said.iter().filter_map(in_role).max_by(f64::total_cmp);
        return Some(Verdict {
            state: State::Disagrees,
            severity: Some(Severity::Critical),
            text: format!("both are Primary{}", case.for_long(since)),
            since,
        });
    }
    let (x, y) = match said {
        [x, y] => (x, y),
        [x] if x.other.half.seen == Seen::Absent && connected(&x.device.connection) => {
            let (node, word) = (x.end.node(), &x.device.connection);
            let text = format!("{node} says {word}, {}", beside(x.other));
            return verdict(case.unless_busy(Severity::Critical, since), text);
        }
        _ => return None,
    };
    let (one, other) = (&x.device.connection, &y.device.connection);
    let names = (x.end.node(), y.end.node());
    if !fit(one, other) {
        let text = if one == other {
            format!("{} and {} both say {one}", names.0, names.1)
        } else {
            format!("{} says {one}, {} {other}", names.0, names.1)
        };
        return verdict(case.unless_busy(Severity::Critical, since), text);
    }
    let joined = connected(one);
    if wrote_apart(said) {
        let text = if joined {
            "the ends have data of different generations"
        } else {
            "both wrote apart: split brain once they meet"
        };
        return verdict(Severity::Critical, text.to_owned());
    }
    let calls = |a: &Said, b: &Said| {
        let (own, heard) = (&a.device.disk, &b.device.peer_disk);
        let known = !own.is_empty() && !heard.is_empty() && heard != "DUnknown";
        let counts = joined || own == "UpToDate" && heard == "Outdated";
        (known && counts && own != heard).then(|| {
            format!(
                "{} is {own}, {} calls it {heard}",
                a.end.node(),
                b.end.node()
            )
        })
    };
    let roles = |a: &Said, b: &Said| {
        let (own, heard) = (&a.device.role, &b.device.peer_role);
        let known = !own.is_empty() && !heard.is_empty() && heard != "Unknown";
        (known && joined && own != heard).then(|| {
            format!(
                "{} is {own}, {} calls it {heard}",
                a.end.node(),
                b.end.node()
            )
        })
    };
    let text = calls(x, y)
        .or_else(|| calls(y, x))
        .or_else(|| roles(x, y))
        .or_else(|| roles(y, x))?;
    verdict(case.unless_busy(Severity::Critical, since), text)
}

/// Both words may be true of one pair.
fn fit(one: &str, other: &str) -> bool {
    let mate = |word: &str| match word {
        "SyncSource" | "PausedSyncS" => Some("T"),
        "SyncTarget" | "PausedSyncT" => Some("S"),
        "Ahead" => Some("behind"),
        "Behind" => Some("ahead"),
        _ => None,
    };
    match (mate(one), mate(other)) {
        (Some(a), Some(b)) => a != b && (a.len() == b.len() || a.len() > 1 && b.len() > 1),
        // Handshakes are short, and a verify is one end's affair at its edges.
        _ => connected(one) == connected(other),
    }
}
