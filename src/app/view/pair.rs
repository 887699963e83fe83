//! One DRBD disk: what each end says of itself and of the other, side by side, what that means and
//! what to do.

use gantry_wire::drbd::{Counters, Device, Generation};

use crate::app::facts::Facts;
use crate::app::sheet::{Graph, Sheet, Span};
use crate::app::tone::Tone;
use crate::model::words::{age, ago, duration, kib, mib};
use crate::model::{Cluster, Name};
use crate::planner::replica::{Half, Key, Pair, Seen, State};

use super::node::{known, top};
use super::remedy::remedy;
use super::{drbd, nodes, stack};

/// What matters most, for the pane.
pub fn brief(cluster: &Cluster, facts: &Facts, key: &Key, width: u16) -> Sheet {
    let mut sheet = Sheet::new(width);
    let Some(pair) = facts.pair(key) else {
        gone(&mut sheet, facts, key);
        return sheet;
    };
    verdict(&mut sheet, cluster, pair);
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
    verdict(&mut sheet, cluster, pair);
    sheet.blank();
    let mut ends = Ends::new(cluster, facts, pair, width);
    ends.states();
    ends.past();
    ends.table(&mut sheet, "");
    speed(&mut sheet, cluster, pair, if tall { 3 } else { 1 });
    let mut generations = Ends::new(cluster, facts, pair, width);
    generations.generations();
    // Of halves that went apart they are what one decides by.
    if matches!(pair.state, State::SplitBrain | State::StandAlone) {
        generations.table(&mut sheet, "Data generations");
        advice(&mut sheet, cluster, facts, pair);
    } else {
        advice(&mut sheet, cluster, facts, pair);
        generations.table(&mut sheet, "Data generations");
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
fn verdict(sheet: &mut Sheet, cluster: &Cluster, pair: &Pair) {
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
    if let Some(oos) = pair.oos_kib.filter(|oos| *oos > 0 && pair.going.is_none()) {
        facts_of.push(format!("{} differ between the halves", kib(oos)));
    }
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

/// The devices below it, which are called the same on both nodes as a rule.
fn paths(sheet: &mut Sheet, pair: &Pair) {
    let halves = [&pair.primary, &pair.secondary].map(|half| half.device.as_ref());
    let paths: [(&str, fn(&Device) -> &String); 2] =
        [("data", |it| &it.data_dev), ("metadata", |it| &it.meta_dev)];
    for (key, path) in paths {
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
}

/// Rows of what both ends say, side by side.
struct Ends<'a> {
    cluster: &'a Cluster,
    facts: &'a Facts,
    pair: &'a Pair,
    /// Columns of what an end says.
    value: usize,
    /// There is no room for words that explain themselves.
    narrow: bool,
    rows: Vec<Vec<Span>>,
}

/// Columns of what a row is about.
const KEY: usize = 13;

/// Columns of what an end says.
const VALUE: usize = 22;

/// Whether two values that differ are a contradiction.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Should {
    Differ,
    Agree,
}

impl<'a> Ends<'a> {
    fn new(cluster: &'a Cluster, facts: &'a Facts, pair: &'a Pair, width: u16) -> Ends<'a> {
        // Two blanks follow the key and each value.
        let room = usize::from(width).saturating_sub(KEY + 4) / 2;
        Ends {
            cluster,
            facts,
            pair,
            value: VALUE.min(room.saturating_sub(2)),
            narrow: room < VALUE,
            rows: Vec::new(),
        }
    }

    /// Adds the rows of which either end says something, under a heading unless that is empty.
    fn table(mut self, sheet: &mut Sheet, heading: &str) {
        self.rows.retain(|row| {
            let says = |at: usize| row.get(at).is_some_and(|span| span.text != "-");
            says(1) || says(2)
        });
        if self.rows.is_empty() {
            return;
        }
        if !heading.is_empty() {
            sheet.heading(heading);
        }
        let title = |half: &Half, role: &str| {
            let name = match self.facts.names.short(&half.node) {
                "" => "?",
                name => name,
            };
            // All these tables stand one below the other: their columns too.
            let title = match self.narrow {
                true => name.to_owned(),
                false => format!("{role} {name}"),
            };
            format!("{title:<0$}", self.value)
        };
        let (primary, secondary) = (
            title(&self.pair.primary, "PRIMARY"),
            title(&self.pair.secondary, "SECONDARY"),
        );
        let key = " ".repeat(KEY);
        sheet.table(&[&key, &primary, &secondary, ""], self.rows);
    }

    fn row(&mut self, key: &str, here: Span, there: Span, should: Should) {
        let differ = should == Should::Agree
            && here.text != there.text
            && !["?", "-", "*"].contains(&here.text.as_str())
            && !["?", "-", "*"].contains(&there.text.as_str());
        let mark = if differ { "! differ" } else { "" };
        self.rows.push(vec![
            Span::new(key, Tone::Dim),
            here,
            there,
            Span::new(mark, Tone::Warn),
        ]);
    }

    /// A row of a word that each end says.
    fn said(&mut self, key: &str, should: Should, word: impl Fn(&Device) -> String) {
        let [here, there] = [&self.pair.primary, &self.pair.secondary].map(|half| {
            let tone = match half.seen {
                Seen::Now => Tone::Plain,
                _ => Tone::Lost,
            };
            let text = half.device.as_ref().map(&word).filter(|it| !it.is_empty());
            Span::new(text.unwrap_or_else(|| "-".to_owned()), tone)
        });
        self.row(key, here, there, should);
    }

    fn states(&mut self) {
        let pair = self.pair;
        let seen = |half: &Half| match half.seen {
            Seen::Now => Span::new("speaks now", Tone::Plain),
            Seen::Was(at) => {
                let ago = ago(self.cluster.now.at.since(at) as f64 / 1e3);
                Span::new(format!("lost, of {ago}"), Tone::Lost)
            }
            Seen::Absent => Span::new("has no such device", Tone::Critical),
            Seen::Offline => Span::new("is marked offline", Tone::Dim),
            Seen::Unknown => Span::new(unheard(self.cluster, &half.node), Tone::Lost),
        };
        let (here, there) = (seen(&pair.primary), seen(&pair.secondary));
        self.row("its node", here, there, Should::Differ);
        let minor = |half: &Half| Span::new(known(half.minor.map(|m| m.to_string())), Tone::Plain);
        let (here, there) = (minor(&pair.primary), minor(&pair.secondary));
        self.row("minor", here, there, Should::Differ);
        let device = |half: &'a Half| half.device.as_ref();
        let connections = [device(&pair.primary), device(&pair.secondary)]
            .map(|it| it.map_or("", |it| it.connection.as_str()));
        // The two ends of a resync have two names.
        let should = if connections
            .iter()
            .all(|word| word.ends_with(['e', 't', 'S', 'T']))
        {
            Should::Differ
        } else {
            Should::Agree
        };
        self.said("connection", should, |it| it.connection.clone());
        self.crossed("role", |it| &it.role, |it| &it.peer_role);
        self.crossed("disk", |it| &it.disk, |it| &it.peer_disk);
        self.said("out of sync", Should::Differ, |it| {
            it.oos_kib.map(kib).unwrap_or_default()
        });
        self.said("held back by", Should::Differ, |it| it.paused_by.join(", "));
        self.said("I/O", Should::Differ, |it| {
            if it.io_suspended {
                "SUSPENDED: users hang"
            } else {
                ""
            }
            .to_owned()
        });
    }

    /// A word that each end says of itself, and one that it says of the other.
    fn crossed(
        &mut self,
        key: &str,
        own: impl Fn(&Device) -> &String,
        of_peer: impl Fn(&Device) -> &String,
    ) {
        let halves = [&self.pair.primary, &self.pair.secondary];
        let [a, b] = halves.map(|half| half.device.as_ref().filter(|_| half.seen == Seen::Now));
        let differs = |own: Option<&String>, heard: Option<&String>| {
            let (Some(own), Some(heard)) = (own, heard) else {
                return false;
            };
            let says =
                |word: &String| !word.is_empty() && *word != "DUnknown" && *word != "Unknown";
            says(own) && says(heard) && own != heard
        };
        let wrong_of_a = differs(a.map(&own), b.map(&of_peer));
        let wrong_of_b = differs(b.map(&own), a.map(&of_peer));
        self.said(key, Should::Differ, |it| own(it).clone());
        self.said(&format!("{key} of peer"), Should::Differ, |it| {
            of_peer(it).clone()
        });
        if (wrong_of_a || wrong_of_b)
            && let Some(mark) = self.rows.last_mut().and_then(|row| row.last_mut())
        {
            mark.text = "! the ends contradict each other".to_owned();
        }
    }

    /// What is known of the past: the kernel's log, and who was primary when.
    fn past(&mut self) {
        let when = |cluster: &Cluster, at: Option<f64>| {
            at.map_or_else(
                || "not known".to_owned(),
                |at| ago(cluster.seconds_since(at)),
            )
        };
        let cluster = self.cluster;
        self.said("changed", Should::Differ, |it| when(cluster, it.changed_at));
        let halves = [&self.pair.primary, &self.pair.secondary];
        let split = |half: &&Half| {
            let device = half.device.as_ref();
            device.is_some_and(|device| device.split_brain_at.is_some())
        };
        if halves.iter().any(split) {
            self.said("split brain", Should::Differ, |it| {
                when(cluster, it.split_brain_at)
            });
        }
        let roles = halves.map(|half| Span::new(roles(cluster, half), Tone::Plain));
        let [here, there] = roles;
        self.row("was primary", here, there, Should::Differ);
    }

    fn generations(&mut self) {
        let halves = [&self.pair.primary, &self.pair.secondary];
        let of = |part: fn(&Generation) -> String| {
            move |it: &Device| it.generation.as_ref().map(part).unwrap_or_default()
        };
        self.said("current", Should::Differ, of(|it| it.current.clone()));
        // The lowest bit only says that it is primary.
        let current = halves.map(|half| {
            let generation = half.device.as_ref()?.generation.as_ref()?;
            let hex = generation.current.trim_start_matches("0x");
            u64::from_str_radix(hex, 16).ok().map(|it| it & !1)
        });
        if let [Some(here), Some(there)] = current
            && here != there
            && let Some(mark) = self.rows.last_mut().and_then(|row| row.last_mut())
        {
            mark.text = "! went different ways".to_owned();
        }
        self.said("bitmap", Should::Differ, of(|it| it.bitmap.clone()));
        let most = halves
            .iter()
            .filter_map(|half| half.device.as_ref()?.generation.as_ref())
            .map(|generation| generation.history.len())
            .max();
        for nth in 0..most.unwrap_or_default().min(4) {
            self.said("history", Should::Differ, |it| {
                let generation = it.generation.as_ref();
                let older = generation.and_then(|it| it.history.get(nth));
                older.cloned().unwrap_or_default()
            });
        }
        // One below the other: together they are wider than the screen.
        let most = halves
            .iter()
            .filter_map(|half| half.device.as_ref()?.generation.as_ref())
            .map(|generation| generation.flags.len())
            .max();
        for nth in 0..most.unwrap_or_default() {
            let key = if nth == 0 { "flags" } else { "" };
            self.said(key, Should::Differ, |it| {
                let generation = it.generation.as_ref();
                let flag = generation.and_then(|it| it.flags.get(nth));
                flag.cloned().unwrap_or_default()
            });
        }
    }

    fn devices(&mut self) {
        let pair = self.pair;
        self.said("port", Should::Agree, |it| match it.port {
            0 => String::new(),
            port => port.to_string(),
        });
        let sizes = [&pair.primary, &pair.secondary]
            .map(|half| stack::sizes(self.cluster, &pair.key, &half.node));
        let [(data, meta), (other_data, other_meta)] = sizes;
        self.row("data LV", data, other_data, Should::Agree);
        self.row("metadata LV", meta, other_meta, Should::Agree);
        self.said("protocol", Should::Agree, |it| it.protocol.clone());
        self.said("flags", Should::Differ, |it| it.flags.clone());
        self.said("rate set", Should::Agree, |it| match it.rate_kib {
            0 => String::new(),
            rate => format!("{}/s", drbd::speed(rate as f64)),
        });
    }

    fn counters(&mut self) {
        type Part = (&'static str, fn(&Counters) -> String);
        const PARTS: [Part; 12] = [
            ("sent (ns)", |c| kib(c.sent)),
            ("received (nr)", |c| kib(c.received)),
            ("written (dw)", |c| kib(c.written)),
            ("read (dr)", |c| kib(c.read)),
            ("log (al)", |c| c.al.to_string()),
            ("bitmap (bm)", |c| c.bm.to_string()),
            ("to disk (lo)", |c| c.lo.to_string()),
            ("to peer (pe)", |c| c.pe.to_string()),
            ("to ack (ua)", |c| c.ua.to_string()),
            ("of user (ap)", |c| c.ap.to_string()),
            ("epochs (ep)", |c| {
                c.ep.map(|ep| ep.to_string()).unwrap_or_default()
            }),
            ("order (wo)", |c| c.wo.clone()),
        ];
        for (key, part) in PARTS {
            self.said(key, Should::Differ, |it| part(&it.counters));
        }
    }
}

/// Why a node says nothing of its half.
fn unheard(cluster: &Cluster, node: &Name) -> String {
    match cluster.nodes.get(node) {
        Some(node) if node.fresh() => {
            let mut missing = node.facts.missing.iter().flatten();
            match missing.find(|part| part.part == "drbd") {
                Some(part) => format!("does not tell: {}", part.why),
                None => "does not tell of DRBD".to_owned(),
            }
        }
        Some(node) => format!("does not speak ({})", nodes::reach(node, cluster)),
        None => "is not known".to_owned(),
    }
}

/// When this half was primary, as far as that was seen.
fn roles(cluster: &Cluster, half: &Half) -> String {
    let course = cluster
        .nodes
        .get(&half.node)
        .and_then(|node| node.courses.get(half.minor?));
    let seen = course.and_then(|course| {
        let roles: Vec<_> = course.roles.iter().collect();
        let at = roles.iter().rposition(|seen| seen.role == "Primary")?;
        let began = roles[at].since.map(|at| cluster.seconds_since(at));
        let ended = roles.get(at + 1).and_then(|next| next.since);
        Some(match (began, ended.map(|at| cluster.seconds_since(at))) {
            (Some(began), None) => format!("is, since {}", duration(began)),
            (None, None) => "is, since before gantry looked".to_owned(),
            (_, Some(ended)) => format!("until {}", ago(ended)),
        })
    });
    let flag = |name: &str| {
        let generation = half.device.as_ref()?.generation.as_ref()?;
        generation
            .flags
            .iter()
            .any(|flag| flag == name)
            .then_some(())
    };
    match seen {
        Some(text) => text,
        None if flag("crashed-primary").is_some() => "when it crashed; not known when".to_owned(),
        None if flag("primary").is_some() => "is, not known since when".to_owned(),
        None => "not known".to_owned(),
    }
}
