//! Results of verifies as an inbox: what was found, what of it is new, and what was acknowledged.

mod kept;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use gantry_wire::job::Job;

use crate::model::Cluster;
use crate::planner::verify::{self, Cause, Entry, Level, Part, causes, entries};

use super::Effect;

pub use kept::{Ack, Found, Kept};

/// For how long something is acknowledged, seconds and in words; each time it is asked for the next one.
pub const SPANS: [(f64, &str); 3] = [
    (3_600.0, "1 hour"),
    (86_400.0, "1 day"),
    (604_800.0, "1 week"),
];

/// Acknowledgements kept; those that are over first go first.
const ACKS: usize = 1_000;

/// Lines kept of one part.
const ENTRIES: usize = 2_000;

/// The inbox.
#[derive(Clone, Debug, Default)]
pub struct Inbox {
    /// What is in it, what wants action first.
    pub rows: Vec<Row>,
    /// Counts up when the rows may be others.
    pub revision: u64,
    /// The newest result of each part.
    parts: BTreeMap<Part, Found>,
    acks: BTreeMap<String, Ack>,
    /// The jobs whose results count, as the jobs last told.
    wanted: Vec<(Part, u64)>,
    /// Those whose logs were asked for.
    asked: BTreeSet<u64>,
    /// The cluster whose results were asked for, as they were kept.
    recalling: Option<String>,
    recalled: bool,
    /// Something is other than it was kept.
    unkept: bool,
    made: Option<Made>,
}

/// What the rows were made of.
#[derive(Clone, Debug, PartialEq)]
struct Made {
    shape: u64,
    logs: u64,
    minute: u64,
}

/// One thing that is wrong, with what comes of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What stays the same from one verify to the next.
    pub key: String,
    /// The lines.
    pub cause: Cause,
    /// By which part of a verify it was found.
    pub part: Part,
    /// When that had ended, seconds since the epoch.
    pub at: f64,
    /// The result before did not have it.
    pub new: bool,
    /// Somebody knows of it.
    pub ack: Option<Ack>,
}

impl Inbox {
    /// The newest results, by part.
    pub fn parts(&self) -> impl Iterator<Item = (&Part, &Found)> {
        self.parts.iter()
    }

    /// The row with this key.
    pub fn row(&self, key: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.key == key)
    }

    /// Takes in what the cluster tells; says what has to be asked for or kept.
    pub fn refresh(&mut self, cluster: &Cluster) -> Vec<Effect> {
        let mut effects = self.recall(cluster).into_iter().collect::<Vec<_>>();
        let shape = cluster.shape;
        if self.made.as_ref().is_none_or(|made| made.shape != shape) {
            let newest = verify::newest(cluster).into_iter();
            self.wanted = newest.map(|(part, job)| (part, job.id)).collect();
            effects.extend(self.ask(cluster));
        }
        let made = Made {
            shape,
            logs: self.logs(cluster),
            minute: cluster.now.at.0 / 60_000,
        };
        if self.made.as_ref() == Some(&made) {
            return effects;
        }
        self.made = Some(made);
        let learned = self.learn(cluster);
        let over = self.acks.len();
        self.acks.retain(|_, ack| ack.until > cluster.now.wall);
        self.arrange(cluster);
        self.unkept |= learned || over != self.acks.len();
        if self.unkept && self.recalled {
            self.unkept = false;
            effects.extend(self.keep());
        }
        effects
    }

    /// Asks for what was kept, once it is known of which cluster.
    fn recall(&mut self, cluster: &Cluster) -> Option<Effect> {
        let name = &cluster.conf.as_ref()?.name;
        if name.is_empty() || self.recalling.as_ref() == Some(name) {
            return None;
        }
        self.recalling = Some(name.clone());
        self.recalled = false;
        Some(Effect::Recall(name.clone()))
    }

    /// Asks for logs of results that are not known yet.
    fn ask(&mut self, cluster: &Cluster) -> Vec<Effect> {
        if !cluster.master_serves() {
            // What was asked may never be answered.
            self.asked.clear();
            return Vec::new();
        }
        let known = |part: &Part, id: &u64| self.parts.get(part).is_some_and(|it| it.job == *id);
        let open = self.wanted.iter().filter(|(part, id)| !known(part, id));
        let open: Vec<u64> = open.map(|(_, id)| *id).collect();
        let new = open.into_iter().filter(|id| self.asked.insert(*id));
        new.map(|job| Effect::AskLog { job }).collect()
    }

    /// Moves with each line of the logs that matter.
    fn logs(&self, cluster: &Cluster) -> u64 {
        let logs = self
            .wanted
            .iter()
            .filter_map(|(_, id)| cluster.logs.get(id));
        let lines = logs.map(|lines| lines.last().map_or(0, |line| line.serial) + 1);
        lines.fold(0, u64::wrapping_add)
    }

    /// Reads the logs that are there; whether anything is other than it was.
    fn learn(&mut self, cluster: &Cluster) -> bool {
        let mut learned = false;
        for (part, id) in &self.wanted {
            let (Some(job), Some(lines)) = (cluster.jobs.get(id), cluster.logs.get(id)) else {
                continue;
            };
            let mut found = entries(lines);
            found.truncate(ENTRIES);
            let old = self.parts.get(part);
            let before = match old {
                // More of the log came.
                Some(old) if old.job == *id => old.before.clone(),
                Some(old) => Some(old.entries.iter().map(Entry::key).collect()),
                None => None,
            };
            let new = Found {
                job: *id,
                at: job.ended.unwrap_or(0.0),
                verdict: verdict(job, part, cluster),
                entries: found,
                before,
            };
            if old != Some(&new) && old.is_none_or(|old| old.at <= new.at) {
                self.parts.insert(part.clone(), new);
                learned = true;
            }
        }
        learned
    }

    /// Makes the rows.
    fn arrange(&mut self, cluster: &Cluster) {
        let all: Vec<Entry> = self
            .parts
            .values()
            .flat_map(|found| &found.entries)
            .cloned()
            .collect();
        let rows = causes(&all, cluster).into_iter();
        let mut rows: Vec<Row> = rows.filter_map(|cause| self.made_row(cause)).collect();
        rows.sort_by(|a, b| {
            let rank = |row: &Row| {
                let lines = row.cause.folded.len();
                (
                    row.ack.is_some(),
                    row.cause.entry.level,
                    !row.new,
                    Reverse(lines),
                )
            };
            rank(a).cmp(&rank(b)).then_with(|| {
                crate::model::natural::compare(&a.cause.entry.name, &b.cause.entry.name)
            })
        });
        rows.dedup_by(|a, b| a.key == b.key);
        if rows != self.rows {
            self.rows = rows;
            self.revision += 1;
        }
    }

    fn made_row(&self, cause: Cause) -> Option<Row> {
        let of = |entry: &Entry| {
            let mut parts = self.parts.iter();
            parts.find(|(_, found)| found.entries.contains(entry))
        };
        // A cause that no line says by itself is as old as what comes of it.
        let (part, found) = of(&cause.entry).or_else(|| of(cause.folded.first()?))?;
        let key = cause.entry.key();
        let new = found.before.as_ref().is_some_and(|before| {
            let lines = std::iter::once(&cause.entry).chain(&cause.folded);
            !lines.map(Entry::key).any(|key| before.contains(&key))
        });
        Some(Row {
            new,
            part: part.clone(),
            at: found.at,
            ack: self.acks.get(&key).cloned(),
            cause,
            key,
        })
    }

    /// Acknowledges a row for an hour, one that is so for a day, then for a week, then no more. Gives what is said of it.
    pub fn acknowledge(
        &mut self,
        key: &str,
        by: &str,
        cluster: &Cluster,
    ) -> (String, Option<Effect>) {
        let before = self.acks.get(key).map(|ack| ack.span);
        let next = match before {
            None => SPANS.first(),
            Some(span) => SPANS.iter().find(|(seconds, _)| *seconds > span),
        };
        let said = match next {
            Some((seconds, words)) => {
                let ack = Ack {
                    until: cluster.now.wall + seconds,
                    span: *seconds,
                    by: by.to_owned(),
                };
                self.acks.insert(key.to_owned(), ack);
                format!("acknowledged for {words}; again for longer")
            }
            None => {
                self.acks.remove(key);
                "not acknowledged any more".to_owned()
            }
        };
        if self.acks.len() > ACKS {
            let soonest = self
                .acks
                .iter()
                .min_by(|(_, a), (_, b)| a.until.total_cmp(&b.until));
            if let Some(key) = soonest.map(|(key, _)| key.clone()) {
                self.acks.remove(&key);
            }
        }
        self.arrange(cluster);
        (said, self.keep())
    }

    /// What has to be kept, once it is known what was kept before.
    fn keep(&self) -> Option<Effect> {
        let cluster = self.recalling.clone().filter(|_| self.recalled)?;
        let parts = self
            .parts
            .iter()
            .map(|(part, found)| (part.clone(), found.clone()));
        let kept = Kept {
            parts: parts.collect(),
            acks: self.acks.clone(),
        };
        let text = kept.text();
        Some(Effect::Keep { cluster, text })
    }

    /// Takes in what was kept of a cluster.
    ///
    /// # Errors
    /// What is wrong with it, where it cannot be read.
    pub fn recalled(
        &mut self,
        name: &str,
        text: Option<&str>,
        cluster: &Cluster,
    ) -> Result<(), String> {
        if self.recalling.as_deref() != Some(name) {
            return Ok(());
        }
        self.recalled = true;
        let Some(text) = text else { return Ok(()) };
        let kept = Kept::read(text)?;
        for (part, found) in kept.parts {
            match self.parts.get_mut(&part) {
                None => {
                    self.parts.insert(part, found);
                }
                // What was learned meanwhile is compared with what was known before.
                Some(newer) if newer.job != found.job && newer.before.is_none() => {
                    newer.before = Some(found.entries.iter().map(Entry::key).collect());
                }
                Some(same) if same.job == found.job => same.before = found.before,
                Some(_) => {}
            }
        }
        for (key, ack) in kept.acks {
            self.acks.entry(key).or_insert(ack);
        }
        self.made = None;
        self.arrange(cluster);
        Ok(())
    }

    /// Rows that nobody has acknowledged, by level: errors and warnings.
    pub fn open(&self) -> (usize, usize) {
        let open = self.rows.iter().filter(|row| row.ack.is_none());
        let (errors, warnings): (Vec<&Row>, Vec<&Row>) =
            open.partition(|row| row.cause.entry.level == Level::Error);
        (errors.len(), warnings.len())
    }
}

/// What the opcode found that is this part.
fn verdict(job: &Job, part: &Part, cluster: &Cluster) -> Option<bool> {
    let mut ops = job.ops.iter();
    let op = ops.find(|op| verify::part(op, cluster).as_ref() == Some(part))?;
    op.verdict
}

#[cfg(test)]
mod tests;
