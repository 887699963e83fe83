//! The DRBD table: every replicated disk, both halves in one row.

use std::borrow::Cow;

use unicode_width::UnicodeWidthStr;

use crate::app::columns::{Col, Column};
use crate::app::facts::Facts;
use crate::app::rows::{Id, SortKey};
use crate::app::sheet::{Sheet, Span};
use crate::app::steady::{Meter, Reading};
use crate::app::tone::{self, Tone};
use crate::model::words::{age, ago, rate};
use crate::model::{Cluster, natural};
use crate::planner::Severity;
use crate::planner::replica::{Going, Half, Key, Pair, Seen, State};

/// Its columns.
pub const COLUMNS: &[Column] = &[
    Column::text(Col::Name, "DISK", 10, 0).growing(40),
    Column::text(Col::Minor, "MINOR", 9, 8),
    Column::text(Col::Primary, "PRIMARY", 8, 3).growing(24),
    Column::text(Col::Secondary, "SECONDARY", 9, 4).growing(24),
    Column::text(Col::Connection, "CONNECTION", 17, 5).growing(27),
    Column::text(Col::Disks, "DISKS", 17, 6).growing(25),
    Column::text(Col::State, "PROGRESS", 26, 1)
        .growing(90)
        .largest_first(),
    Column::number(Col::Speed, "SPEED", 6, 7).live(),
    Column::number(Col::Left, "LEFT", 11, 2).live(),
    Column::number(Col::OutOfSync, "OOS", 7, 9).live(),
    Column::number(Col::Since, "SINCE", 5, 10),
    Column::number(Col::SpeedPast, "SPEED 2 MIN", 12, 11).live(),
];

/// Disks in Ganeti's order, those of no instance last.
pub fn ids(facts: &Facts) -> Vec<Id> {
    let mut keys: Vec<&Key> = facts.pairs.iter().map(|pair| &pair.key).collect();
    keys.sort_by(|a, b| match (a, b) {
        (Key::Disk(a, i), Key::Disk(b, j)) | (Key::Stray(a, i), Key::Stray(b, j)) => {
            natural::compare(a, b).then(i.cmp(j))
        }
        (Key::Disk(..), Key::Stray(..)) => std::cmp::Ordering::Less,
        (Key::Stray(..), Key::Disk(..)) => std::cmp::Ordering::Greater,
    });
    keys.into_iter().map(|key| Id::Pair(key.clone())).collect()
}

/// Instance and disk, as they are shown: `web7/0`; of a device without an instance its name and
/// node, `drbd14@node3`.
pub fn name(facts: &Facts, key: &Key) -> String {
    match key {
        Key::Disk(instance, index) => format!("{}/{index}", facts.names.short(instance)),
        Key::Stray(node, minor) => format!("drbd{minor}@{}", facts.names.short(node)),
    }
}

/// What a filter searches.
pub fn words(facts: &Facts, key: &Key) -> Option<Vec<String>> {
    let pair = facts.pair(key)?;
    let mut words = vec![name(facts, key)];
    if let Key::Disk(instance, index) = key {
        words.push(format!("{instance}/{index}"));
    }
    for half in [&pair.primary, &pair.secondary] {
        words.push(facts.names.short(&half.node).to_owned());
    }
    words.extend([connection(pair), disks(pair), minors(pair)]);
    words.push(state(pair).into_owned());
    Some(words)
}

/// The text of a column that grows.
pub fn text<'a>(facts: &'a Facts, key: &Key, col: Col) -> Option<Cow<'a, str>> {
    let pair = facts.pair(key)?;
    Some(match col {
        Col::Name => Cow::Owned(name(facts, key)),
        Col::Primary => Cow::Borrowed(node(facts, &pair.primary)),
        Col::Secondary => Cow::Borrowed(node(facts, &pair.secondary)),
        Col::Connection => Cow::Owned(connection(pair)),
        Col::Disks => Cow::Owned(disks(pair)),
        Col::State => match &pair.going {
            // The bar and its percentage stand before the words.
            Some(_) => Cow::Owned(" ".repeat(GAUGE) + &beside_bar(pair)),
            None => state(pair),
        },
        _ => return None,
    })
}

/// Columns of a bar with its percentage and the blank after it.
pub const GAUGE: usize = 20;

/// A disk's place in the order of a column.
pub fn sort_key(cluster: &Cluster, facts: &Facts, key: &Key, col: Col) -> Option<SortKey> {
    let pair = facts.pair(key)?;
    let going = pair.going.as_ref();
    Some(match col {
        // The planner has them worst first.
        Col::State => SortKey::Number(-(facts.pair_rank(key)? as f64)),
        Col::Minor => SortKey::number(pair.primary.minor),
        Col::Primary => SortKey::Text(pair.primary.node.to_string()),
        Col::Secondary => SortKey::Text(pair.secondary.node.to_string()),
        Col::Connection => SortKey::Text(connection(pair)),
        Col::Disks => SortKey::Text(disks(pair)),
        Col::Speed | Col::SpeedPast => SortKey::number(going.and_then(|going| going.speed_kib)),
        Col::Left => SortKey::number(going.and_then(|going| going.eta_s)),
        Col::OutOfSync => SortKey::size(pair.oos_kib),
        Col::Since => SortKey::number(pair.since.map(|at| cluster.seconds_since(at))),
        _ => return None,
    })
}

/// The numbers that are held steady.
pub fn readings(facts: &Facts, key: &Key) -> Vec<Reading> {
    let Some(pair) = facts.pair(key) else {
        return Vec::new();
    };
    let going = pair.going.as_ref();
    let speed = going.and_then(|going| going.speed_kib);
    let left = going.and_then(|going| going.eta_s);
    let oos = pair.oos_kib.map(|kib| kib as f64);
    let part = |value: Option<f64>, part: f64| value.unwrap_or(0.0) * part;
    let reading = |meter, value, step| Reading { meter, value, step };
    vec![
        reading(Meter::Done, going.map(|going| going.percent), 0.1),
        reading(Meter::Speed, speed, part(speed, 0.1) + 1.0),
        reading(Meter::Left, left, part(left, 0.05) + 1.0),
        reading(Meter::OutOfSync, oos, part(oos, 0.02)),
    ]
}

fn node<'a>(facts: &'a Facts, half: &'a Half) -> &'a str {
    match facts.names.short(&half.node) {
        "" => "?",
        name => name,
    }
}

/// Minors of both halves, the primary's first: `14/9`.
pub fn minors(pair: &Pair) -> String {
    let minor = |half: &Half| match half.minor {
        Some(minor) => minor.to_string(),
        None => "?".to_owned(),
    };
    format!("{}/{}", minor(&pair.primary), minor(&pair.secondary))
}

/// A word of one half, or what stands for it: in brackets if it is of the past, `*` if the node is
/// marked offline.
pub fn word(half: &Half, word: impl Fn(&gantry_wire::drbd::Device) -> &str) -> String {
    let said = half.device.as_deref().map(word).filter(|it| !it.is_empty());
    match (half.seen, said) {
        (Seen::Now, Some(said)) => said.to_owned(),
        (Seen::Was(_), Some(said)) => format!("({said})"),
        (Seen::Absent, _) => "absent".to_owned(),
        (Seen::Offline, _) => "*".to_owned(),
        (Seen::Now | Seen::Was(_) | Seen::Unknown, _) => "?".to_owned(),
    }
}

/// The connection in one word where both ends agree on it: of a resync the primary's.
pub fn connection(pair: &Pair) -> String {
    let here = word(&pair.primary, |device| &device.connection);
    let there = word(&pair.secondary, |device| &device.connection);
    let ends = (here.as_str(), there.as_str());
    match ends {
        // Nothing is active, as the instance is down.
        ("absent", "absent") => "-".to_owned(),
        ("Connected", "Connected") | ("?", "?") | ("*", "*") => here,
        ("SyncSource", "SyncTarget")
        | ("SyncTarget", "SyncSource")
        | ("PausedSyncS", "PausedSyncT")
        | ("PausedSyncT", "PausedSyncS")
        | ("VerifyS", "VerifyT")
        | ("VerifyT", "VerifyS")
        | ("Ahead", "Behind") => here,
        (same, other) if same == other => format!("{same} both"),
        // No other state begins so.
        _ => format!("{here}/{there}").replace("WFConnection", "WFConn"),
    }
}

/// What each end says of its own disk, the primary's first.
pub fn disks(pair: &Pair) -> String {
    let here = word(&pair.primary, |device| &device.disk);
    let there = word(&pair.secondary, |device| &device.disk);
    match (here.as_str(), there.as_str()) {
        ("absent", "absent") => "-".to_owned(),
        ("?", "?") => "?".to_owned(),
        _ => format!("{here}/{there}"),
    }
}

/// What stands beside the bar: nothing of a stall, as the time left says it.
pub fn beside_bar(pair: &Pair) -> Cow<'_, str> {
    match pair.state {
        State::Stalled if pair.text.starts_with("stalled") => Cow::Borrowed(""),
        _ => state(pair),
    }
}

/// What is wrong, or how it is.
pub fn state(pair: &Pair) -> Cow<'_, str> {
    if !pair.text.is_empty() {
        return Cow::Borrowed(&pair.text);
    }
    Cow::Borrowed(match pair.state {
        // The bar says it all.
        State::Resyncing => "",
        state => state_word(state),
    })
}

/// A state in a word or two.
pub fn state_word(state: State) -> &'static str {
    match state {
        State::Healthy => "ok",
        State::Down => "down",
        State::Verifying => "verify",
        State::Unknown => "not known",
        State::Resyncing => "resyncing",
        State::Paused => "paused",
        State::Stalled => "stalled",
        State::Connecting => "connecting",
        State::Degraded => "degraded",
        State::Disagrees => "in disagreement",
        State::Diskless => "diskless",
        State::StandAlone => "StandAlone",
        State::SplitBrain => "split brain",
    }
}

/// It is worth naming: something is wrong or under way.
pub fn is_news(pair: &Pair) -> bool {
    pair.severity.is_some() || pair.going.is_some()
}

/// Its speed over the last minutes, bytes a second; nothing if no resync was seen.
pub fn speeds(cluster: &Cluster, pair: &Pair, points: usize) -> Vec<Option<f32>> {
    let past = |half: &Half| {
        let course = cluster.nodes.get(&half.node)?.courses.get(half.minor?)?;
        let resync = course.resync.as_ref()?;
        let points = resync.past.last(points, cluster.now.at);
        let bytes = points.into_iter().map(|kib| kib.map(|kib| kib * 1_024.0));
        Some(bytes.collect::<Vec<_>>())
    };
    // Both halves see the same.
    past(&pair.primary)
        .filter(|points| points.iter().any(Option::is_some))
        .or_else(|| past(&pair.secondary))
        .unwrap_or_default()
}

/// What its state means.
pub fn state_tone(pair: &Pair) -> Tone {
    match (pair.severity, pair.state) {
        (Some(severity), _) if severity > Severity::Note => tone::of_severity(severity),
        (_, State::Resyncing | State::Verifying) => Tone::Progress,
        (Some(_), _) => Tone::Plain,
        (None, State::Unknown) => Tone::Lost,
        (None, _) => Tone::Dim,
    }
}

/// Time left, or that it does not go on.
pub fn left(going: &Going, held: Option<f64>) -> String {
    if let Some(still) = going.still_s {
        return format!("stalled {}", age(still));
    }
    if !going.paused_by.is_empty() {
        return "paused".to_owned();
    }
    held.map_or_else(|| "?".to_owned(), time_left)
}

/// A time that is left, in steps in which it may be believed: `35s`, `1m 40s`, `23m`, `3h 10m`.
pub fn time_left(seconds: f64) -> String {
    let s = seconds.max(0.0) as u64;
    match s {
        0..60 => format!("{}s", s.next_multiple_of(5).max(5)),
        60..600 => {
            let s = s.div_ceil(10) * 10;
            format!("{}m {:02}s", s / 60, s % 60)
        }
        600..3_600 => format!("{}m", s.div_ceil(60)),
        3_600..86_400 => {
            let m = s.div_ceil(600) * 10;
            format!("{}h {:02}m", m / 60, m % 60)
        }
        _ => format!("{}d {}h", s / 86_400, s % 86_400 / 3_600),
    }
}

/// A speed as it is printed, of KiB a second.
pub fn speed(kib: f64) -> String {
    rate((kib.max(0.0) * 1_024.0) as u64)
}

/// The line above the table; it stands there whatever is to be said.
pub fn above(cluster: &Cluster, facts: &Facts, width: u16) -> Sheet {
    let mut sheet = Sheet::new(width);
    let mut line: Vec<Span> = Vec::new();
    let mut used = 0;
    for (text, tone) in summary(cluster, facts) {
        let gap = if line.is_empty() { "" } else { "   " };
        used += gap.len() + text.width();
        // What matters less comes last, and leaves first.
        if used > usize::from(width) && !line.is_empty() {
            break;
        }
        line.push(Span::new(gap, Tone::Plain));
        line.push(Span::new(text, tone));
    }
    sheet.spans(line);
    sheet
}

/// All of them together, what matters most first.
fn summary(cluster: &Cluster, facts: &Facts) -> Vec<(String, Tone)> {
    let sums = &facts.replication;
    if sums.total == 0 {
        return Vec::new();
    }
    let total = sums.total;
    let mut parts = vec![match (sums.degraded, sums.unknown) {
        (0, 0) if sums.moving == 0 => (format!("all {total} well"), Tone::Plain),
        (0, 0) => (format!("{total} disks"), Tone::Plain),
        (0, m) => (
            format!("{m} of {total} unknown{}", why(cluster)),
            Tone::Stale,
        ),
        (n, 0) => (format!("{n} of {total} degraded"), Tone::Warn),
        (n, m) => (format!("{n} of {total} degraded, {m} unknown"), Tone::Warn),
    }];
    if sums.resyncing > 0 {
        let known = facts.index.speed.filter(|speed| *speed >= 1.0);
        let together = known.map_or_else(
            || "speed not known yet".to_owned(),
            |kib| format!("together {}/s", speed(kib)),
        );
        let (moving, tone) = match sums.moving {
            0 => ("none moves".to_owned(), Tone::Warn),
            n if n == sums.resyncing => (together, Tone::Progress),
            n => (format!("{n} moving, {together}"), Tone::Progress),
        };
        parts.push((format!("{} resyncing, {moving}", sums.resyncing), tone));
        if let Some(left) = facts.index.left {
            parts.push((format!("done in {}", time_left(left)), Tone::Plain));
        }
    }
    if let Some((key, at)) = &sums.last_done {
        let ago = ago(cluster.seconds_since(*at));
        parts.push((format!("last done {} {ago}", name(facts, key)), Tone::Dim));
    }
    parts
}

/// Why nodes do not tell of DRBD, in brackets; nothing if they do not say.
fn why(cluster: &Cluster) -> String {
    let nodes = cluster.nodes.values().filter(|node| node.fresh());
    let mut missing = nodes.flat_map(|node| node.facts.missing.iter().flatten());
    match missing.find(|part| part.part == "drbd") {
        Some(part) => format!(" ({})", part.why),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gantry_wire::drbd::Device;

    fn half(connection: &str, seen: Seen) -> Half {
        Half {
            device: Some(std::sync::Arc::new(Device {
                connection: connection.into(),
                ..Device::default()
            })),
            seen,
            ..Half::default()
        }
    }

    fn pair(primary: Half, secondary: Half) -> Pair {
        Pair {
            key: Key::Disk("web7".into(), 0),
            size: None,
            port: None,
            primary,
            secondary,
            state: State::Unknown,
            severity: None,
            text: String::new(),
            going: None,
            oos_kib: None,
            since: None,
        }
    }

    #[test]
    fn a_connection_is_one_word_where_the_ends_agree() {
        let said = |a: &str, b: &str| connection(&pair(half(a, Seen::Now), half(b, Seen::Now)));
        assert_eq!(said("Connected", "Connected"), "Connected");
        assert_eq!(said("StandAlone", "StandAlone"), "StandAlone both");
        assert_eq!(said("SyncTarget", "SyncSource"), "SyncTarget");
        assert_eq!(said("WFConnection", "StandAlone"), "WFConn/StandAlone");
        let was = half("Connected", Seen::Was(crate::model::Time(1)));
        let lost = pair(half("WFConnection", Seen::Now), was);
        assert_eq!(connection(&lost), "WFConn/(Connected)");
        let absent = pair(half("", Seen::Now), half("Connected", Seen::Absent));
        assert_eq!(connection(&absent), "?/absent");
    }

    #[test]
    fn the_time_left_moves_in_steps() {
        for (seconds, text) in [
            (0.0, "5s"),
            (31.0, "35s"),
            (60.0, "1m 00s"),
            (94.0, "1m 40s"),
            (599.0, "10m 00s"),
            (1_361.0, "23m"),
            (11_000.0, "3h 10m"),
            (1e6, "11d 13h"),
            (f64::NAN, "5s"),
        ] {
            assert_eq!(time_left(seconds), text);
        }
    }
}
