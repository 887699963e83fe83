//! What both ends of a DRBD disk say, side by side.

use gantry_wire::drbd::{Counters, Device, Generation};

use crate::app::facts::Facts;
use crate::app::sheet::{Sheet, Span};
use crate::app::tone::Tone;
use crate::model::words::{ago, duration, kib};
use crate::model::{Cluster, Name};
use crate::planner::replica::{Half, Pair, Seen};

use super::node::known;
use super::{drbd, nodes, stack};

/// Columns of what a row is about.
pub const KEY: usize = 13;

/// Columns of what an end says.
const VALUE: usize = 22;

/// Rows of what both ends say, side by side.
pub struct Ends<'a> {
    cluster: &'a Cluster,
    facts: &'a Facts,
    pair: &'a Pair,
    /// Columns of what an end says.
    value: usize,
    /// There is no room for words that explain themselves.
    narrow: bool,
    rows: Vec<Vec<Span>>,
}

/// Whether two values that differ are a contradiction.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Should {
    Differ,
    Agree,
}

impl<'a> Ends<'a> {
    /// No rows yet, for a text of this width.
    pub fn new(cluster: &'a Cluster, facts: &'a Facts, pair: &'a Pair, width: u16) -> Ends<'a> {
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
    pub fn table(mut self, sheet: &mut Sheet, heading: &str) {
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
            let text = half
                .device
                .as_deref()
                .map(&word)
                .filter(|it| !it.is_empty());
            Span::new(text.unwrap_or_else(|| "-".to_owned()), tone)
        });
        self.row(key, here, there, should);
    }

    /// What each says of itself and of the other now.
    pub fn states(&mut self) {
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
        let device = |half: &'a Half| half.device.as_deref();
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
        let [a, b] = halves.map(|half| half.device.as_deref().filter(|_| half.seen == Seen::Now));
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
            mark.text = "! contradiction".to_owned();
        }
    }

    /// What is known of the past: the kernel's log, and who was primary when.
    pub fn past(&mut self) {
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
            let device = half.device.as_deref();
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

    /// The generations of the data, which are told while the ends are apart.
    pub fn generations(&mut self) {
        let halves = [&self.pair.primary, &self.pair.secondary];
        let of = |part: fn(&Generation) -> String| {
            move |it: &Device| it.generation.as_ref().map(part).unwrap_or_default()
        };
        self.said("current", Should::Differ, of(|it| it.current.clone()));
        // The lowest bit only says that it is primary.
        let current = halves.map(|half| {
            let generation = half.device.as_deref()?.generation.as_ref()?;
            let hex = generation.current.trim_start_matches("0x");
            u64::from_str_radix(hex, 16).ok().map(|it| it & !1)
        });
        if let [Some(here), Some(there)] = current
            && here != there
            && let Some(mark) = self.rows.last_mut().and_then(|row| row.last_mut())
        {
            mark.text = "! apart".to_owned();
        }
        self.said("bitmap", Should::Differ, of(|it| it.bitmap.clone()));
        let most = halves
            .iter()
            .filter_map(|half| half.device.as_deref()?.generation.as_ref())
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
            .filter_map(|half| half.device.as_deref()?.generation.as_ref())
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

    /// What the halves lie on, and how they are connected.
    pub fn devices(&mut self) {
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

    /// The kernel's counters.
    pub fn counters(&mut self) {
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
            (None, None) => "is; since not known".to_owned(),
            (_, Some(ended)) => format!("until {}", ago(ended)),
        })
    });
    let flag = |name: &str| {
        let generation = half.device.as_deref()?.generation.as_ref()?;
        generation
            .flags
            .iter()
            .any(|flag| flag == name)
            .then_some(())
    };
    match seen {
        Some(text) => text,
        None if flag("crashed-primary").is_some() => "when it crashed".to_owned(),
        None if flag("primary").is_some() => "is; since not known".to_owned(),
        None => "not known".to_owned(),
    }
}
