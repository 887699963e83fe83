//! The headless commands: one look at the cluster, or a line for each change.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use gantry_wire::act::Acted;
use gantry_wire::config::Source;
use serde_json::{Map, Value};
use tokio::time::{Instant, timeout};

use super::links::Links;
use super::list::{self, Row};
use super::status::{Look, UNKNOWN, look};
use super::{prompt, tty};
use crate::config::args::List;
use crate::link::ask::Ask;
use crate::link::fleet::Clock;
use crate::link::inbox::Event;
use crate::model::time::Now;
use crate::model::{Cluster, Node, Reach};

/// A look takes no longer than this; what is not known by then stays so.
const PATIENCE: Duration = Duration::from_secs(25);

/// A node whose own address does not answer may still be reached through another; that is waited
/// for no longer than this.
const OTHER_WAYS: Duration = Duration::from_secs(8);

/// Whether everything is known is looked at this often, although nothing comes.
const GLANCE: Duration = Duration::from_millis(500);

/// Changes are printed at most this often.
const PACE: Duration = Duration::from_secs(1);

/// A cluster and the links that tell of it.
pub struct Watcher {
    pub(super) links: Links,
    pub(super) cluster: Cluster,
}

/// The present moment on both clocks.
pub fn now(clock: Clock) -> Now {
    let wall = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |since| since.as_secs_f64());
    Now {
        at: clock.now(),
        wall,
    }
}

/// What links told besides facts.
#[derive(Debug, Default)]
pub struct Heard {
    /// Questions to the human.
    pub asks: Vec<Ask>,
    /// What became of changes.
    pub acted: Vec<Acted>,
}

/// Folds what links told into a cluster; hands back the rest.
pub fn fold(cluster: &mut Cluster, events: Vec<Event>, now: Now) -> Heard {
    cluster.tick(now);
    let mut heard = Heard::default();
    for event in events {
        match event {
            Event::First(reach) => cluster.first_linked(reach),
            Event::Linked { node, reach } => cluster.linked(&node, reach),
            Event::Said { node, report } => cluster.report(&node, report),
            Event::Asked(ask) => heard.asks.push(ask),
            Event::Acted(acted) => heard.acted.push(acted),
        }
    }
    heard
}

impl Watcher {
    /// A watcher of a cluster that was not heard of yet.
    pub fn new(links: Links, destination: &str) -> Watcher {
        Watcher {
            links,
            cluster: Cluster::new(destination),
        }
    }

    /// `gantry status`
    pub async fn status(mut self, json: bool) -> Look {
        self.settle(&["drbd", "lvm"]).await;
        look(&self.cluster, json)
    }

    /// The cluster as soon as everything is known that the planner needs and that can be known soon. What is wrong
    /// with a cluster of which nothing is known goes to standard error.
    pub async fn cluster(mut self) -> Cluster {
        self.settle(&["lvm"]).await;
        self.wait(OTHER_WAYS, |cluster, _| !waits_for_figures(cluster))
            .await;
        if self.cluster.conf.is_none() {
            eprint!("{}", look(&self.cluster, false).text);
        }
        self.cluster
    }

    /// `gantry nodes` and its sisters. Returns the exit status.
    ///
    /// # Errors
    /// If what was found cannot be printed.
    pub async fn list(
        mut self,
        list: List,
        json: bool,
        watch: bool,
        out: &mut impl Write,
    ) -> std::io::Result<u8> {
        self.settle(parts(list)).await;
        if !list::known(list, &self.cluster) && !watch {
            eprint!("{}", look(&self.cluster, false).text);
            return Ok(UNKNOWN);
        }
        let rows = list::rows(list, &self.cluster);
        if !watch {
            print(out, list, &rows, json)?;
            return Ok(0);
        }
        let mut shown = BTreeMap::new();
        loop {
            changes(out, list::rows(list, &self.cluster), json, &mut shown)?;
            tokio::time::sleep(PACE).await;
            let events = self.links.inbox.recv().await;
            self.take(events).await;
        }
    }

    /// Takes what comes until everything is known that can be known soon, and these parts of what
    /// nodes say as well.
    pub(super) async fn settle(&mut self, parts: &[&str]) {
        self.wait(PATIENCE, |cluster, waited| {
            settled(cluster, parts, waited >= OTHER_WAYS)
        })
        .await;
        for note in self.links.notes() {
            eprintln!("gantry: {}", list::printable(&note));
        }
    }

    /// Takes what comes until it is enough, for so long at most.
    async fn wait(&mut self, patience: Duration, enough: impl Fn(&Cluster, Duration) -> bool) {
        let mut waited = Duration::ZERO;
        while waited < patience && !enough(&self.cluster, waited) {
            let begun = Instant::now();
            let Ok(events) = timeout(GLANCE, self.links.inbox.recv()).await else {
                waited += GLANCE;
                continue;
            };
            waited += begun.elapsed();
            // Somebody may think about a question for long: that is not waited for in vain.
            self.take(events).await;
        }
        self.cluster.tick(now(self.links.clock));
    }

    /// Takes what came, and asks what is to be asked.
    async fn take(&mut self, events: Vec<Event>) {
        let heard = fold(&mut self.cluster, events, now(self.links.clock));
        self.answer(heard.asks).await;
    }

    /// Asks the human.
    pub(super) async fn answer(&mut self, asks: Vec<Ask>) {
        for ask in asks {
            let words = prompt::prompt(&ask);
            // The links go on meanwhile.
            let said = tokio::task::spawn_blocking(move || tty::ask(&words)).await;
            let answer = said.map_or(crate::link::ask::Answer::No, prompt::answer);
            self.links.fleet.answer(ask.id, answer);
        }
    }
}

/// What nodes are asked for beyond what every list shows.
fn parts(list: List) -> &'static [&'static str] {
    match list {
        List::Drbd => &["drbd"],
        List::Storage | List::N1 => &["lvm"],
        List::Nodes | List::Instances | List::Groups | List::Jobs => &[],
    }
}

/// Everything is known that can be known soon, and these parts of what nodes say.
fn settled(cluster: &Cluster, parts: &[&str], late: bool) -> bool {
    if cluster.nodes.is_empty() {
        // Before the first node is known only a final refusal ends the wait.
        return matches!(
            cluster.first_reach,
            Reach::Refused { .. } | Reach::NoAgent { .. } | Reach::Waiting { .. }
        );
    }
    let Some(seen) = &cluster.conf_seen else {
        return false;
    };
    let from_file = seen.source == Source::File;
    if !from_file && (cluster.queue.is_none() || cluster.jobs_at.is_none()) {
        return false;
    }
    let nodes = cluster
        .nodes
        .values()
        .filter(|node| !node.offline())
        .all(|node| node_settled(node, parts, late));
    nodes
        && (from_file
            || cluster.instances.values().all(|instance| {
                let primary = cluster.nodes.get(instance.conf.primary.as_str());
                // With its primary lost an instance's state comes from the master, if at all.
                instance.status.word().is_some() || primary.is_none_or(|node| !node.fresh())
            }))
}

/// The master is being asked for the figures of a node that has no agent.
fn waits_for_figures(cluster: &Cluster) -> bool {
    let blind = |node: &Node| {
        let reach = matches!(node.reach, Reach::NoAgent { .. } | Reach::Refused { .. });
        reach && !node.offline() && node.live.is_none()
    };
    cluster.master_serves() && cluster.nodes.values().any(blind)
}

/// `late` ends the wait for other ways to a node, and for parts that its agent may never tell, as
/// one of another version does not.
fn node_settled(node: &Node, parts: &[&str], late: bool) -> bool {
    let has = |part: &str, known: bool| {
        let missing = node
            .facts
            .missing
            .iter()
            .flatten()
            .any(|missing| missing.part == part);
        known || missing
    };
    match &node.reach {
        Reach::Idle => false,
        Reach::Connecting(_) | Reach::Waiting { attempts: 0, .. } => node.trouble.is_some() && late,
        Reach::NoAgent { .. } | Reach::Waiting { .. } | Reach::Refused { .. } => true,
        Reach::Up { .. } => {
            let facts = &node.facts;
            let told = |part: &&str| match *part {
                "drbd" => has(part, facts.drbd.is_some()),
                _ => has(part, facts.lvm.is_some()),
            };
            has("cpu", facts.cpu.is_some())
                && has("memory", facts.memory.is_some())
                && has("storage", facts.storage.is_some())
                && has("daemons", facts.daemons.is_some())
                && (late || parts.iter().all(told))
        }
    }
}

fn print(out: &mut impl Write, list: List, rows: &[Row], json: bool) -> std::io::Result<()> {
    if json {
        let objects: Vec<&Map<String, Value>> = rows.iter().map(|row| &row.fields).collect();
        serde_json::to_writer_pretty(&mut *out, &objects)?;
        return writeln!(out);
    }
    let cells: Vec<Vec<String>> = rows.iter().map(|row| row.cells.clone()).collect();
    write!(out, "{}", list::table(list::titles(list), &cells))
}

/// Prints the rows that changed since they were last shown, and the keys of those that are gone.
fn changes(
    out: &mut impl Write,
    rows: Vec<Row>,
    json: bool,
    shown: &mut BTreeMap<String, Vec<String>>,
) -> std::io::Result<()> {
    let mut before = std::mem::take(shown);
    for row in rows {
        let same = before
            .remove(&row.key)
            .is_some_and(|cells| cells == row.cells);
        if !same && json {
            writeln!(out, "{}", Value::Object(row.fields))?;
        } else if !same {
            let cells: Vec<String> = row.cells.iter().map(|cell| list::printable(cell)).collect();
            writeln!(out, "{}", cells.join("  "))?;
        }
        shown.insert(row.key, row.cells);
    }
    for key in before.keys() {
        if json {
            writeln!(out, "{}", serde_json::json!({"gone": key}))?;
        } else {
            writeln!(out, "{}  gone", list::printable(key))?;
        }
    }
    out.flush()
}
