//! Three lines on every page: who and where; what is wrong; how old what is shown is.

use crate::app::ages::{LIVE_NOW, ages};
use crate::app::area::Area;
use crate::app::tone::{self, Tone};
use crate::app::view::n1;
use crate::app::{State, sheet::Span};
use crate::model::words::age;
use crate::model::{Cluster, Node, Reach};
use crate::planner::Severity;
use crate::theme::Role;

use super::pen::{Pen, columns};

/// From this width on words are written out.
const ROOMY: u16 = 116;

/// From this width on DRBD has all its words.
const WIDE: u16 = 140;

/// From this width on jobs have words.
const MIDDLE: u16 = 92;

/// Where the nodes stand among the figures.
const NODES_AT: usize = 1;

/// Where the jobs stand among the figures.
const JOBS_AT: usize = 3;

/// Seconds from which on an age is a warning.
const OLD: f64 = 30.0;

/// Draws it.
pub fn draw(pen: &mut Pen, area: Area, state: &State, cluster: &Cluster) {
    first(pen, area.row(0), state, cluster);
    wrong(pen, area.row(1), state, cluster);
    old(pen, area.row(2), state, cluster);
}

/// A word and its value.
struct Figure {
    word: &'static str,
    value: String,
    tone: Tone,
}

/// The cluster, its master, and its sums.
fn first(pen: &mut Pen, area: Area, state: &State, cluster: &Cluster) {
    let mut figures = figures(state, cluster, area.width);
    let width = |figure: &Figure| columns(figure.word) + columns(&figure.value) + 3;
    let name = columns(cluster.name());
    let least = name.min(8) + 3;
    let mut total: u16 = figures.iter().map(width).sum();
    // What does not fit leaves from the end; the name takes what is left.
    while total + least > area.width
        && let Some(last) = figures.pop()
    {
        total -= width(&last);
    }
    let style = pen.style(Role::Title);
    pen.put(
        1,
        area.y,
        area.width.saturating_sub(total + 2),
        cluster.name(),
        style,
    );
    let mut x = area.width - total;
    for figure in &figures {
        let word_style = pen.style(Role::Dim);
        x += pen.put(x, area.y, area.width - x, figure.word, word_style) + 1;
        let value_style = pen.tone(figure.tone);
        x += pen.put(
            x,
            area.y,
            area.width.saturating_sub(x),
            &figure.value,
            value_style,
        ) + 2;
    }
}

fn figures(state: &State, cluster: &Cluster, width: u16) -> Vec<Figure> {
    let roomy = width >= ROOMY;
    let sums = &state.facts.totals;
    let known = cluster.conf_seen.is_some();
    let figure = |word, value: Option<String>, tone| Figure {
        word,
        tone: if value.is_some() { tone } else { Tone::Dim },
        value: value.unwrap_or_else(|| "?".to_owned()),
    };
    let bad = |bad: bool| if bad { Tone::Critical } else { Tone::Plain };
    let wanted = sums.nodes - sums.nodes_offline;
    let nodes = (sums.nodes > 0).then(|| format!("{}/{}", sums.nodes_up, sums.nodes));
    let instances = known.then(|| match sums.unknown {
        0 => format!("{}/{}", sums.running, sums.instances),
        n if n == sums.instances => format!("?/{n}"),
        n => format!("{}/{} ({n}?)", sums.running, sums.instances),
    });
    // What was last told is marked as such while the master is silent.
    let serves = cluster.master_serves();
    let doubt = if serves { "" } else { "?" };
    let master = Some(state.facts.names.short(cluster.master()))
        .filter(|name| !name.is_empty())
        .map(|name| format!("{name}{doubt}"));
    // Of all nodes that tell: about, if some do not.
    let percent = |share: Option<u8>| match state.facts.telling {
        (0, _) => None,
        (telling, wanted) if telling < wanted => share.map(|share| format!("~{share}%")),
        _ => share.map(|share| format!("{share}%")),
    };
    let jobs = cluster.jobs_at.map(|_| {
        let (running, waiting) = (sums.jobs_running, sums.jobs_waiting);
        if roomy {
            format!("{running} running {waiting} waiting{doubt}")
        } else if width >= MIDDLE {
            format!("{running} run {waiting} wait{doubt}")
        } else {
            format!("{running}+{waiting}{doubt}")
        }
    });
    let instances_tone = match (sums.errors, sums.unknown) {
        (0, 0) => Tone::Plain,
        (0, _) => Tone::Stale,
        _ => Tone::Critical,
    };
    let master_tone = if serves { Tone::Plain } else { Tone::Lost };
    let mut figures = vec![
        // Short as the role letter that Ganeti prints.
        figure(if roomy { "master" } else { "M" }, master, master_tone),
        figure("nodes", nodes, bad(sums.nodes_up < wanted)),
        figure(
            if roomy { "instances" } else { "inst" },
            instances,
            instances_tone,
        ),
        figure("jobs", jobs, master_tone),
        figure(
            if roomy { "memory" } else { "mem" },
            percent(state.facts.memory_used),
            Tone::Plain,
        ),
        figure("disk", percent(state.facts.disk_used), Tone::Plain),
    ];
    if known {
        // What was reckoned of an old configuration or of old figures is marked as such.
        let (text, tone) = n1::in_short(&state.facts, width);
        let of_now = ages(cluster).live.is_some_and(|seconds| seconds < LIVE_NOW);
        let (tone, doubt) = match (text.starts_with('?'), serves && of_now) {
            (true, _) => (tone, ""),
            (false, true) => (tone, ""),
            (false, false) => (Tone::Lost, "?"),
        };
        let n1 = figure("N+1", Some(text + doubt), tone);
        // While it fails it stays longer than what is only of interest.
        let fails = state.facts.n1.worst().is_some();
        let place = match (fails, width >= MIDDLE) {
            (true, true) => JOBS_AT,
            (true, false) => NODES_AT + 1,
            (false, _) => JOBS_AT + 1,
        };
        figures.insert(place, n1);
    }
    let drbd = &state.facts.replication;
    if drbd.total > 0 {
        let moving = match drbd.moving {
            0 => None,
            _ if width < MIDDLE && drbd.degraded > 0 => None,
            n if width >= WIDE => Some(format!("{n} resyncing")),
            n => Some(format!("{n} sync")),
        };
        let (rest, tone) = match (drbd.degraded, drbd.unknown) {
            (0, 0) if moving.is_some() => (None, Tone::Progress),
            (0, 0) => (Some("ok".to_owned()), Tone::Plain),
            (0, n) if n == drbd.total => (Some("?".to_owned()), Tone::Dim),
            (0, n) => (Some(format!("{n} unknown")), Tone::Stale),
            (n, m) if m == 0 || width < WIDE => (Some(format!("{n} degraded")), Tone::Warn),
            (n, m) => (Some(format!("{n} degraded {m} unknown")), Tone::Warn),
        };
        let parts: Vec<String> = moving.into_iter().chain(rest).collect();
        let drbd = figure("drbd", Some(parts.join(" ")), tone);
        // While something is wrong it must not be the first to leave.
        if matches!(tone, Tone::Warn | Tone::Progress) {
            let jobs = figures.iter().position(|it| it.word == "jobs");
            figures.insert(jobs.unwrap_or(JOBS_AT) + 1, drbd);
        } else {
            figures.push(drbd);
        }
    }
    figures
}

/// What is wrong, worst first, as much as there is room for, and how much more there is.
fn wrong(pen: &mut Pen, area: Area, state: &State, cluster: &Cluster) {
    let found: Vec<_> = state
        .facts
        .findings
        .iter()
        .filter(|finding| finding.severity > Severity::Note)
        .collect();
    if found.is_empty() {
        let (text, tone) = calm(cluster);
        let style = pen.tone(tone);
        pen.put(1, area.y, area.width.saturating_sub(2), &text, style);
        return;
    }
    let alarm = pen.glyphs().alarm;
    let end = area.width.saturating_sub(1);
    let mut x = 1;
    for (index, finding) in found.iter().enumerate() {
        // Severity shows without colour too.
        let signs = if finding.severity == Severity::Critical {
            2
        } else {
            1
        };
        let text = format!("{} {}", alarm.repeat(signs), finding.text);
        let left = found.len() - index - 1;
        let more = if left == 0 {
            0
        } else {
            columns(&format!("   {left} more :alerts"))
        };
        if index > 0 && x + columns(&text) + more > end {
            let rest = format!("{} more :alerts", left + 1);
            let style = pen.style(Role::Dim);
            pen.put(x, area.y, end.saturating_sub(x), &rest, style);
            return;
        }
        let style = pen.tone(tone::of_severity(finding.severity));
        let room = end.saturating_sub(x + more);
        x += pen.put(x, area.y, room, &text, style) + 3;
    }
}

/// What is said while nothing is wrong.
fn calm(cluster: &Cluster) -> (String, Tone) {
    if cluster.nodes.values().any(|node| node.reach.is_up()) {
        return match cluster.conf_seen {
            Some(_) => ("nothing is wrong".to_owned(), Tone::Dim),
            None => ("loading".to_owned(), Tone::Progress),
        };
    }
    let links =
        std::iter::once(&cluster.first_reach).chain(cluster.nodes.values().map(|n| &n.reach));
    let doing = links.into_iter().find_map(|reach| match reach {
        Reach::Connecting(what) => Some(*what),
        _ => None,
    });
    (doing.unwrap_or("not connected").to_owned(), Tone::Progress)
}

/// What somebody wanted so, and the ages.
fn old(pen: &mut Pen, area: Area, state: &State, cluster: &Cluster) {
    let ages = spans(cluster, area.width >= ROOMY);
    let total: u16 = ages.iter().map(|span| columns(&span.text)).sum();
    let mut x = area.width.saturating_sub(total + 1);
    let notes: Vec<&str> = state
        .facts
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Note)
        .map(|finding| finding.text.as_str())
        .collect();
    let style = pen.style(Role::Text);
    pen.put(1, area.y, x.saturating_sub(3), &notes.join("; "), style);
    for span in ages {
        let style = pen.tone(span.tone);
        x += pen.put(x, area.y, area.width.saturating_sub(x), &span.text, style);
    }
}

fn spans(cluster: &Cluster, roomy: bool) -> Vec<Span> {
    let ages = ages(cluster);
    // Of the nodes that tell it is true; one that is lost has told of another time.
    let lost = |node: &Node| !node.offline() && !node.fresh() && node.heard.is_some();
    let about = if cluster.nodes.values().any(lost) {
        "~"
    } else {
        ""
    };
    let of_now = |seconds: f64| if seconds < LIVE_NOW { 0.0 } else { seconds };
    let kinds = [
        (
            if roomy { "configuration" } else { "conf" },
            ages.configuration.map(of_now),
            OLD,
        ),
        ("live", ages.live.map(of_now), OLD),
        ("drbd", ages.drbd.map(of_now), OLD),
        ("verify", ages.verify, f64::INFINITY),
    ];
    let mut spans = Vec::new();
    for (word, seconds, old) in kinds {
        // Of a cluster without DRBD there is nothing to be old.
        if word == "drbd" && seconds.is_none() {
            continue;
        }
        let gap = if spans.is_empty() { "" } else { "  " };
        spans.push(Span::new(format!("{gap}{word} "), Tone::Dim));
        let (text, tone) = match seconds {
            None => ("?".to_owned(), Tone::Dim),
            Some(seconds) if seconds >= old => (age(seconds), Tone::Critical),
            Some(seconds) if matches!(word, "live" | "drbd") && !about.is_empty() => {
                (format!("{about}{}", age(seconds)), Tone::Stale)
            }
            Some(seconds) => (age(seconds), Tone::Plain),
        };
        spans.push(Span::new(text, tone));
    }
    spans
}
