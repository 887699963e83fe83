//! What running jobs do to instances.

use std::collections::HashMap;

use crate::model::Cluster;
use crate::model::job::finished;

/// Opcodes while which a guest comes, goes, or is in two places.
const MOVING: [&str; 9] = [
    "INSTANCE_STARTUP",
    "INSTANCE_SHUTDOWN",
    "INSTANCE_REBOOT",
    "INSTANCE_MIGRATE",
    "INSTANCE_FAILOVER",
    "INSTANCE_MOVE",
    "INSTANCE_CREATE",
    "INSTANCE_REINSTALL",
    "BACKUP_EXPORT",
];

/// What running jobs do, by the instance that they do it to.
#[derive(Default)]
pub struct Work<'a> {
    by_instance: HashMap<&'a str, Vec<(u64, &'a str)>>,
}

impl<'a> Work<'a> {
    /// Gathers it from the jobs.
    pub fn of(cluster: &'a Cluster) -> Work<'a> {
        let mut work = Work::default();
        let running = cluster
            .jobs
            .values()
            .filter(|job| matches!(job.status.as_str(), "running" | "canceling"));
        for job in running {
            for op in job.ops.iter().filter(|op| !finished(&op.status)) {
                let Some((what, object)) = op.summary.split_once('(') else {
                    continue;
                };
                if let Some(object) = object.strip_suffix(')')
                    && (what.starts_with("INSTANCE_") || what.starts_with("BACKUP_"))
                {
                    let ops = work.by_instance.entry(object).or_default();
                    ops.push((job.id, what));
                }
            }
        }
        work
    }

    /// The job that does something to an instance, if one does.
    pub fn job(&self, instance: &str) -> Option<u64> {
        let ops = self.by_instance.get(instance)?;
        ops.first().map(|(id, _)| *id)
    }

    /// A job starts, stops or moves the instance.
    pub fn moves(&self, instance: &str) -> bool {
        self.does(instance, |what| MOVING.contains(&what))
    }

    /// A job migrates the instance: its disks may be primary on both nodes.
    pub fn migrates(&self, instance: &str) -> bool {
        self.does(instance, |what| {
            matches!(what, "INSTANCE_MIGRATE" | "INSTANCE_FAILOVER")
        })
    }

    fn does(&self, instance: &str, what: impl Fn(&str) -> bool) -> bool {
        let ops = self.by_instance.get(instance);
        ops.is_some_and(|ops| ops.iter().any(|(_, op)| what(op)))
    }
}
