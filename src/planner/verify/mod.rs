//! What `gnt-cluster verify` found: the lines of its jobs read, each code with its meaning, and what has one cause
//! told as one.

pub mod cause;
mod codes;
mod line;

use std::collections::BTreeMap;

use gantry_wire::job::{Job, Op};
use serde::{Deserialize, Serialize};

use crate::model::Cluster;
use crate::model::job::{finished, opcode, subject};

pub use cause::{Cause, causes};
pub use codes::meaning;
pub use line::{Entry, Level, Sort, entries};

/// What one job of a verify is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The configuration.
    Config,
    /// A group, by its name.
    Group(String),
}

/// The part of a verify that an opcode is.
pub fn part(op: &Op, cluster: &Cluster) -> Option<Part> {
    match opcode(&op.summary) {
        "CLUSTER_VERIFY_CONFIG" => Some(Part::Config),
        "CLUSTER_VERIFY_GROUP" => {
            let named = subject(&op.summary)?;
            let mut groups = cluster.groups.values();
            let group = groups.find(|group| group.uuid == named);
            let name = group.map_or(named, |group| group.name.as_str());
            Some(Part::Group(name.to_owned()))
        }
        _ => None,
    }
}

/// Of each part the newest job that has come to its end with a result, whoever asked for it.
pub fn newest(cluster: &Cluster) -> BTreeMap<Part, &Job> {
    let mut found = BTreeMap::new();
    for job in cluster.jobs.values() {
        for op in job.ops.iter().filter(|op| op.status == "success") {
            if let Some(part) = part(op, cluster).filter(|_| finished(&job.status)) {
                found.insert(part, job);
            }
        }
    }
    // A group that was removed since has nothing to be mended.
    if !cluster.groups.is_empty() {
        found.retain(|part, _| match part {
            Part::Config => true,
            Part::Group(name) => cluster.groups.contains_key(name.as_str()),
        });
    }
    found
}

/// A verify that is under way: the job that made the others, or one of those.
pub fn under_way(cluster: &Cluster) -> Option<&Job> {
    let verifies = |op: &Op| opcode(&op.summary) == "CLUSTER_VERIFY" || part(op, cluster).is_some();
    let mut jobs = cluster.jobs.values().rev();
    jobs.find(|job| {
        let open = !crate::model::family::over(job, cluster);
        open && job.ops.iter().any(verifies)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(id: u64, summary: &str, status: &str) -> Job {
        let op = Op {
            summary: summary.into(),
            status: status.into(),
            ..Op::default()
        };
        Job {
            id,
            status: status.into(),
            ops: vec![op],
            ..Job::default()
        }
    }

    #[test]
    fn of_each_part_the_newest_that_has_ended_counts() {
        let mut cluster = Cluster::default();
        for it in [
            job(1, "CLUSTER_VERIFY", "success"),
            job(2, "CLUSTER_VERIFY_CONFIG", "success"),
            job(3, "CLUSTER_VERIFY_GROUP(rack1)", "success"),
            job(4, "CLUSTER_VERIFY_GROUP(rack2)", "success"),
            job(5, "CLUSTER_VERIFY_GROUP(rack1)", "success"),
            job(6, "CLUSTER_VERIFY_GROUP(rack1)", "error"),
            job(7, "CLUSTER_VERIFY_GROUP(rack1)", "running"),
        ] {
            cluster.jobs.insert(it.id, it);
        }
        let found = newest(&cluster);
        let ids: Vec<u64> = found.values().map(|job| job.id).collect();
        assert_eq!(ids, [2, 5, 4]);
        assert_eq!(under_way(&cluster).map(|job| job.id), Some(7));
        cluster.jobs.remove(&7);
        assert!(under_way(&cluster).is_none());
    }
}
