//! Resyncs and verifies: how far, how fast, how long still, and what holds them back.

use crate::model::drbd::{left_kib, under_way, verifies};
use crate::model::words::age;
use crate::planner::Severity;
use crate::planner::replica::{Going, State};

use super::Verdict;
use super::case::{Case, Said, calm, earliest};

/// A resync that has not moved for so many seconds has stalled; the kernel says so after 24.
const STALLED: f64 = 20.0;

/// A resync or a verify is under way.
pub(super) fn going(case: &Case, said: &[Said]) -> Option<Verdict> {
    let goes: Vec<&Said> = said
        .iter()
        .filter(|said| under_way(&said.device.connection))
        .collect();
    let first = goes.first()?;
    let since = earliest(goes.iter().copied());
    let verify = verifies(&first.device.connection);
    if let Some(by) = paused(&goes) {
        let severity = match by.as_str() {
            "waits for another resync" => Severity::Note,
            _ => case.passing(since),
        };
        return Some(Verdict {
            state: State::Paused,
            severity: Some(severity),
            text: format!("{by}{}", case.for_long(since)),
            since,
        });
    }
    if let Some(still) = still(&goes).filter(|still| *still >= STALLED) {
        return Some(Verdict {
            state: State::Stalled,
            severity: Some(Severity::Warning),
            text: format!("stalled {}", age(still)),
            since,
        });
    }
    if verify {
        return Some(calm(State::Verifying, since));
    }
    Some(Verdict {
        severity: Some(Severity::Note),
        ..calm(State::Resyncing, since)
    })
}

/// Who holds a resync back, in words.
fn paused(goes: &[&Said]) -> Option<String> {
    let held = |by: &str| {
        let has = |said: &&&Said| said.device.paused_by.iter().any(|it| it == by);
        goes.iter().find(has)
    };
    let is_paused = |said: &&Said| said.device.connection.starts_with("PausedSync");
    if let Some(said) = held("user") {
        return Some(format!("paused by user on {}", said.end.node()));
    }
    if held("dependency").is_some() {
        return Some("waits for another resync".to_owned());
    }
    if let Some(said) = held("peer") {
        return Some(format!("paused by {}", said.other.node()));
    }
    goes.iter().any(is_paused).then(|| "paused".to_owned())
}

/// For how many seconds no end that is heard has seen it move.
fn still(goes: &[&Said]) -> Option<f64> {
    let by_kernel = goes.iter().any(|said| {
        let progress = said.device.progress.as_ref();
        progress.is_some_and(|progress| progress.stalled)
    });
    let seen = goes.iter().filter_map(|said| {
        let resync = said.end.course?.resync.as_ref()?;
        Some(said.end.heard.since(resync.moved) as f64 / 1e3)
    });
    let seen = seen.min_by(f64::total_cmp);
    if by_kernel {
        return Some(seen.unwrap_or_default().max(STALLED));
    }
    seen
}

impl Case<'_> {
    /// How far a resync or a verify is, by the end that tells most of it.
    pub fn going(&self, verdict: &Verdict) -> Option<Going> {
        let said = self.said();
        let goes: Vec<&Said> = said
            .iter()
            .filter(|said| under_way(&said.device.connection))
            .collect();
        let best = goes.iter().max_by_key(|said| {
            let device = said.device;
            (device.progress.is_some(), device.connection == "SyncTarget")
        })?;
        let device = best.device;
        let progress = device.progress.as_ref();
        let resync = best.end.course.and_then(|course| course.resync.as_ref());
        let left = left_kib(device).or(progress.map(|progress| progress.left_kib));
        let left = left.unwrap_or_default();
        let total = resync
            .and_then(|resync| resync.total_kib)
            .or(Some(self.size.saturating_mul(1024)).filter(|size| *size > 0));
        let percent = progress.map(|progress| progress.percent).or_else(|| {
            let total = total? as f64;
            Some((total - left as f64) * 100.0 / total)
        });
        let moves = matches!(verdict.state, State::Resyncing | State::Verifying);
        let own = resync.and_then(|resync| resync.speed_kib());
        let by_kernel = progress.and_then(|progress| progress.speed_kib);
        let speed = own.or(by_kernel.map(|speed| speed as f64));
        let forecast = || {
            let ends = resync.and_then(|resync| resync.ends);
            match (ends, own, speed) {
                (Some(ends), ..) => Some(ends.since(self.at) as f64 / 1e3),
                (None, Some(_), _) => None,
                (None, None, Some(speed)) if speed > 0.0 => Some(left as f64 / speed),
                (None, None, _) => progress
                    .and_then(|progress| progress.eta_s)
                    .map(|eta| eta as f64),
            }
        };
        let mut by: Vec<&str> = goes
            .iter()
            .flat_map(|said| &said.device.paused_by)
            .map(String::as_str)
            .collect();
        by.sort_unstable();
        by.dedup();
        Some(Going {
            verify: verifies(&device.connection),
            percent: percent.unwrap_or_default().clamp(0.0, 100.0),
            left_kib: left,
            speed_kib: if moves { speed } else { Some(0.0) },
            eta_s: if moves { forecast() } else { None },
            still_s: still(&goes).filter(|_| verdict.state == State::Stalled),
            paused_by: by.join(","),
        })
    }
}
