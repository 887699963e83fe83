//! An end has given up on the other.

use crate::planner::Severity;
use crate::planner::replica::State;

use super::Verdict;
use super::case::{Case, Said, beside, both_primary, earliest, wrote_apart};

/// The kernel's log may tell of a split brain this long before the connection is given up.
const SPLIT_BEFORE: f64 = 120.0;

/// An end has given up on the other, and perhaps both were written meanwhile.
pub(super) fn split(case: &Case, said: &[Said]) -> Option<Verdict> {
    let is = |said: &Said, word: &str| said.device.connection == word;
    let alone: Vec<&Said> = said.iter().filter(|it| is(it, "StandAlone")).collect();
    let first = alone.first()?;
    let since = earliest(alone.iter().copied());
    let both_apart = said.len() == 2
        && said
            .iter()
            .all(|it| is(it, "StandAlone") || is(it, "WFConnection"));
    let wrote = both_apart && wrote_apart(said);
    let both_primary = both_apart && both_primary(said) && !case.migrates;
    let logged = alone.iter().any(|said| logged_split(said));
    let for_long = case.for_long(since);
    let (state, text) = if wrote || both_primary || logged && said.len() < 2 || logged && both_apart
    {
        let why = match (wrote, both_primary) {
            (true, _) => ": both wrote",
            (false, true) => ": both are Primary",
            (false, false) => "",
        };
        (State::SplitBrain, format!("split brain{for_long}{why}"))
    } else {
        let where_else = match said {
            _ if alone.len() > 1 => format!(" and {}", first.other.node()),
            [_, _] => {
                let other = said.iter().find(|it| !is(it, "StandAlone"));
                let word = other.map_or("", |other| &other.device.connection);
                match word {
                    "WFConnection" => format!(", {} waits", first.other.node()),
                    word => format!(", {} says {word}", first.other.node()),
                }
            }
            _ => format!(", {}", beside(first.other)),
        };
        let text = format!("StandAlone on {}{where_else}{for_long}", first.end.node());
        (State::StandAlone, text)
    };
    let severity = match state {
        State::SplitBrain => Severity::Critical,
        _ => case.unless_busy(Severity::Critical, since),
    };
    Some(Verdict {
        state,
        severity: Some(severity),
        text,
        since,
    })
}

/// The kernel's log told of a split brain, and the ends have not been connected since.
fn logged_split(said: &Said) -> bool {
    let Some(at) = said.device.split_brain_at else {
        return false;
    };
    let at = at - said.end.clock_ahead;
    match said.end.course.and_then(|course| course.connected) {
        Some(connected) => at >= connected - SPLIT_BEFORE / 2.0,
        None => said
            .end
            .since()
            .is_none_or(|since| at >= since - SPLIT_BEFORE),
    }
}
