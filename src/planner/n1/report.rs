//! N+1 of a cluster as it is told: a row for each node, worst first, and the worst in short.

use std::sync::Arc;

use crate::model::{Cluster, Name};
use crate::planner::Present;
use crate::planner::htools::n1::evacuation::{Fate, Lack, Way};

use super::words::lack;
use super::{Kind, N1, Verdict};

/// Changes of what is missing below this many MiB are noise of the nodes' free memory.
const STEP: i64 = 64;

/// N+1 as it is told.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// All nodes, worst first.
    pub rows: Vec<Row>,
    /// The worst of all.
    pub verdict: Verdict,
    /// Nodes of which the verdict is not known.
    pub unknown: usize,
    /// Why nothing is known at all.
    pub why: Option<String>,
}

/// If a node dies now.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The node.
    pub node: Name,
    /// The worst of the three, or not known where its figures are not.
    pub verdict: Verdict,
    /// Each of them, in the order of [`Kind::ALL`].
    pub kinds: [Verdict; 3],
    /// Marked offline: it is dead already.
    pub offline: bool,
    /// How many instances run there, by the configuration.
    pub instances: usize,
    /// How many of them could not start.
    pub at_risk: usize,
    /// By which N+1 that is so.
    pub kind: Kind,
    /// Memory that is missing for them all together, MiB.
    pub missing: i64,
    /// Why, in a sentence; of a node that is not known, why not.
    pub reason: String,
    /// Where its instances would go: the node, how many, and how many of them find no room.
    pub to: Vec<(Name, usize, usize)>,
    /// How many are on no second node.
    pub alone: usize,
    /// The sentence for the list of all that is wrong.
    pub alert: String,
    /// Everything that is stranded.
    pub stranded: Vec<Told>,
}

/// An instance that could not start.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// The instance.
    pub instance: Name,
    /// By which N+1.
    pub kind: Kind,
    /// The node that it is about.
    pub node: Option<Name>,
    /// A word for what is missing.
    pub lack: &'static str,
    /// How much, MiB.
    pub missing: Option<i64>,
    /// In a sentence.
    pub text: String,
}

/// What becomes of one instance.
#[derive(Clone, Debug, PartialEq)]
pub struct Course {
    /// The instance.
    pub instance: Name,
    /// Its least and its full memory, MiB.
    pub memory: (i64, i64),
    /// Disk template.
    pub template: &'static str,
    /// How it leaves.
    pub way: Way,
    /// Where it can start.
    pub to: Option<Name>,
    /// It is not known whether there is a place.
    pub unsure: bool,
    /// It runs, or it counts as if it did.
    pub runs: bool,
    /// Counted by verify and hbal.
    pub auto_balance: bool,
    /// What is missing or to be minded.
    pub note: String,
}

/// All of one node's death.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fall {
    /// The node.
    pub node: Name,
    /// What each of the three says, with its figures.
    pub kinds: Vec<(Kind, Verdict, String)>,
    /// Why they differ.
    pub differences: Vec<String>,
    /// Its instances: those that cannot start first.
    pub courses: Vec<Course>,
}

/// A word for programs.
fn word(lack: &Lack) -> &'static str {
    match lack {
        Lack::Nothing => "nothing",
        Lack::Memory(_) => "memory",
        Lack::Disk(_) => "disk",
        Lack::Spindles => "spindles",
        Lack::Migration => "migration_tags",
        Lack::Policy(_) => "policy",
        Lack::Offline => "offline",
        Lack::NoSecondary => "secondary",
        Lack::NoNode => "node",
    }
}

fn missing(lack: &Lack) -> Option<i64> {
    match lack {
        Lack::Memory(short) | Lack::Disk(short) => Some(*short),
        _ => None,
    }
}

impl Report {
    /// Of the present cluster, and what it was made of.
    pub fn of(cluster: &Cluster) -> (Report, Option<Present>) {
        match Present::of(cluster) {
            Ok(mut present) => (Report::made(&mut present.n1), Some(present)),
            Err(why) => (Report::without(why), None),
        }
    }

    /// Of nothing, and why.
    pub fn without(why: String) -> Report {
        Report {
            verdict: Verdict::Unknown,
            why: Some(why),
            ..Report::default()
        }
    }

    /// Of what was reckoned.
    pub fn made(n1: &mut N1) -> Report {
        let count = n1.cluster.nodes.len();
        let mut rows: Vec<Row> = (0..count).map(|at| row(n1, at)).collect();
        let rank = |row: &Row| match (row.offline, row.verdict) {
            (true, _) => 3,
            (_, Verdict::Fails) => 0,
            (_, Verdict::Unknown) => 1,
            (_, Verdict::Holds) => 2,
        };
        // Nodes come in Ganeti's order, and stay so among equals.
        rows.sort_by_key(|row| (rank(row), std::cmp::Reverse((row.at_risk, row.missing))));
        let summary = n1.summary();
        Report {
            rows,
            verdict: match summary.nodes {
                0 => Verdict::Unknown,
                _ => summary.verdict,
            },
            unknown: summary.unknown,
            why: None,
        }
    }

    /// The node whose death would be worst.
    pub fn worst(&self) -> Option<&Row> {
        let first = self.rows.first();
        first.filter(|row| row.verdict == Verdict::Fails && !row.offline)
    }

    /// Nodes that may not die.
    pub fn bad(&self) -> impl Iterator<Item = &Row> {
        let rows = self.rows.iter();
        rows.filter(|row| row.verdict == Verdict::Fails && !row.offline)
    }

    /// It says the same but for noise.
    pub fn is_like(&self, other: &Report) -> bool {
        let same = |(a, b): (&Row, &Row)| {
            let key = |row: &Row| (row.verdict, row.kinds, row.at_risk, row.kind, row.instances);
            let steady = (a.missing - b.missing).abs() < STEP;
            let stranded = a
                .stranded
                .iter()
                .map(|it| (&it.instance, it.kind, &it.node));
            let theirs = b
                .stranded
                .iter()
                .map(|it| (&it.instance, it.kind, &it.node));
            let noise = a.stranded.is_empty() && a.reason != b.reason;
            a.node == b.node
                && key(a) == key(b)
                && steady
                && stranded.eq(theirs)
                && !noise
                && a.to == b.to
        };
        let short = |it: &Report| (it.verdict, it.unknown, it.why.clone(), it.rows.len());
        short(self) == short(other) && self.rows.iter().zip(&other.rows).all(same)
    }
}

fn row(n1: &mut N1, at: usize) -> Row {
    let (verdict, kinds) = (n1.verdict(at), n1.if_it_dies(at));
    let offline = n1.is_marked(at);
    let danger = (verdict == Verdict::Fails).then(|| n1.danger(at));
    let name = |text: &str| -> Name { Arc::from(text) };
    let primaries = n1.cluster.primaries.get(at).cloned().unwrap_or_default();
    let mut to: Vec<(usize, usize, usize)> = Vec::new();
    let mut alone = 0;
    for instance in &primaries {
        let secondary = n1.cluster.instances.get(*instance);
        let secondary = secondary
            .filter(|it| it.has_secondary)
            .and_then(|it| it.secondary);
        let Some(secondary) = secondary else {
            alone += 1;
            continue;
        };
        let stuck = danger.as_ref().is_some_and(|danger| {
            let mut of_kind = danger.stranded.iter().filter(|it| it.kind == danger.kind);
            of_kind.any(|it| it.instance == *instance)
        });
        match to.iter_mut().find(|(node, ..)| *node == secondary) {
            Some((_, all, without)) => {
                *all += 1;
                *without += usize::from(stuck);
            }
            None => to.push((secondary, 1, usize::from(stuck))),
        }
    }
    to.sort_by_key(|(node, all, without)| (std::cmp::Reverse((*without, *all)), *node));
    let told = danger.iter().flat_map(|it| &it.stranded).map(|it| Told {
        instance: name(n1.instance(it.instance)),
        kind: it.kind,
        node: it.obstacle.node.map(|at| name(n1.node(at))),
        lack: word(&it.obstacle.lack),
        missing: missing(&it.obstacle.lack),
        text: n1.reason(it),
    });
    let stranded: Vec<Told> = told.collect();
    let kind = danger.as_ref().map_or(Kind::Verify, |it| it.kind);
    let of_kind = || stranded.iter().filter(|it| it.kind == kind);
    let short = of_kind()
        .filter(|it| it.lack == "memory")
        .filter_map(|it| it.missing);
    let missing = short.fold(0, i64::saturating_add);
    let reason = match (&danger, n1.unknown(at)) {
        (Some(danger), _) if danger.count == 0 => "it has no memory left of its own".to_owned(),
        (Some(_), _) => of_kind()
            .next()
            .map(|it| it.text.clone())
            .unwrap_or_default(),
        (None, Some(why)) => why.to_owned(),
        (None, None) if verdict == Verdict::Unknown => depends(n1, at),
        (None, None) => String::new(),
    };
    Row {
        node: name(n1.node(at)),
        verdict,
        kinds,
        offline,
        instances: primaries.len(),
        at_risk: danger.as_ref().map_or(0, |it| it.count),
        kind,
        missing,
        reason,
        to: to
            .into_iter()
            .map(|(at, all, without)| (name(n1.node(at)), all, without))
            .collect(),
        alone,
        alert: danger.map(|it| n1.danger_in_words(&it)).unwrap_or_default(),
        stranded,
    }
}

/// On whose figures it depends.
fn depends(n1: &N1, at: usize) -> String {
    let unknown = |it: &usize| !n1.ground.knows(*it) && !n1.is_marked(*it);
    let holds = |it: &usize| n1.drbd.get(*it, at) == Verdict::Unknown;
    let mut nodes = (0..n1.cluster.nodes.len()).filter(unknown).filter(holds);
    match nodes.next() {
        Some(node) => format!("the memory of its secondary {} is not known", n1.node(node)),
        None => "not all nodes that could take over are known".to_owned(),
    }
}

impl N1 {
    /// All of a node's death.
    pub fn fall(&mut self, node: &str) -> Option<Fall> {
        let nodes = &self.cluster.data.nodes;
        let at = nodes.iter().position(|it| it.name == node)?;
        let mut courses: Vec<Course> = Vec::new();
        for fate in self.fates(at) {
            courses.push(self.course(at, &fate));
        }
        courses.sort_by(|a, b| {
            let rank = |it: &Course| (it.to.is_some(), it.unsure);
            let by_rank = rank(a).cmp(&rank(b));
            by_rank.then_with(|| crate::model::natural::compare(&a.instance, &b.instance))
        });
        let mut kinds = self.by_kind(at);
        let all = courses.len();
        let [.., (_, _, tried)] = &mut kinds;
        *tried = match courses.iter().filter(|it| it.to.is_none()).count() {
            0 => format!("each of {all} primaries finds a place, one after the other"),
            n => format!("{n} of {all} primaries find no place, one after the other"),
        };
        Some(Fall {
            node: Arc::from(node),
            kinds: kinds.into(),
            differences: self.why_they_differ(at),
            courses,
        })
    }

    fn course(&self, node: usize, fate: &Fate) -> Course {
        let at = fate.instance;
        let instance = self.cluster.instances.get(at);
        let loaded = self.cluster.data.instances.get(at);
        let most = instance.map_or(0, |it| it.memory);
        let unsure = self.is_unsure(node, fate);
        let place = |at: usize| -> Name { Arc::from(self.node(at)) };
        let note = match &fate.obstacle {
            _ if unsure => {
                let secondary = instance.and_then(|it| it.secondary);
                let secondary = secondary.filter(|_| fate.way == Way::Secondary);
                match secondary {
                    Some(at) => format!("nothing is known of {}", self.node(at)),
                    None => "not all nodes are known".to_owned(),
                }
            }
            Some(it) => match it.node {
                Some(at) if it.lack == Lack::Offline => format!("{} is offline", self.node(at)),

                Some(at) => format!("{} on {}", lack(&it.lack), self.node(at)),
                None => lack(&it.lack),
            },
            None if fate.way == Way::Anew => "created anew: its disks die with the node".to_owned(),
            None if fate.cpus_over > 0 => {
                format!("{} CPUs beyond the policy there", fate.cpus_over)
            }
            None => String::new(),
        };
        Course {
            instance: Arc::from(self.instance(at)),
            memory: (self.ground.minmem.get(at).copied().unwrap_or(most), most),
            template: loaded.map_or("?", |it| it.template.word()),
            way: fate.way,
            to: fate.to.map(place),
            unsure,
            runs: instance.is_some_and(|it| it.uses_memory),
            auto_balance: instance.is_some_and(|it| it.auto_balance),
            note,
        }
    }
}
