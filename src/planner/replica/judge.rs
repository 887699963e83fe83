//! How a pair is, from what its ends say now. An end that is lost says nothing: the other end's
//! word counts.

use gantry_wire::drbd::Device;

use crate::model::drbd::{Course, connected, left_kib, under_way, verifies};
use crate::model::words::{age, mib};
use crate::model::{Cluster, Instance, Time};
use crate::planner::Severity;
use crate::planner::work::Work;

use super::{Going, Half, Seen, State};

/// What should pass by itself is a warning after so many seconds.
pub(crate) const LONG: f64 = 300.0;

/// A resync that has not moved for so many seconds has stalled; the kernel says so after 24.
const STALLED: f64 = 20.0;

/// Ends may tell of one change at different times: they contradict each other only if neither has
/// changed for so many milliseconds.
const SETTLED: u64 = 10_000;

/// The kernel's log may tell of a split brain this long before the connection is given up.
const SPLIT_BEFORE: f64 = 120.0;

/// A pair and all that bears on how it is.
pub(super) struct Case<'a> {
    ends: [End<'a>; 2],
    /// Seconds since the epoch.
    wall: f64,
    at: Time,
    /// The instance runs, as far as is known.
    runs: bool,
    /// A job works on the instance.
    busy: bool,
    /// Its disks may be primary on both nodes for now.
    migrates: bool,
    /// Size, MiB; 0 if not known.
    size: u64,
}

/// One end of it.
struct End<'a> {
    half: &'a Half,
    course: Option<&'a Course>,
    heard: Time,
    clock_ahead: f64,
}

/// How it is.
pub(super) struct Verdict {
    pub state: State,
    pub severity: Option<Severity>,
    pub text: String,
    pub since: Option<f64>,
}

/// What an end says now.
struct Said<'a> {
    end: &'a End<'a>,
    device: &'a Device,
    other: &'a End<'a>,
}

impl<'a> Case<'a> {
    pub fn of(
        cluster: &'a Cluster,
        instance: Option<&'a Instance>,
        work: &Work,
        halves: &'a [Half; 2],
        size: u64,
    ) -> Case<'a> {
        let end = |half: &'a Half| {
            let node = cluster.nodes.get(&half.node);
            End {
                half,
                course: half
                    .minor
                    .and_then(|minor| node.and_then(|node| node.courses.get(minor))),
                heard: node.and_then(|node| node.heard).unwrap_or_default(),
                clock_ahead: node.and_then(|node| node.clock_ahead).unwrap_or_default(),
            }
        };
        let [a, b] = halves;
        let name = instance.map_or("", |instance| &instance.name);
        let status = instance.and_then(|instance| instance.status.word());
        Case {
            ends: [end(a), end(b)],
            wall: cluster.now.wall,
            at: cluster.now.at,
            runs: status.is_some_and(|word| word.is_up()),
            busy: work.job(name).is_some(),
            migrates: work.migrates(name),
            size,
        }
    }

    fn said(&self) -> Vec<Said<'_>> {
        let [a, b] = &self.ends;
        [(a, b), (b, a)]
            .into_iter()
            .filter_map(|(end, other)| {
                let device = end.half.now()?;
                Some(Said { end, device, other })
            })
            .collect()
    }

    /// ` 12m`, or nothing if it is not known since when.
    fn for_long(&self, since: Option<f64>) -> String {
        since.map_or_else(String::new, |since| format!(" {}", age(self.wall - since)))
    }

    /// It has been so for long, or for nobody knows how long.
    fn long(&self, since: Option<f64>) -> bool {
        since.is_none_or(|since| self.wall - since >= LONG)
    }

    /// What should pass by itself: worth knowing at first, a warning later.
    fn passing(&self, since: Option<f64>) -> Severity {
        if self.long(since) {
            Severity::Warning
        } else {
            Severity::Note
        }
    }

    /// What a job that works on the instance may cause for a while.
    fn unless_busy(&self, severity: Severity, since: Option<f64>) -> Severity {
        let young = since.is_some_and(|since| self.wall - since < 60.0);
        if self.busy && young {
            Severity::Note
        } else {
            severity
        }
    }

    /// No end has changed of late, so that what they say is of one moment.
    fn settled(&self) -> bool {
        let changed = |end: &End| end.course.and_then(|course| course.changed);
        let of_late = |changed: Time| self.at.since(changed) < SETTLED;
        !self.ends.iter().filter_map(changed).any(of_late)
    }
}

impl End<'_> {
    fn node(&self) -> &str {
        match &*self.half.node {
            "" => "the peer",
            node => node,
        }
    }

    fn since(&self) -> Option<f64> {
        self.course.and_then(|course| course.since)
    }
}

fn calm(state: State, since: Option<f64>) -> Verdict {
    Verdict {
        state,
        severity: None,
        text: String::new(),
        since,
    }
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

/// No end says anything now.
fn silent(case: &Case) -> Verdict {
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

/// Since when the earliest of these ends has been as it is.
fn earliest<'a>(said: impl IntoIterator<Item = &'a Said<'a>>) -> Option<f64> {
    let since = said.into_iter().filter_map(|said| said.end.since());
    since.min_by(f64::total_cmp)
}

/// Since when the latest of these ends has been as it is.
fn latest<'a>(said: impl IntoIterator<Item = &'a Said<'a>>) -> Option<f64> {
    let since = said.into_iter().filter_map(|said| said.end.since());
    since.max_by(f64::total_cmp)
}

/// An end has given up on the other, and perhaps both were written meanwhile.
fn split(case: &Case, said: &[Said]) -> Option<Verdict> {
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

/// Why an end says nothing.
fn beside(end: &End) -> String {
    match end.half.seen {
        Seen::Absent => format!("{} has no such device", end.node()),
        Seen::Offline => format!("{} is offline", end.node()),
        Seen::Was(_) => format!("{} is lost", end.node()),
        Seen::Now | Seen::Unknown => format!("{} is not known", end.node()),
    }
}

/// Both ends were written since they lost each other: their data went on to generations of their
/// own, and each notes what differs. The lowest bit of a generation only says that it is primary.
fn wrote_apart(said: &[Said]) -> bool {
    let [Some(a), Some(b)] = [said.first(), said.get(1)].map(|said| {
        let generation = said?.device.generation.as_ref()?;
        let hex = |text: &str| u64::from_str_radix(text.trim_start_matches("0x"), 16).ok();
        Some((hex(&generation.current)? & !1, hex(&generation.bitmap)?))
    }) else {
        return false;
    };
    a.0 != b.0 && a.1 != 0 && b.1 != 0
}

fn both_primary(said: &[Said]) -> bool {
    said.len() == 2 && said.iter().all(|said| said.device.role == "Primary")
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

/// A disk that is gone or going.
fn lost_disk(word: &str) -> bool {
    matches!(word, "Diskless" | "Failed" | "Detaching")
}

/// State of an end's disk: by its own word, or else by the other's while they are connected.
fn disk<'a>(end: &'a End, other: &'a End) -> &'a str {
    if let Some(device) = end.half.now() {
        return &device.disk;
    }
    match other.half.now() {
        Some(device) if connected(&device.connection) => &device.peer_disk,
        _ => "",
    }
}

fn diskless(case: &Case, said: &[Said]) -> Option<Verdict> {
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

/// The ends contradict each other.
fn contradiction(case: &Case, said: &[Said]) -> Option<Verdict> {
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

/// No end has a good copy, or the one that may have it is not seen.
fn no_copy(case: &Case, said: &[Said]) -> Option<Verdict> {
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

/// A resync or a verify is under way.
fn going(case: &Case, said: &[Said]) -> Option<Verdict> {
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

/// The ends do not talk to each other.
fn apart(case: &Case, said: &[Said]) -> Option<Verdict> {
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
    Some(Verdict {
        state: State::Degraded,
        severity: Some(case.unless_busy(case.passing(since), since)),
        text,
        since,
    })
}

/// The ends talk to each other, and nothing is under way.
fn together(case: &Case, said: &[Said]) -> Verdict {
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
