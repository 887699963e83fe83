//! One DRBD disk: what each end says of itself and of the other, side by side, what that means and
//! what to do.

use gantry_wire::drbd::Device;

use crate::app::facts::Facts;
use crate::app::sheet::{Graph, Sheet, Span};
use crate::app::tone::Tone;
use crate::model::Cluster;
use crate::model::drbd::connected;
use crate::model::words::{age, kib, mib};
use crate::planner::replica::{Half, Key, Pair, State};

use super::drbd;
use super::ends::{Ends, KEY};
use super::node::{known, top};
use super::remedy::remedy;
use super::runbook;

/// What matters most, for the pane.
pub fn brief(cluster: &Cluster, facts: &Facts, key: &Key, width: u16) -> Sheet {
    let mut sheet = Sheet::new(width);
    let Some(pair) = facts.pair(key) else {
        gone(&mut sheet, facts, key);
        return sheet;
    };
    verdict(&mut sheet, cluster, facts, pair);
    sheet.blank();
    let mut ends = Ends::new(cluster, facts, pair, width);
    ends.states();
    ends.table(&mut sheet, "");
    speed(&mut sheet, cluster, pair, 1);
    advice(&mut sheet, cluster, facts, pair);
    sheet
}

/// Everything.
pub fn whole(cluster: &Cluster, facts: &Facts, key: &Key, width: u16, tall: bool) -> Sheet {
    let mut sheet = Sheet::new(width);
    let Some(pair) = facts.pair(key) else {
        gone(&mut sheet, facts, key);
        return sheet;
    };
    verdict(&mut sheet, cluster, facts, pair);
    // What to do is not to be a page away from what is wrong.
    if !tall {
        advice(&mut sheet, cluster, facts, pair);
    }
    sheet.blank();
    let mut ends = Ends::new(cluster, facts, pair, width);
    ends.states();
    ends.past();
    ends.table(&mut sheet, "");
    speed(&mut sheet, cluster, pair, if tall { 3 } else { 1 });
    let mut generations = Ends::new(cluster, facts, pair, width);
    generations.generations();
    // Of halves that went apart they are what one decides by.
    let decides = matches!(pair.state, State::SplitBrain | State::StandAlone);
    if tall && !decides {
        advice(&mut sheet, cluster, facts, pair);
    }
    generations.table(&mut sheet, "Data generations");
    if tall && decides {
        advice(&mut sheet, cluster, facts, pair);
    }
    let mut ends = Ends::new(cluster, facts, pair, width);
    ends.devices();
    ends.table(&mut sheet, "Where it lies");
    paths(&mut sheet, pair);
    let mut ends = Ends::new(cluster, facts, pair, width);
    ends.counters();
    ends.table(&mut sheet, "Counters");
    sheet
}

fn gone(sheet: &mut Sheet, facts: &Facts, key: &Key) {
    let name = drbd::name(facts, key);
    sheet.wrapped(
        &format!("There is no DRBD disk {name} any more."),
        Tone::Lost,
        0,
    );
}

/// How it is in a sentence, and how far.
fn verdict(sheet: &mut Sheet, cluster: &Cluster, facts: &Facts, pair: &Pair) {
    let state = drbd::state(pair);
    let mut text = match state.as_ref() {
        "" => "resyncing".to_owned(),
        "ok" => "ok: connected, both halves up to date".to_owned(),
        state => state.to_owned(),
    };
    if let Some(going) = &pair.going {
        text = format!("{:.1}% done, {text}", going.percent);
        if going.left_kib > 0 {
            text += &format!(", {} left", kib(going.left_kib));
        }
        let moves = going.still_s.is_none() && going.paused_by.is_empty();
        if let Some(speed) = going.speed_kib.filter(|_| moves) {
            text += &format!(", {}/s", drbd::speed(speed));
        }
        if let Some(left) = going.eta_s.filter(|_| moves) {
            text += &format!(", done in {}", drbd::time_left(left));
        }
    }
    sheet.wrapped(&text, drbd::state_tone(pair), 0);
    let mut facts_of = Vec::new();
    if let Some(since) = pair.since {
        facts_of.push(format!("for {}", age(cluster.seconds_since(since))));
    }
    facts_of.extend(differ(facts, pair));
    facts_of.push(format!("size {}", known(pair.size.map(mib))));
    facts_of.push(match pair.port {
        Some(port) => format!("port {port}"),
        None => "port not known".to_owned(),
    });
    if let Key::Stray(..) = pair.key {
        facts_of.push("belongs to no disk that the configuration knows".to_owned());
    }
    sheet.wrapped(&facts_of.join(", "), Tone::Dim, 0);
}

/// What differs. Ends that do not talk to each other each note their own.
fn differ(facts: &Facts, pair: &Pair) -> Option<String> {
    let noted = |half: &Half| {
        let device = half.now().filter(|it| !connected(&it.connection))?;
        let oos = device.oos_kib.filter(|oos| *oos > 0)?;
        Some(format!("{} on {}", kib(oos), facts.names.short(&half.node)))
    };
    let [here, there] = [&pair.primary, &pair.secondary].map(noted);
    match (here, there) {
        (Some(here), Some(there)) => Some(format!("noted since they parted: {here}, {there}")),
        (Some(one), None) | (None, Some(one)) => Some(format!("noted since they parted: {one}")),
        (None, None) => {
            let oos = pair
                .oos_kib
                .filter(|oos| *oos > 0 && pair.going.is_none())?;
            Some(format!("{} differ between the halves", kib(oos)))
        }
    }
}

/// The devices below it, which are called the same on both nodes as a rule.
fn paths<'a>(sheet: &mut Sheet, pair: &'a Pair) {
    let halves = [&pair.primary, &pair.secondary].map(|half| half.device.as_deref());
    for key in ["data", "metadata"] {
        let path = |device: &'a Device| match key {
            "data" => &device.data_dev,
            _ => &device.meta_dev,
        };
        let [here, there] = halves.map(|device| device.map(path).filter(|it| !it.is_empty()));
        let mut say = |key: &str, path: Option<&String>| {
            if let Some(path) = path {
                let key = Span::new(format!("{key:<0$}", KEY + 2), Tone::Dim);
                sheet.spans(vec![key, Span::new(path, Tone::Plain)]);
            }
        };
        say(key, here.or(there));
        if here.is_some() && here != there {
            say("on the other", there);
        }
    }
}

/// Speed over time, while there is something to show.
fn speed(sheet: &mut Sheet, cluster: &Cluster, pair: &Pair, height: u16) {
    let points = drbd::speeds(cluster, pair, 360);
    let Some(going) = pair.going.as_ref().filter(|_| !points.is_empty()) else {
        return;
    };
    sheet.blank();
    sheet.graphs(vec![Graph {
        key: "speed B/s",
        now: known(going.speed_kib.map(drbd::speed)),
        top: top(&points, 1_024.0),
        points,
        height,
    }]);
}

/// What to do about it, in Ganeti's words.
fn advice(sheet: &mut Sheet, cluster: &Cluster, facts: &Facts, pair: &Pair) {
    let lines = remedy(cluster, facts, pair);
    if lines.is_empty() {
        return;
    }
    sheet.heading("What to do");
    for line in lines {
        match line.strip_prefix("$ ") {
            Some(command) => sheet.spans(vec![
                Span::new("    ", Tone::Plain),
                Span::new(command, Tone::Heading),
            ]),
            None => sheet.wrapped_after("  ", &line),
        }
    }
    runbook::of_pair(sheet, pair);
}
