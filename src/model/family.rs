//! A job and those that it made: such a job is over when all of them are.

use gantry_wire::job::{Job, Made};

use super::Cluster;
use super::job::{failure, finished, summary};

/// Jobs that failed are named up to this many.
const NAMED: usize = 2;

/// A job that made others, and what became of those.
#[derive(Debug, Default)]
pub struct Family<'a> {
    /// Those that are known, in the order in which they were made.
    pub children: Vec<&'a Job>,
    /// Ids of those that are not known any more: archived before their end was seen.
    pub gone: Vec<u64>,
    /// Ids of those that were not told of yet.
    pub coming: Vec<u64>,
    /// Why those were refused that could not be made.
    pub refused: Vec<&'a str>,
}

/// All jobs that a job made, as its opcodes told.
fn made(job: &Job) -> impl Iterator<Item = &Made> {
    job.ops.iter().flat_map(|op| &op.made)
}

/// Ids of the jobs that a job made.
pub fn made_ids(job: &Job) -> impl Iterator<Item = u64> {
    made(job).filter_map(|made| match made {
        Made::Job(id) => Some(*id),
        Made::Refused(_) => None,
    })
}

/// A job is over, and so are all that it made.
pub fn over(job: &Job, cluster: &Cluster) -> bool {
    finished(&job.status) && Family::of(job, cluster).is_none_or(|it| it.is_over())
}

impl<'a> Family<'a> {
    /// The family of a job; none if it made no others.
    pub fn of(job: &'a Job, cluster: &'a Cluster) -> Option<Family<'a>> {
        let refused = made(job).filter_map(|made| match made {
            Made::Refused(why) => Some(why.as_str()),
            Made::Job(_) => None,
        });
        let family = Family {
            refused: refused.collect(),
            ..Family::together(made_ids(job), cluster)
        };
        (family.count() > 0).then_some(family)
    }

    /// Jobs that belong together although none of them made the others.
    pub fn together(ids: impl Iterator<Item = u64>, cluster: &'a Cluster) -> Family<'a> {
        let mut family = Family::default();
        let newest = cluster.jobs.last_key_value().map_or(0, |(id, _)| *id);
        for id in ids {
            match cluster.jobs.get(&id) {
                Some(job) => family.children.push(job),
                // It may be told of after what speaks of it.
                None if id > newest => family.coming.push(id),
                None => family.gone.push(id),
            }
        }
        family
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.children.len() + self.gone.len() + self.coming.len() + self.refused.len()
    }

    /// Those with this status.
    fn with<'b>(&'b self, status: &'b str) -> impl Iterator<Item = &'a Job> + 'b {
        let children = self.children.iter().copied();
        children.filter(move |job| job.status == status)
    }

    /// Nothing more will become of any.
    pub fn is_over(&self) -> bool {
        self.coming.is_empty() && self.children.iter().all(|job| finished(&job.status))
    }

    /// Something went wrong: one failed, was canceled or could not be made.
    pub fn has_failed(&self) -> bool {
        let bad = |job: &&Job| matches!(job.status.as_str(), "error" | "canceled");
        !self.refused.is_empty() || self.children.iter().any(bad)
    }

    /// Those that are a success and found something wrong all the same, as a verify does.
    pub fn against(&self) -> impl Iterator<Item = &'a Job> + '_ {
        let children = self.children.iter().copied();
        children.filter(|job| job.ops.iter().any(|op| op.verdict == Some(false)))
    }

    /// Some of them give a verdict.
    pub fn judges(&self) -> bool {
        let judged = |job: &&Job| job.ops.iter().any(|op| op.verdict.is_some());
        self.children.iter().any(judged)
    }

    /// How they fare, in a line: `5 of 7 done, 1 failed: 4713 INSTANCE_MIGRATE(web1): no memory`.
    pub fn sentence(&self) -> String {
        let done = self.with("success").count();
        let all = self.count();
        let mut text = match done == all {
            true if all == 1 => "done".to_owned(),
            true => format!("all {all} done"),
            false => format!("{done} of {all} done"),
        };
        let mut say = |count: usize, what: &str| {
            if count > 0 {
                text += &format!(", {count} {what}");
            }
        };
        let open = |job: &&&Job| !finished(&job.status);
        let waits = |job: &&&Job| matches!(job.status.as_str(), "queued" | "waiting");
        let open_ones = || self.children.iter().filter(open);
        let waiting = open_ones().filter(waits).count();
        say(open_ones().count() - waiting, "running");
        say(waiting + self.coming.len(), "waiting");
        say(self.with("canceled").count(), "canceled");
        say(self.gone.len(), "put away before their end was seen");
        say(self.refused.len(), "not taken by the queue");
        let failed: Vec<&Job> = self.with("error").collect();
        say(failed.len(), "failed");
        let named: Vec<String> = failed
            .iter()
            .take(NAMED)
            .map(|job| failed_so(job))
            .collect();
        if !named.is_empty() {
            text += &format!(": {}", named.join("; "));
        }
        if failed.len() > NAMED {
            text += &format!(" and {} more", failed.len() - NAMED);
        }
        if self.judges() {
            let against: Vec<String> = self.against().map(summary).collect();
            text += &match against.as_slice() {
                [] if self.is_over() && !self.has_failed() => "; nothing is wrong".to_owned(),
                [] => String::new(),
                some => format!("; errors found by {}", some.join(", ")),
            };
        }
        text
    }
}

/// A job that failed, and why.
fn failed_so(job: &Job) -> String {
    let what = format!("{} {}", job.id, summary(job));
    failure(job).map_or(what.clone(), |error| format!("{what}: {error}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use gantry_wire::job::Op;

    use super::*;

    fn job(id: u64, status: &str, op: Op) -> Job {
        let ops = vec![Op {
            status: status.into(),
            ..op
        }];
        Job {
            id,
            status: status.into(),
            ops,
            ..Job::default()
        }
    }

    fn named(summary: &str) -> Op {
        Op {
            summary: summary.into(),
            ..Op::default()
        }
    }

    /// A job 10 that made others, and those that are known.
    fn town(made: Vec<Made>, known: Vec<Job>) -> (Cluster, Job) {
        let parent = job(
            10,
            "success",
            Op {
                made,
                ..named("NODE_EVACUATE(node2)")
            },
        );
        let mut cluster = Cluster::default();
        let all = known.into_iter().chain([parent.clone()]);
        cluster.jobs = all.map(|job| (job.id, job)).collect();
        (cluster, parent)
    }

    #[test]
    fn a_job_that_made_none_has_no_family_and_is_over_by_itself() {
        let (cluster, parent) = town(Vec::new(), Vec::new());
        assert!(Family::of(&parent, &cluster).is_none());
        assert!(over(&parent, &cluster));
    }

    #[test]
    fn it_is_over_when_the_last_of_them_is() {
        let made: Vec<Made> = (11..=14).map(Made::Job).collect();
        let migrate = |id, status| job(id, status, named("INSTANCE_MIGRATE(web1)"));
        let known = vec![migrate(11, "success"), migrate(12, "running")];
        let (mut cluster, parent) = town(made, known);
        // 13 and 14 are newer than all that was told: they will be.
        assert!(!over(&parent, &cluster));
        let says = |cluster: &Cluster| Family::of(&parent, cluster).unwrap().sentence();
        assert_eq!(says(&cluster), "1 of 4 done, 1 running, 2 waiting");
        cluster.jobs.insert(12, migrate(12, "success"));
        cluster.jobs.insert(14, migrate(14, "success"));
        // 13 is older than what is known, so nobody will tell of it.
        assert!(over(&parent, &cluster));
        assert_eq!(
            says(&cluster),
            "3 of 4 done, 1 put away before their end was seen"
        );
    }

    #[test]
    fn what_failed_is_named_with_its_error() {
        let made = vec![
            Made::Job(11),
            Made::Job(12),
            Made::Refused("Job queue is full".into()),
        ];
        let broken = Op {
            error: "no memory\n".into(),
            ..named("INSTANCE_MIGRATE(web1)")
        };
        let known = vec![
            job(11, "error", broken),
            job(12, "canceled", named("INSTANCE_MIGRATE(web2)")),
        ];
        let (cluster, parent) = town(made, known);
        let family = Family::of(&parent, &cluster).unwrap();
        assert!(family.is_over() && family.has_failed());
        assert_eq!(
            family.sentence(),
            "0 of 3 done, 1 canceled, 1 not taken by the queue, 1 failed: 11 INSTANCE_MIGRATE(web1): no memory"
        );
    }

    #[test]
    fn a_verify_is_judged_by_its_children_and_not_by_their_success() {
        let made = vec![Made::Job(11), Made::Job(12)];
        let judged = |id, summary, verdict| {
            let verdict = Some(verdict);
            job(
                id,
                "success",
                Op {
                    verdict,
                    ..named(summary)
                },
            )
        };
        let group = |verdict| judged(12, "CLUSTER_VERIFY_GROUP(rack1)", verdict);
        let known = vec![judged(11, "CLUSTER_VERIFY_CONFIG", true), group(true)];
        let (mut cluster, parent) = town(made, known);
        let says = |cluster: &Cluster| Family::of(&parent, cluster).unwrap().sentence();
        assert_eq!(says(&cluster), "all 2 done; nothing is wrong");
        cluster.jobs.insert(12, group(false));
        assert_eq!(
            says(&cluster),
            "all 2 done; errors found by CLUSTER_VERIFY_GROUP(rack1)"
        );
        let family = Family::of(&parent, &cluster).unwrap();
        assert!(!family.has_failed());
        assert_eq!(family.against().count(), 1);
    }
}
