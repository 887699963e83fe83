//! What the pages of all plans say in the same words.

use crate::app::ages;
use crate::app::plans::{Held, Progress};
use crate::app::sheet::{Sheet, Span};
use crate::app::tone::Tone;
use crate::model::Cluster;
use crate::model::words::ago;

/// In place of a plan.
pub fn without(sheet: &mut Sheet, progress: &Progress, cluster: &Cluster) {
    let (text, tone) = match progress {
        Progress::Failed(why) => (format!("There is no plan: {why}."), Tone::Warn),
        Progress::Stopped => ("Stopped: r plans anew.".to_owned(), Tone::Stale),
        _ if cluster.conf_seen.is_none() => return,
        _ => ("Thinking...".to_owned(), Tone::Progress),
    };
    sheet.wrapped(&text, tone, 0);
}

/// The options of a plan on one line.
pub fn options(sheet: &mut Sheet, options: &[(&str, String)]) {
    let spans = options.iter().flat_map(|(key, value)| {
        [
            Span::new(format!("{key} "), Tone::Dim),
            Span::new(format!("{value}   "), Tone::Plain),
        ]
    });
    sheet.spans(spans.collect());
}

/// `yes` or `no`.
pub fn yes(value: bool) -> String {
    if value { "yes" } else { "no" }.to_owned()
}

/// For which moment a plan is, what has changed since, and what was not known.
pub fn age<A, P>(sheet: &mut Sheet, cluster: &Cluster, held: &Held<A, P>) {
    age_until(sheet, cluster, held, "r plans anew");
}

/// The same of a plan that is renewed in another way.
pub fn age_until<A, P>(sheet: &mut Sheet, cluster: &Cluster, held: &Held<A, P>, again: &str) {
    let Some(snapshot) = &held.snapshot else {
        return;
    };
    let seconds = cluster.now.at.since(snapshot.at) as f64 / 1e3;
    let when = if seconds < ages::LIVE_NOW && held.changed == 0 {
        "as it is now".to_owned()
    } else {
        format!("as of {}", ago(seconds))
    };
    let (changed, tone) = match held.changed {
        0 => (String::new(), Tone::Dim),
        1 => (format!("; 1 node has changed since: {again}"), Tone::Stale),
        n => (
            format!("; {n} nodes have changed since: {again}"),
            Tone::Stale,
        ),
    };
    sheet.wrapped(&format!("For the cluster {when}{changed}."), tone, 0);
    match snapshot.unknown.as_slice() {
        [] => {}
        [one] => sheet.wrapped(&format!("Not known: {one}."), Tone::Stale, 0),
        [one, more @ ..] => {
            let text = format!("Not known: {one}; and {} more.", more.len());
            sheet.wrapped(&text, Tone::Stale, 0);
        }
    }
    if !cluster.master_serves() {
        let text = "No master answers: instances may have moved since.";
        sheet.wrapped(text, Tone::Stale, 0);
    }
}
