//! harep: what Ganeti's auto-repair would do, by the tags that allow it and that remember what it did.

use std::collections::BTreeMap;

use crate::model::{self, job};
use gantry_wire::config;

/// What all its tags begin with.
const PREFIX: &str = "ganeti:watcher:autorepair:";

/// A kind of repair, the least harmful first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Repair {
    /// `fix-storage`: a new secondary.
    FixStorage,
    /// `migrate`
    Migrate,
    /// `failover`
    Failover,
    /// `reinstall`: new disks, and the system anew.
    Reinstall,
}

impl Repair {
    /// Ganeti's word.
    pub fn word(self) -> &'static str {
        match self {
            Repair::FixStorage => "fix-storage",
            Repair::Migrate => "migrate",
            Repair::Failover => "failover",
            Repair::Reinstall => "reinstall",
        }
    }

    fn read(word: &str) -> Option<Repair> {
        let all = [
            Repair::FixStorage,
            Repair::Migrate,
            Repair::Failover,
            Repair::Reinstall,
        ];
        all.into_iter().find(|it| it.word() == word)
    }

    /// The opcodes that do it.
    pub fn opcodes(self) -> &'static [&'static str] {
        match self {
            Repair::FixStorage => &["OP_INSTANCE_REPLACE_DISKS"],
            Repair::Migrate => &["OP_INSTANCE_MIGRATE"],
            Repair::Failover => &["OP_INSTANCE_FAILOVER"],
            Repair::Reinstall => &["OP_INSTANCE_RECREATE_DISKS", "OP_INSTANCE_REINSTALL"],
        }
    }
}

/// What is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Nothing.
    NotEnabled,
    /// Nothing for now.
    Suspended,
    /// Up to this.
    Enabled(Repair),
}

/// How an earlier repair ended, in the order in which they count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Ended {
    NotYet,
    Enoperm,
    Success,
    Failure,
}

/// A tag that remembers a repair.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Record<'a> {
    tag: &'a str,
    kind: &'a str,
    uuid: &'a str,
    time: u64,
    ended: Ended,
    jobs: &'a str,
}

/// What is to be done about an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing is wrong that harep sees.
    Healthy,
    /// An earlier repair failed: somebody has to look.
    Failed,
    /// An earlier repair is under way.
    Pending,
    /// An earlier repair ended: these tags change, the instance counts as healthy or failed.
    Finished {
        /// All its jobs succeeded.
        success: bool,
        /// The tag to be added.
        add: String,
        /// The tag to be removed.
        remove: String,
    },
    /// It is broken.
    Broken {
        /// What would mend it.
        repair: Repair,
        /// What is allowed.
        policy: Policy,
    },
    /// It cannot be told.
    Unclear(String),
}

/// What harep would do about each instance, in Ganeti's order. `now` is in seconds since the epoch.
pub fn repairs(cluster: &model::Cluster, now: u64) -> Vec<(&str, Verdict)> {
    let instances = cluster.instances_sorted().into_iter();
    instances
        .map(|it| (&*it.name, verdict(cluster, &it.conf, now)))
        .collect()
}

fn verdict(cluster: &model::Cluster, own: &config::Instance, now: u64) -> Verdict {
    match state(&own.tags) {
        Err(why) => return Verdict::Unclear(why),
        Ok(State::Failed) => return Verdict::Failed,
        Ok(State::Pending(record)) => return pending(cluster, &record, now),
        Ok(State::Healthy) => {}
    }
    match broken(cluster, own) {
        Ok(None) => Verdict::Healthy,
        Ok(Some(repair)) => Verdict::Broken {
            repair,
            policy: policy(cluster, own, now),
        },
        Err(why) => Verdict::Unclear(why),
    }
}

enum State<'a> {
    Healthy,
    Failed,
    Pending(Record<'a>),
}

/// What the tags remember.
fn state(tags: &[String]) -> Result<State<'_>, String> {
    let mut groups: BTreeMap<&str, Vec<Record<'_>>> = BTreeMap::new();
    for record in tags.iter().filter_map(|tag| record(tag)) {
        groups.entry(record.uuid).or_default().push(record);
    }
    let mut groups: Vec<Vec<Record<'_>>> = groups.into_values().collect();
    groups.sort_by_key(|group| group.iter().map(|it| it.time).min());
    let mut state = State::Healthy;
    for group in groups {
        let last = group.into_iter().max_by_key(|it| (it.ended, it.time));
        state = match (state, last) {
            (State::Failed, _) => State::Failed,
            (State::Pending(record), Some(_)) => {
                return Err(format!(
                    "repair {} is pending, and there is a later one",
                    record.uuid
                ));
            }
            (State::Healthy, Some(it)) if it.ended == Ended::NotYet => State::Pending(it),
            (State::Healthy, Some(it)) if it.ended == Ended::Failure => State::Failed,
            (state, _) => state,
        };
    }
    Ok(state)
}

fn record(tag: &str) -> Option<Record<'_>> {
    let rest = tag.strip_prefix(PREFIX)?;
    let parts: Vec<&str> = rest.split(':').collect();
    let (ended, [kind, uuid, time], jobs) = match parts.as_slice() {
        ["pending", kind, uuid, time, jobs] => (Ended::NotYet, [*kind, *uuid, *time], *jobs),
        ["result", kind, uuid, time, word, jobs] => {
            let ended = match *word {
                "enoperm" => Ended::Enoperm,
                "success" => Ended::Success,
                "failure" => Ended::Failure,
                _ => return None,
            };
            (ended, [*kind, *uuid, *time], *jobs)
        }
        _ => return None,
    };
    Repair::read(kind)?;
    Some(Record {
        tag,
        kind,
        uuid,
        time: time.parse().ok()?,
        ended,
        jobs,
    })
}

/// Whether the jobs of a pending repair have ended.
fn pending(cluster: &model::Cluster, record: &Record<'_>, now: u64) -> Verdict {
    let mut success = true;
    for id in record.jobs.split('+').filter(|id| !id.is_empty()) {
        let found = id.parse().ok().and_then(|id: u64| cluster.jobs.get(&id));
        let Some(found) = found else {
            return Verdict::Unclear(format!("job {id} of its pending repair is not known"));
        };
        if !job::finished(&found.status) {
            return Verdict::Pending;
        }
        success &= found.status == "success";
    }
    let word = if success { "success" } else { "failure" };
    let Record {
        kind, uuid, jobs, ..
    } = record;
    Verdict::Finished {
        success,
        add: format!("{PREFIX}result:{kind}:{uuid}:{now}:{word}:{jobs}"),
        remove: record.tag.to_owned(),
    }
}

/// What would mend an instance, if it is broken. Only nodes that are marked count: one that is merely out of reach is
/// no reason to give up what is on it.
fn broken(cluster: &model::Cluster, own: &config::Instance) -> Result<Option<Repair>, String> {
    let offline = |name: &str| {
        let node = cluster.nodes.get(name);
        let node = node.and_then(|node| node.conf.as_ref());
        let node = node.ok_or_else(|| format!("its node {name:?} is not known"))?;
        Ok::<bool, String>(matches!(node.role.as_str(), "O" | "D") || !node.vm_capable)
    };
    let primary = offline(&own.primary)?;
    Ok(match own.disk_template.as_str() {
        "drbd" => {
            let secondary = own.secondaries.first();
            let secondary = secondary.map_or(Ok(false), |name| offline(name))?;
            match (primary, secondary) {
                (true, true) => Some(Repair::Reinstall),
                (true, false) => Some(Repair::Failover),
                (false, true) => Some(Repair::FixStorage),
                (false, false) => None,
            }
        }
        "plain" if primary => Some(Repair::Reinstall),
        _ => None,
    })
}

/// The instance's own tags win over its group's, and these over the cluster's.
fn policy(cluster: &model::Cluster, own: &config::Instance, now: u64) -> Policy {
    let node = cluster.nodes.get(own.primary.as_str());
    let group = node.and_then(|node| cluster.groups.get(node.group()));
    let levels = [
        Some(&own.tags),
        group.map(|group| &group.tags),
        cluster.conf.as_ref().map(|conf| &conf.tags),
    ];
    let mut levels = levels.into_iter().flatten();
    levels
        .find_map(|tags| said(tags, now))
        .unwrap_or(Policy::NotEnabled)
}

fn said(tags: &[String], now: u64) -> Option<Policy> {
    let words = || tags.iter().filter_map(|tag| tag.strip_prefix(PREFIX));
    let suspends = |word: &str| match word.strip_prefix("suspend") {
        Some("") => true,
        Some(rest) => {
            let until = rest.strip_prefix(':').and_then(|it| it.parse::<u64>().ok());
            until.is_some_and(|until| until > now)
        }
        None => false,
    };
    if words().any(suspends) {
        return Some(Policy::Suspended);
    }
    words().filter_map(Repair::read).min().map(Policy::Enabled)
}

#[cfg(test)]
mod tests;
